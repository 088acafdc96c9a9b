"""Gathers what the planner is told beside the posts, from the configuration and the store."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from bot.config.model import Config
from bot.formatter.pictures import Picture, Wanted
from bot.formatter.rules import Rules
from bot.model import Page, PostId, State
from bot.plan import Knowledge, Standing
from bot.spending import month_begin
from bot.store.base import ReadOnlyStore
from bot.wording import Wording, rules_for


def rules(config: Config, store: ReadOnlyStore) -> dict[str, Rules]:
    """How each account words things, with the limits that its server told."""
    health = store.account_health()
    return {
        name: rules_for(config, account, health[name].limits if name in health else None)
        for name, account in config.accounts.items()
    }


def gather(
    config: Config,
    store: ReadOnlyStore,
    now: datetime,
    posts: Collection[PostId],
    pages: Mapping[str, Page],
    pictures: Mapping[Wanted, Picture],
) -> Knowledge:
    """What is known of these posts, and of the accounts."""
    health = store.account_health()
    languages = {name: source.language for name, source in config.sources.items()}
    wording = Wording(rules(config, store), languages, pictures)
    hour_ago = now - timedelta(hours=1)
    month = month_begin(now, config.timezone)
    paced = [n for n, a in config.accounts.items() if a.pacing.spacing or a.pacing.per_hour is not None]
    spacing = max((a.pacing.spacing for a in config.accounts.values()), default=timedelta(0))
    return Knowledge(
        now=now,
        guards=config.guards,
        sources=config.sources,
        accounts=config.accounts,
        standings=standings(store, posts),
        baselines=store.baselines(),
        compose=wording.compose,
        inspect=wording.inspect,
        pages=pages,
        paused={name: h.paused_reason or "" for name, h in health.items() if h.paused_at},
        sent={name: store.sent_since(name, min(hour_ago, now - spacing)) for name in paced},
        spent={n: store.spent_since(n, month) for n, a in config.accounts.items() if a.budget is not None},
        zone=config.timezone,
    )


def standings(store: ReadOnlyStore, ids: Collection[PostId]) -> dict[tuple[PostId, str], Standing]:
    """Where the posts stand on each account, with the words that a send has fixed."""
    result = {}
    for key, row in store.standings(ids).items():
        fixed = store.delivery(row.id) if row.claimed and row.state is State.DUE else None
        result[key] = Standing(
            round=row.round,
            state=row.state,
            reason=row.reason,
            detail=row.detail or (row.url if row.state is State.DELIVERED else None),
            claimed=row.claimed,
            released=row.released,
            not_before=row.not_before,
            frozen=fixed.announcement if fixed else None,
        )
    return result
