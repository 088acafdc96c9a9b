"""A folder of Markdown files as a source of posts. What does not change is known by its `stat` and never opened."""

from __future__ import annotations

import gc
import os
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from bot.errors import SourceError
from bot.model import Post, Problem
from bot.watcher import generators, globs, reading
from bot.watcher.base import Scan
from bot.watcher.permalink import PRESETS, pattern_problem
from bot.watcher.reading import Item, Site
from bot.watcher.values import Unreadable
from bot.watcher.walk import BadLink, Selection, Walk, is_inside, stamp_of
from bot.watcher.watch import Place

_READER = "2"  # raised whenever the same bytes are to be read in another way
_CONTENT = ("content", "src")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class MarkdownSource:
    """Reads the files of `folder` (absolute) that match `patterns` and not `exclude`, both relative to it.

    Ids and paths of posts are POSIX paths relative to `root`. Hidden files and folders, `node_modules` and `_site` are
    passed over. A link is followed only to what lies in the folder and is not found there by itself.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        *,
        root: Path,
        site_url: str | None,
        permalink: str | None,
        timezone: ZoneInfo,
        language: str | None = None,
        patterns: tuple[str, ...] = globs.DEFAULT,
        exclude: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self._folder = str(folder)
        relative = Path(os.path.relpath(folder, root)).as_posix()
        self._prefix = "" if relative == "." else f"{relative}/"
        self._permalink = permalink
        self._site = Site(
            source=name,
            zone=timezone,
            url=site_url,
            pattern=PRESETS.get(permalink, permalink) if permalink else None,
            language=language,
            sections=_sections(relative),
        )
        self._given_url, self._given_zone = site_url, timezone
        self._selection = Selection(patterns or globs.DEFAULT, exclude)
        chosen = (*patterns, "", *exclude)  # a known stamp says that the file was chosen, too
        self._settings = "\n".join(map(str, (_READER, site_url, permalink, timezone.key, language, name, *chosen)))
        self._mark = f"{zlib.crc32(self._settings.encode()):08x}"
        self._is_prepared = permalink not in generators.NAMES

    def scan(self, known: Mapping[str, str]) -> Scan:
        """Look at all files. Raises `SourceError` when the folder, or one in it, cannot be read."""
        (scan,) = self.parts(known, sys.maxsize)
        return scan

    def parts(self, known: Mapping[str, str], size: int) -> Iterator[Scan]:
        """See `LargeSource`. What there is to read is known before the first file is opened."""
        if self._permalink and (wrong := pattern_problem(self._permalink)) is not None:
            raise SourceError(f"[sources.{self.name}] permalink: {wrong}")
        self._prepare()
        found, unchanged, problems = self._walked(known)
        for start in range(0, len(found) or 1, size):
            yield self._part(found[start : start + size], unchanged, problems)
            unchanged, problems = frozenset(), []

    def _walked(self, known: Mapping[str, str]) -> tuple[list[str], Set[str], list[Problem]]:
        """What is to be read, what is unchanged, and which links are bad."""
        walk = Walk(self._folder, self._prefix, self._selection, dict(known), self._mark)
        found: list[str] = []
        links: list[Problem] = []
        try:
            with _uncollected():
                for item in walk.run():
                    if isinstance(item, BadLink):
                        links.append(self._problem(item.below, item.message))
                    else:
                        found.append(item)
        except SourceError as error:
            raise SourceError(f"[sources.{self.name}] {error}") from error
        unchanged = frozenset(known).difference(walk.left) if walk.left else known.keys()
        return sorted(found), unchanged, links

    def _part(self, found: Sequence[str], unchanged: Set[str], problems: Sequence[Problem]) -> Scan:
        with _uncollected():
            read = [self._read(below, f"{self._folder}/{below}") for below in found]
        bad = sorted([*problems, *(one for one in read if isinstance(one, Problem))], key=lambda one: one.path)
        return Scan(tuple(one for one in read if isinstance(one, Post)), unchanged, tuple(bad))

    def place(self) -> Place:
        """Return what there is to watch for changes."""
        return Place(self._folder, self._concerns)

    def _concerns(self, path: str) -> bool:
        """Whether a change at this path may be one of a post: of a file that may be one, or of a folder of such."""
        below = path.removeprefix(self._folder).lstrip("/")
        if below == path or not below:
            return not below
        is_folder = "." not in below.rpartition("/")[2]
        return self._selection.takes(below) or (is_folder and self._selection.takes_folder(below))

    def look(self, source_id: str) -> Post | Problem | None:
        """Read one file again: None when it is gone, or is no post of this source any more."""
        if not self._is_prepared:
            self._prepare()
        below = source_id.removeprefix(self._prefix)
        path = f"{self._folder}/{below}"
        if not source_id.startswith(self._prefix) or not self._selection.takes(below):
            return None
        return self._read(below, path) if is_inside(path, self._folder) else None

    def read(self, source_id: str) -> Post | None:
        """Read one file again, None when it is gone. Raises `SourceError` when it is there and cannot be read."""
        found = self.look(source_id)
        if isinstance(found, Problem):
            place = f"{found.path}:{found.line}" if found.line else found.path
            raise SourceError(f"{place}: {found.message}")
        return found

    def _read(self, below: str, path: str) -> Post | Problem | None:
        try:
            data, stat = _contents(path)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            return self._problem(below, f"cannot be read ({error.strerror}); look at: ls -l {path}")
        if not below.isascii() and any("\ud800" <= character <= "\udfff" for character in below):
            return self._problem(below, "its name is not UTF-8; rename it")
        *folders, name = below.split("/")
        item = Item(
            source_id=self._prefix + below,
            folders=tuple(folders),
            stem=name.rpartition(".")[0] or name,
            name=name,
            modified=_EPOCH + timedelta(microseconds=stat.st_mtime_ns // 1000),
            stamp=stamp_of(stat, self._mark),
        )
        try:
            return reading.post(data, item, self._site)
        except Unreadable as error:
            return self._problem(below, error.message, error.line)

    def _prepare(self) -> None:
        """Read the configuration of the site's generator, which may have changed, where the addresses are its own."""
        if self._permalink not in generators.NAMES:
            return
        found = generators.find(self._permalink, Path(self._folder))
        self._is_prepared = True
        below = os.path.relpath(self._folder, found.root) if found else "."
        self._site = replace(
            self._site,
            generator=found,
            url=_base(self._given_url, found.base if found else None),
            zone=(found.zone if found else None) or self._given_zone,
            below="" if below == "." else f"{Path(below).as_posix()}/",
        )
        self._mark = f"{zlib.crc32((self._settings + (found.mark if found else '')).encode()):08x}"

    def _problem(self, below: str, message: str, line: int | None = None) -> Problem:
        shown = os.fsencode(self._prefix + below).decode("utf-8", "replace")
        return Problem(path=shown, message=message, line=line, source=self.name, source_id=shown)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the cycle collector out: ten thousand posts make none, and it would look through them again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _contents(path: str) -> tuple[bytes, os.stat_result]:
    """Return the file's bytes, `reading.LARGEST` and one more at most, and its `stat` from before they were read."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        stat = os.fstat(descriptor)
        return os.read(descriptor, min(stat.st_size, reading.LARGEST) + 1), stat
    finally:
        os.close(descriptor)


def _base(given: str | None, own: str | None) -> str | None:
    """Return the address that pages are below: as configured, with the generator's path where that names none."""
    if own is None or not own.startswith(("http://", "https://", "/")):
        return given
    if given is None:
        return own if own[0] != "/" else None
    path = urlsplit(own).path.strip("/")
    return given if urlsplit(given).path.strip("/") or not path else f"{given.rstrip('/')}/{path}"


def _sections(folder: str) -> tuple[str, ...]:
    """Return the folders between a generator's content folder (`content`, `src`; else the root) and the source's."""
    names = tuple(name for name in folder.split("/") if name not in {".", ".."})
    for top in _CONTENT:
        if top in names:
            return names[names.index(top) + 1 :]
    return names
