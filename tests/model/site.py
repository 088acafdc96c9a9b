"""A site in memory, whose posts can be written, edited, moved, renamed, re-dated, taken away and brought back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.model import Post
from bot.watcher.base import Scan


@dataclass(slots=True)
class Written:
    """One piece of writing: `number` is what it truly is, whatever becomes of the rest. `urls` are all it ever had."""

    number: int
    place: str
    slug: str
    url: str
    title: str
    text: str
    date: datetime
    version: int = 0
    present: bool = True
    draft: bool = False
    changed: set[str] = field(default_factory=set)
    urls: set[str] = field(default_factory=set)

    def change(self, *what: str) -> None:
        """Note what a reader of the source could see change since the last scan."""
        self.version += 1
        self.changed |= set(what)
        self.urls.add(self.url)


@dataclass(slots=True)
class ModelSource:
    """A source of posts in memory."""

    name: str
    posts: list[Written] = field(default_factory=list)

    def scan(self, known: Mapping[str, str]) -> Scan:
        """See `Source`."""
        read, unchanged = [], set()
        for written in self.present():
            if known.get(written.place) == str(written.version):
                unchanged.add(written.place)
            else:
                read.append(self._post(written))
        return Scan(tuple(read), frozenset(unchanged))

    def read(self, source_id: str) -> Post | None:
        """See `Source`."""
        return next((self._post(written) for written in self.present() if written.place == source_id), None)

    def present(self) -> list[Written]:
        """The posts that are there."""
        return [written for written in self.posts if written.present]

    def _post(self, written: Written) -> Post:
        return Post(
            source=self.name,
            source_id=written.place,
            slug=written.slug,
            url=written.url,
            title=written.title,
            body=written.text,
            published=written.date,
            has_time=True,
            draft=written.draft,
            stamp=str(written.version),
            text_hash=hashlib.sha256(written.text.encode()).hexdigest(),
        )
