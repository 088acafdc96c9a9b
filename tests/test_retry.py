from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot import retry
from bot.errors import PublishError, Rejected, TryLater, Unauthorized, Uncertain
from bot.networks import Guarantee
from bot.retry import (
    ATTEMPTS,
    Absent,
    GiveUp,
    LookAgain,
    LookFirst,
    Pause,
    TryAt,
    after_absent,
    after_broken_look,
    backoff,
    judge,
    resend,
)

NOW = datetime(2024, 6, 19, 18, 0, tzinfo=UTC)
GRACE = timedelta(minutes=2)


def verdict(
    error: PublishError, attempts: int = 1, guarantee: Guarantee = Guarantee.LOOK_FIRST, on: str = "ask"
) -> object:
    return judge(error, attempts, NOW, 0.5, guarantee, on)


def test_refused_is_given_up_at_once() -> None:
    """What is refused for good is not tried again."""
    assert GiveUp("too long") == verdict(Rejected("too long"))


def test_a_refused_login_pauses() -> None:
    """Refused credentials pause the account; the delivery is not spent."""
    assert Pause("401") == verdict(Unauthorized("401"))


@pytest.mark.parametrize("attempts", [1, 2, 3, 5, 13])
def test_the_wait_doubles(attempts: int) -> None:
    """Without word from the server the wait doubles, up to its longest."""
    expected = min(timedelta(seconds=30) * 2 ** (attempts - 1), timedelta(hours=6)) * 0.75
    assert TryAt(NOW + expected) == verdict(TryLater("503"), attempts)


def test_jitter_spreads_over_the_upper_half() -> None:
    """No two bots come back at once, and none before half of the wait."""
    assert timedelta(seconds=15) == backoff(1, 0.0)
    assert timedelta(seconds=30) == backoff(1, 1.0)


def test_the_longest_wait_holds_for_any_count() -> None:
    """However many tries there were, the wait is never longer than six hours."""
    assert timedelta(hours=6) == backoff(10_000, 1.0)


def test_what_the_server_asks_for_is_kept_to() -> None:
    """`Retry-After` decides, with a little jitter on top."""
    assert TryAt(NOW + timedelta(seconds=90.5)) == verdict(TryLater("429", timedelta(seconds=90)))


def test_a_wait_in_the_past_is_now() -> None:
    """A reset that lies in the past asks for no wait below zero."""
    assert TryAt(NOW + timedelta(seconds=0.5)) == verdict(TryLater("429", timedelta(seconds=-60)))


def test_no_server_sends_us_away_for_a_year() -> None:
    """A wait beyond a day is cut to a day."""
    assert TryAt(NOW + timedelta(days=1, seconds=0.5)) == verdict(TryLater("429", timedelta(days=365)))


def test_a_server_that_always_says_at_once_does_not_use_up_the_tries() -> None:
    """Through an outage with `Retry-After: 0` the tries last for most of a day."""
    total = timedelta()
    for attempts in range(1, retry.ATTEMPTS):
        found = verdict(TryLater("503", timedelta(0)), attempts)
        assert isinstance(found, TryAt)
        total += found.at - NOW
    assert total > timedelta(hours=18)


def test_the_budget_ends() -> None:
    """After the last try the delivery failed, with the server's words."""
    found = verdict(TryLater("503 down for good"), retry.ATTEMPTS)
    assert isinstance(found, GiveUp)
    assert "503 down for good" in found.why


@pytest.mark.parametrize(
    ("guarantee", "on", "expected"),
    [
        (Guarantee.LOOK_FIRST, "ask", LookFirst(NOW)),
        (Guarantee.EXACTLY_ONCE, "ask", LookFirst(NOW)),
        (Guarantee.ASK, "ask", LookFirst(None)),
        (Guarantee.ASK, "retry", LookFirst(NOW)),
    ],
)
def test_uncertain_is_looked_for(guarantee: Guarantee, on: str, expected: LookFirst) -> None:
    """What may have arrived is never sent again blindly; where nobody can look, a person is asked."""
    assert expected == verdict(Uncertain("reset"), 1, guarantee, on)


def test_uncertain_is_looked_for_on_the_last_try_too() -> None:
    """The budget is of sends: the last one is looked for as any other."""
    assert LookFirst(NOW) == verdict(Uncertain("reset"), retry.ATTEMPTS)


@pytest.mark.parametrize(
    ("looks", "since_end", "expected"),
    [
        (1, timedelta(0), LookAgain(NOW + GRACE)),
        (1, timedelta(minutes=1), LookAgain(NOW + timedelta(minutes=1))),
        (1, timedelta(hours=1), LookAgain(NOW)),
        (2, timedelta(minutes=1), LookAgain(NOW + timedelta(minutes=1))),
        (2, GRACE, Absent()),
        (3, timedelta(hours=1), Absent()),
    ],
)
def test_absent_takes_two_looks_and_grace(looks: int, since_end: timedelta, expected: object) -> None:
    """Two complete looks, the last one `grace` after the attempt ended, and not before."""
    assert expected == after_absent(looks, NOW - since_end, NOW, GRACE, Guarantee.LOOK_FIRST)


def test_one_look_is_enough_where_a_repeat_is_harmless() -> None:
    """Under a key of our own a resend cannot make a second copy."""
    assert Absent() == after_absent(1, NOW, NOW, GRACE, Guarantee.EXACTLY_ONCE)


def test_a_broken_look_waits() -> None:
    """A look that could not be finished comes again later; as late as the server asks."""
    assert LookAgain(NOW + timedelta(seconds=22.5)) == after_broken_look(0, NOW, 0.5, None)
    assert LookAgain(NOW + timedelta(minutes=9)) == after_broken_look(5, NOW, 0.5, timedelta(minutes=9))


def test_what_never_arrives_is_not_sent_for_ever() -> None:
    """Twice at once, then later and later, and in the end it failed."""
    assert [TryAt(NOW), TryAt(NOW)] == [resend(attempts, NOW, 0.5) for attempts in (1, 2)]
    third, fourth = resend(3, NOW, 0.5), resend(4, NOW, 0.5)
    assert isinstance(third, TryAt)
    assert isinstance(fourth, TryAt)
    assert NOW < third.at < fourth.at
    assert isinstance(resend(ATTEMPTS, NOW, 0.5), GiveUp)
