"""The one way to HTTP: a shared client that loads at first use, and errors that say whether anything may have arrived.

`send` is for addresses out of the configuration, `fetch` for addresses found in content. Neither retries anything but
the setting up of a connection, and neither shows a header, a path or a query in an error.
"""

from __future__ import annotations

import re
import threading
import time
import zlib
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from msgspec import Struct

from bot import __version__
from bot.errors import PublishError, Rejected, TryLater, Uncertain

if TYPE_CHECKING:
    import httpx

MOST_BYTES = 16 * 1024 * 1024
MOST_REDIRECTS = 5
LONGEST_WAIT = timedelta(days=30)
DEADLINE: ContextVar[float] = ContextVar("DEADLINE", default=float("inf"))
"""When, by the monotonic clock, all that is asked for in this context must be over: later nobody waits for it."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_FORBIDDEN_ON = frozenset({"authorization", "cookie"})  # not carried to another host by a redirect


class Page(Struct, frozen=True):
    """What a GET of an address found in content came to.

    `url` is where it ended and `chain` every URL asked, in order, that one last. `headers` have lower-case names.
    `whole` is False where the body was longer than allowed: then it is the beginning. `is_known` says that the body is
    the one whose print was given: then it is left out.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    chain: tuple[str, ...]
    whole: bool = True
    is_known: bool = False

    def __repr__(self) -> str:
        return f"Page({self.url}, {self.status}, {len(self.body)} bytes)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("url", self.url), ("status", self.status), ("length", len(self.body))]


def body_print(body: bytes) -> str:
    """Return what tells a body from another, but not from a forged one: four times as fast as a SHA-256."""
    return _print(len(body), zlib.crc32(body))


def _print(length: int, crc: int) -> str:
    return f"{length}-{crc:08x}"


class Http:
    """Requests for the whole process, from any thread. Making one loads nothing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clients: dict[bool, httpx.Client] = {}

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        json: object = None,
        data: Mapping[str, Any] | None = None,
        files: Any = None,
        content: bytes | None = None,
        timeout: float = 30.0,
        total: float = 60.0,
        safe: bool = False,
    ) -> httpx.Response:
        """Ask once and return the answer, whatever its status; redirects are answers too.

        `timeout` is for each operation on the socket, `total` for the whole call. `json` of None sends no body. `safe`
        says that a POST changes nothing that matters. Raises `TryLater` where nothing can have arrived or the request
        is safe, `Uncertain` where it may have arrived, `Rejected` for an address or header that cannot be sent.
        """
        client = self._client(public_only=False)
        harmless = safe or method.upper() in _SAFE
        with _Guard(url, harmless=harmless, total=total):
            request = client.build_request(
                method,
                url,
                headers=headers,
                params=params,
                json=json,
                data=data,
                files=files,
                content=content,
                timeout=timeout,
            )
            answer, body, whole = _exchange(client, request, MOST_BYTES)
            if not whole:
                raise (TryLater if harmless else Uncertain)(f"{_place(url)} answered with more than {MOST_BYTES} bytes")
            return _response(answer, body or b"")

    def fetch(
        self,
        url: str,
        *,
        allow_private: bool,
        timeout: float = 15.0,
        total: float = 30.0,
        max_bytes: int = 2_000_000,
        headers: Mapping[str, str] | None = None,
        follow: bool = True,
        known: str = "",
    ) -> Page:
        """GET an address found in content, and up to five redirects from it unless `follow` is False.

        Bounds are as in `send`. A body whose `body_print` is `known` is not put together.

        Unless `allow_private`, each host must resolve to public addresses only, and it is those that are connected to.
        Raises `TryLater` where nobody answers, `Rejected` for an address that may or can not be asked.
        """
        client = self._client(public_only=not allow_private)
        chain = [url]
        carried = dict(headers or {})
        until = time.monotonic() + total
        while True:
            with _Guard(url, harmless=True, total=until - time.monotonic()):
                request = client.build_request("GET", url, headers=carried, timeout=timeout)
                answer, body, whole = _exchange(client, request, max_bytes, known)
            target = answer.headers.get("location") if follow and answer.status_code in _REDIRECTS else None
            if not target:
                named = {name.lower(): value for name, value in answer.headers.items()}
                is_known = body is None
                return Page(url, answer.status_code, named, body or b"", tuple(chain), whole, is_known)
            if len(chain) > MOST_REDIRECTS:
                raise Rejected(f"{_place(chain[0])} redirects more than {MOST_REDIRECTS} times")
            before, url = url, _follow(url, target)
            if urlsplit(before).netloc != urlsplit(url).netloc:
                carried = {name: value for name, value in carried.items() if name.lower() not in _FORBIDDEN_ON}
            chain.append(url)

    def close(self) -> None:
        """Let the connections go. The next request opens new ones."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def __del__(self) -> None:
        self.close()

    def _client(self, *, public_only: bool) -> httpx.Client:
        with self._lock:
            if public_only not in self._clients:
                from bot import wire

                self._clients[public_only] = wire.client(f"posse-bot/{__version__}", public_only=public_only)
            return self._clients[public_only]


