"""The daemon's loop with its own clock and a pipeline that only counts: when it looks, and when it sends."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from bot import daemon as daemons
from bot.config import load
from bot.courier import Courier
from bot.daemon import Daemon
from bot.errors import PublisherDefect, StateBusy, StateError
from bot.pipeline import Enqueued, Outlook, Pipeline
from bot.planner import Plan
from bot.store import open_store
from bot.store.base import Store
from bot.survey import Survey
from tests.fakes import Clock

CONFIG = """
[site]
url = "https://example.com"
[sources.blog]
path = "."
[accounts.journal]
network = "local"
path = "journal"
"""


class Scans:
    """A pipeline that looks at nothing. `busy`: another daemon is always looking."""

    def __init__(self) -> None:
        self.sources: list[object] = []
        self.waited: list[bool] = []
        self.busy = False
        self.fails: Exception | None = None

    def enqueue(self, _store: Store, now: datetime, *, wait: bool = True) -> Enqueued:
        """Note whether it would wait."""
        self.waited.append(wait)
        if self.busy and not wait:
            raise StateBusy("another daemon is looking")
        if self.fails:
            raise self.fails
        return Enqueued(Outlook(Survey(now, (), {}, {}, frozenset(), (), {}, ("blog",)), Plan((), ())), (), ())


class Rounds:
    """A courier that sends nothing, and does `then` in its first round."""

    silent_until: datetime | None = None

    def __init__(self) -> None:
        self.count = 0
        self.then = lambda: None
        self.every = lambda: None

    def run(self) -> None:
        """Count."""
        self.count += 1
        self.every()
        if self.count == 1:
            self.then()


class Bench:
    """A daemon that stops after so many rounds of its courier."""

    def __init__(self, folder: Path) -> None:
        path = folder / "posse.toml"
        path.write_text(CONFIG)
        self.clock, self.scans, self.rounds = Clock(), Scans(), Rounds()
        self.store = open_store(f"sqlite:///{folder}/posse.db")
        self.logged: list[str] = []
        self.daemon = Daemon(
            config=load(path),
            store=self.store,
            pipeline=cast("Pipeline", self.scans),
            courier=cast("Courier", self.rounds),
            clock=lambda: self.clock.now,
            log=self.log,
            beat=lambda url: None,
            stopping=threading.Event(),
            after_scan=lambda done: None,
            notify=lambda: None,
        )

    def log(self, event: str, **_facts: Any) -> None:
        """Keep the events."""
        self.logged.append(event)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A bench with a store of its own."""
    made = Bench(tmp_path)
    yield made
    made.store.close()


def test_scans_that_came_due_while_it_sent_are_one(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a long round of sending it looks once, however often the schedule has asked meanwhile."""
    monkeypatch.setattr(daemons, "_LONGEST_SLEEP", 0.2)

    def long_round() -> None:
        for _ in range(5):
            bench.daemon._nudge()

    bench.rounds.then = long_round
    threading.Timer(1.0, bench.daemon.stopping.set).start()
    bench.daemon.run()
    assert [False, False] == bench.scans.waited
    assert bench.rounds.count > 2


def test_it_gives_way_to_another_that_looks(bench: Bench) -> None:
    """While another daemon looks at the site this one sends, looks a moment later, and says nothing of it."""
    bench.scans.busy = True
    bench.daemon._guarded("scan", bench.daemon.scan)
    assert [] == bench.logged
    assert bench.daemon._look_at == bench.clock.now + timedelta(seconds=1)
    bench.scans.busy = False
    bench.daemon.scan()
    assert bench.daemon._look_at is None
    assert [False, False] == bench.scans.waited


def test_it_does_not_give_way_for_ever(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that has not looked for a minute waits for its turn."""
    monkeypatch.setattr(daemons, "_LONGEST_GIVEN_WAY", 0.0)
    bench.scans.busy = True
    bench.daemon.scan()
    assert [True] == bench.scans.waited


def test_a_scan_that_fails_is_not_repeated_at_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a post that is to be looked at by now, a full disk costs one scan, not a hundred a second."""
    monkeypatch.setattr(daemons, "_LONGEST_SLEEP", 0.1)
    bench.daemon._look_at = bench.clock.now
    bench.scans.fails = StateError("the state cannot be written (database or disk is full)")
    threading.Timer(1.0, bench.daemon.stopping.set).start()
    bench.daemon.run()
    assert 1 == len(bench.scans.waited)
    assert ["scan_failed", "stopped"] == bench.logged


def test_a_defect_of_a_publisher_ends_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A publisher that breaks is told of once, and the daemon goes on for the others."""
    monkeypatch.setattr(daemons, "_LONGEST_SLEEP", 0.05)
    monkeypatch.setattr(daemons, "_LONGEST_BACK_OFF", 0.05)
    bench.daemon._back_off = 0.05

    def breaks() -> None:
        raise PublisherDefect from AttributeError("no such thing")

    bench.rounds.every = breaks
    threading.Timer(1.0, bench.daemon.stopping.set).start()
    bench.daemon.run()
    assert ["deliver_failed", "stopped"] == bench.logged
    assert bench.rounds.count > 2


def test_a_defect_of_ours_is_not_hidden(bench: Bench) -> None:
    """What nobody foresaw ends the daemon: whoever starts it again begins with what the state says."""
    bench.rounds.then = lambda: bench.rounds.no_such_thing  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        bench.daemon.run()


def test_a_state_that_cannot_be_asked_for_the_time_ends_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database's clock is away between two rounds: the daemon goes on, and looks when it is back."""
    monkeypatch.setattr(daemons, "_LONGEST_SLEEP", 0.05)

    def away() -> datetime:
        if bench.rounds.count < 3:
            raise StateError("postgresql://db.example/posse: connection failed")
        return bench.clock.now

    bench.daemon.clock = away
    bench.daemon._look_at = bench.clock.now
    assert ["deliver"] * 3 == [bench.daemon._next() for _ in range(3)]
    bench.rounds.count = 3
    assert "scan" == bench.daemon._next()
