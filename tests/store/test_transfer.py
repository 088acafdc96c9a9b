"""A store as lines and back, and from one kind of store into the other: all of it, or none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.errors import NeedsPerson, StateBusy, StateError
from bot.model import PostId, Reason, State
from bot.store import open_database, transfer
from bot.store.dialects import Dialect
from bot.store.sql import SqlStore
from bot.testing_store import LEASE, NOW, known_post, planned, receipt_of

Open = Callable[[str], Dialect]


@pytest.fixture
def fresh(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Open]:
    """A function that opens a new, empty store of a kind, `sqlite` or `postgres`."""
    opened: list[Dialect] = []

    def make(kind: str) -> Dialect:
        if kind == "sqlite":
            url = f"sqlite:///{tmp_path}/{len(opened)}.db"
        else:
            server = request.getfixturevalue("postgres")
            url = server.url(server.make_database())
        opened.append(open_database(url))
        return opened[-1]

    yield make
    for database in opened:
        database.close()


def fill(database: Dialect) -> SqlStore:
    """Give a store a post delivered, one due, one skipped, and something in each of the other tables."""
    store = SqlStore(database)
    names = ("a", "b", "c")
    store.remember([known_post(name) for name in names], {PostId(n): [("item", n), ("url", f"/{n}/")] for n in names})
    store.enqueue([planned("a")], NOW)
    taken = store.claim("me", "one", NOW, NOW + LEASE)
    assert taken is not None
    store.delivered(taken, receipt_of("1"), NOW)
    skipped = planned("c", state=State.SKIPPED, reason=Reason.OPTED_OUT)
    store.enqueue([planned("b", text="100 % of “ü” 💜 \\ 'quoted' :name ::cast"), skipped], NOW)
    store.set_baseline("blog", "me", NOW)
    store.source_scanned("blog", NOW, "a 💜 failed")
    store.pause("other", "by you", NOW)
    return store


def lines(database: Dialect) -> list[str]:
    """Return a whole export."""
    return list(transfer.export(database))


def contents(database: Dialect) -> list[str]:
    """Return what a store holds, as text."""
    return lines(database)[1:]


KINDS = ["sqlite", "postgres"]


@pytest.mark.parametrize("there", KINDS)
@pytest.mark.parametrize("here", KINDS)
def test_out_and_in_is_the_same(fresh: Open, here: str, there: str) -> None:
    """Every row of every table arrives as it was, numbers and all; the next number is a new one."""
    source, target = fresh(here), fresh(there)
    fill(source)
    taken = transfer.take_in(target, lines(source), "it")
    assert (contents(source), transfer.Taken(15, 0)) == (contents(target), taken)
    store = SqlStore(target)
    store.remember([known_post("d")], {})
    (number,) = store.enqueue([planned("d")], NOW)
    assert number not in [row.id for row in SqlStore(source).deliveries()]


def test_an_export_holds_every_table(fresh: Open) -> None:
    """A table that a migration adds is exported also, or this fails."""
    database = fresh("sqlite")
    rows = database.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'", {})
    assert {row["name"] for row in rows} == set(transfer.TABLES)


def test_many_pages_arrive(fresh: Open) -> None:
    """More rows than a page holds come in order, none twice and none left out."""
    source, target = fresh("postgres"), fresh("sqlite")
    store = SqlStore(source)
    names = [f"p{number}" for number in range(3 * transfer.PAGE + 1)]
    store.remember([known_post(name) for name in names], {PostId(name): [("item", name)] for name in names})
    store.enqueue([planned(name) for name in names], NOW)
    transfer.take_in(target, lines(source), "it")
    assert (contents(source), len(names)) == (sorted_alike(source, target), transfer.counts(target)["deliveries"])


def sorted_alike(source: Dialect, target: Dialect) -> list[str]:
    """The target's lines in the source's order: two databases may sort text differently."""
    found = set(contents(target))
    return [line for line in contents(source) if line in found]


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_twice_changes_nothing(fresh: Open, kind: str) -> None:
    """An import may be repeated."""
    source, target = fresh("sqlite"), fresh(kind)
    fill(source)
    transfer.take_in(target, lines(source), "it")
    assert transfer.Taken(0, 15) == transfer.take_in(target, lines(source), "it")
    assert contents(source) == contents(target)


@pytest.mark.parametrize("kind", KINDS)
def test_two_records_are_merged(fresh: Open, kind: str) -> None:
    """Rows that the store lacks are added, under another number where theirs is taken."""
    source, target = fresh("sqlite"), fresh(kind)
    fill(source)
    store = SqlStore(target)
    store.remember([known_post("z")], {})
    store.enqueue([planned("z", "elsewhere")], NOW)
    transfer.take_in(target, lines(source), "it")
    found = {row.post.slug: row.state for row in store.deliveries()}
    assert {"a": State.DELIVERED, "b": State.DUE, "c": State.SKIPPED, "z": State.DUE} == found
    store.remember([known_post("later")], {})
    store.enqueue([planned("later")], NOW)
    assert 5 == len({row.id for row in store.deliveries()})


@pytest.mark.parametrize("kind", KINDS)
def test_a_contradiction_changes_nothing(fresh: Open, kind: str) -> None:
    """The same announcement due here and delivered there: refused, and both stay as they were."""
    source, target = fresh("sqlite"), fresh(kind)
    fill(source)
    transfer.take_in(target, lines(source), "it")
    taken = SqlStore(target).claim("me", "one", NOW, NOW + LEASE)
    assert taken is not None
    SqlStore(target).delivered(taken, receipt_of("2"), NOW)
    SqlStore(source).remember([known_post("new")], {})
    before = contents(target)
    with pytest.raises(NeedsPerson, match="post b on me, round 1: due here, delivered there"):
        transfer.take_in(target, lines(source), "it")
    assert before == contents(target)


def change(**changes: Any) -> Callable[[list[str]], list[str]]:
    """Return what changes the first delivery of an export."""

    def work(found: list[str]) -> list[str]:
        at = next(number for number, line in enumerate(found) if '"table":"deliveries"' in line)
        row = json.loads(found[at])
        row["row"] |= changes
        return [*found[:at], json.dumps(row), *found[at + 1 :]]

    return work


DAMAGED: dict[str, tuple[Callable[[list[str]], list[str]], str]] = {
    "empty": (lambda _: [], "no export of posse"),
    "another file": (lambda _: ["<html>"], "no export of posse"),
    "other JSON": (lambda _: ["[1]"], "no export of posse"),
    "newer": (lambda found: [found[0].replace('"tables":', '"tables":9'), *found[1:]], "newer posse-bot"),
    "cut short": (lambda found: found[:-1], "it holds 14 of 15 rows"),
    "cut in a line": (lambda found: [*found[:-1], found[-1][:30]], "line 16: this is no row"),
    "an unknown table": (lambda found: [*found, '{"table":"x","row":{}}'], "line 17: this is no row"),
    "a row twice": (lambda found: [*found, found[-1]], "breaks a rule"),
    "a column that is SQL": (change(**{"id) VALUES (1); --": 1}), "this is no row"),
    "a number as text": (change(fence="1"), "fence is '1'"),
    "a state that is none": (change(state="sent"), "sent"),
    "an instant in another form": (change(not_before="2024-06-19 18:47"), "not_before is"),
    "words that are none": (change(announcement="{}"), "this is no row"),
    "a post that is not there": (change(post="nobody"), "breaks a rule"),
    "a number too large": (change(fence=2**70), "breaks a rule|this is no row"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("what", DAMAGED)
def test_damaged_lines_change_nothing(fresh: Open, kind: str, what: str) -> None:
    """Each kind of damage is told, and the store stays empty."""
    damage, words = DAMAGED[what]
    source, target = fresh("sqlite"), fresh(kind)
    fill(source)
    with pytest.raises(StateError, match=words):
        transfer.take_in(target, damage(lines(source)), "it")
    assert [] == contents(target)


@pytest.mark.parametrize(("here", "there"), [("sqlite", "postgres"), ("postgres", "sqlite")])
def test_a_move_leaves_the_old_one_silent(fresh: Open, here: str, there: str) -> None:
    """All of it is in the new store; in the old one every account is paused. A second move is refused."""
    source, target = fresh(here), fresh(there)
    fill(source)
    before = contents(source)
    assert transfer.Taken(15, 0) == transfer.move(source, target, ["me", "other"], NOW)
    assert before == contents(target)
    paused = {name: health.paused_reason for name, health in SqlStore(source).account_health().items()}
    assert dict.fromkeys(["me", "other"], f"the state was moved to {target.place}") == paused
    with pytest.raises(StateError, match=r"was moved to .* posse resume me"):
        transfer.move(source, target, ["me", "other"], NOW)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_moves_while_it_is_sent(fresh: Open, kind: str) -> None:
    """A delivery in a worker's hands refuses the move; nothing is copied and nothing paused."""
    source, target = fresh(kind), fresh("sqlite")
    SqlStore(source).remember([known_post("a")], {})
    SqlStore(source).enqueue([planned("a")], NOW)
    SqlStore(source).claim("me", "one", NOW, NOW + LEASE)
    with pytest.raises(StateBusy, match="in a worker's hands"):
        transfer.move(source, target, ["me"], NOW)
    assert [] == contents(target)
    assert {} == SqlStore(source).account_health()


def test_a_store_does_not_move_onto_itself(fresh: Open) -> None:
    """The same place is refused at once."""
    database = fresh("sqlite")
    with pytest.raises(StateError, match="is where the state is already"):
        transfer.move(database, database, [], NOW)
