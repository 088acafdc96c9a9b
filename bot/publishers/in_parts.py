"""Sending the parts of an announcement one after the other, each noted before the next. Pure but for `send`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from bot.model import Announcement, Media, Note, Receipt, Sent

Json = dict[str, Any]
Send = Callable[[int, Json | None], Json]

_SITE = re.compile(r"^(?:\{static\}|\|static\||@)/")  # how Pelican and Zola say: from the root of the site


def part(index: int, remote_id: str, url: str | None, at: datetime) -> Json:
    """Return the data of the note that says that a part went out."""
    return {"index": index, "id": remote_id, "url": url, "at": at.isoformat()}


def done(notes: Sequence[Note]) -> dict[int, Json]:
    """Return the parts that went out at earlier attempts, by index."""
    return {int(note.data["index"]): dict(note.data) for note in notes if note.kind == "part"}


def in_parts(announcement: Announcement, notes: Sequence[Note], send: Send) -> Iterator[Note | Receipt]:
    """Send what the notes do not hold. `send(index, before)` sends one part, `before` being the one it follows."""
    sent = done(notes)
    for index in range(len(announcement.parts)):
        if index not in sent:
            sent[index] = send(index, sent.get(index - 1))
            yield Note("part", sent[index])
    yield receipt([sent[index] for index in range(len(announcement.parts))])


def in_one(notes: Sequence[Note], send: Callable[[], Json]) -> Iterator[Note | Receipt]:
    """Send all parts by one request, unless the notes say that it was done. `send()` returns the note of part 0."""
    sent = done(notes).get(0)
    if sent is None:
        sent = send()
        yield Note("part", sent)
    yield receipt([sent])


def receipt(parts: Sequence[Json]) -> Receipt:
    """Return the receipt of all parts, in order."""
    return Receipt(
        parts=tuple(Sent(str(each["id"]), each["url"]) for each in parts),
        at=datetime.fromisoformat(str(parts[0]["at"])),
    )


def words(announcement: Announcement, index: int) -> str:
    """Return the words of a part, the first one below the content warning, for a network that keeps none of its own."""
    text = announcement.parts[index].text
    return f"{announcement.content_warning}\n\n{text}" if announcement.content_warning and index == 0 else text


def picture_url(announcement: Announcement, media: Media) -> str:
    """Return where a picture lies on the site, for a network that takes no uploads."""
    return urljoin(announcement.post.url, _SITE.sub("/", media.source))
