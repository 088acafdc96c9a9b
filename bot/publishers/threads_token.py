"""The Threads token: it lives for sixty days, and is renewed here long before, so that nobody need log in again.

https://developers.facebook.com/docs/threads/get-started/long-lived-tokens: one that is at least a day old and still
alive may be renewed; one that was not renewed for sixty days is dead.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.errors import PublishError
from bot.publishers import sixty_days
from bot.publishers.base import Access
from bot.publishers.json_calls import Calls

RENEW_AFTER = timedelta(days=7)
TRY_AGAIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Kept:
    """A token, until when it lives at the latest, when it shall be renewed, and which secret it stems from."""

    owner: str
    until: datetime
    renew: datetime
    token: str = field(repr=False)


class Token:
    """One account's token. The secret is the first one; those it is renewed to are in the vault."""

    def __init__(self, access: Access, calls: Calls, base: str) -> None:
        self._access = access
        self._calls = calls
        self._base = base

    def use(self) -> str:
        """Return a token, renewed where it is due. A renewal that fails is tried again in a day."""
        kept = self._read()
        if kept is None or kept.renew <= self._access.clock():
            with self._access.vault.locked():
                kept = self._read() or self._first()
                if kept.renew <= self._access.clock():  # else another process was faster
                    kept = self._renewed(kept)
                    self._write(kept)
        return kept.token

    def until(self) -> datetime:
        """Return when the token dies, at the latest."""
        kept = self._read()
        return kept.until if kept else self._access.clock() + sixty_days.LIFE

    def _renewed(self, kept: Kept) -> Kept:
        now = self._access.clock()
        tried = Kept(kept.owner, kept.until, now + TRY_AGAIN, kept.token)
        try:
            answer = self._calls.send(
                "GET",
                f"{self._base}/refresh_access_token",
                hidden=(kept.token,),
                params={"grant_type": "th_refresh_token"},
                headers={"Authorization": f"Bearer {kept.token}"},
            )
        except PublishError:
            return tried
        token, seconds = answer.data.get("access_token"), answer.data.get("expires_in")
        if not answer.good or not isinstance(token, str) or not token or not isinstance(seconds, int):
            return tried
        return Kept(kept.owner, now + timedelta(seconds=seconds), now + RENEW_AFTER, token)

    def _first(self) -> Kept:
        """The secret itself: of unknown age, so it is renewed at once, which tells."""
        secret, now = self._access.secret("access_token").reveal(), self._access.clock()
        return Kept(sixty_days.owner(self._access.account, secret), now + sixty_days.LIFE, now, secret)

    def _read(self) -> Kept | None:
        """Return what is kept, None where that is nothing, or stems from another secret."""
        values = self._access.vault.read()
        secret = self._access.secret("access_token").reveal()
        if values.get("owner") != sixty_days.owner(self._access.account, secret):
            return None
        try:
            return Kept(
                owner=values["owner"],
                until=datetime.fromisoformat(values["until"]),
                renew=datetime.fromisoformat(values["renew"]),
                token=values["token"],
            )
        except (KeyError, ValueError):
            return None

    def _write(self, kept: Kept) -> None:
        self._access.vault.write(
            {
                "owner": kept.owner,
                "token": kept.token,
                "until": kept.until.isoformat(),
                "renew": kept.renew.isoformat(),
            }
        )
