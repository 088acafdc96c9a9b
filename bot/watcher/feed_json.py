"""JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/), read by hand: no more than what it says. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin

from bot.model import Image
from bot.watcher.feed_entry import Entry, Feed
from bot.watcher.feed_words import Text
from bot.watcher.values import Unreadable


def read(text: str, url: str | None) -> Feed:
    """Read a feed whose own address is `url`. Raises `Unreadable`."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise Unreadable(f"not a feed: it is broken JSON ({error})") from error
    except RecursionError as error:
        raise Unreadable("not a feed: it is JSON that is nested too deeply") from error
    if not isinstance(found, dict) or not isinstance(found.get("items"), list):
        raise Unreadable("not a feed: it is JSON, but no JSON Feed (it has no list of items)")
    if "jsonfeed.org" not in str(found.get("version", "")):
        raise Unreadable("not a feed: it is JSON, but its version is not that of a JSON Feed")
    home = _joined(url, found.get("home_page_url"))
    entries = tuple(_entry(item if isinstance(item, dict) else {}, home or url) for item in found["items"])
    return Feed(entries, home=home, title=_text(found.get("title")), language=_text(found.get("language")))


def _entry(item: Mapping[str, Any], base: str | None) -> Entry:
    markup, words = _raw(item.get("content_html")), _raw(item.get("content_text"))
    return Entry(
        id=_id(item.get("id")),
        link=_joined(base, item.get("url")),
        title=Text(_text(item.get("title"))),
        summary=Text(_raw(item.get("summary"))),
        content=Text(markup, html=True) if markup.strip() else Text(words),
        published=_text(item.get("date_published")),
        updated=_text(item.get("date_modified")),
        tags=tuple(dict.fromkeys(tag.strip() for tag in _list(item.get("tags")) if _text(tag))),
        authors=tuple(_authors(item)),
        language=_text(item.get("language")),
        images=tuple(_images(item, base)),
        settings=item.get("_posse"),
    )


def _id(value: object) -> str:
    """The id: text, or a number, which the specification asks readers to take as text."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return _text(value)


def _authors(item: Mapping[str, Any]) -> Iterator[str]:
    found = [*_list(item.get("authors")), item.get("author")]  # `author` is what 1.0 has
    for author in found:
        if isinstance(author, dict) and (name := _text(author.get("name"))):
            yield name


def _images(item: Mapping[str, Any], base: str | None) -> Iterator[Image]:
    for key in ("image", "banner_image"):
        if address := _joined(base, item.get(key)):
            yield Image(address)
    for attached in _list(item.get("attachments")):
        is_image = isinstance(attached, dict) and _text(attached.get("mime_type")).startswith("image/")
        if is_image and (address := _joined(base, attached.get("url"))):
            yield Image(address, _text(attached.get("title")) or None)


def _joined(base: str | None, value: object) -> str:
    try:
        return urljoin(base or "", _text(value)) if _text(value) else ""
    except ValueError:
        return _text(value)


def _text(value: object) -> str:
    return _raw(value).strip()


def _raw(value: object) -> str:
    """Text without lone surrogates, which JSON can write and nothing can send."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
