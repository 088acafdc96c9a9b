"""Wakes whoever waits when a source's files change, where the platform can tell. The plain scan stays the truth."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, runtime_checkable

from msgspec import Struct

_STEP = 40  # milliseconds without a change after which a burst of them is over
_LONGEST_BURST = 1000
_AGAIN = 3.0  # seconds until a folder that cannot be watched is tried again


class Place(Struct, frozen=True):
    """A folder to watch (absolute), and whether a path in it (absolute) may be, or hold, one of its posts."""

    folder: str
    concerns: Callable[[str], bool]


@runtime_checkable
class Watchable(Protocol):
    """A source whose changes can be watched for."""

    def place(self) -> Place:
        """Return what there is to watch."""
        ...


@contextmanager
def watching(places: Iterable[Place], wake: Callable[[], None], tell: Callable[[str], None]) -> Iterator[None]:
    """Call `wake` (from another thread) soon after something changes in the places, until the block ends.

    A folder that cannot be watched is told of once and tried again now and then; nothing is ever raised for it.
    """
    stop = threading.Event()
    watchers = [_Watcher(place, wake, tell, stop) for place in places]
    for watcher in watchers:
        watcher.start()
    try:
        yield
    finally:
        stop.set()
        for watcher in watchers:
            watcher.join(2)


class _Watcher(threading.Thread):
    """Watches one place."""

    def __init__(
        self, place: Place, wake: Callable[[], None], tell: Callable[[str], None], stop: threading.Event
    ) -> None:
        super().__init__(name=f"watch {place.folder}", daemon=True)
        self._place, self._wake, self._tell, self._stop_event = place, wake, tell, stop
        self._told = ""

    def run(self) -> None:
        """Watch until told to stop. A folder that went and came back is watched again, and looked at."""
        while not self._stop_event.is_set():
            self._watch()
            self._stop_event.wait(_AGAIN)
            if not self._stop_event.is_set() and Path(self._place.folder).is_dir():
                self._wake()

    def _watch(self) -> None:
        folder, is_first = self._place.folder, True
        try:
            from watchfiles import watch

            for changes in watch(
                folder,
                watch_filter=None,
                debounce=_LONGEST_BURST,
                step=_STEP,
                stop_event=self._stop_event,
                rust_timeout=1000,
                yield_on_timeout=True,
                raise_interrupt=False,
                ignore_permission_denied=True,
            ):
                if is_first or any(self._place.concerns(path) for _, path in changes):
                    self._wake()  # at first also, for what changed before the watch stood
                is_first = False
                if not changes and not Path(folder).is_dir():
                    return
        except (ImportError, OSError, RuntimeError) as error:
            why = f"{folder} cannot be watched ({error}): changes are found at the scheduled scans"
            if why != self._told:
                self._told = why
                self._tell(why)
