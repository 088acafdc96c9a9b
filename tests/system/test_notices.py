"""A person is told of trouble once per trouble: by a command, a webhook, or a mail."""

from __future__ import annotations

import email
import email.message
import email.policy
import socketserver
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers.strict_http import Answer, Request, serve
from tests.servers.strict_mastodon import StrictMastodon
from tests.system.site import GUARDS_OFF, Site, mastodon


@pytest.fixture
def site(tmp_path: Path, strict_mastodon: StrictMastodon) -> Site:
    """A site with one post and a token that the server refuses."""
    made = Site(tmp_path / "site")
    made.post("news")
    made.env["POSSE_MASTODON_ACCESS_TOKEN"] = "wrong-token"
    return made


def test_a_command_is_told_once(site: Site, strict_mastodon: StrictMastodon) -> None:
    """A refused account is told by the first run, not by the second, and again when it is refused anew."""
    told = site.root / "told"
    script = site.write("tell.py", "import sys\nopen(sys.argv[1], 'a').write(sys.stdin.read())\n")
    notice = f"[notices]\ncommand = '{sys.executable} {script} {told}'\n"
    site.configure(mastodon(strict_mastodon.base), extra=notice)
    assert 3 == site.posse("run", "--once").code
    site.posse("run", "--once")
    assert 1 == told.read_text(encoding="utf-8").count("posse login mastodon")
    assert "wrong-token" not in told.read_text(encoding="utf-8")
    site.posse("resume", "mastodon")
    site.posse("run", "--once")
    assert 2 == told.read_text(encoding="utf-8").count("posse login mastodon")


def test_a_webhook_gets_json_and_a_failed_notice_is_tried_again(site: Site, strict_mastodon: StrictMastodon) -> None:
    """A 500 is said and the notice comes with the next run; then it has been told."""
    bodies: list[dict[str, Any]] = []

    def hook(request: Request) -> Answer:
        bodies.append(dict(request.values))
        return Answer(500 if len(bodies) == 1 else 200, {})

    server = serve(hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    site.configure(mastodon(strict_mastodon.base), extra=f'[notices]\nwebhook = "{url}"\n')
    assert "500" in site.posse("run", "--once").err
    site.posse("run", "--once")
    site.posse("run", "--once")
    server.shutdown()
    server.server_close()
    assert 2 == len(bodies)
    assert "mastodon" in bodies[1]["text"]


class _Smtp(socketserver.StreamRequestHandler):
    """Enough of RFC 5321 to take one mail."""

    def handle(self) -> None:
        self._say("220 here")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self._say("354 go on")
                data = b""
                while (part := self.rfile.readline()) != b".\r\n":
                    data += part
                self.server.mails.append(data)  # type: ignore[attr-defined]
            self._say("221 bye" if verb == b"QUIT" else "250 good")
            if verb == b"QUIT":
                return

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")


@pytest.fixture
def smtp() -> Iterator[socketserver.ThreadingTCPServer]:
    """A mail server that keeps what it gets."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Smtp) as server:
        server.mails = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_a_mail_names_the_trouble(site: Site, smtp: socketserver.ThreadingTCPServer) -> None:
    """A held post is mailed with its name, the reason and the command that releases it."""
    port = smtp.server_address[1]
    notice = f'[notices]\nemail = "me@example.com"\nsmtp = "127.0.0.1:{port}"\n'
    site.configure(
        '[accounts.journal]\nnetwork = "local"\npath = "j"\n', guards=f"{GUARDS_OFF}\napprove = true", extra=notice
    )
    assert 5 == site.posse("run", "--once").code
    (mail,) = smtp.mails  # type: ignore[attr-defined]
    message = email.message_from_bytes(mail, policy=email.policy.default)
    assert isinstance(message, email.message.EmailMessage)
    assert "me@example.com" == message["To"]
    assert "posse release news" in message.get_content()
