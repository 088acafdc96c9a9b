"""`posse run`: looks on a schedule, sends what is due, and goes on whatever happens. APScheduler only says when.

All work is done in the thread that calls `Daemon.run`: the scheduler's own thread does no more than wake it.
"""

from __future__ import annotations

import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from types import FrameType
from typing import Any

from msgspec import Struct, field

from bot import schedule
from bot.config.model import Config
from bot.courier import Courier
from bot.errors import PosseError, PublisherDefect, PublishError, StateBusy
from bot.model import Reason
from bot.pipeline import Enqueued, Pipeline
from bot.store.base import Store
from bot.watcher.watch import Watchable

_LONGEST_SLEEP = 60.0
_LONGEST_BACK_OFF = 60.0
_LONGEST_GIVEN_WAY = 60.0  # seconds after which a scan waits for its turn like any other
_AGAIN = timedelta(seconds=1)  # when to look after another daemon was found looking
_UNTIL = (Reason.SETTLING, Reason.FUTURE)  # what a scan at a known moment will find ready


class Daemon(Struct):
    """The loop. `log(event, **facts)` writes one line; `beat(url)` asks for the heartbeat's address.

    `describe` says how to report a publisher's defect, which ends nothing: the other accounts go on. One of our own
    ends the daemon: nobody knows what it has left behind, and a new process begins with what the state says.
    """

    config: Config
    store: Store
    pipeline: Pipeline
    courier: Courier
    clock: Callable[[], datetime]
    log: Callable[..., None]
    beat: Callable[[str], None]
    stopping: threading.Event
    after_scan: Callable[[Enqueued], None]
    notify: Callable[[], str | None]
    describe: Callable[[Exception], str] = repr
    _signal: int = 0
    _wake: queue.SimpleQueue[str] = field(default_factory=queue.SimpleQueue)
    _told: dict[str, str] = field(default_factory=dict)
    _back_off: float = 1.0
    _look_at: datetime | None = None
    _scanned: float = field(default_factory=time.monotonic)

    def run(self) -> int:
        """Work until a signal says stop; return its number."""
        with self._signals(), self._scheduler(), self._watching():
            self._wake.put("scan")
            while not self.stopping.is_set():
                if self._next() == "scan":
                    self._guarded("scan", self.scan)
                if not self.stopping.is_set():
                    self._guarded("deliver", self.courier.run)
                    self._guarded("notice", self._notify)
        self.log("stopped")
        return self._signal

    def scan(self) -> None:
        """One look at every source; a moment later where another daemon is looking, for there may be work meanwhile."""
        now, is_patient = self.clock(), time.monotonic() - self._scanned > _LONGEST_GIVEN_WAY
        self._look_at = now + timedelta(seconds=_LONGEST_BACK_OFF)  # unless it comes to its end
        try:
            done = self.pipeline.enqueue(self.store, now, wait=is_patient)
        except StateBusy:
            if is_patient:
                raise
            self._look_at = now + _AGAIN
            return
        self._scanned = time.monotonic()
        for name, why in done.outlook.survey.failures.items():
            self._once(f"source {name}", why, "source_failed", source=name)
        for name in done.outlook.survey.scanned:
            self._over(f"source {name}", "source_back", source=name)
        waits = [left.until for left in done.outlook.plan.left_out if left.reason in _UNTIL and left.until]
        self._look_at = min(waits, default=None)
        self.after_scan(done)
        if self.config.schedule.heartbeat and not done.outlook.survey.failures:
            self._heartbeat(self.config.schedule.heartbeat)

    def _notify(self) -> None:
        if failed := self.notify():
            self._once("notices", failed, "notice_failed")
        else:
            self._over("notices", "notices_back")

    def _heartbeat(self, url: str) -> None:
        try:
            self.beat(url)
        except PublishError as error:
            self._once("heartbeat", error.message, "heartbeat_failed")
        else:
            self._over("heartbeat", "heartbeat_back")

    def _guarded(self, what: str, work: Callable[[], None]) -> None:
        """Do something that may fail for a while (a full disk, a locked state): one line, then try again later."""
        try:
            work()
        except PosseError as error:
            self._failed(what, str(error))
        except PublisherDefect as defect:
            self._failed(what, self.describe(defect))
        else:
            self._over(what, f"{what}_works_again")
            if what == "deliver":
                self._back_off = 1.0

    def _failed(self, what: str, why: str) -> None:
        self._once(what, why, f"{what}_failed")
        if what == "deliver":
            self.stopping.wait(self._back_off)
            self._back_off = min(2 * self._back_off, _LONGEST_BACK_OFF)

    def _once(self, key: str, why: str, event: str, **facts: Any) -> None:
        if self._told.get(key) != why:
            self._told[key] = why
            self.log(event, detail=why, **facts)

    def _over(self, key: str, event: str, **facts: Any) -> None:
        if self._told.pop(key, None) is not None:
            self.log(event, **facts)

    def _next(self) -> str:
        """Wait for the next scan, or for the next delivery that comes due; return which it was."""
        until = time.monotonic() + self._patience()
        while not self.stopping.is_set() and (left := until - time.monotonic()) > 0:
            try:
                return self._wake.get(timeout=left)
            except queue.Empty:
                break
        return "scan" if self._is_time_to_look() else "deliver"

    def _is_time_to_look(self) -> bool:
        """Whether a post may be ready by now. Where the state cannot be asked for the time, what follows says so."""
        try:
            return self._look_at is not None and self._look_at <= self.clock()
        except PosseError:
            return False

    def _patience(self) -> float:
        """How many seconds nothing is to be done. A state that cannot be asked is told of by what follows at once."""
        try:
            now = self.clock()
            instants = [at for at in (self.store.next_time(now), self.courier.silent_until, self._look_at) if at]
        except PosseError:
            return 0.0
        due = min(instants, default=None)
        return _LONGEST_SLEEP if due is None else min(max((due - now).total_seconds(), 0.01), _LONGEST_SLEEP)

    @contextmanager
    def _scheduler(self) -> Iterator[None]:
        from apscheduler.schedulers.background import BackgroundScheduler

        scheduler = BackgroundScheduler(timezone=self.config.timezone)
        scheduler.add_job(
            self._nudge,
            trigger(self.config),
            misfire_grace_time=None,
            coalesce=True,
            max_instances=1,
        )
        for every in {source.every for source in self.config.sources.values() if source.every}:
            if self.config.schedule.cron or every < self.config.schedule.every:
                scheduler.add_job(self._nudge, schedule.interval(every), coalesce=True)
        scheduler.start()
        try:
            yield
        finally:
            scheduler.shutdown(wait=False)

    @contextmanager
    def _watching(self) -> Iterator[None]:
        """Be woken when a source's files change. Events only wake: what there is, the scan finds."""
        from bot.watcher.watch import watching

        places = [source.place() for source in self.pipeline.sources if isinstance(source, Watchable)]
        with watching(places, self._nudge, lambda why: self.log("not_watched", detail=why)):
            yield

    def _nudge(self) -> None:
        """Ask for a scan. One is enough for all that asked while the daemon was busy sending."""
        if self._wake.empty():
            self._wake.put("scan")

    @contextmanager
    def _signals(self) -> Iterator[None]:
        def stop(number: int, _frame: FrameType | None) -> None:
            self._signal = number
            self.log("stopping", detail=signal.Signals(number).name)
            self.stopping.set()
            self._wake.put("stop")

        before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def trigger(config: Config) -> Any:
    """Return the trigger that the configuration describes."""
    if config.schedule.cron:
        return schedule.cron(config.schedule.cron, config.timezone)
    return schedule.interval(config.schedule.every)


def is_late(config: Config, last: datetime | None, now: datetime) -> bool:
    """Whether no scan has succeeded for three intervals."""
    return last is None or now - last > 3 * schedule.longest_gap(trigger(config), now)
