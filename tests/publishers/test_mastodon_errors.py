from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from bot.errors import PublishError, Rejected, TryLater, Unauthorized, Uncertain
from bot.publishers.mastodon import Mastodon
from bot.publishers.mastodon_api import Bounds
from bot.testing import access, announcement, attempt, raised
from tests.servers.proxy import Cut, Hang, Proxy, Reset
from tests.servers.strict_http import Answer, serve
from tests.servers.strict_mastodon import StrictMastodon
from tests.servers.test_strict_mastodon import started

TOKEN = "strict-token-that-nobody-else-knows"
NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
HASTY = Bounds(read=0.4, total=2.0)


def on(base: str, bounds: Bounds = HASTY) -> Mastodon:
    return Mastodon(access({"instance": base}, {"access_token": TOKEN}, clock=lambda: NOW), bounds)


def post(base: str, bounds: Bounds = HASTY) -> PublishError | None:
    return attempt(on(base, bounds), announcement()).error


def look(base: str) -> PublishError | None:
    return raised(lambda: on(base).find(announcement(), LONG_AGO))


@pytest.mark.parametrize(
    ("fate", "held"),
    [
        ("drop", 1),
        ("reset", 1),
        ("delay", 1),
        ("500", 1),
        ("502", 1),
        ("503", 1),
        ("not-json", 1),
        ("no-id", 1),
        ("list", 1),
        ("scheduled", 1),
        ("before:500", 0),
        ("before:drop", 0),
    ],
)
def test_a_status_whose_answer_is_lost_is_uncertain(strict_mastodon: StrictMastodon, fate: str, held: int) -> None:
    """Whatever became of the answer, and whether or not the status is there, one POST went out and nobody knows."""
    strict_mastodon.behaviour.delay = 1.0
    strict_mastodon.behaviour.fates = [fate]
    assert isinstance(post(strict_mastodon.base), Uncertain)
    assert held == len(strict_mastodon.statuses)
    assert len(strict_mastodon.requests) == 1


@pytest.mark.parametrize("fault", [Reset(after=400), Cut(keep=0), Cut(keep=120), Hang()])
def test_a_wire_that_breaks_under_a_status_is_uncertain(
    strict_mastodon: StrictMastodon, fault: Reset | Cut | Hang
) -> None:
    """A reset in the request, an answer cut short, an answer that never comes: all may have arrived."""
    with Proxy(strict_mastodon.base) as proxy:
        proxy.inject(fault, on="statuses")
        assert isinstance(post(proxy.base), Uncertain)


@pytest.mark.parametrize("fault", [Reset(), Cut(keep=0), Hang()])
def test_a_wire_that_breaks_under_a_look_is_for_later(
    strict_mastodon: StrictMastodon, fault: Reset | Cut | Hang
) -> None:
    """A look can be repeated: what breaks it is `TryLater`, and never an absence."""
    with Proxy(strict_mastodon.base) as proxy:
        proxy.inject(fault, on="verify_credentials")
        assert isinstance(look(proxy.base), TryLater)


def answering(answer: Answer) -> Any:
    return serve(lambda _: answer)


