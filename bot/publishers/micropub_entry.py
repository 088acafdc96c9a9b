"""Announcements as Micropub's h-entry, in JSON and as a form, and posts as a server lists them. Pure.

https://www.w3.org/TR/micropub/#create
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import unescape
from typing import Any

from msgspec import Struct

from bot.formatter import plain, urls
from bot.model import Announcement, Receipt, Sent
from bot.publishers import instants
from bot.publishers.base import Sighting

_HREF = re.compile(r"""href\s*=\s*["']([^"']+)["']""", re.IGNORECASE)


class Manner(Struct, frozen=True):
    """How a post is made: as an article with a name, or as a note; and what the server is told to do with it."""

    article: bool = False
    syndicate_to: tuple[str, ...] = ()
    destination: str | None = None


def as_json(announcement: Announcement, photos: Sequence[str], manner: Manner) -> dict[str, Any]:
    """Return the entry as JSON. `photos` are the addresses of its pictures, in order."""
    name, content = _words(announcement, manner)
    pictures = [
        {"value": url, "alt": media.alt} if media.alt else url
        for url, media in zip(photos, announcement.media, strict=True)
    ]
    lists: dict[str, list[Any]] = {
        "name": [name] if name else [],
        "content": [content],
        "category": list(announcement.tags),
        "photo": pictures,
        "mp-syndicate-to": list(manner.syndicate_to),
        "mp-destination": [manner.destination] if manner.destination else [],
    }
    return {"type": ["h-entry"], "properties": {key: values for key, values in lists.items() if values}}


def as_form(announcement: Announcement, photos: Sequence[str], manner: Manner) -> dict[str, Any]:
    """Return the entry as the values of a form. Without `photos` the pictures themselves are to go with it."""
    name, content = _words(announcement, manner)
    values: dict[str, Any] = {
        "h": "entry",
        "name": name,
        "content": content,
        "category[]": list(announcement.tags),
        "photo[]": list(photos),
        "mp-photo-alt[]": [media.alt for media in announcement.media],
        "mp-syndicate-to[]": list(manner.syndicate_to),
        "mp-destination": manner.destination,
    }
    return {key: value for key, value in values.items() if value}


def _words(announcement: Announcement, manner: Manner) -> tuple[str, str]:
    """Return name and content. An article's title is not said again in its content."""
    title, text = plain.inline(announcement.post.title), announcement.text
    if announcement.content_warning:
        text = f"{announcement.content_warning}\n\n{text}"
    if not manner.article or not title:
        return "", text
    rest = text.removeprefix(title)
    return title, rest.lstrip() if rest != text and rest.startswith("\n") else text


def sighting(item: object, now: datetime) -> Sighting | None:
    """Return a listed post with its links, None where it is no post; `now` stands in for a date that is missing."""
    properties = item.get("properties") if isinstance(item, Mapping) else None
    if not isinstance(properties, Mapping) or not (url := _first(properties, "url")):
        return None
    found: list[str] = []
    for name in ("content", "summary", "bookmark-of"):
        for value in _values(properties, name):
            markup = str(value.get("html") or value.get("value") or "") if isinstance(value, Mapping) else str(value)
            found += [unescape(target) for target in _HREF.findall(markup)]
            plain = unescape(re.sub(r"<[^>]*>", " ", markup))
            found += [plain[start:end] for start, end in urls.spans(plain)]
    return Sighting(Receipt((Sent(url, url),), published(item) or now), tuple(dict.fromkeys(found)))


def published(item: object) -> datetime | None:
    """Return when a listed post was published, in UTC; None where that cannot be read."""
    properties = item.get("properties") if isinstance(item, Mapping) else None
    return instants.iso(_first(properties, "published")) if isinstance(properties, Mapping) else None


def _values(properties: Mapping[str, Any], name: str) -> list[Any]:
    value = properties.get(name)
    return value if isinstance(value, list) else [] if value is None else [value]


def _first(properties: Mapping[str, Any], name: str) -> str:
    return next((value for value in _values(properties, name) if isinstance(value, str)), "")
