"""Which waiting posts a daemon need not read again, because what it would plan for them is what it planned before.

A thousand posts that wait for their account's turn are not to be read, composed and compared at every scan. Kept in
this process alone: a new one reads everything once, for its configuration may be another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.formatter.rules import Rules
from bot.model import PostId, Reason, State
from bot.planner import LeftOut, Plan, Planned
from bot.survey import Survey

_HELD_FOR_GOOD = frozenset({Reason.BURST, Reason.APPROVE, Reason.IDENTITY, Reason.LEFTOVER})
_OUT_FOR_GOOD = frozenset({
    *(Reason.ALREADY_DELIVERED, Reason.BASELINE, Reason.TOO_OLD, Reason.PERSON, Reason.FILTERED, Reason.OPTED_OUT),
    *(State.SENDING, State.UNCERTAIN, State.FAILED),
})  # fmt: skip


@dataclass(slots=True)
class Steady:
    """What the last plans said of posts that wait, by source: the stamps and the rows that they said it of.

    It holds under the `rules` those plans were made by, and no others.
    """

    rules: Mapping[str, Rules] = field(default_factory=dict)
    _marks: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)

    def unread(self, source: str, stamps: Mapping[str, str], unsettled: Mapping[str, str]) -> frozenset[str]:
        """The items of `unsettled` that stand as they stood: neither the file nor the rows have changed."""
        marks = self._marks.get(source, {})
        return frozenset(id_ for id_, rows in unsettled.items() if marks.get(id_) == (stamps.get(id_), rows))

    def learn(
        self, survey: Survey, plan: Plan, rules: Mapping[str, Rules], unsettled: Mapping[str, Mapping[str, str]]
    ) -> None:
        """Remember what a plan that is written down has read. `unsettled` is by source, from after it was written."""
        if rules != self.rules:
            self.rules, self._marks = rules, {}
        standing = _standing(plan)
        for source, waiting in unsettled.items():
            kept = {id_: mark for id_, mark in self._marks.get(source, {}).items() if id_ in waiting}
            for candidate in survey.candidates:
                post = candidate.post
                if post.source != source:
                    continue
                kept.pop(post.source_id, None)
                if post.source_id in waiting and standing[post.id] == len(rules) and not post.settings.not_after:
                    kept[post.source_id] = (post.stamp, waiting[post.source_id])
            self._marks[source] = kept


def _standing(plan: Plan) -> Counter[PostId]:
    """On how many accounts a plan would say the same of each post at any other moment."""
    entries: Iterable[Planned | LeftOut] = (*plan.planned, *plan.left_out)
    return Counter(entry.post.id for entry in entries if _stands(entry))


def _stands(entry: Planned | LeftOut) -> bool:
    """Whether only a change of the post, of its rows or of the rules could change this: no moment, page or picture."""
    if isinstance(entry, LeftOut):
        return entry.reason in _OUT_FOR_GOOD and entry.until is None
    return not entry.announcement.warnings and (entry.hold is None or entry.hold in _HELD_FOR_GOOD)
