"""From the bytes of one file to a post. Pure: the file has been read by who calls."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from msgspec import Struct

from bot.model import Post
from bot.watcher import addresses, dates, fields, settings
from bot.watcher.dates import Moment
from bot.watcher.frontmatter import Matter, Parts, cut, line_of, load, top_key
from bot.watcher.generators.base import File, Generator
from bot.watcher.permalink import Place
from bot.watcher.values import Unreadable, Value
from bot.watcher.words import text_hash

LARGEST = 5_000_000
"""Bytes: what is longer is no post."""

_BUNDLE = "index"
_NOTES = frozenset({"readme", "license", "licence", "changelog", "contributing", "todo"})
_FILE_TIMES = frozenset({"created", "last modified", "git created", "git last modified"})  # Eleventy's words
_DATES = ("date", "publishdate", "pubdate", "published", "created")


class Site(Struct, frozen=True):
    """What a source knows of the site its files make.

    `pattern` is expanded for a post with no address of its own; `sections` are the folders between the site's content
    folder and the source's. A `generator` makes the addresses itself; `below` is the path from its folder to the
    source's ("" or "name/").
    """

    source: str
    zone: ZoneInfo
    url: str | None = None
    pattern: str | None = None
    language: str | None = None
    sections: tuple[str, ...] = ()
    generator: Generator | None = None
    below: str = ""


class Item(Struct, frozen=True):
    """One file: its id (a POSIX path relative to the configuration), and the path below the source's folder, cut up."""

    source_id: str
    folders: tuple[str, ...]
    stem: str
    modified: datetime
    stamp: str
    name: str = ""


def post(data: bytes, item: Item, site: Site) -> Post | None:
    """Read a post; None when the file is none: a README or another file of the kind without front matter.

    Raises `Unreadable`, always with a line where one is to blame.
    """
    parts, repaired = _mended(cut(_decoded(data)))
    matter = load(parts)
    if _is_passed_over(matter, item) or (site.generator and not site.generator.takes(_path_of(item, site))):
        return None
    try:
        return _post(matter, item, site, repaired)
    except Unreadable as error:
        if error.line is None and error.keys:
            raise Unreadable(error.message, line=line_of(matter, error.keys)) from error
        raise


def _post(matter: Matter, item: Item, site: Site, repaired: tuple[str, ...]) -> Post:
    values = matter.values
    folders, (name_date, name) = _name(item)
    slug = fields.text(values, "slug").strip("/") or name
    title = fields.text(values, "title")
    published = _published(matter, name_date, site)
    is_draft = _is_draft(values, item)
    if published is None and matter.found and _is_in("_posts", item) and not is_draft:
        raise Unreadable("no date, neither in the front matter nor in the file name (2024-06-19-slug.md)", line=1)
    categories = fields.taxonomy(values, "categories")
    place = Place(
        slug=slug,
        name=name,
        title=title,
        folders=folders,
        sections=site.sections,
        categories=(*_above_posts(folders), *(categories or fields.names(values, "category"))),
        at=published.at.astimezone(site.zone) if published else None,
        file=item.folders[-1] if item.stem == _BUNDLE and item.folders else item.stem,
    )
    written = published.written if published else None
    file = File(_path_of(item, site), values, matter.head, title, written, site.zone)
    make = partial(site.generator.page, file) if site.generator is not None else None
    found = addresses.find(values, place, site.url, site.pattern, make)
    warnings = (f"mojibake repaired in {', '.join(repaired)}",) if repaired else ()
    language = fields.text(values, "lang") or fields.text(values, "language")
    return Post(
        source=site.source,
        source_id=item.source_id,
        slug=slug,
        url=found.url,
        title=title,
        body=matter.body,
        path=item.source_id,
        urls=found.urls,
        summary=fields.summary(values),
        published=published.at if published else None,
        has_time=published.has_time if published else False,
        tags=fields.taxonomy(values, "tags"),
        categories=categories,
        language=language.replace("_", "-") or site.language,
        draft=is_draft,
        images=fields.images(values),
        settings=settings.read(values, site.zone),
        warnings=(*warnings, *found.warnings),
        modified=item.modified,
        stamp=item.stamp,
        text_hash=text_hash(matter.body),
    )


