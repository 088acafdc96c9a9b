"""Takes a survey's parts into the store as they come, and lets go of the posts of which nothing more can become."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from bot import knowledge, planner, rows
from bot.model import Post, PostId, PostRef, Reason
from bot.plan import Knowledge, LeftOut, Plan
from bot.store.base import ReadOnlyStore, Store
from bot.survey import Part


class LeftAlone(Struct):
    """How many posts were there before, and the newest of them that may be announced all the same."""

    count: int = 0
    newest: PostRef | None = None

    def add(self, left_out: Iterable[LeftOut]) -> None:
        """Count the posts that are left out because they were there before; no post comes twice."""
        old = {out.post.id: out.post for out in left_out if out.reason == Reason.BASELINE}
        self.count += len(old)
        for post in old.values():
            self._compare(post)

    def _compare(self, post: Post) -> None:
        if not post.settings.skip and (self.newest is None or _age(post) > _age(self.newest)):
            self.newest = PostRef(post.id, post.slug, post.title, post.url or "", post.published)


class Sieve:
    """Keeps back the posts of which nothing can become, and writes nothing."""

    writes = False

    def __init__(self, store: ReadOnlyStore, known: Knowledge) -> None:
        self.store, self.known = store, known

    def take(self, part: Part) -> Collection[PostId]:
        """See `Keeper`."""
        return {out.post.id for out in self._foregone(part)}

    def _foregone(self, part: Part) -> Sequence[LeftOut]:
        ids = [candidate.post.id for candidate in part.candidates]
        told = replace(self.known, standings=knowledge.standings(self.store, ids))
        return planner.foregone(part.candidates, told)


class Ledger(Sieve):
    """Writes down what each part holds, and why the posts of which nothing can become are left out."""

    writes = True

    def __init__(self, store: Store, known: Knowledge) -> None:
        super().__init__(store, known)
        self.ledger, self.left_alone = store, LeftAlone()

    def take(self, part: Part) -> Collection[PostId]:
        """See `Keeper`."""
        foregone = self._foregone(part)
        self.ledger.remember(part.known, part.names)
        before = self.store.standings({out.post.id for out in foregone})
        self.ledger.enqueue(rows.rows(Plan((), tuple(foregone)), before, self.known.now, None), self.known.now)
        self.left_alone.add(foregone)
        return {out.post.id for out in foregone}


class Register:
    """Writes down which posts there are, and no more."""

    writes = True

    def __init__(self, store: Store) -> None:
        self.store = store

    def take(self, part: Part) -> Collection[PostId]:
        """See `Keeper`."""
        self.store.remember(part.known, part.names)
        return {known.id for known in part.known}


def _age(post: Post | PostRef) -> datetime:
    return post.published or datetime.min.replace(tzinfo=UTC)
