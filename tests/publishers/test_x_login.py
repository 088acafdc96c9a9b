from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape

import pytest

from bot.credentials import Secret
from bot.errors import CredentialError, Rejected, Unauthorized
from bot.publishers.base import Access
from bot.publishers.x import X
from bot.publishers.x_login import login
from bot.testing import MemoryVault, access
from tests.contracts.test_x import options
from tests.servers import strict_x_auth as app
from tests.servers.consent import consent
from tests.servers.strict_http import Answer, serve
from tests.servers.strict_x import StrictX
from tests.servers.test_strict_mastodon import started


def free_port() -> int:
    """Return a port of this machine that is free just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Visitor:
    """A person who presses a button of the real form. `spoils` changes what they paste; `knows` are the app's keys."""

    browser: bool = True
    answer: str = "authorize"
    spoils: Callable[[str], str] = str
    knows: list[str] = field(default_factory=lambda: [app.API_KEY, app.API_SECRET])
    shown: list[str] = field(default_factory=list)

    def browse(self, url: str) -> bool:
        """Press the button; the browser follows the redirect."""
        self.shown.append(url)
        consent(url, self.answer)
        return True

    def paste(self, url: str) -> str:
        """Press the button, and bring the PIN that the page shows, or the address that the browser ended at."""
        self.shown.append(url)
        import httpx

        try:
            page = consent(url, self.answer)
        except httpx.ConnectError as error:  # nobody listens there: what a person sees is the address
            return self.spoils(str(error.request.url))
        shown = re.search(r'value="([^"]*)"', page.text)
        assert shown
        return self.spoils(unescape(shown[1]))

    def ask(self, question: str) -> str:
        """Type the next key."""
        assert "console.x.com" in question
        return self.knows.pop(0)


@pytest.fixture
def server() -> Iterator[StrictX]:
    """A strict X that knows a redirect to a free port."""
    with StrictX() as made:
        made.auth.redirects = {f"http://127.0.0.1:{free_port()}/callback"}
        yield made


def by_browser(server: StrictX, **changed: str) -> Access:
    (redirect,) = server.auth.redirects
    return access(options(server.base, auth="oauth2", client_id=app.CLIENT, redirect=redirect, **changed), {})


def proven(server: StrictX, made: Access, secrets: dict[str, Secret]) -> str:
    """The name that the account has with these secrets."""
    plain = {name: secret.reveal() for name, secret in secrets.items()}
    return X(access(made.options, plain, vault=MemoryVault())).verify().name


@pytest.mark.parametrize("browser", [True, False])
def test_the_tokens_work(server: StrictX, browser: bool) -> None:
    """By redirect and by the pasted address: a refresh token that proves itself."""
    made = by_browser(server)
    secrets = dict(login(made, Visitor(browser=browser), seconds=5))
    assert ["refresh_token"] == list(secrets)
    assert "@myname" == proven(server, made, secrets)


def test_a_code_alone_is_taken(server: StrictX) -> None:
    """Who copies the code out of the address has done enough."""
    visitor = Visitor(browser=False, spoils=lambda url: url.partition("code=")[2].partition("&")[0])
    made = by_browser(server)
    assert "@myname" == proven(server, made, dict(login(made, visitor, seconds=5)))


@pytest.mark.parametrize(
    ("spoils", "words"),
    [
        (lambda url: url.replace("state=", "state=x"), "another log-in"),
        (lambda _url: "", "no code was given"),
        (lambda _url: "http://127.0.0.1/?error=access_denied", "access_denied"),
    ],
)
def test_what_is_no_answer_to_this_login(server: StrictX, spoils: Callable[[str], str], words: str) -> None:
    """Another log-in's answer, nothing at all, and a refusal bring no token."""
    with pytest.raises(CredentialError, match=words):
        login(by_browser(server), Visitor(browser=False, spoils=spoils), seconds=5)
    assert {} == server.auth.bearers


def test_a_refusal(server: StrictX) -> None:
    """A person who says no is told so."""
    with pytest.raises(CredentialError, match="access_denied"):
        login(by_browser(server), Visitor(answer="deny"), seconds=5)


def test_a_port_that_is_taken(server: StrictX) -> None:
    """The message names the port, and what can be done."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        server.auth.redirects = {f"http://127.0.0.1:{other.getsockname()[1]}/callback"}
        with pytest.raises(CredentialError, match="is taken"):
            login(by_browser(server), Visitor(), seconds=5)


def test_a_code_that_is_refused(server: StrictX) -> None:
    """X's own words, and no code in them."""
    with pytest.raises(Unauthorized, match="token was invalid") as caught:
        login(by_browser(server), Visitor(browser=False, spoils=lambda _url: "a-made-up-code"), seconds=5)
    assert "a-made-up-code" not in str(caught.value)


def test_a_pin_brings_keys_that_work(server: StrictX) -> None:
    """The app's keys are asked for, the PIN is pasted, and the account's own token comes back."""
    made = access(options(server.base), {})
    visitor = Visitor(browser=False)
    secrets = dict(login(made, visitor))
    assert ["api_key", "api_secret", "access_token", "access_token_secret"] == list(secrets)
    assert "@myname" == proven(server, made, secrets)
    assert 2 == len(server.auth.tokens)


def test_keys_that_are_kept_are_not_asked_for(server: StrictX) -> None:
    """The app's keys of an earlier log-in, or of the environment, do."""
    made = access(options(server.base), {"api_key": app.API_KEY, "api_secret": app.API_SECRET})
    assert "@myname" == proven(server, made, dict(login(made, Visitor(browser=False, knows=[]))))


@pytest.mark.parametrize(
    ("visitor", "words"),
    [
        (Visitor(knows=["wrong", "wrong"]), "refuses the app's keys"),
        (Visitor(spoils=lambda _pin: "0000000000"), "or the PIN"),
    ],
)
def test_keys_or_a_pin_that_are_refused(server: StrictX, visitor: Visitor, words: str) -> None:
    """The message says which of them may be wrong."""
    with pytest.raises(Unauthorized, match=words):
        login(access(options(server.base), {}), visitor)


def test_no_pin(server: StrictX) -> None:
    """Who pastes nothing is not logged in."""
    with pytest.raises(CredentialError, match="no PIN"):
        login(access(options(server.base), {}), Visitor(spoils=lambda _pin: " "))


def test_a_server_of_another_kind() -> None:
    """The message asks whether the address is right."""
    strange = serve(lambda _request: Answer(404, "<!doctype html>"))
    with started(strange) as base, pytest.raises(Rejected, match="is `api` right"):
        login(access(options(base), {}), Visitor())
