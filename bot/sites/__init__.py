"""What a folder is: which generator makes a site of it, and what its own configuration tells. Runs nothing of it."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from bot.config import values
from bot.sites import eleventy, hugo, jekyll, pelican, zola
from bot.sites.folder import USUAL, Folder
from bot.sites.found import Found, Kind, Posts

__all__ = ["Found", "Kind", "Posts", "detect", "surrounding"]

_GENERATORS = (jekyll.look, zola.look, hugo.look, pelican.look, eleventy.look)
_USUAL_FOLDERS = ("site", "docs", "website", "blog", "www", "src")


def detect(root: Path) -> Found:
    """Say what `root` holds: the site of a generator (also one folder down), else a folder of Markdown files."""
    for base in ("", *_USUAL_FOLDERS):
        if (root / base).is_dir() and (found := _generator(root / base)):
            return _below(found, base) if base else found
    folder = Folder(root)
    path = next((name for name in USUAL if folder.has_folder(name) and folder.posts_in(name)), ".")
    return Found(
        kind=Kind.FOLDER,
        posts=(Posts("blog", path),),
        notes=(
            "no site generator was recognised: fill in [site] url and `permalink`, or write canonical_url in each post",
        ),
    )


def _below(found: Found, base: str) -> Found:
    """What is found one folder down: our files are not in the folder that the generator reads."""
    peace = f"{found.kind} reads {base}/ only: posse.toml and .posse/ stay out of the site."
    return replace(found, base=base, chores=(), peace=peace)


def surrounding(path: Path) -> tuple[Path, Found] | None:
    """Return the folder of the generator's site that a file or folder lies in, and what it is; None when in none."""
    for folder in path.parents:
        if found := _generator(folder):
            return folder, found
    return None


def _generator(root: Path) -> Found | None:
    folder = Folder(root)
    for look in _GENERATORS:
        if found := look(folder):
            return _checked(found, folder)
    return None


def _checked(found: Found, folder: Folder) -> Found:
    """Make sure that what was read can stand in a configuration of ours."""
    notes = [*folder.troubles, *found.notes]
    zone = found.timezone
    if zone is not None:
        try:
            values.zone(zone)
        except ValueError:
            notes.append(f'"{zone}" is no time zone known here: fill in `timezone`')
            zone = None
    language = found.language.replace("_", "-") if found.language else None
    return replace(found, timezone=zone, language=language, notes=tuple(dict.fromkeys(notes)))