@pytest.mark.parametrize(
    ("status", "body", "headers", "kind", "words"),
    [
        (400, {"error": "Bad"}, {}, Rejected, "Bad"),
        (401, {"error": "The access token is invalid"}, {}, Unauthorized, "access token is invalid"),
        (401, "", {}, Unauthorized, "HTTP 401"),
        (403, {"error": "This action is outside the authorized scopes"}, {}, Unauthorized, "scopes"),
        (403, {"error": "Nein"}, {"WWW-Authenticate": 'Bearer error="insufficient_scope"'}, Unauthorized, "Nein"),
        (403, {"error": "Your login is currently disabled"}, {}, Unauthorized, "disabled"),
        (403, {"error": "This action is not allowed"}, {}, Rejected, "not allowed"),
        (403, {"error": "Empty statuses are not allowed"}, {}, Rejected, "Empty statuses"),
        (404, "<h1>Not here</h1>", {}, Rejected, "Mastodon server?"),
        (404, {"error": "Record not found"}, {}, Rejected, "Record not found"),
        (408, "", {}, TryLater, "408"),
        (410, {"error": "Gone"}, {}, Rejected, "Gone"),
        (413, "<h1>Too big</h1>", {}, Rejected, "HTTP 413"),
        (422, {"error": "Validation failed: Text can't be blank"}, {}, Rejected, "can't be blank"),
        (422, {"error": "This method requires an authenticated user"}, {}, Unauthorized, "authenticated user"),
        (422, {"error": "Cannot attach files that have not finished processing."}, {}, TryLater, "processing"),
        (422, {"message": "Said otherwise"}, {}, Rejected, "Said otherwise"),
        (301, "", {"Location": "https://moved.example/api/v1/statuses"}, Rejected, "https://moved.example"),
        (307, "", {"Location": "https://moved.example/"}, Rejected, "`instance`"),
        (500, {"error": "Oops"}, {}, Uncertain, "Oops"),
        (504, "", {}, Uncertain, "HTTP 504"),
        (520, "", {}, Uncertain, "HTTP 520"),
        (204, "", {}, Uncertain, "204"),
        (200, "null", {}, Uncertain, ""),
        (200, '"text"', {}, Uncertain, ""),
        (200, "12", {}, Uncertain, ""),
    ],
)
def test_what_an_answer_to_a_status_means(
    status: int, body: Any, headers: dict[str, str], kind: type[PublishError], words: str
) -> None:
    """Every answer is exactly one of the four errors, and carries the server's own words."""
    with started(answering(Answer(status, body, headers))) as base:
        error = post(base)
    assert error is not None
    assert type(error) is kind
    assert words in error.message


@pytest.mark.parametrize(
    ("status", "kind"),
    [(500, TryLater), (503, TryLater), (200, TryLater), (401, Unauthorized), (403, Rejected), (404, Rejected)],
)
def test_what_an_answer_to_a_look_means(status: int, kind: type[PublishError]) -> None:
    """Nothing that goes wrong with a look is uncertain: it can be repeated."""
    with started(answering(Answer(status, {"error": "Oops"}))) as base:
        error = look(base)
    assert type(error) is kind


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"X-RateLimit-Reset": "2026-11-23T12:05:00.000000Z"}, timedelta(minutes=5)),
        ({"X-RateLimit-Reset": str(int(NOW.timestamp()) + 60)}, timedelta(seconds=60)),
        ({"Retry-After": "30"}, timedelta(seconds=30)),
        ({"Retry-After": format_datetime(NOW + timedelta(seconds=90), usegmt=True)}, timedelta(seconds=90)),
        ({"X-RateLimit-Reset": "soon"}, None),
        ({}, None),
    ],
)
def test_a_rate_limit_says_how_long(headers: dict[str, str], wait: timedelta | None) -> None:
    """429 is `TryLater` with the wait of any header form, and without one where there is none."""
    with started(answering(Answer(429, {"error": "Too many requests"}, headers))) as base:
        error = post(base)
    assert isinstance(error, TryLater)
    assert wait == error.wait


@pytest.mark.parametrize("headers", [{"X-RateLimit-Reset": "soon"}, {"Deprecation": "true"}])
def test_a_strange_header_does_not_lose_a_receipt(headers: dict[str, str]) -> None:
    """Mastodon.py would fail on these after the status is there."""
    body = {"id": "1", "url": "https://s.example/1", "uri": "x", "created_at": "2026-11-23T12:00:00.000Z"}
    with started(answering(Answer(200, body, headers))) as base:
        receipt = attempt(on(base), announcement()).receipt
    assert receipt is not None
    assert receipt.at == NOW


