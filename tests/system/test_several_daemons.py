"""Several daemons on one PostgreSQL share the work: nothing twice, nothing lost, whoever dies and whatever restarts.

POSSE_TEST_POSTS says how many posts the eight share: 2000 is the full size, and takes some minutes.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.servers.postgres import PostgresServer
from tests.servers.proxy import Delay, Proxy
from tests.servers.strict_mastodon import StrictMastodon
from tests.system.site import JOURNAL, Site, kill, mastodon, until

SECOND = '[accounts.second]\nnetwork = "local"\npath = "second"\n'
GUARDS = 'baseline = false\nsettle = "0s"\nrequire_live = false\nmax_burst = 10000\ngrace = "200ms"'

POSTS = int(os.environ.get("POSSE_TEST_POSTS") or 200)


# Run by Python before anything else: the one clock of the bot is `hours` off.
WRONG_CLOCK = """
from datetime import datetime, timedelta
from bot import app
class Wrong(datetime):
    @classmethod
    def now(cls, zone=None):
        return datetime.now(zone) + timedelta(hours={hours})
app.datetime = Wrong
"""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A folder for a site."""
    return Site(tmp_path / "site")


def fill(site: Site, url: str, posts: int, accounts: str, lease: str = "20s") -> None:
    """Write `posts` posts, and a configuration whose state is at `url`."""
    write(site, posts)
    extra = f'[schedule]\nevery = "1s"\n[state]\nurl = "{url}"\nlease = "{lease}"\n'
    site.configure(accounts, guards=GUARDS, extra=extra)


def write(site: Site, posts: int) -> None:
    """Write `posts` posts, a day apart each."""
    for number in range(posts):
        day = f"20{number // 300 + 20}-{number % 300 // 25 + 1:02}-{number % 25 + 1:02}"
        site.post(f"p{number:04}", day=day, body=f"The sentence of post {number}.")


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


def test_eight_daemons_one_killed_every_few_seconds(
    site: Site, postgres: PostgresServer, strict_mastodon: StrictMastodon
) -> None:
    """All posts on two folders and on a Mastodon that ignores keys: each once on each, first claims in order."""
    strict_mastodon.behaviour.keys, strict_mastodon.behaviour.rate = "ignored", 10**9
    site.env["POSSE_MASTODON_ACCESS_TOKEN"] = strict_mastodon.token
    name = postgres.make_database()
    dice = random.Random(20261123)
    fill(site, postgres.url(name), POSTS, JOURNAL + SECOND + mastodon(strict_mastodon.base))
    end, kills = time.monotonic() + 300 + POSTS, 0
    with daemons(site, 8) as running:
        while states(postgres, name)["delivered"] < 3 * POSTS:
            assert time.monotonic() < end, (states(postgres, name), site.log()[-3000:])
            time.sleep(dice.uniform(2, 4))
            at = dice.randrange(len(running))
            kill(running[at])
            kills += 1
            running[at] = site.start("run")
    assert {"delivered": 3 * POSTS} == states(postgres, name), f"after {kills} kills"
    seen = Counter(str(status["text"]) for status in strict_mastodon.statuses)
    assert [] == [text for text, times in seen.items() if times > 1]
    assert (POSTS, POSTS, POSTS) == (len(seen), len(published(site, "journal")), len(published(site, "second")))
    assert kills > 2
    for account in ("journal", "second", "mastodon"):
        sql = f"""SELECT sort_key, (receipt::json->>'at')::timestamptz FROM deliveries
                  WHERE account = '{account}' AND attempts = 1 AND reason IS NULL"""
        rows = postgres.sql(name, sql)
        assert [] == out_of_order(rows)
        assert len(rows) > POSTS / 2


def test_the_server_restarts_in_the_middle(site: Site, postgres: PostgresServer) -> None:
    """PostgreSQL goes away for two seconds: the same daemons go on, and each post is there once."""
    name = postgres.make_database()
    posts = 300
    fill(site, postgres.url(name), posts, JOURNAL + SECOND)
    with daemons(site, 2) as running:
        until(lambda: site.log().count(" started ") == 2 and states(postgres, name)["delivered"] > 20, 90)
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


def test_a_worker_that_slept_past_its_lease_sends_nothing(
    site: Site, postgres: PostgresServer, strict_mastodon: StrictMastodon
) -> None:
    """One is stopped in the middle of its first look, another takes over; when it goes on it finds itself too late."""
    strict_mastodon.behaviour.keys = "ignored"
    site.env["POSSE_MASTODON_ACCESS_TOKEN"] = strict_mastodon.token
    name = postgres.make_database()
    with Proxy(strict_mastodon.base) as proxy:
        fill(site, postgres.url(name), 1, mastodon(proxy.base), lease="3s")
        proxy.inject(Delay(1), on="/statuses", times=1)
        with daemons(site, 1) as (sleeper,):
            until(lambda: any(request.endswith("/statuses") for request in proxy.requests), 60)
            sleeper.send_signal(signal.SIGSTOP)
            before = list(proxy.requests)
            with daemons(site, 1):
                until(lambda: states(postgres, name)["delivered"] == 1, 60)
            sleeper.send_signal(signal.SIGCONT)
            until(lambda: "lease_lost" in site.log(), 30)
            time.sleep(2)
            assert sleeper.poll() is None
    assert not any(request.startswith("POST") for request in before)
    assert 1 == len(strict_mastodon.statuses)
    assert {"delivered": 1} == states(postgres, name)


