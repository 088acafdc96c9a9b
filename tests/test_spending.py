from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from bot.model import Announcement, Page, Post, Reason, State
from bot.networks import MASTODON, X
from bot.planner import Asked, Knowledge, plan
from bot.spending import month_begin, over
from bot.testing_store import words_for
from tests.test_planner import NOW, account, candidate, knowledge, standing, told


@pytest.mark.parametrize(
    ("now", "zone", "expected"),
    [
        (datetime(2026, 11, 23, 5, tzinfo=UTC), "UTC", datetime(2026, 11, 1, tzinfo=UTC)),
        (datetime(2026, 12, 1, 3, tzinfo=UTC), "America/Chicago", datetime(2026, 11, 1, 5, tzinfo=UTC)),
        (datetime(2026, 10, 31, 23, 30, tzinfo=UTC), "Europe/Berlin", datetime(2026, 10, 31, 23, tzinfo=UTC)),
    ],
)
def test_a_month_begins_where_the_site_is(now: datetime, zone: str, expected: datetime) -> None:
    """Midnight of the first, in the site's zone, summer time and all."""
    assert expected == month_begin(now, ZoneInfo(zone))


def test_a_budget_may_be_spent_to_the_last_cent() -> None:
    """Sums of floats do not spoil it."""
    assert over(0.6, 0.2 + 0.2, 0.2) is None
    assert over(0.6, 0.2 + 0.2 + 0.2, 0.015) is not None


def paid(budget: float | None, spent: float = 0.0, **changes: object) -> Knowledge:
    """What is known where each announcement on `me` costs 20 cents."""

    def compose(post: Post, account: object, number: int, page: Page | None) -> Announcement:
        return replace(words_for(post.slug, "me", text=post.title, number=number), cost=0.2)

    mine = account(network=X, budget=budget)
    return replace(knowledge(accounts=[mine]), compose=compose, spent={"me": spent}, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("budget", "spent", "expected"),
    [
        (None, 99.0, ["a me goes", "b me goes", "c me goes"]),
        (0.5, 0.0, ["a me goes", "b me goes", "c me budget"]),
        (0.5, 0.2, ["a me goes", "b me budget", "c me budget"]),
        (0.0, 0.0, ["a me budget", "b me budget", "c me budget"]),
    ],
)
def test_what_would_exceed_the_budget_is_held(budget: float | None, spent: float, expected: list[str]) -> None:
    """The oldest go while there is money."""
    assert expected == told(plan([candidate(name) for name in "abc"], paid(budget, spent)))


def test_a_held_one_stays_held() -> None:
    """A new month, or a larger budget, does not send by itself what was held before."""
    rows = {("a", "me"): standing(State.HELD, Reason.BUDGET)}
    known = replace(paid(9.0), standings=knowledge(rows).standings)
    assert ["a me budget"] == told(plan([candidate("a")], known))


def test_a_persons_word_goes_before_the_budget() -> None:
    """Asked for or released, it goes, with a warning; what is released counts as spent for those after it."""
    asked = plan([candidate("a")], paid(0.1), Asked(frozenset([candidate("a").post.id])))
    assert ["a me goes"] == told(asked)
    assert "exceed the month's budget" in asked.planned[0].announcement.warnings[-1]
    known = replace(paid(0.3), standings=knowledge({("a", "me"): standing(State.DUE, released=True)}).standings)
    assert ["a me goes", "b me budget"] == told(plan([candidate("a"), candidate("b")], known))


def test_frozen_words_are_paid_for_already() -> None:
    """What is under way is among what is spent, and is not held back."""
    frozen = replace(words_for("a"), cost=0.2)
    rows = {("a", "me"): standing(State.DUE, claimed=True, frozen=frozen)}
    known = replace(paid(0.4, 0.2), standings=knowledge(rows).standings)
    assert ["a me goes", "b me goes"] == told(plan([candidate("a"), candidate("b")], known))


@pytest.mark.parametrize("released", [False, True])
def test_by_hand_is_always_held(released: bool) -> None:
    """Whatever was released or asked for, a person posts it; the detail is the form's link."""
    mine = account(network=MASTODON, options={"instance": "https://social.example"}, manual=True)
    rows = {("a", "me"): standing(State.DUE, released=released)}
    for asked in (None, Asked(frozenset([candidate("a").post.id]))):
        found = plan([candidate("a")], knowledge(rows, accounts=[mine]), asked)
        assert ["a me manual"] == told(found)
        assert found.planned[0].detail.startswith("https://social.example/share?text=a")


def test_words_that_need_mending_are_no_work_for_a_hand() -> None:
    """What another guard holds says so first."""
    mine = account(manual=True)
    known = knowledge(accounts=[mine], held={"a": (Reason.LEFTOVER, "a tag")})
    assert ["a me leftover"] == told(plan([candidate("a")], known))


def test_by_hand_waits_for_nothing_once_it_is_over() -> None:
    """Turned off, the row goes by itself."""
    rows = {("a", "me"): standing(State.HELD, Reason.MANUAL)}
    assert ["a me goes"] == told(plan([candidate("a", seen=NOW.replace(hour=1))], knowledge(rows)))
