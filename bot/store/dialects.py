"""What differs between databases: opening, parameters, lists, locks. The SQL itself is shared (`reader`, `sql`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Protocol

Row = Mapping[str, Any]


class Dialect(Protocol):
    """One open database."""

    def rows(self, sql: str, values: Mapping[str, Any]) -> list[Row]:
        """Run a statement with `:name` parameters; its rows, as mappings."""
        ...

    def write(self, sql: str, values: Mapping[str, Any], *, shared: str = "", alone: str = "") -> list[Row]:
        """Run one statement, a transaction of its own under locks of these names; inside another it is part of it."""
        ...

    def many(self, sql: str, values: Collection[Mapping[str, Any]]) -> None:
        """Run one statement with each of several sets of parameters."""
        ...

    def transaction(self) -> Any:
        """A context manager: all or nothing, one writer at a time. Taken inside itself it is the outer one."""
        ...

    def planning(self, *, wait: bool = True) -> Any:
        """Like `transaction`, and one planner at a time. See `Store`."""
        ...

    def among(self, column: str, name: str) -> str:
        """The condition that `column` is in the list parameter `name`."""
        ...

    def pack(self, values: Collection[Any]) -> Any:
        """A list as the parameter that `among` wants."""
        ...

    skip_locked: str
    conflicts: tuple[type[Exception], ...]
    """What a row raises that breaks a rule of the tables."""

    def lock(self, name: str, *, shared: bool = False) -> None:
        """Hold a lock of this name until the transaction ends; alone, or with others who share it."""
        ...

    def now(self) -> datetime | None:
        """The clock of the database, where several machines may use it; None where this machine's is the only one."""
        ...

    def snapshot(self) -> Any:
        """A context manager: all that is read in it is of one instant."""
        ...

    def columns(self, table: str) -> dict[str, bool]:
        """The columns of a table, and whether each holds numbers."""
        ...

    def number_on(self) -> None:
        """Let new deliveries be numbered after the highest that is there."""
        ...

    @property
    def place(self) -> str:
        """What a person calls this database; holds no secret."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...
