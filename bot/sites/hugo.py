"""What Hugo's own configuration tells (https://gohugo.io/configuration/). Reads, never runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.sites.folder import Folder, at, listed, words
from bot.sites.found import Found, Kind, Notes, Posts, joined, source_names
from bot.watcher.permalink import pattern_problem

_ENDINGS = ("toml", "yaml", "yml", "json")
_CERTAIN = tuple(f"hugo.{ending}" for ending in _ENDINGS)
_LIKELY = tuple(f"config.{ending}" for ending in _ENDINGS)
_PARTS = ("permalinks", "params", "frontmatter", "languages")
_KEYS = {"baseurl", "languagecode", "defaultcontentlanguage", "theme", "permalinks", "params", "markup", "contentdir"}
# Hugo's words for what we call otherwise; its :title and :slug are made of the title where there is no slug.
_TOKENS = {
    ":title": ":slugortitle",
    ":slug": ":slugortitle",
    ":slugorfilename": ":slugorfile",
    ":filename": ":fileslug",
}
_TOKENS |= {":slugorcontentbasename": ":slugorfile", ":contentbasename": ":fileslug"}
_BY_TITLE = re.compile(r":title\b")


def look(folder: Folder) -> Found | None:
    """Say what is here, None when it is no Hugo site."""
    config, values = _values(folder)
    if config is None:
        return None
    notes = Notes()
    url = joined(words(values, "baseURL"))
    if url is None:
        notes.add(f"`baseURL` is not set in {config}: fill in [site] url")
    if isinstance(at(values, "languages"), Mapping) and len(at(values, "languages")) > 1:
        notes.add("the site has several languages: addresses of those in a folder of their own may differ")
    if words(values, "timeZone") is None:
        notes.add("Hugo's `timeZone` is not set: dates without one are read as UTC, as Hugo does")
    return Found(
        kind=Kind.HUGO,
        posts=_posts(folder, values, notes),
        config=config,
        url=url,
        language=words(values, "locale", "languageCode", "defaultContentLanguage"),
        timezone=words(values, "timeZone"),
        notes=tuple(notes.lines),
        peace="Hugo reads its own folders only (content, static, …): posse.toml and .posse/ stay out of the site.",
        data=words(values, "dataDir") or "data",
    )


def _values(folder: Folder) -> tuple[str | None, dict[str, Any]]:
    """Return the configuration's file and what it says, the parts of config/_default among it."""
    for name in (*_CERTAIN, *_LIKELY, *(f"config/_default/{name}" for name in (*_CERTAIN, *_LIKELY))):
        values = folder.table(name)
        if values is None:
            continue
        if name in _LIKELY and not _is_hugo(values, folder):
            continue
        for part in _PARTS:
            extra = folder.first(*(f"config/_default/{part}.{ending}" for ending in _ENDINGS))
            if extra and at(values, part) is None:
                values[part] = folder.table(extra) or {}
        return name, values
    return None, {}


def _is_hugo(values: Mapping[str, Any], folder: Folder) -> bool:
    keys = {str(key).lower() for key in values}
    ours = keys & {"sources", "accounts", "guards"}
    return not ours and "base_url" not in keys and bool(keys & _KEYS) and folder.has_folder("content")


def _posts(folder: Folder, values: Mapping[str, Any], notes: Notes) -> tuple[Posts, ...]:
    content = (words(values, "contentDir") or "content").strip("/")
    main = listed(at(at(values, "params"), "mainSections")) or listed(at(values, "mainSections"))
    paths = [f"{content}/{name.strip('/')}" for name in main if folder.has_folder(f"{content}/{name}")]
    paths = paths or folder.sections(content)
    names = source_names(paths)
    return tuple(
        Posts(
            "blog" if len(paths) == 1 else names[path],
            path,
            _permalink(path.removeprefix(content).strip("/"), content, values, notes),
        )
        for path in paths
    )


def _permalink(section: str, content: str, values: Mapping[str, Any], notes: Notes) -> str | None:
    top = section.partition("/")[0]
    table = at(values, "permalinks")
    found = words(table, f"page.{top}", top) if top else None
    if found is None:
        return _by_path(section, content, values)
    if _BY_TITLE.search(found):
        notes.add("Hugo's :title is the title also where a slug is set; such posts need `url` in their front matter")
    pattern = re.sub(r":[a-z]+", lambda match: _TOKENS.get(match[0], match[0]), found)
    pattern = pattern if pattern.startswith("/") else f"/{pattern}"
    if wrong := (f'"{found}" takes a part of the sections' if "[" in pattern else pattern_problem(pattern)):
        notes.add(f"Hugo's permalink for {section} cannot be used as it is: {wrong}. Fill in `permalink`")
        return None
    return pattern


def _by_path(section: str, content: str, values: Mapping[str, Any]) -> str:
    """Where a page is when nothing is said: at its path. Its date goes out of the name only if `:filename` reads it."""
    ugly = str(at(values, "uglyURLs")).lower() == "true"
    dated = ":filename" in listed(at(at(values, "frontmatter"), "date"))
    if content == "content" and not ugly and not dated:
        return "hugo"
    sections = ":sections" if content == "content" else section
    return f"/{sections}/:folders/{':slug' if dated else ':slugorfile'}{'.html' if ugly else '/'}"
