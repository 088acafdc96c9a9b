"""PostgreSQL as the store: the contract, and what only a server can do: refuse, vanish, come back, be shared."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.store import open_store
from bot.store.base import Store
from bot.testing_store import StoreContract


class TestPostgres(StoreContract):
    """PostgreSQL passes the contract."""

    @pytest.fixture(autouse=True)
    def _database(self, database: str) -> Iterator[None]:
        self.url = database
        self.opened: list[Store] = []
        yield
        for store in self.opened:
            store.close()

    def open_store(self) -> Store:
        """Another connection to the test's database."""
        self.opened.append(open_store(self.url))
        return self.opened[-1]
