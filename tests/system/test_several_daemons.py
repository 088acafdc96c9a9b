"""Several daemons on one PostgreSQL share the work: nothing twice, nothing lost, whoever dies and whatever restarts."""

from __future__ import annotations

import itertools
import json
import random
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers.postgres import PostgresServer
from tests.servers.strict_mastodon import StrictMastodon
from tests.system.site import JOURNAL, Site, kill, mastodon, until

SECOND = '[accounts.second]\nnetwork = "local"\npath = "second"\n'
GUARDS = 'baseline = false\nsettle = "0s"\nrequire_live = false\nmax_burst = 10000\ngrace = "200ms"'

MOST_KILLS = 40  # on a slow machine a daemon that has just begun would be the one killed, for ever


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A folder for a site."""
    return Site(tmp_path / "site")


def fill(site: Site, url: str, posts: int, accounts: str) -> None:
    """Write `posts` posts, a day apart each, and a configuration whose state is at `url`."""
    for number in range(posts):
        day = f"20{number // 300 + 20}-{number % 300 // 25 + 1:02}-{number % 25 + 1:02}"
        site.post(f"p{number:04}", day=day, body=f"The sentence of post {number}.")
    extra = f'[schedule]\nevery = "1s"\n[state]\nurl = "{url}"\nlease = "20s"\n'
    site.configure(accounts, guards=GUARDS, extra=extra)


@contextmanager
def daemons(site: Site, number: int) -> Iterator[list[subprocess.Popen[str]]]:
    """`number` times `posse run`; killed at the end."""
    running = [site.start("run") for _ in range(number)]
    try:
        yield running
    finally:
        for process in running:
            if process.poll() is None:
                kill(process)


def states(postgres: PostgresServer, name: str) -> Counter[str]:
    """How many deliveries stand in each state."""
    if not postgres.sql(name, "SELECT 1 FROM pg_class WHERE relname = 'deliveries'"):
        return Counter()
    rows = postgres.sql(name, "SELECT state, count(*) FROM deliveries GROUP BY state")
    return Counter({str(state): int(str(n)) for state, n in rows})


def published(site: Site, folder: str) -> list[str]:
    """The texts of a folder, in the order they came."""
    entries = [json.loads(path.read_text(encoding="utf-8")) for path in (site.root / folder).glob("*.json")]
    return [entry["text"] for entry in sorted(entries, key=lambda entry: str(entry["published_at"]))]


def out_of_order(rows: list[tuple[object, ...]]) -> list[object]:
    """Which of (sort key, when it went out) came after a younger one."""
    went = sorted(rows, key=lambda row: row[1])  # type: ignore[arg-type, return-value]  # instants
    return [late for early, late in itertools.pairwise(went) if str(early[0]) > str(late[0])]


def test_eight_daemons_one_killed_every_second(
    site: Site, postgres: PostgresServer, strict_mastodon: StrictMastodon
) -> None:
    """120 posts on two folders and on a Mastodon that ignores keys: each once on each, first claims in order."""
    strict_mastodon.behaviour.keys, strict_mastodon.behaviour.rate = "ignored", 100000
    site.env["POSSE_MASTODON_ACCESS_TOKEN"] = strict_mastodon.token
    name = postgres.make_database()
    posts, dice = 120, random.Random(20261123)
    fill(site, postgres.url(name), posts, JOURNAL + SECOND + mastodon(strict_mastodon.base))
    end, kills = time.monotonic() + 300, 0
    with daemons(site, 8) as running:
        while states(postgres, name)["delivered"] < 3 * posts:
            assert time.monotonic() < end, (states(postgres, name), site.log()[-3000:])
            time.sleep(1)
            if kills < MOST_KILLS:
                at = dice.randrange(len(running))
                kill(running[at])
                kills += 1
                running[at] = site.start("run")
    assert {"delivered": 3 * posts} == states(postgres, name), f"after {kills} kills"
    seen = Counter(str(status["text"]) for status in strict_mastodon.statuses)
    assert [] == [text for text, times in seen.items() if times > 1]
    assert (posts, posts, posts) == (len(seen), len(published(site, "journal")), len(published(site, "second")))
    assert kills > 3
    for account in ("journal", "second"):
        sql = f"""SELECT sort_key, (receipt::json->>'at')::timestamptz FROM deliveries
                  WHERE account = '{account}' AND attempts = 1 AND reason IS NULL"""
        rows = postgres.sql(name, sql)
        assert [] == out_of_order(rows)
        assert len(rows) > posts / 2


def test_the_server_restarts_in_the_middle(site: Site, postgres: PostgresServer) -> None:
    """PostgreSQL goes away for two seconds: the same daemons go on, and each post is there once."""
    name = postgres.make_database()
    posts = 100
    fill(site, postgres.url(name), posts, JOURNAL + SECOND)
    with daemons(site, 2) as running:
        until(lambda: states(postgres, name)["delivered"] > 20, 90)
        postgres.stop("immediate")
        time.sleep(2)
        postgres.start()
        before = states(postgres, name)
        until(lambda: states(postgres, name)["delivered"] == 2 * posts, 180)
        assert before["delivered"] < 2 * posts
        assert [None, None] == [process.poll() for process in running]
    assert (posts, posts) == (len(published(site, "journal")), len(published(site, "second")))
    assert "works_again" in site.log()
    assert postgres.password not in site.log()
