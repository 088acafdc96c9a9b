"""Finds posts: one file for each kind of source."""

from __future__ import annotations

from pathlib import Path

from bot.config.model import SourceConfig
from bot.watcher.base import Source


def make(source: SourceConfig, root: Path) -> Source:
    """Return the source that a table of the configuration describes. Nothing is read yet."""
    from bot.watcher.markdown import MarkdownSource

    assert source.path is not None  # noqa: S101 - the configuration was checked
    return MarkdownSource(
        source.name,
        source.path,
        root=root,
        site_url=source.site_url,
        permalink=source.permalink,
        timezone=source.timezone,
        language=source.language,
        patterns=source.patterns,
        exclude=source.ignore,
    )
