"""The shapes of a read configuration. Paths are absolute, times are UTC or in the zone the key names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from bot.links import without_password
from bot.model import Visibility
from bot.networks import Network


class SiteConfig(Struct, frozen=True):
    """`[site]`: the base of canonical links, and the language posts are written in."""

    url: str | None = None
    language: str | None = None


class Filter(Struct, frozen=True):
    """`only` or `exclude`: a post matches when one of its tags, categories or its source is named, or by its title."""

    tags: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    titled: bool | None = None


class SourceConfig(Struct, frozen=True):
    """`[sources.NAME]`. `site_url`, `timezone` and `language` are the source's own, else the site's."""

    name: str
    type: str
    timezone: ZoneInfo
    path: Path | None = None
    url: str | None = None
    site_url: str | None = None
    permalink: str | None = None
    language: str | None = None
    patterns: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    accounts: tuple[str, ...] | None = None
    only: Filter | None = None
    exclude: Filter | None = None
    every: timedelta | None = None


class Pacing(Struct, frozen=True):
    """How an account spreads what it says: least time between, most per hour, and quiet hours in the site's zone."""

    spacing: timedelta = timedelta(0)
    per_hour: int | None = None
    quiet: tuple[time, time] | None = None


class AccountConfig(Struct, frozen=True):
    """`[accounts.NAME]`: one login on one network, and its rules."""

    name: str
    network: Network
    options: Mapping[str, Any]
    template: str
    visibility: Visibility = Visibility.PUBLIC
    language: str | None = None
    hashtags: int | None = None
    links: str = "author"
    only: Filter | None = None
    exclude: Filter | None = None
    pacing: Pacing = Pacing()
    on_uncertain: str = "ask"
    manual: bool = False
    budget: float | None = None
    images: str = "notes"
    require_alt: bool | None = None
    thread: bool = False
    thread_parts: int = 10


class GuardsConfig(Struct, frozen=True):
    """`[guards]`: what keeps old, unfinished and too many posts from going out."""

    baseline: bool = True
    settle: timedelta = timedelta(minutes=5)
    require_live: bool = True
    live_within: timedelta = timedelta(days=1)
    max_burst: int = 10
    max_age: timedelta = timedelta(days=14)
    since: datetime | None = None
    approve: bool = False
    allow_private: bool = False
    require_alt: bool = False
    grace: timedelta = timedelta(minutes=2)


class ScheduleConfig(Struct, frozen=True):
    """`[schedule]`: how often the daemon looks, and whom it tells that it lives."""

    every: timedelta = timedelta(minutes=5)
    cron: str | None = None
    heartbeat: str | None = None


class StateConfig(Struct, frozen=True):
    """`[state]`: where the record of what went out is kept, and how long a worker may hold a delivery."""

    url: str
    lease: timedelta = timedelta(minutes=2)

    def __repr__(self) -> str:
        return f"StateConfig(url={self.shown!r}, lease={self.lease!r})"

    @property
    def shown(self) -> str:
        """The URL for a person to read, without the password it may hold."""
        return without_password(self.url)

    @property
    def path(self) -> Path | None:
        """The file of a SQLite store, None for another kind."""
        return Path(self.url.removeprefix("sqlite:///")) if self.url.startswith("sqlite:///") else None


class NoticesConfig(Struct, frozen=True):
    """`[notices]`: who is told of trouble, once per trouble."""

    command: str | None = None
    webhook: str | None = None
    email: str | None = None
    email_from: str | None = None
    smtp: str = "127.0.0.1:25"
    smtp_user: str | None = None


class Config(Struct, frozen=True):
    """A whole configuration. `path` is its file, `root` the folder that relative paths start from."""

    path: Path
    root: Path
    timezone: ZoneInfo
    site: SiteConfig
    sources: Mapping[str, SourceConfig]
    accounts: Mapping[str, AccountConfig]
    guards: GuardsConfig
    schedule: ScheduleConfig
    state: StateConfig
    notices: NoticesConfig = NoticesConfig()
    tag_aliases: Mapping[str, str] = field(default_factory=dict)
    mentions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def gaps(self) -> tuple[str, ...]:
        """What it must have before anything is ever announced, and has not; no error, for it may be half written."""
        wanted = (
            (self.sources, "no source: nothing is looked at. Write [sources.NAME], or let `posse init` do it"),
            (self.accounts, "no account: nothing is announced anywhere. Write [accounts.NAME]"),
        )
        return tuple(gap for there, gap in wanted if not there)

    @property
    def state_folder(self) -> Path:
        """Where the state file stands; files that belong beside it (credentials, sessions) go here also."""
        path = self.state.path
        return path.parent if path is not None else self.root / ".posse"
