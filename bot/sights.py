"""What a publisher is asked for, step by step, to send one delivery or to look for it. Touches no store."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import Struct, field

from bot.errors import TooFar, TryLater, Uncertain
from bot.links import same_link
from bot.model import Announcement, Delivery, Note, Receipt
from bot.networks import Guarantee
from bot.publishers.base import Halfway, Publisher, Sighting

SIGHT_LIFE = 60.0  # seconds for which one look at a timeline answers for the next delivery also
FURTHEST = timedelta(days=90)  # how far back a first look reads at the most
_EARLIER = timedelta(days=2)  # how long before its post's date an announcement may stand on the timeline
_MARGIN = timedelta(days=1)  # how far the server's clock may be from ours


def look(
    publisher: Publisher, delivery: Delivery, announcement: Announcement, guarantee: Guarantee
) -> Iterator[Receipt | list[Sighting] | None]:
    """The one step of a look for what may have arrived: its receipt, or what the timeline shows."""
    since = delivery.created_at - _MARGIN
    if guarantee is Guarantee.EXACTLY_ONCE or len(announcement.parts) > 1:
        yield publisher.find(announcement, since)
    else:
        yield list(publisher.recent(since))


class Sights(Struct):
    """What the accounts' timelines showed a moment ago."""

    _seen: dict[str, tuple[float, datetime, list[Sighting]]] = field(default_factory=dict)

    def forget(self, account: str) -> None:
        """Something may stand there by now."""
        self._seen.pop(account, None)

    def send(
        self, publisher: Publisher, delivery: Delivery, announcement: Announcement, *, first: bool
    ) -> Iterator[list[Sighting] | Note | Receipt]:
        """The steps of a send. The earliest is what the timeline shows where this is the `first` one, else nothing.

        In both cases the lease is renewed after it, so a worker that slept since its claim sends nothing.
        """
        notes = list(delivery.notes)
        if first and not any(note.kind == "part" for note in notes):
            since = _since(delivery, announcement)
            seen = self._first_look(delivery.account, publisher, since)
            parts = _parts_there(publisher, announcement, seen, since)
            notes += parts
            yield from parts
            yield [] if parts else seen
        else:
            yield []
        yield from publisher.publish(announcement, notes)

    def _first_look(self, account: str, publisher: Publisher, since: datetime) -> list[Sighting]:
        """What the timeline shows already: a lost state, an old backup or another machine may have been here."""
        at, covered, seen = self._seen.get(account, (float("-inf"), since, []))
        if covered > since or at + SIGHT_LIFE < time.monotonic():
            try:
                seen = list(publisher.recent(since))
            except (NotImplementedError, TooFar):
                return []
            except Uncertain as error:
                raise TryLater(f"no look at the timeline yet: {error.message}") from error  # nothing was sent
            self._seen[account] = (time.monotonic(), since, seen)
        return seen


def _parts_there(
    publisher: Publisher, announcement: Announcement, seen: list[Sighting], since: datetime
) -> tuple[Note, ...]:
    """The notes of the first parts of a thread that a timeline shows and a lost state does not know.

    Empty where it is no thread, where all of it is there, or where what is there is another post.
    """
    links = [link for sighting in seen for link in sighting.links]
    if len(announcement.parts) == 1 or not any(same_link(link, announcement.url) for link in links):
        return ()
    try:
        publisher.find(announcement, since)
    except Halfway as half:
        return half.notes
    return ()


def _since(delivery: Delivery, announcement: Announcement) -> datetime:
    """From when on the timeline may hold what a state now lost has sent: since its post's date.

    No further back than `FURTHEST`, so that a very old post costs no reading of years.
    """
    return max(min(announcement.instant, delivery.created_at), delivery.created_at - FURTHEST) - _EARLIER
