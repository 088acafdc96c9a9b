"""Mastodon.py, kept on a leash: every call is bounded in time, made once, and ends in an answer or one of our errors.

Heavy (requests, urllib3): `bot.publishers.mastodon` imports it when it first speaks.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Timer
from typing import Any, TypeVar
from urllib.parse import urlsplit

import mastodon
import requests  # noqa: TID251 - this is the module that keeps Mastodon.py's transport in hand
from requests.adapters import HTTPAdapter  # noqa: TID251
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from bot import __version__
from bot.errors import PublishError, Rejected, TryLater, Unauthorized, Uncertain
from bot.http import wait_from

T = TypeVar("T")

# Words of Mastodon's own answers (app/controllers/api/base_controller.rb, doorkeeper) that are about who asks.
_ABOUT_THE_TOKEN = re.compile(r"scope|token|your login|authenticated|authoriz", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long one call may take, in seconds: to connect, between two bytes, and in all."""

    connect: float = 10.0
    read: float = 30.0
    total: float = 60.0


@dataclass(slots=True)
class _Wire:
    """What became of one request: `reached` is whether a connection stood, so that bytes may have arrived."""

    reached: bool = False
    cut: bool = False
    sock: socket.socket | None = field(default=None, repr=False)

    def stands(self, sock: socket.socket | None) -> None:
        self.sock = sock
        if self.cut:
            self.stop()  # too late: nothing goes out on it
        else:
            self.reached = True

    def stop(self) -> None:
        """End the request from another thread: whoever reads the socket sees its end."""
        self.cut = True
        if self.sock is not None:
            try:
                self.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it has ended by itself


_WIRE: ContextVar[_Wire] = ContextVar("_WIRE")


class _Plain(HTTPConnection):
    def connect(self) -> None:
        super().connect()
        _WIRE.get().stands(self.sock)

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is not None:
            _WIRE.get().stands(self.sock)
        super().request(*args, **kwargs)


class _Secure(HTTPSConnection):
    def connect(self) -> None:
        super().connect()  # with the TLS handshake: a certificate that is refused leaves the wire unreached
        _WIRE.get().stands(self.sock)

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is not None:
            _WIRE.get().stands(self.sock)
        super().request(*args, **kwargs)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


