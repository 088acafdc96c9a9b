"""The pictures that a plan waits for: which are missing, which are had, which may be let go. Fetches nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from bot.formatter.pictures import Picture, Wanted, wanted
from bot.formatter.rules import Rules
from bot.planner import Plan, Planned

PictureGetter = Callable[[Collection[Wanted]], Mapping[Wanted, Picture]]


class Gallery(Struct):
    """Holds pictures as they go out. `get` gets those that are asked for; what it does not answer is left out."""

    get: PictureGetter = lambda _wishes: {}
    pictures: dict[Wanted, Picture] = field(default_factory=dict)

    def missing(self, plan: Plan, rules: Mapping[str, Rules]) -> frozenset[Wanted]:
        """The pictures of announcements whose words are not fixed yet that nobody has asked for."""
        return frozenset(wish for entry in plan.planned for wish in _of(entry, rules) if wish not in self.pictures)

    def fill(self, wishes: Collection[Wanted]) -> None:
        """Get pictures. One that cannot be had is not asked for again until it is let go."""
        told = self.get(wishes)
        self.pictures.update({wish: told.get(wish, Picture(None)) for wish in wishes})

    def complete(self, plan: Plan, rules: Mapping[str, Rules]) -> Plan:
        """The plan without the announcements whose pictures nobody has asked for: the next scan has them."""
        kept = (entry for entry in plan.planned if all(wish in self.pictures for wish in _of(entry, rules)))
        return replace(plan, planned=tuple(kept))

    def tidy(self, plan: Plan, rules: Mapping[str, Rules]) -> None:
        """Let go of what no announcement of the plan needs, and of what could not be had."""
        needed = {wish for entry in plan.planned for wish in _of(entry, rules)}
        for wish, picture in list(self.pictures.items()):
            if wish not in needed or picture.media is None:
                del self.pictures[wish]


def _of(entry: Planned, rules: Mapping[str, Rules]) -> tuple[Wanted, ...]:
    return () if entry.frozen else wanted(entry.post, rules[entry.account])
