"""The real Matrix server Synapse, from PyPI, on loopback with SQLite, for users who are limited as it limits them."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from tests.servers.packages import Running, free_port, installed

PACKAGES = ("matrix-synapse==1.163.2",)
RATE = 0.02
"""Messages a second that a user may send after the first, where `unlimited` was not asked for."""


@dataclass(frozen=True, slots=True)
class User:
    """A user, logged in on one device."""

    name: str
    password: str
    token: str


class Synapse:
    """A running server. `base` is its address."""

    def __init__(self) -> None:
        python = str(installed("synapse", *PACKAGES) / "python")
        self._data = tempfile.TemporaryDirectory(prefix="posse-synapse-")
        self._folder, port = Path(self._data.name), free_port()
        self._shared = secrets.token_hex(16)
        self.base = f"http://127.0.0.1:{port}"
        (self._folder / "homeserver.yaml").write_text(json.dumps(self._config(port)), encoding="utf-8")
        (self._folder / "log.yaml").write_text(json.dumps({"version": 1, "root": {"level": "ERROR"}}), "utf-8")
        self._command = [python, "-m", "synapse.app.homeserver", "-c", str(self._folder / "homeserver.yaml")]
        subprocess.run([*self._command, "--generate-keys"], check=True, capture_output=True)
        self._http = httpx.Client(base_url=self.base, timeout=30, trust_env=False)
        self.start()
        self._admin = self.user(admin=True)

    def start(self) -> None:
        """Start it (again), and wait until it answers."""
        self._running = Running(self._command, self._folder, self._answers)

    def halt(self) -> None:
        """End it, and keep its data."""
        self._running.stop()

    def stop(self) -> None:
        """End it, and drop its data."""
        self.halt()
        self._http.close()
        self._data.cleanup()

    def user(self, *, admin: bool = False) -> User:
        """Make a user, whose messages are not limited, and log in."""
        name, password = f"u{secrets.token_hex(5)}", secrets.token_hex(8)
        nonce = self._http.get("/_synapse/admin/v1/register").json()["nonce"]
        words = [nonce, name, password, "admin" if admin else "notadmin"]
        mac = hmac.new(self._shared.encode(), "\0".join(words).encode(), hashlib.sha1).hexdigest()
        body = {"nonce": nonce, "username": name, "password": password, "admin": admin, "mac": mac}
        self._http.post("/_synapse/admin/v1/register", json=body).raise_for_status()
        made = User(f"@{name}:lab.test", password, self.login(f"@{name}:lab.test", password))
        if not admin:
            self._limit(made, "POST")
        return made

    def login(self, name: str, password: str) -> str:
        """Log in on a new device; return its token."""
        identifier = {"type": "m.id.user", "user": name}
        body = {"type": "m.login.password", "identifier": identifier, "password": password}
        return str(self.call("POST", "/login", None, body)["access_token"])

    def room(self, user: User, alias: str | None = None, *, encrypted: bool = False) -> str:
        """Make a room of the user's; return its id."""
        body: dict[str, Any] = {"room_alias_name": alias} if alias else {}
        if encrypted:
            state = {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}
            body["initial_state"] = [state]
        return str(self.call("POST", "/createRoom", user.token, body)["room_id"])

    def limit(self, user: User) -> None:
        """Limit the user's messages to `RATE`."""
        self._limit(user, "DELETE")

    def send(self, user: User, room: str, txn: str, body: str = "words") -> httpx.Response:
        """Send a message around the bot."""
        path = f"/_matrix/client/v3/rooms/{quote(room)}/send/m.room.message/{txn}"
        headers = {"Authorization": f"Bearer {user.token}"}
        return self._http.put(path, json={"msgtype": "m.text", "body": body}, headers=headers)

    def messages(self, user: User, room: str) -> list[dict[str, Any]]:
        """Return the room's messages, oldest first."""
        path = f"/rooms/{quote(room)}/messages?dir=f&limit=100"
        chunk = self.call("GET", path, user.token)["chunk"]
        return [event for event in chunk if event["type"] == "m.room.message"]

    def media(self, user: User, uri: str) -> bytes:
        """Return an uploaded file."""
        path = f"/_matrix/client/v1/media/download/{uri.removeprefix('mxc://')}"
        answer = self._http.get(path, headers={"Authorization": f"Bearer {user.token}"})
        answer.raise_for_status()
        return answer.content

    def call(self, method: str, path: str, token: str | None, body: Mapping[str, Any] | None = None) -> Any:
        """Make a call of the client API and return its answer."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = self._http.request(method, f"/_matrix/client/v3{path}", json=body, headers=headers)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def _limit(self, user: User, method: str) -> None:
        path = f"/_synapse/admin/v1/users/{quote(user.name)}/override_ratelimit"
        body = {"messages_per_second": 0, "burst_count": 0} if method == "POST" else None
        headers = {"Authorization": f"Bearer {self._admin.token}"}
        self._http.request(method, path, json=body, headers=headers).raise_for_status()

    def _answers(self) -> bool:
        try:
            return self._http.get("/_matrix/client/versions", timeout=2).is_success
        except httpx.HTTPError:
            return False

    def _config(self, port: int) -> dict[str, Any]:
        free = {"per_second": 1000, "burst_count": 1000}
        listener = {"port": port, "bind_addresses": ["127.0.0.1"], "type": "http", "tls": False}
        folder = self._folder
        return {
            "server_name": "lab.test",
            "report_stats": False,
            "pid_file": str(folder / "pid"),
            "signing_key_path": str(folder / "signing.key"),
            "media_store_path": str(folder / "media"),
            "log_config": str(folder / "log.yaml"),
            "listeners": [{**listener, "resources": [{"names": ["client", "media"], "compress": False}]}],
            "database": {"name": "sqlite3", "args": {"database": str(folder / "hs.db")}},
            "registration_shared_secret": self._shared,
            "macaroon_secret_key": secrets.token_hex(16),
            "form_secret": secrets.token_hex(16),
            "bcrypt_rounds": 4,
            "trusted_key_servers": [],
            "suppress_key_server_warning": True,
            "presence": {"enabled": False},
            "federation_domain_whitelist": [],
            "rc_message": {"per_second": RATE, "burst_count": 1},
            "rc_registration": free,
            "rc_login": dict.fromkeys(("address", "account", "failed_attempts"), free),
            "rc_room_creation": free,
        }
