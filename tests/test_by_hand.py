from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.model import State
from tests.fakes import Lost
from tests.test_courier import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A courier's bench with an empty store."""
    made = Bench(tmp_path / "posse.db")
    yield made
    made.store.close()


def test_what_was_due_before_is_not_sent(bench: Bench) -> None:
    """A row that no scan has held yet, since the account has only just become one by hand, stays where it is."""
    bench.due("a")
    bench.accounts = {"me": bench.account("me", manual=True)}
    bench.run()
    assert [] == bench.net.posts
    assert State.DUE is bench.row().state


def test_what_may_have_been_sent_before_is_still_looked_for(bench: Bench) -> None:
    """A lost answer of before is found, not left to the person."""
    bench.net.faults.append(Lost())
    bench.due("a")
    bench.courier().run()
    bench.accounts = {"me": bench.account("me", manual=True)}
    bench.clock.advance(minutes=5)
    bench.run()
    assert State.DELIVERED is bench.row().state
    assert 1 == len(bench.net.posts)
