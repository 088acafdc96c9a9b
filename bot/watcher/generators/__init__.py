"""The addresses that a site's own generator makes, by the site's own configuration. Reads it; runs nothing."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from bot.watcher.generators.base import Generator

NAMES = ("jekyll", "hugo", "eleventy", "pelican", "zola")
_HIGHEST = 8


def find(name: str, folder: Path) -> Generator | None:
    """Return the generator of the site that `folder` (absolute) lies in, None when no configuration of it is found.

    It is looked for in the folder and in those above it.
    """
    look = import_module(f"bot.watcher.generators.{name}").look
    for place in (folder, *folder.parents[:_HIGHEST]):
        found: Generator | None = look(place)
        if found is not None:
            return found
    return None
