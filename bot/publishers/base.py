"""What a network's publisher must be able to do. `bot.testing` holds the contract suite that every one of them passes.

A publisher never sleeps, retries, cuts text, logs outcomes or touches the store. It returns, or raises one of the four
errors of `bot.errors`: `Rejected`, `Unauthorized`, `TryLater` (all three: certainly not sent) or `Uncertain`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from msgspec import Struct, field

from bot.errors import Uncertain
from bot.model import Announcement, Note, Receipt

if TYPE_CHECKING:
    from bot.credentials import Secret
    from bot.http import Http


class Halfway(Uncertain):
    """A look found only the first of several parts. `notes` are theirs: a publish that has them goes on behind them."""

    def __init__(self, message: str, notes: Sequence[Note]) -> None:
        self.notes = tuple(notes)
        super().__init__(message)


class Sighting(Struct, frozen=True):
    """One top-level post of the account's own, as its timeline shows it: every link it bears, in text or card."""

    receipt: Receipt
    links: tuple[str, ...]


class Ends(Struct, frozen=True):
    """When credentials end by themselves: at `at`, or earlier where that is not `known`."""

    at: datetime
    known: bool = True


class Profile(Struct, frozen=True):
    """Who the credentials belong to, and what the server told of its limits.

    `limits` may hold `characters`, `url_length`, `media` (pictures of one post), `alt`, `picture_bytes` and
    `picture_pixels` (ints), which override the network's defaults; and, as 1, `code_points` (the server counts code
    points, a URL in full), `whole_urls` (graphemes, a URL in full) and `needs_picture`.
    `warnings` are sentences for the person (a missing scope, a token that will die); `ends` is None where the
    credentials do not end by themselves.
    """

    name: str
    url: str | None
    server: str = ""
    limits: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    ends: Ends | None = None


@runtime_checkable
class Perishable(Protocol):
    """A publisher whose credentials end by themselves, or by lying idle (`Network.perishable`)."""

    def keep_alive(self) -> Ends | None:
        """Renew the credentials where that is due; ask nobody where it is not. Return when they end, None for never.

        Raises `Unauthorized` where they are refused for good, another `PublishError` where it may be tried again.
        """
        ...


@runtime_checkable
class Publisher(Protocol):
    """One account on one network, ready to speak. Making one does no request and reads no secret."""

    def publish(self, announcement: Announcement, notes: Sequence[Note]) -> Iterator[Note | Receipt]:
        """Send it, step by step: yield a `Note` after each step that must not be repeated, and the `Receipt` last.

        `notes` are those of earlier attempts, in order: their steps are not done again. `announcement.created_at` is
        set. Each `next()` makes as few requests as it can, at most one of them one that cannot be repeated.
        """
        ...

    def find(self, announcement: Announcement, since: datetime) -> Receipt | None:
        """Look whether it is there, where the network gives its posts a key of our choosing; else by `recent`.

        None means that a complete look found nothing. Raises `Halfway` where only the first of several parts are there,
        another `PublishError` where the look was not complete.
        """
        ...

    def recent(self, since: datetime) -> Iterator[Sighting]:
        """The account's own top-level posts newer than `since`, newest first, paged until past it.

        Raises `PublishError` where it cannot be read to the end, `NotImplementedError` on a network that cannot look.
        """
        ...

    def verify(self) -> Profile:
        """Prove the credentials with a read-only call."""
        ...


class Vault(Protocol):
    """What one account keeps between runs (a session's tokens): a small table of text in a 0600 file."""

    def read(self) -> dict[str, str]:
        """The kept values, read from the disk each time; empty when there are none."""
        ...

    def write(self, values: Mapping[str, str]) -> None:
        """Replace the kept values atomically."""
        ...

    def locked(self) -> AbstractContextManager[None]:
        """The lock across processes that a read, refresh and write of rotating tokens needs."""
        ...


class Access(Struct, frozen=True):
    """What a publisher is made from: the account's name, its options by key, its secrets, and the tools it shares.

    `options` holds a value for every option of the network's facts (a path is absolute). `secret(key)` finds a secret
    or raises `CredentialError`. `clock()` is the present instant in UTC. `http` makes its client when it is first used.
    """

    account: str
    options: Mapping[str, Any]
    secret: Callable[[str], Secret]
    vault: Vault
    http: Http
    clock: Callable[[], datetime]
