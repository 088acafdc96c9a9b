"""What Pelican's settings tell (https://docs.getpelican.com/en/latest/settings.html): read as text, never run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.sites.folder import Folder, listed
from bot.sites.found import Found, Kind, Notes, Posts, joined, source_names
from bot.watcher.generators.pelican import CONFIG, PUBLISH, settings


def look(folder: Folder) -> Found | None:
    """Say what is here, None when it is no Pelican site."""
    text = folder.text(CONFIG)
    if text is None:
        return None
    values = settings(text)
    published = {**values, **settings(folder.text(PUBLISH) or "")}
    notes = Notes()
    url = joined(_text(published, "SITEURL"))
    if url is None:
        notes.add(f"`SITEURL` is set neither in {PUBLISH} nor in {CONFIG}: fill in [site] url")
    zone = _text(values, "TIMEZONE")
    if zone is None:
        notes.add("Pelican's TIMEZONE is not set: dates without one are read as UTC")
    content = (_text(values, "PATH") or "content").removeprefix("./").strip("/") or "."
    return Found(
        kind=Kind.PELICAN,
        posts=_posts(folder, values, content),
        config=CONFIG,
        url=url,
        language=_text(values, "DEFAULT_LANG"),
        timezone=zone,
        notes=tuple(notes.lines),
        chores=_chores(content),
        peace="" if content == "." else f"Pelican reads {content}/ only: posse.toml and .posse/ stay out of the site.",
        data=None,
    )


def _text(values: Mapping[str, Any], key: str) -> str | None:
    value = values.get(key)
    return value.strip() if isinstance(value, str) and value.strip() else None


def _posts(folder: Folder, values: Mapping[str, Any], content: str) -> tuple[Posts, ...]:
    prefix = "" if content == "." else f"{content}/"
    given = [name.strip("/") for name in listed(values.get("ARTICLE_PATHS")) if name.strip("/")]
    if given:
        paths = [prefix + name for name in given if folder.has_folder(prefix + name)]
        names = source_names(paths)
        return tuple(Posts("blog" if len(paths) == 1 else names[path], path, "pelican") for path in paths)
    pages = tuple(f"/{name.strip('/')}" for name in listed(values.get("PAGE_PATHS")) or ("pages",))
    ignore = (*pages, *(f"/{name.strip('/')}" for name in listed(values.get("ARTICLE_EXCLUDES"))))
    output = (_text(values, "OUTPUT_PATH") or "output").strip("/")
    return (Posts("blog", content, "pelican", ignore=(*ignore, f"/{output}") if content == "." else ignore),)


def _chores(content: str) -> tuple[str, ...]:
    if content != ".":
        return ()
    return (f'{CONFIG}: PATH is the whole folder, so add ".posse" to ARTICLE_EXCLUDES and PAGE_EXCLUDES.',)
