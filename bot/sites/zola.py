"""What Zola's own configuration tells (https://www.getzola.org/documentation/getting-started/configuration/)."""

from __future__ import annotations

from bot.sites.folder import Folder, words
from bot.sites.found import Found, Kind, Notes, Posts, joined, source_names


def look(folder: Folder) -> Found | None:
    """Say what is here, None when it is no Zola site."""
    config = next((name for name in ("zola.toml", "config.toml") if words(folder.table(name), "base_url")), None)
    if config is None:
        return None
    values = folder.table(config) or {}
    notes = Notes()
    url = joined(words(values, "base_url"))
    if url is None:
        notes.add(f"`base_url` in {config} is no web address: fill in [site] url")
    notes.add("Zola has no time zone: dates without one are read as UTC, as Zola does")
    paths = folder.sections("content")
    names = source_names(paths)
    return Found(
        kind=Kind.ZOLA,
        posts=tuple(Posts("blog" if len(paths) == 1 else names[path], path, "zola") for path in paths),
        config=config,
        url=url,
        language=words(values, "default_language"),
        timezone="UTC",
        notes=tuple(notes.lines),
        peace="Zola reads its own folders only (content, static, …): posse.toml and .posse/ stay out of the site.",
        data="data",
    )
