"""Tells a person of trouble, once per trouble: by a command, a webhook or an e-mail."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from msgspec import Struct

from bot.config.model import Config, NoticesConfig
from bot.errors import CredentialError, PublishError, TryLater
from bot.formatter.by_hand import words
from bot.http import Http
from bot.model import Reason, State
from bot.report import advice, indent
from bot.store.base import ReadOnlyStore, Store

_COMMAND_SECONDS = 30


class Trouble(Struct, frozen=True):
    """One thing that waits for a person. `key` is the same for as long as it is the same trouble."""

    key: str
    text: str


def troubles(store: ReadOnlyStore) -> list[Trouble]:
    """Return all that waits for a person now: refused accounts, failed, held and uncertain deliveries, dead sources."""
    found = [
        Trouble(
            f"account {health.name} {health.paused_at.isoformat()}",
            f"{health.name}: {health.paused_reason}. `posse login {health.name}` lets it go on.",
        )
        for health in store.account_health().values()
        if health.paused_at and (health.paused_reason or "").startswith("unauthorized")
    ]
    for row in store.deliveries(states=[State.FAILED, State.HELD, State.UNCERTAIN]):
        why = row.error or row.detail or row.reason or ""
        name = row.post.title or row.post.slug
        text = f'{row.account}: "{name}" is {row.state}: {why}. {advice(row)}.'
        if row.reason is Reason.MANUAL and row.announcement:
            text = f'{row.account}: "{name}" waits to be posted by hand: {why}\n{advice(row)}. The words:\n'
            text += indent([words(row.announcement)])
        found.append(Trouble(f"delivery {row.id} {row.state} {row.reason}", text))
    found += [
        Trouble(f"source {source.name}", f"source {source.name} cannot be read: {source.error}")
        for source in store.source_health().values()
        if source.error
    ]
    return found


class Notifier(Struct, frozen=True):
    """Sends what is new among the troubles, and remembers what was told. `password()` is that of the mail account."""

    config: NoticesConfig
    http: Http
    password: Callable[[], str]
    site: str

    def tell_new(self, store: Store, now: datetime, more: Sequence[Trouble] = ()) -> str | None:
        """Tell of troubles that were not told yet, the store's and `more`.

        Returns a sentence when that failed, so that it is tried again.
        """
        if not (self.config.command or self.config.webhook or self.config.email):
            return None
        current = [*troubles(store), *more]
        fresh = store.untold([trouble.key for trouble in current])
        new = [trouble for trouble in current if trouble.key in fresh]
        if not new:
            store.set_told([trouble.key for trouble in current], now)
            return None
        try:
            self._send(new)
        except subprocess.SubprocessError as error:
            return f"a notice could not be sent: {_why(error)}"
        except (OSError, PublishError, CredentialError) as error:
            return f"a notice could not be sent: {error}"
        store.set_told([trouble.key for trouble in current], now)
        return None

    def _send(self, new: Sequence[Trouble]) -> None:
        subject = f"posse: {self.site}: {new[0].text}" if len(new) == 1 else f"posse: {self.site}: {len(new)} troubles"
        text = "\n".join(trouble.text for trouble in new) + "\n"
        if self.config.command:
            subprocess.run(  # noqa: S603 - the command is the person's own, from their configuration
                shlex.split(self.config.command),
                input=text,
                encoding="utf-8",
                timeout=_COMMAND_SECONDS,
                check=True,
                capture_output=True,
            )
        if self.config.webhook:
            found = {"text": text, "subject": subject, "troubles": [trouble.text for trouble in new]}
            answer = self.http.send("POST", self.config.webhook, json=found)
            if answer.status_code >= 400:
                host = urlsplit(self.config.webhook).netloc.rpartition("@")[2]  # the rest of it may be secret
                raise TryLater(f"{host} answered {answer.status_code}")
        if self.config.email:
            self._mail(subject, text)

    def _mail(self, subject: str, text: str) -> None:
        import smtplib
        from email.message import EmailMessage

        mail = EmailMessage()
        mail["Subject"], mail["From"] = " ".join(subject.split())[:200], self.config.email_from or self.config.email
        mail["To"] = self.config.email
        mail.set_content(text)
        host, _, port = self.config.smtp.rpartition(":")
        with smtplib.SMTP(host, int(port), timeout=_COMMAND_SECONDS) as server:
            server.ehlo_or_helo_if_needed()
            if server.has_extn("starttls"):
                server.starttls()
            if self.config.smtp_user:
                server.login(self.config.smtp_user, self.password())
            server.send_message(mail)


def _why(error: subprocess.SubprocessError) -> str:
    """Say what became of the command without its arguments, which may be secret."""
    if isinstance(error, subprocess.CalledProcessError):
        return f"the command ended with {error.returncode}"
    return f"the command took longer than {_COMMAND_SECONDS} s"


def site_name(config: Config) -> str:
    """Return what a notice calls the site."""
    return (config.site.url or str(config.root)).removeprefix("https://")
