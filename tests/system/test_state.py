"""`posse state`, and a state in PostgreSQL, from outside."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import App
from bot.config import load
from tests.servers.postgres import PostgresServer
from tests.system.site import JOURNAL, Site, until

BAD_URLS = ["mysql://me:secret@h/db", "postgresql+psycopg://me:secret@h/db", "posse.db"]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site whose three posts have been announced."""
    made = Site(tmp_path / "site")
    for number in range(3):
        made.post(f"p{number}", day=f"2026-01-0{number + 1}")
    configure(made)
    assert 0 == made.posse("run", "--once").code
    return made


def configure(site: Site, url: str = "", more: str = "") -> None:
    """Write the configuration, with its state at `url`."""
    site.configure(JOURNAL, extra=(f'[state]\nurl = "{url}"\n' if url else "") + more)


def nothing_goes_out(site: Site) -> bool:
    """Whether a run finds all three posts announced, by its record alone."""
    shutil.rmtree(site.root / "journal", ignore_errors=True)
    done = site.posse("run", "--once")
    return (done.code, site.journal()) == (0, [])


def test_export_and_import(site: Site) -> None:
    """What is exported to stdout or a file makes an empty state whole again; the same again is no error."""
    text = site.posse("state", "export").out
    assert 0 == site.posse("state", "export", "out.jsonl").code
    assert text == (site.root / "out.jsonl").read_text(encoding="utf-8")
    assert 0o600 == (site.root / "out.jsonl").stat().st_mode & 0o777
    shutil.rmtree(site.root / "state")
    done = site.posse("state", "import", "-", stdin=text)
    assert (0, "0 were there already.") == (done.code, done.out.strip().rpartition("; ")[2])
    assert "0 rows imported" in site.posse("state", "import", "out.jsonl").out
    assert nothing_goes_out(site)


def test_an_export_overwrites_nothing(site: Site) -> None:
    """A file that is there stays as it is: exit 3."""
    site.write("out.jsonl", "mine")
    done = site.posse("state", "export", "out.jsonl")
    assert (3, True) == (done.code, "nothing is overwritten" in done.err)
    assert "mine" == (site.root / "out.jsonl").read_text(encoding="utf-8")
    assert ["out.jsonl"] == [path.name for path in site.root.glob("*out.jsonl*")]


def test_what_cannot_be_imported(site: Site) -> None:
    """No file, another file, a contradicting one: exit 3, 3 and 5, each with a sentence."""
    site.write("other.txt", "hello")
    site.posse("state", "export", "old.jsonl")
    old = (site.root / "old.jsonl").read_text(encoding="utf-8")
    site.write("lie.jsonl", old.replace('"state":"delivered"', '"state":"skipped"', 1))
    found = [site.posse("state", "import", name) for name in ("absent.txt", "other.txt", "lie.jsonl")]
    assert [3, 3, 5] == [done.code for done in found]
    words = ["cannot be read", "no export of posse", "skipped here, delivered there"]
    assert [] == [word for word, done in zip(words, found, strict=True) if word not in done.err]


def test_a_backup_while_the_daemon_runs(site: Site) -> None:
    """The copy is a state of its own; put in the state's place, it holds all."""
    process = site.start("run")
    try:
        until(lambda: (site.root / "state" / "posse.db.runner").exists())
        assert 0 == site.posse("state", "backup", "copy.db").code
    finally:
        process.terminate()
        process.wait(10)
    assert 3 == site.posse("state", "backup", "copy.db").code
    shutil.rmtree(site.root / "state")
    (site.root / "state").mkdir()
    (site.root / "copy.db").rename(site.root / "state" / "posse.db")
    assert nothing_goes_out(site)


def test_move_there_and_back(site: Site, postgres: PostgresServer) -> None:
    """SQLite to PostgreSQL to SQLite: nothing is announced again, the old store is silent, no password is shown."""
    url = postgres.url(postgres.make_database())
    done = site.posse("state", "move", url)
    assert (0, True) == (done.code, "0 were there already" in done.out), done.err
    assert postgres.password not in done.out + done.err
    assert url.partition("@")[0] not in done.out + done.err
    site.post("new", day="2026-01-09")
    assert 0 == site.posse("run", "--once").code
    assert 3 == len(site.journal()), "the old state is paused"
    again = site.posse("state", "move", url)
    assert (3, True) == (again.code, "was moved to" in again.err)

    configure(site, url)
    assert nothing_goes_out_but_new(site)
    assert 0 == site.posse("state", "export", "pg.jsonl").code
    assert 0 == site.posse("state", "backup", "backup.jsonl").code
    assert (site.root / "pg.jsonl").read_bytes() == (site.root / "backup.jsonl").read_bytes()
    assert 0 == site.posse("state", "move", "sqlite:///back/posse.db").code
    configure(site, "sqlite:///back/posse.db")
    assert nothing_goes_out(site)


