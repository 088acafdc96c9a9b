"""A PostgreSQL server as the store sees it: how it is reached, what it is called in messages, what its errors mean."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row

from bot.credentials import Unshown
from bot.errors import PosseError, StateBusy, StateError

Connection = psycopg.Connection[dict[str, Any]]

# Told by the server or by libpq while a statement runs; anything else is a defect of ours.
TROUBLE = (
    psycopg.OperationalError,
    psycopg.InternalError,
    psycopg.InterfaceError,
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.UndefinedTable,
)
_LOCKED = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)

# A machine that is gone must not keep its locks: libpq and the server both notice a dead peer within a minute.
_CLIENT = {
    "application_name": "posse-bot",
    "connect_timeout": "10",
    "client_encoding": "utf8",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
_SESSION = {
    "lock_timeout": "60s",
    "idle_in_transaction_session_timeout": "10min",
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
    "standard_conforming_strings": "on",
    "TimeZone": "UTC",
}


class Server(Unshown, frozen=True):
    """Where a database is. `name` is its address without user and password, for messages."""

    name: str
    _parameters: dict[str, Any]

    @classmethod
    def at(cls, url: str) -> Server:
        """Read a `postgresql://` address as libpq does. Raises `StateError`, which shows nothing of the address."""
        try:
            found = conninfo_to_dict(url)
        except psycopg.ProgrammingError:
            found = {"host": "@"}
        host, port, database = (str(found.get(key) or "") for key in ("host", "port", "dbname"))
        if "@" in host + database or (port and not port.replace(",", "").isdigit()):
            raise StateError(
                "[state] url: PostgreSQL's own library cannot read this address. In a name or password write"
                " @ : / ? # % as %40 %3A %2F %3F %23 %25; or leave the password out, for ~/.pgpass or PGPASSWORD."
            )
        service = f"?service={found['service']}" if found.get("service") else ""
        name = f"postgresql://{host}{':' if port else ''}{port}/{database}{service}"
        return cls(name, _CLIENT | {key: value for key, value in found.items() if value is not None})

    def connect(self, *, read_only: bool) -> Connection:
        """Open a connection; each statement outside a transaction commits by itself. Raises `StateError`.

        With `read_only` the server refuses every write. A commit is on the disk before it returns.
        """
        session = _SESSION | ({"default_transaction_read_only": "on"} if read_only else {})
        settings = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in session.items())
        durable = """
            set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on'
                       ELSE current_setting('synchronous_commit') END, false)
        """
        try:
            connection = psycopg.connect("", autocommit=True, row_factory=dict_row, **self._parameters)
            try:
                connection.execute(f"SELECT {settings}, {durable}".encode())
            except psycopg.Error:
                connection.close()
                raise
        except psycopg.Error as error:
            raise StateError(f"{self.name}: {self._words(error)} {_way_out(str(error))}") from None
        return connection

    def trouble(self, error: psycopg.Error) -> PosseError:
        """Say what one of `TROUBLE` means: `StateBusy` for a lock that others hold, else `StateError`."""
        if isinstance(error, _LOCKED):
            return StateBusy(f"{self.name}: another process has had the state locked for a minute. Try again.")
        return StateError(f"{self.name}: the state cannot be used: {self._words(error)} {_way_out(str(error))}")

    def _words(self, error: psycopg.Error) -> str:
        """The error on one line, without the password should it ever be in there."""
        text = " ".join(str(error).split()).rstrip(".")
        text += "" if text.endswith("?") else "."
        password = str(self._parameters.get("password") or "")
        return text.replace(password, "…") if len(password) > 3 else text


def _way_out(text: str) -> str:
    """What to do about it, by the words of libpq and the server."""
    ways = {
        "password": "Give the password in ~/.pgpass or PGPASSWORD.",
        'database "': "Make it: createdb -E UTF8 NAME, or name another with [state] url.",
        "permission denied": "Let the database belong to this user: createdb -O USER NAME.",
        "read-only": "Name the primary server with [state] url, not a standby.",
        "does not exist": "Was the state removed from the database? Put a backup back: posse state import FILE.",
    }
    return next(
        (way for words, way in ways.items() if words in text), "Nothing is lost: it goes on when the server is back."
    )
