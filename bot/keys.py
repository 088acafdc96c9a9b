"""Keys that are derived, never drawn: the same announcement always meets its own earlier attempt. Pure."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta

from bot.model import PostId

VERSION = "posse-1"
S32 = "234567abcdefghijklmnopqrstuvwxyz"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def announcement_key(account: str, post: PostId, round: int) -> str:
    """32 lower-case hex digits that name one round of one post on one account."""
    spelt = json.dumps([VERSION, account, post, round], ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(spelt.encode()).hexdigest()[:32]


def tid(instant: datetime, key: str) -> str:
    """A Bluesky record key for `key` at `instant`: 53 bits of microseconds and 10 of clock, in 13 letters of base 32.

    An instant in whole seconds takes its microseconds from the key, so that two posts of one second, or of one day,
    differ. https://atproto.com/specs/tid
    """
    digest = int.from_bytes(hashlib.sha256(f"{VERSION} tid {key}".encode()).digest(), "big")
    micros = max(0, (instant - EPOCH) // timedelta(microseconds=1))
    if instant.microsecond == 0:
        micros += (digest >> 10) % 1_000_000
    number = ((micros & ((1 << 53) - 1)) << 10) | (digest & 0x3FF)
    return "".join(S32[(number >> shift) & 31] for shift in range(60, -1, -5))
