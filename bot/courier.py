"""Claims a delivery, publishes it, records what came of it. The only code that sends, and the only writer of outcomes.

The store is touched from the thread that calls `Courier.run`; publishers work in threads of their own, one step at a
time, and each step is bounded by a monotonic deadline shorter than the lease.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, assert_never

from bot import retry
from bot.adopt import record
from bot.config.model import AccountConfig
from bot.errors import (
    CredentialError,
    LeaseLost,
    PosseError,
    PublishError,
    SourceError,
    StateBusy,
    StateError,
    TooFar,
    TryLater,
    Unauthorized,
    Uncertain,
)
from bot.identity import URL, url_name
from bot.links import same_link
from bot.model import Announcement, Delivery, DeliveryId, Note, Reason, Receipt, State
from bot.networks import Guarantee
from bot.pacing import pace
from bot.publishers.base import Halfway, Publisher, Sighting
from bot.store.base import Store

LAST_CALL = 5.0  # seconds that what is in flight gets once the bot was told to stop
SIGHT_LIFE = 60.0  # seconds for which one look at a timeline answers for the next delivery also
_EARLIER = timedelta(days=2)  # how long before its post's date an announcement may stand on the timeline
_FURTHEST = timedelta(days=90)  # how far back a first look reads at the most
_UNSEEN = frozenset({"media", "blob"})  # notes of uploads, which no reader sees
_MARGIN = timedelta(days=1)  # how far the server's clock may be from ours


@dataclass(frozen=True, slots=True)
class Terms:
    """What the courier is told of time and patience. `zone` is the one of quiet hours."""

    owner: str
    lease: timedelta
    grace: timedelta
    clock: Callable[[], datetime]
    jitter: Callable[[], float]
    is_dead: Callable[[str], bool]
    zone: tzinfo = UTC


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a delivery, or to an account (`delivery` None): for a log line and the exit code."""

    kind: str
    account: str
    delivery: Delivery | None
    detail: str = ""
    fresh: bool = True


@dataclass(slots=True)
class _Job:
    """One delivery in hand: the steps still to come, and until when the running one may take."""

    delivery: Delivery
    steps: Iterator[Any]
    what: str
    deadline: float = 0.0


@dataclass(frozen=True, slots=True)
class _Step:
    """What one step brought: a value, an error, or neither at the end of the steps."""

    job: _Job
    value: Any = None
    error: Exception | None = None


