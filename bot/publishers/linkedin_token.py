"""The LinkedIn token: it lives for sixty days, and only an approved partner's app may renew it without the person.

https://learn.microsoft.com/en-us/linkedin/shared/authentication/programmatic-refresh-tokens: such an app is given a
refresh token with the first token. It lives for a year from then, whatever is done with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot.errors import CredentialError, PublishError
from bot.publishers import code_flow, sixty_days
from bot.publishers.base import Access
from bot.publishers.sixty_days import Kept, Token

EARLY = timedelta(days=14)  # it is renewed this long before its end: before anybody is warned
SECONDS = 20.0


def endpoint(access: Access) -> str:
    """Return the address where codes and refresh tokens are exchanged."""
    return f"{str(access.options['web']).rstrip('/')}/oauth/v2/accessToken"


def token(access: Access) -> Token:
    """Return the account's token, which renews itself where it came with a refresh token."""
    return Token(access, lambda kept: _renewed(access, kept))


def lasting(access: Access, given: Mapping[str, Any], mark: str = "") -> Kept:
    """Return what is kept of a token endpoint's answer. `mark` is the first token, where this is not the first."""
    now, fresh = access.clock(), str(given["access_token"])
    seconds = given.get("expires_in")
    life = timedelta(seconds=seconds) if isinstance(seconds, int) else sixty_days.LIFE
    until = now + life
    refresh = str(given.get("refresh_token") or "")
    return sixty_days.Kept(
        owner=mark or sixty_days.owner(access.account, fresh),
        until=until,
        renew=max(until - EARLY, now + sixty_days.TRY_AGAIN),
        token=fresh,
        known=isinstance(seconds, int),
        refresh=refresh,
    )


def _renewed(access: Access, kept: Kept) -> Kept | None:
    if not kept.refresh:
        return None
    try:
        asked = {
            "grant_type": "refresh_token",
            "refresh_token": kept.refresh,
            "client_id": code_flow.client_id(access),
            "client_secret": access.secret("client_secret").reveal(),
        }
        given = code_flow.exchange(access, endpoint(access), asked, seconds=SECONDS)
    except (PublishError, CredentialError):
        return None
    return lasting(access, {"refresh_token": kept.refresh} | dict(given), kept.owner)
