"""Values to text and back: instants in one format whose text order is time order, and JSON by msgspec."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from msgspec.structs import force_setattr, replace

from bot.model import Announcement, Note, Receipt

if TYPE_CHECKING:
    from msgspec.json import Decoder, Encoder


def when(value: datetime) -> str:
    """An aware instant as fixed-width UTC text, from the year 1 on (Hugo writes it for a date that is not set)."""
    at = value if value.tzinfo is UTC else value.astimezone(UTC)
    return at.isoformat("T", "microseconds")[:26] + "Z"


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
    """A struct, or a list or table of them, as JSON text."""
    return _writer().encode(value).decode()


@cache
def _writer() -> Encoder:
    from msgspec.json import Encoder

    return Encoder()


@cache
def _reader(kind: Any) -> Decoder[Any]:
    """What reads JSON into a type; made once, which takes longer than to read."""
    from msgspec.json import Decoder

    return Decoder(kind)


def announcement(text: str | None, created_at: datetime | None = None) -> Announcement | None:
    """The announcement that `encode` wrote, its words frozen at `created_at`."""
    if text is None:
        return None
    words: Announcement = _reader(Announcement).decode(text)
    force_setattr(words, "created_at", created_at)  # nobody else has it yet; a copy takes twice the reading
    return words


def notes(text: str) -> tuple[Note, ...]:
    """The notes that `encode` wrote."""
    return () if text == "[]" else _reader(tuple[Note, ...]).decode(text)


def receipt(text: str | None) -> Receipt | None:
    """The receipt that `encode` wrote."""
    return None if text is None else _reader(Receipt).decode(text)


def numbers(text: str | None) -> dict[str, int] | None:
    """A table of whole numbers."""
    return None if text is None else _reader(dict[str, int]).decode(text)


def texts(text: str | None) -> dict[str, str]:
    """A table of texts; empty for None."""
    return {} if text is None else _reader(dict[str, str]).decode(text)


def without_pictures(sent: Announcement | None) -> str | None:
    """The words alone, as text: all that is worth keeping once it went out. None where there is no picture to drop."""
    if sent is None or not (sent.media or (sent.card and sent.card.thumbnail)):
        return None
    card = sent.card and replace(sent.card, thumbnail=None)
    return encode(replace(sent, card=card, media=tuple(replace(medium, data=b"") for medium in sent.media)))
