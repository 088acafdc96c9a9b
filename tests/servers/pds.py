"""The real Bluesky PDS with its PLC directory, from npm, on loopback: installed once, started per test session.

`python -m tests.servers.pds` starts one for trying things by hand: it prints its address and an account, and serves
until it is interrupted.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from filelock import FileLock

HERE = Path(__file__).with_suffix("")
_ENVIRONMENT = dict(os.environ)  # as it was before a fixture emptied it: npm's configuration is in the real HOME
_INSTALL_SECONDS = 900


class PdsMissing(Exception):
    """The PDS cannot be installed on this machine; the message says why."""


@dataclass(frozen=True, slots=True)
class PdsAccount:
    """One account of the PDS. `access` is a full session's token, for looking at things around the bot."""

    handle: str
    did: str
    password: str
    app_password: str
    access: str


class Pds:
    """A running PDS and PLC. `base` is the address of the PDS."""

    def __init__(self) -> None:
        node, install = _tool("node"), installed()
        self._data = tempfile.TemporaryDirectory(prefix="posse-pds-")
        self._log = Path(self._data.name, "log").open("w+b")  # noqa: SIM115 - as long as the server
        self._process = subprocess.Popen(
            [node, str(HERE / "net.mjs"), str(install), self._data.name],
            stdin=subprocess.PIPE,  # its end stops the server, also when this process is killed
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**_ENVIRONMENT, "NODE_ENV": "production", "LOG_ENABLED": "false"},
        )
        told = self._first_line()
        self.base: str = told["pds"]
        self.jwt_secret: str = told["jwtSecret"]
        self._bypass: str = told["bypassKey"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """End the server and drop its data."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
        self._data.cleanup()

    def account(self) -> PdsAccount:
        """Make an account with an app password. Takes half a second."""
        name = f"u{secrets.token_hex(6)}"
        password = secrets.token_hex(12)
        made = self.call(
            "com.atproto.server.createAccount",
            json={"handle": f"{name}.test", "email": f"{name}@example.test", "password": password},
        )
        app = self.call("com.atproto.server.createAppPassword", token=made["accessJwt"], json={"name": "posse"})
        return PdsAccount(made["handle"], made["did"], password, app["password"], made["accessJwt"])

    def call(
        self, method: str, *, token: str | None = None, json: object = None, params: Mapping[str, str] | None = None
    ) -> Any:
        """Make one XRPC call around the bot (a POST where `json` is given) and return its answer."""
        headers = {"x-ratelimit-bypass": self._bypass}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        with httpx.Client(base_url=f"{self.base}/xrpc/", headers=headers, timeout=30, trust_env=False) as client:
            answer = client.post(method, json=json) if json is not None else client.get(method, params=params)
        if answer.is_error:
            raise AssertionError(f"{method}: {answer.status_code} {answer.text}")
        return answer.json()

    def records(self, did: str) -> list[dict[str, Any]]:
        """Return every post record of an account, newest key first: `uri`, `cid`, `value`."""
        listed = self.call(
            "com.atproto.repo.listRecords", params={"repo": did, "collection": "app.bsky.feed.post", "limit": "100"}
        )
        return list(listed["records"])

    def blob(self, did: str, cid: str) -> bytes:
        """Return the bytes of an uploaded file."""
        address = f"{self.base}/xrpc/com.atproto.sync.getBlob"
        with httpx.Client(trust_env=False, timeout=30) as client:
            return client.get(address, params={"did": did, "cid": cid}).raise_for_status().content

    def token(self, did: str, *, expires_in: float) -> str:
        """Mint an access token of an app password's session, which may have expired already."""
        now = int(time.time())
        claims = {"scope": "com.atproto.appPass", "sub": did, "iat": now - 7200, "exp": int(now + expires_in)}
        claims["aud"] = "did:web:localhost"
        head = {"typ": "at+jwt", "alg": "HS256"}
        signed = ".".join(_base64(json.dumps(part).encode()) for part in (head, claims))
        digest = hmac.new(self.jwt_secret.encode(), signed.encode(), hashlib.sha256).digest()
        return f"{signed}.{_base64(digest)}"

    def _first_line(self) -> dict[str, str]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._log.seek(0)
            raise RuntimeError(f"the PDS did not start:\n{self._log.read().decode(errors='replace')[-3000:]}")
        told: dict[str, str] = json.loads(line)
        return told


def installed() -> Path:
    """Return the folder with the PDS's node_modules, installing it first where it is not there (two minutes).

    Raises `PdsMissing` where Node is not there, or where npm cannot install.
    """
    lock = (HERE / "package-lock.json").read_bytes()
    folder = _cache() / f"pds-{hashlib.sha256(lock).hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / "installed"
    with FileLock(f"{folder}.lock"):
        if not done.exists():
            _install(folder)
            done.touch()
    return folder


def _install(folder: Path) -> None:
    npm = _tool("npm")
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(HERE / name, folder / name)
    print(f"Installing the Bluesky PDS into {folder} (once, about two minutes)", file=sys.stderr)  # noqa: T201
    try:
        ran = subprocess.run(
            [npm, "ci", "--no-audit", "--no-fund"],
            cwd=folder,
            env=_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_INSTALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise PdsMissing(f"npm ci took longer than {_INSTALL_SECONDS} s in {folder}") from error
    if ran.returncode:
        raise PdsMissing(f"npm ci failed in {folder}:\n{(ran.stdout + ran.stderr)[-3000:]}")


def _tool(name: str) -> str:
    found = shutil.which(name, path=_ENVIRONMENT.get("PATH"))
    if found is None:
        raise PdsMissing(f"{name} is not there (Node 18.7 to 20 is needed for the PDS)")
    return found


def _cache() -> Path:
    chosen = _ENVIRONMENT.get("POSSE_DEV_CACHE")
    return Path(chosen) if chosen else Path(_ENVIRONMENT.get("HOME") or Path.home(), ".cache", "posse-bot-dev")


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def main() -> None:
    """Serve until interrupted."""
    with Pds() as pds:
        account = pds.account()
        print(json.dumps({"pds": pds.base, "handle": account.handle, "app_password": account.app_password}), flush=True)  # noqa: T201
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
