"""What an error, or a look that found nothing, means for a delivery. Pure: values in, a decision out."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from bot.errors import PublishError, Rejected, TryLater, Unauthorized, Uncertain
from bot.networks import Guarantee

FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=6)
LONGEST_ASKED = timedelta(days=1)
TRUSTED = 4  # so often the wait a server asks for is taken as it is; a long outage must not use up the tries
ATTEMPTS = 14  # with the waits above: about two days of trying


class TryAt(Struct, frozen=True):
    """Send the same words under the same key, at `at`. `spent` is False when the attempt does not count."""

    at: datetime
    spent: bool = True


class LookFirst(Struct, frozen=True):
    """It may be there: look at the network at `at`, None when only a person can tell."""

    at: datetime | None


class GiveUp(Struct, frozen=True):
    """It failed, and a person must know."""

    why: str


class Pause(Struct, frozen=True):
    """The account is refused: send nothing on it until a person has logged in. The delivery stays due."""

    why: str


class LookAgain(Struct, frozen=True):
    """Not certain yet: look once more at `at`."""

    at: datetime


class Absent(Struct, frozen=True):
    """Certainly not there."""


def backoff(attempts: int, jitter: float) -> timedelta:
    """The wait after `attempts` tries: doubling from `FIRST_WAIT`, spread by `jitter` (0 to 1) over its upper half."""
    full: timedelta = min(FIRST_WAIT * (1 << min(attempts - 1, 20)), LONGEST_WAIT)
    return full * (0.5 + jitter / 2)


def judge(
    error: PublishError, attempts: int, now: datetime, jitter: float, guarantee: Guarantee, on_uncertain: str
) -> TryAt | LookFirst | GiveUp | Pause:
    """What to do after a send raised `error`, the `attempts`-th of its round. `jitter` is between 0 and 1."""
    match error:
        case Rejected():
            return GiveUp(error.message)
        case Unauthorized():
            return Pause(error.message)
        case TryLater():
            if attempts >= ATTEMPTS:
                return GiveUp(f"gave up after {attempts} tries: {error.message}")
            wait = backoff(attempts, jitter)
            if error.wait is not None:
                asked = min(max(error.wait, timedelta(0)), LONGEST_ASKED) + timedelta(seconds=jitter)
                wait = asked if attempts <= TRUSTED else max(asked, wait)
            return TryAt(now + wait)
        case Uncertain():
            can_look = guarantee is not Guarantee.ASK or on_uncertain == "retry"
            return LookFirst(now if can_look else None)
    raise error


def after_absent(
    looks: int, ended_at: datetime, now: datetime, grace: timedelta, guarantee: Guarantee
) -> LookAgain | Absent:
    """What a complete look that found nothing means; `looks` counts it and those before it since the attempt.

    Where a repeat is harmless one look is enough. Else a request may still be travelling: two looks, the last at least
    `grace` after the attempt ended.
    """
    if guarantee is Guarantee.EXACTLY_ONCE or (looks >= 2 and now >= ended_at + grace):
        return Absent()
    return LookAgain(max(ended_at + grace, now))


def resend(attempts: int, now: datetime, jitter: float) -> TryAt | GiveUp:
    """When to send again what certainly did not arrive, though the network did not say so.

    Twice at once; then with a back-off, for a server that takes everything and keeps nothing would be asked for ever.
    """
    if attempts >= ATTEMPTS:
        return GiveUp(f"sent {attempts} times, and it never arrived")
    return TryAt(now if attempts <= 2 else now + backoff(attempts - 2, jitter))


def after_broken_look(tries: int, now: datetime, jitter: float, wait: timedelta | None) -> LookAgain:
    """When to look again after so many looks in a row that could not be finished."""
    return LookAgain(now + (wait if wait is not None else backoff(max(tries, 1), jitter)))