@dataclass(slots=True)
class Courier:
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
    _publishers: dict[str, Publisher] = field(default_factory=dict)
    _jobs: dict[str, _Job] = field(default_factory=dict)
    _results: queue.SimpleQueue[_Step] = field(default_factory=queue.SimpleQueue)
    _stop_by: float | None = None
    _adopted: set[str] = field(default_factory=set)
    _sights: dict[str, tuple[float, datetime, list[Sighting]]] = field(default_factory=dict)
    _looked: set[DeliveryId] = field(default_factory=set)
    """What this process has looked for before its first send. Kept in no state: a backup would bring it back."""

    def run(self, only: Collection[DeliveryId] | None = None) -> None:
        """Work until nothing can be done now. With `only`, on these rows alone, and pacing yields.

        A defect of a publisher is recorded as uncertain and raised at the end.
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
            self._wait(defects)
        if defects:
            raise defects[0]

    def _take_back(self) -> None:
        """What this process claimed and never began, because the state could not be used just then, was not sent."""
        in_hand = {job.delivery.id for job in self._jobs.values()}
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
        for delivery in self.store.expire(self.terms.clock(), self.terms.is_dead):
            job = self._jobs.get(delivery.account)
            if job is None or job.delivery.id != delivery.id:
                self.tell(Event("expired", delivery.account, delivery, delivery.error or ""))

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
        now = self.terms.clock()
        if account.network.guarantee is Guarantee.ASK:
            return False
        delivery = self.store.claim_look(account.name, self.terms.owner, now, now + self.terms.lease, only)
        if delivery is None or delivery.announcement is None:
            return False
        announcement = delivery.announcement
        since = _since(delivery, first=False)

        def look(publisher: Publisher) -> Iterator[Receipt | list[Sighting] | None]:
            if account.network.guarantee is Guarantee.EXACTLY_ONCE or len(announcement.parts) > 1:
                yield publisher.find(announcement, since)
            else:
                yield list(publisher.recent(since))

        self._begin(account, delivery, look, "look")
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
        def send(publisher: Publisher) -> Iterator[list[Sighting] | Note | Receipt]:
            notes, begun = list(delivery.notes), any(note.kind == "part" for note in delivery.notes)
            if delivery.round == 1 and delivery.id not in self._looked and not begun:
                since = _since(delivery, first=True)
                for seen in self._first_look(account.name, publisher, since):
                    parts = _parts_there(publisher, announcement, seen, since)
                    notes += parts
                    yield from parts
                    yield [] if parts else seen
            else:
                yield []  # the lease is renewed, so a worker that slept since its claim sends nothing
            yield from publisher.publish(announcement, notes)

        self._begin(account, delivery, send, "send")

    def _first_look(self, name: str, publisher: Publisher, since: datetime) -> Iterator[list[Sighting]]:
        """What the timeline shows already: a lost state, an old backup or another machine may have been here."""
        at, covered, seen = self._sights.get(name, (float("-inf"), since, []))
        if covered > since or at + SIGHT_LIFE < time.monotonic():
            try:
                seen = list(publisher.recent(since))
            except (NotImplementedError, TooFar):
                yield []
                return
            except Uncertain as error:
                raise TryLater(f"no look at the timeline yet: {error.message}") from error  # nothing was sent
            self._sights[name] = (time.monotonic(), since, seen)
        yield seen

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

        job = _Job(delivery, all_steps(), what)
        self._jobs[account.name] = job
        self._next(job)

    def _next(self, job: _Job) -> None:
        """Let a thread take the job's next step. It is a daemon thread: a stuck one must not hold up the exit."""
        job.deadline = time.monotonic() + self.terms.lease.total_seconds() * 0.8
        threading.Thread(target=self._step, args=(job,), daemon=True).start()

    def _step(self, job: _Job) -> None:
        try:
            step = _Step(job, next(job.steps))
        except StopIteration:
            step = _Step(job)
        except Exception as error:  # noqa: BLE001 - a publisher may be anybody's; whatever it raises is judged below
            step = _Step(job, error=error)
        self._results.put(step)

    def _wait(self, defects: list[Exception]) -> None:
        """Take the next finished step, or give up on one that is over its time."""
        if self.stopping.is_set():
            self._hurry()
        patience = min(job.deadline for job in self._jobs.values()) - time.monotonic()
        try:
            step = self._results.get(timeout=min(max(patience, 0.001), 0.25))
        except queue.Empty:
            for job in [job for job in self._jobs.values() if job.deadline <= time.monotonic()]:
                self._publishers.pop(job.delivery.account, None)  # a thread of ours is still in it
                self._finish(job, defects, Uncertain("no answer within the time it had"))
            return
        if self._jobs.get(step.job.delivery.account) is not step.job:
            return  # given up on; its fence has risen, and what it brings must not be written
        try:
            if step.error is not None:
                self._finish(step.job, defects, step.error)
            else:
                self._advance(step.job, step.value, defects)
        except (StateError, StateBusy):
            self._results.put(step)  # what it brought is recorded by the next run, while the lease lasts
            raise

    def _hurry(self) -> None:
        """Told to stop: what is in flight has `LAST_CALL` to end, and is marked uncertain then."""
        if self._stop_by is None:
            self._stop_by = time.monotonic() + LAST_CALL
        for job in self._jobs.values():
            job.deadline = min(job.deadline, self._stop_by)

    def _advance(self, job: _Job, value: Any, defects: list[Exception]) -> None:
        """Commit what a step brought, then ask for the next one."""
        delivery, now = job.delivery, self.terms.clock()
        try:
            if isinstance(value, Note):
                self.store.note(delivery, value, now, now + self.terms.lease)
            elif isinstance(value, Receipt):
                self._received(job, value)
                return
            elif isinstance(value, list) and (found := self._ours(delivery, value)):
                self._adopt(delivery, value)
                self._delivered(job, found, Reason.FOUND)
                return
            elif isinstance(value, list) and job.what == "send":
                self._looked.add(delivery.id)
                self._adopt(delivery, value)
                self.store.renew(delivery, now, now + self.terms.lease)
            elif job.what == "look":
                self._absent(job)
                return
            else:
                raise TypeError(f"the publisher of {delivery.account} ended without a receipt")
        except LeaseLost as error:
            self._drop(job, str(error))
        except TypeError as error:
            self._finish(job, defects, error)
        else:
            self._next(job)

    def _ours(self, delivery: Delivery, sightings: list[Sighting]) -> Receipt | None:
        """The sighting that is this announcement: it bears the link, and is no stored receipt."""
        if delivery.announcement is None:
            return None
        wanted = {url_name(delivery.announcement.url)[1]}
        wanted |= {value for kind, value in self.store.aliases_of(delivery.post.id) if kind == URL}
        likely = [
            sighting.receipt for sighting in sightings if any(url_name(link)[1] in wanted for link in sighting.links)
        ]
        stored = self.store.receipts_of(delivery.account, [receipt.remote_id for receipt in likely])
        return next((receipt for receipt in likely if receipt.remote_id not in stored), None)

    def _adopt(self, delivery: Delivery, seen: list[Sighting]) -> None:
        """Where the state knows of nothing that went out here, it may be lost: then the timeline is the record."""
        now, account = self.terms.clock(), delivery.account
        if account in self._adopted or self.store.sent_since(account, now - _FURTHEST):
            return
        self._adopted.add(account)
        with self.store.planning():
            for post in record(self.store, account, seen, now, but=delivery.post.id):
                self.tell(Event("adopted", account, None, post, fresh=False))

    def _received(self, job: _Job, receipt: Receipt) -> None:
        """A look that finds what is another announcement's has found nothing."""
        if job.what == "look" and self.store.receipts_of(job.delivery.account, [receipt.remote_id]):
            self._absent(job)
        else:
            self._delivered(job, receipt, Reason.FOUND if job.what == "look" else None)

    def _delivered(self, job: _Job, receipt: Receipt, reason: Reason | None) -> None:
        self.store.delivered(job.delivery, receipt, self.terms.clock(), reason)
        self._drop(job)
        self.tell(Event("found" if reason else "delivered", job.delivery.account, job.delivery, receipt.url or ""))

    def _absent(self, job: _Job) -> None:
        """A complete look found nothing."""
        delivery, now = job.delivery, self.terms.clock()
        guarantee = self.accounts[delivery.account].network.guarantee
        ended = delivery.ended_at or delivery.updated_at
        verdict = retry.after_absent(delivery.looks + 1, ended, now, self.terms.grace, guarantee)
        match verdict:
            case retry.Absent():
                self._resend(delivery, now)
            case retry.LookAgain(at):
                self.store.looked(delivery, now, at, None, complete=True)
        self._drop(job)
        self.tell(Event("absent", delivery.account, delivery, fresh=False))

    def _resend(self, delivery: Delivery, now: datetime) -> None:
        match retry.resend(delivery.attempts, now, self.terms.jitter()):
            case retry.TryAt(at):
                self.store.put_back(delivery, now, at, "looked for it: it did not arrive", spent=True)
            case retry.GiveUp(why):
                self.store.failed(delivery, now, why)
                self.tell(Event("failed", delivery.account, delivery, why))

    def _finish(self, job: _Job, defects: list[Exception], error: Exception) -> None:
        """Record an error."""
        if not isinstance(error, PosseError):
            defects.append(error)
            error = Uncertain(f"defect in the publisher: {type(error).__name__}: {error}")
        try:
            if isinstance(error, CredentialError):
                error = Unauthorized(str(error))
            elif not isinstance(error, PublishError):
                error = TryLater(str(error))
            if job.what == "look" and isinstance(error, Halfway):
                self._halfway(job, error)
                return
            if job.what == "look":
                self._look_failed(job.delivery, error)
            else:
                self._send_failed(job.delivery, error)
        except LeaseLost as lost:
            self._drop(job, str(lost))
        else:
            self._drop(job)

    def _halfway(self, job: _Job, found: Halfway) -> None:
        """A complete look found the first parts of a thread: note them; the rest is as absent as a whole post."""
        delivery, now = job.delivery, self.terms.clock()
        known = {note.data.get("index") for note in delivery.notes if note.kind == "part"}
        for note in found.notes:
            if note.data.get("index") not in known:
                self.store.note(delivery, note, now, now + self.terms.lease)
        self._absent(job)

    def _look_failed(self, delivery: Delivery, error: PublishError) -> None:
        now = self.terms.clock()
        if isinstance(error, Unauthorized):
            self._pause(delivery, error.message)
        wait = error.wait if isinstance(error, TryLater) else None
        again = retry.after_broken_look(delivery.fence, now, self.terms.jitter(), wait)
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
                self.store.put_back(delivery, now, at, error.message, spent)
                self.tell(Event("waiting", account.name, delivery, error.message, fresh=delivery.attempts == 1))
            case retry.LookFirst(at):
                self.store.uncertain(delivery, now, at or now, error.message)
                self._sights.pop(account.name, None)
                self.tell(Event("uncertain", account.name, delivery, error.message))
            case retry.GiveUp(why):
                self.store.failed(delivery, now, why)
                self.tell(Event("failed", account.name, delivery, why))
            case retry.Pause(why):
                self.store.put_back(delivery, now, now, why, spent=False)
                self._pause(delivery, why)
            case _:
                assert_never(verdict)

    def _pause(self, delivery: Delivery, why: str) -> None:
        health = self.store.account_health().get(delivery.account)
        if health is None or health.paused_at is None:
            refused = self.fingerprint(self.accounts[delivery.account])
            self.store.pause(delivery.account, f"unauthorized: {why}", self.terms.clock(), refused)
            self.tell(Event("unauthorized", delivery.account, replace(delivery, error=why), why))

    def _drop(self, job: _Job, lost: str = "") -> None:
        self._jobs.pop(job.delivery.account, None)
        if lost:
            self.tell(Event("lease_lost", job.delivery.account, job.delivery, lost, fresh=False))


def _parts_there(
    publisher: Publisher, announcement: Announcement, seen: list[Sighting], since: datetime
) -> tuple[Note, ...]:
    """The notes of the first parts of a thread that a timeline shows and a lost state does not know.

    Empty where it is no thread, where all of it is there, or where what is there is another post.
    """
    links = [link for sighting in seen for link in sighting.links]
    if len(announcement.parts) == 1 or not any(same_link(link, announcement.url) for link in links):
        return ()
    try:
        publisher.find(announcement, since)
    except Halfway as half:
        return half.notes
    return ()


def _since(delivery: Delivery, first: bool) -> datetime:
    """From when on the timeline may hold this announcement.

    A first look reaches back to the post's date, for a state now lost may have sent it then; no further than
    `_FURTHEST`, so that a very old post costs no reading of years.
    """
    if first and delivery.announcement is not None:
        furthest = delivery.created_at - _FURTHEST
        return max(min(delivery.announcement.instant, delivery.created_at), furthest) - _EARLIER
    return delivery.created_at - _MARGIN
