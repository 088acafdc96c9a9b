"""Rebuilds the record from what the accounts' own timelines show: for a lost state, an old backup, a new machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from bot.config.model import AccountConfig
from bot.errors import CredentialError, PublishError
from bot.identity import URL, url_name
from bot.model import DeliveryId, PostId, Reason, Receipt, State
from bot.networks import Guarantee
from bot.publishers.base import Publisher, Sighting
from bot.store.base import Enqueue, Standing, Store


class Adopted(Struct, frozen=True):
    """What one account's timeline told: how many of its posts were read, and which of ours it was found to hold.

    `error` says why it could not be read, or not to its end; what was found until then is recorded all the same.
    """

    account: str
    seen: int
    found: tuple[PostId, ...]
    error: str | None = None


def read_timeline(publisher: Publisher, since: datetime) -> tuple[list[Sighting], str | None]:
    """Return the account's own posts since then, and why there may be more of them."""
    seen: list[Sighting] = []
    try:
        seen.extend(publisher.recent(since))
    except NotImplementedError:
        return seen, "this network does not show an account its own posts"
    except (PublishError, CredentialError) as error:
        return seen, str(error)
    return seen, None


def adopt(
    store: Store,
    accounts: Mapping[str, AccountConfig],
    open_publisher: Callable[[AccountConfig], Publisher],
    since: datetime,
    now: datetime,
) -> list[Adopted]:
    """Record every announcement of a known post that the accounts' timelines hold; what went out stays as it is."""
    results = []
    for account in accounts.values():
        if account.network.guarantee is Guarantee.ASK:
            results.append(Adopted(account.name, 0, (), "this network does not show an account its own posts"))
            continue
        seen, error = read_timeline(open_publisher(account), since)
        with store.planning():
            found = record(store, account.name, seen, now)
        results.append(Adopted(account.name, len(seen), found, error))
    return results


def record(
    store: Store, account: str, seen: Sequence[Sighting], now: datetime, but: PostId | None = None
) -> tuple[PostId, ...]:
    """Make or turn the row of each post that a sighting links to, except `but`; its first announcement counts."""
    owners = {value: post for post, values in store.all_aliases(URL).items() for value in values}
    known = store.receipts_of(account, [sighting.receipt.remote_id for sighting in seen])
    first: dict[PostId, Receipt] = {}
    for sighting in sorted(seen, key=lambda sighting: sighting.receipt.at):
        if sighting.receipt.remote_id in known:
            continue
        for link in sighting.links:
            if (post := owners.get(url_name(link)[1])) and post != but:
                first.setdefault(post, sighting.receipt)
    standings = store.standings(first)
    return tuple(
        post
        for post, receipt in first.items()
        if _settle(store, post, account, standings.get((post, account)), receipt, now)
    )


def _settle(store: Store, post: PostId, account: str, row: Standing | None, receipt: Receipt, now: datetime) -> bool:
    if row is None:
        made = store.enqueue([Enqueue(None, post, account, 1, State.SKIPPED, Reason.FOUND)], now)
        number: DeliveryId | None = made[0] if made else None
    else:
        number = row.id
    open_states = [State.SKIPPED, State.DUE, State.HELD, State.FAILED, State.UNCERTAIN]
    return number is not None and store.settle(
        number, open_states, State.DELIVERED, now, reason=Reason.FOUND, receipt=receipt
    )
