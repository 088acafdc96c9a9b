"""Where Eleventy puts the page of a file (https://www.11ty.dev/docs/permalinks/). Reads, never runs."""

from __future__ import annotations

import json
import posixpath
import re
import zlib
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from bot.watcher.generators import liquid
from bot.watcher.generators.base import File, Made
from bot.watcher.generators.folder import Folder, at

CONFIGS = (".eleventy.js", *(f"eleventy.config.{ending}" for ending in ("js", "mjs", "cjs", "ts", "mts")))
_INPUT = re.compile(r"""(?:\binput\s*:|setInputDirectory\()\s*["'`]([^"'`]+)["'`]""")
_PREFIX = re.compile(r"""\bpathPrefix\s*:\s*["'`]([^"'`]+)["'`]""")
_PERMALINK = re.compile(r"""["']?\bpermalink\b["']?\s*:\s*(?:(["'`])(.*?)\1|(false)\b)""")
_SCRIPTS = (".11tydata.js", ".11tydata.mjs", ".11tydata.cjs")
_TABLES = (".json", ".11tydata.json")


class Eleventy(Struct):
    """A site of Eleventy's. `top` is its input folder ("" or "name/"); `base` is its `pathPrefix`."""

    root: str
    base: str | None
    mark: str
    top: str
    zone: ZoneInfo | None = None
    _data: dict[str, dict[str, Any]] = field(default_factory=dict)

    def takes(self, path: str) -> bool:  # noqa: ARG002 - the protocol's
        """Whether a file is a page: all are."""
        return True

    def date_zone(self, written: str, *, quoted: bool) -> ZoneInfo | None:  # noqa: ARG002 - the protocol's
        """Return UTC."""
        return ZoneInfo("UTC")

    def page(self, file: File) -> Made:
        """Say where the file's page is."""
        path = file.path.removeprefix(self.top)
        *folders, name = path.split("/")
        stem = name.rpartition(".")[0] or name
        given = self._given(folders, stem)
        written = file.text("permalink") or given.get("permalink")
        if written is False or written == "false":
            return Made(None)
        if not isinstance(written, str) or written == "true":
            where = folders if stem == "index" or (folders and folders[-1] == stem) else [*folders, stem]
            return Made(f"/{'/'.join(where)}/".replace("//", "/"))
        bare = _undated(stem)
        slug = _undated(folders[-1]) if stem == "index" and folders else bare
        page = {
            "fileSlug": "" if slug == "index" else slug,
            "filePathStem": f"/{'/'.join((*folders, bare))}",
            "inputPath": f"./{file.path}",
            "date": file.at.astimezone(UTC) if file.at else None,
            "outputFileExtension": "html",
        }
        filled = liquid.render(written, {**given, **file.values, "page": page})
        target = posixpath.normpath(f"/{filled.lstrip('/')}") + ("/" if filled.endswith("/") else "")
        return Made(target.replace("//", "/").removesuffix("index.html") if target.endswith("/index.html") else target)

    def _given(self, folders: list[str], stem: str) -> dict[str, Any]:
        """Return what the data files of the folders say, the nearest last, and those of the file itself."""
        found: dict[str, Any] = {}
        for depth in range(len(folders) + 1):
            names = folders[:depth]
            own = names[-1] if names else posixpath.basename(self.top.rstrip("/"))
            if own:
                found |= self._table("/".join((*names, own)))
        return found | self._table("/".join((*folders, stem)))

    def _table(self, name: str) -> dict[str, Any]:
        if name not in self._data:
            folder = Folder(Path(self.root, self.top))
            merged: dict[str, Any] = {}
            for text in _texts(folder, name):
                merged |= text
            self._data[name] = merged
        return self._data[name]


def _texts(folder: Folder, name: str) -> Iterator[dict[str, Any]]:
    for ending in _TABLES:
        try:
            value = json.loads(folder.text(name + ending) or "{}")
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            yield value
    for ending in _SCRIPTS:
        if found := _PERMALINK.search(folder.text(name + ending) or ""):
            yield {"permalink": False if found[3] else found[2]}


def _undated(name: str) -> str:
    """Return a name without the date it begins with; it takes two digits for month and day, and a hyphen after."""
    found = re.fullmatch(r"\d{4}-\d{2}-\d{2}-(.*)", name)
    return found[1] if found else name


def is_eleventy(folder: Folder) -> str | None:
    """Return the file that says so, None when the folder holds no Eleventy site."""
    config = folder.first(*CONFIGS)
    if config is None:
        package = folder.table("package.json")
        if not any(at(at(package, kind), "@11ty/eleventy") for kind in ("dependencies", "devDependencies")):
            return None
    return config or "package.json"


def look(place: Path) -> Eleventy | None:
    """Return the site in this folder, None when there is none of Eleventy's."""
    folder = Folder(place)
    config = is_eleventy(folder)
    if config is None:
        return None
    text = folder.text(config) or ""
    written = _INPUT.search(text) if config != "package.json" else None
    top = (written[1] if written else ".").removeprefix("./").strip("/")
    prefix = _PREFIX.search(text) if config != "package.json" else None
    return Eleventy(
        root=str(place),
        base=f"/{prefix[1].strip('/')}" if prefix and prefix[1].strip("/") else None,
        mark=f"eleventy{zlib.crc32(chr(0).join(folder.seen).encode()):08x}",
        top="" if top in {"", "."} else f"{top}/",
    )
