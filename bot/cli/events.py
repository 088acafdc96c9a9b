"""What the courier tells, as lines on stderr, and what it means for the exit code."""

from __future__ import annotations

from collections.abc import Mapping

from bot.cli.options import err, say, settings
from bot.errors import Exit
from bot.model import State
from bot.outcomes import Event
from bot.report import is_blind
from bot.store.base import AccountHealth, ReadOnlyStore

_TROUBLE = {"failed", "waiting", "uncertain", "look_failed"}

_WORDS = {
    "delivered": "announced",
    "found": "found there already",
    "adopted": "an earlier announcement found there, and recorded",
    "uncertain": "no answer; it may be there, and will be looked for",
    "failed": "refused",
    "waiting": "not sent, will be tried again",
    "look_failed": "could not be looked for",
    "unauthorized": "the account is refused",
    "resumed": "there is another secret now; the account goes on",
    "skipped": "not announced any more",
    "expired": "its sender is gone; it will be looked for",
    "absent": "looked for it, not there yet",
    "lease_lost": "another worker took it over",
}
_BLIND = {  # where a network shows a program nothing
    "uncertain": "no answer; it may be there: only you can see",
    "expired": "its sender is gone; it may be there: only you can see",
}


class Log:
    """Writes a line for each event, and remembers what is new trouble.

    What went well is a result, and shown at the end; here only with --verbose.
    """

    def __init__(self) -> None:
        self.events: list[Event] = []

    def tell(self, event: Event) -> None:
        """Take one event in."""
        self.events.append(event)
        if event.kind == "delivered" and not settings().verbose:
            return
        about = event.account + (f": {event.delivery.post.slug}" if event.delivery else "")
        detail = f": {event.detail}" if event.detail else ""
        write = err if event.kind in {*_TROUBLE, "unauthorized"} else say
        blind = event.delivery is not None and is_blind(event.delivery)
        words = _BLIND.get(event.kind) if blind else None
        write(f"{about}: {words or _WORDS[event.kind]}{detail}")
        if event.kind == "unauthorized":
            err(f"  nothing is sent on {event.account} until it has another secret, or `posse login {event.account}`")

    def exit_code(self, store: ReadOnlyStore) -> Exit:
        """Return what these events mean, but for those that came right in the end."""
        if any(event.kind == "unauthorized" for event in self.events):
            return Exit.SETUP
        troubled = {
            event.delivery.id for event in self.events if event.kind in _TROUBLE and event.fresh and event.delivery
        }
        ended = [row for id_ in troubled if (row := store.delivery(id_))]
        if any(row.state not in (State.DELIVERED, State.SKIPPED) for row in ended):
            return Exit.TROUBLE
        return Exit.DONE


def standing_code(store: ReadOnlyStore, failures: Mapping[str, str]) -> int:
    """Return the exit code of everything that is wrong now, told before or not (`--strict`)."""
    states = {row.state for row in store.deliveries(states=[State.FAILED, State.UNCERTAIN, State.HELD])}
    refused = any(is_refused(health) for health in store.account_health().values())
    return worst(
        Exit.SETUP if refused else Exit.DONE,
        Exit.TROUBLE if failures or states & {State.FAILED, State.UNCERTAIN} else Exit.DONE,
        Exit.NEEDS_PERSON if State.HELD in states else Exit.DONE,
    )


def is_refused(health: AccountHealth) -> bool:
    """Whether an account is paused because its secret is missing or was refused, not by a person."""
    return health.paused_at is not None and health.paused_secret is not None


def worst(*codes: int) -> int:
    """Return the exit code that counts when several hold: 70, 3, 1, 5, then 0."""
    return next(
        (code for code in (Exit.DEFECT, Exit.SETUP, Exit.TROUBLE, Exit.NEEDS_PERSON) if code in codes), Exit.DONE
    )
