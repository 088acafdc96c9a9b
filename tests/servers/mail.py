"""A real mail server (aiosmtpd) on a loopback port, which can limit its rate and lose its answer."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "me@example.com", "strict-mail-password-nobody-knows"
LARGEST = 100_000


def certificate(folder: Path) -> Path:
    """Make a certificate for 127.0.0.1, signed by itself, with its key in the same file."""
    made = folder / "certificate.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    asked = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run([*asked, "-keyout", made, "-out", folder / "only"], check=True, capture_output=True)
    made.write_text(made.read_text() + (folder / "only").read_text())
    return made


@dataclass
class MailServer:
    """One server. `mails` is what it took in, oldest first; `fates` are spent one a mail: `drop`, or a whole reply.

    With a `context` it speaks TLS: after STARTTLS, or from the first byte on.
    """

    auth: bool = True
    context: ssl.SSLContext | None = None
    from_the_first_byte: bool = False
    limited: bool = False
    fates: list[str] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)

    def __enter__(self) -> MailServer:
        with socket.socket() as probe:  # aiosmtpd cannot choose a port by itself
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        starttls = self.context is not None and not self.from_the_first_byte
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=self.port,
            data_size_limit=LARGEST,
            authenticator=self._authenticate if self.auth else None,
            auth_require_tls=False,  # most tests have no certificate
            ssl_context=self.context if self.from_the_first_byte else None,
            **({"tls_context": self.context, "require_starttls": True} if starttls else {}),
        )
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        good = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=good, handled=False)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's own name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a sender, unless there were too many mails."""
        self.commands.append("MAIL")
        if self.limited:
            return "450 4.7.1 Error: too much mail from you"  # Postfix, smtpd_client_message_rate_limit
        if self.auth and not session.authenticated:
            return "530 5.7.0 Authentication required"  # RFC 4954, 6
        envelope.mail_from = address
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a mail in, and answer; or not."""
        fate = self.fates.pop(0) if self.fates else ""
        if fate and fate != "drop":
            return fate
        mail = message_from_bytes(envelope.content or b"", policy=policy.default)  # type: ignore[arg-type]
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        if fate == "drop":
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return "250 2.0.0 Ok: queued as 4ZQ"
