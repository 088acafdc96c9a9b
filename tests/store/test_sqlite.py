from __future__ import annotations

import os
import sqlite3  # noqa: TID251 - looks at the file around the store
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.errors import StateBusy, StateError
from bot.model import Note, PostId, State
from bot.store import migrations, open_read_only, open_store
from bot.store.base import Store
from bot.store.sql import SqlStore
from bot.store.sqlite import Sqlite
from bot.testing_store import LEASE, NOW, StoreContract, known_post, planned, receipt_of
from tests.bench.rest import fill


class TestSqlite(StoreContract):
    """SQLite passes the contract."""

    @pytest.fixture(autouse=True)
    def _file(self, tmp_path: Path) -> Iterator[None]:
        self.path = tmp_path / "posse.db"
        self.opened: list[Store] = []
        yield
        for store in self.opened:
            store.close()

    def open_store(self) -> Store:
        """Another connection to the test's file."""
        self.opened.append(open_store(f"sqlite:///{self.path}"))
        return self.opened[-1]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A state file with one due row, closed."""
    path = tmp_path / "state" / "posse.db"
    store = open_store(f"sqlite:///{path}")
    store.remember([known_post("a")], {PostId("a"): [("item", "a")]})
    store.enqueue([planned("a")], NOW)
    store.close()
    return path


def refused(path: Path, *words: str, kind: type[Exception] = StateError) -> None:
    """Opening `path` in either way is refused with the file's name and all of `words`."""
    for how in (open_store, open_read_only):
        with pytest.raises(kind) as caught:
            how(f"sqlite:///{path}").deliveries()
        assert [] == [word for word in (str(path), *words) if word not in str(caught.value)]


class TestTheFile:
    """Where the record is kept, and who may read it."""

    def test_folder_and_file_are_their_owners_alone(self, path: Path) -> None:
        """The folder is 0700; the file, and what SQLite puts beside it, 0600."""
        store = open_store(f"sqlite:///{path}")
        store.set_baseline("blog", "me", NOW)
        modes = {place.name: place.stat().st_mode & 0o777 for place in path.parent.iterdir()}
        assert 0o700 == path.parent.stat().st_mode & 0o777
        assert {"posse.db": 0o600, "posse.db-wal": 0o600, "posse.db-shm": 0o600} == modes
        store.close()

    def test_it_says_whose_it_is(self, path: Path) -> None:
        """`file` and other programs know the file by its application id."""
        with sqlite3.connect(path) as connection:
            assert connection.execute("PRAGMA application_id").fetchone() == (0x706F7342,)
            assert connection.execute("PRAGMA user_version").fetchone() == (len(migrations.MIGRATIONS),)

    def test_every_commit_is_on_the_disk(self, path: Path) -> None:
        """The journal is a WAL, synced in full."""
        store = Sqlite.open(path)
        assert [{"synchronous": 2}] == [dict(row) for row in store.rows("PRAGMA synchronous", {})]
        assert [{"journal_mode": "wal"}] == [dict(row) for row in store.rows("PRAGMA journal_mode", {})]
        store.close()

    def test_one_in_flight_is_a_rule_of_the_tables(self, path: Path) -> None:
        """Whoever writes to the file, two rows of an account cannot be sent at once."""
        store = open_store(f"sqlite:///{path}")
        store.enqueue([planned("a", number=2)], NOW)
        store.close()
        with sqlite3.connect(path) as connection, pytest.raises(sqlite3.IntegrityError):
            connection.execute("UPDATE deliveries SET state = 'sending'")

    def test_an_unknown_state_is_refused_by_the_tables(self, path: Path) -> None:
        """A state that nobody knows cannot be written."""
        with sqlite3.connect(path) as connection, pytest.raises(sqlite3.IntegrityError):
            connection.execute("UPDATE deliveries SET state = 'perhaps'")


def steps(path: Path, at_rest: int) -> int:
    """How many instructions SQLite runs for a claim, a note, a look and a record beside `at_rest` old deliveries."""
    fill(path, at_rest)
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    connection.isolation_level = None
    store = SqlStore(Sqlite(connection, path))
    store.remember([known_post("a")], {PostId("a"): [("item", "a")]})
    store.enqueue([planned("a", "journal")], NOW)
    counted = 0

    def count() -> None:
        nonlocal counted
        counted += 1

    connection.set_progress_handler(count, 1)
    taken = store.claim("journal", "one", NOW, NOW + LEASE)
    assert taken is not None
    store.note(taken, Note("media", {}), NOW, NOW + LEASE)
    store.uncertain(taken, NOW, NOW, "lost")
    assert len(store.expire(NOW + LEASE, lambda _: True)) == 0
    look = store.claim_look("journal", "one", NOW, NOW + LEASE)
    assert look is not None
    store.delivered(look, receipt_of("1"), NOW)
    connection.set_progress_handler(None, 0)
    store.close()
    return counted