def test_a_worker_that_slept_while_its_answer_came_changes_nothing(
    site: Site, postgres: PostgresServer, strict_mastodon: StrictMastodon
) -> None:
    """One is stopped with its post under way, another finds that post; the late receipt is thrown away."""
    strict_mastodon.behaviour.keys = "ignored"
    strict_mastodon.behaviour.delay, strict_mastodon.behaviour.fates = 1.0, ["delay"]
    site.env["POSSE_MASTODON_ACCESS_TOKEN"] = strict_mastodon.token
    name = postgres.make_database()
    fill(site, postgres.url(name), 1, mastodon(strict_mastodon.base), lease="3s")
    with daemons(site, 1) as (sleeper,):
        until(lambda: len(strict_mastodon.statuses) == 1, 60)
        sleeper.send_signal(signal.SIGSTOP)
        with daemons(site, 1):
            until(lambda: states(postgres, name)["delivered"] == 1, 60)
        sleeper.send_signal(signal.SIGCONT)
        until(lambda: "lease_lost" in site.log(), 30)
    assert 1 == len(strict_mastodon.statuses)
    assert [("found", 1)] == postgres.sql(name, "SELECT reason, attempts FROM deliveries")


def test_a_person_posts_beside_busy_daemons(
    site: Site, postgres: PostgresServer, strict_mastodon: StrictMastodon
) -> None:
    """`posse post` gets its turn on an account with a backlog, and what it sent nobody sends again."""
    strict_mastodon.behaviour.keys, strict_mastodon.behaviour.rate = "ignored", 10**9
    site.env["POSSE_MASTODON_ACCESS_TOKEN"] = strict_mastodon.token
    name = postgres.make_database()
    posts = 60
    fill(site, postgres.url(name), posts, mastodon(strict_mastodon.base))
    with daemons(site, 2):
        until(lambda: states(postgres, name)["delivered"] > 2, 90)
        done = site.posse("post", "p0059", "--json")
        assert (0, "delivered") == (done.code, done.json["deliveries"][0]["state"]), done.err
        assert states(postgres, name)["due"] > 0, "the daemons were done before it was asked"
        until(lambda: states(postgres, name)["delivered"] == posts, 180)
    seen = Counter(str(status["text"]) for status in strict_mastodon.statuses)
    assert (posts, [1] * posts) == (len(seen), list(seen.values()))


@pytest.mark.parametrize("hours", [1, -1])
def test_a_laptop_whose_clock_is_wrong_takes_nothing_over(
    site: Site, postgres: PostgresServer, strict_mastodon: StrictMastodon, hours: int
) -> None:
    """Leases go by the database's clock: beside a machine that is an hour off nothing expires, and nothing repeats."""
    strict_mastodon.behaviour.keys, strict_mastodon.behaviour.rate = "ignored", 10**9
    site.env["POSSE_MASTODON_ACCESS_TOKEN"] = strict_mastodon.token
    name = postgres.make_database()
    strict_mastodon.behaviour.fate, strict_mastodon.behaviour.delay = "delay", 0.1
    fill(site, postgres.url(name), 0, mastodon(strict_mastodon.base))
    right_path = site.environment()["PYTHONPATH"]
    wrong = site.write("wrong/sitecustomize.py", WRONG_CLOCK.format(hours=hours)).parent
    posts = 60
    with daemons(site, 1) as (right,):
        site.env["PYTHONPATH"] = f"{wrong}:{right_path}"
        with daemons(site, 1) as (other,):
            until(lambda: site.log().count(" started ") == 2, 60)
            write(site, posts)
            until(lambda: " delivered " in site.log(), 90)  # one of them sends, and the other looks on
            first = next(line for line in site.log().splitlines() if " delivered " in line)
            here = datetime.now(ZoneInfo("America/Chicago")).replace(tzinfo=None)
            time.sleep(2)
            kill(right if abs(datetime.fromisoformat(first[:19]) - here) < timedelta(minutes=30) else other)
            until(lambda: states(postgres, name)["delivered"] == posts, 180)
    log = site.log().splitlines()
    assert [] == [line for line in log if " lease_lost " in line]
    assert len([line for line in log if " expired " in line]) <= 1, "more than what the killed one had in hand"
    sent = [datetime.fromisoformat(line[:19]) for line in log if " delivered " in line]
    assert max(sent) - min(sent) > timedelta(minutes=50), "one of the two has sent nothing"
    seen = Counter(str(status["text"]) for status in strict_mastodon.statuses)
    assert (posts, [1] * posts) == (len(seen), list(seen.values()))
