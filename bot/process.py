"""Who is at work: this process as an owner of deliveries, and whether another owner on this machine is dead."""

from __future__ import annotations

import hashlib
import os
import platform
import secrets
from functools import cache
from pathlib import Path

_PROC = Path("/proc")


def owner() -> str:
    """Return a name for this process that no other has: machine, pid, birth, and a random part."""
    return f"{_machine()}/{os.getpid()}/{_birth(os.getpid())}/{secrets.token_hex(4)}"


def is_dead(name: str) -> bool:
    """Whether `name` is an owner on this machine whose process is gone. False when it cannot be told."""
    host, _, rest = name.partition("/")
    pid, _, rest = rest.partition("/")
    birth, _, _ = rest.partition("/")
    if host != _machine() or not pid.isdigit():
        return False
    try:
        return _birth(int(pid)) != birth
    except OSError:
        return False


@cache
def _machine() -> str:
    """Where a process number means anything: two hosts, or two containers, may have one name between them."""
    found = _read(Path("/etc/machine-id")) or _read(_PROC / "sys/kernel/random/boot_id")
    space = _PROC / "self/ns/pid"
    found += str(space.readlink()) if space.is_symlink() else ""
    return f"{platform.node().replace('/', '-')}#{hashlib.sha256(found.encode()).hexdigest()[:8]}"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def _birth(pid: int) -> str:
    """When a process began, empty when there is none. Raises `OSError` when it cannot be told.

    On Linux in ticks since a named boot: an instant there is reckoned from the clock, and moves when the clock is set.
    """
    if not (_PROC / "self/stat").exists():
        return _birth_by_clock(pid)
    try:
        state, *fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    return "" if state == "Z" else f"{fields[18]}-{boot}"


def _birth_by_clock(pid: int) -> str:
    import psutil

    try:
        process = psutil.Process(pid)
        return "" if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.0f}"
    except psutil.NoSuchProcess:
        return ""
    except psutil.Error as error:
        raise OSError(str(error)) from error


def pid_of(name: str) -> str:
    """Return the process id in an owner's name, for a person to read."""
    return name.split("/")[1] if name.count("/") >= 2 else name
