"""Servers from PyPI for the tests, each in an environment of its own: installed once, into the developer's cache.

They are too heavy for everybody's environment, or ask for versions that are not ours.
"""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Sequence
from pathlib import Path

from filelock import FileLock

_ENVIRONMENT = dict(os.environ)  # as it was before a fixture emptied it: pip's configuration is in the real HOME
_INSTALL_SECONDS = 600


class ServerMissing(Exception):
    """A server cannot be installed on this machine; the message says why."""


def installed(name: str, *packages: str) -> Path:
    """Return the `bin` folder of an environment with `packages`, made where it is not there (half a minute).

    Raises `ServerMissing`.
    """
    what = "\n".join((*packages, sys.version)).encode()
    chosen = _ENVIRONMENT.get("POSSE_DEV_CACHE")
    cache = Path(chosen) if chosen else Path(_ENVIRONMENT.get("HOME") or Path.home(), ".cache", "posse-bot-dev")
    folder = cache / f"{name}-{hashlib.sha256(what).hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / "installed"
    with FileLock(f"{folder}.lock"):
        if not done.exists():
            print(f"Installing {name} into {folder} (once)", file=sys.stderr)  # noqa: T201
            _install(folder, packages)
            done.touch()
    return folder / "venv" / "bin"


def _install(folder: Path, packages: Sequence[str]) -> None:
    venv.create(folder / "venv", with_pip=True, clear=True)
    command = [str(folder / "venv/bin/python"), "-m", "pip", "install", "-q", *packages]
    try:
        ran = subprocess.run(
            command, env=_ENVIRONMENT, capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ServerMissing(f"pip took longer than {_INSTALL_SECONDS} s in {folder}") from error
    if ran.returncode:
        raise ServerMissing(f"pip cannot install {' '.join(packages)}:\n{ran.stderr[-2000:]}")


def free_port() -> int:
    """Return a port of this machine where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """A server's process, from when it answers until `stop`. `log` is where all that it says is kept."""

    def __init__(self, command: Sequence[str], folder: Path, answers: Callable[[], bool], seconds: float = 60) -> None:
        self._log = folder / "log"
        home = {"HOME": str(folder), "PATH": _ENVIRONMENT.get("PATH", "")}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=home)
        until = time.monotonic() + seconds
        while not answers():
            if self._process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise RuntimeError(f"{command[0]} did not start:\n{self._log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def listens(port: int) -> bool:
    """Whether something takes connections on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
