"""Which waiting posts a daemon need not read again, because what it would plan for them is what was planned before.

A thousand posts that wait for their account's turn are not to be read, composed and compared at every scan. What a
daemon has planned it remembers; what it leaves to those that start after it is a note of the terms it planned by, and
of the posts that are to be read all the same.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import Struct, field

from bot import __version__
from bot.config.model import Config
from bot.formatter.rules import Rules
from bot.model import PostId, Reason, State
from bot.planner import LeftOut, Plan, Planned
from bot.store.base import Waiting
from bot.survey import Survey

_HELD_FOR_GOOD = frozenset({Reason.BURST, Reason.APPROVE, Reason.IDENTITY, Reason.LEFTOVER})
_OUT_FOR_GOOD = frozenset({
    *(Reason.ALREADY_DELIVERED, Reason.BASELINE, Reason.TOO_OLD, Reason.PERSON, Reason.FILTERED, Reason.OPTED_OUT),
    *(State.SENDING, State.UNCERTAIN, State.FAILED),
})  # fmt: skip
_MOST_NOTED = 1000


def terms(config: Config, rules: Mapping[str, Rules]) -> str:
    """Return what stands for all that a plan hangs on beside the posts and their rows: the same in every process."""
    import msgspec

    told = (__version__, config.guards, config.sources, config.accounts, rules)
    text: bytes = msgspec.json.encode(told, enc_hook=str, order="deterministic")
    return hashlib.sha256(text).hexdigest()[:32]


class Steady(Struct):
    """What the last plans said of posts that wait, by source: the stamps and the rows that they said it of.

    It holds under the `terms` those plans were made by, and no others.
    """

    terms: str = ""
    _marks: dict[str, dict[str, tuple[str, Waiting]]] = field(default_factory=dict)

    def unread(self, source: str, stamps: Mapping[str, str], unsettled: Mapping[str, Waiting]) -> frozenset[str]:
        """The items of `unsettled` that stand as they stood: neither the file nor the rows have changed."""
        marks = self._marks.get(source, {})
        return frozenset(id_ for id_, rows in unsettled.items() if marks.get(id_) == (stamps.get(id_), rows))

    def learn(
        self, survey: Survey, plan: Plan, terms: str, accounts: int, unsettled: Mapping[str, Mapping[str, Waiting]]
    ) -> None:
        """Remember what a plan for so many accounts has read. `unsettled` is by source, from after it was written."""
        if terms != self.terms:
            self.terms, self._marks = terms, {}
        standing = _standing(plan)
        for source, waiting in unsettled.items():
            kept = {id_: mark for id_, mark in self._marks.get(source, {}).items() if id_ in waiting}
            for candidate in survey.candidates:
                post = candidate.post
                if post.source != source:
                    continue
                kept.pop(post.source_id, None)
                if post.source_id in waiting and standing[post.id] == accounts and not post.settings.not_after:
                    kept[post.source_id] = (post.stamp, waiting[post.source_id])
            self._marks[source] = kept

    def note(self, source: str, unsettled: Mapping[str, Waiting], now: datetime) -> dict[str, str]:
        """Return what another process needs to know to go on from the plan of `now`; empty where it is too much."""
        others = sorted(unsettled.keys() - self._marks.get(source, {}).keys())
        if len(others) > _MOST_NOTED:
            return {}
        return {"terms": self.terms, "at": now.isoformat(), "read": json.dumps(others)}

    def recall(
        self, source: str, note: Mapping[str, str], stamps: Mapping[str, str], unsettled: Mapping[str, Waiting]
    ) -> None:
        """Go on from another process's plan by the same terms.

        Not for posts whose rows were written since, or touched by anybody but plans.
        """
        if note.get("terms") != self.terms or source in self._marks:
            return
        at, others = datetime.fromisoformat(note["at"]), frozenset(json.loads(note["read"]))
        self._marks[source] = {
            id_: (stamps[id_], rows)
            for id_, rows in unsettled.items()
            if id_ in stamps and id_ not in others and rows.untouched and rows.at is not None and rows.at <= at
        }


def _standing(plan: Plan) -> Counter[PostId]:
    """On how many accounts a plan would say the same of each post at any other moment."""
    entries: Iterable[Planned | LeftOut] = (*plan.planned, *plan.left_out)
    return Counter(entry.post.id for entry in entries if _stands(entry))


def _stands(entry: Planned | LeftOut) -> bool:
    """Whether only a change of the post, of its rows or of the rules could change this: no moment, page or picture."""
    if isinstance(entry, LeftOut):
        return entry.reason in _OUT_FOR_GOOD and entry.until is None
    return not entry.announcement.warnings and (entry.hold is None or entry.hold in _HELD_FOR_GOOD)
