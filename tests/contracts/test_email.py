# ruff: noqa: D102 - the contract says what each hook does
from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Sequence
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bot.errors import Rejected, TryLater, Unauthorized
from bot.model import Announcement, Media
from bot.publishers.base import Publisher
from bot.publishers.email_smtp import Email
from bot.testing import AskContract, CarriesPictures, Copy, access, announcement, attempt, raised
from tests.contracts.test_mastodon import closed_port
from tests.servers.mail import PASSWORD, USER, MailServer, certificate

WRONG = "a-password-that-was-revoked"
HREF = re.compile(r'href="([^"]+)"')


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    """A mail server that wants a password."""
    with MailServer() as server:
        yield server


def sender(port: int, password: str = PASSWORD, **options: Any) -> Publisher:
    given = {
        "to": "readers@lists.example.com",
        "from": f"Me <{USER}>",
        "server": f"127.0.0.1:{port}",
        "security": "none",
        "auth": "password",
        "user": None,
        "list_id": None,
    }
    return Email(access(given | options, {"password": password}), seconds=3)


def body(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")  # how lines end in mail


def as_copy(mail: EmailMessage) -> Copy:
    return Copy(
        remote_id=str(mail["Message-ID"]),
        text=body(mail, "plain").rstrip("\n"),
        links=tuple(HREF.findall(body(mail, "html"))),
        language=str(mail["Content-Language"]),
    )


class TestEmail(AskContract, CarriesPictures):
    """A real mail server, as far as it tells anything."""

    server: MailServer

    @pytest.fixture(autouse=True)
    def _server(self, mail_server: MailServer) -> None:
        self.server = mail_server

    def make(self) -> Publisher:
        return sender(self.server.port)

    def copies(self) -> Sequence[Copy]:
        return [as_copy(mail) for mail in self.server.mails]

    def pictures(self) -> Sequence[tuple[bytes | str, str]]:
        found = []
        for mail in self.server.mails:
            alts = re.findall(r'<img src="cid:([^"]+)" alt="([^"]*)"', body(mail, "html"))
            files = {str(part["Content-ID"]).strip("<>"): part for part in mail.walk() if part["Content-ID"]}
            found += [(bytes(files[cid].get_payload(decode=True)), alt) for cid, alt in alts]
        return found

    def shown(self, announcement: Announcement) -> str:
        return f"{announcement.content_warning}\n\n{announcement.text}"

    def secrets(self) -> Sequence[str]:
        return [PASSWORD, WRONG]

    def unauthorised(self) -> Publisher:
        return sender(self.server.port, WRONG)

    def unreachable(self) -> Publisher:
        return sender(closed_port())

    def limit_rate(self) -> timedelta | None:
        self.server.limited = True
        return None

    def too_long(self) -> Announcement:
        return announcement("word " * 30_000)

    def losing(self) -> Publisher:
        self.server.fates = ["drop"]
        return self.make()

    def test_a_repeat_is_known_by_its_id(self) -> None:
        """The same announcement sent twice bears the same Message-ID, and another round another one."""
        words = self.announcement()
        for each in (words, words, replace(words, key="0" * 32)):
            assert attempt(self.make(), each).receipt is not None
        first, second, third = (mail["Message-ID"] for mail in self.server.mails)
        assert first == second
        assert f"<posse-{words.key}@example.com>" == first
        assert third != first


def test_the_mail_is_one_that_people_and_programs_can_read(mail_server: MailServer) -> None:
    """Text and HTML say the same, the link is alive, the picture has its alt text, the list has its id."""
    picture = Media(data=b"\x89PNG", mime="image/png", alt='A "cat"', width=4, height=3)
    words = replace(announcement(content_warning="Spoilers"), media=(picture,))
    result = attempt(sender(mail_server.port), words)
    assert result.receipt is not None, result.error
    (mail,) = mail_server.mails
    assert "[Spoilers] Where the road goes" == mail["Subject"]
    assert ("Me <me@example.com>", "readers@lists.example.com") == (mail["From"], mail["To"])
    assert "<me.example.com>" == mail["List-Id"]
    assert "auto-generated" == mail["Auto-Submitted"]
    page = body(mail, "html")
    assert f'<a href="{words.url}">{words.url}</a>' in page
    assert 'alt="A &quot;cat&quot;"' in page
    (inline,) = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert f'src="cid:{str(inline["Content-ID"]).strip("<>")}"' in page
    assert picture.data == inline.get_payload(decode=True)
    assert '[A "cat"]' in body(mail, "plain")


@pytest.mark.parametrize(
    ("reply", "kind"),
    [("451 4.3.0 try later", TryLater), ("554 5.7.1 spam", Rejected), ("552 5.3.4 too big", Rejected)],
)
def test_an_answer_to_the_mail_is_certain(mail_server: MailServer, reply: str, kind: type[Exception]) -> None:
    """A refusal after the mail's last byte says that it was not taken."""
    mail_server.fates = [reply]
    error = attempt(sender(mail_server.port), announcement()).error
    assert isinstance(error, kind), error
    assert reply[4:] in str(error)


def test_no_password_goes_over_an_open_line(mail_server: MailServer) -> None:
    """Where STARTTLS is wanted and not offered, nothing is sent, and the message says which key to set."""
    error = attempt(sender(mail_server.port, security="starttls"), announcement()).error
    assert isinstance(error, Unauthorized), error
    assert "security" in str(error)
    assert [] == mail_server.commands


def test_a_server_of_one_s_own_needs_no_password() -> None:
    """With `auth = "none"` no secret is asked for."""
    with MailServer(auth=False) as server:
        publisher = Email(
            access(
                {
                    "to": "readers@lists.example.com",
                    "from": USER,
                    "server": f"127.0.0.1:{server.port}",
                    "security": "none",
                    "auth": "none",
                    "user": None,
                    "list_id": "blog.example.com",
                },
                {},
            )
        )
        assert attempt(publisher, announcement()).receipt is not None
        assert "<blog.example.com>" == server.mails[0]["List-Id"]


@pytest.mark.parametrize("address", ["nobody", "a@b@c", "me@example.com\r\nBcc: all@example.com", "ü@example.com"])
def test_an_address_that_is_none_is_refused(mail_server: MailServer, address: str) -> None:
    """It is `Rejected` before anything is sent, and no header can be slipped in."""
    error = raised(lambda: attempt_or_raise(sender(mail_server.port, to=address)))
    assert isinstance(error, Rejected), error
    assert [] == mail_server.commands


def attempt_or_raise(publisher: Publisher) -> None:
    result = attempt(publisher, announcement())
    if result.error is not None:
        raise result.error


def test_a_title_of_several_lines_is_one_subject(mail_server: MailServer) -> None:
    """White space in a title is squeezed: a header has one line."""
    words = announcement()
    words = replace(words, post=replace(words.post, title="Two\r\nlines \t and more"))
    assert attempt(sender(mail_server.port), words).receipt is not None
    assert "Two lines and more" == mail_server.mails[0]["Subject"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.filterwarnings("ignore:Session.login_data")
def test_a_connection_that_is_kept_private(security: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By STARTTLS, or by TLS from the first byte on; a certificate that nobody vouches for is refused and named."""
    file = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with MailServer(context=context, from_the_first_byte=security == "tls") as server:
        refused = attempt(sender(server.port, security=security), announcement()).error
        assert isinstance(refused, TryLater), refused
        assert "its certificate is not good" in str(refused)
        assert [] == server.mails
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        result = attempt(sender(server.port, security=security), announcement())
        assert result.receipt is not None, result.error
        assert 1 == len(server.mails)
        wrong = {"starttls": "tls", "tls": "starttls"}[security]
        error = attempt(sender(server.port, security=wrong), announcement()).error
        assert isinstance(error, TryLater), error
        assert "the port that goes with `security`" in str(error)
