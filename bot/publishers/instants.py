"""Instants as servers write them. Nothing that a server writes raises: what cannot be read is None. Pure."""

from __future__ import annotations

from datetime import UTC, datetime


def iso(text: object) -> datetime | None:
    """Return an ISO 8601 instant in UTC, which one without an offset is in."""
    try:
        instant = datetime.fromisoformat(str(text))
        return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def http_date(text: str) -> datetime | None:
    """Return the instant of a `Date` header, in UTC."""
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def epoch(seconds: float) -> datetime | None:
    """Return the instant so many seconds after 1970, in UTC."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
