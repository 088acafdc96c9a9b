"""How many announcements a second one PostgreSQL hands out and records, to 1, 2, 4 and 8 workers at once."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta

from bot.model import Announcement, Part, PostId, PostRef, Receipt, Sent, State
from bot.store import open_store
from bot.store.base import Enqueue, KnownPost, Store
from tests.servers.postgres import PostgresServer

WORKERS = (1, 2, 4, 8)
EACH = 400


def _enqueue(store: Store, accounts: int) -> None:
    """Put `EACH` rows for each account into the outbox."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    with store.planning():
        for number in range(EACH):
            id_, url = PostId(f"bench-{number}"), f"https://example.com/bench/{number}/"
            known = KnownPost(
                id=id_, source="blog", source_id=url, slug=f"bench-{number}", url=url, title="Bench", published=at,
                has_time=True, text_hash="", stamp="", first_seen=at, first_public=at, changed_at=at, gone_at=None,
            )  # fmt: skip
            store.remember([known], {})
            rows = []
            for account in range(accounts):
                words = Announcement(
                    post=PostRef(id_, known.slug, known.title, url, at), account=f"a{account}", network="local",
                    round=1, key=f"{number:032x}", url=url, parts=(Part(f"Some words.\n\n{url}", 40),), limit=500,
                    unit="graphemes", instant=at,
                )  # fmt: skip
                rows.append(Enqueue(words, id_, f"a{account}", 1, State.DUE, sort_key=at + timedelta(seconds=number)))
            store.enqueue(rows, at)


def _work(url: str, account: str, worker: int) -> int:
    """Claim and record until nothing is due on the account; return how many there were."""
    store, done = open_store(url), 0
    while True:
        now = datetime.now(UTC)
        row = store.claim(account, f"bench-{worker}", now, now + timedelta(minutes=2))
        if row is None:
            break
        store.delivered(row, Receipt((Sent(f"{account}-{row.id}", None),), now), now)
        done += 1
    store.close()
    return done


def main() -> int:
    """Measure and print. There is no limit to keep: a person compares the rows."""
    print("\n| workers on one PostgreSQL | claimed and recorded a second |\n|---|---|")  # noqa: T201 - the table is the result
    with PostgresServer() as server:
        for workers in WORKERS:
            url = server.url(server.make_database())
            store = open_store(url)
            _enqueue(store, workers)
            store.close()
            with ProcessPoolExecutor(workers) as pool:
                list(pool.map(_nothing, range(workers)))
                began = time.perf_counter()
                done = sum(pool.map(_work, [url] * workers, [f"a{i}" for i in range(workers)], range(workers)))
                seconds = time.perf_counter() - began
            if done != workers * EACH:
                print(f"{done} of {workers * EACH}", file=sys.stderr)  # noqa: T201 - what went wrong
                return 1
            print(f"| {workers} | {done / seconds:.0f} |")  # noqa: T201 - likewise
    return 0


def _nothing(number: int) -> int:
    return number
