"""RSS 0.9 to 2.0 and Atom, by feedparser; a JSON Feed and an h-feed are handed on. Pure: who calls has fetched."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urljoin
from xml.parsers import expat

from bot.formatter.repair import repair
from bot.model import Image
from bot.watcher import feed_hfeed, feed_json, feed_text
from bot.watcher.feed_entry import Entry, Feed
from bot.watcher.feed_words import Text
from bot.watcher.values import Unreadable

_POSSE = "https://posseparty.com/2024/Feed"
_PREFIX = re.compile(rf"xmlns:([\w.-]+)\s*=\s*[\"']{re.escape(_POSSE)}[\"']", re.IGNORECASE)
_ENTRY = re.compile(r"(?=<(?:[A-Za-z][\w.-]*:)?(?:item|entry)[\s>])")
# A guid is an address only where it looks like one; feedparser would make one of it.
_BARE_GUID = re.compile(
    r"<guid\b(?![^>]*isPermaLink\s*=\s*[\"']false)[^>]*>(?!\s*(?:<!\[CDATA\[)?\s*(?:https?://|/))", re.IGNORECASE
)
_MEDIA = re.compile(r"<media:(content|thumbnail)\b([^<>]*)(?<!/)>(.{0,5000}?)</media:\1\s*>", re.DOTALL)
_MEDIA_WORDS = re.compile(r"<media:(title|description|text)\b[^<>]*>(.*?)</media:\1\s*>", re.DOTALL)
_TITLE = re.compile(r"<title[\s>].*?</title>", re.DOTALL)
_CLOSED = re.compile(r"</(?:[\w.-]+:)?(?:rss|feed|RDF|channel)\s*>", re.IGNORECASE)
_NONE = frozenset({"uncategorized", "uncategorised"})  # what WordPress puts every post into that has no category
_LARGE = 5_000_000  # characters: the slow parser for broken XML is not let loose on more
_PERIODS = {"hourly": 1, "daily": 24, "weekly": 24 * 7, "monthly": 24 * 30, "yearly": 24 * 365}
_FAULTS = (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError)


def read(body: bytes, content_type: str, url: str | None) -> Feed:
    """Read a feed of any format. `url` is its own address, which relative ones start from. Raises `Unreadable`."""
    text = feed_text.decode(body, content_type)
    if text.lstrip().startswith(("{", "[")):
        return feed_json.read(text, url)
    text, preamble = feed_text.without_preamble(text)
    feed_text.refuse_traps(text)
    if feed_text.is_page(text) and feed_hfeed.is_one(text, names_a_feed=bool(feed_text.feeds_of(text, url))):
        return feed_hfeed.read(text, url)
    feed_text.refuse_page(text, url)
    text, damaged = _mended(_prepared(text))
    text, trouble = _well_formed(text)
    if preamble:
        trouble = trouble or f'before the feed stands "{preamble[:80]}"; it was read all the same'
    found = _parsed(text, url)
    if not found["entries"] and not found["version"]:
        raise Unreadable("not a feed: neither RSS nor Atom")
    whole = len(damaged) == len(found["entries"])
    entries = tuple(_entry(entry, damaged[index] if whole else (), url) for index, entry in enumerate(found["entries"]))
    head = found["feed"]
    return Feed(
        entries,
        home=_text(head, "link"),
        title=_text(head, "title"),
        language=_text(head, "language"),
        every=_every(head),
        trouble=trouble,
    )


def _prepared(text: str) -> str:
    """Name every `posse:post` anew, since feedparser drops the words of an unknown element that has attributes.

    A guid that is no address says so. What is said of a picture is the picture's: feedparser would make it the entry's.
    """
    text = _BARE_GUID.sub('<guid isPermaLink="false">', text)
    if "<media:" in text:
        text = _MEDIA.sub(_with_alt, text)
    prefixes = set(_PREFIX.findall(text[:20_000])) or set(_PREFIX.findall(text))
    if "xmlns:posse" not in text:
        prefixes.add("posse")
    for prefix in prefixes:
        name = re.escape(f"{prefix}:post")
        text = re.sub(rf"<{name}(?:\s[^>]*?)?(/?)>", r"<posse_post\1>", text)
        text = re.sub(rf"</{name}\s*>", "</posse_post>", text)
    return text


def _with_alt(media: re.Match[str]) -> str:
    """A `media:content` with its description as an attribute, and without the words in it."""
    words = {match[1]: feed_text.unescaped(match[2]) for match in _MEDIA_WORDS.finditer(media[3])}
    alt = " ".join((words.get("description") or words.get("text") or "").split())
    said = f' posse_alt="{html.escape(alt)}"' if alt else ""
    return f"<media:{media[1]}{media[2]}{said}>{_MEDIA_WORDS.sub('', media[3])}</media:{media[1]}>"


def _mended(text: str) -> tuple[str, list[tuple[str, ...]]]:
    """Repair mojibake; say of each entry, in order, where there was some."""
    head, *pieces = _ENTRY.split(text)
    places: list[tuple[str, ...]] = []
    mended = [repair(head)[0]]
    for piece in pieces:
        after, is_mended = repair(piece)
        mended.append(after)
        found: tuple[str, ...] = ()
        if is_mended:
            titles = [_TITLE.search(words) for words in (piece, after)]
            in_title = [match[0] if match else "" for match in titles]
            rest = [words.replace(title, "", 1) for words, title in zip((piece, after), in_title, strict=True)]
            found = (*["title"] * (in_title[0] != in_title[1]), *["body"] * (rest[0] != rest[1]))
        places.append(found)
    return "".join(mended), places


def _well_formed(text: str) -> tuple[str, str]:
    """Return the text, its entities mended where it needs that, and what is wrong with it still.

    Raises `Unreadable` for what breaks off, and for what is broken and large.
    """
    fault = _fault(text)
    if not fault:
        return text, ""
    mended = feed_text.with_sound_entities(text)
    if mended != text and not (fault := _fault(mended)):
        return mended, ""
    if not _CLOSED.search(text[-2000:]):
        raise Unreadable("the feed breaks off in the middle; its end is missing")
    if len(text) > _LARGE:
        raise Unreadable(f"the feed is broken XML ({fault})")
    return mended, f"the feed is broken XML ({fault}); it was read as well as can be"


def _fault(text: str) -> str:
    parser = expat.ParserCreate("utf-8")
    try:
        parser.Parse(re.sub(r"^\s*<\?xml[^>]*\?>", "", text).encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        return f"{expat.ErrorString(error.code)}, line {error.lineno}"
    return ""


def _parsed(text: str, url: str | None) -> Mapping[str, Any]:
    import feedparser

    headers = {"content-type": "application/xml; charset=utf-8"}
    if url:
        headers["content-location"] = url
    try:
        found: Mapping[str, Any] = feedparser.parse(
            text.lstrip().encode("utf-8", "replace"),
            response_headers=headers,
            resolve_relative_uris=False,
            sanitize_html=False,
        )
    except _FAULTS as error:  # the ways in which feedparser is known to stumble over what it is given
        raise Unreadable(f"not a feed that can be read ({type(error).__name__}: {error})") from error
    return found


def _entry(entry: dict[str, Any], damaged: tuple[str, ...], url: str | None) -> Entry:
    links = [link for link in _list(entry, "links") if isinstance(link, dict)]
    id_ = _text(entry, "id")
    link, others = _links(entry, links, id_)
    summary, content = _detail(entry, "summary"), _content(entry)
    if summary.value == content.value:
        summary = Text()
    title = _detail(entry, "title")
    base = next(
        (
            detail.get("base")
            for key in ("content", "summary_detail", "title_detail")
            for detail in _details(entry, key)
        ),
        url,
    )
    return Entry(
        id=id_,
        link=link,
        others=others,
        title=title,
        summary=summary,
        content=content,
        published=_text(entry, "published") or _text(entry, "created"),
        updated=_text(entry, "updated"),
        tags=_tags(entry),
        authors=tuple(_authors(entry)),
        language=_own_language(entry),
        images=tuple(_images(entry, links, base)),
        base=base if base and base != url else "",
        settings=_text(entry, "posse_post") or None,
        warnings=(f"mojibake repaired in {', '.join(damaged)}",) if damaged else (),
    )


def _links(entry: dict[str, Any], links: list[dict[str, Any]], id_: str) -> tuple[str, tuple[str, ...]]:
    """Return the page's own address, and further ones of the same page. What a proxy put in its place comes second."""
    alternates = [
        link for link in links if dict.get(link, "rel", "alternate") == "alternate" and dict.get(link, "href")
    ]
    pages = [link for link in alternates if "html" in str(dict.get(link, "type", "text/html"))]
    found = [str(link["href"]).strip() for link in (*pages, *alternates)]
    link = _text(entry, "link")
    if link and (link != id_ or link.lower().startswith(("http://", "https://"))):
        found.append(link)
    own = _text(entry, "feedburner_origlink") or _text(entry, "pheedo_origlink")
    found = list(dict.fromkeys(address for address in ([own, *found] if own else found) if address))
    return (found[0], tuple(found[1:])) if found else ("", ())


