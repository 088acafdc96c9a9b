"""SQLite as the store: one file, beside the site. What its complaints mean is said in sentences."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.errors import PosseError, StateBusy, StateError
from bot.store.dialects import Row
from bot.store.migrations import APPLICATION_ID, MIGRATIONS

_RULES = (sqlite3.IntegrityError, sqlite3.ProgrammingError)  # broken, for the store to judge; or a defect of ours


class Sqlite:
    """A SQLite database: one file, WAL, every commit on the disk before it returns."""

    skip_locked = ""
    conflicts: tuple[type[Exception], ...] = (sqlite3.IntegrityError,)

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._path = path
        connection.row_factory = sqlite3.Row
        connection.isolation_level = None
        self._connection = connection
        self._depth = 0

    @classmethod
    def open(cls, path: Path, *, busy_seconds: float = 60.0) -> Sqlite:
        """Open for writing, made where absent (0700 folder, 0600 file), brought to the newest tables.

        Raises `StateError` for a file that is read-only, foreign, damaged or from a newer version.
        """
        _refuse_folder(path)
        _refuse_unwritable(path)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not path.exists():
                os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            connection = sqlite3.connect(path, timeout=busy_seconds)
        except (OSError, sqlite3.Error) as error:
            raise StateError(f"{path}: the state cannot be opened: {error}. Name another with [state] url.") from error
        store = cls(connection, path)
        try:
            with _told(path):
                store.check(path)
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("PRAGMA foreign_keys = ON")
                store._migrate()
        except BaseException:
            connection.close()
            raise
        return store

    @classmethod
    def open_read_only(cls, path: Path) -> Sqlite:
        """Open so that nothing can be written; an absent file is an empty store."""
        _refuse_folder(path)
        if not path.exists():
            return cls.empty(path)
        with _told(path):
            try:
                store = cls._open_uri(path, "mode=ro")
            except sqlite3.OperationalError as error:
                if "locked" in str(error):
                    raise
                # A WAL database on a disk that cannot be written needs no -shm when nobody has it open.
                store = cls._open_uri(path, "mode=ro&immutable=1")
            try:
                store.check(path)
            except BaseException:
                store.close()
                raise
            return store.newest()

    @classmethod
    def empty(cls, path: Path) -> Sqlite:
        """A store that holds nothing, and can be given nothing."""
        return cls(sqlite3.connect(":memory:"), path).newest()

    def newest(self) -> Sqlite:
        """Itself; what an older version wrote, as a copy with the newest tables: a reader may not migrate the file."""
        if self._pragma("user_version") == len(MIGRATIONS):
            return self
        copy = Sqlite(sqlite3.connect(":memory:"), self._path)
        self._connection.backup(copy._connection)
        self.close()
        copy._migrate()
        copy._connection.execute("PRAGMA query_only = ON")
        return copy

    @classmethod
    def _open_uri(cls, path: Path, query: str) -> Sqlite:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?{query}", uri=True, timeout=60)
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.Error:
            connection.close()
            raise
        return cls(connection, path)

    def check(self, path: Path) -> None:
        """Raise `StateError` unless the file is ours, or empty, and of a version we know."""
        application = self._pragma("application_id")
        version = self._pragma("user_version")
        if application != APPLICATION_ID:
            tables = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if application or tables:
                raise StateError(f"{path}: this is another program's database. Name another file with [state] url.")
        if version > len(MIGRATIONS):
            raise StateError(
                f"{path}: written by a newer posse-bot (state version {version}, this one knows {len(MIGRATIONS)})."
                " Update posse-bot: pip install --upgrade posse-bot."
            )

    def _pragma(self, name: str) -> int:
        value: int = self._connection.execute(f"PRAGMA {name}").fetchone()[0]
        return value

    def _migrate(self) -> None:
        if self._pragma("user_version") == len(MIGRATIONS):
            return
        with self.transaction():
            for step in MIGRATIONS[self._pragma("user_version") :]:
                for statement in step:
                    self._connection.execute(statement.replace("{id}", "INTEGER PRIMARY KEY AUTOINCREMENT"))
            self._connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            self._connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")

    def rows(self, sql: str, values: Mapping[str, Any]) -> list[Row]:
        """See `Dialect`."""
        try:
            return self._connection.execute(sql, values).fetchall()
        except _RULES:
            raise
        except sqlite3.DatabaseError as error:
            raise _trouble(self._path, error) from error

    def write(self, sql: str, values: Mapping[str, Any], **_locks: str) -> list[Row]:
        """See `Dialect`: SQLite itself begins before a statement and commits after it, one writer at a time."""
        return self.rows(sql, values)

    def many(self, sql: str, values: Collection[Mapping[str, Any]]) -> None:
        """See `Dialect`."""
        with _told(self._path):
            self._connection.executemany(sql, values)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """BEGIN IMMEDIATE: the write lock is taken at the start, never in the middle."""
        if self._depth:
            yield
            return
        with _told(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
        self._depth = 1
        try:
            yield
            with _told(self._path):
                self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        finally:
            self._depth = 0

    def planning(self, *, wait: bool = True) -> Any:  # noqa: ARG002 - one daemon works here: who else plans is soon done
        """See `Dialect`."""
        return self.transaction()

    def lock(self, name: str, *, shared: bool = False) -> None:
        """See `Dialect`: one writer at a time holds every lock."""

    def now(self) -> None:
        """See `Dialect`."""

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """See `Dialect`."""
        with _told(self._path):
            self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.execute("ROLLBACK")

    def columns(self, table: str) -> dict[str, bool]:
        """See `Dialect`."""
        rows = self.rows("SELECT name, type FROM pragma_table_info(:name)", {"name": table})
        return {row["name"]: row["type"] == "INTEGER" for row in rows}

    def number_on(self) -> None:
        """See `Dialect`: AUTOINCREMENT does it."""

    @property
    def place(self) -> str:
        """See `Dialect`."""
        return str(self._path)

    def back_up(self, target: Path) -> None:
        """Copy the whole database into a new file while others go on with it.

        Raises `OSError` where the copy cannot be written, `StateError` where this one cannot be read.
        """
        copy = sqlite3.connect(target)
        try:
            with _told(self._path):
                self._connection.backup(copy)
        except StateError as error:
            if isinstance(error.__cause__, sqlite3.OperationalError):
                raise OSError(errno.EIO, str(error.__cause__)) from error
            raise
        finally:
            copy.close()

    def among(self, column: str, name: str) -> str:
        """See `Dialect`."""
        return f"{column} IN (SELECT value FROM json_each(:{name}))"

    def pack(self, values: Collection[Any]) -> Any:
        """See `Dialect`."""
        import json

        return json.dumps(list(values))

    def close(self) -> None:
        """See `Dialect`."""
        self._connection.close()


def _refuse_unwritable(path: Path) -> None:
    """Root may write anything; a file whose owner took the write bit off is meant to stay as it is all the same."""
    for place in (path, path.parent):
        if place.exists() and not (place.stat().st_mode & 0o222 and os.access(place, os.W_OK)):
            way = f"Make it writable: chmod u+w {place}."
            if place.stat().st_mode & 0o222:
                way = f"Another user owns {place}, or its disk is mounted read-only."
            raise StateError(f"{path}: the state is read-only, so nothing can be recorded and nothing is sent. {way}")


def _refuse_folder(path: Path) -> None:
    if path.is_dir():
        raise StateError(f"{path}: this is a folder; [state] url must name a file.")


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn SQLite's complaints about a file into sentences."""
    try:
        yield
    except _RULES:
        raise
    except sqlite3.DatabaseError as error:
        raise _trouble(path, error) from error


def _trouble(path: Path, error: sqlite3.DatabaseError) -> PosseError:
    """Say what a complaint about a file means."""
    text = str(error)
    if "locked" in text or "busy" in text:
        return StateBusy(f"{path}: another process has had the state locked for a minute. Try again.")
    meaning = next((told for words, told in _MEANINGS.items() if words in text), _UNKNOWN)
    return StateError(f"{path}: {meaning.format(error)}")


_NOT_WRITTEN = "the state cannot be written ({}). Nothing was changed, and nothing is lost."
_DAMAGED = (
    "the state file is damaged ({}). Put a backup back, or move it away:"
    " what already went out is found on the accounts' own timelines before anything is sent."
)
_MEANINGS = {
    "not a database": "this is not a posse state file. Name another file with [state] url.",
    "malformed": _DAMAGED,
    "disk image": _DAMAGED,
    "full": f"{_NOT_WRITTEN} Make room on its disk.",
    "readonly": f"{_NOT_WRITTEN} Make it writable.",
    "I/O error": f"{_NOT_WRITTEN} Is its disk full, or failing?",
}
_UNKNOWN = "the state cannot be used: {}."
