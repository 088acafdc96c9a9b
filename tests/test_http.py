from __future__ import annotations

import gzip
import re
import socket
import struct
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import brotli
import pytest

from bot import __version__
from bot.errors import PublishError, Rejected, TryLater, Uncertain
from bot.http import DEADLINE, Http, body_print, wait_from
from bot.wire import is_public

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Script:
    """A server that does with each connection, its request being read, what the test says."""

    def __init__(self, act: Callable[[socket.socket], None]) -> None:
        self._act = act
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.requests: list[bytes] = []
        self.base = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):  # closed by the test
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._handle, args=(client,), daemon=True).start()

    def _handle(self, client: socket.socket) -> None:
        with client, suppress(OSError):  # the client may be gone
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(65536)
            named = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            while named and len(head) < head.index(b"\r\n\r\n") + 4 + int(named[1]):
                head += client.recv(65536)
            self.requests.append(head)
            self._act(client)

    def close(self) -> None:
        """Stop listening."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@contextmanager
def script(act: Callable[[socket.socket], None]) -> Iterator[Script]:
    server = Script(act)
    try:
        yield server
    finally:
        server.close()


@pytest.fixture
def http() -> Iterator[Http]:
    client = Http()
    yield client
    client.close()


def answers(data: bytes) -> Callable[[socket.socket], None]:
    return lambda client: client.sendall(data)


def resets(data: bytes) -> Callable[[socket.socket], None]:
    def act(client: socket.socket) -> None:
        client.sendall(data)
        time.sleep(0.05)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return act


def hangs(data: bytes) -> Callable[[socket.socket], None]:
    def act(client: socket.socket) -> None:
        client.sendall(data)
        client.settimeout(5)
        while client.recv(65536):
            pass

    return act


def trickles(data: bytes, piece: bytes) -> Callable[[socket.socket], None]:
    def act(client: socket.socket) -> None:
        client.sendall(data)
        for _ in range(100):
            time.sleep(0.1)
            client.sendall(piece)

    return act


def error(do: Callable[[], object]) -> PublishError:
    with pytest.raises(PublishError) as caught:
        do()
    return caught.value


LOSSES = {
    "closed without an answer": answers(b""),
    "reset without an answer": resets(b""),
    "no HTTP": answers(b"SSH-2.0-OpenSSH\r\n"),
    "cut in the head": answers(b"HTTP/1.1 200 OK\r\nContent-"),
    "cut in the body": answers(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"),
    "reset in the body": resets(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"),
    "no answer in time": hangs(b""),
    "no body in time": hangs(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"),
    "no end of the body in time": hangs(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"),
    "a head that trickles": trickles(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
    "a body that trickles": trickles(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x"),
    "no gzip in spite of its name": answers(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"
    ),
    "no Brotli in spite of its name": answers(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 3\r\n\r\nabc"
    ),
    "Brotli that breaks off": answers(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 9\r\n\r\n" + brotli.compress(bytes(range(256)))[:9]
    ),
    "more than anybody needs": answers(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + bytes(17 * 1024 * 1024)),
}


@pytest.mark.parametrize("act", LOSSES.values(), ids=LOSSES.keys())
@pytest.mark.parametrize(
    ("method", "safe", "expected"), [("POST", False, Uncertain), ("GET", False, TryLater), ("POST", True, TryLater)]
)
def test_a_lost_answer_is_uncertain_unless_nothing_hangs_on_it(
    http: Http, act: Callable[[socket.socket], None], method: str, safe: bool, expected: type[PublishError]
) -> None:
    """Once bytes may have gone a POST is `Uncertain`; what changes nothing is `TryLater`. It ends in time."""
    began = time.monotonic()
    with script(act) as server:
        lost = error(lambda: http.send(method, f"{server.base}/x", content=b"words", timeout=0.3, total=0.6, safe=safe))
        assert len(server.requests) == 1
    assert type(lost) is expected
    assert time.monotonic() - began < 3


def test_a_request_that_is_read_too_slowly_ends(http: Http) -> None:
    """The total bound holds for sending too."""
    began = time.monotonic()
    with script(hangs(b"")) as server, socket.create_server(("127.0.0.1", 0)) as deaf:
        assert server.base
        address = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        lost = error(lambda: http.send("POST", address, content=bytes(20_000_000), timeout=30, total=0.5))
    assert type(lost) is Uncertain
    assert time.monotonic() - began < 3


def test_refused_is_certainly_not_sent(http: Http) -> None:
    """Where nothing listens a POST is `TryLater`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert type(error(lambda: http.send("POST", f"http://127.0.0.1:{port}/"))) is TryLater


def test_an_unknown_host_is_certainly_not_sent(http: Http) -> None:
    """A name that no host can have is `TryLater`, as one that is not found."""
    assert type(error(lambda: http.send("POST", f"http://{'a' * 64}.example/"))) is TryLater


