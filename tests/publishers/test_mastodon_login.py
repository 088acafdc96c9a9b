from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.credentials import FileVault, Secret
from bot.errors import CredentialError, PublishError, Rejected, TryLater, Unauthorized
from bot.http import Http
from bot.oauth import OUT_OF_BAND
from bot.publishers.base import Access
from bot.publishers.mastodon import Mastodon
from bot.publishers.mastodon_login import login
from tests.servers.consent import consent
from tests.servers.strict_http import Answer, Request
from tests.servers.strict_mastodon import StrictMastodon

WANTED = "write:statuses write:media read:statuses read:accounts"


@dataclass
class Visitor:
    """A person who presses a button of the real form, none if empty. `spoils` changes the code they bring back."""

    browser: bool = True
    answer: str = "authorize"
    spoils: Callable[[str], str] = str
    shown: list[str] = field(default_factory=list)

    def browse(self, url: str) -> bool:
        """Press the button; the browser follows the redirect."""
        self.shown.append(url)
        if self.answer:
            consent(url, self.answer)
        return True

    def paste(self, url: str) -> str:
        """Press the button, and bring the code that the page shows."""
        self.shown.append(url)
        shown = re.search(r'value="([^"]*)"', consent(url, self.answer).text)
        assert shown
        return self.spoils(unescape(shown[1]))


@pytest.fixture
def http() -> Iterator[Http]:
    """A client, closed at the end."""
    made = Http()
    yield made
    made.close()


@pytest.fixture
def access(http: Http, tmp_path: Path) -> Callable[[str], Access]:
    """What a login on an instance is made from."""

    def make(instance: str) -> Access:
        def no_secret(key: str) -> Secret:
            raise AssertionError(key)

        return Access(
            "mastodon",
            {"instance": instance},
            no_secret,
            FileVault("mastodon", tmp_path),
            http,
            lambda: datetime.now(UTC),
        )

    return make


def replace_route(server: StrictMastodon, path: str, route: Callable[[Request], Answer] | None) -> None:
    """Answer a path in another way, or, with None, as a server that does not know it."""
    server._routes = [each for each in server._routes if each[1] != path]
    if route is not None:
        method = "GET" if "well-known" in path else "POST"
        server._routes.append((method, path, route))


def always(answer: Answer) -> Callable[[Request], Answer]:
    """Return a route that gives one answer."""
    return lambda request: answer


def exchanges(server: StrictMastodon) -> list[dict[str, Any]]:
    """Return what was, and will be, sent to the token endpoint."""
    seen: list[dict[str, Any]] = []
    (real,) = [route for _, path, route in server._routes if path == "/oauth/token"]

    def spy(request: Request) -> Answer:
        seen.append(dict(request.values))
        return real(request)

    replace_route(server, "/oauth/token", spy)
    return seen


@pytest.mark.parametrize("browser", [True, False])
def test_the_token_works(strict_mastodon: StrictMastodon, access: Callable[[str], Access], browser: bool) -> None:
    """By redirect and by pasted code: a token that has all the scopes, and proves itself without a warning."""
    made = access(strict_mastodon.base)
    sent = exchanges(strict_mastodon)
    visitor = Visitor(browser=browser)
    token = login(made, visitor, seconds=5)["access_token"]
    assert f"{WANTED} profile" == strict_mastodon.memory.tokens[token.reveal()]
    proof = Access(made.account, made.options, lambda key: token, made.vault, made.http, made.clock)
    assert () == Mastodon(proof).verify().warnings
    (app,) = strict_mastodon.memory.apps.values()
    assert ("posse-bot", None) == (app["name"], app["website"])
    assert f"{WANTED} profile".split() == app["scopes"]
    assert OUT_OF_BAND == app["redirect_uris"][-1]
    assert browser == any(re.fullmatch(r"http://127\.0\.0\.1:\d+/", uri) for uri in app["redirect_uris"])
    (exchange,) = sent
    assert "code_challenge=" in visitor.shown[0]
    assert len(exchange["code_verifier"]) >= 43
    assert exchange["code_verifier"] not in visitor.shown[0]


def test_a_server_before_4_3(strict_mastodon: StrictMastodon, access: Callable[[str], Access]) -> None:
    """Without metadata neither `profile`, which it would refuse, nor PKCE, which it does not know."""
    replace_route(strict_mastodon, r"/\.well-known/oauth-authorization-server", None)
    sent = exchanges(strict_mastodon)
    visitor = Visitor()
    token = login(access(strict_mastodon.base), visitor, seconds=5)["access_token"]
    assert WANTED == strict_mastodon.memory.tokens[token.reveal()]
    assert "code_challenge" not in visitor.shown[0]
    assert "code_verifier" not in sent[0]


