"""Stand-ins that work: a network in memory that can fail in every way a real one does, a clock, a source."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from bot.errors import PublishError, SourceError, Uncertain
from bot.links import same_link
from bot.model import Announcement, Note, Post, Problem, Receipt, Sent
from bot.publishers.base import Profile, Sighting
from bot.watcher.base import Scan


@dataclass
class Clock:
    """An instant that moves when it is told to."""

    now: datetime = datetime(2024, 6, 19, 18, 47, 59, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The present instant."""
        return self.now

    def advance(self, **by: float) -> None:
        """Let time go by."""
        self.now += timedelta(**by)


@dataclass(frozen=True)
class Placed:
    """One post as the network holds it."""

    remote_id: str
    text: str
    links: tuple[str, ...]
    key: str
    at: datetime


@dataclass
class Lost:
    """The next post arrives (at once, or by `arrive`, or never) and its answer does not."""

    when: str = "at once"


@dataclass
class Stuck:
    """The next post is not answered until `go` is set; then it arrives."""

    go: threading.Event = field(default_factory=threading.Event)


Fault = Lost | Stuck | Exception


@dataclass
class ModelNetwork:
    """A network and one account on it. `faults` befall the next posts, one each; `blind` the next looks."""

    clock: Clock
    keeps_keys: bool = False
    steps: Sequence[str] = ()
    posts: list[Placed] = field(default_factory=list)
    travelling: list[Announcement] = field(default_factory=list)
    faults: list[Fault | None] = field(default_factory=list)
    blind: list[PublishError] = field(default_factory=list)
    sent: list[Announcement] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    looks: int = 0

    def publish(self, announcement: Announcement, notes: Sequence[Note]) -> Iterator[Note | Receipt]:
        """Post it, as the next fault has it."""
        for step in self.steps:
            if step not in [note.kind for note in notes]:
                self.done.append(step)
                yield Note(step, {"of": announcement.key})
        self.sent.append(announcement)
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, Exception):
            raise fault
        if isinstance(fault, Stuck):
            fault.go.wait(10)
        if isinstance(fault, Lost):
            if fault.when == "later":
                self.travelling.append(announcement)
            elif fault.when == "at once":
                self.place(announcement)
            raise Uncertain("connection reset")
        yield self.place(announcement)

    def place(self, announcement: Announcement) -> Receipt:
        """Put it on the timeline; under a key that is kept, once."""
        if self.keeps_keys:
            for held in self.posts:
                if held.key == announcement.key:
                    return self._receipt(held)
        number = str(len(self.posts) + 1)
        self.posts.append(Placed(number, announcement.text, (announcement.url,), announcement.key, self.clock.now))
        return self._receipt(self.posts[-1])

    def arrive(self) -> None:
        """What was on its way is there."""
        while self.travelling:
            self.place(self.travelling.pop(0))

    def find(self, announcement: Announcement, since: datetime) -> Receipt | None:
        """By its key where keys are kept, else by its link."""
        self._look()
        for held in reversed(self.posts):
            if held.at > since and (held.key == announcement.key if self.keeps_keys else _bears(held, announcement)):
                return self._receipt(held)
        return None

    def recent(self, since: datetime) -> Iterator[Sighting]:
        """The timeline, newest first."""
        self._look()
        return iter([Sighting(self._receipt(held), held.links) for held in reversed(self.posts) if held.at > since])

    def verify(self) -> Profile:
        """Who it is."""
        return Profile("me", None)

    def _look(self) -> None:
        self.looks += 1
        if self.blind:
            raise self.blind.pop(0)

    def _receipt(self, held: Placed) -> Receipt:
        return Receipt((Sent(held.remote_id, f"https://net.example/{held.remote_id}"),), held.at)


def _bears(held: Placed, announcement: Announcement) -> bool:
    return any(same_link(link, announcement.url) for link in held.links)


@dataclass
class Folder:
    """A source whose posts stand in a list. `broken` makes the whole of it unreadable."""

    name: str = "blog"
    posts: list[Post] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    broken: str = ""
    window: bool = False

    def scan(self, known: Mapping[str, str]) -> Scan:
        """All of it; a post whose stamp is known is not read."""
        if self.broken:
            raise SourceError(self.broken)
        unchanged = {post.source_id for post in self.posts if known.get(post.source_id) == post.stamp}
        read = [post for post in self.posts if post.source_id not in unchanged]
        return Scan(tuple(read), frozenset(unchanged), tuple(self.problems), self.window)

    def read(self, source_id: str) -> Post | None:
        """One post again."""
        if self.broken:
            raise SourceError(self.broken)
        return next((post for post in self.posts if post.source_id == source_id), None)

    def edit(self, source_id: str, **changes: object) -> None:
        """Change a post, and its stamp with it."""
        self.posts = [
            replace(post, stamp=post.stamp + "+", **changes) if post.source_id == source_id else post  # type: ignore[arg-type]
            for post in self.posts
        ]
