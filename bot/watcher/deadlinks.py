"""Asks whether what posts link to is still there. Unauthenticated GETs, a few at a time, bounded in time."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from msgspec import Struct

from bot.errors import PublishError
from bot.http import Http
from bot.watcher.liveness import reason

THREADS = 8
ONE_REQUEST = 8.0
TOTAL = 120.0  # seconds for all links of one call
MOST = 1000
_GONE = frozenset({404, 410})


class Verdict(Struct, frozen=True):
    """`dead` says by link why it is dead; `asked` is how many were asked, `left` how many there was no time for."""

    dead: dict[str, str]
    asked: int
    left: int


def ask(links: Iterable[str], http: Http, *, allow_private: bool, total: float = TOTAL) -> Verdict:
    """GET each link once. Dead is what answers 404 or 410, or nothing at all; a server that refuses us may be alive."""
    wanted = list(dict.fromkeys(links))
    chosen, until = wanted[:MOST], time.monotonic() + total

    def one(link: str) -> str | None:
        left = until - time.monotonic()
        if left <= 0:
            return None
        bound = min(ONE_REQUEST, left)
        try:
            answer = http.fetch(link, allow_private=allow_private, timeout=bound, total=bound, max_bytes=1000)
        except PublishError as error:
            return reason(error.message)
        return str(answer.status) if answer.status in _GONE else ""

    with ThreadPoolExecutor(THREADS, thread_name_prefix="link") as pool:
        told = dict(zip(chosen, pool.map(one, chosen), strict=True))
    asked = sum(why is not None for why in told.values())
    return Verdict({link: why for link, why in told.items() if why}, asked, len(wanted) - asked)
