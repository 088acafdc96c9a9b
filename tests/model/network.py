"""A network in memory with each of the three guarantees, which loses, delays and refuses what a test tells it to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.errors import TryLater, Uncertain
from bot.model import Announcement, Note, Receipt, Sent
from bot.networks import Guarantee
from bot.publishers.base import Profile, Sighting

KEY_LIFE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """One announcement as a reader of the account sees it. `at` is the server's own time."""

    remote_id: str
    key: str
    url: str
    round: int
    at: datetime

    def receipt(self) -> Receipt:
        """What the network answers about it."""
        return Receipt((Sent(self.remote_id, f"https://network.example/{self.remote_id}"),), self.at)


@dataclass(slots=True)
class ModelNetwork:
    """One account. `keys` says what becomes of a repeat: `honoured`, `expired` (after an hour) or `ignored`.

    `fates` are spent one a send: `ok`, `lost` (taken in, no answer), `vanished` (never arrives, no answer), `late`
    (arrives `travel` after it was sent, no answer), `later` (refused for now). `looks_down` is how many looks fail.
    """

    name: str
    guarantee: Guarantee
    keys: str
    now: Callable[[], datetime]
    travel: timedelta
    entries: list[Entry] = field(default_factory=list)
    fates: list[str] = field(default_factory=list)
    looks_down: int = 0
    travelling: list[tuple[datetime, Announcement]] = field(default_factory=list)
    sends: int = 0

    def publish(self, announcement: Announcement, notes: Sequence[Note]) -> Iterator[Note | Receipt]:
        """See `Publisher`."""
        self.arrive()
        self.sends += 1
        if not any(note.kind == "media" for note in notes):
            yield Note("media", {"index": 0})
        fate = self.fates.pop(0) if self.fates else "ok"
        if fate == "later":
            raise TryLater("come back later")
        if fate == "late":
            self.travelling.append((self.now() + self.travel, announcement))
        if fate in ("late", "vanished"):
            raise Uncertain("no answer")
        entry = self._take(announcement)
        if fate == "lost":
            raise Uncertain("no answer")
        yield entry.receipt()

    def find(self, announcement: Announcement, since: datetime) -> Receipt | None:
        """See `Publisher`."""
        self._look()
        found = [entry for entry in self.entries if entry.key == announcement.key]
        return found[0].receipt() if found else None

    def recent(self, since: datetime) -> Iterator[Sighting]:
        """See `Publisher`."""
        self._look()
        for entry in reversed(self.entries):
            if entry.at >= since:
                yield Sighting(entry.receipt(), (entry.url,))

    def verify(self) -> Profile:
        """See `Publisher`."""
        return Profile(self.name, None)

    def arrive(self) -> None:
        """Let everything arrive whose time has come."""
        due = [words for at, words in self.travelling if at <= self.now()]
        self.travelling = [pair for pair in self.travelling if pair[0] > self.now()]
        for words in due:
            self._take(words)

    def _look(self) -> None:
        self.arrive()
        if self.guarantee is Guarantee.ASK:
            raise NotImplementedError
        if self.looks_down:
            self.looks_down -= 1
            raise TryLater("the timeline is down")

    def _take(self, announcement: Announcement) -> Entry:
        for entry in self.entries:
            if entry.key == announcement.key and self._keeps(entry):
                return entry
        made = Entry(
            f"{self.name}-{len(self.entries)}", announcement.key, announcement.url, announcement.round, self.now()
        )
        self.entries.append(made)
        return made

    def _keeps(self, entry: Entry) -> bool:
        if self.guarantee is Guarantee.EXACTLY_ONCE or self.keys == "honoured":
            return True
        return self.keys == "expired" and self.now() < entry.at + KEY_LIFE