def test_the_person_denies_it(strict_mastodon: StrictMastodon, access: Callable[[str], Access]) -> None:
    """A pressed Deny is an error in the server's words, and no token comes of it."""
    before = set(strict_mastodon.memory.tokens)
    with pytest.raises(CredentialError, match="refused: The resource owner denied the request"):
        login(access(strict_mastodon.base), Visitor(answer="deny"), seconds=5)
    assert before == set(strict_mastodon.memory.tokens)


def test_the_person_goes_away(strict_mastodon: StrictMastodon, access: Callable[[str], Access]) -> None:
    """A browser that opens, and nobody who presses a button: after the time given a sentence, and no token."""
    before = set(strict_mastodon.memory.tokens)
    with pytest.raises(CredentialError, match=r"no answer within 0\.2 seconds"):
        login(access(strict_mastodon.base), Visitor(answer=""), seconds=0.2)
    assert before == set(strict_mastodon.memory.tokens)


def test_a_wrong_code(strict_mastodon: StrictMastodon, access: Callable[[str], Access]) -> None:
    """A code with a letter less is refused in the server's words."""
    visitor = Visitor(browser=False, spoils=lambda code: code[:-1])
    with pytest.raises(Unauthorized, match="authorization grant is invalid"):
        login(access(strict_mastodon.base), visitor)


def test_a_server_that_repeats_our_secrets(strict_mastodon: StrictMastodon, access: Callable[[str], Access]) -> None:
    """Neither code nor client secret nor verifier stands in an error, whatever the server says."""
    sent: list[dict[str, Any]] = []

    def echo(request: Request) -> Answer:
        sent.append(dict(request.values))
        return Answer(400, {"error": " ".join(str(request.values[name]) for name in hidden)})

    hidden = ("code", "client_secret", "code_verifier")
    replace_route(strict_mastodon, "/oauth/token", echo)
    with pytest.raises(Unauthorized) as caught:
        login(access(strict_mastodon.base), Visitor(), seconds=5)
    assert str(caught.value).endswith(": … … …")
    assert all(str(sent[0][name]) not in repr(caught.value) for name in hidden)


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (Answer(404, "<!doctype html><title>Not found</title>"), Rejected, "is `instance` a Mastodon server"),
        (Answer(200, "<!doctype html><title>My blog</title>"), Rejected, "is `instance` a Mastodon server"),
        (Answer(200, {"id": 1}), Rejected, "is `instance` a Mastodon server"),
        (Answer(301, "", {"Location": "https://new.example/api/v1/apps"}), Rejected, "on to https://new.example"),
        (Answer(422, {"error": "Validation failed: Scopes"}), Unauthorized, "Validation failed: Scopes"),
        (Answer(429, {"error": "Too many requests"}, {"Retry-After": "7"}), TryLater, "Too many requests"),
        (Answer(503, "<h1>Down</h1>"), TryLater, "HTTP 503"),
        (Answer(200, {}, fate="drop"), TryLater, "broke the connection"),
    ],
)
def test_an_application_that_is_not_registered(
    strict_mastodon: StrictMastodon,
    access: Callable[[str], Access],
    answer: Answer,
    kind: type[PublishError],
    words: str,
) -> None:
    """Each answer means what it means, and nobody is asked anything."""
    replace_route(strict_mastodon, "/api/v1/apps", always(answer))
    visitor = Visitor()
    with pytest.raises(kind, match=words):
        login(access(strict_mastodon.base), visitor)
    assert [] == visitor.shown


def test_metadata_that_is_nonsense_is_passed_over(
    strict_mastodon: StrictMastodon, access: Callable[[str], Access]
) -> None:
    """A page, a list or odd values where metadata belongs mean that nothing is known."""
    for body in ("<h1>hello</h1>", [1, 2], {"scopes_supported": "profile", "code_challenge_methods_supported": None}):
        replace_route(strict_mastodon, r"/\.well-known/oauth-authorization-server", always(Answer(200, body)))
        token = login(access(strict_mastodon.base), Visitor(), seconds=5)["access_token"]
        assert WANTED == strict_mastodon.memory.tokens[token.reveal()]


def test_a_server_that_is_down(access: Callable[[str], Access]) -> None:
    """Nobody listens: that is told, and nobody is asked anything."""
    with pytest.raises(TryLater, match=r"127\.0\.0\.1:9 cannot be reached"):
        login(access("http://127.0.0.1:9"), Visitor())


def test_httpx_follows_the_form(strict_mastodon: StrictMastodon) -> None:
    """The helper that presses buttons meets a real page: an unknown application is refused there."""
    with pytest.raises(httpx.HTTPStatusError):
        consent(f"{strict_mastodon.base}/oauth/authorize?client_id=nobody", "authorize")
