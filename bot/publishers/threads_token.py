"""The Threads token: it lives for sixty days, and is renewed here long before, so that nobody need log in again.

https://developers.facebook.com/docs/threads/get-started/long-lived-tokens: one that is at least a day old and still
alive may be renewed; one that was not renewed for sixty days is dead.
"""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from bot.errors import PublishError
from bot.publishers import sixty_days
from bot.publishers.base import Access
from bot.publishers.json_calls import Calls
from bot.publishers.sixty_days import Kept, Token

RENEW_AFTER = timedelta(days=7)
SECONDS = 20.0


def token(access: Access, calls: Calls, base: str) -> Token:
    """Return the account's token, which renews itself at `base`."""
    return Token(access, lambda kept: _renewed(access, calls, base, kept))


def lasting(access: Access, given: str, seconds: int) -> Kept:
    """Return what is kept of a new token that lives for so many seconds."""
    now = access.clock()
    return sixty_days.known(access.account, given, now + timedelta(seconds=seconds), now + RENEW_AFTER)


def _renewed(access: Access, calls: Calls, base: str, kept: Kept) -> Kept | None:
    now = access.clock()
    try:
        answer = calls.send(
            "GET",
            f"{base}/refresh_access_token",
            hidden=(kept.token,),
            params={"grant_type": "th_refresh_token"},
            headers={"Authorization": f"Bearer {kept.token}"},
            timeout=SECONDS,
            total=SECONDS,
        )
    except PublishError:
        return None
    fresh, seconds = answer.data.get("access_token"), answer.data.get("expires_in")
    if not answer.good or not isinstance(fresh, str) or not fresh or not isinstance(seconds, int):
        return None
    until = now + timedelta(seconds=seconds)
    return replace(kept, token=fresh, until=until, renew=now + RENEW_AFTER, known=True)