def nothing_goes_out_but_new(site: Site) -> bool:
    """Whether a run announces the one new post and none of those that were moved."""
    shutil.rmtree(site.root / "journal")
    done = site.posse("run", "--once", "--json")
    return [row["post"]["slug"] for row in done.json["deliveries"]] == ["new"] and 1 == len(site.journal())


def test_a_move_is_refused_while_a_daemon_runs(site: Site) -> None:
    """Exit 6, naming the process; the daemon's state is not paused."""
    process = site.start("run")
    try:
        until(lambda: (site.root / "state" / "posse.db.runner").exists())
        done = site.posse("state", "move", "sqlite:///other/posse.db")
    finally:
        process.terminate()
        process.wait(10)
    assert (6, True) == (done.code, f"process {process.pid}" in done.err)
    assert [] == site.posse("status", "--json").json["paused"]


@pytest.mark.parametrize("url", BAD_URLS)
def test_no_such_store(site: Site, url: str) -> None:
    """An address of another kind is a usage error, in the configuration exit 3; neither shows a password."""
    moved = site.posse("state", "move", url)
    configure(site, url)
    configured = site.posse("status")
    assert (2, 3) == (moved.code, configured.code)
    assert [True, True] == ["is not a store" in done.err for done in (moved, configured)]
    assert "secret" not in moved.err + configured.err


def test_no_state_yet(tmp_path: Path) -> None:
    """Nothing to back up or move: exit 3; an export of nothing holds nothing. No state is made."""
    site = Site(tmp_path / "site")
    configure(site)
    assert [3, 3] == [site.posse("state", *what).code for what in (["backup", "x"], ["move", "sqlite:///y"])]
    assert 1 == len(site.posse("state", "export").out.splitlines())
    assert not (site.root / "state").exists()


def test_the_configuration_shows_no_password(site: Site) -> None:
    """Neither its `repr` nor that of the whole."""
    configure(site, "postgresql://me:se%40cret@h/db?sslpassword=other-one")
    text = repr(load(site.root / "posse.toml"))
    assert "postgresql://me:***@h/db?sslpassword=***" in text
    assert "cret@" not in text
    assert "other-one" not in text


def test_a_preview_makes_no_table(site: Site, postgres: PostgresServer) -> None:
    """On an empty database it shows the three posts, and the database stays empty."""
    name = postgres.make_database()
    configure(site, postgres.url(name))
    assert 3 == len(site.posse("preview", "--json").json["plan"])
    assert [] == postgres.sql(name, "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace")


def test_a_server_that_is_down(site: Site) -> None:
    """Exit 3 with the server's name, never the password; `preview` and `run` alike."""
    configure(site, "postgresql://me:secret@127.0.0.1:1/posse")
    for what in (["preview"], ["run", "--once"], ["status"]):
        done = site.posse(*what)
        assert (3, True) == (done.code, "postgresql://127.0.0.1:1/posse" in done.err)
        assert "secret" not in done.err


def test_a_clock_that_is_wrong_holds_nothing_up(site: Site, postgres: PostgresServer) -> None:
    """A machine an hour ahead plans, one an hour behind sends at once: both go by the server's clock."""
    configure(site, postgres.url(postgres.make_database()))
    shutil.rmtree(site.root / "journal")
    right = datetime.now(UTC)
    for wrong in (timedelta(hours=1), timedelta(hours=-1)):
        run = App(load(site.root / "posse.toml"), {}, clock=lambda wrong=wrong: right + wrong)  # type: ignore[misc]
        with run.writing() as store:
            if wrong > timedelta(0):
                run.pipeline.enqueue(store, run.time(store))
                assert ["due"] * 3 == [row.state for row in store.deliveries()]
            else:
                run.courier(store, lambda _event: None).run()
                claims = [row.claimed_at for row in store.deliveries()]
    assert 3 == len(site.journal())
    assert [] == [at for at in claims if at is None or abs(at - right) > timedelta(minutes=5)]
