"""PostgreSQL as the store: the contract, and what only a server can do: refuse, vanish, come back, be shared."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from pathlib import Path

import pytest

from bot.errors import StateBusy, StateError
from bot.store import open_read_only, open_store
from bot.store.base import Store
from bot.store.postgres import Postgres, translate
from bot.store.sql import SqlStore
from bot.testing_store import LEASE, NOW, SECOND, StoreContract, known_post, planned, receipt_of
from tests.servers.postgres import PostgresServer


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


def both_ways(url: str) -> Iterator[str]:
    """The messages that opening `url` to write and to read is refused with."""
    for how in (open_store, open_read_only):
        with pytest.raises(StateError) as caught:
            how(url)
        yield str(caught.value)


class TestRefusals:
    """Each says which server, what is wrong, and what to do; none shows a password."""

    def test_a_wrong_password(self, postgres: PostgresServer) -> None:
        """The server is named, and where a password belongs; the one given is not shown."""
        for message in both_ways(postgres.url("postgres", password="not-the-one")):
            assert f"postgresql://127.0.0.1:{postgres.port}/postgres: " in message
            assert "~/.pgpass" in message
            assert "not-the-one" not in message

    def test_no_server(self, postgres: PostgresServer) -> None:
        """Nobody at the port: refused, the password not shown."""
        for message in both_ways("postgresql://me:not-the-one@127.0.0.1:1/posse"):
            assert "postgresql://127.0.0.1:1/posse: connection failed" in message
            assert "not-the-one" not in message

    def test_no_database(self, postgres: PostgresServer) -> None:
        """A database that is not there comes with the command that makes it."""
        for message in both_ways(postgres.url("nowhere")):
            assert 'database "nowhere" does not exist' in message
            assert "createdb -E UTF8" in message

    @pytest.mark.parametrize("user", ["me:se/cret", "me:se@cret", "me:1234/secret", "me:secr%zz"])
    def test_a_password_that_is_not_escaped(self, user: str) -> None:
        """libpq would take a part of it for a host or a port, and say so: nothing of the address is shown."""
        for message in both_ways(f"postgresql://{user}@127.0.0.1/posse"):
            assert "%40 %3A %2F" in message
            assert "cret" not in message

    def test_another_program(self, postgres: PostgresServer) -> None:
        """A database that holds other tables is left alone."""
        name = postgres.make_database()
        postgres.sql(name, "CREATE TABLE posts (id int)")
        for message in both_ways(postgres.url(name)):
            assert "another program's tables" in message
        assert [("posts",)] == postgres.sql(name, TABLES)

    def test_a_newer_version(self, postgres: PostgresServer) -> None:
        """Tables of a later posse-bot are not touched."""
        name = postgres.make_database()
        open_store(postgres.url(name)).close()
        postgres.sql(name, "UPDATE posse_meta SET value = '999'")
        for message in both_ways(postgres.url(name)):
            assert "state version 999" in message
            assert "pip install --upgrade" in message

    def test_an_encoding_that_cannot_hold_posts(self, postgres: PostgresServer) -> None:
        """A database in Latin-1 is refused before a post is lost in it."""
        name = postgres.make_database("ENCODING 'LATIN1' TEMPLATE template0")
        for message in both_ways(postgres.url(name)):
            assert "its encoding is LATIN1" in message

    def test_a_user_who_may_not(self, postgres: PostgresServer) -> None:
        """A user without rights is told how to have them."""
        name = postgres.make_database()
        open_store(postgres.url(name)).close()
        user = f"guest_of_{name}"
        postgres.sql(name, f"CREATE USER {user} PASSWORD 'not-the-one'")
        for message in both_ways(postgres.url(name, user=user, password="not-the-one")):
            assert "permission denied" in message
            assert "createdb -O USER" in message

    def test_psycopg_is_missing(self, tmp_path: Path) -> None:
        """Without the extra a PostgreSQL address is refused with the line that installs it; SQLite needs none."""
        script = (
            "import sys; sys.modules['psycopg'] = None\n"
            "from bot.errors import StateError\nfrom bot.store import open_store\n"
            f"open_store('sqlite:///{tmp_path}/posse.db').close()\n"
            "try:\n    open_store('postgresql:///posse')\nexcept StateError as error:\n    print(error)\n"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        assert "pip install 'posse-bot[postgres]'" in done.stdout


TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"


class TestReading:
    """What a preview may do to a database: nothing."""

    def test_an_empty_database_is_an_empty_store(self, postgres: PostgresServer) -> None:
        """It reads as empty, and no table is made."""
        name = postgres.make_database()
        store = open_read_only(postgres.url(name))
        assert [] == store.all_posts()
        assert [] == postgres.sql(name, TABLES)
        store.close()

    def test_it_cannot_write(self, database: str) -> None:
        """The server itself refuses."""
        open_store(database).close()
        store = SqlStore(Postgres.open_read_only(database))
        with pytest.raises(StateError, match="read-only transaction"):
            store.set_baseline("blog", "me", NOW)
        store.close()


class TestServerGone:
    """A server that restarts costs nothing that was not in flight."""

    def test_between_two_statements(self, postgres: PostgresServer, database: str) -> None:
        """Reads and writes go on over a new connection."""
        store = open_store(database)
        postgres.stop()
        postgres.start()
        store.set_baseline("blog", "me", NOW)
        postgres.stop("immediate")
        postgres.start()
        assert {("blog", "me"): NOW} == store.baselines()
        store.close()

    def test_in_the_middle_of_a_plan(self, postgres: PostgresServer, database: str) -> None:
        """All of the plan is undone and told; the store works again afterwards."""
        store = open_store(database)
        with pytest.raises(StateError, match="the state cannot be used"), store.planning():  # noqa: PT012 - the plan
            store.set_baseline("blog", "me", NOW)
            postgres.stop()
            postgres.start()
            store.set_baseline("blog", "other", NOW)
        assert {} == store.baselines()
        store.close()

    def test_while_it_is_away(self, postgres: PostgresServer, database: str) -> None:
        """Everything says that it is away, and nothing of the password; then it goes on."""
        store = open_store(database)
        postgres.stop()
        try:
            for ask in (store.all_posts, store.now, lambda: store.set_baseline("blog", "me", NOW)):
                with pytest.raises(StateError, match="goes on when the server is back") as caught:
                    ask()
                assert postgres.password not in str(caught.value)
        finally:
            postgres.start()
        store.set_baseline("blog", "me", NOW)
        assert {("blog", "me"): NOW} == store.baselines()
        store.close()


class TestSharing:
    """What several workers see of each other."""

    def test_the_clock_is_the_servers(self, database: str) -> None:
        """All who share a database go by one clock, in UTC."""
        store = open_store(database)
        first, second = store.now(), store.now()
        assert first is not None
        assert second is not None
        assert (UTC, True) == (first.tzinfo, first < second)
        store.close()

    def test_no_row_is_passed_over_because_a_plan_has_it(self, database: str) -> None:
        """Who claims while a plan writes waits for it, and then gets the oldest."""
        one, two = open_store(database), open_store(database)
        names = ("a", "b", "c")
        one.remember([known_post(name) for name in names], {})
        rows = [planned(name, published=NOW + n * SECOND) for n, name in enumerate(names)]
        one.enqueue(rows, NOW)
        claimed: list[str] = []

        def claim() -> None:
            taken = two.claim("me", "two", NOW, NOW + LEASE)
            claimed.append(taken.post.slug if taken else "nothing")

        thread = threading.Thread(target=claim)
        with one.planning():
            one.enqueue([planned("a", text="Mended")], NOW)
            thread.start()
            thread.join(0.3)
            assert [] == claimed
        thread.join(10)
        assert ["a"] == claimed
        one.close()
        two.close()

    def test_a_lock_that_is_held_too_long_is_told_and_over(self, database: str) -> None:
        """Who waits in vain to claim is told that the state is busy, and claims once the plan is through."""
        one, dialect = open_store(database), Postgres.open(database)
        two = SqlStore(dialect)
        one.remember([known_post("a")], {})
        dialect.rows("SELECT set_config('lock_timeout', '200ms', false)", {})
        with one.planning():
            one.enqueue([planned("a")], NOW)
            for _ in range(2):
                with pytest.raises(StateBusy):
                    two.claim("me", "two", NOW, NOW + LEASE)
        assert two.claim("me", "two", NOW, NOW + LEASE) is not None
        one.close()
        two.close()

    def test_who_need_not_plan_now_is_told_at_once(self, database: str) -> None:
        """While one plans another can go on with its work instead of waiting; afterwards the lock is free."""
        one, two = open_store(database), open_store(database)
        with one.planning():
            with pytest.raises(StateBusy), two.planning(wait=False):
                pass
            assert [] == two.deliveries()
        with two.planning(wait=False):
            two.remember([known_post("a")], {})
        assert ["a"] == [post.id for post in one.all_posts()]
        one.close()
        two.close()

    def test_a_worker_does_not_wait_for_a_plan(self, database: str) -> None:
        """What is in flight is recorded while a plan that saw it is being written, and others are claimed."""
        planner, worker = open_store(database), open_store(database)
        names = ("a", "b", "c")
        planner.remember([known_post(name) for name in names], {})
        rows = [planned(name, published=NOW + n * SECOND) for n, name in enumerate(names)]
        planner.enqueue(rows, NOW)
        taken = worker.claim("me", "worker", NOW, NOW + LEASE)
        assert taken is not None
        with planner.planning(), ThreadPoolExecutor(1) as pool:
            planner.enqueue([planned("a", text="Mended"), *rows[1:]], NOW + SECOND)
            pool.submit(worker.delivered, taken, receipt_of("1"), NOW).result(10)
            following = pool.submit(worker.claim, "me", "worker", NOW, NOW + LEASE).result(10)
        assert following is not None
        assert "b" == following.post.slug
        planner.close()
        worker.close()

    def test_eight_make_the_tables_at_once(self, database: str) -> None:
        """Daemons that start together on an empty database all find it ready."""
        with ThreadPoolExecutor(8) as pool:
            stores = list(pool.map(open_store, [database] * 8))
        assert [[]] * 8 == [store.all_posts() for store in stores]
        for store in stores:
            store.close()


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("a = :name AND b = :name_2", "a = %(name)s AND b = %(name_2)s"),
        ("x::text = ':no' AND y LIKE '50%'", "x::text = ':no' AND y LIKE '50%%'"),
        ("'it''s :no' || :yes", "'it''s :no' || %(yes)s"),
        ("n % 2 = :n", "n %% 2 = %(n)s"),
    ],
)
def test_parameters_are_translated(sql: str, expected: str) -> None:
    """`:name` becomes psycopg's, but in a cast or in quotes; a `%` stays one."""
    assert expected.encode() == translate(sql)