def _content(entry: dict[str, Any]) -> Text:
    """The words in full: HTML before text."""
    details = sorted(_details(entry, "content"), key=lambda detail: "html" not in str(detail.get("type")))
    found = next((detail for detail in details if str(detail.get("value") or "").strip()), None)
    return _as_text(found) if found else Text()


def _detail(entry: dict[str, Any], key: str) -> Text:
    found = dict.get(entry, f"{key}_detail")
    return _as_text(found) if isinstance(found, dict) else Text(_text(entry, key))


def _as_text(detail: dict[str, Any]) -> Text:
    return Text(str(dict.get(detail, "value") or ""), html="html" in str(dict.get(detail, "type")))


def _details(entry: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = dict.get(entry, key)
    return [item for item in (found if isinstance(found, list) else [found]) if isinstance(item, dict)]


def _own_language(entry: dict[str, Any]) -> str:
    if language := _text(entry, "language"):
        return language
    details = (*_details(entry, "content"), *_details(entry, "title_detail"), *_details(entry, "summary_detail"))
    return next((str(detail["language"]) for detail in details if detail.get("language")), "")


def _tags(entry: dict[str, Any]) -> tuple[str, ...]:
    words = (str(dict.get(tag, "label") or dict.get(tag, "term") or "").strip() for tag in _details(entry, "tags"))
    return tuple(dict.fromkeys(word for word in words if word and word.casefold() not in _NONE))


def _authors(entry: dict[str, Any]) -> Iterator[str]:
    for author in _details(entry, "authors"):
        if name := str(dict.get(author, "name") or "").strip():
            yield name


def _images(entry: dict[str, Any], links: list[dict[str, Any]], base: str | None) -> Iterator[Image]:
    attached = [link for link in links if dict.get(link, "rel") == "enclosure"]
    media = [
        item for item in _details(entry, "media_content") if dict.get(item, "medium") == "image" or _is_image(item)
    ]
    for item in (*attached, *media, *_details(entry, "media_thumbnail")):
        address = str(dict.get(item, "href") or dict.get(item, "url") or "").strip()
        if address and (_is_image(item) or item not in attached):
            alt = str(dict.get(item, "posse_alt") or dict.get(item, "title") or "").strip()
            yield Image(_joined(base, address), alt or None)


def _is_image(item: dict[str, Any]) -> bool:
    return str(dict.get(item, "type", "")).startswith("image/")


def _every(head: dict[str, Any]) -> timedelta | None:
    """How often the feed says that it changes (`ttl` in minutes; the syndication module's period and frequency)."""
    hints = []
    if (ttl := _text(head, "ttl")).isdigit():
        hints.append(timedelta(minutes=min(int(ttl), 100_000)))
    if hours := _PERIODS.get(_text(head, "sy_updateperiod").lower()):
        frequency = _text(head, "sy_updatefrequency")
        hints.append(timedelta(hours=hours) / (int(frequency) if frequency.isdigit() and int(frequency) else 1))
    return max(hints, default=None)


def _text(entry: dict[str, Any], key: str) -> str:
    """The value as it is: feedparser's own look-up guesses at other keys."""
    found = dict.get(entry, key)
    return found.strip() if isinstance(found, str) else ""


def _list(entry: dict[str, Any], key: str) -> list[Any]:
    found = dict.get(entry, key)
    return found if isinstance(found, list) else []


def _joined(base: str | None, address: str) -> str:
    try:
        return urljoin(base or "", address)
    except ValueError:
        return address
