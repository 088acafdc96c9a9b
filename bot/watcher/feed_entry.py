"""An entry as a feed of any format has it, and the post that it is. Pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from msgspec import Struct, field
from msgspec.structs import replace

from bot.formatter.repair import repair
from bot.links import normalise
from bot.model import BodyFormat, Image, Post, Problem
from bot.watcher import dates, feed_settings
from bot.watcher.dates import Moment
from bot.watcher.feed_words import Text, as_html, images, is_beginning, is_markup, one_line, plain
from bot.watcher.values import Unreadable
from bot.watcher.words import text_hash

_MAIL_DATE = re.compile(
    r"(?:[^\W\d_]{2,9}\.?(?:,\s*|\s+))?\d{1,2}[\s-][A-Za-z]{3,9}\.?[\s-]\d{2,4}\s+"
    r"\d{1,2}:\d{2}(?::\d{2})?\s*(?:[+-]\d{4}|UTC?|GMT|Z|[ECMP][SD]T)?"
)
_COMMENT = re.compile(r"\s*\([^()]*\)\s*$")
_FEW = 5
_ENDING = re.compile(r"\.(?:x?html?|php|aspx?|md)$", re.IGNORECASE)


class Entry(Struct, frozen=True):
    """What a feed says of one entry. Addresses are absolute where that can be known; dates are as they were written.

    `others` are further addresses of the same page. `base` is what the addresses in the content start from, where the
    feed says so. `settings` is what its `posse:post` holds.
    """

    id: str = ""
    link: str = ""
    others: tuple[str, ...] = ()
    title: Text = field(default_factory=Text)
    summary: Text = field(default_factory=Text)
    content: Text = field(default_factory=Text)
    published: str = ""
    updated: str = ""
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    language: str = ""
    images: tuple[Image, ...] = ()
    base: str = ""
    settings: Any = None
    warnings: tuple[str, ...] = ()


class Feed(Struct, frozen=True):
    """A feed that was read. `every` is how often it says that it changes; `trouble` is what is wrong with its text."""

    entries: tuple[Entry, ...]
    home: str = ""
    title: str = ""
    language: str = ""
    every: timedelta | None = None
    trouble: str = ""


class Origin(Struct, frozen=True):
    """What is known of a feed beside its text: the source's name, the zone of dates without one, a language."""

    source: str
    zone: ZoneInfo
    language: str | None = None
    mark: str = ""


class Posts(Struct, frozen=True):
    """The posts of a feed, and entries that are none."""

    posts: tuple[Post, ...]
    problems: tuple[Problem, ...] = field(default=())


def posts(feed: Feed, origin: Origin) -> Posts:
    """Turn every entry into a post; one that bears nothing, or whose settings cannot be read, is a problem."""
    found: dict[str, Post] = {}
    problems: list[Problem] = []
    empty: list[int] = []
    for number, (entry, id_) in enumerate(zip(feed.entries, _ids(feed.entries), strict=True), 1):
        if not id_:
            empty.append(number)
            continue
        if id_ in found:
            continue  # the same id and the same link: the entry twice
        try:
            found[id_] = _post(entry, id_, feed, origin)
        except Unreadable as error:
            path = f"[sources.{origin.source}] {id_}"
            problems.append(Problem(path, error.message, source=origin.source, source_id=id_))
    return Posts(tuple(found.values()), (*_nothings(empty, origin.source), *problems))


def _nothings(numbers: Sequence[int], source: str) -> Iterator[Problem]:
    """A line for each of a few entries that bear nothing, one for many."""
    many = [f"{len(numbers)} entries"] if len(numbers) > _FEW else []
    for which in many or [f"entry {number}" for number in numbers]:
        yield Problem(f"[sources.{source}] {which}", "neither an id, a link, a title nor words", source=source)


def _ids(entries: Sequence[Entry]) -> list[str]:
    """Return an id for each entry: its own, unless others with another link bear it too; else its link; else a hash."""
    bearers: dict[str, set[str]] = {}
    for entry in entries:
        if entry.id:
            bearers.setdefault(entry.id, set()).add(entry.link)
    return [entry.id if entry.id and len(bearers[entry.id]) == 1 else entry.link or _hash(entry) for entry in entries]


def _hash(entry: Entry) -> str:
    """Return an id made of the title and the date, or else of the words; "" when there is nothing."""
    title = entry.title.value.strip()
    signs = (title, entry.published) if title else (entry.content.value or entry.summary.value,)
    if not any(sign.strip() for sign in signs):
        return ""
    return f"posse:{hashlib.sha256(chr(0).join(signs).encode('utf-8', 'surrogatepass')).hexdigest()[:24]}"


def _post(entry: Entry, id_: str, feed: Feed, origin: Origin) -> Post:
    settings = feed_settings.read(entry.settings, origin.zone)
    entry = _overridden(entry, settings)
    warnings = [*entry.warnings, *settings.warnings]
    title, body, summary = _words(entry, warnings)
    published = _published(entry, origin.zone, warnings)
    url = _url(entry.link, warnings)
    others = (id_, *entry.others) if url else ()
    post = Post(
        source=origin.source,
        source_id=id_,
        slug=_slug(url or "", title, id_),
        url=url,
        title=title,
        body=body,
        body_format=BodyFormat.HTML,
        urls=_urls(url, others),
        summary=summary or None,
        published=published.at if published else None,
        has_time=published.has_time if published else False,
        tags=entry.tags,
        authors=entry.authors,
        language=_language(entry, feed, origin),
        images=images(entry.images, body, entry.base),
        settings=settings.rendered({"title": title, "summary": summary, "content": plain(body), "url": url or ""}),
        warnings=tuple(dict.fromkeys(warnings)),
        text_hash=text_hash(plain(body)),
    )
    return replace(post, stamp=f"{origin.mark}{zlib.crc32(repr(post).encode('utf-8', 'surrogatepass')):08x}")


