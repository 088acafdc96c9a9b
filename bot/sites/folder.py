"""A folder that may hold a site, as the readers of generators' configurations see it."""

from __future__ import annotations

from bot.watcher.generators.folder import USUAL, Folder, at, listed, words

__all__ = ["USUAL", "Folder", "at", "listed", "words"]
