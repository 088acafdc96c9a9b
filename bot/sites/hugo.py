"""What Hugo's own configuration tells (https://gohugo.io/configuration/). Reads, never runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.sites.folder import Folder, at, listed, words
from bot.sites.found import Found, Kind, Notes, Posts, joined, source_names
from bot.watcher.generators.hugo import settings


def look(folder: Folder) -> Found | None:
    """Say what is here, None when it is no Hugo site."""
    config, values = settings(folder)
    if config is None:
        return None
    notes = Notes()
    url = joined(words(values, "baseURL"))
    if url is None:
        notes.add(f"`baseURL` is not set in {config}: fill in [site] url")
    if words(values, "timeZone") is None:
        notes.add("Hugo's `timeZone` is not set: dates without one are read as UTC, as Hugo does")
    return Found(
        kind=Kind.HUGO,
        posts=_posts(folder, values),
        config=config,
        url=url,
        language=words(values, "locale", "languageCode", "defaultContentLanguage"),
        timezone=words(values, "timeZone"),
        notes=tuple(notes.lines),
        peace="Hugo reads its own folders only (content, static, …): posse.toml and .posse/ stay out of the site.",
        data=words(values, "dataDir") or "data",
    )


def _posts(folder: Folder, values: Mapping[str, Any]) -> tuple[Posts, ...]:
    content = (words(values, "contentDir") or "content").strip("/")
    main = listed(at(at(values, "params"), "mainSections")) or listed(at(values, "mainSections"))
    paths: list[str] = []
    for top in _content_folders(values, content):
        chosen = [f"{top}/{name.strip('/')}" for name in main if folder.has_folder(f"{top}/{name}")]
        paths += chosen or folder.sections(top)
    names = source_names(paths)
    return tuple(Posts("blog" if len(paths) == 1 else names[path], path, "hugo") for path in paths)


def _content_folders(values: Mapping[str, Any], content: str) -> list[str]:
    """Return the folders of the languages that have one of their own, else the one of all."""
    tables = at(values, "languages")
    own = [words(table, "contentDir") for table in tables.values()] if isinstance(tables, Mapping) else []
    return list(dict.fromkeys((name or content).strip("/") for name in own)) or [content]
