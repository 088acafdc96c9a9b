"""A real PostgreSQL for the tests: Debian's where it is installed, else the one in PyPI's `pgserver`.

It listens on a Unix socket and on a loopback port, keeps its data in a temporary folder, and runs as a user of its own
when we are root, since PostgreSQL refuses root.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg  # noqa: TID251 - looks at the database past the store

_USER = "postgres"
_NOBODY = "nobody"
_DEBIAN = Path("/usr/lib/postgresql")


class PostgresMissing(Exception):
    """No PostgreSQL is here, or it does not start; the message says which."""


def binaries() -> Path:
    """The folder of `postgres` and `initdb`. Raises `PostgresMissing`."""
    debian = sorted(_DEBIAN.glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if debian:
        return debian[-1].parent
    try:
        from importlib.util import find_spec

        spec = find_spec("pgserver")
    except ImportError:
        spec = None
    if spec is None or spec.origin is None:
        raise PostgresMissing("neither Debian's postgresql nor PyPI's pgserver is installed: ./dev setup")
    return Path(spec.origin).parent / "pginstall" / "bin"


class PostgresServer:
    """One cluster, running from `__enter__` to `__exit__`; it may be stopped and started in between."""

    def __init__(self) -> None:
        self._bin = binaries()
        self._folder = Path(tempfile.mkdtemp(prefix="posse-pg."))
        if os.geteuid() == 0 and not all(parent.stat().st_mode & 0o001 for parent in self._bin.parents):
            copy = self._folder / "pginstall"  # the user who is not root may not look into this checkout
            self._bin = Path(shutil.copytree(self._bin.parent, copy)) / "bin"
        self._numbers = itertools.count(1)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]

    def __enter__(self) -> Self:
        try:
            if os.geteuid() == 0:
                shutil.chown(self._folder, _NOBODY)
            self._run("initdb", "-D", str(self._data), "-A", "scram-sha-256", "-U", _USER, "-E", "UTF8", "--no-locale",
                      "-N", "--pwfile", str(self._password_file()))  # fmt: skip
            self.start()
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _password_file(self) -> Path:
        path = self._folder / "password"
        path.write_text(self.password, encoding="utf-8")
        path.chmod(0o644)
        return path

    password = "p@ss:word/#1%"  # every character that a URL must escape

    def start(self) -> None:
        """Start the server; it answers when this returns."""
        options = (
            f"-p {self.port} -h 127.0.0.1 -k {self._folder} -c fsync=off -c full_page_writes=off -c shared_buffers=32MB"
        )
        self._run("pg_ctl", "-D", str(self._data), "-w", "-l", str(self._folder / "log"), "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop the server; `immediate` is like a power cut."""
        self._run("pg_ctl", "-D", str(self._data), "-w", "-m", mode, "stop")

    def log(self) -> str:
        """What the server has logged."""
        return (self._folder / "log").read_text(encoding="utf-8", errors="replace")

    def url(self, database: str, *, user: str = _USER, password: str | None = None) -> str:
        """The address of a database, over TCP, with the password in it."""
        from urllib.parse import quote

        secret = quote(self.password if password is None else password, safe="")
        return f"postgresql://{user}:{secret}@127.0.0.1:{self.port}/{database}"

    def make_database(self, more: str = "") -> str:
        """Make an empty database; return its name."""
        name = f"posse{next(self._numbers)}"
        self.sql("postgres", f"CREATE DATABASE {name} {more}")
        return name

    def sql(self, database: str, statement: str) -> list[tuple[object, ...]]:
        """Run one statement, past the store."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def _run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs, as a user who is not root."""
        user = _NOBODY if os.geteuid() == 0 else None
        output = self._folder / "out"
        with output.open("ab") as sink:
            done = subprocess.run(
                [str(self._bin / program), *arguments],
                user=user,
                group=pwd.getpwnam(user).pw_gid if user else None,
                extra_groups=[] if user else None,
                cwd=self._folder,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": str(self._folder)},
                stdout=sink,
                stderr=sink,
                check=False,
                timeout=60,
            )
        if done.returncode:
            raise PostgresMissing(
                f"{program} ended with {done.returncode}: {output.read_text(errors='replace')[-800:]}"
            )
