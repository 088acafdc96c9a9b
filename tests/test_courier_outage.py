"""A state that is away for a moment, at every statement in turn, costs neither an announcement nor a person's time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bot.courier import Courier
from bot.errors import StateError
from bot.model import State
from bot.networks import Guarantee
from bot.store.dialects import Row
from bot.store.sql import SqlStore
from bot.store.sqlite import Sqlite
from tests.test_courier import Bench

STATEMENTS = 40  # more than a delivery takes: the last ones are met by no outage


class Flaky(Sqlite):
    """A real database that goes away once: before its n-th statement, or after its n-th commit, the answer lost."""

    before = after = 0

    def rows(self, sql: str, values: Mapping[str, Any]) -> list[Row]:
        """Run a statement, unless it is the one."""
        self.before -= 1
        if self.before == 0:
            raise StateError("the server went away")
        return super().rows(sql, values)

    def write(self, sql: str, values: Mapping[str, Any], *, shared: str = "", alone: str = "") -> list[Row]:
        """Commit, and then perhaps not answer."""
        rows = super().write(sql, values, shared=shared, alone=alone)
        self._answer()
        return rows

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit, and then perhaps not answer."""
        with super().transaction():
            yield
        self._answer()

    def _answer(self) -> None:
        self.after -= 1
        if self.after == 0:
            raise StateError("the server went away")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A bench whose one network cannot be looked at: what is uncertain there needs a person."""
    made = Bench(tmp_path / "posse.db")
    made.accounts = {"me": made.account("me", guarantee=Guarantee.ASK)}
    made.due("a")
    yield made
    made.store.close()


def run_through(courier: Courier) -> int:
    """Run until the state no longer goes away; return how often it did."""
    for outages in range(5):
        try:
            courier.run()
        except StateError:
            continue
        return outages
    raise AssertionError("it goes away again and again")


def outages(bench: Bench, moment: str, number: int) -> int:
    """Deliver with the outage at that moment; return how often a run ended with it."""
    flaky = Flaky.open(bench.path)
    setattr(flaky, moment, number)
    courier = replace(bench.courier(), store=SqlStore(flaky))
    try:
        return run_through(courier)
    finally:
        flaky.close()


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", range(1, STATEMENTS))
def test_an_outage_at_any_moment(bench: Bench, moment: str, number: int) -> None:
    """The announcement is there once and recorded, with no wait for a lease and nobody asked."""
    outages(bench, moment, number)
    assert (1, State.DELIVERED) == (len(bench.net.posts), bench.row().state)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(("number", "expected"), [(1, 1), (3, 1), (STATEMENTS - 1, 0)])
def test_the_outages_are_met(bench: Bench, moment: str, number: int, expected: int) -> None:
    """The first are met, the last is beyond the end of a delivery: so each one between was tried."""
    assert expected == outages(bench, moment, number)
