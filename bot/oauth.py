"""The code flow of OAuth, apart from any network: PKCE, the state, the redirect to this machine, the pasted code.

RFC 6749 (4.1, 10.12), RFC 7636 (PKCE), RFC 8252 (applications on a person's own machine: 7.3, the loopback redirect).
"""

from __future__ import annotations

import base64
import hashlib
import html
import queue
import secrets
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from msgspec import Struct

from bot.credentials import Unshown
from bot.errors import CredentialError
from bot.http import plain as plain  # those that log in speak of it as of a part of this

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"  # the server shows the code, and the person carries it
LOGIN_SECONDS = 300.0

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>body {{ font: 1.2rem/1.5 system-ui, sans-serif; margin: 20vh auto; max-width: 30rem;
padding: 0 1rem; text-align: center; color-scheme: light dark }}</style><h1>{title}</h1><p>{words}</p></html>
"""
_THANKS = ("Thank you", "posse goes on in your terminal. You may close this page.")
_DENIED = ("Nothing was changed", "You said no, or the server did: your terminal says more. You may close this page.")
_STRANGE = ("That was not asked for", "This is no answer to the log-in that waits here; posse has not taken it.")
_ABSENT = ("There is nothing here", "posse waits here for the answer to a log-in.")


class Person(Protocol):
    """Whoever wants to log in. `browser` says whether a browser can be opened where posse runs."""

    browser: bool

    def browse(self, url: str) -> bool:
        """Open the address in a browser; False where that did not work."""
        ...

    def paste(self, url: str) -> str:
        """Show the address, and return the code that its page gave, without white space around it."""
        ...


class Attempt(Unshown, frozen=True):
    """What is drawn anew for each log-in: the state that its answer must bear, and the verifier that stays here."""

    state: str
    verifier: str

    @property
    def challenge(self) -> str:
        """The S256 challenge of the verifier: it goes out, and does not give the verifier away."""
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()


def draw(text: Callable[[int], str] = secrets.token_urlsafe) -> Attempt:
    """Return a new attempt. `text(n)` is n random bytes in the URL-safe alphabet."""
    return Attempt(state=text(24), verifier=text(48))


class Question(Struct, frozen=True):
    """What the server's page asks the person. `pkce` is whether the server knows S256 challenges."""

    endpoint: str
    client_id: str
    scope: str
    pkce: bool

    def url(self, redirect: str, attempt: Attempt) -> str:
        """Return the address of that page, its answer going to `redirect`."""
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": redirect,
            "scope": self.scope,
            "state": attempt.state,
        }
        if self.pkce:
            asked |= {"code_challenge": attempt.challenge, "code_challenge_method": "S256"}
        return f"{self.endpoint}?{urlencode(asked)}"


class Grant(Unshown, frozen=True):
    """A code, to be exchanged once for a token, with what must go with it. `verifier` is empty without PKCE."""

    code: str
    redirect: str
    verifier: str


def authorize(
    question: Question, person: Person, loopback: Loopback | None, attempt: Attempt, seconds: float = LOGIN_SECONDS
) -> Grant:
    """Let the person answer, in a browser that comes back to `loopback`, else by a code they paste.

    Raises `CredentialError` where they say no, paste nothing, or do not answer within `seconds`.
    """
    verifier = attempt.verifier if question.pkce else ""
    if loopback is not None and person.browse(question.url(loopback.uri, attempt)):
        return Grant(loopback.wait(seconds), loopback.uri, verifier)
    code = person.paste(question.url(OUT_OF_BAND, attempt)).strip()
    if not code:
        raise CredentialError("no code was given")
    return Grant(code, OUT_OF_BAND, verifier)


def authorize_at(
    redirect: str, question: Question, person: Person, attempt: Attempt, seconds: float = LOGIN_SECONDS
) -> Grant:
    """As `authorize`, where the server sends the browser only to a `redirect` that was registered, to the letter.

    One on this machine is waited at, where a browser opens here. Else the person brings the address at which the
    browser has ended, be it an error page. Raises as `authorize` does, and where the port of `redirect` is taken.
    """
    url = question.url(redirect, attempt)
    code = _redirected(redirect, url, person, attempt, seconds) or carried(person.paste(url), attempt)
    return Grant(code, redirect, attempt.verifier if question.pkce else "")


