"""Where Pelican puts the page of a file (https://docs.getpelican.com/en/latest/settings.html). Reads, never runs."""

from __future__ import annotations

import ast
import html
import re
import unicodedata
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from bot.watcher.generators.base import File, Made, zone_of
from bot.watcher.generators.folder import Folder
from bot.watcher.generators.letters import to_ascii
from bot.watcher.permalink import DAYS, MONTHS, PermalinkError, UndatedError

CONFIG, PUBLISH = "pelicanconf.py", "publishconf.py"
_SUBSTITUTIONS = ((r"[^\w\s-]", ""), (r"(?u)\A\s*", ""), (r"(?u)\s*\Z", ""), (r"[-\s]+", "-"))
_FIELD = re.compile(r"\{([a-z_]+)(?:\.slug)?(?::([^{}]*))?\}")


def settings(text: str) -> dict[str, Any]:
    """Return the settings that are plain values, or put together of such; what would have to be run is left out."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return {}
    found: dict[str, Any] = {}
    for statement in tree.body:
        if not isinstance(statement, ast.Assign):
            continue
        for target in statement.targets:
            if isinstance(target, ast.Name):
                try:
                    found[target.id] = _value(statement.value, found)
                except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
                    found.pop(target.id, None)
    return found


def _value(node: ast.expr, known: Mapping[str, Any]) -> Any:
    """Return the value of a literal, of a name that has one, or of texts joined by `+`."""
    if isinstance(node, ast.Name) and node.id in known:
        return known[node.id]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _value(node.left, known), _value(node.right, known)
        if isinstance(left, str) and isinstance(right, str):
            return left + right
    return ast.literal_eval(node)


class Pelican(Struct, frozen=True):
    """A site of Pelican's: `values` are its settings, `content` the folder of its texts ("" or "name/")."""

    root: str
    base: str | None
    zone: ZoneInfo | None
    mark: str
    values: Mapping[str, Any]
    content: str

    def takes(self, path: str) -> bool:  # noqa: ARG002 - the protocol's
        """Whether a file is a page: all are."""
        return True

    def date_zone(self, written: str, *, quoted: bool) -> ZoneInfo | None:  # noqa: ARG002 - the protocol's
        """Return the site's zone."""
        return self.zone

    def page(self, file: File) -> Made:
        """Say where the file's page is."""
        if written := file.text("url"):
            return Made(f"/{written.lstrip('/')}")
        names = self._from_path(file)
        default = self._text("DEFAULT_LANG", "en")
        language = (file.text("lang") or names.get("lang") or default).lower()
        if language == default.lower():
            pattern = self._text("ARTICLE_URL", "{slug}.html")
        else:
            pattern = self._text("ARTICLE_LANG_URL", "{slug}-{lang}.html")
        filled = {
            **names,
            "slug": file.text("slug") or names.get("slug") or self._slug(file),
            "lang": language,
            "category": self._spelt(self._category(file, names), "CATEGORY"),
            "author": self._spelt(self._author(file), "AUTHOR"),
        }

        def fill(found: re.Match[str]) -> str:
            if found[1] == "date":
                if file.at is None:
                    raise UndatedError(f'"{pattern}" needs a date')
                return _formed(file.at, found[2] or "%Y-%m-%d %H:%M:%S")
            value = filled.get(found[1]) or file.text(found[1])
            if not value:
                raise PermalinkError(f'"{pattern}" holds "{found[0]}", which this post does not say')
            return value

        return Made("/" + _FIELD.sub(fill, pattern).lstrip("/"))

    def _from_path(self, file: File) -> dict[str, str]:
        """Return what FILENAME_METADATA and PATH_METADATA read in the file's path."""
        path = file.path.removeprefix(self.content)
        stem = path.rpartition("/")[2].rpartition(".")[0]
        found: dict[str, str] = {}
        for key, text in (("FILENAME_METADATA", stem), ("PATH_METADATA", path)):
            try:
                match = re.match(self._text(key, "(?!)"), text)
            except re.error:
                continue
            if match:
                found |= {name.lower(): value for name, value in match.groupdict().items() if value is not None}
        found.pop("date", None)
        return found

    def _category(self, file: File, names: Mapping[str, str]) -> str:
        if own := file.text("category") or names.get("category"):
            return own
        folders = file.path.removeprefix(self.content).split("/")[:-1]
        by_folder = self.values.get("USE_FOLDER_AS_CATEGORY", True) is True
        return folders[-1] if folders and by_folder else self._text("DEFAULT_CATEGORY", "misc")

    def _author(self, file: File) -> str:
        several = re.split(r"[;,]", file.text("authors"))[0].strip()
        return file.text("author") or several or self._text("AUTHOR", "")

    def _slug(self, file: File) -> str:
        stem = file.path.rpartition("/")[2].rpartition(".")[0]
        by_name = self.values.get("SLUGIFY_SOURCE") == "basename"
        return self._spelt(stem if by_name or not file.title else file.title, "")

    def _spelt(self, text: str, kind: str) -> str:
        """Do as Pelican's `slugify`, by the site's own substitutions."""
        text = unicodedata.normalize("NFKC", html.unescape(re.sub(r"(<!--.*?-->|<[^>]*>)", "", text)))
        if self.values.get("SLUGIFY_USE_UNICODE") is not True:
            text = to_ascii(text)
        rules = self.values.get(f"{kind}_REGEX_SUBSTITUTIONS") if kind else None
        rules = rules or self.values.get("SLUG_REGEX_SUBSTITUTIONS") or _SUBSTITUTIONS
        for pattern, new in _pairs(rules):
            try:
                text = re.sub(unicodedata.normalize("NFKC", pattern), new, text, flags=re.IGNORECASE)
            except (re.error, IndexError):
                continue
        if self.values.get("SLUGIFY_PRESERVE_CASE") is not True:
            text = text.lower()
        return text.strip()

    def _text(self, key: str, default: str) -> str:
        value = self.values.get(key)
        return value if isinstance(value, str) and value else default


def look(place: Path) -> Pelican | None:
    """Return the site in this folder, None when there is none of Pelican's."""
    folder = Folder(place)
    text = folder.text(CONFIG)
    if text is None:
        return None
    values = {**settings(text), **settings(folder.text(PUBLISH) or "")}
    content = str(values.get("PATH") or "content").removeprefix("./").strip("/.")
    url, zone = values.get("SITEURL"), values.get("TIMEZONE")
    return Pelican(
        root=str(place),
        base=url if isinstance(url, str) and url else None,
        zone=zone_of(zone) if isinstance(zone, str) else None,
        mark=f"pelican{zlib.crc32(chr(0).join(folder.seen).encode()):08x}",
        values=values,
        content=f"{content}/" if content else "",
    )


def _pairs(rules: object) -> list[tuple[str, str]]:
    if not isinstance(rules, Sequence):
        return []
    return [(rule[0], rule[1]) for rule in rules if len(rule) >= 2 and all(isinstance(part, str) for part in rule[:2])]


def _formed(at: datetime, form: str) -> str:
    """Do as `strftime` in the C locale, which Pelican writes addresses in."""
    named = {"%b": MONTHS[at.month - 1][:3], "%B": MONTHS[at.month - 1]}
    named |= {"%a": DAYS[at.weekday()][:3], "%A": DAYS[at.weekday()], "%Y": f"{at.year:04}"}
    return at.strftime(re.sub("%[bBaAY]", lambda found: named[found[0]], form))
