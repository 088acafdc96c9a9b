"""No secret in an error, whichever request of a publisher it is whose answer repeats it: those of a session, too."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from bot.errors import PublishError
from bot.http import Http
from bot.model import Media
from bot.networks import NETWORKS
from bot.publishers import make
from bot.testing import MemoryVault, access, announcement, attempt
from tests.publishers.test_x import options as x_options
from tests.servers import strict_x_auth as x_app
from tests.servers.strict_discord import StrictDiscord
from tests.servers.strict_linkedin import StrictLinkedIn
from tests.servers.strict_mastodon import StrictMastodon
from tests.servers.strict_slack import StrictSlack
from tests.servers.strict_telegram import CHAT, StrictTelegram
from tests.servers.strict_threads import StrictThreads
from tests.servers.strict_webhook import StrictWebhook
from tests.servers.strict_x import StrictX

ELSEWHERE = {
    "local": "it has no secret",
    "bluesky": "its server is a real one: tests/system/test_no_secret.py, tests/publishers/test_bluesky.py",
    "micropub": "each of its requests bears the one token: tests/system/test_no_secret.py",
    "matrix": "each of its requests bears the one token: tests/system/test_no_secret.py",
    "nostr": "its secret never leaves the machine",
    "email": "it speaks SMTP: tests/system/test_no_secret.py, tests/contracts/test_email.py",
    "apprise": "it says nothing of what it was told: tests/contracts/test_apprise.py",
}
PICTURE = Media(b"GIF89a", "image/gif", "What it shows", 1, 1, source="https://example.com/1.gif")


@dataclass
class Case:
    """An account on a strict server."""

    options: Mapping[str, object]
    secrets: dict[str, str]


def _x(server: StrictX) -> Case:
    server.auth.confidential = True
    _, refresh = server.auth.grant()
    options = x_options(server.base, auth="oauth2", client_id=x_app.CLIENT)
    return Case(options, {"refresh_token": refresh, "client_secret": x_app.CLIENT_SECRET})


CASES: dict[str, tuple[type[Any], Callable[[Any], Case]]] = {
    "mastodon": (
        StrictMastodon,
        lambda server: Case({"instance": server.base}, {"access_token": server.token}),
    ),
    "x": (StrictX, _x),
    "threads": (StrictThreads, lambda server: Case({"service": server.base}, {"access_token": server.token})),
    "linkedin": (
        StrictLinkedIn,
        lambda server: Case(
            {"service": server.base, "author": None, "api_version": "202605"}, {"access_token": server.token}
        ),
    ),
    "telegram": (
        StrictTelegram,
        lambda server: Case({"service": server.base, "chat": CHAT, "silent": False}, {"bot_token": server.token}),
    ),
    "discord": (StrictDiscord, lambda server: Case({"username": None}, {"webhook_url": server.url})),
    "slack": (StrictSlack, lambda server: Case({}, {"webhook_url": server.url})),
    "webhook": (StrictWebhook, lambda server: Case({"url": server.url}, {"signing_secret": server.token})),
}


class Echoing(Http):
    """Repeats the request that is the `at`th in its answer, of this status."""

    def __init__(self, at: int, status: int) -> None:
        super().__init__()
        self.at, self.status, self.count = at, status, 0

    def send(self, method: str, url: str, **request: Any) -> httpx.Response:
        """Send it, or repeat it."""
        self.count += 1
        if self.count != self.at:
            return super().send(method, url, **request)
        sent = {name: value for name, value in request.items() if name in ("headers", "params", "data", "json")}
        told = f"{json.dumps(sent, default=str)} {url}"
        names = ("error_description", "message", "detail", "description", "error", "title")
        body: dict[str, Any] = dict.fromkeys(names, told)
        if "v1.0" in url or "refresh_access_token" in url:
            body["error"] = {"message": told, "code": 190}
        return httpx.Response(
            self.status,
            text=json.dumps(body) if self.status >= 300 else told,
            headers={"Location": f"https://there.example/?{told.encode().hex()}&{url.rpartition('/')[2]}"},
            request=httpx.Request(method, url),
        )


def test_every_network_is_here_or_elsewhere() -> None:
    """A network that is added to the facts must be added here, or say where it is tried."""
    assert set(NETWORKS) == CASES.keys() | ELSEWHERE.keys()
    assert not CASES.keys() & ELSEWHERE.keys()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """What is to be ended."""
    with ExitStack() as stack:
        yield stack


@pytest.mark.parametrize("status", [401, 500, 302, 200])
@pytest.mark.parametrize("name", CASES)
def test_no_answer_brings_a_secret_back(name: str, status: int, stack: ExitStack) -> None:
    """Of proof and of publishing, each request in turn gets such an answer; not one error shows what was sent."""
    make_server, case_of = CASES[name]
    words = replace(announcement("One", url="https://example.com/1"), media=(PICTURE,))
    tried = 0
    for do in ("verify", "publish"):
        for at in range(1, 20):
            server = stack.enter_context(make_server())
            case, vault, web = case_of(server), MemoryVault(), Echoing(at, status)
            made = replace(access(case.options, case.secrets, vault=vault), http=web)
            publisher = make(NETWORKS[name], made)
            error: Exception | None = None
            if do == "publish":
                error = attempt(publisher, words).error
            else:
                try:
                    publisher.verify()
                except PublishError as raised:
                    error = raised
            if web.count < at:
                break  # it was done with fewer requests
            tried += 1
            if error is not None:
                shown = f"{error} {error!r} {''.join(traceback.format_exception(error))}"
                kept = [text for key, text in vault.values.items() if key in ("access", "refresh", "token")]
                tokens = [text.rpartition("/")[2] for text in case.secrets.values()]  # of a webhook's address too
                for secret in (*case.secrets.values(), *tokens, *kept):
                    assert secret not in shown, (do, at)
    assert tried >= 2
