from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from bot.errors import CredentialError
from bot.oauth import OUT_OF_BAND, Attempt, Grant, Loopback, Question, authorize, draw, plain

STATE = "the-state"
ATTEMPT = Attempt(STATE, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")  # RFC 7636, appendix B
QUESTION = Question("https://social.example/oauth/authorize", "the-client", "read:accounts profile", pkce=True)


class Visitor:
    """A person whose browser works, or not, and who pastes what they are told to."""

    def __init__(self, *, opens: bool = True, does: Callable[[str], object] = str, pastes: str = "") -> None:
        self.browser = True
        self.shown: list[str] = []
        self._opens, self._does, self._pastes = opens, does, pastes

    def browse(self, url: str) -> bool:
        """Open it, and do what is to be done there before the browser returns."""
        self.shown.append(url)
        if self._opens:
            self._does(url)
        return self._opens

    def paste(self, url: str) -> str:
        """Paste the code."""
        self.shown.append(url)
        return self._pastes


@pytest.fixture
def loopback() -> Iterator[Loopback]:
    """A receiver that waits for `STATE`."""
    with Loopback(STATE) as receiver:
        yield receiver


def asked(url: str) -> dict[str, str]:
    """Return the query of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def test_the_challenge_is_that_of_the_rfc() -> None:
    """S256 of RFC 7636's own verifier is its own challenge."""
    assert "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" == ATTEMPT.challenge


def test_every_attempt_is_drawn_anew() -> None:
    """State and verifier are random, unlike, and long enough: RFC 7636 wants 43 to 128 characters."""
    drawn = [draw() for _ in range(3)]
    assert 6 == len({text for attempt in drawn for text in (attempt.state, attempt.verifier)})
    assert all(43 <= len(attempt.verifier) <= 128 for attempt in drawn)


def test_nothing_shows_itself() -> None:
    """No repr holds a state, a verifier or a code."""
    shown = repr([ATTEMPT, Grant("the-code", "http://127.0.0.1:1/", "the-verifier")])
    for secret in (STATE, ATTEMPT.verifier, "the-code", "the-verifier"):
        assert secret not in shown


def test_the_question_holds_the_challenge_and_not_the_verifier() -> None:
    """The address asks for a code, for these scopes, under this state; the verifier stays here."""
    url = QUESTION.url(OUT_OF_BAND, ATTEMPT)
    assert {
        "response_type": "code",
        "client_id": "the-client",
        "redirect_uri": OUT_OF_BAND,
        "scope": "read:accounts profile",
        "state": STATE,
        "code_challenge": ATTEMPT.challenge,
        "code_challenge_method": "S256",
    } == asked(url)
    assert ATTEMPT.verifier not in url


def test_without_pkce_nothing_of_it_goes_out() -> None:
    """A server that does not know challenges gets none, and no verifier later."""
    question = Question(QUESTION.endpoint, "the-client", "read", pkce=False)
    grant = authorize(question, Visitor(pastes="c"), None, ATTEMPT)
    assert "" == grant.verifier
    assert "code_challenge" not in question.url(OUT_OF_BAND, ATTEMPT)


def test_the_code_comes_back_by_itself(loopback: Loopback) -> None:
    """The browser's redirect is answered with a friendly page, and its code taken, even before browse returns."""
    pages: list[httpx.Response] = []

    def allow(url: str) -> None:
        pages.append(httpx.get(asked(url)["redirect_uri"], params={"code": "the-code", "state": asked(url)["state"]}))

    grant = authorize(QUESTION, Visitor(does=allow), loopback, ATTEMPT, 5)
    assert Grant("the-code", loopback.uri, ATTEMPT.verifier) == grant
    (page,) = pages
    assert 200 == page.status_code
    assert "posse goes on in your terminal" in page.text
    assert "the-code" not in page.text
    assert "no-store" == page.headers["cache-control"]
    assert "no-referrer" == page.headers["referrer-policy"]


@pytest.mark.parametrize("state", [{"state": "another"}, {}, {"state": ""}, {"state": "thé-state"}])
def test_a_wrong_state_is_refused_and_waited_past(loopback: Loopback, state: dict[str, str]) -> None:
    """A page that forges an answer gets nowhere, and does not end the log-in either."""
    forged = httpx.get(loopback.uri, params={"code": "forged", **state})
    assert 400 == forged.status_code
    assert "was not asked for" in forged.text
    httpx.get(loopback.uri, params={"code": "true", "state": STATE})
    assert "true" == loopback.wait(5)


def test_a_forged_refusal_is_no_refusal(loopback: Loopback) -> None:
    """An error without the state does not end the log-in."""
    assert 400 == httpx.get(loopback.uri, params={"error": "access_denied"}).status_code
    with pytest.raises(CredentialError, match=r"no answer within 0\.05 seconds \(an answer to another log-in came"):
        loopback.wait(0.05)


def test_nobody_answers(loopback: Loopback) -> None:
    """After the time that was given, a sentence says so."""
    began = time.monotonic()
    with pytest.raises(CredentialError, match=r"^the browser brought no answer within 0\.2 seconds$"):
        loopback.wait(0.2)
    assert time.monotonic() - began < 2


def test_the_person_says_no(loopback: Loopback) -> None:
    """A denial is told in the server's words, without what a terminal would obey."""
    words = "The resource\x1b[31m owner\ndenied\x07 it."
    page = httpx.get(loopback.uri, params={"error": "access_denied", "error_description": words, "state": STATE})
    assert "Nothing was changed" in page.text
    with pytest.raises(CredentialError) as caught:
        loopback.wait(5)
    assert "the log-in was refused: The resource[31m owner denied it." == str(caught.value)


def test_other_requests_are_not_answers(loopback: Loopback) -> None:
    """The icon that browsers ask for, another path, another method: none of them ends the wait."""
    assert 404 == httpx.get(loopback.uri).status_code
    assert 404 == httpx.get(f"{loopback.uri}favicon.ico").status_code
    assert 404 == httpx.get(f"{loopback.uri}else", params={"code": "x", "state": STATE}).status_code
    assert 501 == httpx.post(loopback.uri, data={"code": "x", "state": STATE}).status_code
    with pytest.raises(CredentialError, match=r"no answer within 0\.05 seconds$"):
        loopback.wait(0.05)


def test_a_silent_connection_holds_nothing_up(loopback: Loopback) -> None:
    """Browsers open connections that they never use; the answer comes on another."""
    with socket.create_connection(("127.0.0.1", urlsplit(loopback.uri).port or 0)):
        httpx.get(loopback.uri, params={"code": "the-code", "state": STATE}, timeout=3)
        assert "the-code" == loopback.wait(3)


def test_an_answer_that_comes_while_we_wait(loopback: Loopback) -> None:
    """The usual order: first the wait, then the redirect."""
    later = threading.Timer(0.2, httpx.get, (loopback.uri,), {"params": {"code": "late", "state": STATE}})
    later.start()
    assert "late" == loopback.wait(5)
    later.join()


def test_the_port_is_given_back() -> None:
    """When the log-in is over nothing listens any more."""
    with Loopback(STATE) as receiver:
        uri = receiver.uri
    with pytest.raises(httpx.ConnectError):
        httpx.get(uri)


def test_a_browser_that_does_not_open_means_pasting(loopback: Loopback) -> None:
    """The address is shown again with the out-of-band redirect, and the pasted code is taken without its spaces."""
    visitor = Visitor(opens=False, pastes="  the-code \n")
    grant = authorize(QUESTION, visitor, loopback, ATTEMPT, 5)
    assert Grant("the-code", OUT_OF_BAND, ATTEMPT.verifier) == grant
    assert [loopback.uri, OUT_OF_BAND] == [asked(url)["redirect_uri"] for url in visitor.shown]


def test_no_code_pasted() -> None:
    """An empty answer is none."""
    with pytest.raises(CredentialError, match="no code was given"):
        authorize(QUESTION, Visitor(pastes=" "), None, ATTEMPT)


def test_a_servers_words_are_cut_and_tamed() -> None:
    """One line of at most 300 characters, all of them printable."""
    assert "a b" == plain("a\r\n\tb\x00")
    assert 300 == len(plain("x" * 1000))