def _decoded(data: bytes) -> str:
    """Return the text in NFC, with newlines only and without a BOM."""
    if len(data) > LARGEST:
        raise Unreadable(f"larger than {LARGEST // 1_000_000} MB: this is not a post")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable("not UTF-8 but UTF-16; save it as UTF-8", line=1)
    try:
        text = data.decode("utf-8-sig" if data.startswith(b"\xef\xbb\xbf") else "utf-8")
    except UnicodeDecodeError as error:
        at = error.start + (3 if data.startswith(b"\xef\xbb\xbf") else 0)
        line = _line(data[:at])
        message = f"not UTF-8 (byte 0x{data[at]:02X} in line {line}, offset {at}); save it as UTF-8"
        raise Unreadable(message, line=line) from error
    if "\0" in text:
        line = _line(data[: data.index(b"\0")])
        raise Unreadable(f"a NUL byte in line {line}: this is not text; save it as UTF-8", line=line)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _line(before: bytes) -> int:
    return len(re.findall(rb"\r\n|\r|\n", before)) + 1


def _mended(parts: Parts) -> tuple[Parts, tuple[str, ...]]:
    """Repair mojibake in the front matter and the body; name the keys it was found in, and `body`."""
    if parts.head.isascii() and parts.body.isascii():
        return parts, ()
    from bot.formatter.repair import repair

    head, in_head = repair(parts.head)
    body, in_body = repair(parts.body)
    places = _changed_keys(parts.head, head) if in_head else ()
    return Parts(parts.handler, head, body, parts.line), (*places, *(("body",) if in_body else ()))


def _changed_keys(before: str, after: str) -> tuple[str, ...]:
    keys: dict[str, None] = {}
    key = "front matter"
    for old, new in zip(before.split("\n"), after.split("\n"), strict=False):
        key = top_key(new) or key
        if old != new:
            keys[key] = None
    return tuple(keys)


def _name(item: Item) -> tuple[tuple[str, ...], tuple[str, str]]:
    """Return the folders around the post, and its name as (date, rest); a bundle's `index.md` has its folder's."""
    if item.stem == _BUNDLE and item.folders:
        return item.folders[:-1], dates.from_name(item.folders[-1])
    return item.folders, dates.from_name(item.stem)


def _is_passed_over(matter: Matter, item: Item) -> bool:
    """Whether a file is no post: a section's page, a note to the site's keepers, or one that Jekyll would not take."""
    if item.stem == "_index" or (item.stem == _BUNDLE and not item.folders):
        return True
    if matter.found:
        return False
    undated = _is_in("_posts", item) and not _name(item)[1][0]
    return undated or item.stem.lower() in _NOTES


def _is_in(folder: str, item: Item) -> bool:
    return f"/{folder}/" in f"/{item.source_id}"


def _is_draft(values: Mapping[str, Value], item: Item) -> bool:
    if _is_in("_drafts", item) or fields.flag(values, "draft"):
        return True
    if fields.text(values, "status").lower() in {"draft", "hidden"}:
        return True
    return fields.text(values, "published").lower() in {"false", "no", "off"}


def _path_of(item: Item, site: Site) -> str:
    return f"{site.below}{'/'.join((*item.folders, item.name))}"


def _published(matter: Matter, name_date: str, site: Site) -> Moment | None:
    """Return the front matter's date, else the file name's. The year 1 is Hugo's way to write that there is none."""
    values, zone = matter.values, site.zone
    for key in _DATES:
        if key not in values:
            continue
        raw = fields.text(values, key)
        if not raw or raw.startswith("0001-") or (not raw[0].isdigit() and _is_no_date(key, raw.lower())):
            continue
        if site.generator is not None:
            quoted = File("", values, matter.head).is_quoted(key)
            zone = site.generator.date_zone(raw, quoted=quoted) or site.zone
        try:
            return dates.parse(raw, zone)
        except ValueError as error:
            raise Unreadable(f'"{key}": {error}; write 2024-06-19 or 2024-06-19 18:47 -0500', keys=(key,)) from error
    return _named(name_date, site) if name_date else None


def _is_no_date(key: str, word: str) -> bool:
    """Whether a word at `key` is a switch, or Eleventy's way to ask for the file's own time."""
    return word in _FILE_TIMES or (key == "published" and word in {"true", "yes", "on", "false", "no", "off"})


def _named(name_date: str, site: Site) -> Moment:
    zone = (site.generator.date_zone(name_date, quoted=False) if site.generator else None) or site.zone
    try:
        return dates.parse(name_date, zone)
    except ValueError as error:
        raise Unreadable(f"the date in the file's name: {error}; rename it, or write a date in it") from error


def _above_posts(folders: tuple[str, ...]) -> tuple[str, ...]:
    """Return Jekyll's categories by folder: those above `_posts`."""
    return folders[: folders.index("_posts")] if "_posts" in folders else ()
