"""E-mail to one address (a list's, most likely), over SMTP.

What went out cannot be looked at, and a server takes the same mail twice: after a lost answer only a person can tell.
The Message-ID derives from the announcement's key, so a repeat is known as one by whoever gets it.
"""

from __future__ import annotations

import base64
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from bot.errors import PublishError, Rejected, TryLater, Unauthorized, Uncertain
from bot.http import plain
from bot.model import Announcement, Note, Receipt
from bot.publishers.base import Access, Profile, Sighting
from bot.publishers.email_message import message, parsed
from bot.publishers.in_parts import Json, in_one, part
from bot.publishers.masking import masked

SECONDS = 30.0


class Email:
    """One sender, one address, a whole announcement in one mail. Notes: `part`, when it is sent."""

    def __init__(self, access: Access, seconds: float = SECONDS) -> None:
        self._access = access
        self._seconds = seconds
        host, _, port = str(access.options["server"]).rpartition(":")
        self._host, self._port = (host, port) if host and port.isdigit() else (str(access.options["server"]), "")
        self._security = str(access.options["security"])

    def publish(self, announcement: Announcement, notes: Sequence[Note]) -> Iterator[Note | Receipt]:
        """Send it."""
        yield from in_one(notes, lambda: self._announce(announcement))

    def find(self, announcement: Announcement, since: datetime) -> Receipt | None:
        """Not possible."""
        raise NotImplementedError("mail that went out cannot be looked at")

    def recent(self, since: datetime) -> Iterator[Sighting]:
        """Not possible."""
        raise NotImplementedError("mail that went out cannot be looked at")

    def verify(self) -> Profile:
        """Log in, and send nothing."""
        sender, to = parsed(str(self._access.options["from"])), parsed(str(self._access.options["to"]))
        with self._session() as server:
            self._reply(server.noop())
        return Profile(name=f"{sender.addr_spec} to {to.addr_spec}", url=None, server=f"SMTP, {self._host}")

    def _announce(self, announcement: Announcement) -> Json:
        """Send the mail. Only from its first byte on may it have arrived."""
        options = self._access.options
        sender, to = parsed(str(options["from"])), parsed(str(options["to"]))
        at = self._access.clock()
        mail = message(announcement, str(options["from"]), str(options["to"]), str(options["list_id"] or ""), at)
        with self._session() as server:
            self._reply(server.mail(sender.addr_spec, self._size(server, len(mail.as_bytes()))))
            self._reply(server.rcpt(to.addr_spec))
            try:
                self._reply(server.data(mail.as_bytes()))
            except smtplib.SMTPDataError as error:
                raise self._refused(error.smtp_code, error.smtp_error) from None
            except (OSError, smtplib.SMTPException) as error:
                raise Uncertain(f"{self._host} broke the connection: {self._why(error)}") from None
        return part(0, str(mail["Message-ID"]), None, at)

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        """A connection that is logged in. All faults in it but those of the mail itself mean: certainly not sent."""
        try:
            server = self._connect()
        except ssl.SSLCertVerificationError as error:
            raise TryLater(f"{self._host} cannot be trusted: {self._why(error)}") from None
        except (smtplib.SMTPServerDisconnected, ssl.SSLError) as error:
            doubt = "is `server` a mail server, with the port that goes with `security`?"
            raise TryLater(f"{self._host} does not speak as a mail server does ({self._why(error)}): {doubt}") from None
        except (OSError, smtplib.SMTPException) as error:
            raise TryLater(f"{self._host} cannot be reached: {self._why(error)}") from None
        try:
            self._log_in(server)
            yield server
        except (OSError, smtplib.SMTPException) as error:
            raise TryLater(f"{self._host} broke the connection: {self._why(error)}") from None
        finally:
            server.close()

    def _connect(self) -> smtplib.SMTP:
        if self._security == "tls":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(self._host, int(self._port or 465), timeout=self._seconds, context=context)
        return smtplib.SMTP(self._host, int(self._port or 587), timeout=self._seconds)

    def _log_in(self, server: smtplib.SMTP) -> None:
        server.ehlo_or_helo_if_needed()
        if self._security == "starttls":
            if not server.has_extn("starttls"):
                raise Unauthorized(
                    f"{self._host} offers no STARTTLS, so nothing was said to it:"
                    f' set `security` of account {self._access.account} to "tls", or to "none" on a machine of your own'
                )
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
        if self._access.options["auth"] == "none":
            return
        try:
            server.login(self._user(), self._access.secret("password").reveal())
        except smtplib.SMTPAuthenticationError as error:
            refused = self._refused(error.smtp_code, error.smtp_error)
            if isinstance(refused, TryLater):
                raise refused from None
            raise Unauthorized(f"{refused.message} (type: posse login {self._access.account})") from None
        except smtplib.SMTPNotSupportedError:
            raise Unauthorized(f'{self._host} lets nobody log in: set `auth` to "none", or mend `server`') from None

    def _user(self) -> str:
        return str(self._access.options["user"] or parsed(str(self._access.options["from"])).addr_spec)

    def _size(self, server: smtplib.SMTP, size: int) -> Sequence[str]:
        return [f"size={size}"] if server.has_extn("size") else []

    def _reply(self, reply: tuple[int, bytes]) -> None:
        if not 200 <= reply[0] < 300:
            raise self._refused(*reply)

    def _refused(self, code: int, said: bytes | str) -> PublishError:
        """Return what a refusal means: 4xx is for now, 5xx for good (RFC 5321, 4.2.1)."""
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        words = f"{self._host}: {code} {plain(masked(text, self._hidden()))}"
        return TryLater(words) if 400 <= code < 500 else Rejected(words)

    def _why(self, error: Exception) -> str:
        told = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        if isinstance(error, ssl.SSLCertVerificationError):
            told = f"its certificate is not good ({error.verify_message})"
        return plain(masked(told, self._hidden())) or type(error).__name__

    def _hidden(self) -> tuple[str, ...]:
        """The password, and what becomes of it on the wire."""
        if self._access.options["auth"] == "none":
            return ()
        password = self._access.secret("password").reveal()
        both = f"\0{self._user()}\0{password}"
        return (password, *(base64.b64encode(text.encode()).decode() for text in (password, both)))