def _overridden(entry: Entry, given: feed_settings.Given) -> Entry:
    """The entry with what its settings say in place of it."""
    fields = given.fields
    changed: dict[str, Any] = {"images": (*given.images, *entry.images)} if given.images else {}
    for key in ("title", "summary"):
        if key in fields:
            changed[key] = Text(fields[key])
    if "content" in fields:
        changed["content"] = Text(fields["content"], html=is_markup(fields["content"]))
    if "url" in fields:
        changed["link"], changed["others"] = fields["url"], (entry.link, *entry.others)
    if "published_at" in fields:
        changed["published"] = fields["published_at"]
    return replace(entry, **changed) if changed else entry


def _words(entry: Entry, warnings: list[str]) -> tuple[str, str, str]:
    """Return the title as plain words, the body as HTML, and a summary that says more than the body's beginning."""
    content, summary = entry.content, entry.summary
    if not content.value.strip():
        content, summary = summary, Text()
    parts = {
        "title": one_line(entry.title),
        "body": as_html(content),
        "summary": plain(as_html(summary)) if summary.value.strip() else "",
    }
    damaged = []
    for name, text in parts.items():
        mended, is_mended = repair(text)
        parts[name] = unicodedata.normalize("NFC", mended.replace("\r\n", "\n").replace("\r", "\n"))
        damaged += [name] * is_mended
    if damaged and not any("mojibake" in warning for warning in warnings):
        warnings.append(f"mojibake repaired in {', '.join(damaged)}")
    if parts["summary"] and is_beginning(parts["summary"], parts["body"]):
        parts["summary"] = ""
    return parts["title"], parts["body"], parts["summary"]


def _published(entry: Entry, zone: tzinfo, warnings: list[str]) -> Moment | None:
    """The date it was published, else the one it was changed. One that cannot be read is told, never guessed at."""
    for raw in (entry.published, entry.updated):
        if not raw.strip():
            continue
        try:
            return moment(raw, zone)
        except ValueError as error:
            warnings.append(f"its date is not known: {error}")
    return None


def moment(raw: str, zone: tzinfo) -> Moment:
    """Read a date of a feed; one without an offset is in `zone`. Raises `ValueError` for what is none."""
    text = " ".join(raw.split())
    try:
        found = dates.parse(text, zone)
    except ValueError:
        found = _by_mail_rules(text, zone)
    if found.at <= datetime(1970, 1, 2, tzinfo=UTC):
        raise ValueError(f'"{text}" stands for none')
    return found


def _by_mail_rules(text: str, zone: tzinfo) -> Moment:
    """RFC 822, with its comments, years of two digits, and a full stop too many; nothing else that it lets pass."""
    text = _COMMENT.sub("", text).replace(":60", ":59")
    if not _MAIL_DATE.fullmatch(text):
        raise ValueError(f'"{text}" is not a date')
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError) as error:
        raise ValueError(f'"{text}" is not a date') from error
    is_local = at.tzinfo is None and not re.search(r"-0000$", text)
    at = at.replace(tzinfo=zone if is_local else UTC) if at.tzinfo is None else at
    return Moment(at.astimezone(UTC), has_time=True)


def _url(link: str, warnings: list[str]) -> str | None:
    """The canonical URL: a whole web address, escaped where the author's is not."""
    if not link:
        warnings.append("the entry has no link")
        return None
    try:
        parts = urlsplit(link)
        valid = parts.scheme.lower() in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        valid = False
    if not valid or re.search(r"\s", parts.netloc):
        warnings.append(f'its link is no web address: "{link}"')
        return None
    return re.sub(r"[\s<>\"{}|\\^`]|[^\x00-\x7f]", _escaped, link) if not link.isascii() or " " in link else link


def _escaped(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "replace"))


def _urls(url: str | None, others: Sequence[str]) -> tuple[str, ...]:
    """The other addresses: those given, and its own with or without the slash at its end, which servers see as one."""
    if url is None:
        return ()
    found = [other for other in others if other.lower().startswith(("http://", "https://"))]
    parts = urlsplit(url)
    last = parts.path.rstrip("/").rpartition("/")[2]
    if last and "." not in last:
        path = parts.path.rstrip("/") if parts.path.endswith("/") else f"{parts.path}/"
        found.append(urlunsplit(parts._replace(path=path)))
    own = normalise(url)
    return tuple(dict.fromkeys(other for other in found if normalise(other) != own))


def _slug(url: str, title: str, id_: str) -> str:
    """A name for people to type: the last part of the address, else of the title, else of the id."""
    last = unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2])
    words = re.sub(r"[^\w]+", "-", (_ENDING.sub("", last) or title).casefold()).strip("-")
    return words[:80].rstrip("-") or f"entry-{zlib.crc32(id_.encode('utf-8', 'surrogatepass')):08x}"


def _language(entry: Entry, feed: Feed, origin: Origin) -> str | None:
    """The entry's own language, else the feed's, else the configuration's."""
    return (entry.language or feed.language).replace("_", "-") or origin.language
