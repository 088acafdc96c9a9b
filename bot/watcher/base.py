"""What a source of posts must be able to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from datetime import datetime
from typing import Protocol, runtime_checkable

from msgspec import Struct

from bot.model import Post, Problem


class Scan(Struct, frozen=True):
    """What one look at a source found.

    `posts` were read in this scan; `unchanged` are the source ids whose stamp was the one already known, so they were
    not read; `problems` are items that are there but cannot be read. The three together are all that is present. A
    source that can show only its newest items (a feed) sets `window`: what is missing from it is not gone.
    """

    posts: tuple[Post, ...]
    unchanged: Set[str] = frozenset()
    problems: tuple[Problem, ...] = ()
    window: bool = False

    def present(self) -> frozenset[str]:
        """Every source id that the source still holds."""
        read = (one.source_id for ones in (self.posts, self.problems) for one in ones)
        return frozenset(self.unchanged).union(read)


class Source(Protocol):
    """A place where posts are found. Making one reads nothing."""

    name: str

    def scan(self, known: Mapping[str, str]) -> Scan:
        """Look at all of it. `known` maps source ids to stamps: an item whose stamp is the same need not be read.

        It holds all that the store knows to be there; what is to be read in any case has "" for its stamp.

        Raises `SourceError` when the source as a whole cannot be read; one bad item is a `Problem`.
        """
        ...

    def read(self, source_id: str) -> Post | None:
        """Read one item again, None when it is gone. A source that cannot read one alone scans."""
        ...


@runtime_checkable
class LargeSource(Source, Protocol):
    """A source that may hold more posts than should be in the memory at once."""

    def parts(self, known: Mapping[str, str], size: int) -> Iterator[Scan]:
        """A scan in parts of `size` posts at most, which are in the order of their ids through all the parts.

        What is unchanged comes with the first part; there is always one. Raises `SourceError` before it, never after.
        """
        ...


class Errand(Struct, frozen=True):
    """What a remote source is told before it asks.

    `memo` is what its last errand left; `wanted` are the source ids that the coming scan must read. `patient` says that
    a source that is not to be asked yet need not be (the daemon).
    """

    now: datetime
    memo: Mapping[str, str]
    wanted: frozenset[str] = frozenset()
    patient: bool = False


@runtime_checkable
class RemoteSource(Source, Protocol):
    """A source that must be fetched first: `scan` and `read` only look at what the last `prepare` brought.

    It shows a window: what has left it is not gone.
    """

    def prepare(self, errand: Errand) -> Mapping[str, str]:
        """Fetch, and return the memo to keep once the scan that follows is written down. Raises nothing of ours.

        Called without any lock held, from any thread. What went wrong is raised by `scan`.
        """
        ...