def carried(pasted: str, attempt: Attempt) -> str:
    """Return the code, of what a person brings from their browser: the address it ended at, or the code alone.

    Raises `CredentialError` where that is a refusal, the answer to another log-in, or no code.
    """
    text = pasted.strip()
    if "://" in text:
        values = {name: found[0] for name, found in parse_qs(urlsplit(text).query).items()}
        if values.get("error") and not values.get("code"):
            raise CredentialError(f"the log-in was refused: {_refusal(values)}")
        if not secrets.compare_digest(values.get("state", "").encode(), attempt.state.encode()):
            raise CredentialError("what was pasted is the answer to another log-in")
        text = values.get("code", "")
    text = text.removesuffix("#_")  # Meta's own, behind every code
    if not text:
        raise CredentialError("no code was given (paste the address where the browser ends, or the code in it)")
    return text


def _redirected(redirect: str, url: str, person: Person, attempt: Attempt, seconds: float) -> str:
    """Return the code that a browser brings to `redirect`; empty where none can."""
    place = urlsplit(redirect)
    if not person.browser or place.scheme != "http" or place.hostname not in {"127.0.0.1", "localhost"}:
        return ""
    try:
        loopback = Loopback(attempt.state, place.port or 80, place.path or "/")
    except OSError as error:
        taken = (
            f"port {place.port or 80} of this machine is taken: free it, or set another `redirect` here and at the app"
        )
        raise CredentialError(taken) from error
    with loopback:
        return loopback.wait(seconds) if person.browse(url) else ""


class Loopback:
    """A server on 127.0.0.1 and a free port, which takes the one redirect that ends a log-in: the one with `state`.

    It answers in threads of its own from when it is entered. `uri` is the redirect URI to be registered. A server that
    takes only one that was registered before is given a `port` and `path`; a port that is taken raises `OSError`.
    """

    def __init__(self, state: str, port: int = 0, path: str = "/") -> None:
        self._answers: queue.Queue[Mapping[str, str]] = queue.Queue()
        self._strange = False
        self._state = state
        self._path = path
        handler = type("Handler", (_Handler,), {"answer": self._answer})
        self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._server.daemon_threads = True
        self.uri = f"http://127.0.0.1:{self._server.server_address[1]}{path}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="loopback", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self, seconds: float) -> str:
        """Return the code of the redirect that bears the state. Others are refused, and waited past.

        Raises `CredentialError` where the answer is a refusal, or none comes within `seconds`.
        """
        try:
            answer = self._answers.get(timeout=seconds)
        except queue.Empty:
            strange = " (an answer to another log-in came, and was not taken)" if self._strange else ""
            raise CredentialError(f"the browser brought no answer within {seconds:g} seconds{strange}") from None
        if answer.get("code"):
            return answer["code"]
        raise CredentialError(f"the log-in was refused: {_refusal(answer)}")

    def _answer(self, target: str) -> tuple[int, tuple[str, str], Callable[[], None]]:
        """What a request gets: the status, the page's words, and what to do when they are sent."""
        parts = urlsplit(target)
        values = {name: found[0] for name, found in parse_qs(parts.query).items()}
        if parts.path != self._path or not values.keys() & {"code", "error"}:
            return 404, _ABSENT, _nothing
        if not secrets.compare_digest(values.get("state", "").encode(), self._state.encode()):
            self._strange = True
            return 400, _STRANGE, _nothing
        words = _THANKS if values.get("code") else _DENIED
        return 200, words, lambda: self._answers.put(values)


class _Handler(BaseHTTPRequestHandler):
    timeout = 10  # browsers open connections that they never use
    server_version = "posse"
    sys_version = ""
    answer: Callable[[str], tuple[int, tuple[str, str], Callable[[], None]]]

    def do_GET(self) -> None:
        """Answer with a page, and only then pass the answer on: the process may end soon after."""
        status, (title, words), then = type(self).answer(self.path)
        body = _PAGE.format(title=html.escape(title), words=html.escape(words)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
        then()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the request holds the code."""


def _refusal(answer: Mapping[str, str]) -> str:
    return plain(answer.get("error_description") or answer.get("error") or "it gave no code")


def _nothing() -> None:
    return
