"""Which files of a folder are there, and which of them have to be read: by `stat` alone, nothing is opened."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext

from msgspec import Struct, field

from bot.errors import SourceError
from bot.watcher import globs

_PASSED_OVER = frozenset({"node_modules", "_site", "__pycache__"})


class BadLink(Struct, frozen=True):
    """A symbolic link that is not followed, and why."""

    below: str
    message: str


def stamp_of(stat: os.stat_result, mark: str) -> str:
    """Return what tells a file's state: its times of change, its size, and the mark of how it is read."""
    return f"{stat.st_mtime_ns}-{stat.st_size}-{stat.st_ctime_ns}-{mark}"


class Selection:
    """Which paths below a folder are posts: they match `patterns`, not `exclude`, and nothing above them is hidden."""

    def __init__(self, patterns: tuple[str, ...], exclude: tuple[str, ...]) -> None:
        endings = globs.endings(patterns)
        self._wanted = globs.compiled(patterns)
        self._excluded = globs.compiled(exclude) if exclude else None
        self.endings = endings or ("",)
        """What the name of a post ends with."""
        self.is_settled = endings is not None and not exclude
        """Whether the ending alone decides about a file."""

    def takes_file(self, below: str) -> bool:
        """Whether the patterns choose this file."""
        return self._wanted.match(below) is not None and not self._excludes(below)

    def takes_folder(self, below: str) -> bool:
        """Whether there may be posts in this folder."""
        name = below.rpartition("/")[2]
        return name[0] != "." and name not in _PASSED_OVER and not self._excludes(below)

    def takes(self, below: str) -> bool:
        """Whether a walk meets this file, by all of its path."""
        names = below.split("/")
        above = ("/".join(names[:depth]) for depth in range(1, len(names)))
        return all(names) and names[-1][0] != "." and all(map(self.takes_folder, above)) and self.takes_file(below)

    def _excludes(self, below: str) -> bool:
        return self._excluded is not None and self._excluded.match(below) is not None


class Walk(Struct):
    """One walk through `folder`. An id is `prefix` and the path below it; `left` maps the known ones to their stamps.

    From `left`, `run` takes out what still has its stamp: what stays is changed or gone. A link is followed only to
    what lies in the folder and is not met at its own place, so nothing is found twice and loops end.
    """

    folder: str
    prefix: str
    selection: Selection
    left: dict[str, str]
    mark: str
    _pending: list[tuple[str, str]] = field(default_factory=list)
    _linked: set[str] = field(default_factory=set)

    def run(self) -> Iterator[str | BadLink]:
        """Yield the POSIX paths, below the folder, of what has to be read. Raises `SourceError`."""
        self._pending.append((self.folder, ""))
        while self._pending:
            path, below = self._pending.pop()
            with _opened(path, at_top=not below) as entries:
                try:
                    yield from self._folder(entries, below)
                except OSError as error:
                    raise _unreadable(path, error) from error

    def _folder(self, entries: Iterable[os.DirEntry[str]], below: str) -> Iterator[str | BadLink]:
        """One folder. The branch for an unchanged file is nearly the whole cost of a scan: it calls nothing of ours."""
        selection, mark, left, take = self.selection, self.mark, self.left, self.left.pop
        endings, is_settled, base = selection.endings, selection.is_settled, self.prefix + below
        for entry in entries:
            name = entry.name
            id_ = base + name
            stamp = take(id_, None)
            if stamp is not None:
                try:
                    stat = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    left[id_] = stamp
                    continue  # it went while we looked
                if stamp == f"{stat.st_mtime_ns}-{stat.st_size}-{stat.st_ctime_ns}-{mark}":
                    continue
                left[id_] = stamp
            if name[0] == ".":
                continue
            if entry.is_file(follow_symlinks=False):
                if name.endswith(endings) and (is_settled or selection.takes_file(below + name)):
                    yield below + name
            else:
                yield from self._no_file(entry, below + name)

    def _no_file(self, entry: os.DirEntry[str], below: str) -> Iterator[str | BadLink]:
        if entry.is_dir(follow_symlinks=False):
            if self.selection.takes_folder(below):
                self._pending.append((entry.path, f"{below}/"))
        elif entry.is_symlink():
            yield from self._link(entry, below)

    def _link(self, entry: os.DirEntry[str], below: str) -> Iterator[str | BadLink]:
        try:
            is_folder, is_file = entry.is_dir(), entry.is_file()
        except OSError:
            is_folder = is_file = False  # a link to itself
        if not (self.selection.takes_folder(below) if is_folder else self.selection.takes_file(below)):
            return
        if not is_inside(entry.path, self.folder):
            yield BadLink(below, "a link out of the source's folder, which is not followed; put the file itself there")
        elif not is_folder and not is_file:
            yield BadLink(below, "a link to something that is not there")
        elif not self._is_met_itself(entry.path, is_folder=is_folder):
            real = os.path.realpath(entry.path)
            if is_file:
                yield below
            elif real not in self._linked:
                self._linked.add(real)
                self._pending.append((entry.path, f"{below}/"))

    def _is_met_itself(self, path: str, *, is_folder: bool) -> bool:
        target = os.path.relpath(os.path.realpath(path), os.path.realpath(self.folder))
        if target == ".":
            return True
        if not is_folder:
            return self.selection.takes(target)
        names = target.split("/")
        return all(self.selection.takes_folder("/".join(names[: depth + 1])) for depth in range(len(names)))


def is_inside(path: str, folder: str) -> bool:
    """Whether a path leads, through all its links, to something in the folder."""
    top, real = os.path.realpath(folder), os.path.realpath(path)
    return real == top or real.startswith(f"{top.rstrip('/')}/")


def _opened(folder: str, *, at_top: bool) -> AbstractContextManager[Iterable[os.DirEntry[str]]]:
    """Open a folder. Its entries come as they are asked for: a list of them would hold every `stat`."""
    try:
        return os.scandir(folder)
    except FileNotFoundError as error:
        if not at_top:
            return nullcontext(())  # it went while we looked
        raise SourceError(f"the folder {folder} does not exist; create it, or mend `path`") from error
    except NotADirectoryError as error:
        raise SourceError(f"{folder} is not a folder; mend `path`") from error
    except OSError as error:
        raise _unreadable(folder, error) from error


def _unreadable(folder: str, error: OSError) -> SourceError:
    return SourceError(f"the folder {folder} cannot be read ({error.strerror}); look at: ls -ld {folder}")
