"""What Pelican's settings tell (https://docs.getpelican.com/en/latest/settings.html): read as text, never run."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

from bot.sites.folder import Folder, listed
from bot.sites.found import Found, Kind, Notes, Posts, joined, source_names
from bot.watcher.permalink import pattern_problem

_CONFIG, _PUBLISH = "pelicanconf.py", "publishconf.py"
_FIELD = re.compile(r"\{([a-z_]+)(?:\.slug)?(?::([^{}]*))?\}")
_DATE = {"%Y": ":year", "%y": ":short_year", "%m": ":month", "%-m": ":i_month", "%b": ":short_month"}
_DATE |= {"%B": ":long_month", "%d": ":day", "%-d": ":i_day", "%j": ":y_day", "%H": ":hour", "%M": ":minute"}


def look(folder: Folder) -> Found | None:
    """Say what is here, None when it is no Pelican site."""
    text = folder.text(_CONFIG)
    if text is None:
        return None
    values = settings(text)
    published = {**values, **settings(folder.text(_PUBLISH) or "")}
    notes = Notes()
    url = joined(_text(published, "SITEURL"))
    if url is None:
        notes.add(f"`SITEURL` is set neither in {_PUBLISH} nor in {_CONFIG}: fill in [site] url")
    zone = _text(values, "TIMEZONE")
    if zone is None:
        notes.add("Pelican's TIMEZONE is not set: dates without one are read as UTC")
    content = (_text(values, "PATH") or "content").removeprefix("./").strip("/") or "."
    return Found(
        kind=Kind.PELICAN,
        posts=_posts(folder, values, content, notes),
        config=_CONFIG,
        url=url,
        language=_text(values, "DEFAULT_LANG"),
        timezone=zone,
        notes=tuple(notes.lines),
        chores=_chores(content),
        peace="" if content == "." else f"Pelican reads {content}/ only: posse.toml and .posse/ stay out of the site.",
        data=None,
    )


def settings(text: str) -> dict[str, Any]:
    """Return the settings that are plain values (`NAME = literal`); anything that would have to be run is left out."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return {}
    found: dict[str, Any] = {}
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
            if isinstance(target, ast.Name):
                try:
                    found[target.id] = ast.literal_eval(statement.value)
                except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
                    found.pop(target.id, None)
    return found


def _text(values: Mapping[str, Any], key: str) -> str | None:
    value = values.get(key)
    return value.strip() if isinstance(value, str) and value.strip() else None


def _posts(folder: Folder, values: Mapping[str, Any], content: str, notes: Notes) -> tuple[Posts, ...]:
    permalink = _permalink(values, notes)
    prefix = "" if content == "." else f"{content}/"
    given = [name.strip("/") for name in listed(values.get("ARTICLE_PATHS")) if name.strip("/")]
    if given:
        paths = [prefix + name for name in given if folder.has_folder(prefix + name)]
        names = source_names(paths)
        return tuple(Posts("blog" if len(paths) == 1 else names[path], path, permalink) for path in paths)
    pages = tuple(f"/{name.strip('/')}" for name in listed(values.get("PAGE_PATHS")) or ("pages",))
    ignore = (*pages, *(f"/{name.strip('/')}" for name in listed(values.get("ARTICLE_EXCLUDES"))))
    output = (_text(values, "OUTPUT_PATH") or "output").strip("/")
    return (Posts("blog", content, permalink, ignore=(*ignore, f"/{output}") if content == "." else ignore),)


def _permalink(values: Mapping[str, Any], notes: Notes) -> str | None:
    written = _text(values, "ARTICLE_URL") or "{slug}.html"
    by_title = ":headline" if values.get("SLUGIFY_USE_UNICODE") else ":plainslug"
    slug = ":slug" if values.get("SLUGIFY_SOURCE") == "basename" else by_title
    unknown: list[str] = []

    def fill(match: re.Match[str]) -> str:
        name, form = match[1], match[2]
        if name == "slug":
            return slug
        if name == "category":
            return ":slugified_categories"
        if name == "date":
            return re.sub(r"%-?[A-Za-z]", lambda part: _DATE.get(part[0]) or _unfilled(part[0], unknown), form or "")
        return _unfilled(match[0], unknown)

    pattern = "/" + _FIELD.sub(fill, written).lstrip("/")
    if unknown or pattern_problem(pattern):
        what = ", ".join(unknown) or written
        notes.add(f"Pelican's ARTICLE_URL holds {what}, which cannot be filled from here. Fill in `permalink`")
        return None
    return "pelican" if pattern == "/:plainslug.html" else pattern


def _unfilled(what: str, unknown: list[str]) -> str:
    unknown.append(what)
    return what


def _chores(content: str) -> tuple[str, ...]:
    if content != ".":
        return ()
    return (f'{_CONFIG}: PATH is the whole folder, so add ".posse" to ARTICLE_EXCLUDES and PAGE_EXCLUDES.',)