def test_after_its_deadline_nothing_is_asked(http: Http) -> None:
    """A request that nobody waits for any more is not begun: certainly not sent."""
    token = DEADLINE.set(time.monotonic())
    try:
        with script(answers(OK)) as server, pytest.raises(TryLater, match="no time was left"):
            http.send("POST", server.base)
    finally:
        DEADLINE.reset(token)
    assert server.requests == []


def test_a_deadline_bounds_a_request_in_all(http: Http) -> None:
    """However long the request itself may take."""
    with script(hangs(b"")) as server:
        began = time.monotonic()
        token = DEADLINE.set(began + 0.3)
        try:
            with pytest.raises(Uncertain):
                http.send("POST", server.base, timeout=20, total=20)
        finally:
            DEADLINE.reset(token)
    assert time.monotonic() < began + 5


def test_no_connection_in_time_is_certainly_not_sent(http: Http) -> None:
    """A host that does not take the connection is `TryLater`, and does not hold up the caller."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        with socket.create_connection(address), socket.socket() as second:
            second.setblocking(False)
            second.connect_ex(address)  # the queue is full now: further ones wait for ever
            lost = error(lambda: http.send("POST", f"http://127.0.0.1:{address[1]}/", timeout=0.3, total=0.6))
    assert type(lost) is TryLater


def test_failed_tls_is_certainly_not_sent(http: Http) -> None:
    """A server that does not speak TLS never saw the request."""
    with script(answers(OK)) as server:
        lost = error(lambda: http.send("POST", server.base.replace("http:", "https:"), timeout=0.3))
    assert type(lost) is TryLater


@pytest.mark.parametrize("status", [200, 302, 400, 401, 404, 429, 500, 503])
def test_every_status_is_an_answer(http: Http, status: int) -> None:
    """Statuses come back as they are; a redirect is not followed, and a body need not be JSON."""
    head = f"HTTP/1.1 {status} X\r\nLocation: /elsewhere\r\nContent-Length: 6\r\n\r\n<html>"
    with script(answers(head.encode())) as server:
        answer = http.send("POST", server.base, json={"a": None})
        assert (status, "<html>") == (answer.status_code, answer.text)
        assert len(server.requests) == 1
        assert b'{"a":null}' in server.requests[0]
        assert f"User-Agent: posse-bot/{__version__}".encode() in server.requests[0]


def test_a_compressed_body_is_read(http: Http) -> None:
    """What was compressed on the way is plain in the answer."""
    for coding, compress in (("gzip", gzip.compress), ("br", brotli.compress)):
        body = compress(b'{"a": 1}')
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        with script(answers(head + body)) as server:
            assert http.send("GET", server.base).json() == {"a": 1}


def test_a_kilobyte_that_would_be_a_gigabyte_is_left_early(http: Http) -> None:
    """A body is decoded no further than it is wanted: Brotli makes half a gigabyte of less than a kilobyte."""
    bomb = brotli.compress(bytes(500_000_000), quality=1)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: {len(bomb)}\r\n\r\n".encode()
    tracemalloc.start()
    with script(answers(head + bomb)) as server:
        page = http.fetch(server.base, allow_private=True, max_bytes=100_000)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (100_000, False) == (len(page.body), page.whole)
    assert most < 5_000_000


def test_an_answer_without_a_body_is_no_broken_one(http: Http) -> None:
    """A 304 may name the coding of what it leaves out."""
    with script(answers(b"HTTP/1.1 304 Not Modified\r\nContent-Encoding: br\r\n\r\n")) as server:
        assert 304 == http.fetch(server.base, allow_private=True).status


def test_cookies_are_not_kept(http: Http) -> None:
    """One account's answer sets nothing for the next account's request."""
    cookie = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with script(answers(cookie)) as server:
        http.send("GET", server.base)
        http.send("GET", server.base)
        assert not any(b"cookie" in head.lower() for head in server.requests)


@pytest.mark.parametrize("secret", ["hush-hush\nX: y", "hush-hush-ü"])
def test_a_secret_in_a_bad_header_is_not_shown(http: Http, secret: str) -> None:
    """A token with a line break or umlaut is refused without being repeated."""
    with script(answers(OK)) as server:
        refused = error(lambda: http.send("GET", server.base, headers={"Authorization": f"Bearer {secret}"}))
        assert type(refused) is Rejected
        assert server.requests == []
    assert "hush" not in str(refused)


def test_a_secret_in_an_address_is_not_shown(http: Http) -> None:
    """Neither user nor path nor query of an address stand in an error."""
    with script(answers(b"")) as server:
        address = server.base.replace("//", "//user:hush@") + "/bot-hush/send?token=hush"
        assert "hush" not in repr(error(lambda: http.send("POST", address)))


def test_threads_share_the_client(http: Http) -> None:
    """Requests from several threads at once each get their own answer, within their own time."""

    def echo(client: socket.socket) -> None:
        time.sleep(0.1)
        client.sendall(OK)

    texts: list[str] = []
    with script(echo) as server:
        threads = [threading.Thread(target=lambda: texts.append(http.send("GET", server.base).text)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert texts == ["ok"] * 8


def redirect(to: str, status: int = 301) -> bytes:
    return f"HTTP/1.1 {status} X\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()


def test_fetch_follows_redirects(http: Http) -> None:
    """`fetch` goes where it is sent, and tells every address it asked; a log-in is not carried to another host."""
    with script(answers(OK)) as target, script(answers(redirect(f"{target.base}/end", 308))) as server:
        page = http.fetch(f"{server.base}/start", allow_private=True, headers={"Authorization": "x", "Accept": "y"})
        assert (200, b"ok") == (page.status, page.body)
        assert page.chain == (f"{server.base}/start", f"{target.base}/end")
        assert page.url == f"{target.base}/end"
        assert b"Authorization: x" in server.requests[0]
        assert b"Authorization" not in target.requests[0]
        assert b"Accept: y" in target.requests[0]


def test_fetch_does_not_follow_for_ever(http: Http) -> None:
    """Five redirects are followed, a sixth is not."""
    with script(answers(redirect("/again"))) as server:
        assert type(error(lambda: http.fetch(server.base, allow_private=True))) is Rejected
        assert len(server.requests) == 6


def test_fetch_reads_no_more_than_it_may(http: Http) -> None:
    """A long page comes back as its beginning, and says so."""
    long = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789"
    with script(answers(long)) as server:
        page = http.fetch(server.base, allow_private=True, max_bytes=4)
    assert (b"0123", False) == (page.body, page.whole)


def test_a_body_that_is_known_is_left_out(http: Http) -> None:
    """It is told by its print, however it comes in pieces; another is there in full."""

    def in_pieces(client: socket.socket) -> None:
        head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        client.sendall(head + b"2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n")

    with script(in_pieces) as server:
        same = http.fetch(server.base, allow_private=True, known=body_print(b"abcde"))
        other = http.fetch(server.base, allow_private=True, known=body_print(b"abcdf"))
    assert (b"", True) == (same.body, same.is_known)
    assert (b"abcde", False) == (other.body, other.is_known)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0x7f.1", "2130706433", "169.254.169.254"])
def test_fetch_asks_no_private_address(http: Http, host: str) -> None:
    """Content cannot make the bot ask the machine it runs on, however the address is written."""
    with script(answers(OK)) as server:
        address = f"http://{host}:{server.base.rpartition(':')[2]}/"
        refused = error(lambda: http.fetch(address, allow_private=False))
        assert type(refused) is Rejected
        assert server.requests == []
    assert "allow_private" in str(refused)


def test_an_open_connection_is_no_way_around_the_check(http: Http) -> None:
    """A connection that `send` keeps open to a private address is not used by `fetch`."""
    with script(hangs(OK)) as server:
        http.send("GET", server.base)
        assert type(error(lambda: http.fetch(server.base, allow_private=False))) is Rejected


@pytest.mark.parametrize("url", ["ftp://example.com/", "http://", "no address", "http://[::1", "file:///etc/passwd"])
def test_what_is_no_address_is_rejected(http: Http, url: str) -> None:
    """An address that cannot be asked is `Rejected`, not a defect."""
    assert type(error(lambda: http.fetch(url, allow_private=True))) is Rejected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("192.168.1.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.216.34", True),
        ("64:ff9b::10.0.0.1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_which_addresses_are_public(address: str, expected: bool) -> None:
    """Private, loopback, link-local, shared, multicast and wrapped ones are not."""
    assert is_public(address) is expected


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "120"}, 120),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"Retry-After": "Mon, 23 Nov 2026 12:05:00 GMT"}, 300),
        ({"Retry-After": "Mon, 23 Nov 2026 11:00:00 GMT"}, 0),
        ({"X-RateLimit-Reset": "2026-11-23T12:03:00.000000Z"}, 180),
        ({"X-RateLimit-Reset": "2026-11-23T13:03:00+01:00"}, 180),
        ({"X-RateLimit-Reset": str(int(NOW.timestamp()) + 90)}, 90),
        ({"RateLimit-Reset": str(int(NOW.timestamp()) + 60)}, 60),
        ({"RateLimit-Reset": str(int(NOW.timestamp()) - 60)}, 0),
        ({"RateLimit-Reset": "45"}, 45),
        ({"Retry-After": "7", "X-RateLimit-Reset": "2026-11-23T12:03:00Z"}, 7),
        ({"Retry-After": "soon", "RateLimit-Reset": "45"}, 45),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": ""}, None),
        ({"Retry-After": "Mon, 99 Nov 2026 12:05:00 GMT"}, None),
        ({"Retry-After": "999999999999"}, 30 * 86400),
        ({}, None),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    """Every form of the header is read; never negative, never beyond reason, None where nothing is said."""
    assert wait_from(headers, NOW) == (None if seconds is None else timedelta(seconds=seconds))
