"""Writes down what a step of a job brought, and how its delivery goes on. The only writer of outcomes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, assert_never

from msgspec import MsgspecError, Struct, field
from msgspec.structs import replace

from bot import retry
from bot.adopt import record
from bot.config.model import AccountConfig
from bot.errors import CredentialError, LeaseLost, PosseError, PublishError, TryLater, Unauthorized, Uncertain
from bot.identity import URL, url_name
from bot.jobs import Job
from bot.model import Delivery, DeliveryId, Note, Reason, Receipt
from bot.publishers.base import Halfway, Sighting
from bot.sights import FURTHEST, Sights
from bot.store import codec
from bot.store.base import Store


class Terms(Struct, frozen=True):
    """What the courier is told of time and patience. `zone` is the one of quiet hours."""

    owner: str
    lease: timedelta
    grace: timedelta
    clock: Callable[[], datetime]
    jitter: Callable[[], float]
    is_dead: Callable[[str], bool]
    zone: tzinfo = UTC


class Event(Struct, frozen=True):
    """One thing that happened to a delivery, or to an account (`delivery` None): for a log line and the exit code."""

    kind: str
    account: str
    delivery: Delivery | None
    detail: str = ""
    fresh: bool = True


class NoReceipt(Exception):
    """A defect: a publisher came to its end without a receipt, or handed over something that is none, and no note."""


def _check(value: object, account: str) -> None:
    """Raise `NoReceipt` for a note or receipt that could not be written down, or not be read again."""
    try:
        if isinstance(value, Note):
            codec.notes(codec.encode([value]))
        elif isinstance(value, Receipt):
            codec.receipt(codec.encode(value))
    except (TypeError, ValueError, OverflowError, MsgspecError) as error:
        raise NoReceipt(f"the publisher of {account} handed over what cannot be kept: {error}") from error


class Outcomes(Struct):
    """Writes outcomes for one courier. Whatever it writes is fenced: a late worker's is lost, and told as an event."""

    store: Store
    accounts: Mapping[str, AccountConfig]
    terms: Terms
    tell: Callable[[Event], None]
    fingerprint: Callable[[AccountConfig], str]
    sights: Sights = field(default_factory=Sights)
    looked: set[DeliveryId] = field(default_factory=set)
    """What this process has looked for before its first send. Kept in no state: a backup would bring it back."""
    _adopted: set[str] = field(default_factory=set)
    _blind: Counter[DeliveryId] = field(default_factory=Counter)
    """How many looks in a row could not be finished. The fence would not do: every claim raises it, and none resets."""

    def advance(self, job: Job, value: Any) -> bool:
        """Commit what a step brought; return whether the job goes on.

        Raises `NoReceipt`.
        """
        try:
            return self._advance(job, value)
        except LeaseLost as lost:
            self._lost(job, lost)
            return False

    def fail(self, job: Job, error: Exception) -> Exception | None:
        """Record the error that ended a job; return it where it is a defect of the publisher."""
        defect = None if isinstance(error, PosseError) else error
        told = _as_publish_error(error)
        try:
            if job.what != "look":
                self._send_failed(job.delivery, told)
            elif isinstance(told, Halfway):
                self._halfway(job.delivery, told)
            else:
                self._look_failed(job.delivery, told)
        except LeaseLost as lost:
            self._lost(job, lost)
        return defect

    def _advance(self, job: Job, value: Any) -> bool:
        delivery, now = job.delivery, self.terms.clock()
        _check(value, delivery.account)
        if isinstance(value, Note):
            self.store.note(delivery, value, now, now + self.terms.lease)
            return True
        if isinstance(value, Receipt):
            self._received(job, value)
        elif isinstance(value, list) and (found := self._ours(delivery, value)):
            self._adopt(delivery, value)
            self._delivered(delivery, found, Reason.FOUND)
        elif isinstance(value, list) and job.what == "send":
            self.looked.add(delivery.id)
            self._adopt(delivery, value)
            self.store.renew(delivery, now, now + self.terms.lease)
            return True
        elif job.what == "look":
            self._absent(delivery)
        else:
            raise NoReceipt(f"the publisher of {delivery.account} ended without a receipt")
        return False

    def _ours(self, delivery: Delivery, sightings: list[Sighting]) -> Receipt | None:
        """The sighting that is this announcement: it bears the link, and is no stored receipt."""
        if delivery.announcement is None or not sightings:
            return None
        wanted = {url_name(delivery.announcement.url)[1]}
        wanted |= {value for kind, value in self.store.aliases_of(delivery.post.id) if kind == URL}
        likely = [
            sighting.receipt for sighting in sightings if any(url_name(link)[1] in wanted for link in sighting.links)
        ]
        if not likely:
            return None
        stored = self.store.receipts_of(delivery.account, [receipt.remote_id for receipt in likely])
        return next((receipt for receipt in likely if receipt.remote_id not in stored), None)

    def _adopt(self, delivery: Delivery, seen: list[Sighting]) -> None:
        """Where the state knows of nothing that went out here, it may be lost: then the timeline is the record."""
        now, account = self.terms.clock(), delivery.account
        if not seen or account in self._adopted or self.store.sent_since(account, now - FURTHEST):
            return
        with self.store.planning():
            found = record(self.store, account, seen, now, but=delivery.post.id)
        self._adopted.add(account)
        for post in found:
            self.tell(Event("adopted", account, None, post, fresh=False))

    def _received(self, job: Job, receipt: Receipt) -> None:
        """A look that finds what is another announcement's has found nothing."""
        if job.what == "look" and self.store.receipts_of(job.delivery.account, [receipt.remote_id]):
            self._absent(job.delivery)
        else:
            self._delivered(job.delivery, receipt, Reason.FOUND if job.what == "look" else None)

    def _delivered(self, delivery: Delivery, receipt: Receipt, reason: Reason | None) -> None:
        self._blind.pop(delivery.id, None)
        self.store.delivered(delivery, receipt, self.terms.clock(), reason)
        self.tell(Event("found" if reason else "delivered", delivery.account, delivery, receipt.url or ""))

    def _absent(self, delivery: Delivery) -> None:
        """A complete look found nothing."""
        self._blind.pop(delivery.id, None)
        now = self.terms.clock()
        guarantee = self.accounts[delivery.account].network.guarantee
        ended = delivery.ended_at or delivery.updated_at
        verdict = retry.after_absent(delivery.looks + 1, ended, now, self.terms.grace, guarantee)
        match verdict:
            case retry.Absent():
                self._resend(delivery, now)
            case retry.LookAgain(at):
                self.store.looked(delivery, now, at, None, complete=True)
        self.tell(Event("absent", delivery.account, delivery, fresh=False))

    def _resend(self, delivery: Delivery, now: datetime) -> None:
        match retry.resend(delivery.attempts, now, self.terms.jitter()):
            case retry.TryAt(at):
                self._put_back(delivery, now, at, "looked for it: it did not arrive", spent=True)
            case retry.GiveUp(why):
                self.store.failed(delivery, now, why)
                self.tell(Event("failed", delivery.account, delivery, why))

    def _halfway(self, delivery: Delivery, found: Halfway) -> None:
        """A complete look found the first parts of a thread: note them; the rest is as absent as a whole post."""
        now = self.terms.clock()
        known = {note.data.get("index") for note in delivery.notes if note.kind == "part"}
        for note in found.notes:
            if note.data.get("index") not in known:
                self.store.note(delivery, note, now, now + self.terms.lease)
        self._absent(delivery)

    def _look_failed(self, delivery: Delivery, error: PublishError) -> None:
        now = self.terms.clock()
        if isinstance(error, Unauthorized):
            self._pause(delivery, error.message)
        self._blind[delivery.id] += 1
        wait = error.wait if isinstance(error, TryLater) else None
        again = retry.after_broken_look(self._blind[delivery.id], now, self.terms.jitter(), wait)
        self.store.looked(delivery, now, again.at, error.message, complete=False)
        self.tell(
            Event("look_failed", delivery.account, delivery, error.message, fresh=delivery.error != error.message)
        )

    def _send_failed(self, delivery: Delivery, error: PublishError) -> None:
        now, account = self.terms.clock(), self.accounts[delivery.account]
        verdict = retry.judge(
            error, delivery.attempts, now, self.terms.jitter(), account.network.guarantee, account.on_uncertain
        )
        match verdict:
            case retry.TryAt(at, spent):
                self._put_back(delivery, now, at, error.message, spent=spent)
                self.tell(Event("waiting", account.name, delivery, error.message, fresh=delivery.attempts == 1))
            case retry.LookFirst(at):
                self.store.uncertain(delivery, now, at or now, error.message)
                self.sights.forget(account.name)
                self.tell(Event("uncertain", account.name, delivery, error.message))
            case retry.GiveUp(why):
                self.store.failed(delivery, now, why)
                self.tell(Event("failed", account.name, delivery, why))
            case retry.Pause(why):
                self._put_back(delivery, now, now, why, spent=False)
                self._pause(delivery, why)
            case _:
                assert_never(verdict)

    def _put_back(self, delivery: Delivery, now: datetime, at: datetime, error: str, *, spent: bool) -> None:
        """Let it be claimed again: the next send looks first, for by then somebody else may have sent it."""
        self.store.put_back(delivery, now, at, error, spent)
        self.looked.discard(delivery.id)

    def _pause(self, delivery: Delivery, why: str) -> None:
        health = self.store.account_health().get(delivery.account)
        if health is None or health.paused_at is None:
            refused = self.fingerprint(self.accounts[delivery.account])
            self.store.pause(delivery.account, f"unauthorized: {why}", self.terms.clock(), refused)
            self.tell(Event("unauthorized", delivery.account, replace(delivery, error=why), why))

    def _lost(self, job: Job, lost: LeaseLost) -> None:
        self.tell(Event("lease_lost", job.delivery.account, job.delivery, str(lost), fresh=False))


def _as_publish_error(error: Exception) -> PublishError:
    """What an error of a step means; one that no publisher may raise tells nothing of what arrived."""
    if isinstance(error, PublishError):
        return error
    if isinstance(error, CredentialError):
        return Unauthorized(str(error))
    if isinstance(error, PosseError):
        return TryLater(str(error))
    return Uncertain(f"defect in the publisher: {type(error).__name__}: {error}")
