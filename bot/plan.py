"""The values of planning: what the planner is told, and what it answers. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo

from msgspec import Struct, field

from bot.config.model import AccountConfig, GuardsConfig, SourceConfig
from bot.model import Announcement, Page, Post, PostId, Reason, State


class Candidate(Struct, frozen=True):
    """An identified post and its history. `public_since` is None while it is a draft or its date has not come."""

    post: Post
    first_seen: datetime
    public_since: datetime | None
    changed_at: datetime
    was_draft: bool = False
    doubt: str | None = None
    duplicate_of: str | None = None


class Standing(Struct, frozen=True):
    """Where a post stands on an account: its latest round's row. `frozen` holds words that a send has fixed."""

    round: int
    state: State
    reason: Reason | None
    detail: str | None
    claimed: bool
    released: bool
    not_before: datetime
    frozen: Announcement | None = None


class Asked(Struct, frozen=True):
    """A person's own wish: these posts, on these accounts (all when None), a further round when `again`."""

    posts: frozenset[PostId]
    accounts: frozenset[str] | None = None
    again: bool = False


class Planned(Struct, frozen=True):
    """One announcement. It is sent now, unless `hold` (a person must release it) or `wait` (until `until`) says not."""

    post: Post
    account: str
    round: int
    announcement: Announcement
    hold: Reason | None = None
    wait: Reason | None = None
    detail: str = ""
    until: datetime | None = None
    released: bool = False
    frozen: bool = False


class LeftOut(Struct, frozen=True):
    """A post that is not announced on an account, and why. `final` ones are recorded, so they stay left out."""

    post: Post
    account: str
    reason: str
    detail: str = ""
    until: datetime | None = None
    final: bool = False
    round: int = 1


class Plan(Struct, frozen=True):
    """Everything that would be announced now, oldest first, and the reason for every post that is left out."""

    planned: tuple[Planned, ...]
    left_out: tuple[LeftOut, ...]

    def sendable(self) -> tuple[Planned, ...]:
        """What would go out at this moment."""
        return tuple(entry for entry in self.planned if not entry.hold and not entry.wait)


class Knowledge(Struct, frozen=True):
    """What the planner is told beside the posts.

    `sent` holds the instants of an account's latest announcements, `spent` the dollars that went on them this month.
    """

    now: datetime
    guards: GuardsConfig
    sources: Mapping[str, SourceConfig]
    accounts: Mapping[str, AccountConfig]
    standings: Mapping[tuple[PostId, str], Standing]
    baselines: Mapping[tuple[str, str], datetime]
    compose: Callable[[Post, AccountConfig, int, Page | None], Announcement]
    inspect: Callable[[Announcement], tuple[Reason, str] | None]
    pages: Mapping[str, Page] = field(default_factory=dict)
    paused: Mapping[str, str] = field(default_factory=dict)
    sent: Mapping[str, Sequence[datetime]] = field(default_factory=dict)
    spent: Mapping[str, float] = field(default_factory=dict)
    zone: tzinfo | None = None
