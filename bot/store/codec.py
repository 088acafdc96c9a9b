"""Values to text and back: instants in one format whose text order is time order, and JSON by msgspec."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.model import Announcement, Note, Receipt


def when(value: datetime) -> str:
    """An aware instant as fixed-width UTC text, from the year 1 on (Hugo writes it for a date that is not set)."""
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def when_or_none(value: datetime | None) -> str | None:
    """Like `when`, None for None."""
    return None if value is None else when(value)


def instant(text: str) -> datetime:
    """The instant that `when` wrote."""
    return datetime.fromisoformat(text)


def instant_or_none(text: str | None) -> datetime | None:
    """Like `instant`, None for None."""
    return None if text is None else datetime.fromisoformat(text)


def encode(value: Any) -> str:
    """A dataclass, or a list or table of them, as JSON text."""
    import msgspec

    return msgspec.json.encode(value).decode()


def announcement(text: str | None) -> Announcement | None:
    """The announcement that `encode` wrote."""
    import msgspec

    return None if text is None else msgspec.json.decode(text, type=Announcement)


def notes(text: str) -> tuple[Note, ...]:
    """The notes that `encode` wrote."""
    if text == "[]":
        return ()
    import msgspec

    return msgspec.json.decode(text, type=tuple[Note, ...])


def receipt(text: str | None) -> Receipt | None:
    """The receipt that `encode` wrote."""
    import msgspec

    return None if text is None else msgspec.json.decode(text, type=Receipt)


def numbers(text: str | None) -> dict[str, int] | None:
    """A table of whole numbers."""
    import msgspec

    return None if text is None else msgspec.json.decode(text, type=dict[str, int])


def texts(text: str | None) -> dict[str, str]:
    """A table of texts; empty for None."""
    import msgspec

    return {} if text is None else msgspec.json.decode(text, type=dict[str, str])


def without_pictures(sent: Announcement) -> Announcement:
    """The words alone: what is worth keeping once it went out."""
    card = sent.card and replace(sent.card, thumbnail=None)
    return replace(sent, card=card, media=tuple(replace(medium, data=b"") for medium in sent.media))
