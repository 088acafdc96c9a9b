"""From a plan to the rows of the outbox that say it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.model import PostId, Reason, State
from bot.plan import Asked, LeftOut, Plan, Planned
from bot.store.base import Enqueue, Standing

LOOK_AGAIN = timedelta(days=1)  # when a waiting row whose page is not there may go; a scan before that decides anew


def rows(
    plan: Plan, before: Mapping[tuple[PostId, str], Standing], now: datetime, asked: Asked | None
) -> list[Enqueue]:
    """What the outbox must be told of a plan; `before` is how the plan's posts stand in it."""
    found = [_planned_row(entry, asked) for entry in plan.planned if not entry.frozen]
    return found + [row for out in plan.left_out if (row := _left_out_row(out, before, now))]


def _planned_row(entry: Planned, asked: Asked | None) -> Enqueue:
    return Enqueue(
        announcement=entry.announcement,
        post=entry.post.id,
        account=entry.account,
        round=entry.round,
        state=State.HELD if entry.hold else State.DUE,
        reason=entry.hold,
        detail=entry.detail or None,
        sort_key=entry.post.published,
        released=bool(asked) and not entry.hold,
    )


_WITHDRAWN = {Reason.DRAFT, Reason.OPTED_OUT, Reason.FILTERED}
_NOT_YET = {Reason.SETTLING, Reason.NOT_LIVE, Reason.FUTURE}
_BROKEN = {Reason.INVALID, Reason.DUPLICATE}


def _left_out_row(out: LeftOut, before: Mapping[tuple[PostId, str], Standing], now: datetime) -> Enqueue | None:
    """A row for a final reason, or for a waiting row that may no longer go, or not yet."""
    standing = before.get((out.post.id, out.account))
    due = standing is not None and standing.state is State.DUE
    held = standing is not None and standing.state is State.HELD
    if out.final or ((due or held) and out.reason in _WITHDRAWN):
        state, not_before = State.SKIPPED, None
    elif due and out.reason in _NOT_YET:
        state, not_before = State.DUE, out.until or now + LOOK_AGAIN
    elif due and out.reason in _BROKEN:
        state, not_before = State.HELD, None
    else:
        return None
    return Enqueue(
        announcement=None,
        post=out.post.id,
        account=out.account,
        round=out.round,
        state=state,
        reason=Reason(out.reason),
        detail=out.detail or None,
        sort_key=out.post.published,
        not_before=not_before,
    )
