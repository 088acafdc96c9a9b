"""What to announce now, and why not the rest. Pure: posts and what the store knows go in, a plan comes out.

`bot.guards` decides on each post and account alone; here is what hangs on the whole: burst, budget and pacing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from bot.guards import RETURNS, Pair
from bot.model import Reason, State
from bot.pacing import pace
from bot.plan import Asked as Asked
from bot.plan import Candidate as Candidate
from bot.plan import Knowledge as Knowledge
from bot.plan import LeftOut as LeftOut
from bot.plan import Plan as Plan
from bot.plan import Planned as Planned
from bot.plan import Standing as Standing
from bot.spending import over

_FOR_GOOD = frozenset(
    {Reason.ALREADY_DELIVERED, Reason.BASELINE, Reason.EXPIRED, Reason.FOUND, Reason.PERSON, Reason.TOO_OLD}
)


def plan(candidates: Sequence[Candidate], known: Knowledge, asked: Asked | None = None) -> Plan:
    """Decide on every (post, account), oldest post first. With `asked`, on those alone, and most guards yield."""
    planned: list[Planned] = []
    left_out: list[LeftOut] = []
    for candidate in sorted(candidates, key=_age):
        if asked and candidate.post.id not in asked.posts:
            continue
        for name in known.accounts:
            if asked and asked.accounts is not None and name not in asked.accounts:
                continue
            verdict = Pair(candidate, name, known, asked).verdict()
            if isinstance(verdict, Planned):
                planned.append(verdict)
            else:
                left_out.append(verdict)
    if not asked:
        planned = _burst(planned, left_out, known)
    planned = _within_budget(planned, known, asked)
    return Plan(tuple(_paced(planned, known, asked)), tuple(left_out))


def foregone(candidates: Sequence[Candidate], known: Knowledge) -> list[LeftOut]:
    """Why posts are left out everywhere whatever else there is to plan: for good, and with a row that says so.

    Of posts that are not named here something may become, or a person is to hear. The words of none are made.
    """
    result: list[LeftOut] = []
    for candidate in candidates:
        objections = [Pair(candidate, name, known, None).objection() for name in known.accounts]
        outs = [one for one in objections if isinstance(one, LeftOut) and one.reason in _FOR_GOOD]
        if len(outs) == len(objections):
            result += outs
    return result


def _age(candidate: Candidate) -> tuple[datetime, str]:
    return (candidate.post.published or candidate.first_seen, candidate.post.source_id)


def _burst(planned: Sequence[Planned], left_out: Sequence[LeftOut], known: Knowledge) -> list[Planned]:
    """Hold everything new when there is more of it than a person would write at once."""
    fresh = {entry.post.id for entry in planned if _is_fresh(entry, known)}
    waiting = {
        out.post.id
        for out in left_out
        if out.reason in (Reason.SETTLING, Reason.NOT_LIVE) and (out.post.id, out.account) not in known.standings
    }
    count = len(fresh | waiting)
    if count <= known.guards.max_burst:
        return list(planned)
    why = f"{count} new posts at once, more than max_burst = {known.guards.max_burst}"
    return [
        replace(entry, hold=Reason.BURST, detail=why) if _is_fresh(entry, known) and not entry.hold else entry
        for entry in planned
    ]


def _is_fresh(entry: Planned, known: Knowledge) -> bool:
    row = known.standings.get((entry.post.id, entry.account))
    return row is None or (row.state is State.SKIPPED and row.reason in RETURNS)


def _within_budget(planned: Sequence[Planned], known: Knowledge, asked: Asked | None) -> list[Planned]:
    """Hold what would cost more than its account may still spend this month, unless a person has said to send it.

    Frozen words are under way already: what they cost is among what is spent.
    """
    spent = {name: known.spent.get(name, 0.0) for name in known.accounts}
    result = []
    for entry in planned:
        budget, cost = known.accounts[entry.account].budget, entry.announcement.cost
        if budget is not None and cost and not entry.hold and not entry.frozen:
            why = over(budget, spent[entry.account], cost)
            if why and (asked or entry.released):
                made = entry.announcement
                entry = replace(entry, announcement=replace(made, warnings=(*made.warnings, why)))
            elif why:
                entry = replace(entry, hold=Reason.BUDGET, detail=why)
            if not entry.hold:
                spent[entry.account] += cost
        result.append(entry)
    return result


def _paced(planned: Sequence[Planned], known: Knowledge, asked: Asked | None) -> list[Planned]:
    """Say of each announcement whether its account may speak now."""
    sent = {name: list(known.sent.get(name, ())) for name in known.accounts}
    result = []
    for entry in planned:
        if not entry.hold and entry.account in known.paused:
            entry = replace(entry, wait=Reason.PAUSED, detail=known.paused[entry.account])
        elif not entry.hold and not asked:
            pacing = known.accounts[entry.account].pacing
            if found := pace(pacing, sent[entry.account], known.now, known.zone):
                entry = replace(entry, wait=found.reason, detail=found.detail, until=found.until)
            else:
                sent[entry.account].append(known.now)
        result.append(entry)
    return result
