"""Claims a delivery, publishes it, records what came of it. The only code that sends.

The store is touched from the thread that calls `Courier.run`; publishers work in threads of their own (`jobs`), one
step at a time; what the steps are is in `sights`, what comes of them in `outcomes`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct, field

from bot.config.model import AccountConfig
from bot.errors import LeaseLost, PublisherDefect, SourceError, StateBusy, StateError
from bot.jobs import Jobs, Step
from bot.model import Announcement, Delivery, DeliveryId, Reason, State
from bot.networks import Guarantee
from bot.outcomes import Event, NoReceipt, Outcomes, Terms
from bot.pacing import pace
from bot.publishers.base import Publisher
from bot.sights import look
from bot.store.base import Store

_UNSEEN = frozenset({"media", "blob"})  # notes of uploads, which no reader sees


class Courier(Struct, dict=True):
    """Sends what is due and looks for what is uncertain, one delivery at a time on each account.

    `recheck` says why a post may no longer go (None: it may); it may raise `SourceError`. After a run, `silent_until`
    is when the first account with something to say may speak again, None when none is silenced. `fingerprint` tells an
    account's secrets apart without showing them, empty where one is missing: a refused account goes on with another.
    """

    store: Store
    accounts: Mapping[str, AccountConfig]
    open_publisher: Callable[[AccountConfig], Publisher]
    recheck: Callable[[Delivery], Reason | None]
    terms: Terms
    tell: Callable[[Event], None]
    stopping: threading.Event = field(default_factory=threading.Event)
    silent_until: datetime | None = None
    fingerprint: Callable[[AccountConfig], str] = lambda _account: ""

    def __post_init__(self) -> None:
        self._publishers: dict[str, Publisher] = {}
        self._jobs = Jobs(self.terms.lease.total_seconds())
        self._outcomes = Outcomes(self.store, self.accounts, self.terms, self.tell, self.fingerprint)

    def run(self, only: Collection[DeliveryId] | None = None) -> None:
        """Work until nothing can be done now. With `only`, on these rows alone, and pacing yields.

        A defect of a publisher is recorded as uncertain, and told at the end as `PublisherDefect`.
        """
        defects: list[Exception] = []
        self.silent_until = None
        self._take_back()
        self._lift()
        while True:
            self._expire()
            if not self.stopping.is_set():
                self._start(only)
            if not self._jobs:
                break
            if self.stopping.is_set():
                self._jobs.hurry()
            for step in self._jobs.wait():
                self._record(step, defects)
        if defects:
            raise PublisherDefect("a publisher broke; its announcement is uncertain") from defects[0]

    def _take_back(self) -> None:
        """What this process claimed and never began, because the state could not be used just then, was not sent."""
        in_hand = self._jobs.deliveries()
        for row in self.store.deliveries(states=[State.SENDING]):
            if row.owner == self.terms.owner and row.id not in in_hand:
                now = self.terms.clock()
                with suppress(LeaseLost):
                    self.store.put_back(row, now, now, row.error, spent=False)

    def _lift(self) -> None:
        """Go on with an account that was refused, where its secret is another one now."""
        for name, health in self.store.account_health().items():
            if health.paused_at is None or health.paused_secret is None or name not in self.accounts:
                continue
            found = self.fingerprint(self.accounts[name])
            if found and found != health.paused_secret:
                self.store.resume(name)
                self._publishers.pop(name, None)
                self.tell(Event("resumed", name, None, fresh=False))

    def _expire(self) -> None:
        in_hand = self._jobs.deliveries()
        for delivery in self.store.expire(self.terms.clock(), self._is_dead):
            if delivery.id not in in_hand:
                self.tell(Event("expired", delivery.account, delivery, delivery.error or ""))

    def _is_dead(self, owner: str) -> bool:
        return owner != self.terms.owner and self.terms.is_dead(owner)

    def _start(self, only: Collection[DeliveryId] | None) -> None:
        """Give every idle account that may speak its next delivery."""
        health = self.store.account_health()
        for name, account in self.accounts.items():
            if name not in self._jobs and account.network.guarantee is Guarantee.ASK:
                self._resend_unseen(account, only)
        due = self.store.due_accounts(self.terms.clock())
        for name, account in self.accounts.items():
            paused = name in health and health[name].paused_at is not None
            if name in self._jobs or paused:
                continue
            if self._start_look(account, only):
                continue
            if account.manual or name not in due or (only is None and self._must_wait(account)):
                continue
            self._start_send(account, only)

    def _must_wait(self, account: AccountConfig) -> bool:
        pacing, now = account.pacing, self.terms.clock()
        sent = self.store.sent_since(account.name, now - max(timedelta(hours=1), pacing.spacing))
        wait = pace(pacing, sent, now, self.terms.zone)
        if wait is not None:
            self.silent_until = min(self.silent_until or wait.until, wait.until)
        return wait is not None

    def _start_look(self, account: AccountConfig, only: Collection[DeliveryId] | None) -> bool:
        guarantee = account.network.guarantee
        if guarantee is Guarantee.ASK:
            return False
        now = self.terms.clock()
        delivery = self.store.claim_look(account.name, self.terms.owner, now, now + self.terms.lease, only)
        if delivery is None or delivery.announcement is None:
            return False
        announcement = delivery.announcement
        self._begin(account, delivery, lambda publisher: look(publisher, delivery, announcement, guarantee), "look")
        return True

    def _resend_unseen(self, account: AccountConfig, only: Collection[DeliveryId] | None) -> None:
        """Where nobody can look: leave it to a person, unless the account says to send again after `grace`."""
        if account.on_uncertain != "retry":
            return
        now = self.terms.clock()
        delivery = self.store.claim_look(account.name, self.terms.owner, now, now + self.terms.lease, only)
        if delivery is None:
            return
        ready = (delivery.ended_at or now) + self.terms.grace
        if ready > now:
            self.store.looked(delivery, now, ready, None, complete=False)
        else:
            self.store.put_back(delivery, now, now, "sent again: on_uncertain = retry", spent=True)

    def _start_send(self, account: AccountConfig, only: Collection[DeliveryId] | None) -> None:
        """Claim until one may go: a post that was withdrawn does not hold up those behind it."""
        while True:
            now = self.terms.clock()
            delivery = self.store.claim(account.name, self.terms.owner, now, now + self.terms.lease, only)
            if delivery is None or delivery.announcement is None:
                return
            if self._may_go(delivery):
                break
        self._send(account, delivery, delivery.announcement)

    def _send(self, account: AccountConfig, delivery: Delivery, announcement: Announcement) -> None:
        first = delivery.round == 1 and delivery.id not in self._outcomes.looked
        sights = self._outcomes.sights
        self._begin(
            account, delivery, lambda publisher: sights.send(publisher, delivery, announcement, first=first), "send"
        )

    def _may_go(self, delivery: Delivery) -> bool:
        """Claiming asks again whether the post is still there, no draft, and not opted out."""
        now = self.terms.clock()
        try:
            reason = self.recheck(delivery)
        except SourceError as error:
            self.store.put_back(delivery, now, now + timedelta(minutes=1), str(error), spent=False)
            self.tell(Event("waiting", delivery.account, delivery, str(error), fresh=delivery.error is None))
            return False
        if reason is None:
            return True
        self.store.put_back(delivery, now, now, delivery.error, spent=False)
        unsent = all(note.kind in _UNSEEN for note in delivery.notes)  # so it may come back with the words it has then
        self.store.settle(delivery.id, [State.DUE], State.SKIPPED, now, reason=reason, renew_words=unsent)
        self.tell(Event("skipped", delivery.account, delivery, str(reason)))
        return False

    def _begin(
        self, account: AccountConfig, delivery: Delivery, steps: Callable[[Publisher], Iterator[Any]], what: str
    ) -> None:
        def all_steps() -> Iterator[Any]:
            if account.name not in self._publishers:
                self._publishers[account.name] = self.open_publisher(account)
            yield from steps(self._publishers[account.name])

        self._jobs.begin(delivery, all_steps(), what)

    def _record(self, step: Step, defects: list[Exception]) -> None:
        """Write down what a step brought, then ask for the next one."""
        if step.late:
            self._publishers.pop(step.job.delivery.account, None)  # a thread of ours is still in it
        try:
            if step.error is None and self._outcomes.advance(step.job, step.value):
                self._jobs.go_on(step.job)
                return
            if step.error is not None and (defect := self._outcomes.fail(step.job, step.error)):
                defects.append(defect)
        except NoReceipt as error:
            self._outcomes.fail(step.job, error)
            defects.append(error)
        except (StateError, StateBusy):
            if not step.late:  # one that is late is found so again
                self._jobs.put_back(step)  # recorded by the next run, while the lease lasts
            raise
        self._jobs.end(step.job)
