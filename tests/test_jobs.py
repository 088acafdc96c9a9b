from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from bot.errors import TryLater, Uncertain
from bot.http import Http
from bot.jobs import SHARE, Job, Jobs, Step
from bot.model import Delivery, DeliveryId, PostId, PostRef, State
from tests.test_http import OK, answers, script

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DELIVERY = Delivery(
    id=DeliveryId(1), post=PostRef(PostId("a"), "a", "A", "https://example.com/a/"), account="me", round=1,
    state=State.SENDING, reason=None, detail=None, announcement=None, notes=(), receipt=None, fence=1, attempts=1,
    looks=0, not_before=AT, claimed_at=AT, sent_at=AT, ended_at=None, lease_until=AT, owner="me", error=None,
    created_at=AT, updated_at=AT,
)  # fmt: skip


def job_of(jobs: Jobs) -> Job:
    return jobs._by_account["me"]


def first(jobs: Jobs) -> Step:
    """Wait for the first step that ends, or is given up."""
    while not (steps := jobs.wait()):
        pass
    return steps[0]


def test_a_step_that_was_given_up_begins_no_request() -> None:
    """Its thread still runs, but what it asks for next is not sent: nobody waits for the answer any more."""
    ended: list[str] = []

    def steps(base: str) -> Iterator[Any]:
        time.sleep(0.4)
        try:
            Http().send("POST", f"{base}/late")
        except TryLater as error:
            ended.append(error.message)
        yield None

    with script(answers(OK)) as server:
        jobs = Jobs(lease=0.25)
        jobs.begin(DELIVERY, steps(server.base), "send")
        given_up = first(jobs)
        assert given_up.late
        assert isinstance(given_up.error, Uncertain)
        jobs.end(given_up.job)
        end = time.monotonic() + 5
        while not ended and time.monotonic() < end:
            time.sleep(0.01)
        assert ["no time was left" in words for words in ended] == [True]
        assert server.requests == []


def test_what_comes_too_late_is_not_heard() -> None:
    """What a job brings that was given up is dropped; the account's next job is another."""
    jobs = Jobs(lease=30)
    jobs.begin(DELIVERY, iter([1]), "send")
    late = first(jobs)
    assert late.value == 1
    jobs.end(late.job)
    jobs.put_back(late)
    jobs.begin(DELIVERY, iter([2]), "send")
    assert first(jobs).value == 2


def test_a_step_ends_before_its_lease() -> None:
    """It is given up while the lease still has a fifth of its time: nobody else can have taken it over by then."""
    jobs, began = Jobs(lease=20), time.monotonic()
    jobs.begin(DELIVERY, iter([1]), "send")
    assert began + 20 * SHARE <= job_of(jobs).deadline < began + 20


def test_told_to_stop_all_have_a_last_call() -> None:
    """The last call counts from the first time, however often it is said."""
    jobs = Jobs(lease=600)
    jobs.begin(DELIVERY, iter([1]), "send")
    jobs.hurry()
    deadline = job_of(jobs).deadline
    assert deadline < time.monotonic() + 6
    time.sleep(0.05)
    jobs.hurry()
    assert deadline == job_of(jobs).deadline
