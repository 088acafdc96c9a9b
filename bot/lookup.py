"""Finds the post a person means: by slug, file name, path, any URL it has or had, or a unique beginning. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import PurePosixPath

from msgspec import Struct

from bot.errors import PostNotFound
from bot.identity import url_name
from bot.model import PostId


class Entry(Struct, frozen=True):
    """One post, and all that it may be called by. `urls` are names as `identity.url_name` makes them."""

    id: PostId
    slug: str
    title: str
    source: str
    source_id: str
    published: datetime | None
    urls: frozenset[str]


def find(name: str, entries: Sequence[Entry]) -> Entry:
    """Return the one post that answers to `name`. Raises `PostNotFound` with the nearest or the several."""
    if not name.strip():
        raise PostNotFound("No post was named. `posse posts` lists them.")
    for answers in (_by_url, _by_slug, _by_path, _by_beginning):
        found = [entry for entry in entries if answers(name.strip(), entry)]
        if len({entry.id for entry in found}) == 1:
            return found[0]
        if found:
            raise PostNotFound(_ambiguous(name, found))
    raise PostNotFound(_unknown(name, entries))


def _by_url(name: str, entry: Entry) -> bool:
    return "://" in name and url_name(name)[1].rstrip("/") in {url.rstrip("/") for url in entry.urls}


def _by_slug(name: str, entry: Entry) -> bool:
    return name in (entry.slug, entry.id)


def _by_path(name: str, entry: Entry) -> bool:
    path = PurePosixPath(name.removeprefix("./"))
    own = PurePosixPath(entry.source_id)
    return path in (own, PurePosixPath(own.name), PurePosixPath(own.stem)) or (
        len(path.parts) > 1 and path.parts == own.parts[-len(path.parts) :]
    )


def _by_beginning(name: str, entry: Entry) -> bool:
    return entry.slug.startswith(name)


def _line(entry: Entry) -> str:
    day = f"{entry.published:%Y-%m-%d}" if entry.published else "no date   "
    return f"  {day}  {entry.slug}  ({entry.source_id})"


def _ambiguous(name: str, found: Sequence[Entry]) -> str:
    newest = sorted(found, key=lambda entry: str(entry.published or ""), reverse=True)
    lines = [f'"{name}" could be {len(found)} posts; name one by its path or its whole slug:']
    lines += [_line(entry) for entry in newest[:10]]
    return "\n".join(lines + (["  …"] if len(newest) > 10 else []))


def _unknown(name: str, entries: Sequence[Entry]) -> str:
    if not entries:
        return f'No post is called "{name}": the sources hold no posts. `posse check` tells why.'
    words = {entry.slug: entry for entry in entries}
    titles = {entry.title.casefold(): entry for entry in entries if entry.title}
    wanted = name.rstrip("/").rpartition("/")[2]
    import difflib

    near = [words[slug] for slug in difflib.get_close_matches(wanted, list(words), n=5, cutoff=0.5)]
    near += [titles[title] for title in difflib.get_close_matches(wanted.casefold(), list(titles), n=3, cutoff=0.6)]
    near += [entry for entry in entries if wanted and wanted.casefold() in entry.slug.casefold()]
    chosen = list({entry.id: entry for entry in near}.values())[:5]
    if not chosen:
        return f'No post is called "{name}". `posse posts` lists all {len(entries)}.'
    return "\n".join([f'No post is called "{name}". The nearest:', *(_line(entry) for entry in chosen)])
