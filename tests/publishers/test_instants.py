"""Instants as servers write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.http import wait_from
from bot.publishers import instants

NOON = datetime(2024, 6, 19, 12, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2024-06-19T12:00:00Z", "2024-06-19T14:00:00.000+02:00", "2024-06-19T12:00:00"])
def test_iso(text: str) -> None:
    """With an offset, or in UTC."""
    assert instants.iso(text) == NOON


def test_what_cannot_be_read_is_none() -> None:
    """No year before the first or after the last, and no number beyond the calendar, ends anything."""
    assert [None] * 4 == [instants.iso(text) for text in (None, "", "now", "0001-01-01T00:00:00+01:00")]
    dates = ("", "never", "Fri, 31 Dec 9999 23:59:59 -2300", "Wed, 21 Oct 99999999999999999999 07:28:00 GMT")
    assert [None] * 4 == [instants.http_date(text) for text in dates]
    assert [None] * 2 == [instants.epoch(seconds) for seconds in (1e30, -1e30)]


def test_dates_and_numbers() -> None:
    """The other two forms."""
    assert NOON == instants.http_date("Wed, 19 Jun 2024 12:00:00 GMT") == instants.epoch(NOON.timestamp())


@pytest.mark.parametrize("text", ["Wed, 21 Oct 99999999999999999999 07:28:00 GMT", "0001-01-01T00:00:00+01:00"])
def test_no_wait_is_asked_for_with_a_date_beyond_the_calendar(text: str) -> None:
    """Such a `Retry-After` says nothing, or nothing to wait for."""
    assert wait_from({"Retry-After": text}, NOON) in (None, timedelta())
