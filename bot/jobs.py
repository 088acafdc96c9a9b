"""Runs publishers' steps in threads, one job an account, each step bounded by a monotonic deadline.

Only network calls run there. What a step brings comes back to the thread that asks with `wait`, which alone may touch
the store.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field

from bot.errors import Uncertain
from bot.http import DEADLINE
from bot.model import Delivery

LAST_CALL = 5.0  # seconds that what is in flight gets once the bot was told to stop
SHARE = 0.8  # of the lease that one step may take


class Job(Struct):
    """One delivery in hand: the steps still to come, and until when the running one may take. `what`: send or look."""

    delivery: Delivery
    steps: Iterator[Any]
    what: str
    deadline: float = 0.0


class Step(Struct, frozen=True):
    """What one step brought: a value, an error, or neither at the end of the steps. `late`: its thread still runs."""

    job: Job
    value: Any = None
    error: Exception | None = None
    late: bool = False


class Jobs(Struct):
    """All jobs in hand, at most one an account. `lease` is in seconds."""

    lease: float
    _by_account: dict[str, Job] = field(default_factory=dict)
    _results: queue.SimpleQueue[Step] = field(default_factory=queue.SimpleQueue)
    _stop_by: float | None = None

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self._by_account)

    def __contains__(self, account: str) -> bool:
        """Whether the account has one."""
        return account in self._by_account

    def deliveries(self) -> set[int]:
        """The ids of all deliveries in hand."""
        return {job.delivery.id for job in self._by_account.values()}

    def begin(self, delivery: Delivery, steps: Iterator[Any], what: str) -> None:
        """Take a delivery in hand, and its first step."""
        job = self._by_account[delivery.account] = Job(delivery, steps, what)
        self.go_on(job)

    def go_on(self, job: Job) -> None:
        """Let a thread take the job's next step. It is a daemon thread: a stuck one must not hold up the exit."""
        job.deadline = time.monotonic() + self.lease * SHARE
        threading.Thread(target=self._step, args=(job,), daemon=True).start()

    def end(self, job: Job) -> None:
        """Let go of it."""
        self._by_account.pop(job.delivery.account, None)

    def hurry(self) -> None:
        """Give all that is in flight `LAST_CALL` to end, counted from the first time this is said."""
        if self._stop_by is None:
            self._stop_by = time.monotonic() + LAST_CALL
        for job in self._by_account.values():
            job.deadline = min(job.deadline, self._stop_by)

    def wait(self) -> list[Step]:
        """The next finished step, or those that are over their time, or none after a quarter of a second."""
        patience = min(job.deadline for job in self._by_account.values()) - time.monotonic()
        try:
            step = self._results.get(timeout=min(max(patience, 0.001), 0.25))
        except queue.Empty:
            now, told = time.monotonic(), Uncertain("no answer within the time it had")
            late = [job for job in self._by_account.values() if job.deadline <= now]
            return [Step(job, error=told, late=True) for job in late]
        if self._by_account.get(step.job.delivery.account) is not step.job:
            return []  # given up on; its fence has risen, and what it brings must not be written
        return [step]

    def put_back(self, step: Step) -> None:
        """Keep what a step brought for the next `wait`: it could not be written down."""
        self._results.put(step)

    def _step(self, job: Job) -> None:
        DEADLINE.set(job.deadline)  # this thread's own: a request that nobody waits for any more is not begun
        try:
            step = Step(job, next(job.steps))
        except StopIteration:
            step = Step(job)
        except Exception as error:  # noqa: BLE001 - a publisher may be anybody's; whatever it raises is judged by the courier
            step = Step(job, error=error)
        self._results.put(step)
