"""Dates as people write them in front matter and file names. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from msgspec import Struct

_TIME = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"(?:\s*(?P<half>[AaPp])\.?[Mm]\.?)?"
    r"(?:\s*(?P<zone>[A-Za-z]{1,4}|[+-]\d{2}(?::?\d{2})?))?"
)
_NUMBERS = re.compile(
    rf"(?P<year>\d{{4}})(?P<mark>[-/.])(?P<month>\d{{1,2}})(?P=mark)(?P<day>\d{{1,2}})(?:(?:[Tt]|[\s,]+){_TIME})?"
)
_MONTH = r"(?P<month>[A-Za-z]{3,9})\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+)?"
_NAMED = tuple(
    rf"(?i:{_WEEKDAY}{day},?\s+(?P<year>\d{{4}})(?:(?:,?\s+(?:at\s+)?){_TIME})?)"
    for day in (rf"{_DAY}\s+{_MONTH}", rf"{_MONTH}\s+{_DAY}")
)  # compiled when one is met
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAMES = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
# The abbreviations of RFC 5322, section 4.3: the only ones that mean one thing.
_ZONES = {"Z": 0, "UT": 0, "UTC": 0, "GMT": 0}
_ZONES |= {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}
_IN_NAME = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[-_ ]+(.*))?", re.DOTALL)


class Moment(Struct, frozen=True):
    """When a post was published, in UTC. `has_time` is False for a date alone, which is midnight where it was written.

    It is midnight in the zone that was given for dates that bear none. `written` is `at` with the offset as written.
    """

    at: datetime
    has_time: bool
    written: datetime | None = None


def parse(raw: str, zone: tzinfo) -> Moment:
    """Read a date as front matter holds it; one without an offset is in `zone`.

    Year first in digits (`2024-06-19T18:47:59.000000Z`, `2018-08-12 14:43 -0500`, `2024/6/19`), or with the month in
    English words (`19 June 2024`, `Wed, 19 Jun 2024 18:47:59 GMT`). A local time that a clock change skips is read as
    if the clock had not been changed; one that comes twice is the first. Raises `ValueError` for all else, `13/01/2024`
    included: its order cannot be known.
    """
    text = raw.strip()
    if found := _NUMBERS.fullmatch(text):
        return _moment(found, zone)
    for form in _NAMED:
        if found := re.fullmatch(form, text):
            return _moment(found, zone)
    raise ValueError(f'"{text}" is not a date')


def from_name(stem: str) -> tuple[str, str]:
    """Split `2024-06-19-slug` into the date and the rest; ("", stem) when it does not begin with a date.

    A name that is a date and nothing else has itself as the rest. The date need not be one of the calendar.
    """
    if found := _IN_NAME.fullmatch(stem):
        year, month, day, rest = found.groups()
        return f"{year}-{month}-{day}", rest or stem
    return "", stem


def end_of_day(day: datetime, zone: tzinfo) -> datetime:
    """Return the last microsecond, in UTC, of the day that `day` falls on in `zone`."""
    local = day.astimezone(zone)
    return local.replace(hour=23, minute=59, second=59, microsecond=999_999).astimezone(UTC)


def _moment(found: re.Match[str], zone: tzinfo) -> Moment:
    part = found.groupdict()
    has_time = part["hour"] is not None
    try:
        if not 1 < int(part["year"]) < 9999:
            raise ValueError("the year is out of range")  # in another zone it could be the year 0 or 10000
        local = datetime(
            int(part["year"]),
            _month(part["month"]),
            int(part["day"]),
            _hour(part) if has_time else 0,
            int(part["minute"] or 0),
            int(part["second"] or 0),
            int((part["fraction"] or "0").ljust(6, "0")[:6]),
            tzinfo=_zone(part["zone"], zone),
        )
        return Moment(local.astimezone(UTC), has_time, local)
    except (ValueError, OverflowError) as error:
        raise ValueError(f'"{found.group()}" is not a date: {error}') from error


def _month(text: str) -> int:
    if text.isdigit():
        return int(text)
    word = text.lower()
    if word != "sept" and word not in _MONTHS and word not in _MONTH_NAMES:
        raise ValueError(f'"{text}" is no month')
    return _MONTHS.index(word[:3]) + 1


def _hour(part: dict[str, str]) -> int:
    hour = int(part["hour"])
    if not part["half"]:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError(f"there is no {hour} o'clock before or after noon")
    return hour % 12 + (12 if part["half"] in "Pp" else 0)


def _zone(text: str | None, default: tzinfo) -> tzinfo:
    if not text:
        return default
    if text[0] not in "+-":
        if text.upper() not in _ZONES:
            raise ValueError(f'the time zone "{text}" is unknown; write an offset such as -0500')
        return timezone(timedelta(hours=_ZONES[text.upper()]))
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)
