"""What is known of a post from one scan to the next: as the store has it, identity asks, the planner is told. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.identity import Identified
from bot.likeness import Remembered
from bot.model import Post, PostId
from bot.plan import Candidate
from bot.store.base import KnownPost


def candidate(answer: Identified, known: KnownPost, places: Mapping[PostId, str]) -> Candidate:
    """What the planner is told of a found post; `places` tell where the originals of duplicates stand."""
    return Candidate(
        post=answer.post,
        first_seen=known.first_seen,
        public_since=known.first_public,
        changed_at=known.changed_at,
        was_draft=known.first_public is None or known.first_public > known.first_seen,
        doubt=known.doubt,
        duplicate_of=places.get(answer.duplicate) if answer.duplicate else None,
    )


def remembered(post: KnownPost) -> Remembered:
    """What identity is told of a post that the store knows."""
    return Remembered(
        id=post.id,
        source=post.source,
        source_id=post.source_id,
        url=post.url,
        title=post.title,
        slug=post.slug,
        published=post.published,
        has_time=post.has_time,
        text_hash=post.text_hash,
    )


def as_known(post: Post, before: KnownPost | None, now: datetime, doubt: str | None) -> KnownPost:
    """How the store shall remember `post`. A doubt stays: only a person's release settles it."""
    public = not post.draft and (post.published is None or post.published <= now)
    changed = before is None or (before.text_hash, before.title) != (post.text_hash, post.title)
    return KnownPost(
        id=post.id,
        source=post.source,
        source_id=post.source_id,
        slug=post.slug,
        url=post.url,
        title=post.title,
        published=post.published,
        has_time=post.has_time,
        text_hash=post.text_hash,
        stamp=post.stamp,
        first_seen=before.first_seen if before else now,
        first_public=(before.first_public if before else None) or (now if public else None),
        changed_at=now if changed or before is None else min(before.changed_at, now),  # a clock may be put back
        gone_at=None,
        doubt=doubt or (before.doubt if before else None),
    )
