"""Credentials that lie idle are renewed in time, by one process, and a person is told of those that cannot be."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from bot.config.model import AccountConfig
from bot.credentials import FileVault
from bot.networks import DEFAULT_TEMPLATE, LINKEDIN, MASTODON, THREADS, Network, X
from bot.publishers import make
from bot.publishers.base import Access, Publisher, Vault
from bot.store import open_store
from bot.store.base import Store
from bot.testing import MemoryVault, access
from bot.upkeep import EVERY, Upkeep
from tests.fakes import Clock
from tests.publishers.test_x import options as x_options
from tests.servers import strict_x_auth as x_app
from tests.servers.strict_linkedin import StrictLinkedIn
from tests.servers.strict_threads import TOKEN, StrictThreads
from tests.servers.strict_x import StrictX


class Bench:
    """One account, its vault, and the upkeep of a process on a store of its own."""

    def __init__(
        self, folder: Path, network: Network, options: Mapping[str, object], secrets: Mapping[str, str]
    ) -> None:
        self.clock = Clock(datetime.now(UTC))
        self.vault = MemoryVault()
        self.secrets = dict(secrets)
        self.opened = 0
        self.account = AccountConfig("me", network, dict(options), DEFAULT_TEMPLATE)
        self.store: Store = open_store(f"sqlite:///{folder}/posse.db")
        self.upkeep = self.process()

    def process(self) -> Upkeep:
        """Another process."""
        return Upkeep({"me": self.account}, self.open, lambda _account: "fingerprint")

    def open(self, account: AccountConfig) -> Publisher:
        """The account's publisher."""
        self.opened += 1
        return make(account.network, self.access(self.vault))

    def access(self, vault: Vault) -> Access:
        """What it is made from."""
        return access(self.account.options, self.secrets, vault=vault, clock=self.clock)

    def run(self, **later: float) -> list[str]:
        """Look after it, after so long; return what is told."""
        self.clock.advance(**later)
        return [trouble.text for trouble in self.upkeep.run(self.store, self.clock())]


@pytest.fixture
def threads() -> Iterator[StrictThreads]:
    """A strict Threads, new and empty."""
    with StrictThreads() as server:
        yield server


@pytest.fixture
def linkedin() -> Iterator[StrictLinkedIn]:
    """A strict LinkedIn, new and empty."""
    with StrictLinkedIn() as server:
        yield server


@pytest.fixture
def x() -> Iterator[StrictX]:
    """A strict X, new and empty."""
    with StrictX() as server:
        yield server


@pytest.fixture
def idle(tmp_path: Path, threads: StrictThreads) -> Iterator[Bench]:
    """An account on Threads where nothing is posted."""
    bench = Bench(tmp_path, THREADS, {"service": threads.base}, {"access_token": TOKEN})
    yield bench
    bench.store.close()


def renewals(threads: StrictThreads) -> int:
    """How often a renewal was asked for."""
    return sum(request.path == "/refresh_access_token" for request in threads.requests)


def test_an_idle_token_of_threads_never_dies(idle: Bench, threads: StrictThreads) -> None:
    """A year without a post: it is renewed every week, nothing else is asked, and there is nothing to tell."""
    for _day in range(366):
        for token in threads.tokens:
            threads.tokens[token] -= timedelta(days=1)
        assert [] == idle.run(days=1)
    assert renewals(threads) == len(threads.requests) == 366 // 7 + 1
    assert idle.vault.values["token"] in threads.tokens


def test_it_looks_once_an_hour(idle: Bench) -> None:
    """A daemon that wakes every minute does not read the vault as often."""
    idle.run()
    for _minute in range(59):
        idle.run(minutes=1)
    assert 1 == idle.opened
    idle.run(seconds=EVERY.total_seconds() - 59 * 60)
    assert 2 == idle.opened


