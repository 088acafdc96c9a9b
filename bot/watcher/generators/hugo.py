"""Where Hugo puts the page of a file (https://gohugo.io/configuration/permalinks/). Reads, never runs."""

from __future__ import annotations

import posixpath
import re
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from bot.watcher import dates
from bot.watcher.generators.base import File, Made, texts, zone_of
from bot.watcher.generators.folder import Folder, at, listed, words
from bot.watcher.generators.hugo_names import Names, Tokens, fill

_ENDINGS = ("toml", "yaml", "yml", "json")
CERTAIN = tuple(f"hugo.{ending}" for ending in _ENDINGS)
LIKELY = tuple(f"config.{ending}" for ending in _ENDINGS)
_PARTS = ("permalinks", "params", "frontmatter", "languages", "build")
_KEYS = {"baseurl", "languagecode", "defaultcontentlanguage", "theme", "permalinks", "params", "markup", "contentdir"}
_OCTAL = re.compile(r"0[0-7]+")


def settings(folder: Folder) -> tuple[str | None, dict[str, Any]]:
    """Return the configuration's file and what it says, the parts in `config/` among it; (None, {}) for no Hugo."""
    for name in (*CERTAIN, *LIKELY, *(f"config/_default/{name}" for name in (*CERTAIN, *LIKELY))):
        values = folder.table(name)
        if values is None:
            continue
        if name in LIKELY and not _is_hugo(values, folder):
            continue
        for stage in ("_default", "production"):
            _add_stage(folder, f"config/{stage}", values)
        return name, values
    return None, {}


def _add_stage(folder: Folder, stage: str, values: dict[str, Any]) -> None:
    if not folder.has_folder(stage):
        return
    for name in (*CERTAIN, *LIKELY) if stage.endswith("production") else ():
        _merge(values, folder.table(f"{stage}/{name}") or {})
    for part in _PARTS:
        for ending in _ENDINGS:
            if (extra := folder.table(f"{stage}/{part}.{ending}")) is not None:
                _merge(values, {part: extra})
    for key in list(at(values, "languages") or {}):
        for ending in _ENDINGS:
            if (extra := folder.table(f"{stage}/permalinks.{key}.{ending}")) is not None:
                _merge(values, {"languages": {key: {"permalinks": extra}}})


def _merge(into: dict[str, Any], new: Mapping[str, Any]) -> None:
    for key, value in new.items():
        name = next((old for old in into if str(old).lower() == str(key).lower()), key)
        if isinstance(into.get(name), dict) and isinstance(value, Mapping):
            _merge(into[name], value)
        else:
            into[name] = value


def _is_hugo(values: Mapping[str, Any], folder: Folder) -> bool:
    keys = {str(key).lower() for key in values}
    ours = keys & {"sources", "accounts", "guards"}
    return not ours and "base_url" not in keys and bool(keys & _KEYS) and folder.has_folder("content")


class Language(Struct, frozen=True):
    """One language of a site: its prefix ("" or "/nn"), its own content folder, patterns and address if it has any."""

    key: str
    prefix: str
    content: str
    permalinks: Mapping[str, Any]
    base: str | None = None


