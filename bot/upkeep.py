"""Keeps alive the credentials that would end while nothing is posted, and tells of those that are about to end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from msgspec import Struct, field

from bot.config.model import AccountConfig
from bot.errors import CredentialError, PublishError, Unauthorized
from bot.notices import Trouble
from bot.publishers import sixty_days
from bot.publishers.base import Perishable, Publisher
from bot.store.base import Store

EVERY = timedelta(hours=1)


class Upkeep(Struct):
    """The upkeep of one process. `fingerprint` is what tells an account's secrets from others without showing them."""

    accounts: Mapping[str, AccountConfig]
    open_publisher: Callable[[AccountConfig], Publisher]
    fingerprint: Callable[[AccountConfig], str]
    _next: datetime | None = None
    _found: dict[str, Trouble] = field(default_factory=dict)

    def run(self, store: Store, now: datetime) -> list[Trouble]:
        """Renew what is due, once an hour; return what is about to end, the same for as long as it is.

        Most of the time nobody is asked. An account is paused whose credentials are refused for good, and then left
        alone, as is one that is posted to by hand; what could not be renewed is tried again.
        """
        if self._next is None or self._next <= now:
            self._next = now + EVERY
            for account in self.accounts.values():
                if account.network.perishable and not account.manual:
                    self._look_after(store, account, now)
        return list(self._found.values())

    def _look_after(self, store: Store, account: AccountConfig, now: datetime) -> None:
        health = store.account_health().get(account.name)
        if health and health.paused_secret is not None:
            return
        self._found.pop(account.name, None)
        try:
            publisher = self.open_publisher(account)
            ends = publisher.keep_alive() if isinstance(publisher, Perishable) else None
        except Unauthorized as error:
            if health is None or health.paused_at is None:
                store.pause(account.name, f"unauthorized: {error.message}", now, self.fingerprint(account))
        except (CredentialError, PublishError):
            return  # nobody has logged in yet, or nobody answers: whoever posts is told
        else:
            if ends and (told := sixty_days.warnings(account.name, ends, now)):
                key = f"account {account.name} ends {ends.at:%Y-%m-%d}"
                self._found[account.name] = Trouble(key, f"{account.name}: {told[0]}")
