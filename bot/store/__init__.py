"""The record of what went out. Only this package talks to a database."""

from __future__ import annotations

from pathlib import Path

from bot.store.base import ReadOnlyStore, Store


def open_store(url: str) -> Store:
    """Open a store to read and write. Raises `StateError` or `StateBusy`."""
    from bot.store.dialects import Sqlite
    from bot.store.sql import SqlStore

    return SqlStore(Sqlite.open(Path(url.removeprefix("sqlite:///"))))


def open_read_only(url: str) -> ReadOnlyStore:
    """Open a store so that nothing can be written; one that does not exist yet is empty."""
    from bot.store.dialects import Sqlite
    from bot.store.reader import SqlReader

    return SqlReader(Sqlite.open_read_only(Path(url.removeprefix("sqlite:///"))))
