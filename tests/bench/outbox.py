"""What one announcement costs the store: `claim` and `delivered` against the same two transactions in bare SQL.

`outbox(scratch)` measures both in turn on files with 10,000 and 1,000,000 deliveries at rest, every commit on the disk.
"""

from __future__ import annotations

import os
import shutil
import sqlite3  # noqa: TID251 - the bare transactions are the measure
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.model import Announcement, Part, PostId, PostRef, Receipt, Sent, State
from bot.store import open_store
from bot.store.base import Enqueue, KnownPost, Store
from tests.bench.rest import fill

FEW, MANY = 10_000, 1_000_000
PAIRS = 300
CLAIM = """
    UPDATE deliveries SET state = 'sending', attempts = attempts + 1, fence = fence + 1, owner = ?, lease_until = ?,
        claimed_at = ?, sent_at = ?, updated_at = ?
    WHERE id = (SELECT id FROM deliveries WHERE state = 'due' AND account = ? AND not_before <= ?
                ORDER BY sort_key, id LIMIT 1)
    RETURNING *
"""
RECORD = """
    UPDATE deliveries SET state = 'delivered', receipt = ?, remote_id = ?, delivered_at = ?, owner = NULL,
        lease_until = NULL, announcement = ?, updated_at = ?
    WHERE id = ? AND fence = ? RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """Medians in milliseconds for one announcement; `ratio` is the median of the pairs' ratios."""

    rest: int
    ours: float
    bare: float
    ratio: float


def _post(number: int, at: datetime) -> tuple[KnownPost, Announcement]:
    id_, url = PostId(f"bench-{number}"), f"https://example.com/bench/{number}/"
    known = KnownPost(
        id=id_, source="blog", source_id=url, slug=f"bench-{number}", url=url, title=f"Bench {number}", published=at,
        has_time=True, text_hash="", stamp="", first_seen=at, first_public=at, changed_at=at, gone_at=None,
    )  # fmt: skip
    words = Announcement(
        post=PostRef(id_, known.slug, known.title, url, at), account="journal", network="local", round=1,
        key=f"{number:032x}", url=url, parts=(Part(f"Some words.\n\n{url}", 40),), limit=500, unit="graphemes",
        instant=at,
    )  # fmt: skip
    return known, words


def enqueue(store: Store, count: int, at: datetime) -> None:
    """Put `count` rows into the outbox."""
    made = [_post(number, at) for number in range(count)]
    with store.planning():
        store.remember([known for known, _ in made], {})
        store.enqueue([Enqueue(words, known.id, "journal", 1, State.DUE, sort_key=at) for known, words in made], at)


def _ours(store: Store) -> Callable[[], None]:
    def once() -> None:
        now = datetime.now(UTC)
        row = store.claim("journal", "bench", now, now + timedelta(minutes=2))
        if row is None:
            raise RuntimeError("nothing was due")
        store.delivered(row, Receipt((Sent(f"bench-{row.id}", None),), now), now)

    return once


def _bare(connection: sqlite3.Connection) -> Callable[[], None]:
    def once() -> None:
        now = datetime.now(UTC).isoformat()
        connection.execute("BEGIN IMMEDIATE")
        row = connection.execute(CLAIM, ("bench", now, now, now, now, "journal", now)).fetchone()
        connection.execute("COMMIT")
        connection.execute("BEGIN IMMEDIATE")
        values = (f'{{"parts":[{row["id"]}]}}', f"bare-{row['id']}", now, row["announcement"], now)
        connection.execute(RECORD, (*values, row["id"], row["fence"])).fetchall()
        connection.execute("COMMIT")

    return once


def _milliseconds(do: Callable[[], None]) -> float:
    start = time.perf_counter()
    do()
    return (time.perf_counter() - start) * 1000


def cost(folder: Path, rest: int, pairs: int = PAIRS) -> Cost:
    """Measure with `rest` deliveries at rest. The two sides work on files of their own, alike to the byte."""
    first, second = folder / f"{rest}" / "ours.db", folder / f"{rest}" / "bare.db"
    fill(first, rest)
    url = f"sqlite:///{first}"
    store = open_store(url)
    enqueue(store, pairs + 10, datetime.now(UTC))
    store.close()
    shutil.copyfile(first, second)
    store = open_store(url)
    connection = sqlite3.connect(second, isolation_level=None)
    connection.row_factory = sqlite3.Row
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")
    ours, bare = _ours(store), _bare(connection)
    for _ in range(10):
        ours()
        bare()
    timed = [(_milliseconds(ours), _milliseconds(bare)) for _ in range(pairs)]
    store.close()
    connection.close()
    return Cost(
        rest=rest,
        ours=statistics.median(mine for mine, _ in timed),
        bare=statistics.median(theirs for _, theirs in timed),
        ratio=statistics.median(mine / theirs for mine, theirs in timed),
    )


def lines(few: Cost, many: Cost) -> Iterator[str]:
    """The results as rows of a table: measured, then its limit."""
    rows = [(f"claim + record, {one.rest:,} at rest", one.ours, one.bare, one.ratio) for one in (few, many)]
    rows.append((f"the same, {many.rest:,} against {few.rest:,}", many.ours, few.ours, many.ours / few.ours))
    for what, ours, floor, ratio in rows:
        yield f"| outbox | {what} | {ours:.2f} | {floor:.2f} | {ratio:.2f} | 1.2 |"


def main() -> int:
    """`python -m tests.bench.outbox`: print the table; exit 1 over a limit."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("POSSE_BENCH_DISK")) as scratch:
        few, many = cost(Path(scratch), FEW), cost(Path(scratch), MANY)
    print("| bench | what | ms | floor, ms | ratio | limit |\n|---|---|---|---|---|---|")  # noqa: T201
    print("\n".join(lines(few, many)))  # noqa: T201 - the table is the result
    return 0 if max(few.ratio, many.ratio, many.ours / few.ours) <= 1.2 else 1


if __name__ == "__main__":
    sys.exit(main())
