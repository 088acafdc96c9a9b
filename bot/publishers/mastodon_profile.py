"""Proves a log-in through Mastodon.py, and asks the server what it is and what its limits are.

Heavy (requests, urllib3): `bot.publishers.mastodon` imports it when `verify` is called, never to announce.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

import mastodon
import requests  # noqa: TID251 - this is the module that keeps Mastodon.py's transport in hand

from bot import __version__
from bot.errors import PublishError, Rejected, TryLater, Unauthorized
from bot.publishers import mastodon_kin as kin
from bot.publishers.base import Access, Profile
from bot.publishers.masking import masked
from bot.publishers.mastodon_api import NOT_MASTODONS, Answer, Bounds, judge

T = TypeVar("T")


class _Session(requests.Session):
    """A session that follows no redirect, minds its time-outs, and remembers its last answer."""

    def __init__(self, bounds: Bounds) -> None:
        super().__init__()
        self.bounds = bounds
        self.answer: requests.Response | None = None

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        self.answer = None
        self.answer = super().request(*args, **kwargs | {"allow_redirects": False, "timeout": self.bounds.read})
        return self.answer


class _Server:
    """One account's read-only questions."""

    def __init__(self, access: Access, bounds: Bounds) -> None:
        self.base = str(access.options["instance"]).rstrip("/")
        self.host = urlsplit(self.base).netloc
        self._access, self._bounds = access, bounds
        self._token = access.secret("access_token").reveal()
        self._session = _Session(bounds)
        self._client = mastodon.Mastodon(
            api_base_url=self.base,
            ratelimit_method="throw",
            version_check_mode="none",
            mastodon_version="4.0.0",
            request_timeout=bounds.read,
            session=self._session,
            user_agent=f"posse-bot/{__version__}",
        )
        self._client.access_token = self._token  # as an argument it would be tried as the name of a file

    def ask(self, do: Callable[[Any], T], *, shape: type = dict) -> T:
        """Make one request through Mastodon.py; its answer is JSON of that shape. Raises only `PublishError`s."""
        self._session.answer = None
        try:
            found = _within(self._bounds.total, lambda: do(self._client))
            answer = self._session.answer
            if answer is not None and not isinstance(answer.json(), shape):  # Mastodon.py makes a list of anything
                raise TryLater(f"{self.host} answered with something {NOT_MASTODONS}")
            return found
        except TimeoutError:
            raise TryLater(f"{self.host}: no answer within {self._bounds.total:g} s") from None
        except (mastodon.MastodonError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise self._judge(error) from None

    def _judge(self, error: Exception) -> PublishError:
        got = self._session.answer
        if got is None:
            return TryLater(f"{self.host} cannot be reached: {masked(_root(error), [self._token])}")
        named = {name.lower(): value for name, value in got.headers.items()}
        answer = Answer(got.status_code, named, masked(got.text, [self._token]), got.reason or "")
        return judge(answer, self.host, self._access.clock(), once=False)


def profile(access: Access, bounds: Bounds) -> Profile:
    """Ask whose token it is, what the server's limits are, and whether the token may look at the timeline."""
    server = _Server(access, bounds)
    me = server.ask(lambda client: client.account_verify_credentials())
    if not me.get("id"):
        raise TryLater(f"{server.host} answered, but not with an account: is `instance` a Mastodon server?")
    told = _about(server)
    software, version = _software(access, server.base, told)
    name = str(me.get("acct") or me.get("username"))
    return Profile(
        name=f"@{name}" if "@" in name else f"@{name}@{told.get('domain') or told.get('uri') or server.host}",
        url=str(me["url"]) if me.get("url") else None,
        server=kin.described(software, version),
        limits=kin.limits(told, software),
        warnings=_scope_warnings(access, server, str(me["id"])),
    )


def _about(server: _Server) -> Mapping[str, Any]:
    """What the server says about itself: version 2 of that, else version 1 (before Mastodon 4.0, and others)."""
    try:
        told = server.ask(lambda client: client.instance_v2())
    except Rejected:
        told = server.ask(lambda client: client.instance_v1())
    return told if isinstance(told, Mapping) else {}


def _software(access: Access, base: str, server: Mapping[str, Any]) -> tuple[str, str]:
    """What runs there; where its own words leave it open, nodeinfo is asked, without the token.

    https://nodeinfo.diaspora.software/protocol.html
    """
    found = kin.software(server)
    if found[0]:
        return found
    try:
        links = access.http.send("GET", f"{base}/.well-known/nodeinfo").json()["links"]
        address = next(str(link["href"]) for link in links if "/ns/schema/2." in str(link["rel"]))
        if urlsplit(address).netloc != urlsplit(base).netloc:
            return found
        told = access.http.send("GET", address).json()
    except (PublishError, ValueError, KeyError, TypeError, StopIteration):
        return found
    return kin.software(server, told) if isinstance(told, Mapping) else found


def _scope_warnings(access: Access, server: _Server, account_id: str) -> tuple[str, ...]:
    try:
        server.ask(lambda client: client.account_statuses(account_id, limit=1), shape=list)
    except Unauthorized:
        login = f"posse login {access.account}"
        lost = "after a lost answer nobody could look whether a post arrived, so you would be asked"
        return (f"the token lacks the scope read:statuses: {lost}; make a token with it and run `{login}`",)
    return ()


def _within(seconds: float, do: Callable[[], T]) -> T:
    """Return what `do` returns or raise what it raises, `TimeoutError` where it takes longer: bytes may trickle in."""
    outcome: queue.SimpleQueue[tuple[T | None, Exception | None]] = queue.SimpleQueue()

    def work() -> None:
        try:
            outcome.put((do(), None))
        except Exception as error:  # noqa: BLE001 - raised again below, in the thread that waits
            outcome.put((None, error))

    threading.Thread(target=work, daemon=True).start()
    try:
        found, error = outcome.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None
    if error is not None:
        raise error
    return found  # type: ignore[return-value]  # it is what `do` returned


def _root(error: BaseException) -> str:
    """Return the words of the innermost cause: what the operating system, TLS or the resolver said."""
    seen: BaseException = error
    while (inner := seen.__cause__ or seen.__context__) is not None:
        seen = inner
    if isinstance(seen, TimeoutError):
        return "timed out"
    return (seen.strerror or str(seen)) if isinstance(seen, OSError) else str(seen)
