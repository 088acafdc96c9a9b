from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import schedule

NUMBER = st.integers(0, 70).map(str)
SPAN = st.one_of(NUMBER, st.just("*"), st.tuples(NUMBER, NUMBER).map("-".join))
PART = st.one_of(SPAN, st.tuples(SPAN, NUMBER).map("/".join))
FIELD = st.lists(PART, min_size=1, max_size=2).map(",".join)


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("*/5 * * *", "five fields"),
        ("99 * * * *", '"99" is no minute: use 0 to 59'),
        ("* 24 * * *", '"24" is no hour: use 0 to 23'),
        ("* * 0 * *", '"0" is no day: use 1 to 31'),
        ("* * * febr *", '"febr" is no month: use 1 to 12'),
        ("* * * * 8", '"8" is not a weekday'),
        ("*/0 * * * *", '"*/0" is no minute'),
        ("5-1 * * * *", '"5-1" is no minute'),
        ("² * * * *", '"²" is no minute'),
    ],
)
def test_says_what_is_wrong_with_a_line(line: str, wrong: str) -> None:
    """With the field, and what may stand there."""
    with pytest.raises(ValueError, match=re.escape(wrong)):
        schedule.fields(line)


@pytest.mark.parametrize(
    ("line", "then"),
    [
        ("*/5 * * * *", datetime(2026, 11, 22, 10, 5, tzinfo=UTC)),
        ("0 4 * * 0", datetime(2026, 11, 29, 4, tzinfo=UTC)),
        ("0 4 * * 7", datetime(2026, 11, 29, 4, tzinfo=UTC)),
        ("0 4 13 * Fri", datetime(2026, 11, 27, 4, tzinfo=UTC)),
        ("0 0 1 JAN-mar *", datetime(2027, 1, 1, tzinfo=UTC)),
        ("10-40/15 10 * * *", datetime(2026, 11, 22, 10, 10, tzinfo=UTC)),
        ("@Daily", datetime(2026, 11, 23, tzinfo=UTC)),
    ],
)
def test_fires_as_crontab_says(line: str, then: datetime) -> None:
    """After Sunday 22 November 2026, 10:01 UTC."""
    trigger = schedule.cron(line, UTC)

    assert then == trigger.get_next_fire_time(None, datetime(2026, 11, 22, 10, 1, tzinfo=UTC))


@given(st.tuples(FIELD, FIELD, FIELD, FIELD, FIELD).map(" ".join))
def test_what_is_accepted_can_be_scheduled(line: str) -> None:
    """So a configuration that `check` calls good never stops the daemon."""
    try:
        schedule.fields(line)
    except ValueError:
        return

    schedule.cron(line, UTC)


@pytest.mark.parametrize("zone", ["Foo/Bar", "CST6CDT,M3.2.0,M11.1.0", "UTC+25"])
def test_an_interval_does_not_care_where_the_machine_is(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """$TZ may hold what no list of zones knows."""
    monkeypatch.setenv("TZ", zone)
    trigger, now = schedule.interval(timedelta(minutes=5)), datetime(2026, 11, 22, tzinfo=UTC)

    assert timedelta(minutes=5) == schedule.longest_gap(trigger, now)