class _Guard:
    """Bounds one exchange in time, and turns the client's errors into ours. `harmless`: a loss is no uncertainty."""

    def __init__(self, url: str, *, harmless: bool, total: float) -> None:
        self._place = _place(url)
        self._lost: type[TryLater | Uncertain] = TryLater if harmless else Uncertain
        self._total = total

    def __enter__(self) -> None:
        from bot import wire

        now, deadline = time.monotonic(), DEADLINE.get()
        if now >= deadline:
            raise TryLater(f"{self._place} was not asked: no time was left")
        self._bound = wire.BOUND
        self._token = wire.BOUND.set(wire.Bound(min(now + self._total, deadline)))

    def __exit__(self, kind: object, error: BaseException | None, at: object) -> None:
        self._bound.reset(self._token)
        ours = self._translate(error) if error is not None else None
        if ours is not None:
            raise ours from None  # the client's error holds the request, and that its headers

    def _translate(self, error: BaseException) -> PublishError | None:
        import httpx

        match error:
            case httpx.LocalProtocolError() | UnicodeEncodeError():
                return Rejected(f"the request to {self._place} cannot be sent: a header holds what no header may")
            case httpx.UnsupportedProtocol() | httpx.InvalidURL():
                return Rejected(f"{self._place} cannot be asked: it is no http(s) address")
            case httpx.ConnectError() if _is_private(error):
                return Rejected(f"{error} (allow_private = true under [guards] lets it be asked)")
            case httpx.ConnectTimeout() | httpx.PoolTimeout():
                return TryLater(f"{self._place} cannot be reached: no connection in time")
            case httpx.ConnectError() | httpx.ProxyError():
                return TryLater(f"{self._place} cannot be reached: {error}")
            case httpx.TimeoutException():
                return self._lost(f"{self._place} did not answer in time")
            case httpx.HTTPError() | httpx.StreamError():
                return self._lost(f"{self._place} broke the connection: {error or type(error).__name__}")
            case _:
                return None


def wait_from(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long a 429 or 503 asks to wait: never negative, at most 30 days, None where it does not say.

    Read from `Retry-After` (seconds or an HTTP date), `X-RateLimit-Reset` and `RateLimit-Reset` (ISO 8601, seconds of
    the epoch, or seconds from now where the number is small).
    """
    named = {name.lower(): value.strip() for name, value in headers.items()}
    for name in ("retry-after", "x-ratelimit-reset", "ratelimit-reset"):
        wait = _wait(named[name], now) if name in named else None
        if wait is not None:
            return min(max(wait, timedelta()), LONGEST_WAIT)
    return None


def plain(words: str) -> str:
    """Return a server's words on one line, without anything that a terminal would obey."""
    return "".join(sign for sign in " ".join(words.split())[:300] if sign.isprintable())


def _wait(text: str, now: datetime) -> timedelta | None:
    if re.fullmatch(r"\d{1,12}(\.\d+)?", text):
        seconds = float(text)
        epoch = seconds > 1e9  # a reset that is thirty years off is a date
        return timedelta(seconds=seconds - now.timestamp() if epoch else seconds)
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            instant = read(text)
        except (ValueError, OverflowError):
            continue
        return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)) - now
    return None


def _exchange(
    client: httpx.Client, request: httpx.Request, max_bytes: int, known: str = ""
) -> tuple[httpx.Response, bytes | None, bool]:
    """Send `request`; return the answer, its decoded body up to `max_bytes`, and whether that is all of it.

    The body is None where its print is `known`.
    """
    from bot import wire

    answer = client.send(request, stream=True)
    pieces, length, crc = [], 0, 0
    try:
        for piece in wire.body_of(answer):
            pieces.append(piece)
            length += len(piece)
            if length > max_bytes:
                return answer, b"".join(pieces)[:max_bytes], False
            if known:
                crc = zlib.crc32(piece, crc)
    finally:
        answer.close()
    return answer, None if known and known == _print(length, crc) else b"".join(pieces), True


def _response(answer: httpx.Response, body: bytes) -> httpx.Response:
    import httpx

    gone = {"content-encoding", "content-length", "transfer-encoding"}  # they are about the body as it travelled
    headers = [(name, value) for name, value in answer.headers.multi_items() if name not in gone]
    return httpx.Response(answer.status_code, headers=headers, content=body, request=answer.request)


def _follow(url: str, target: str) -> str:
    try:
        return urljoin(url, target)
    except ValueError as error:
        raise Rejected(f"{_place(url)} redirects to what is no address") from error


def _place(url: str) -> str:
    """The part of an address that may be shown: no user, path or query, where secrets can stand."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an address that cannot be read"
    return f"{parts.hostname}{port}" if parts.hostname else "an address without a host"


def _is_private(error: BaseException | None) -> bool:
    from bot import wire

    while error is not None and not isinstance(error, wire.PrivateAddress):
        error = error.__cause__
    return error is not None
