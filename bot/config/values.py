"""Readers of single TOML values: each returns the value in its own type or raises `ValueError` with a sentence."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.links import without_password

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)")
_CENTURY = 36525 * 86400
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def text(value: Any) -> str:
    """A non-empty string."""
    if not isinstance(value, str):
        raise ValueError(f"must be text in quotes, not {kind(value)}")
    if not value.strip():
        raise ValueError("is empty")
    return value


def any_text(value: Any) -> str:
    """A string that may be empty."""
    if not isinstance(value, str):
        raise ValueError(f"must be text in quotes, not {kind(value)}")
    return value


def flag(value: Any) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false, not {kind(value)}")
    return value


def count(value: Any) -> int:
    """A whole number, zero or more."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"must be a whole number, not {kind(value)}")
    if value < 0:
        raise ValueError("must not be negative")
    return value


def dollars(value: Any) -> float:
    """An amount of US dollars, zero or more."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"must be an amount such as 5.0, not {kind(value)}")
    if not 0 <= value < 1e9:
        raise ValueError("must be zero or more, and no fortune")
    return float(value)


def texts(value: Any) -> tuple[str, ...]:
    """A list of strings."""
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError('must be a list of texts, such as ["one", "two"]')
    return tuple(value)


def text_table(value: Any) -> dict[str, str]:
    """A table of strings."""
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise ValueError("must be a table of texts")
    return dict(value)


def duration(value: Any) -> timedelta:
    """A length of time: "250ms", "5s", "5m", "2h", "14d"."""
    if not isinstance(value, str) or not (found := _DURATION.fullmatch(value.strip())):
        raise ValueError('must be a duration such as "250ms", "5s", "5m", "2h" or "14d"')
    seconds = float(found[1]) * _UNITS[found[2]]
    if seconds > _CENTURY:
        raise ValueError("is longer than a hundred years")
    return timedelta(seconds=seconds)


def positive_duration(value: Any) -> timedelta:
    """A length of time above zero."""
    found = duration(value)
    if found <= timedelta(0):
        raise ValueError("must be more than zero")
    return found


def url(value: Any) -> str:
    """An absolute http or https URL without a trailing slash."""
    parts = urlsplit(text(value))
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f'must be an address that begins with https:// (or http://), not "{value}"')
    return str(value).rstrip("/")


def zone(value: Any) -> ZoneInfo:
    """The name of a time zone, such as "Europe/Berlin"."""
    try:
        return ZoneInfo(text(value))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f'"{value}" is not a time zone; use a name such as "Europe/Berlin" or "UTC"') from error


def moment(value: Any) -> datetime:
    """A TOML date or time; one without a zone comes back so, and `instant` puts it into the configuration's."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError as error:
            raise ValueError("must be a date such as 2026-01-31") from error
    if isinstance(value, datetime):
        return instant(value, UTC) if value.tzinfo else value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - the zone is not known here
    raise ValueError("must be a date such as 2026-01-31")


def instant(at: datetime, zone: tzinfo) -> datetime:
    """Return a `moment` in UTC; `zone` is that of one without."""
    try:
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is beyond the years 1 to 9999") from error


def crontab(value: Any) -> str:
    """A line of a crontab: "*/5 * * * *" or "@daily"."""
    from bot.schedule import fields

    fields(text(value))
    return str(value)


def host_and_port(value: Any) -> str:
    """A server and its port: "mail.example.com:587"."""
    host, _, port = text(value).rpartition(":")
    if not host or not port.isdigit():
        raise ValueError('must be a server and its port, such as "mail.example.com:587"')
    return str(value)


def quiet_hours(value: Any) -> tuple[time, time]:
    """A stretch of the day: "22:00-07:00"."""
    try:
        begin, end = (time.fromisoformat(part.strip()) for part in text(value).split("-"))
    except ValueError as error:
        raise ValueError('must be hours such as "22:00-07:00"') from error
    return begin, end


def kind(value: Any) -> str:
    """What a TOML value is, in a person's words."""
    names = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list", dict: "a table"}
    return names.get(type(value), "a date")


def state_url(value: str, root: Path) -> str:
    """The address of a state store, a path in it starting from `root`."""
    if value.startswith("sqlite:///"):
        return "sqlite:///" + str(root / value.removeprefix("sqlite:///"))
    if not value.startswith(("postgresql://", "postgres://")):
        shown = without_password(value)
        raise ValueError(f'"{shown}" is not a store; use sqlite:///PATH or postgresql://HOST/DATABASE')
    return value
