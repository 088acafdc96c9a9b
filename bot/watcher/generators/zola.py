"""Where Zola puts the page of a file (https://www.getzola.org/documentation/content/page/). Reads, never runs."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import Struct

from bot.watcher.generators.base import File, Made, texts
from bot.watcher.generators.folder import Folder, at, words
from bot.watcher.generators.letters import to_ascii

_DATED = re.compile(r"\d{4}-\d{2}-\d{2}(?:T[0-9:.]+(?:Z|[+-]\d{2}:\d{2})?)?(?:_|-)(.+)", re.DOTALL)
_UNSAFE = re.compile(r'[\0<>:"/\\|?*#%\n\r\t(){}\[\]&$^~]')


class Zola(Struct, frozen=True):
    """A site of Zola's. `how` is `slugify.paths`: on, safe or off."""

    root: str
    base: str | None
    mark: str
    how: str
    keep_dates: bool
    languages: frozenset[str]
    zone: ZoneInfo | None = None

    def takes(self, path: str) -> bool:  # noqa: ARG002 - the protocol's
        """Whether a file is a page: all are."""
        return True

    def date_zone(self, written: str, *, quoted: bool) -> ZoneInfo | None:  # noqa: ARG002 - the protocol's
        """Return UTC."""
        return ZoneInfo("UTC")

    def page(self, file: File) -> Made:
        """Say where the file's page is."""
        if file.text("render") == "false":
            return Made(None)
        *folders, name = file.path.removeprefix("content/").split("/")
        stem = name.rpartition(".")[0] or name
        rest, _, code = stem.rpartition(".")
        language = code if rest and code in self.languages else ""
        stem = rest if language else stem
        if stem == "index" and folders:
            stem = folders.pop()
        dated = None if self.keep_dates else _DATED.fullmatch(stem)
        slug = file.text("slug") or (dated[1].strip() if dated else stem)
        aliases = tuple(texts(file.values.get("aliases")))
        if written := file.text("path").strip("/"):
            return Made(f"/{written}/", aliases=aliases)
        parts = [*([language] if language else []), *map(self._spelt, folders), self._spelt(slug)]
        return Made(f"/{'/'.join(parts)}/", aliases=aliases)

    def _spelt(self, text: str) -> str:
        if self.how == "off":
            return text
        if self.how == "safe":
            return re.sub(r"\s+", "_", _UNSAFE.sub("", text).strip())
        return re.sub(r"[^a-z0-9]+", "-", to_ascii(text).lower()).strip("-")


def look(place: Path) -> Zola | None:
    """Return the site in this folder, None when there is none of Zola's."""
    folder = Folder(place)
    for name in ("zola.toml", "config.toml"):
        values = folder.table(name)
        if words(values, "base_url"):
            break
    else:
        return None
    slugify = at(values, "slugify")
    how = words(slugify, "paths") if isinstance(slugify, Mapping) else None
    languages = at(values, "languages")
    return Zola(
        root=str(place),
        base=words(values, "base_url"),
        mark=f"zola{zlib.crc32(chr(0).join(folder.seen).encode()):08x}",
        how=how or "on",
        keep_dates=at(slugify, "paths_keep_dates") is True,
        languages=frozenset(languages) if isinstance(languages, Mapping) else frozenset(),
    )
