"""The record of what went out. Only this package talks to a database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import StateError
from bot.store.base import ReadOnlyStore, Store

if TYPE_CHECKING:
    from bot.store.dialects import Dialect
    from bot.store.postgres import Postgres

_SQLITE = "sqlite:///"


def open_store(url: str) -> Store:
    """Open a store to read and write. Raises `StateError` or `StateBusy`."""
    from bot.store.sql import SqlStore

    return SqlStore(open_database(url))


def open_read_only(url: str) -> ReadOnlyStore:
    """Open a store so that nothing can be written; one that does not exist yet is empty."""
    from bot.store.reader import SqlReader

    return SqlReader(open_database_read_only(url))


def open_database(url: str) -> Dialect:
    """Open the database under a store, for what is done with a store as a whole. Raises as `open_store`."""
    if not url.startswith(_SQLITE):
        return _postgres().open(url)
    from bot.store.sqlite import Sqlite

    return Sqlite.open(Path(url.removeprefix(_SQLITE)))


def open_database_read_only(url: str) -> Dialect:
    """Open the database under a store so that nothing can be written."""
    if not url.startswith(_SQLITE):
        return _postgres().open_read_only(url)
    from bot.store.sqlite import Sqlite

    return Sqlite.open_read_only(Path(url.removeprefix(_SQLITE)))


def _postgres() -> type[Postgres]:
    """PostgreSQL needs a package of its own. Raises `StateError` where it is missing."""
    try:
        from bot.store.postgres import Postgres
    except ImportError as error:
        raise StateError(
            f"[state] url names a PostgreSQL, and psycopg cannot be loaded ({error})."
            " Install it: pip install 'posse-bot[postgres]'."
        ) from error
    return Postgres
