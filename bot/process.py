"""Who is at work: this process as an owner of deliveries, and whether another owner on this machine is dead."""

from __future__ import annotations

import os
import platform
import secrets


def owner() -> str:
    """Return a name for this process that no other has: host, pid, start time, and a random part."""
    import psutil

    started = psutil.Process().create_time()
    return f"{platform.node()}/{os.getpid()}/{started:.2f}/{secrets.token_hex(4)}"


def is_dead(name: str) -> bool:
    """Whether `name` is an owner on this host whose process is gone. False when it cannot be told."""
    host, _, rest = name.partition("/")
    pid, _, rest = rest.partition("/")
    started, _, _ = rest.partition("/")
    if host != platform.node() or not pid.isdigit():
        return False
    import psutil

    try:
        process = psutil.Process(int(pid))
        another = abs(float(process.create_time()) - float(started)) > 1
        return another or bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
    except (psutil.Error, ValueError):
        return False


def pid_of(name: str) -> str:
    """Return the process id in an owner's name, for a person to read."""
    return name.split("/")[1] if name.count("/") >= 2 else name
