"""A gazette: every announcement is a line of JSON at the end of one file. An example of a network of one's own."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.errors import Rejected, TryLater
from bot.model import Announcement, Note, Receipt, Sent
from bot.networks import Guarantee, Kind, Network, Option, Unit
from bot.publishers.base import Access, Profile, Sighting

GAZETTE = Network(
    name="gazette",
    title="A gazette",
    publisher="posse_bot_gazette:Gazette",
    limit=1000,
    unit=Unit.CODE_POINTS,
    guarantee=Guarantee.LOOK_FIRST,
    options=(Option("path", "The file.", Kind.PATH, required=True),),
    text_tags=2,
)


class Gazette:
    """One file as a network. It keeps no keys, so a repeat is told by looking first."""

    def __init__(self, access: Access) -> None:
        self._file = Path(access.options["path"])
        self._clock = access.clock

    def publish(self, announcement: Announcement, notes: Sequence[Note]) -> Iterator[Note | Receipt]:
        """Add a line for each part, unless a note tells that it is there already."""
        sent = [Sent(note.data["id"], None) for note in notes]
        if any(part.length > GAZETTE.limit for part in announcement.parts):
            raise Rejected(f"a line holds {GAZETTE.limit} characters")
        for part in announcement.parts[len(sent) :]:
            entry = {"id": str(len(self._lines()) + 1), "at": self._clock().isoformat(), "text": part.text}
            entry |= {"link": announcement.url, "language": announcement.language}
            self._add(entry)
            sent.append(Sent(str(entry["id"]), None))
            yield Note("line", {"id": entry["id"]})
        yield Receipt(tuple(sent), self._clock())

    def find(self, announcement: Announcement, since: datetime) -> Receipt | None:
        """Look for a line with the link."""
        return next((s.receipt for s in self.recent(since) if announcement.url in s.links), None)

    def recent(self, since: datetime) -> Iterator[Sighting]:
        """The lines written since then, newest first."""
        for entry in reversed(self._lines()):
            at = datetime.fromisoformat(entry["at"])
            if at >= since:
                yield Sighting(Receipt((Sent(entry["id"], None),), at), (entry["link"],))

    def verify(self) -> Profile:
        """Prove that the file's folder is there."""
        if not self._file.parent.is_dir():
            raise Rejected(f"the folder {self._file.parent} does not exist")
        return Profile(name=self._file.name, url=None)

    def _lines(self) -> list[dict[str, Any]]:
        try:
            return [json.loads(line) for line in self._file.read_text(encoding="utf-8").splitlines()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise TryLater(f"{self._file} cannot be read: {error.strerror}") from error

    def _add(self, entry: dict[str, Any]) -> None:
        try:
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry, ensure_ascii=False) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise TryLater(f"{self._file} cannot be written: {error.strerror}") from error