def test_a_token_that_is_not_renewed_is_told_of_for_ten_days(idle: Bench, threads: StrictThreads) -> None:
    """One trouble, whose key stays the same, from ten days on; a renewal that works ends it."""
    threads.tokens[TOKEN] = datetime.now(UTC)  # the fake lives in the present: too young for ever
    assert [] == idle.run()
    assert [] == idle.run(days=49)
    (text,) = idle.run(days=2)
    assert "the token has at most 9 days left" in text
    assert "posse login me" in text
    (first,) = idle.upkeep.run(idle.store, idle.clock())
    idle.run(days=1)
    (second,) = idle.upkeep.run(idle.store, idle.clock())
    assert (first.key, True) == (second.key, first.text != second.text)
    threads.tokens[TOKEN] -= timedelta(days=2)
    assert [] == idle.run(days=1)


def test_many_at_once_renew_once(idle: Bench, threads: StrictThreads, tmp_path: Path) -> None:
    """The daemon, `check` and a manual `post` come to a token that is due together: one of them renews it."""
    names: list[str] = []

    def work() -> None:
        publisher = make(THREADS, idle.access(FileVault("me", tmp_path)))
        names.append(publisher.verify().name)

    workers = [threading.Thread(target=work) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert ["@strict"] * 6 == names
    assert 1 == renewals(threads)


def test_what_needs_no_upkeep(idle: Bench, threads: StrictThreads) -> None:
    """Other networks' publishers are not even loaded; what is posted by hand, or refused, is left alone."""
    for account in (replace(idle.account, network=MASTODON), replace(idle.account, manual=True)):
        Upkeep({"me": account}, idle.open, lambda _account: "").run(idle.store, idle.clock())
    idle.store.pause("me", "unauthorized: 401", idle.clock(), "fingerprint")
    assert [] == idle.run()
    assert (0, []) == (idle.opened, threads.requests)


def test_a_pause_of_the_person_s_own_does_not_let_it_die(idle: Bench, threads: StrictThreads) -> None:
    """`posse pause` stops the sending, not the upkeep, and stays what it was."""
    idle.store.pause("me", "by hand", idle.clock())
    idle.run()
    assert 1 == renewals(threads)
    assert "by hand" == idle.store.account_health()["me"].paused_reason


def test_without_a_secret_nothing_is_told(idle: Bench) -> None:
    """Nobody has logged in yet: `check` says so, and whoever posts is told."""
    idle.secrets.clear()
    assert [] == idle.run()
    assert {} == idle.store.account_health()


def test_a_token_of_linkedin_is_told_of(tmp_path: Path, linkedin: StrictLinkedIn) -> None:
    """It cannot be renewed; nobody is asked, and from ten days on it is told."""
    options = {"service": linkedin.base, "author": None, "api_version": "202605"}
    bench = Bench(tmp_path, LINKEDIN, options, {"access_token": linkedin.token})
    assert [] == bench.run()
    (text,) = bench.run(days=51)
    assert "at most 9 days left" in text
    assert [] == linkedin.requests
    bench.store.close()


def with_tokens(folder: Path, server: StrictX, seed: str) -> Bench:
    """An account on X by OAuth 2."""
    options = x_options(server.base, auth="oauth2", client_id=x_app.CLIENT)
    return Bench(folder, X, options, {"refresh_token": seed})


def test_an_idle_refresh_token_of_x_is_used(tmp_path: Path, x: StrictX) -> None:
    """At once where it was never used here, then every thirty days; keys of OAuth 1.0a need nothing."""
    _, seed = x.auth.grant()
    bench = with_tokens(tmp_path, x, seed)
    assert [] == bench.run()
    assert [] == bench.run(days=29)
    assert [seed] == x.auth.spent
    bench.run(days=2)
    assert 2 == len(x.auth.spent)
    assert bench.vault.values["refresh"] in x.auth.refreshes
    bench.store.close()
    keys = Bench(tmp_path, X, x_options(x.base), {})
    assert [] == keys.run(days=40)
    keys.store.close()


def test_a_refresh_token_of_x_that_is_refused_pauses_the_account(tmp_path: Path, x: StrictX) -> None:
    """Then `status` and the notices have it, and X is not asked again and again."""
    bench = with_tokens(tmp_path, x, "spent-long-ago")
    assert [] == bench.run()
    health = bench.store.account_health()["me"]
    assert str(health.paused_reason).startswith("unauthorized: ")
    assert "posse login me" in str(health.paused_reason)
    assert "spent-long-ago" not in str(health.paused_reason)
    bench.run(days=1)
    assert 1 == len(x.requests)
    bench.store.close()
