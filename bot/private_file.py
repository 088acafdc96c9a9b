"""A small JSON table {account: {key: text}} in a file that only its owner can read, written whole or not at all."""

from __future__ import annotations

import json
import os
import re
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from bot.errors import CredentialError

Table = dict[str, dict[str, str]]
LOCK_SECONDS = 45.0


class PrivateTable:
    """One such file. All its methods raise `CredentialError` where the file cannot be used."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Table:
        """Return the table as it is on the disk now; empty where there is no file."""
        try:
            with self.path.open("rb") as file:
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
                data = file.read()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise CredentialError(f"{self.path} cannot be read: {error.strerror}") from error
        if mode & 0o077:
            raise CredentialError(f"{self.path} holds secrets but others can read it. Type: chmod 600 {self.path}")
        return self._parse(data)

    def write(self, table: Mapping[str, Mapping[str, str]]) -> None:
        """Replace the file (0600) at once, and return when it is on the disk."""
        try:
            self._make_folder()
            handle, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)  # makes it 0600
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    json.dump(table, file, indent=1, sort_keys=True, ensure_ascii=False)
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(self.path)
            finally:
                with suppress(FileNotFoundError):
                    Path(name).unlink()
            _sync_folder(self.path.parent)
        except OSError as error:
            raise CredentialError(f"{self.path} cannot be written: {error.strerror}") from error

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the lock that a read, change and write of the whole file needs. Held for a moment only."""
        with self.locked("writing file"):
            yield

    @contextmanager
    def locked(self, part: str = "") -> Iterator[None]:
        """Hold a lock, across processes and threads; `part` names one of several. Not to be nested under one name."""
        from filelock import FileLock, Timeout

        suffix = "." + re.sub(r"[^A-Za-z0-9_-]", lambda found: f"%{ord(found[0]):x}", part) if part else ""
        try:
            self._make_folder()
            lock = FileLock(f"{self.path}{suffix}.lock", timeout=LOCK_SECONDS, mode=0o600, is_singleton=False)
            lock.acquire()
        except Timeout as error:
            raise CredentialError(f"{self.path} is locked by another process for {LOCK_SECONDS:.0f} s") from error
        except OSError as error:
            raise CredentialError(f"{self.path} cannot be locked: {error.strerror}") from error
        try:
            yield
        finally:
            lock.release()

    def _make_folder(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _parse(self, data: bytes) -> Table:
        try:
            table = json.loads(data)
        except ValueError:
            table = None
        if not isinstance(table, dict) or not all(_is_row(row) for row in table.values()):
            raise CredentialError(f"{self.path} is not a table of accounts as the bot writes it; move it away to go on")
        return table


def _is_row(row: object) -> bool:
    return isinstance(row, dict) and all(isinstance(value, str) for value in row.values())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
