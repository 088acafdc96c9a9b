"""A migration that is killed in the middle of a step: the old version is whole, and the next start brings it up."""

from __future__ import annotations

import signal
import sqlite3  # noqa: TID251 - looks at the file around the store
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.errors import StateError
from bot.store import migrations, open_store
from bot.testing_store import NOW, known_post, planned
from tests.servers.postgres import PostgresServer

# A process whose last step makes a table, fills it beyond what memory keeps, and is gone before the step ends.
KILLED = """
import os, sys
from bot.store import migrations, open_store

class Step:
    def __iter__(self):
        yield "CREATE TABLE half (x TEXT)"
        yield sys.argv[2]
        print("in the middle", flush=True)
        os.kill(os.getpid(), 9)

steps = (*migrations.MIGRATIONS, Step())
import bot.store.sqlite
bot.store.sqlite.MIGRATIONS = steps
if sys.argv[1].startswith("postgresql"):
    import bot.store.postgres
    bot.store.postgres.MIGRATIONS = steps
open_store(sys.argv[1])
"""
NUMBERS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
FILLING = f"INSERT INTO half {NUMBERS} SELECT '{'x' * 1000}' FROM n"


def old_version(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a store of the version before the last, with a delivery in it."""
    with monkeypatch.context() as patch:
        before = migrations.MIGRATIONS[:-1]
        patch.setattr("bot.store.sqlite.MIGRATIONS", before)
        if url.startswith("postgresql"):
            patch.setattr("bot.store.postgres.MIGRATIONS", before)
        store = open_store(url)
        store.remember([known_post("a")], {})
        store.enqueue([planned("a")], NOW)
        store.close()


def killed(url: str) -> None:
    """Migrate in a process that is killed in the middle."""
    done = subprocess.run([sys.executable, "-c", KILLED, url, FILLING], capture_output=True, text=True, check=False)
    assert (-signal.SIGKILL, "in the middle\n") == (done.returncode, done.stdout), done.stderr


def holds_all(url: str) -> bool:
    """Whether the store opens, brought up to date, with its delivery."""
    store = open_store(url)
    found = [row.post.slug for row in store.deliveries()]
    store.close()
    return found == ["a"]


def test_sqlite_killed_in_the_middle_of_a_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The version, the tables and the rows are as before, though the journal holds half of the step."""
    path = tmp_path / "posse.db"
    url = f"sqlite:///{path}"
    old_version(url, monkeypatch)
    killed(url)
    assert (tmp_path / "posse.db-wal").stat().st_size > 10_000_000
    with sqlite3.connect(path) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        assert ("ok",) == connection.execute("PRAGMA integrity_check").fetchone()
    connection.close()
    assert (len(migrations.MIGRATIONS) - 1, False) == (version, "half" in tables)
    assert holds_all(url)


def test_postgres_client_killed_in_the_middle_of_a_step(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server undoes what the process had begun, and keeps no lock of it."""
    name = postgres.make_database()
    old_version(postgres.url(name), monkeypatch)
    killed(postgres.url(name))
    assert [] == postgres.sql(name, "SELECT 1 FROM pg_class WHERE relname = 'half'")
    assert [(str(len(migrations.MIGRATIONS) - 1),)] == postgres.sql(name, "SELECT value FROM posse_meta")
    assert holds_all(postgres.url(name))


def test_postgres_server_lost_in_the_middle_of_a_step(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that crashes meanwhile is told of, and comes back with the old version."""
    name = postgres.make_database()
    old_version(postgres.url(name), monkeypatch)

    def crashing() -> Iterator[str]:
        yield "CREATE TABLE half (x TEXT)"
        postgres.stop("immediate")
        postgres.start()
        yield "CREATE TABLE other_half (x TEXT)"

    with monkeypatch.context() as patch:
        patch.setattr("bot.store.postgres.MIGRATIONS", (*migrations.MIGRATIONS, crashing()))
        with pytest.raises(StateError, match="the state cannot be used"):
            open_store(postgres.url(name))
    assert [] == postgres.sql(name, "SELECT 1 FROM pg_class WHERE relname LIKE '%half'")
    assert [(str(len(migrations.MIGRATIONS) - 1),)] == postgres.sql(name, "SELECT value FROM posse_meta")
    assert holds_all(postgres.url(name))
