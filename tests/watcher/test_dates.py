from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.watcher import dates

CHICAGO = ZoneInfo("America/Chicago")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("2024-06-19T18:47:59.000000Z", datetime(2024, 6, 19, 18, 47, 59, tzinfo=UTC)),
        ("2024-06-19T18:47:59.123456789+00:00", datetime(2024, 6, 19, 18, 47, 59, 123456, tzinfo=UTC)),
        ("2018-08-12 14:43 -0500", datetime(2018, 8, 12, 19, 43, tzinfo=UTC)),
        ("2018-08-12 14:43:10 -05:00", datetime(2018, 8, 12, 19, 43, 10, tzinfo=UTC)),
        ("2018-08-12T14:43:10+02", datetime(2018, 8, 12, 12, 43, 10, tzinfo=UTC)),
        ("2024-06-19 18:47", datetime(2024, 6, 19, 23, 47, tzinfo=UTC)),
        ("2024/6/9 8:05", datetime(2024, 6, 9, 13, 5, tzinfo=UTC)),
        ("2024-06-19 12:05 AM", datetime(2024, 6, 19, 5, 5, tzinfo=UTC)),
        ("2024-06-19 10:00 EST", datetime(2024, 6, 19, 15, tzinfo=UTC)),
        ("Wed, 19 Jun 2024 18:47:59 GMT", datetime(2024, 6, 19, 18, 47, 59, tzinfo=UTC)),
        ("June 19th, 2024 at 6:47 p.m.", datetime(2024, 6, 19, 23, 47, tzinfo=UTC)),
    ],
)
def test_a_date_with_a_time_is_an_instant(raw: str, expected: datetime) -> None:
    """Every form with a time is read to the same instant, a bare one in the zone given."""
    found = dates.parse(raw, CHICAGO)
    assert (found.at, found.has_time) == (expected, True)


@pytest.mark.parametrize("raw", ["2024-06-19", "2024/06/19", " 2024-6-19 ", "19 June 2024", "Jun 19, 2024"])
def test_a_date_alone_is_midnight_in_the_zone(raw: str) -> None:
    """A date without a time says so, and is midnight in the zone given."""
    found = dates.parse(raw, CHICAGO)
    assert (found.at, found.has_time) == (datetime(2024, 6, 19, 5, tzinfo=UTC), False)


def test_a_time_the_clock_skips_is_read_as_if_it_had_not_changed() -> None:
    """2:30 in the spring gap is half past three in summer time."""
    assert datetime(2024, 3, 10, 8, 30, tzinfo=UTC) == dates.parse("2024-03-10 02:30", CHICAGO).at


def test_a_time_that_comes_twice_is_the_first() -> None:
    """1:30 on the autumn night is the one in summer time."""
    assert datetime(2024, 11, 3, 6, 30, tzinfo=UTC) == dates.parse("2024-11-03 01:30", CHICAGO).at


@pytest.mark.parametrize(
    "raw",
    [
        *("", "soon", "13/01/2024", "2024-02-30", "2024-06", "2024-06-19 25:00", "2024-06-19 10:60", "20240619"),
        *(
            "2024-06-19 13:00 PM",
            "2024-06-19 10:00 XYZ",
            "2024-06-19 10:00 +9900",
            "12 Foo 2024",
            "9999-12-31 23:59",
            "0001-01-01",
        ),
        *("2024-06/19", "2024-06-19 18:47 and more"),
    ],
)
def test_what_is_no_date_is_refused(raw: str) -> None:
    """A date that cannot be, or whose order cannot be known, is a ValueError that quotes it."""
    with pytest.raises(ValueError, match="is not a date"):
        dates.parse(raw, CHICAGO)


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("2024-06-19-follow-them", ("2024-06-19", "follow-them")),
        ("2024-6-9_follow", ("2024-6-9", "follow")),
        ("2024-06-19", ("2024-06-19", "2024-06-19")),
        ("2024-in-books", ("", "2024-in-books")),
        ("about", ("", "about")),
    ],
)
def test_a_name_is_split_from_its_date(stem: str, expected: tuple[str, str]) -> None:
    """The date before a file's name is taken off."""
    assert expected == dates.from_name(stem)


def test_a_day_ends_at_its_last_microsecond_in_the_zone() -> None:
    """The end of a day is counted where the day is."""
    day = dates.parse("2026-11-27", CHICAGO).at
    assert datetime(2026, 11, 28, 5, 59, 59, 999_999, tzinfo=UTC) == dates.end_of_day(day, CHICAGO)