def test_what_is_at_rest_costs_a_delivery_nothing(tmp_path: Path) -> None:
    """No rule of the outbox reads more rows beside 3,000 old deliveries than beside 30."""
    assert steps(tmp_path / "many.db", 3_000) < 1.1 * steps(tmp_path / "few.db", 30)


class TestReadOnly:
    """A preview's store."""

    def test_an_absent_file_is_an_empty_store_and_stays_absent(self, tmp_path: Path) -> None:
        """Looking makes neither file nor folder."""
        path = tmp_path / "state" / "posse.db"
        store = open_read_only(f"sqlite:///{path}")
        assert ([], [], {}, {}) == (store.deliveries(), store.all_posts(), store.baselines(), store.account_health())
        store.close()
        assert [] == list(tmp_path.iterdir())

    def test_an_empty_file_is_an_empty_store_and_stays_empty(self, tmp_path: Path) -> None:
        """A file of no bytes holds nothing, and is not written to."""
        path = tmp_path / "posse.db"
        path.touch()
        store = open_read_only(f"sqlite:///{path}")
        assert [] == store.deliveries()
        store.close()
        assert b"" == path.read_bytes()

    @pytest.mark.parametrize("present", [True, False])
    def test_nothing_can_be_written_through_it(self, path: Path, present: bool) -> None:
        """Every write is refused by the database itself, and the file stays as it was."""
        if not present:
            path.unlink()
        before = path.read_bytes() if present else None
        dialect = Sqlite.open_read_only(path)
        store = SqlStore(dialect)
        with pytest.raises(StateError, match="readonly"):
            store.set_baseline("blog", "me", NOW)
        with pytest.raises(StateError):
            store.enqueue([planned("a", text="Mended")], NOW)
        with pytest.raises(StateError):
            dialect.rows("DELETE FROM posts", {})
        store.close()
        assert before == (path.read_bytes() if path.exists() else None)

    def test_it_sees_what_a_running_daemon_has_written(self, path: Path) -> None:
        """What is in the journal only is read also."""
        writer = open_store(f"sqlite:///{path}")
        assert writer.claim("me", "one", NOW, NOW + LEASE)
        reader = open_read_only(f"sqlite:///{path}")
        assert [State.SENDING] == [row.state for row in reader.deliveries()]
        reader.close()
        writer.close()

    def test_a_write_protected_folder_can_be_read(self, path: Path) -> None:
        """A state on a disk that cannot be written is shown."""
        path.chmod(0o400)
        path.parent.chmod(0o500)
        try:
            store = open_read_only(f"sqlite:///{path}")
            assert [State.DUE] == [row.state for row in store.deliveries()]
            store.close()
        finally:
            path.parent.chmod(0o700)

    def test_an_older_version_is_read_as_it_is(self, tmp_path: Path) -> None:
        """What an older bot wrote is shown, and not migrated by looking."""
        path = old_file(tmp_path)
        before = path.read_bytes()
        store = open_read_only(f"sqlite:///{path}")
        assert [("a", None)] == [(post.id, post.doubt) for post in store.all_posts()]
        store.close()
        assert before == path.read_bytes()


def old_file(folder: Path) -> Path:
    """A state of the first version, with one post."""
    path = folder / "old.db"
    connection = sqlite3.connect(path)
    for statement in migrations.MIGRATIONS[0]:
        connection.execute(statement.replace("{id}", "INTEGER PRIMARY KEY AUTOINCREMENT"))
    connection.execute(
        "INSERT INTO posts VALUES ('a', 'blog', 'a.md', 'a', NULL, 'A', NULL, 0, 'x', 's', :at, NULL, :at, NULL)",
        {"at": "2024-06-19T18:47:59.000000Z"},
    )
    connection.execute(f"PRAGMA application_id = {migrations.APPLICATION_ID}")
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()
    return path


class TestMigrations:
    """From an older version to this one."""

    def test_an_older_state_is_brought_to_the_newest_tables(self, tmp_path: Path) -> None:
        """Opening to write migrates, and nothing is lost."""
        path = old_file(tmp_path)
        store = open_store(f"sqlite:///{path}")
        assert ["a"] == [post.id for post in store.all_posts()]
        store.close()
        with sqlite3.connect(path) as connection:
            assert connection.execute("PRAGMA user_version").fetchone() == (len(migrations.MIGRATIONS),)

    def test_a_step_that_fails_changes_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """All steps are one transaction: an interrupted migration leaves the old version, whole."""
        path = old_file(tmp_path)
        broken = (*migrations.MIGRATIONS, ("CREATE TABLE half (x)", "CREATE TABLE half (x)"))
        monkeypatch.setattr("bot.store.sqlite.MIGRATIONS", broken)
        with pytest.raises(StateError):
            open_store(f"sqlite:///{path}")
        with sqlite3.connect(path) as connection:
            assert connection.execute("PRAGMA user_version").fetchone() == (1,)
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
            columns = {row[1] for row in connection.execute("PRAGMA table_info(posts)")}
        assert "half" not in tables
        assert "doubt" not in columns


