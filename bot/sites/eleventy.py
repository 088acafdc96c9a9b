"""What Eleventy's files tell (https://www.11ty.dev/docs/config/): read as text, never run."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from bot.sites.folder import Folder, at, words
from bot.sites.found import Found, Kind, Notes, Posts, joined, source_names
from bot.watcher.generators import liquid
from bot.watcher.permalink import PermalinkError

_CONFIGS = (".eleventy.js", *(f"eleventy.config.{ending}" for ending in ("js", "mjs", "cjs", "ts", "mts")))
_INPUT = re.compile(r"""(?:\binput\s*:|setInputDirectory\()\s*["'`]([^"'`]+)["'`]""")
_URL = re.compile(r"""["']?\b(?:url|baseUrl|base_url|siteUrl)\b["']?\s*:\s*["'`](https?://[^"'`]+)["'`]""")
_LANGUAGE = re.compile(r"""["']?\b(?:language|lang|locale)\b["']?\s*:\s*["'`]([A-Za-z]{2,3}(?:[-_]\w+)*)["'`]""")
_DATA = ("metadata", "site", "meta", "config")
_PERMALINK = re.compile(r"""["']?\bpermalink\b["']?\s*:\s*(["'`])(.*?)\1""")


def look(folder: Folder) -> Found | None:
    """Say what is here, None when it is no Eleventy site."""
    config = folder.first(*_CONFIGS)
    if config is None and not _depends(folder.table("package.json")):
        return None
    text = (folder.text(config) if config else None) or ""
    notes = Notes()
    written = _INPUT.search(text)
    top = (written[1] if written else ".").removeprefix("./").strip("/") or "."
    prefix = "" if top == "." else f"{top}/"
    url, language = _metadata(folder, prefix)
    if url is None:
        url = joined(words(folder.table("package.json"), "homepage"))
        if url is not None and "github.com/" in url:
            url = None
    if url is None:
        notes.add(
            "the site's address is in no file that could be read (_data/metadata.js or the like): fill in [site] url"
        )
    return Found(
        kind=Kind.ELEVENTY,
        posts=_posts(folder, top, notes),
        config=config or "package.json",
        url=url,
        language=language,
        timezone="UTC",
        notes=tuple(notes.lines),
        chores=_chores(folder, top),
        peace="" if top == "." else f"Eleventy reads {top}/ only: posse.toml and .posse/ stay out of the site.",
        data=f"{prefix}_data",
    )


def _depends(package: dict[str, Any] | None) -> bool:
    return any(at(at(package, kind), "@11ty/eleventy") for kind in ("dependencies", "devDependencies"))


def _metadata(folder: Folder, prefix: str) -> tuple[str | None, str | None]:
    """Return the address and the language that a data file names."""
    url = language = None
    for name in _DATA:
        for ending in ("json", "js", "cjs", "mjs"):
            text = folder.text(f"{prefix}_data/{name}.{ending}") or ""
            found, spoken = _URL.search(text), _LANGUAGE.search(text)
            url = url or (joined(found[1]) if found else None)
            language = language or (spoken[1] if spoken else None)
    return url, language


def _posts(folder: Folder, top: str, notes: Notes) -> tuple[Posts, ...]:
    paths = folder.sections(top)
    names = source_names(paths)
    return tuple(
        Posts("blog" if len(paths) == 1 else names[path], path, _permalink(folder, path, notes)) for path in paths
    )


def _permalink(folder: Folder, path: str, notes: Notes) -> str | None:
    """Return the pattern: that of the folder's directory data file, else the path itself."""
    name = path.rpartition("/")[2]
    for ending in (".json", ".11tydata.json", ".11tydata.js", ".11tydata.mjs", ".11tydata.cjs"):
        data = f"{path}/{name}{ending}"
        written = words(folder.table(data), "permalink") if data.endswith(".json") else None
        if written is None and (found := _PERMALINK.search(folder.text(data) or "")):
            written = found[2]
        if written is None:
            continue
        try:
            liquid.render(written, {"page": {"date": datetime(2000, 1, 1, tzinfo=UTC)}})
        except PermalinkError:
            pass
        else:
            return "eleventy"
        notes.add(f"the permalink in {data} is a template that only Eleventy fills: fill in `permalink`")
        return None
    return "eleventy"


def _chores(folder: Folder, top: str) -> tuple[str, ...]:
    if top != ".":
        return ()
    ignored = (folder.text(".eleventyignore") or "").splitlines() + (folder.text(".gitignore") or "").splitlines()
    if any(line.strip().strip("/") == ".posse" for line in ignored):
        return ()
    return (".eleventyignore: add the line  .posse/  (it reads the whole folder; posse.toml it leaves alone).",)
