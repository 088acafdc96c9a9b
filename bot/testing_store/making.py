"""Values that a store is filled with, and the hooks every suite is written in."""
# ruff: noqa: S101 - assertions are what a test suite is made of

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from bot.errors import LeaseLost
from bot.model import Announcement, Delivery, PostId, Reason, Receipt, Sent, State
from bot.store.base import Enqueue, KnownPost, Store
from bot.testing import announcement

NOW = datetime(2024, 6, 19, 18, 47, 59, 123456, tzinfo=UTC)
LEASE = timedelta(minutes=2)
SECOND = timedelta(seconds=1)


def known_post(name: str, *, source: str = "blog", published: datetime | None = NOW) -> KnownPost:
    """Return a post as a store remembers it."""
    return KnownPost(
        id=PostId(name),
        source=source,
        source_id=f"{name}.md",
        slug=name,
        url=f"https://example.com/{name}/",
        title=f"Title of {name}",
        published=published,
        has_time=True,
        text_hash=f"text of {name}",
        stamp=f"stamp of {name}",
        first_seen=NOW,
        first_public=NOW,
        changed_at=NOW,
        gone_at=None,
    )


def words_for(name: str, account: str = "me", *, text: str = "", number: int = 1) -> Announcement:
    """Return the words of one round of a post on an account."""
    url = f"https://example.com/{name}/"
    words = announcement(text or f"About {name}\n\n{url}", account=account, url=url, round=number, now=NOW)
    return replace(words, post=replace(words.post, id=PostId(name), slug=name), created_at=None)


def planned(
    name: str,
    account: str = "me",
    *,
    text: str = "",
    number: int = 1,
    state: State = State.DUE,
    reason: Reason | None = None,
    published: datetime | None = NOW,
) -> Enqueue:
    """Return the row that a plan makes for a post on an account."""
    words = words_for(name, account, text=text, number=number)
    return Enqueue(words, PostId(name), account, number, state, reason, sort_key=published)


def receipt_of(remote_id: str) -> Receipt:
    """Return the proof that a network gives."""
    return Receipt((Sent(remote_id, f"https://net.example/{remote_id}"),), NOW)


def nobody(_owner: str) -> bool:
    """Say of every owner that it lives."""
    return False


def loses(do: Callable[[], object]) -> bool:
    """Whether `do` raises `LeaseLost`."""
    try:
        do()
    except LeaseLost:
        return True
    return False


class Hooks:
    """What a store under test fills in, and what the suites are written in."""

    def open_store(self) -> Store:
        """Open the store of this test: the same one each time, empty when the test began."""
        raise NotImplementedError

    def filled(self, *names: str, account: str = "me") -> Store:
        """Return the open store with a due row for each named post, each an hour younger than the one before."""
        store = self.open_store()
        hour = timedelta(hours=1)
        store.remember([known_post(name, published=NOW + n * hour) for n, name in enumerate(names)], {})
        store.enqueue([planned(name, account, published=NOW + n * hour) for n, name in enumerate(names)], NOW)
        return store

    def claim(self, store: Store, account: str = "me", *, now: datetime = NOW, owner: str = "one") -> Delivery:
        """Claim a row that must be there."""
        taken = store.claim(account, owner, now, now + LEASE)
        assert taken is not None, "nothing could be claimed"
        return taken

    def only(self, store: Store) -> Delivery:
        """Return the one row of the store."""
        (row,) = store.deliveries()
        return row
