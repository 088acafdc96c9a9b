"""When an account may speak: spacing, a cap per hour, quiet hours. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo

from msgspec import Struct

from bot.config.model import Pacing
from bot.model import Reason


class Wait(Struct, frozen=True):
    """The account is silent until `until`."""

    reason: Reason
    until: datetime
    detail: str


def pace(pacing: Pacing, sent: Sequence[datetime], now: datetime, zone: tzinfo | None) -> Wait | None:
    """Why the account must wait, None when it may speak at `now`. `sent` are its announcements of the last hours.

    What lies after `now` was sent before the clock was set back, and counts for nothing.

    Quiet hours are in `zone` (UTC when None); where they begin and end at the same time there are none.
    """
    if pacing.quiet and (until := _quiet_until(pacing.quiet, now.astimezone(zone or UTC))):
        return Wait(Reason.QUIET, until.astimezone(UTC), f"quiet hours until {until:%H:%M}")
    sent = [at for at in sent if at <= now]
    if pacing.spacing and sent and max(sent) + pacing.spacing > now:
        return Wait(Reason.SPACING, max(sent) + pacing.spacing, "the account spoke a moment ago")
    if pacing.per_hour is not None:
        recent = sorted(at for at in sent if at > now - timedelta(hours=1))
        if len(recent) >= pacing.per_hour:
            until = recent[-pacing.per_hour] + timedelta(hours=1) if pacing.per_hour else now + timedelta(hours=1)
            return Wait(Reason.CAP, until, f"{pacing.per_hour} in an hour is the most")
    return None


def _quiet_until(quiet: tuple[time, time], local: datetime) -> datetime | None:
    begin, end = quiet

    if begin == end:
        return None
    clock = local.time().replace(tzinfo=None)
    inside = begin <= clock < end if begin < end else clock >= begin or clock < end
    if not inside:
        return None
    until = local.replace(hour=end.hour, minute=end.minute, second=end.second, microsecond=0)
    return until if until > local else until + timedelta(days=1)
