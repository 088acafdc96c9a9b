"""What an account may still spend in a month. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo


def month_begin(now: datetime, zone: tzinfo | None) -> datetime:
    """Return when the calendar month of `now` began in `zone` (UTC when None), in UTC."""
    first = now.astimezone(zone or UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return first.astimezone(UTC)


def over(budget: float, spent: float, cost: float) -> str | None:
    """Say why an announcement of `cost` dollars exceeds the month's `budget`, None where it does not."""
    if spent + cost <= budget + 1e-6:  # sums of floats
        return None
    return f"${cost:.3f} would exceed the month's budget of ${budget:.2f}: ${spent:.3f} is spent or on its way"
