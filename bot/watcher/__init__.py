"""Finds posts: one file for each kind of source."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bot.config.model import SourceConfig
from bot.watcher.base import Source

if TYPE_CHECKING:
    from bot.http import Http


def make(source: SourceConfig, root: Path, http: Callable[[], Http], *, allow_private: bool = False) -> Source:
    """Return the source that a table of the configuration describes. Nothing is read yet."""
    if source.type == "feed":
        from bot.watcher.feed import FeedSource

        assert source.url is not None  # noqa: S101 - the configuration was checked
        return FeedSource(
            source.name,
            source.url if "://" in source.url else Path(source.url),
            http(),
            timezone=source.timezone,
            language=source.language,
            site_url=source.site_url,
            every=source.every,
            allow_private=allow_private,
        )
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