class Hugo(Struct):
    """A site of Hugo's.

    `languages` has the default one first; `ugly` is one flag, or one for each section; `off`
    are the languages that are not built.
    """

    root: str
    base: str | None
    zone: ZoneInfo | None
    mark: str
    names: Names
    languages: tuple[Language, ...]
    ugly: Mapping[str, bool] | bool
    slug_in_name: bool
    off: frozenset[str] = frozenset()
    _bundles: dict[str, bool] = field(default_factory=dict)
    _indexed: dict[str, bool] = field(default_factory=dict)

    def takes(self, path: str) -> bool:
        """Whether a file is a page: what lies in the folder of an `index.md` belongs to that page."""
        stem = self._stem(posixpath.basename(path))[0]
        folder = posixpath.dirname(path)
        if stem == "index":
            folder = posixpath.dirname(folder)
        while folder:
            if self._has(self._bundles, folder, "index"):
                return False
            folder = posixpath.dirname(folder)
        return True

    def date_zone(self, written: str, *, quoted: bool) -> ZoneInfo | None:  # noqa: ARG002 - the protocol's
        """Return the site's zone."""
        return self.zone

    def page(self, file: File) -> Made:
        """Say where the file's page is."""
        if _is_not_rendered(file) or self._is_off(file.path):
            return Made(None)
        stem, spoken = self._stem(posixpath.basename(file.path))
        language = spoken or self._by_folder(file.path) or self.languages[0]
        below = _within(file.path, language.content) or _within(file.path, self.languages[0].content) or file.path
        folders = below.split("/")[:-1]
        name = folders.pop() if stem == "index" and folders else stem
        slug = _spelt_slug(file)
        if self.slug_in_name and not slug:
            _, rest = dates.from_name(name)
            slug = rest if rest != name else ""
        path, is_whole = self._path(file, language, folders, name, slug)
        if not is_whole:
            path = f"{language.prefix}/{path.lstrip('/')}"
        top = folders[0] if folders else ""
        return Made(path, language.base, tuple(self._aliases(file, language, path, top)))

    def _path(self, file: File, language: Language, folders: list[str], name: str, slug: str) -> tuple[str, bool]:
        """Return the path and whether it stands at the top of the site, whatever the language."""
        tokens = Tokens(file.title, slug, name, self._sections(file.path, folders, language), file.at)
        written = file.text("url")
        if written:
            path = fill(written, tokens, self.names) if ":" in written else written
            bare = posixpath.splitext(posixpath.basename(path))[1] == "" and not path.endswith("/")
            return ("/" + path.lstrip("/") + ("/" if bare else "")).removesuffix("index.html"), written.startswith("/")
        top = folders[0] if folders else ""
        pattern = _pattern(language.permalinks, top) if top else None
        if pattern is not None:
            path = re.sub("//+", "/", "/" + fill(pattern, tokens, self.names)).rstrip("/")
        else:
            where = self.names.of_path("/".join(folders))
            path = f"/{where}/{self.names.sanitized(slug) if slug else self.names.of_path(name)}".replace("//", "/")
        if self._is_ugly(top):
            return (path if path.endswith(".html") else f"{path}.html"), False
        return f"{path.rstrip('/')}/", False  # also what ends in `.html`

    def _is_off(self, path: str) -> bool:
        """Whether a file is in a language that is not built."""
        return posixpath.basename(path).lower().split(".")[-2] in self.off

    def _is_ugly(self, section: str) -> bool:
        if isinstance(self.ugly, bool):
            return self.ugly
        return self.ugly.get(section.lower(), False)

    def _sections(self, path: str, folders: list[str], language: Language) -> list[str]:
        """Return the folders down to the nearest that holds an `_index.md`; the first one is always a section."""
        content = path.split("/")[: path.count("/") - len(folders)] if folders else []
        content = [part for part in language.content.split("/") if part] if not folders else content
        if posixpath.basename(path).startswith("index."):
            content = path.split("/")[: path.count("/") - len(folders) - 1]
        for depth in range(len(folders), 1, -1):
            if self._has(self._indexed, "/".join((*content, *folders[:depth])), "_index"):
                return folders[:depth]
        return folders[:1]

    def _stem(self, name: str) -> tuple[str, Language | None]:
        """Return a file's name without its ending and its language, and that language."""
        stem = name.rpartition(".")[0] or name
        rest, _, code = stem.rpartition(".")
        if rest and (found := next((lang for lang in self.languages if lang.key == code.lower()), None)):
            return rest, found
        return stem, None

    def _by_folder(self, path: str) -> Language | None:
        inside = [lang for lang in self.languages if _within(path, lang.content) is not None]
        return max(inside, key=lambda lang: len(lang.content), default=None)

    def _has(self, known: dict[str, bool], folder: str, stem: str) -> bool:
        if folder not in known:
            try:
                found = [path.name for path in Path(self.root, folder).iterdir()]
            except OSError:
                found = []
            known[folder] = any(name.startswith(f"{stem}.") and self._stem(name)[0] == stem for name in found)
        return known[folder]

    def _aliases(self, file: File, language: Language, path: str, section: str) -> Iterator[str]:
        """Yield the page's former addresses; one that is relative is beside the page."""
        for written in texts(file.values.get("aliases")):
            if not written.strip() or "://" in written:
                continue
            alias = written.strip()
            if not alias.startswith("/"):
                alias = posixpath.join(posixpath.dirname(path.rstrip("/")), alias)
            elif language.prefix and not alias.startswith(f"{language.prefix}/"):
                yield alias
            alias = posixpath.normpath(alias)
            ugly = self._is_ugly(section) and not alias.endswith(".html")
            yield f"{alias}.html" if ugly else alias if alias.endswith(".html") else f"{alias.rstrip('/')}/"


