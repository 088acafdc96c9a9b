from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.config.model import Pacing
from bot.model import Reason
from bot.pacing import Wait, pace

NOW = datetime(2024, 6, 19, 18, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def told(found: Wait | None) -> tuple[Reason, datetime] | None:
    return (found.reason, found.until) if found else None


def test_nothing_set_lets_everything_go() -> None:
    """Pacing is off unless it is set."""
    assert pace(Pacing(), [NOW] * 100, NOW, UTC) is None


def test_spacing_waits_from_the_latest() -> None:
    """The wait ends the spacing after the latest announcement, in whatever order they are given."""
    found = pace(Pacing(spacing=10 * MINUTE), [NOW - 3 * MINUTE, NOW - 40 * MINUTE], NOW, UTC)
    assert (Reason.SPACING, NOW + 7 * MINUTE) == told(found)


def test_spacing_is_over_at_its_end() -> None:
    """At the very end of the spacing the account may speak."""
    assert pace(Pacing(spacing=10 * MINUTE), [NOW - 10 * MINUTE], NOW, UTC) is None


def test_a_cap_waits_until_one_is_an_hour_old() -> None:
    """With the cap reached, the wait ends when enough have left the last hour."""
    sent = [NOW - 50 * MINUTE, NOW - 30 * MINUTE, NOW - 10 * MINUTE]
    assert (Reason.CAP, NOW + 10 * MINUTE) == told(pace(Pacing(per_hour=3), sent, NOW, UTC))
    assert (Reason.CAP, NOW + 30 * MINUTE) == told(pace(Pacing(per_hour=2), sent, NOW, UTC))
    assert pace(Pacing(per_hour=4), sent, NOW, UTC) is None


def test_a_cap_of_none_is_silence() -> None:
    """`per_hour = 0` sends nothing, and says so an hour at a time."""
    assert (Reason.CAP, NOW + 60 * MINUTE) == told(pace(Pacing(per_hour=0), [], NOW, UTC))


@pytest.mark.parametrize(
    ("local", "until"),
    [
        (time(22, 0), (20, time(7, 0))),
        (time(23, 59), (20, time(7, 0))),
        (time(3, 0), (19, time(7, 0))),
        (time(6, 59), (19, time(7, 0))),
        (time(7, 0), None),
        (time(21, 59), None),
    ],
)
def test_quiet_hours_over_midnight(local: time, until: tuple[int, time] | None) -> None:
    """Quiet hours that cross midnight end in the morning, in the zone they are given in."""
    zone = ZoneInfo("America/Chicago")
    now = datetime(2024, 6, 19, local.hour, local.minute, tzinfo=zone)
    expected = (Reason.QUIET, datetime(2024, 6, until[0], until[1].hour, tzinfo=zone)) if until else None
    assert expected == told(pace(Pacing(quiet=(time(22), time(7))), [], now.astimezone(UTC), zone))


def test_quiet_hours_within_a_day() -> None:
    """Quiet hours within one day are inside their bounds alone."""
    quiet = Pacing(quiet=(time(12), time(14)))
    assert (Reason.QUIET, NOW.replace(hour=14)) == told(pace(quiet, [], NOW.replace(hour=13), UTC))
    assert pace(quiet, [], NOW.replace(hour=15), UTC) is None


def test_hours_that_begin_where_they_end() -> None:
    """The same hour twice is no quiet time at all."""
    assert pace(Pacing(quiet=(time(18), time(18))), [], NOW, UTC) is None


def test_a_clock_that_was_set_back() -> None:
    """What seems to have been sent in the future keeps nobody silent."""
    sent = [NOW + timedelta(days=365)]
    assert pace(Pacing(spacing=10 * MINUTE, per_hour=1), sent, NOW, UTC) is None
