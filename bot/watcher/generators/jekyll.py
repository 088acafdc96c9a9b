"""Where Jekyll puts the page of a file (https://jekyllrb.com/docs/permalinks/). Reads, never runs."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from bot.watcher import dates, globs, permalink
from bot.watcher.generators.base import File, Made, texts, zone_of
from bot.watcher.generators.folder import Folder, at, words
from bot.watcher.permalink import STYLES, Place

CONFIGS = ("_config.yml", "_config.yaml", "_config.toml")
_SUFFIXES = {"pretty": "/", "date": ":output_ext", "ordinal": ":output_ext", "none": ":output_ext"}
# What YAML 1.1 takes for a point in time, in UTC where no offset stands in it; all else Ruby reads in the site's zone.
_TIMESTAMP = re.compile(r"\d{4}-\d\d?-\d\d?(?:[Tt]|\s+)\d\d?:\d\d:\d\d(?:\.\d*)?")


class Scope(Struct, frozen=True):
    """One entry of `defaults`: for which files it is, and the values it gives them."""

    path: str
    type: str | None
    values: Mapping[str, Any]

    def fits(self, path: str, type_: str) -> bool:
        """Whether the entry is for this file; a path without a star is for all that begin so, also `newsletter`."""
        if self.type and self.type != type_:
            return False
        if "*" not in self.path:
            return path.startswith(self.path)
        return globs.compiled((f"/{self.path.strip('/')}",)).match(path) is not None


class Jekyll(Struct, frozen=True):
    """A site of Jekyll's. `source` and `inside` are the folders of all, and of collections ("" or "name/")."""

    root: str
    base: str | None
    zone: ZoneInfo | None
    mark: str
    source: str
    inside: str
    style: str | None
    collections: Mapping[str, Mapping[str, Any]]
    scopes: tuple[Scope, ...]

    def takes(self, path: str) -> bool:  # noqa: ARG002 - the protocol's
        """Whether a file is a page: all are."""
        return True

    def date_zone(self, written: str, *, quoted: bool) -> ZoneInfo | None:
        """Return UTC for what YAML reads as a point in time, else the site's zone."""
        if not quoted and _TIMESTAMP.fullmatch(written.strip()):
            return ZoneInfo("UTC")
        return self.zone

    def page(self, file: File) -> Made:
        """Say where the file's page is."""
        path = file.path.removeprefix(self.source)
        kind, below = self._kind(path)
        collection = self.collections.get(kind, {})
        if kind not in {"posts", "pages", "drafts"} and at(collection, "output") not in ("true", True):
            return Made(None)
        given = self._defaults(path, kind)
        if "published" not in file.values and str(given.get("published")).lower() == "false":
            return Made(None)
        own = file.text("permalink") or words(given, "permalink") or ""
        pattern: str = own or self._pattern(kind, collection)
        *folders, name = below.split("/")
        stem = name.rpartition(".")[0] or name
        rest = dates.from_name(stem)[1] if kind != "pages" else stem
        slug = file.text("slug") or words(given, "slug") or rest.rstrip(".")
        fields = {
            ":collection": kind,
            ":path": "/".join((*_above(path, self.inside), *folders, stem)) if kind != "pages" else "/".join(folders),
            ":name": permalink.slugify(stem),
            ":basename": stem,
        }
        place = Place(
            slug=slug,
            name=rest,
            categories=tuple(self._categories(file, path, given)),
            at=file.at.astimezone(self.zone or file.zone) if file.at else None,
        )
        pattern = re.sub(
            r":(collection|path|name|basename)\b",
            lambda found: permalink.encode(fields[found[0]]).replace(":", "%3A"),
            pattern,
        )
        path = permalink.expand(pattern if pattern.startswith("/") else f"/{pattern}", place)
        return Made(path + "index.html" * pattern.endswith("/index.html"), is_encoded=True)

    def _kind(self, path: str) -> tuple[str, str]:
        """Return the collection that a file is of, and its path in there; `pages` where it is of none."""
        inside = path.removeprefix(self.inside)
        parts = inside.split("/")
        for folder, kind in (("_posts", "posts"), ("_drafts", "drafts")):
            if folder in parts[:-1]:
                return kind, "/".join(parts[parts.index(folder) + 1 :])
        if len(parts) > 1 and parts[0][:1] == "_" and parts[0][1:] in self.collections:
            return parts[0][1:], "/".join(parts[1:])
        return "pages", path

    def _pattern(self, kind: str, collection: Mapping[str, Any]) -> str:
        style = self.style or "date"
        if kind in {"posts", "drafts"}:
            own = words(self.collections.get("posts", {}), "permalink") or style
            return STYLES.get(own, own)
        special = words(collection, "permalink")
        if special is not None:
            return special
        base = "/:path/:basename" if kind == "pages" else "/:collection/:path"
        if style in STYLES:
            return base + _SUFFIXES.get(style, "")
        return base + ("/" if style.endswith("/") else ":output_ext" if style.endswith(":output_ext") else "")

    def _defaults(self, path: str, kind: str) -> dict[str, Any]:
        """Return what `defaults` give to a file: the more exact path wins, then the more exact type, then the last."""
        fitting = [scope for scope in self.scopes if scope.fits(path, "posts" if kind == "drafts" else kind)]
        found: dict[str, Any] = {}
        for scope in sorted(fitting, key=lambda scope: (len(scope.path), scope.type is not None)):
            found |= scope.values
        return found

    def _categories(self, file: File, path: str, given: Mapping[str, Any]) -> Iterator[str]:
        """Yield the folders above `_posts`, then what the defaults and the front matter say."""
        yield from _above(path, self.inside)
        yield from _listed(given.get("categories"))
        yield from _listed(file.values.get("categories"))
        one = file.values.get("category", given.get("category"))
        yield from [one] if isinstance(one, str) else texts(one)


def _above(path: str, inside: str) -> list[str]:
    """Return the folders above `_posts`."""
    folders = path.removeprefix(inside).split("/")
    return folders[: folders.index("_posts")] if "_posts" in folders else []


def _listed(value: Any) -> list[str]:
    return value.split() if isinstance(value, str) else list(texts(value))


def look(place: Path) -> Jekyll | None:
    """Return the site in this folder, None when there is none of Jekyll's."""
    folder = Folder(place)
    config = folder.first(*CONFIGS)
    if config is None:
        return None
    values = folder.table(config) or {}
    source = (words(values, "source") or "").removeprefix("./").strip("/.")
    inside = (words(values, "collections_dir") or "").strip("/.")
    named = at(values, "collections")
    if isinstance(named, list):
        named = {name: {} for name in named if isinstance(name, str)}
    entries = at(values, "defaults")
    url = words(values, "url")
    return Jekyll(
        root=str(place),
        base=f"{(url or '').rstrip('/')}/{(words(values, 'baseurl') or '').strip('/')}",
        zone=zone_of(words(values, "timezone")),
        mark=f"jekyll{zlib.crc32(chr(0).join(folder.seen).encode()):08x}",
        source=f"{source}/" if source else "",
        inside=f"{inside}/" if inside else "",
        style=words(values, "permalink"),
        collections={name: table if isinstance(table, dict) else {} for name, table in (named or {}).items()},
        scopes=tuple(
            Scope((words(entry, "scope.path") or "").removeprefix("/"), words(entry, "scope.type"), given)
            for entry in (entries if isinstance(entries, list) else [])
            if isinstance(given := at(entry, "values"), dict)
        ),
    )
