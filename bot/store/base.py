"""What a state store must keep, and nothing more. `bot.testing` holds the contract suite every store passes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from bot.model import Announcement, Delivery, DeliveryId, Note, PostId, Reason, Receipt, State


class KnownPost(Struct, frozen=True):
    """A post as the store remembers it. `first_public` is when it was first seen that was no draft and had its date.

    `doubt` says which other post it may be, found when it was first seen; the signs do not come back at a later scan.
    """

    id: PostId
    source: str
    source_id: str
    slug: str
    url: str | None
    title: str
    published: datetime | None
    has_time: bool
    text_hash: str
    stamp: str
    first_seen: datetime
    first_public: datetime | None
    changed_at: datetime
    gone_at: datetime | None
    doubt: str | None = None


class Standing(Struct, frozen=True):
    """Where a post stands on an account: its latest round's row, without the words."""

    id: DeliveryId
    post: PostId
    account: str
    round: int
    state: State
    reason: Reason | None
    detail: str | None
    url: str | None
    claimed: bool
    released: bool
    not_before: datetime
    created_at: datetime


class SourceHealth(Struct, frozen=True):
    """How the last scans of a source went. `error` is None after a good one."""

    name: str
    scanned_at: datetime | None
    failed_at: datetime | None
    error: str | None


class AccountHealth(Struct, frozen=True):
    """What is known of an account beside its deliveries: a pause and its reason, and the limits the server told.

    `paused_secret` is a fingerprint of the secret that was refused, empty when there was none; None for another pause.
    """

    name: str
    paused_at: datetime | None = None
    paused_reason: str | None = None
    paused_secret: str | None = None
    limits: Mapping[str, int] | None = None
    limits_at: datetime | None = None


class Enqueue(Struct, frozen=True):
    """One planned row: made, or its words renewed while nobody has claimed it."""

    announcement: Announcement | None
    post: PostId
    account: str
    round: int
    state: State
    reason: Reason | None = None
    detail: str | None = None
    sort_key: datetime | None = None
    not_before: datetime | None = None
    released: bool = False


class Waiting(Struct, frozen=True):
    """The rows of a post that may still change: how many, when the last was written, and the sum of their fences.

    It is another one after anything has happened to them.
    """

    rows: int
    at: datetime | None
    fences: int

    @property
    def untouched(self) -> bool:
        """Whether only plans have ever written them: no claim, no person."""
        return self.fences == 0


