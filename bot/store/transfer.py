"""A whole store as JSON lines, out and in, and from one store into another.

The first line names the format, its version, and how many rows of each table follow; every other line is one row,
`{"table": NAME, "row": {COLUMN: VALUE}}`, parents before children. A file that ends early is known by the count.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from bot.errors import NeedsPerson, StateBusy, StateError
from bot.model import Reason, State
from bot.store import codec
from bot.store.dialects import Dialect, Row
from bot.store.migrations import MIGRATIONS
from bot.store.sql import SqlStore

FORMAT, VERSION = "posse-state", 1
PAGE = 500
# Each table, and the columns that name one of its rows; those a row refers to come first.
TABLES: dict[str, tuple[str, ...]] = {
    "posts": ("id",),
    "aliases": ("kind", "value"),
    "baselines": ("source", "account"),
    "sources": ("name",),
    "accounts": ("name",),
    "told": ("trouble",),
    "deliveries": ("id",),
}
_INSTANTS = {"at", "published", "first_seen", "first_public", "sort_key", "not_before", "lease_until"}
_SHOWN = 5
_MOVED = "the state was moved to"


class Taken(Struct, frozen=True):
    """What an import did: rows that are new, and rows that the store held already."""

    new: int
    known: int


def export(database: Dialect) -> Iterator[str]:
    """Yield the lines, of one instant. The caller must take them all, or close the iterator."""
    with database.snapshot():
        yield from _lines(database)


def _lines(database: Dialect) -> Iterator[str]:
    yield _json({"format": FORMAT, "version": VERSION, "tables": len(MIGRATIONS), "rows": counts(database)})
    for table, key in TABLES.items():
        for row in _every(database, table, key):
            yield _json({"table": table, "row": dict(row)})


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def counts(database: Dialect) -> dict[str, int]:
    """How many rows each table holds."""
    return {table: database.rows(f"SELECT count(*) AS n FROM {table}", {})[0]["n"] for table in TABLES}


def _every(database: Dialect, table: str, key: tuple[str, ...]) -> Iterator[Row]:
    """Every row of a table in the order of its key, a page at a time."""
    columns = ", ".join(key)
    after = f"WHERE ({columns}) > ({', '.join(f':{name}' for name in key)})"
    last: dict[str, Any] = {}
    while True:
        page = database.rows(f"SELECT * FROM {table} {after if last else ''} ORDER BY {columns} LIMIT {PAGE}", last)
        yield from page
        if len(page) < PAGE:
            return
        last = {name: page[-1][name] for name in key}


def take_in(database: Dialect, lines: Iterable[str], name: str) -> Taken:
    """Write exported lines into a store, all or nothing. `name` is what messages call them.

    What the store holds already stays as it is. Raises `NeedsPerson` when the two records contradict each other: the
    same announcement with another outcome, or a post's name that is another post's. Raises `StateError` for lines that
    are no export, damaged, cut short, or of a newer version.
    """
    with database.planning():
        taken = _Import(database, name).run(iter(lines))
        database.number_on()
    return taken


class _Import:
    """One run of `take_in`."""

    def __init__(self, database: Dialect, name: str) -> None:
        self.database, self.name = database, name
        self.columns = {table: database.columns(table) for table in TABLES}
        self.is_empty = {table: not n for table, n in counts(database).items()}
        self.seen = dict.fromkeys(TABLES, 0)
        self.contradictions: list[str] = []
        self.new = 0
        self.waiting: list[tuple[str, dict[str, Any]]] = []

    def run(self, lines: Iterator[str]) -> Taken:
        database = self.database
        database.lock("claims")
        promised = self._header(next(lines, ""))
        number = 1
        for number, line in enumerate(lines, 2):
            table, row = self._row(number, line)
            self.seen[table] += 1
            self._take(number, table, row)
        self._flush(number)
        if self.seen != promised:
            raise self._damaged(number, f"it holds {sum(self.seen.values())} of {sum(promised.values())} rows")
        if self.contradictions:
            more = len(self.contradictions) - _SHOWN
            raise NeedsPerson(
                f"{self.name} and {database.place} contradict each other, and nothing was changed:\n  "
                + "\n  ".join(self.contradictions[:_SHOWN] + ([f"… and {more} more"] if more > 0 else []))
                + "\nImport into an empty store, or decide by hand (`posse resolve`, `posse skip`)."
            )
        return Taken(self.new, sum(self.seen.values()) - self.new)

    def _header(self, line: str) -> dict[str, int]:
        try:
            head = json.loads(line)
            if head["format"] != FORMAT:
                raise ValueError(head["format"])
            version, tables = int(head["version"]), int(head["tables"])
            rows = {table: int(head["rows"].get(table, 0)) for table in TABLES}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StateError(f"{self.name}: this is no export of posse (`posse state export` writes one).") from error
        if version > VERSION or tables > len(MIGRATIONS):
            raise StateError(f"{self.name}: written by a newer posse-bot. Update: pip install --upgrade posse-bot.")
        return rows

    def _row(self, number: int, line: str) -> tuple[str, dict[str, Any]]:
        try:
            found = json.loads(line)
            table, row = found["table"], found["row"]
            _check(row, self.columns[table], TABLES[table])
        except (ValueError, KeyError, TypeError, AttributeError, msgspec.MsgspecError) as error:
            raise self._damaged(number, f"this is no row of a state ({error})") from error
        return table, row

    def _damaged(self, number: int, why: str) -> StateError:
        return StateError(f"{self.name}, line {number}: {why}. Nothing was changed.")

    def _take(self, number: int, table: str, row: dict[str, Any]) -> None:
        if not self.is_empty[table]:
            if self._is_known(table, row):
                return
            self._flush(number)
            if table == "deliveries":
                row = self._numbered(row)
        if len(self.waiting) >= PAGE or (self.waiting and self.waiting[0][0] != table):
            self._flush(number)
        self.waiting.append((table, row))
        self.new += 1

    def _flush(self, number: int) -> None:
        """Write the rows that wait, all of one table."""
        if not self.waiting:
            return
        table, first = self.waiting[0]
        names = ", ".join(first)
        values = ", ".join(f":{name}" for name in first)
        rows = [row for _, row in self.waiting]
        self.waiting.clear()
        try:
            if any(row.keys() != first.keys() for row in rows):
                raise self._damaged(number, "the rows of a table differ in their columns")
            self.database.many(f"INSERT INTO {table} ({names}) VALUES ({values})", rows)
        except self.database.conflicts as error:
            raise self._damaged(number, f"at or before it a row breaks a rule of the tables ({error})") from error

    def _is_known(self, table: str, row: Mapping[str, Any]) -> bool:
        """Whether the store holds this row already; one that says something else is a contradiction."""
        key = ("post", "account", "round") if table == "deliveries" else TABLES[table]
        where = " AND ".join(f"{name} = :{name}" for name in key)
        held = self.database.rows(f"SELECT * FROM {table} WHERE {where}", {name: row[name] for name in key})
        if not held:
            return False
        if table == "aliases" and held[0]["post"] != row["post"]:
            self.contradictions.append(f"{row['value']} is post {row['post']} here, {held[0]['post']} there")
        if table == "deliveries" and any(held[0][name] != value for name, value in row.items() if name != "id"):
            here, there = row["state"], held[0]["state"]
            self.contradictions.append(
                f"post {row['post']} on {row['account']}, round {row['round']}: {here} here, {there} there"
            )
        return True

    def _numbered(self, row: dict[str, Any]) -> dict[str, Any]:
        """The row under its own number, or under a new one where another delivery has it."""
        if not self.database.rows("SELECT id FROM deliveries WHERE id = :id", {"id": row["id"]}):
            return row
        return row | {"id": self.database.rows("SELECT max(id) + 1 AS id FROM deliveries", {})[0]["id"]}


def _check(row: Mapping[str, Any], columns: Mapping[str, bool], key: tuple[str, ...]) -> None:
    """Raise what says why for a row that the store could not read again."""
    if any(row[name] is None for name in key):
        raise ValueError("it has no name")
    for name, value in row.items():
        wanted = int if columns[name] else str
        if value is not None and type(value) is not wanted:
            raise TypeError(f"{name} is {value!r}")
        if isinstance(value, int) and abs(value) >= 2**63:
            raise ValueError(f"{name} is {value}")
        is_instant = name.endswith("_at") or name in _INSTANTS
        if isinstance(value, str) and is_instant and codec.when(codec.instant(value)) != value:
            raise ValueError(f"{name} is {value!r}")
    codec.texts(row.get("memo"))
    codec.numbers(row.get("limits"))
    if key == TABLES["deliveries"] and "notes" in row:
        State(row["state"])
        Reason(row["reason"]) if row["reason"] else None
        codec.announcement(row["announcement"])
        codec.notes(row["notes"])
        codec.receipt(row["receipt"])


def move(source: Dialect, target: Dialect, accounts: Collection[str], now: datetime) -> Taken:
    """Copy a store into another, count what arrived, and pause `accounts` in the old one, lest it goes on sending.

    Raises `StateBusy` while a worker holds a delivery of it, `StateError` when it was moved before, else as `take_in`.
    """
    if source.place == target.place:
        raise StateError(f"{source.place}: this is where the state is already.")
    with source.planning():
        source.lock("claims")
        held = source.rows("SELECT id, account, state FROM deliveries WHERE lease_until IS NOT NULL", {})
        if held:
            raise StateBusy(
                f"Delivery {held[0]['id']} on {held[0]['account']} is in a worker's hands ({held[0]['state']})."
                " Stop every `posse run`, wait until `posse status` shows none, and try again."
            )
        old = SqlStore(source)
        for name, health in old.account_health().items():
            if (health.paused_reason or "").startswith(_MOVED):
                raise StateError(f"{source.place}: {health.paused_reason}. To go on here instead: posse resume {name}.")
        before = counts(source)
        taken = take_in(target, _lines(source), source.place)
        after = counts(target)
        missing = [table for table, n in before.items() if after[table] < n]
        if missing:
            raise StateError(f"{target.place}: rows of {', '.join(missing)} did not arrive. Go on with the old state.")
        for account in accounts:
            old.pause(account, f"{_MOVED} {target.place}", now)
    return taken
