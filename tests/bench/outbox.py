"""What one announcement costs the store: `claim` and `delivered` against the same two transactions in bare SQL.

All are measured in turn, on files with 10,000 and 1,000,000 deliveries at rest, every commit on the disk.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sqlite3  # noqa: TID251 - the bare transactions are the measure
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.model import Announcement, Part, PostId, PostRef, Receipt, Sent, State
from bot.store import open_store
from bot.store.base import Enqueue, KnownPost, Store
from tests.bench.rest import fill

FEW, MANY = 10_000, 1_000_000
PAIRS, WARM = 300, 10
LIMIT = 1.2
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


class Bench:
    """Two files alike to the byte, with `rest` deliveries at rest: one for the store, one for bare SQL."""

    def __init__(self, folder: Path, rest: int, pairs: int) -> None:
        self.rest = rest
        first, second = folder / f"{rest}" / "ours.db", folder / f"{rest}" / "bare.db"
        fill(first, rest)
        store = open_store(f"sqlite:///{first}")
        enqueue(store, pairs + WARM, datetime.now(UTC))
        store.close()
        shutil.copyfile(first, second)
        self.store = open_store(f"sqlite:///{first}")
        self.connection = sqlite3.connect(second, isolation_level=None)
        self.connection.row_factory = sqlite3.Row
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            self.connection.execute(f"PRAGMA {pragma}")
        self.sides = _ours(self.store), _bare(self.connection)

    def close(self) -> None:
        """Let go of both."""
        self.store.close()
        self.connection.close()


def measure(folder: Path, pairs: int = PAIRS) -> list[tuple[float, ...]]:
    """Milliseconds of each turn: ours and bare with `FEW` at rest, ours and bare with `MANY`."""
    with contextlib.ExitStack() as opened:
        both = [opened.enter_context(contextlib.closing(Bench(folder, rest, pairs))) for rest in (FEW, MANY)]
        os.sync()  # else the disk is still busy with the filling
        sides = [side for bench in both for side in bench.sides]
        return [_turn(sides, number) for number in range(pairs + WARM)][WARM:]


def _turn(sides: Sequence[Callable[[], None]], number: int) -> tuple[float, ...]:
    """Time each side once, every turn in another order: who comes first pays for what the disk has still to do."""
    order = random.Random(number).sample(range(len(sides)), len(sides))
    timed = {index: _milliseconds(sides[index]) for index in order}
    return tuple(timed[index] for index in range(len(sides)))


def rows(timed: Sequence[tuple[float, ...]]) -> Iterator[tuple[str, float, float, float]]:
    """What was compared, the two medians in milliseconds, and the median of the turns' ratios."""
    for what, one, other in (
        (f"claim + record against bare SQL, {FEW:,} at rest", 0, 1),
        (f"claim + record against bare SQL, {MANY:,} at rest", 2, 3),
        (f"claim + record, {MANY:,} at rest against {FEW:,}", 2, 0),
    ):
        medians = [statistics.median(turn[side] for turn in timed) for side in (one, other)]
        yield what, medians[0], medians[1], statistics.median(turn[one] / turn[other] for turn in timed)


def main() -> int:
    """`python -m tests.bench.outbox`: print the table; exit 1 over a limit."""
    with tempfile.TemporaryDirectory() as scratch:
        found = list(rows(measure(Path(scratch))))
    print("| bench | what | ms | floor, ms | ratio | limit |\n|---|---|---|---|---|---|")  # noqa: T201
    for what, ours, floor, ratio in found:
        print(f"| outbox | {what} | {ours:.2f} | {floor:.2f} | {ratio:.2f} | {LIMIT} |")  # noqa: T201 - the result
    return 0 if max(ratio for *_, ratio in found) <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