class _Adapter(HTTPAdapter):
    """No retries, and connections that tell when they stand."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}
        return manager


class _Session(requests.Session):
    """A session that follows no redirect, ends in time, and remembers its last answer and the headers of it."""

    def __init__(self, bounds: Bounds) -> None:
        super().__init__()
        self.bounds = bounds
        self.wire = _Wire()
        self.answer: requests.Response | None = None
        self.told: Mapping[str, str] = {}
        self.mount("http://", _Adapter(max_retries=0))
        self.mount("https://", _Adapter(max_retries=0))

    def begin(self) -> None:
        self.answer, self.told, self.wire = None, {}, _Wire()

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        self.begin()
        kwargs |= {"allow_redirects": False, "timeout": (self.bounds.connect, self.bounds.read)}
        watch = _WIRE.set(self.wire)
        timer = Timer(self.bounds.total, self.wire.stop)
        timer.daemon = True
        timer.start()
        try:
            answer = super().request(*args, **kwargs)
        finally:
            timer.cancel()
            _WIRE.reset(watch)
        if self.wire.cut:
            raise requests.ReadTimeout  # a connection ended amid the headers looks like an answer without a body
        self.answer, self.told = answer, answer.headers.copy()
        # Mastodon.py fails a call that succeeded when it cannot read these: a status would be lost that is there.
        for name in ("X-RateLimit-Reset", "X-RateLimit-Remaining", "X-RateLimit-Limit", "Deprecation"):
            answer.headers.pop(name, None)
        return answer


class Api:
    """One account on one server. `instance` is an http(s) address; `clock` is the present instant in UTC."""

    def __init__(self, instance: str, token: str, clock: Callable[[], datetime], bounds: Bounds = Bounds()) -> None:
        self.host = urlsplit(instance).netloc
        self._token = token
        self._clock = clock
        self._bounds = bounds
        self._session = _Session(bounds)
        client = mastodon.Mastodon(
            api_base_url=instance,
            ratelimit_method="throw",
            version_check_mode="none",
            mastodon_version="4.0.0",
            request_timeout=bounds.read,
            session=self._session,
            user_agent=f"posse-bot/{__version__}",
        )
        client.access_token = token  # as an argument it would be tried as the name of a file
        client.mastodon_major, client.mastodon_minor = 4, 0  # else it asks for the version before every upload
        self._client = client

    def call(self, do: Callable[[Any], T], *, once: bool = False, shape: type = dict) -> T:
        """Make one request through Mastodon.py and return its answer, which is JSON of the `shape` (dict or list).

        `once` marks the request that cannot be repeated: where its fate is not known it raises `Uncertain`, any other
        request `TryLater`. Raises only `PublishError`s.
        """
        self._session.begin()
        try:
            found = do(self._client)
            answer = self._session.answer
            if answer is not None and not isinstance(answer.json(), shape):  # Mastodon.py makes a list of anything
                words = f"{self.host} answered with something that is not Mastodon's: is `instance` a Mastodon server?"
                raise _fate(words, once)
            return found
        except mastodon.MastodonError as error:
            raise self._judge(error, once) from None
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            if self._session.answer is None:
                raise
            raise _fate(f"{self.host} gave an answer that cannot be read ({type(error).__name__})", once) from None

    def _judge(self, error: Exception, once: bool) -> PublishError:
        answer = self._session.answer
        if answer is None:
            return self._unanswered(error, once)
        status = answer.status_code
        words = self._words(answer)
        if status < 300:
            return _fate(f"{self.host} answered {status} with something that is not Mastodon's JSON", once)
        if status < 400:
            target = self._mask(answer.headers.get("Location", "elsewhere"))
            return Rejected(f"{self.host} sends us on to {target}: set the account's `instance` to where it is now")
        if status == 429:
            return TryLater(f"{self.host}: {words}", wait_from(self._session.told, self._clock()))
        if status in (408, 425):
            return TryLater(f"{self.host}: {words}")
        if status >= 500:
            return _fate(f"{self.host}: {words}", once)
        return self._refused(answer, words, once)

    def _refused(self, answer: requests.Response, words: str, once: bool) -> PublishError:
        """Return what an answer from 400 to 499 means."""
        status = answer.status_code
        challenge = answer.headers.get("WWW-Authenticate", "")
        about_the_token = "error=" in challenge or _ABOUT_THE_TOKEN.search(words) is not None
        if status == 401 or (status in (403, 422) and about_the_token):
            return Unauthorized(f"{self.host} refuses the access token: {words}")
        if status == 400 and once and "idempotency" in words.lower():
            return Uncertain(f"{self.host} has met this announcement before: {words}")  # Pixelfed
        if status == 422 and "finished processing" in words:
            return TryLater(f"{self.host}: {words}", timedelta(seconds=2))
        if status == 404 and not _is_json(answer):
            return Rejected(f"{self.host} does not know the Mastodon API: is `instance` a Mastodon server?")
        return Rejected(f"{self.host}: {words}")

    def _unanswered(self, error: Exception, once: bool) -> PublishError:
        wire = self._session.wire
        reason = f"no answer within {self._bounds.total:g} s" if wire.cut else self._mask(_root(error))
        if not wire.reached:
            return TryLater(f"{self.host} cannot be reached: {reason}")
        return _fate(f"{self.host} was reached but did not answer: {reason}", once)

    def _words(self, answer: requests.Response) -> str:
        """Return the server's own words, on one line, without our secret should they repeat it."""
        plain = f"HTTP {answer.status_code} {answer.reason or ''}".strip()
        try:
            body = answer.json()
        except ValueError:
            return plain
        said = (body.get("error_description") or body.get("error") or body.get("message")) if _is_table(body) else None
        return self._mask(" ".join(said.split())[:300]) if isinstance(said, str) and said.strip() else plain

    def _mask(self, text: str) -> str:
        return text.replace(self._token, "…") if self._token else text


def _fate(message: str, once: bool) -> PublishError:
    return Uncertain(message) if once else TryLater(message)


def _is_table(body: object) -> bool:
    return isinstance(body, dict)


def _is_json(answer: requests.Response) -> bool:
    try:
        return _is_table(answer.json())
    except ValueError:
        return False


def _root(error: BaseException) -> str:
    """Return the words of the innermost cause: what the operating system, TLS or the resolver said."""
    seen: BaseException = error
    while (inner := seen.__cause__ or seen.__context__) is not None:
        seen = inner
    if isinstance(seen, TimeoutError):
        return "timed out"
    return (seen.strerror or str(seen)) if isinstance(seen, OSError) else str(seen)
