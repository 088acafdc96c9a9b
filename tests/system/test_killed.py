"""The real daemon, killed with SIGKILL at random instants behind a bad network: nothing twice, nothing lost.

Each test prints its seed; POSSE_TEST_SEED runs it again, POSSE_TEST_KILLS says how often it kills.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.model import State
from bot.store import open_store
from tests.servers.pds import Pds
from tests.servers.proxy import Cut, Delay, Fault, Hang, Proxy, Reset
from tests.servers.strict_mastodon import StrictMastodon
from tests.system.site import Site, bluesky, kill, mastodon, until

KILLS = int(os.environ.get("POSSE_TEST_KILLS") or 50)
SEED = os.environ.get("POSSE_TEST_SEED")
LEASE, GRACE = 2.0, 0.7
GUARDS = f'baseline = false\nsettle = "0s"\nrequire_live = false\nmax_burst = 1000\ngrace = "{int(GRACE * 1000)}ms"'
LINK = "https://example.com/2026/"


def schedule(state: str) -> str:
    """The rest of the configuration; `state` is the store's URL."""
    return f'[schedule]\nevery = "200ms"\n[state]\nurl = "{state}"\nlease = "{int(LEASE * 1000)}ms"\n'


@dataclass
class Account:
    """One account behind a proxy: its table, and how often each post is there, by the address that is announced."""

    table: str
    proxy: Proxy
    seen: Callable[[], Counter[str]]


@pytest.fixture
def dice(request: pytest.FixtureRequest) -> random.Random:
    """Chance that can be repeated."""
    seed = int(SEED or random.SystemRandom().randrange(10**6))
    print(f"POSSE_TEST_SEED={seed}")  # noqa: T201 - shown when the test fails
    return random.Random(f"{request.node.name} {seed}")


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """What is closed at the end of a test."""
    with ExitStack() as opened:
        yield opened


def fault(dice: random.Random) -> Fault:
    """Anything that a network may do to a request, none of it for longer than `GRACE`."""
    faults: list[Fault] = [
        Reset(0),
        Reset(dice.randrange(1, 900)),
        Cut(0),
        Cut(dice.randrange(1, 400)),
        Delay(dice.uniform(0.01, GRACE / 2)),
        Hang(),
    ]
    return dice.choice(faults)


def fediverse(stack: ExitStack, site: Site, server: StrictMastodon, keys: str) -> Account:
    """An account on the strict Mastodon."""
    server.behaviour.keys = keys
    server.behaviour.rate = 10**9
    site.env["POSSE_MASTODON_ACCESS_TOKEN"] = server.token
    proxy = stack.enter_context(Proxy(server.base))

    def seen() -> Counter[str]:
        return Counter(word for status in server.statuses for word in status["text"].split() if word.startswith(LINK))

    return Account(mastodon(proxy.base), proxy, seen)


def atproto(stack: ExitStack, site: Site, pds: Pds) -> Account:
    """An account on the real PDS."""
    me = pds.account()
    site.env["POSSE_BLUESKY_APP_PASSWORD"] = me.app_password
    proxy = stack.enter_context(Proxy(pds.base))

    def seen() -> Counter[str]:
        return Counter(record["value"]["embed"]["external"]["uri"] for record in pds.records(me.did))

    return Account(bluesky(proxy.base, me.handle), proxy, seen)


def murder(site: Site, state_url: str, accounts: list[Account], dice: random.Random) -> set[str]:
    """Write posts, break the network and kill the daemon `KILLS` times; return the addresses that were written."""
    written: set[str] = set()
    for number in range(KILLS):
        for _ in range(dice.choice([0, 1, 1, 2])):
            site.post(slug := f"post-{len(written)}", day="2026-11-20")
            written.add(f"{LINK}{slug}/")
        for account in accounts:
            account.proxy.heal()
            for _ in range(dice.randrange(3)):
                account.proxy.inject(fault(dice), on=dice.choice(["POST", "POST", "GET", ""]))
        hurry(state_url)
        before = sum(len(account.proxy.requests) for account in accounts)
        process = site.start("run", "--log-format", "json")
        if number % 5:
            _until_it_speaks(accounts, before, process.poll)
            time.sleep(dice.expovariate(4))
        else:
            time.sleep(dice.uniform(0, 1.2))
        assert process.poll() is None, site.log()[-3000:]
        kill(process)
    return written


def _until_it_speaks(accounts: list[Account], before: int, ended: Callable[[], int | None]) -> None:
    """Wait for its next request, a while: a daemon that has nothing to say may be killed as well."""
    end = time.monotonic() + 1.0
    while sum(len(account.proxy.requests) for account in accounts) == before and time.monotonic() < end:
        assert ended() is None
        time.sleep(0.005)


def settle(site: Site, state_url: str, accounts: list[Account], written: set[str]) -> None:
    """Let the daemon work on a good network until every post is there on every account."""
    for account in accounts:
        account.proxy.heal()
    hurry(state_url)
    process = site.start("run")
    try:
        until(lambda: all(written <= set(account.seen()) for account in accounts), 60)
        until(lambda: not _open(site), 30)
    except AssertionError as error:
        raise AssertionError(f"{error}: {_open(site)}\n{site.log()[-3000:]}") from error
    finally:
        kill(process)


def hurry(state_url: str) -> None:
    """Let the time pass that waiting rows wait for; how long ago an attempt ended stays as it is."""
    store = open_store(state_url)
    for state in (State.DUE, State.UNCERTAIN):
        for row in store.deliveries(states=[state]):
            store.settle(row.id, [state], state, datetime.now(UTC))
    store.close()


def _open(site: Site) -> list[dict[str, object]]:
    rows = site.posse("status", "--json").json["deliveries"]
    return [row for row in rows if row["state"] != "delivered"]


@pytest.mark.parametrize("keys", ["honoured", "ignored"])
@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_a_killed_daemon_announces_each_post_once(
    tmp_path: Path,
    request: pytest.FixtureRequest,
    pds: Pds,
    strict_mastodon: StrictMastodon,
    dice: random.Random,
    stack: ExitStack,
    store: str,
    keys: str,
) -> None:
    """Killed again and again on a network that drops, delays, cuts and resets: 0 twice, 0 lost."""
    site = Site(tmp_path / "site")
    state_url = request.getfixturevalue("database") if store == "postgres" else f"sqlite:///{site.root}/state/posse.db"
    accounts = [fediverse(stack, site, strict_mastodon, keys), atproto(stack, site, pds)]
    site.configure("".join(account.table for account in accounts), guards=GUARDS, extra=schedule(state_url))
    written = murder(site, state_url, accounts, dice)
    settle(site, state_url, accounts, written)
    for account in accounts:
        assert dict.fromkeys(written, 1) == dict(account.seen())
