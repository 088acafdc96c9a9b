"""When the daemon looks: an interval, or a crontab line with the usual meaning of weekdays, as APScheduler triggers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apscheduler.triggers.base import BaseTrigger

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


def fields(line: str) -> tuple[str, str, str, str, str]:
    """Return the five fields of a crontab(5) line, or of a nickname such as `@daily`: minute to weekday, in lower case.

    Pure, and without APScheduler: the configuration is checked with it. Raises `ValueError` with a sentence.
    """
    found = _NICKNAMES.get(line.strip().lower(), line).lower().split()
    if len(found) != 5:
        raise ValueError(f'"{line}" must have five fields: minute hour day month weekday, such as "*/5 * * * *"')
    minute, hour, day, month, weekday = found
    _check(minute, "minute", 0, 59)
    _check(hour, "hour", 0, 23)
    _check(day, "day", 1, 31)
    _check(month, "month", 1, 12, _MONTHS)
    _weekdays(weekday, line)
    return minute, hour, day, month, weekday


def _check(field: str, what: str, least: int, most: int, names: Sequence[str] = ()) -> None:
    """Refuse a field that is not a list of `*`, numbers and spans, each with or without a step."""
    for part in field.split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        begin = least if span == "*" else _number(first, names)
        end = _number(last, names) if dash else most
        every = _number(step) if slash else 1
        if not least <= begin <= end <= most or not 1 <= every <= max(end - begin, 1):
            raise ValueError(f'"{part}" is no {what}: use {least} to {most}, a span such as "1-5", "*" or "*/5"')


def _number(text: str, names: Sequence[str] = ()) -> int:
    """Return the number, or that of a name, counted from 1; -1 for what is neither."""
    if text in names:
        return names.index(text) + 1
    return int(text) if text.isascii() and text.isdigit() else -1


def cron(line: str, zone: tzinfo) -> BaseTrigger:
    """Return a trigger for a crontab(5) line of five fields, or a nickname such as `@daily`, in `zone`.

    0 and 7 are Sunday (APScheduler's own `from_crontab` counts from Monday). Where day of month and day of week are
    both restricted, either will do, as crontab(5) says. Raises `ValueError` with a sentence.
    """
    from apscheduler.triggers.combining import OrTrigger
    from apscheduler.triggers.cron import CronTrigger

    minute, hour, day, month, weekday = fields(line)

    def make(day: str, weekday: str) -> BaseTrigger:
        try:
            return CronTrigger(
                minute=minute, hour=hour, day=day, month=month, day_of_week=weekday, second=0, timezone=zone
            )
        except ValueError as error:
            raise ValueError(f'"{line}" is not a crontab line: {error}') from error

    days = _weekdays(weekday, line)
    if day.startswith("*") or weekday.startswith("*"):
        return make(day, days)
    return OrTrigger([make(day, "*"), make("*", days)])


def _weekdays(field: str, line: str) -> str:
    """Return a crontab weekday field in APScheduler's names."""
    if field == "*":
        return field
    found: set[int] = set()
    for part in field.lower().split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        begin, end = (0, 6) if first == "*" else (_weekday(first, line), _weekday(last or first, line))
        if step and not last and first != "*":
            end = 6
        if begin > end and end == 0:
            end = 7
        if begin > end or (step and not step.isdigit()) or step == "0":
            raise ValueError(f'"{line}": {part} is not a span of weekdays')
        found |= {day % 7 for day in range(begin, end + 1, int(step or 1))}
    return ",".join(_DAYS[day] for day in sorted(found))


def _weekday(text: str, line: str) -> int:
    if text in _DAYS:
        return _DAYS.index(text)
    if text.isdigit() and int(text) <= 7:
        return int(text)
    raise ValueError(f'"{line}": "{text}" is not a weekday; use 0 to 7 (0 and 7 are Sunday) or sun to sat')


def interval(every: timedelta) -> BaseTrigger:
    """Return a trigger that fires again and again, wherever the machine thinks it is ($TZ may hold anything)."""
    from apscheduler.triggers.interval import IntervalTrigger

    return IntervalTrigger(seconds=every.total_seconds(), timezone=UTC)


def longest_gap(trigger: BaseTrigger, now: datetime, samples: int = 12) -> timedelta:
    """Return the longest time between two of the next firings: three of them without a scan mean that it is dead."""
    gap, last = timedelta(0), trigger.get_next_fire_time(None, now)
    for _ in range(samples):
        following = last and trigger.get_next_fire_time(last, last + timedelta(microseconds=1))
        if last is None or following is None:
            break
        gap, last = max(gap, following - last), following
    return gap
