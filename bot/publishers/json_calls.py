"""Requests to small JSON APIs, and what their answers mean. No secret of a request stands in what comes back."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from bot.errors import PublishError, Rejected, TryLater, Unauthorized, Uncertain
from bot.http import plain, wait_from
from bot.publishers import instants
from bot.publishers.base import Access
from bot.publishers.masking import host_of, masked

REFUSED = frozenset({401, 403})


class Answer(Struct, frozen=True):
    """One answer. `data` is empty where the body is no JSON object; `text` is the body; both without our secrets.

    `at` is the server's time where it tells, else ours. `once` says that it answers a request that announces.
    """

    status: int
    headers: Mapping[str, str]
    data: Mapping[str, Any]
    text: str
    at: datetime
    once: bool

    @property
    def good(self) -> bool:
        """Whether the server did what it was asked."""
        return 200 <= self.status < 300


class Calls:
    """One account's requests. `words` reads a server's own words out of an answer, empty where it has none.

    `doubt` is what a person is to check where a server answers without words, as one of another kind does.
    """

    def __init__(
        self,
        access: Access,
        words: Callable[[Answer], str],
        refused: Collection[int] = REFUSED,
        doubt: str = "",
    ) -> None:
        self._access = access
        self._words = words
        self._refused = refused
        self._doubt = f" ({doubt})" if doubt else ""

    def send(
        self, method: str, url: str, *, hidden: Collection[str] = (), once: bool = False, **request: Any
    ) -> Answer:
        """Ask once; `hidden` are the request's secrets, which an error of the server may repeat.

        `once` says that the request announces something: only then is a lost answer `Uncertain`, else `TryLater`.
        """
        answer = self._access.http.send(method, url, safe=not once, **request)
        text = answer.text
        if not answer.is_success:
            text = masked(text, hidden)
        return Answer(
            status=answer.status_code,
            headers={name.lower(): value for name, value in answer.headers.items()},
            data=_table(text),
            text=text,
            at=instants.http_date(answer.headers.get("date", "")) or self._access.clock(),
            once=once,
        )

    def need(self, answer: Answer, host: str, wait: Callable[[Answer], object] = lambda _answer: None) -> Answer:
        """Return `answer` where it is good; else raise what it means. `wait` may read a wait in seconds out of it."""
        if answer.good:
            return answer
        raise self.error(answer, host, wait)

    def error(self, answer: Answer, host: str, wait: Callable[[Answer], object] = lambda _answer: None) -> PublishError:
        """Return what an answer that is no success means."""
        status = answer.status
        words = plain(self._words(answer))
        said = f"{host}: {words or f'answered {status}'}"
        if not words and status in (404, 405, 410):
            said += self._doubt
        if status == 429:
            seconds = wait(answer)
            told = timedelta(seconds=float(seconds)) if isinstance(seconds, int | float) else None
            return TryLater(said, told if told is not None else wait_from(answer.headers, self._access.clock()))
        if status in self._refused:
            return Unauthorized(f"{said} (type: posse login {self._access.account})")
        if 300 <= status < 400:
            return Rejected(f"{host} sends us on to {_elsewhere(answer)}: give its address as it is now")
        if 400 <= status < 500 and status != 408:
            return Rejected(said)
        return Uncertain(said) if answer.once else TryLater(said, wait_from(answer.headers, self._access.clock()))

    def unread(self, answer: Answer, host: str, what: str) -> PublishError:
        """Return what a success means that does not hold what it should: it announced something, or it did not."""
        said = f"{host} answered, but not with {what}"
        return Uncertain(said) if answer.once else TryLater(said + self._doubt)


def in_the_clear(url: str) -> bool:
    """Whether a secret sent to an address would cross a network for all to read."""
    parts = urlsplit(url)
    return parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "localhost", "::1"}


def _table(text: str) -> Mapping[str, Any]:
    try:
        data = json.loads(text)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _elsewhere(answer: Answer) -> str:
    return host_of(answer.headers.get("location", "")) or "elsewhere"
