"""What the strict Mastodon remembers, in memory and, where a file is given, in JSON lines that a restart reads."""

from __future__ import annotations

import json
import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.servers.strict_kin import FLAVOURS

ALL_SCOPES = "read write profile"
ACCOUNT = "109000000000000001"


@dataclass
class Behaviour:
    """What a test may change while the server runs.

    `keys`: `honoured` (Mastodon), `ignored` (GoToSocial) or `refused` (Pixelfed: 400 on a repeat). `fates` are spent
    one a status POST, `fate` is for every one when they are spent: see `strict_api.FATES`. `polls` is how often an
    uploaded picture is still being processed when asked for. `flavour` is the software, of `strict_kin.FLAVOURS`.
    """

    characters: int = 500
    flavour: str = "mastodon"
    keys: str = "honoured"
    rate: int = 300
    window: int = 300
    polls: int = 0
    cards: bool = False
    fates: list[str] = field(default_factory=list)
    fate: str = ""
    delay: float = 0.0
    skew: float = 0.0


class Memory:
    """All that one server knows. Methods are called under `lock`."""

    def __init__(self, data: Path | None = None) -> None:
        self.lock = threading.RLock()
        self.behaviour = Behaviour()
        self.statuses: list[dict[str, Any]] = []
        self.keys: dict[str, tuple[float, str]] = {}
        self.media: dict[str, dict[str, Any]] = {}
        self.tokens: dict[str, str] = {}
        self.apps: dict[str, dict[str, Any]] = {}
        self.codes: dict[str, dict[str, Any]] = {}
        self.hits: dict[tuple[str, int], int] = {}
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self._last_id = 0
        self._data = data
        if data is not None and data.exists():
            for line in data.read_text("utf-8").splitlines():
                self._replay(json.loads(line))

    def now(self) -> float:
        """Return the server's own time, in seconds since 1970."""
        return time.time() + self.behaviour.skew

    def new_id(self) -> str:
        """Return a snowflake: lib/mastodon/snowflake.rb, milliseconds in the upper 48 bits."""
        self._last_id = max(self._last_id + 1, int(self.now() * 1000) << 16)
        return str(self._last_id)

    def token(self, token: str, scopes: str = ALL_SCOPES) -> str:
        """Let `token` act for the account, within `scopes`."""
        self._keep({"token": token, "scopes": scopes})
        return token

    def add_app(self, app: dict[str, Any]) -> None:
        """Register an application."""
        self._keep({"app": app})

    def add_status(self, status: dict[str, Any], key: str | None) -> None:
        """Take a status in, on the disk before anything is answered."""
        self._keep({"status": status, "key": key, "at": self.now()})

    def kept(self, key: str) -> dict[str, Any] | None:
        """Return the status of an idempotency key that is still kept."""
        at, status_id = self.keys.get(key, (0.0, ""))
        if not status_id or self.now() - at >= FLAVOURS[self.behaviour.flavour].key_life:
            return None
        return self.status(status_id)

    def status(self, status_id: str) -> dict[str, Any] | None:
        """Return the status of that id."""
        return next((status for status in self.statuses if status["id"] == status_id), None)

    def hit(self, who: str) -> tuple[int, float]:
        """Count a request; return how many are left and when the window ends (config/initializers/rack_attack.rb)."""
        window = self.behaviour.window
        bucket = int(self.now()) // window
        count = self.hits[who, bucket] = self.hits.get((who, bucket), 0) + 1
        return self.behaviour.rate - count, float((bucket + 1) * window)

    def _keep(self, event: dict[str, Any]) -> None:
        if self._data is not None:
            with self._data.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(event) + "\n")
                stream.flush()
                os.fsync(stream.fileno())
        self._replay(event)

    def _replay(self, event: dict[str, Any]) -> None:
        if "token" in event:
            self.tokens[event["token"]] = event["scopes"]
        if "app" in event:
            self.apps[event["app"]["client_id"]] = event["app"]
        if "status" in event:
            self.statuses.append(event["status"])
            self._last_id = max(self._last_id, int(event["status"]["id"]))
            if event["key"]:
                self.keys[event["key"]] = (event["at"], event["status"]["id"])
