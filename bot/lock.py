"""One daemon on one SQLite state: the lock, and who holds it."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from bot.errors import StateBusy, StateError


@contextmanager
def only_runner(state: Path, now: datetime) -> Iterator[None]:
    """Hold the state as its one runner.

    Raises `StateBusy`, naming the process that holds it, and `StateError` where no file can be made beside the state.
    The lock is the operating system's, so it dies with its holder; what is in the file is for people.
    """
    from filelock import FileLock, Timeout

    card = state.with_name(state.name + ".runner")
    lock = FileLock(state.with_name(state.name + ".lock"), mode=0o600)
    try:
        state.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise StateBusy(_holder(card, state)) from error
    except OSError as error:
        raise StateError(
            f"{state}: no file can be made beside the state ({error.strerror}: {error.filename}), so nothing is sent."
            " Make its folder writable, or name another with [state] url."
        ) from error
    try:
        with suppress(OSError):  # a full disk: it is only for people
            card.write_text(
                json.dumps({"pid": os.getpid(), "host": platform.node(), "since": now.isoformat(timespec="seconds")}),
                encoding="utf-8",
            )
        yield
    finally:
        with suppress(OSError):
            card.unlink(missing_ok=True)
        lock.release()


def _holder(card: Path, state: Path) -> str:
    try:
        found = json.loads(card.read_text(encoding="utf-8"))
        who = f"process {found['pid']} on {found['host']}, since {found['since']}"
    except (OSError, ValueError, KeyError):
        who = "another process"
    return f"`posse run` is at work already on {state}: {who}. Stop it first, or let it do the work."
