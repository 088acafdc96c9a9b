"""What Jekyll's own configuration tells (https://jekyllrb.com/docs/configuration/). Reads, never runs."""

from __future__ import annotations

from typing import Any

from bot.sites.folder import Folder, at, listed, words
from bot.sites.found import Found, Kind, Notes, Posts, joined, source_names
from bot.watcher.generators.jekyll import CONFIGS

_KEPT_OUT = "Gemfile, Gemfile.lock, node_modules, vendor"


def look(folder: Folder) -> Found | None:
    """Say what is here, None when it is no Jekyll site."""
    config = folder.first(*CONFIGS)
    if config is None and not (folder.has_folder("_posts") and folder.first("Gemfile", "index.html", "CNAME")):
        return None
    values = (folder.table(config) if config else None) or {}
    notes = Notes()
    source = (words(values, "source") or "").removeprefix("./").strip("/.")
    top = f"{source}/" if source else ""
    url = joined(words(values, "url"), words(values, "baseurl") or "") or _cname(folder, top)
    if url is None:
        notes.add(f"`url` is not set in {config or '_config.yml'}: fill in [site] url")
    zone = words(values, "timezone")
    if zone is None:
        notes.add("Jekyll's `timezone` is not set: dates without one are read as UTC, as on GitHub Pages")
    return Found(
        kind=Kind.JEKYLL,
        posts=_posts(folder, values, top),
        config=config or "",
        url=url,
        language=words(values, "lang", "locale", "language"),
        timezone=zone,
        notes=tuple(notes.lines),
        chores=_chores(values, config or "_config.yml"),
        peace="Jekyll leaves .posse/ alone, as it does every folder whose name begins with a dot.",
        data=top + (words(values, "data_dir") or "_data"),
    )


def _cname(folder: Folder, top: str) -> str | None:
    host = (folder.text(f"{top}CNAME") or "").strip()
    return f"https://{host}" if host and "/" not in host and " " not in host else None


def _posts(folder: Folder, values: dict[str, Any], top: str) -> tuple[Posts, ...]:
    inside = (words(values, "collections_dir") or "").strip("/.")
    usual = f"{top}{inside}/_posts" if inside else f"{top}_posts"
    others = [name for name in folder.folders(top) if name[0] != "_" and folder.has_folder(f"{top}{name}/_posts")]
    if not others or inside:
        return (Posts("blog", usual, "jekyll"),)
    # A `_posts` in a folder of its own makes the folder a category.
    paths = ([usual] if folder.has_folder(usual) else []) + [f"{top}{name}" for name in others]
    names = source_names(paths)
    return tuple(
        Posts(
            "blog" if path == usual else names[path],
            path if path == usual else (top.rstrip("/") or "."),
            "jekyll",
            patterns=() if path == usual else tuple(f"/{path.removeprefix(top)}/_posts/**/*.{e}" for e in _ENDINGS),
        )
        for path in paths
    )


_ENDINGS = ("md", "markdown")


def _chores(values: dict[str, Any], config: str) -> tuple[str, ...]:
    exclude = listed(at(values, "exclude"))
    if "posse.toml" in exclude:
        return ()
    why = "else Jekyll copies it to the public site"
    if exclude:
        return (f"{config}: add posse.toml to the list `exclude`, {why}.",)
    line = (
        f"{config}: add the line  exclude: [posse.toml]  ({why}; Jekyll 3 and GitHub Pages forget their own list"
        f" then, so name {_KEPT_OUT} there too)."
    )
    return (line,)
