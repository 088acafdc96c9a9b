"""A web page as a feed: microformats2's h-feed and h-entry (https://microformats.org/wiki/h-feed), by mf2py. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.model import Image
from bot.watcher.feed_entry import Entry, Feed
from bot.watcher.feed_words import Text
from bot.watcher.values import Unreadable

_HFEED = re.compile(r"\bclass\s*=\s*[\"']?[^\"'<>]*(?<![\w-])h-feed(?![\w-])", re.IGNORECASE)
_HENTRY = re.compile(r"\bclass\s*=\s*[\"']?[^\"'<>]*(?<![\w-])h-entry(?![\w-])", re.IGNORECASE)
_LARGEST = 2_000_000  # characters: a page is read slowly
_PARSER = "html.parser"  # html5lib takes minutes over a page of twenty thousand nested elements
_ANSWERS = ("in-reply-to", "like-of", "repost-of", "rsvp")
_FAULTS = (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError)


def is_one(page: str, *, names_a_feed: bool) -> bool:
    """Whether a page is a feed: it has an h-feed, or entries outside of one and names no feed of another kind."""
    return bool(_HFEED.search(page) or (not names_a_feed and _HENTRY.search(page)))


def read(page: str, url: str | None) -> Feed:
    """Read the feed in a page whose address is `url`. Raises `Unreadable`."""
    if len(page) > _LARGEST:
        raise Unreadable(
            f"a web page of more than {_LARGEST // 1_000_000} MB, which is too long to be read as an h-feed"
        )
    try:
        import mf2py
    except ImportError as error:
        raise Unreadable(
            "a web page with an h-feed, which takes a package more: `pip install 'posse-bot[hfeed]'`"
        ) from error
    try:
        items: list[dict[str, Any]] = mf2py.parse(doc=page, url=url, html_parser=_PARSER)["items"]
    except _FAULTS as error:  # a page that is nested without end, and what else it stumbles over
        raise Unreadable(f"a web page that cannot be read ({type(error).__name__}: {error})") from error
    feed = next((item for item in _all(items) if "h-feed" in item["type"]), {})
    entries = feed.get("children", []) if feed else items
    return Feed(
        tuple(_entry(item) for item in entries if "h-entry" in item["type"]),
        home=url or "",
        title=_first(feed, "name"),
        language=str(feed.get("lang") or next((item.get("lang") for item in items if item.get("lang")), "")),
    )


def _all(items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The items and what is in them, outermost first: the feed may lie in the h-card of its author."""
    yield from items
    for item in items:
        yield from _all(item.get("children", []))


def _entry(item: Mapping[str, Any]) -> Entry:
    addresses = _texts(item, "url")
    content = next(iter(_values(item, "content")), "")
    answers = [kind for kind in _ANSWERS if _values(item, kind)]
    return Entry(
        id=_first(item, "uid") or next(iter(addresses), ""),
        link=next(iter(addresses), ""),
        others=tuple(addresses[1:]),
        title=Text(_first(item, "name")),
        summary=Text(_first(item, "summary")),
        content=Text(str(content.get("html", "")), html=True) if isinstance(content, dict) else Text(str(content)),
        published=_first(item, "published"),
        updated=_first(item, "updated"),
        tags=tuple(dict.fromkeys(value for value in _values(item, "category") if isinstance(value, str))),
        authors=tuple(_texts(item, "author")),
        language=str(item.get("lang") or ""),
        images=tuple(_images(item)),
        settings={"syndicate": False} if answers else None,
        warnings=(f"it is no post of its own ({answers[0]}), and stays where it is",) if answers else (),
    )


def _images(item: Mapping[str, Any]) -> Iterator[Image]:
    for value in (*_values(item, "photo"), *_values(item, "featured")):
        if isinstance(value, dict):
            yield Image(str(value.get("value", "")), str(value.get("alt") or "") or None)
        else:
            yield Image(str(value))


def _first(item: Mapping[str, Any], name: str) -> str:
    return next(iter(_texts(item, name)), "")


def _texts(item: Mapping[str, Any], name: str) -> list[str]:
    """The values of a property as words; of one that is an item in itself its plain value."""
    values = (value.get("value", "") if isinstance(value, dict) else value for value in _values(item, name))
    return [text for value in values if (text := str(value).strip())]


def _values(item: Mapping[str, Any], name: str) -> list[Any]:
    found: list[Any] = item.get("properties", {}).get(name, [])
    return found
