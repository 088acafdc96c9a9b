"""What a look at a folder tells of the site it holds. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct, field


class Kind(StrEnum):
    """What makes the site; the value is its name for people."""

    JEKYLL = "Jekyll"
    HUGO = "Hugo"
    ZOLA = "Zola"
    ELEVENTY = "Eleventy"
    PELICAN = "Pelican"
    FOLDER = "a folder of Markdown files"
    FEED = "a feed"


class Posts(Struct, frozen=True):
    """One folder of posts. `path` is relative to the site's folder, `permalink` as `[sources.NAME]` has it.

    Of a feed `path` is its address.
    """

    name: str
    path: str
    permalink: str | None = None
    patterns: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


class Found(Struct, frozen=True):
    """A site. `base` is its folder relative to the one that was asked about ("" when it is that one).

    `config` is the generator's own file, relative to `base`. `notes` are sentences about what could not be learnt and
    a person must fill in. `chores` are what the person must do so that the generator leaves `posse.toml` and `.posse/`
    alone, `peace` why there is nothing to do. `data` is the folder in which the generator looks for data files.
    """

    kind: Kind
    posts: tuple[Posts, ...]
    base: str = ""
    config: str = ""
    url: str | None = None
    language: str | None = None
    timezone: str | None = None
    notes: tuple[str, ...] = ()
    chores: tuple[str, ...] = ()
    peace: str = ""
    data: str | None = None


class Notes(Struct):
    """Sentences being collected, each once."""

    lines: list[str] = field(default_factory=list)

    def add(self, line: str) -> None:
        """Take one in."""
        if line not in self.lines:
            self.lines.append(line)


def joined(url: str | None, below: str = "") -> str | None:
    """Return a web address with a path joined to it and no slash at its end; None for what is no such address."""
    address = (url or "").strip()
    if not address.lower().startswith(("http://", "https://")) or "{" in address:
        return None
    path = below.strip().strip("/")
    return address.rstrip("/") + (f"/{path}" if path else "")


def source_names(paths: Iterable[str]) -> dict[str, str]:
    """Return a name for each path that `[sources.NAME]` takes: its last part, made unique."""
    names: dict[str, str] = {}
    for path in paths:
        last = path.rstrip("/").rpartition("/")[2]
        plain = "".join(char if char.isascii() and (char.isalnum() or char in "-_") else "-" for char in last)
        name = plain.strip("-_") or "blog"
        number = 2
        while name in names.values():
            name, number = f"{plain.strip('-_') or 'blog'}-{number}", number + 1
        names[path] = name
    return names
