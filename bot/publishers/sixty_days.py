"""Tokens that die sixty days after they are made (LinkedIn's, Threads'): until when one lives, and its renewal.

The secret is the first token; those it is renewed to are in the vault, under its lock, so that no two processes renew
the same. A token of unknown age lives for sixty days at most, counted from when it was first seen here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from bot.credentials import Unshown
from bot.publishers.base import Access, Ends, Vault

LIFE = timedelta(days=60)
WARN_FROM = timedelta(days=10)
TRY_AGAIN = timedelta(days=1)


class Kept(Unshown, frozen=True):
    """A token, until when it lives, and when it shall be renewed.

    `owner` tells which secret it stems from. `until` is the latest it can be, and the truth where it is `known`.
    `refresh` is what it is renewed with, where that is not the token itself.
    """

    owner: str
    until: datetime
    renew: datetime
    token: str
    known: bool = False
    refresh: str = ""


Renew = Callable[[Kept], Kept | None]
"""Asks for a new token; None where there is none to be had now. Raises nothing but defects."""


class Token:
    """One account's token."""

    def __init__(self, access: Access, renew: Renew) -> None:
        self._access = access
        self._renew = renew
        self._marks: dict[str, str] = {}

    def use(self) -> str:
        """Return a token, renewed where it is due. A renewal that fails is tried again in a day."""
        return self._fresh().token

    def ends(self) -> Ends:
        """Return until when the token lives, renewed where it is due."""
        kept = self._fresh()
        return Ends(kept.until, known=kept.known)

    def _fresh(self) -> Kept:
        now = self._access.clock()
        kept = self._read()
        if kept is None or kept.renew <= now:
            with self._access.vault.locked():
                kept = self._read() or self._first(now)
                if kept.renew <= now:  # else another process was faster
                    kept = self._renew(kept) or replace(kept, renew=now + TRY_AGAIN)
                    keep(self._access.vault, kept)
        return kept

    def _first(self, now: datetime) -> Kept:
        """The secret itself: of unknown age, so it is renewed at once, which tells."""
        secret = self._access.secret("access_token").reveal()
        return Kept(self._mark(secret), now + LIFE, now, secret)

    def _read(self) -> Kept | None:
        """Return what is kept, None where that is nothing, or stems from another secret."""
        values = self._access.vault.read()
        if not values.get("owner") or values["owner"] != self._mark(self._access.secret("access_token").reveal()):
            return None
        try:
            return Kept(
                owner=values["owner"],
                until=datetime.fromisoformat(values["until"]),
                renew=datetime.fromisoformat(values["renew"]),
                token=values["token"],
                known=values["known"] == "yes",
                refresh=values.get("refresh", ""),
            )
        except (KeyError, ValueError):
            return None

    def _mark(self, secret: str) -> str:
        if secret not in self._marks:  # it is slow on purpose
            self._marks = {secret: owner(self._access.account, secret)}
        return self._marks[secret]


def owner(account: str, token: str) -> str:
    """Return what tells one token from another; the token cannot be had from it."""
    return hashlib.scrypt(token.encode(), salt=account.encode(), n=4096, r=8, p=1, dklen=16).hex()


def known(account: str, token: str, until: datetime, renew: datetime, refresh: str = "") -> Kept:
    """Return what is kept of a token that a log-in has just brought, whose end is known."""
    return Kept(owner(account, token), until, renew, token, known=True, refresh=refresh)


def keep(vault: Vault, kept: Kept) -> None:
    """Put it into the vault."""
    values = {
        "owner": kept.owner,
        "token": kept.token,
        "until": kept.until.isoformat(),
        "renew": kept.renew.isoformat(),
        "known": "yes" if kept.known else "no",
    }
    vault.write(values | ({"refresh": kept.refresh} if kept.refresh else {}))


def end_of(text: str, now: datetime) -> datetime:
    """Read a person's word on when a token ends: a date, or in how many days. Raises `ValueError` with a sentence."""
    words = text.strip().lower().removesuffix("days").removesuffix("d").strip()
    try:
        end = now + timedelta(days=int(words)) if words.isdigit() else datetime.fromisoformat(words)
    except (ValueError, OverflowError):
        raise ValueError("a date such as 2027-01-31, or a number of days") from None
    end = end if end.tzinfo else end.replace(tzinfo=UTC)
    if not now < end <= now + LIFE + timedelta(days=1):
        raise ValueError(f"that is not within the {LIFE.days} days that such a token lives")
    return end


def days_left(ends: Ends, now: datetime) -> int:
    """Return how many whole days are left, at the most where the end is not known."""
    return max((ends.at - now).days, 0)


def line(ends: Ends, now: datetime) -> str:
    """Return what a person is told of a token's end."""
    days = days_left(ends, now)
    counted = f"{days} day{'' if days == 1 else 's'}"
    if ends.known:
        return f"the token has {counted} left (until {ends.at:%Y-%m-%d})"
    return f"the token has at most {counted} left (until {ends.at:%Y-%m-%d}; how old it is, is not known)"


def warnings(account: str, ends: Ends, now: datetime) -> tuple[str, ...]:
    """Return the warning of a token that is about to die; none while it has more than ten days."""
    if ends.at - now > WARN_FROM:
        return ()
    return (f"{line(ends, now)}: type posse login {account}",)
