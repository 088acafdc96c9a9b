"""Tokens that die sixty days after they are made (LinkedIn's, Threads'): how old they are, and the warning."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from bot.publishers.base import Access

LIFE = timedelta(days=60)
WARN_FROM = timedelta(days=10)


def owner(account: str, token: str) -> str:
    """Return what tells one token from another; the token cannot be had from it."""
    return hashlib.scrypt(token.encode(), salt=account.encode(), n=4096, r=8, p=1, dklen=16).hex()


def first_seen(access: Access, token: str) -> datetime:
    """Return when this token was first used here, which is never before it was made; keep it in the vault."""
    mark = owner(access.account, token)
    with access.vault.locked():
        kept = access.vault.read()
        if kept.get("owner") == mark and "seen" in kept:
            return datetime.fromisoformat(kept["seen"])
        now = access.clock()
        access.vault.write({"owner": mark, "seen": now.isoformat()})
        return now


def warnings(account: str, until: datetime, now: datetime, how: str) -> tuple[str, ...]:
    """Return the warning of a token that dies at `until`, at the latest; none while it has more than ten days."""
    left = until - now
    if left > WARN_FROM:
        return ()
    days = max(left.days, 0)
    left_words = f"the token has {days} day{'' if days == 1 else 's'} left (until {until:%Y-%m-%d})"
    return (f"{left_words}: get a new one {how}, then type posse login {account}",)