def look(place: Path) -> Hugo | None:
    """Return the site in this folder, None when there is none of Hugo's."""
    folder = Folder(place)
    config, values = settings(folder)
    if config is None:
        return None
    ugly = at(values, "uglyURLs")
    table = {str(key).lower(): _true(value) for key, value in ugly.items()} if isinstance(ugly, Mapping) else None
    return Hugo(
        root=str(place),
        base=words(values, "baseURL"),
        zone=zone_of(words(values, "timeZone")),
        mark=f"hugo{zlib.crc32(chr(0).join(folder.seen).encode()):08x}",
        names=Names(lower=not _true(at(values, "disablePathToLower")), plain=_true(at(values, "removePathAccents"))),
        languages=_languages(values),
        ugly=_true(ugly) if table is None else table,
        slug_in_name=":filename" in listed(at(at(values, "frontmatter"), "date")),
        off=_off(values),
    )


def _languages(values: Mapping[str, Any]) -> tuple[Language, ...]:
    content = (words(values, "contentDir") or "content").strip("/")
    default = (words(values, "defaultContentLanguage") or "en").lower()
    tables = {str(key).lower(): table for key, table in (at(values, "languages") or {}).items()}
    off = _off(values)
    permalinks = at(values, "permalinks") or {}
    several = len(tables) > 1
    hosts = sum(1 for table in tables.values() if words(table, "baseURL")) == len(tables) > 0
    found = []
    for key in (default, *(key for key in tables if key != default)):
        table = tables.get(key, {})
        if key in off:
            continue
        in_folder = key != default or (_true(at(values, "defaultContentLanguageInSubdir")) and (several or not hosts))
        found.append(
            Language(
                key=key,
                prefix=f"/{key}" if in_folder and not hosts else "",
                content=(words(table, "contentDir") or content).strip("/"),
                permalinks=at(table, "permalinks") or permalinks,
                base=words(table, "baseURL") if hosts else None,
            )
        )
    return tuple(found)


def _off(values: Mapping[str, Any]) -> frozenset[str]:
    """Return the languages that are not built."""
    tables = (at(values, "languages") or {}).items()
    named = {str(key).lower() for key, table in tables if _true(at(table, "disabled"))}
    return frozenset(named | {name.lower() for name in listed(at(values, "disableLanguages"))})


def _pattern(permalinks: Mapping[str, Any], section: str) -> str | None:
    by_kind = at(permalinks, "page")
    return (words(by_kind, section) if isinstance(by_kind, Mapping) else None) or words(permalinks, section)


def _is_not_rendered(file: File) -> bool:
    for key in ("build", "_build"):
        if isinstance(table := file.values.get(key), dict) and table.get("render") in ("never", "false", "link"):
            return True
    return file.text("headless") == "true"


def _spelt_slug(file: File) -> str:
    """Return the slug as Hugo reads it: YAML makes a number of `0123`."""
    slug = file.text("slug").strip("/")
    if _OCTAL.fullmatch(slug) and not file.is_quoted("slug"):
        return str(int(slug, 8))
    return slug


def _within(path: str, folder: str) -> str | None:
    return path.removeprefix(f"{folder}/") if path.startswith(f"{folder}/") else None


def _true(value: object) -> bool:
    return str(value).lower() == "true"