class ReadOnlyStore(Protocol):
    """All that a preview may hold: it cannot write."""

    def stamps(self, source: str) -> dict[str, str]:
        """The source id and stamp of every post of a source that is not gone."""
        ...

    def unsettled(self, source: str, accounts: Collection[str]) -> dict[str, Waiting]:
        """The source ids of posts that have no row on one of `accounts`, or a row that may still change its words."""
        ...

    def aliases(self, names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], PostId]:
        """Which of these (kind, value) names belong to which post."""
        ...

    def aliases_of(self, post: PostId) -> list[tuple[str, str]]:
        """Every name a post has or had."""
        ...

    def all_aliases(self, kind: str) -> dict[PostId, set[str]]:
        """Every name of one kind, by post."""
        ...

    def posts(self, ids: Iterable[PostId]) -> dict[PostId, KnownPost]:
        """The remembered posts among `ids`."""
        ...

    def posts_at(self, source: str, source_ids: Iterable[str]) -> list[KnownPost]:
        """The remembered posts of a source that stood under one of these ids."""
        ...

    def gone_before(self, source: str) -> list[KnownPost]:
        """The remembered posts of a source that are marked gone."""
        ...

    def all_posts(self) -> list[KnownPost]:
        """Every remembered post, newest first."""
        ...

    def standings(self, posts: Iterable[PostId]) -> dict[tuple[PostId, str], Standing]:
        """The latest row of each (post, account)."""
        ...

    def baselines(self) -> dict[tuple[str, str], datetime]:
        """When each (source, account) drew the line between old and new."""
        ...

    def memo(self, source: str) -> dict[str, str]:
        """What a source that is fetched wants to remember until the next time; empty at first."""
        ...

    def source_health(self) -> dict[str, SourceHealth]:
        """Every source that was ever scanned."""
        ...

    def account_health(self) -> dict[str, AccountHealth]:
        """Every account of which something is known."""
        ...

    def deliveries(
        self, *, states: Collection[State] = (), post: PostId | None = None, newest: int | None = None
    ) -> list[Delivery]:
        """Rows by state or post, oldest first; with `newest`, that many of the last changed, newest first."""
        ...

    def delivery(self, number: DeliveryId) -> Delivery | None:
        """One row, whole."""
        ...

    def sent_since(self, account: str, since: datetime) -> list[datetime]:
        """When the account announced anything after `since`, oldest first."""
        ...

    def spent_since(self, account: str, since: datetime) -> float:
        """What the account's announcements sent since then cost, in dollars; those that may still arrive count."""
        ...

    def receipts_of(self, account: str, remote_ids: Collection[str]) -> frozenset[str]:
        """Which of these remote ids are stored receipts of the account."""
        ...

    def next_time(self, after: datetime) -> datetime | None:
        """The earliest instant at which a waiting row may be claimed."""
        ...

    def due_accounts(self, now: datetime) -> frozenset[str]:
        """The accounts with a row that may be claimed at `now`."""
        ...

    def untold(self, troubles: Collection[str]) -> frozenset[str]:
        """Which of these troubles nobody was told of."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class Store(ReadOnlyStore, Protocol):
    """The whole of it. Every method is one transaction, or takes part in `planning`."""

    def now(self) -> datetime | None:
        """The clock that leases go by, where several machines share the store; None: each goes by its own."""
        ...

    def planning(self, *, wait: bool = True) -> AbstractContextManager[None]:
        """The planning lock: scan, identify and enqueue by one process at a time, all or nothing.

        Raises `StateBusy` where others hold it for long; without `wait`, a store that several daemons share does so
        at once.
        """
        ...

    def remember(self, posts: Sequence[KnownPost], names: Mapping[PostId, Collection[tuple[str, str]]]) -> None:
        """Write posts as they are now, and the names they answer to.

        A URL that is another post's stays there; a place (`item`) goes to the post that stands there now.
        """
        ...

    def forget_gone(self, posts: Collection[PostId], now: datetime) -> None:
        """Mark posts gone; their unclaimed rows are skipped with the reason `gone`."""
        ...

    def enqueue(self, rows: Sequence[Enqueue], now: datetime) -> list[DeliveryId]:
        """Make rows, or renew the words of those nobody has claimed. Returns the ids of rows that are new.

        A row that would stay as it is is not written.
        """
        ...

    def set_baseline(self, source: str, account: str, now: datetime) -> None:
        """Draw the line, once."""
        ...

    def source_scanned(self, source: str, now: datetime, error: str | None) -> None:
        """Record how a scan went."""
        ...

    def set_memo(self, source: str, memo: Mapping[str, str]) -> None:
        """Keep a source's memo in place of the last one."""
        ...

    def set_limits(self, account: str, limits: Mapping[str, int], now: datetime) -> None:
        """Record what the server told of its limits."""
        ...

    def set_told(self, troubles: Collection[str], now: datetime) -> None:
        """These troubles, and no others, have been told."""
        ...

    def pause(self, account: str, reason: str, now: datetime, secret: str | None = None) -> None:
        """Send nothing on this account until `resume`. `secret` is the fingerprint of one that was refused."""
        ...

    def resume(self, account: str) -> None:
        """Send again."""
        ...

    def claim(
        self, account: str, owner: str, now: datetime, lease_until: datetime, only: Collection[DeliveryId] | None = None
    ) -> Delivery | None:
        """Take the account's oldest due row for sending, unless one is in flight there. Freezes its words."""
        ...

    def claim_look(
        self, account: str, owner: str, now: datetime, lease_until: datetime, only: Collection[DeliveryId] | None = None
    ) -> Delivery | None:
        """Take an uncertain row for a look at the network."""
        ...

    def note(self, delivery: Delivery, note: Note, now: datetime, lease_until: datetime) -> None:
        """Commit a step of a publish and renew the lease. Raises `LeaseLost`, as do the next six."""
        ...

    def renew(self, delivery: Delivery, now: datetime, lease_until: datetime) -> None:
        """Hold on to a claimed row for longer."""
        ...

    def delivered(self, delivery: Delivery, receipt: Receipt, now: datetime, reason: Reason | None = None) -> None:
        """It is there."""
        ...

    def put_back(self, delivery: Delivery, now: datetime, not_before: datetime, error: str | None, spent: bool) -> None:
        """Certainly not sent: due again at `not_before`. `spent` False gives the attempt back."""
        ...

    def uncertain(self, delivery: Delivery, now: datetime, not_before: datetime, error: str) -> None:
        """It may be there: look at `not_before`."""
        ...

    def looked(
        self, delivery: Delivery, now: datetime, not_before: datetime, error: str | None, complete: bool
    ) -> None:
        """A look found nothing (`complete`) or could not be finished; look again at `not_before`."""
        ...

    def failed(self, delivery: Delivery, now: datetime, error: str) -> None:
        """Refused for good, or the budget is used up."""
        ...

    def expire(self, now: datetime, is_dead: Callable[[str], bool]) -> list[Delivery]:
        """Make every row uncertain whose lease has run out or whose owner is dead; return them.

        So has one that begins later than now by more than its length: the clock was put back.
        """
        ...

    def settle(
        self,
        number: DeliveryId,
        expected: Collection[State],
        state: State,
        now: datetime,
        *,
        reason: Reason | None = None,
        detail: str | None = None,
        receipt: Receipt | None = None,
        released: bool | None = None,
        renew_words: bool = False,
    ) -> bool:
        """A person's word, or a guard's: move a row that is in one of `expected`. False when it was not.

        `renew_words` lets the next plan write the words anew, for a row that certainly was not sent: one whose first
        part is out keeps its words and its notes, so that a retry only adds what is missing.
        """
        ...
