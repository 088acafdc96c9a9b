"""What the courier tells, as lines on stderr, and what it means for the exit code."""

from __future__ import annotations

from bot.cli.options import say
from bot.courier import Event
from bot.errors import Exit

_WORDS = {
    "delivered": "announced",
    "found": "found there already",
    "uncertain": "no answer; it may be there, and will be looked for",
    "failed": "refused",
    "waiting": "not sent, will be tried again",
    "look_failed": "could not be looked for",
    "unauthorized": "the account is refused",
    "skipped": "not announced any more",
    "expired": "its sender is gone; it will be looked for",
    "absent": "looked for it, not there yet",
    "lease_lost": "another worker took it over",
}


class Log:
    """Writes a line for each event, and remembers what is new trouble."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def tell(self, event: Event) -> None:
        """Take one event in."""
        self.events.append(event)
        what = f" {event.delivery.post.slug}" if event.delivery else ""
        detail = f": {event.detail}" if event.detail else ""
        say(f"{event.account}:{what}: {_WORDS[event.kind]}{detail}")
        if event.kind == "unauthorized":
            say(f"  nothing is sent on {event.account} until `posse login {event.account}`")

    def exit_code(self) -> Exit:
        """Return what these events alone mean; the state of the rows at the end is judged by the command."""
        if any(event.kind == "unauthorized" for event in self.events):
            return Exit.SETUP
        troubled = {"failed", "waiting", "uncertain", "look_failed"}
        if any(event.kind in troubled and event.fresh for event in self.events):
            return Exit.TROUBLE
        return Exit.DONE


def worst(*codes: int) -> int:
    """Return the exit code that counts when several hold: 70, 3, 1, 5, then 0."""
    return next(
        (code for code in (Exit.DEFECT, Exit.SETUP, Exit.TROUBLE, Exit.NEEDS_PERSON) if code in codes), Exit.DONE
    )
