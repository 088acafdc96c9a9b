"""Nostr relays: two real ones of different make, and one of our own that can refuse, limit and lose."""

from __future__ import annotations

import asyncio
import inspect
import json
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from nostr_sdk import LocalRelayBuilder
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.sync.server import Server, ServerConnection, serve

from tests.servers.packages import Running, free_port, installed, listens

NOSTR_RELAY = ("nostr-relay==1.14",)
_CONFIG = """
DEBUG: false
relay_name: lab
storage:
  sqlalchemy.url: sqlite+aiosqlite:///{folder}/nostr.sqlite3
  validators:
    - nostr_relay.validators.is_not_too_large
    - nostr_relay.validators.is_signed
verification:
  nip05_verification: disabled
gunicorn:
  bind: 127.0.0.1:{port}
  workers: 1
  loglevel: info
authentication:
  enabled: false
"""


class Relay(Protocol):
    """A relay. `url` is its address."""

    url: str


def read(relay: Relay, author: str) -> list[dict[str, Any]]:
    """Return what a relay shows of an author, oldest first, asked around the bot."""
    found = []
    with connect(relay.url, proxy=None) as connection:
        connection.send(json.dumps(["REQ", "look", {"authors": [author]}]))
        while (message := json.loads(connection.recv(timeout=10)))[0] != "EOSE":
            if message[0] == "EVENT":
                found.append(message[2])
    return sorted(found, key=lambda event: int(event["created_at"]))


class SdkRelay:
    """The relay of nostr-sdk, in this process, on an event loop in a thread of its own."""

    def __init__(self) -> None:
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)
        self._thread.start()
        assert self._ready.wait(30), "the relay of nostr-sdk did not start"

    async def _serve(self) -> None:
        self._stopped = asyncio.Event()
        relay = LocalRelayBuilder().addr("127.0.0.1").build()
        await relay.run()
        url = relay.url()
        self.url = str(await url if inspect.isawaitable(url) else url).rstrip("/")
        self._ready.set()
        await self._stopped.wait()
        relay.shutdown()

    def stop(self) -> None:
        """End it."""
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(10)
        self._loop.close()


class PythonRelay:
    """PyPI's nostr-relay, a process of its own with SQLite."""

    def __init__(self) -> None:
        tool = installed("nostr-relay", *NOSTR_RELAY) / "nostr-relay"
        self._data = tempfile.TemporaryDirectory(prefix="posse-relay-")
        folder, port = Path(self._data.name), free_port()
        (folder / "relay.yaml").write_text(_CONFIG.format(folder=folder, port=port), encoding="utf-8")
        self._running = Running([str(tool), "-c", "relay.yaml", "serve"], folder, lambda: listens(port))
        self.url = f"ws://127.0.0.1:{port}"

    def stop(self) -> None:
        """End it, and drop its data."""
        self._running.stop()
        self._data.cleanup()


class StrictRelay:
    """A relay of our own, for what the real ones cannot be told to do. It keeps events, and counts what it is sent.

    `answers` are what the next events get: an `OK false` with these words (nothing is kept), `drop` (kept, and the
    connection breaks), `silent` (kept, no answer), `deaf` (not kept, no answer), or empty for a proper answer.
    The words are those of NIP-01's table of prefixes.
    """

    def __init__(self) -> None:
        self.events: dict[str, dict[str, Any]] = {}
        self.answers: list[str] = []
        self.sends: list[str] = []
        self.reads = True
        self._server: Server = serve(self._talk, "127.0.0.1", 0)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}"

    def stop(self) -> None:
        """End it."""
        self._server.shutdown()
        self._thread.join(10)

    def _talk(self, connection: ServerConnection) -> None:
        try:
            for text in connection:
                message = json.loads(text)
                if message[0] == "EVENT":
                    self._take(connection, message[1])
                elif message[0] == "REQ":
                    self._show(connection, message[1], message[2])
        except ConnectionClosed:
            return

    def _take(self, connection: ServerConnection, event: dict[str, Any]) -> None:
        self.sends.append(event["id"])
        answer = self.answers.pop(0) if self.answers else ""
        there = event["id"] in self.events
        if answer in ("", "drop", "silent"):
            self.events[event["id"]] = event
        if answer == "drop":
            connection.socket.close()
        elif answer == "":
            # https://github.com/nostr-protocol/nips/blob/master/01.md: duplicates are told by their prefix
            connection.send(json.dumps(["OK", event["id"], not there, "duplicate: have it" if there else ""]))
        elif answer not in ("silent", "deaf"):
            connection.send(json.dumps(["OK", event["id"], False, answer]))

    def _show(self, connection: ServerConnection, name: str, wanted: dict[str, Any]) -> None:
        if not self.reads:
            connection.send(json.dumps(["CLOSED", name, "auth-required: log in to read"]))
            return
        found = [event for event in self.events.values() if _matches(event, wanted)]
        found.sort(key=lambda event: int(event["created_at"]), reverse=True)
        for event in found[: min(wanted.get("limit", 500), 3)]:  # NIP-11 max_limit, a small one
            connection.send(json.dumps(["EVENT", name, event]))
        connection.send(json.dumps(["EOSE", name]))


def _matches(event: dict[str, Any], wanted: dict[str, Any]) -> bool:
    lists: Sequence[tuple[str, str]] = (("ids", "id"), ("authors", "pubkey"), ("kinds", "kind"))
    return all(event[field] in wanted[name] for name, field in lists if name in wanted) and wanted.get(
        "since", 0
    ) <= event["created_at"] <= wanted.get("until", 2**53)
