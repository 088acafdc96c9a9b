"""A folder that may hold a site: its files as text and as tables. Nothing in it is run, and nothing is written."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from bot.watcher import yaml_text
from bot.watcher.values import Unreadable

_MOST = 1_000_000  # bytes of a configuration file
_MARKDOWN = (".md", ".markdown")
_NOT_POSTS = frozenset({"_index.md", "index.md", "readme.md", "license.md", "changelog.md", "contributing.md"})
_PASSED_OVER = frozenset({"node_modules", "_site", "__pycache__", "public", "output", "vendor"})
USUAL = ("posts", "post", "blog", "articles", "writing", "notes", "entries", "journal", "news", "_posts")


class Folder(Struct):
    """One folder. `troubles` collects a sentence for every file that is there and cannot be read.

    `seen` collects the texts that were read: when none of them changes, nothing that was learnt from them does.
    """

    root: Path
    troubles: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)

    def text(self, name: str) -> str | None:
        """Return a file's text, None when it is not there, is no file or is too long."""
        path = self.root / name
        try:
            if not path.is_file() or path.stat().st_size > _MOST:
                return None
            text = path.read_bytes().decode("utf-8-sig", "replace").replace("\r\n", "\n")
        except OSError as error:
            self.troubles.append(f"{name} cannot be read ({error.strerror})")
            return None
        self.seen.append(f"{name}\n{text}")
        return text

    def table(self, name: str) -> dict[str, Any] | None:
        """Return a TOML, YAML or JSON file as a table with values as text, None when it is not there or is none."""
        text = self.text(name)
        if text is None:
            return None
        try:
            value = _READERS[name.rpartition(".")[2]](text)
        except Unreadable as error:
            self.troubles.append(f"{name} cannot be read: {error.message}")
        except (ValueError, RecursionError) as error:
            self.troubles.append(f"{name} cannot be read: {error}")
        else:
            if isinstance(value, dict):
                return value
        return None

    def first(self, *names: str) -> str | None:
        """Return the first of these files that is there."""
        return next((name for name in names if (self.root / name).is_file()), None)

    def has_folder(self, name: str) -> bool:
        """Whether such a folder is there."""
        return (self.root / name).is_dir()

    def folders(self, below: str = "") -> list[str]:
        """Return the names of the visible folders in `below`, sorted."""
        try:
            with os.scandir(self.root / below) as entries:
                names = [entry.name for entry in entries if entry.is_dir()]
        except OSError:
            return []
        return sorted(name for name in names if name[0] != "." and name not in _PASSED_OVER)

    def posts_in(self, below: str) -> int:
        """Return how many Markdown files lie in `below` that may be posts."""
        return sum(1 for _ in self.posts(below))

    def posts(self, below: str) -> Iterator[str]:
        """Yield the Markdown files in `below` that may be posts, as paths relative to it."""
        top = self.root / below
        for folder, inner, files in os.walk(top):
            inner[:] = [name for name in inner if name[0] != "." and name not in _PASSED_OVER]
            where = Path(folder).relative_to(top)
            for name in files:
                bundle = name.lower() == "index.md" and where != Path()
                if name.lower().endswith(_MARKDOWN) and (bundle or name.lower() not in _NOT_POSTS):
                    yield (where / name).as_posix()

    def sections(self, below: str) -> list[str]:
        """Return the folders of posts in `below` (paths with `below`), the usual ones; else `below` itself."""
        inside = self.folders(below)
        prefix = f"{below}/" if below not in {"", "."} else ""
        usual = [name for name in inside if name.lower() in USUAL and self.posts_in(prefix + name)]
        return [prefix + name for name in usual] or [below or "."]


def words(table: Mapping[str, Any] | None, *keys: str) -> str | None:
    """Return the first of these values that is text; a key is found in any case, and `a.b` is `b` in table `a`."""
    for key in keys:
        value: Any = table
        for part in key.split("."):
            value = at(value, part)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return None


def at(table: Any, key: str) -> Any:
    """Return the value at `key`, in any case; None when there is none."""
    if not isinstance(table, Mapping):
        return None
    return next((value for name, value in table.items() if str(name).lower() == key.lower()), None)


def listed(value: Any) -> tuple[str, ...]:
    """Return a text or a list of texts as a tuple of texts."""
    if isinstance(value, str):
        return (value,)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


_READERS: dict[str, Callable[[str], Any]] = {
    "toml": tomllib.loads,
    "yaml": yaml_text.load,
    "yml": yaml_text.load,
    "json": json.loads,
}