def test_a_server_that_repeats_our_secret_does_not_spread_it() -> None:
    """The token is masked in the server's own words."""
    with started(answering(Answer(401, {"error": f"Bad token {TOKEN}!"}))) as base:
        error = post(base)
    assert error is not None
    assert "Bad token …!" in str(error)
    assert TOKEN not in repr(error)


def test_a_redirect_is_not_followed(strict_mastodon: StrictMastodon) -> None:
    """The status, and the token with it, go nowhere but to the instance."""
    elsewhere = Answer(308, "", {"Location": f"{strict_mastodon.base}/api/v1/statuses"})
    with started(answering(elsewhere)) as base:
        post(base)
    assert strict_mastodon.requests == []


def test_a_name_that_cannot_be_resolved_is_for_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS trouble is `TryLater`: certainly not sent."""

    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    error = post("https://nowhere.example")
    assert isinstance(error, TryLater)
    assert "nowhere.example cannot be resolved" in error.message
    assert "Name or service not known" in error.message


def test_tls_that_fails_is_for_later(strict_mastodon: StrictMastodon) -> None:
    """A server that does not speak TLS is `TryLater`: certainly not sent."""
    error = post(strict_mastodon.base.replace("http:", "https:"))
    assert isinstance(error, TryLater)
    assert strict_mastodon.requests == []


def test_a_connection_that_is_not_taken_is_for_later() -> None:
    """A connect time-out is `TryLater`: certainly not sent."""
    with socket.socket() as full, contextlib.ExitStack() as waiting:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(3):  # the queue of a socket that accepts nothing fills up, then connecting hangs
            other = waiting.enter_context(socket.socket())
            other.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                other.connect(full.getsockname())
        error = post(f"http://127.0.0.1:{full.getsockname()[1]}")
    assert isinstance(error, TryLater)
    assert "no connection in time" in error.message


@contextlib.contextmanager
def dripping(piece: bytes) -> Iterator[str]:
    """Serve one connection an answer of six seconds, `piece` by `piece`, ten a second."""
    stop = threading.Event()

    def drip(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # the client leaves: what the test is about
            client, _ = listener.accept()
            with client:
                client.sendall(b"HTTP/1.1 200 OK\r\n")
                for _ in range(60):
                    client.sendall(piece)
                    if stop.wait(0.1):
                        return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=drip, args=(listener,), daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        stop.set()


@pytest.mark.parametrize("piece", [b"x", b"X-Filler: y\r\n"])
def test_an_answer_that_never_ends_is_cut_in_time(piece: bytes) -> None:
    """One call is bounded in all, however the bytes trickle in; a status is `Uncertain` then."""
    with dripping(piece) as base:
        start = time.monotonic()
        error = post(base, Bounds(read=1, total=0.5))
        took = time.monotonic() - start
    assert isinstance(error, Uncertain)
    assert "did not answer in time" in error.message
    assert took < 3


@pytest.mark.parametrize("piece", [b"x", b"X-Filler: y\r\n"])
def test_a_proof_that_never_ends_is_cut_in_time(piece: bytes) -> None:
    """So is the question whose token it is: it is for later then."""
    with dripping(piece) as base:
        start = time.monotonic()
        error = raised(on(base, Bounds(read=1, total=0.5)).verify)
        took = time.monotonic() - start
    assert isinstance(error, TryLater)
    assert "no answer within 0.5 s" in error.message
    assert took < 3


@pytest.mark.parametrize("body", ["{}", "[]", "null", '"ok"'])
def test_a_server_that_answers_other_json_is_told(body: str) -> None:
    """JSON that is not Mastodon's proves no account and no absence, and what is sent is uncertain."""
    with started(serve(lambda _request: Answer(200, body, {"Content-Type": "application/json"}))) as base:
        assert isinstance(post(base), Uncertain)
        for error in (look(base), raised(on(base).verify)):
            assert isinstance(error, TryLater), error
            assert "is `instance` a Mastodon server?" in str(error)