class TestRefused:
    """Files that are not a state to work on, each with a sentence that says what to do."""

    def test_another_programs_database(self, tmp_path: Path) -> None:
        """A foreign database is left alone."""
        path = tmp_path / "posse.db"
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE places (x)")
        before = path.read_bytes()
        refused(path, "another program's database", "[state] url")
        assert before == path.read_bytes()

    def test_a_file_that_is_no_database(self, tmp_path: Path) -> None:
        """A text file is no state."""
        path = tmp_path / "posse.db"
        path.write_text("title = 'not a database'\n" * 100)
        refused(path, "not a posse state file", "[state] url")

    def test_a_state_from_the_future(self, path: Path) -> None:
        """What a newer version wrote is not touched."""
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA user_version = 99")
        refused(path, "newer posse-bot", "pip install --upgrade posse-bot")

    def test_a_truncated_state(self, path: Path) -> None:
        """A file cut short is damaged, and the way out is named."""
        os.truncate(path, path.stat().st_size // 2)
        refused(path, "damaged", "backup")

    def test_a_damaged_page(self, path: Path) -> None:
        """Damage inside is found when it is read, and told as damage."""
        with path.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * (path.stat().st_size - 4096))
        refused(path, "damaged")

    def test_a_folder(self, tmp_path: Path) -> None:
        """A folder is no file."""
        refused(tmp_path, "folder", "[state] url")

    @pytest.mark.parametrize("what", ["file", "folder"])
    def test_a_read_only_state_records_nothing(self, path: Path, what: str) -> None:
        """Where nothing can be recorded nothing is opened to send."""
        place = path if what == "file" else path.parent
        place.chmod(0o400 if what == "file" else 0o500)
        try:
            with pytest.raises(StateError, match=f"read-only.*chmod u\\+w {place}"):
                open_store(f"sqlite:///{path}")
        finally:
            place.chmod(0o700)

    def test_a_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        """A path below a file is told as such."""
        (tmp_path / "file").write_text("")
        with pytest.raises(StateError, match="cannot be opened"):
            open_store(f"sqlite:///{tmp_path}/file/state/posse.db")

    def test_a_full_disk(self, path: Path) -> None:
        """When the disk is full the write fails with a sentence, and what was there stays."""
        dialect = Sqlite.open(path)
        pages = dialect.rows("PRAGMA page_count", {})[0]["page_count"]
        dialect.rows(f"PRAGMA max_page_count = {pages}", {})
        store = SqlStore(dialect)
        many = [known_post(f"p{n}") for n in range(500)]
        with pytest.raises(StateError, match="full"):
            store.remember(many, {})
        assert ["a"] == [post.id for post in store.all_posts()]
        store.close()


HOLDER = """
import sys, time
from bot.store import open_store
store = open_store(sys.argv[1])
with store.planning():
    print("holding", flush=True)
    sys.stdin.readline()
    store.set_baseline("blog", "holder", __import__("datetime").datetime.now(__import__("datetime").UTC))
store.close()
"""


class TestTwoProcesses:
    """Real processes on one file."""

    def hold(self, path: Path) -> subprocess.Popen[str]:
        """A process that holds the planning lock until it is told to go on."""
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, f"sqlite:///{path}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout
        assert "holding\n" == process.stdout.readline()
        return process

    def test_one_plans_at_a_time(self, path: Path) -> None:
        """Who comes second waits, and then sees all that the first has written."""
        process = self.hold(path)
        store = open_store(f"sqlite:///{path}")
        began = time.monotonic()
        release = threading.Timer(0.3, lambda: process.communicate("go\n", timeout=10))
        release.start()
        with store.planning():
            assert [("blog", "holder")] == list(store.baselines())
        assert time.monotonic() - began >= 0.3
        store.close()
        release.join()
        assert process.returncode == 0

    def test_who_cannot_wait_is_told(self, path: Path) -> None:
        """A lock that is held too long is `StateBusy`, and reading goes on all the while."""
        process = self.hold(path)
        try:
            store = SqlStore(Sqlite.open(path, busy_seconds=0.05))
            with pytest.raises(StateBusy), store.planning():
                pass
            assert len(store.deliveries()) == 1
            assert len(open_read_only(f"sqlite:///{path}").deliveries()) == 1
            store.close()
        finally:
            process.communicate("go\n", timeout=10)

    def test_a_killed_planner_leaves_nothing_behind(self, path: Path) -> None:
        """Killed under the lock: the lock is free, and nothing of its work is there."""
        process = self.hold(path)
        process.kill()
        process.communicate(timeout=10)
        store = open_store(f"sqlite:///{path}")
        with store.planning():
            assert {} == store.baselines()
        store.close()
