"""Tokens that end by themselves, as a person meets them: renewed by whoever comes first, told of once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.servers.strict_linkedin import StrictLinkedIn
from tests.servers.strict_threads import StrictThreads
from tests.system.site import Site, until


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
def site(tmp_path: Path, threads: StrictThreads, linkedin: StrictLinkedIn) -> Site:
    """A site with both accounts, logged in to, and one post that nobody announces yet."""
    made = Site(tmp_path / "site")
    made.post("hello")
    told = made.write("tell.py", "import sys\nopen(sys.argv[1], 'a').write(sys.stdin.read())\n")
    made.configure(
        f'[accounts.threads]\nnetwork = "threads"\nservice = "{threads.base}"\n'
        f'[accounts.linkedin]\nnetwork = "linkedin"\nservice = "{linkedin.base}"\n',
        guards='settle = "0s"\nrequire_live = false',
        extra=f"[notices]\ncommand = '{sys.executable} {told} {made.root / 'told'}'\n",
    )
    for name, server in (("threads", threads), ("linkedin", linkedin)):
        assert 0 == made.posse("login", name, stdin=server.token).code
    return made


def change(site: Site, name: str, **instants: datetime) -> None:
    """Change the instants that are kept of a token."""
    path = site.root / "state" / "sessions.json"
    sessions: dict[str, Any] = json.loads(path.read_text())
    sessions[name] |= {key: value.isoformat() for key, value in instants.items()}
    path.write_text(json.dumps(sessions))


def test_whoever_comes_first_renews(site: Site, threads: StrictThreads) -> None:
    """The daemon, two `check` and a manual `post` meet a token that is due: it is renewed once, and all go well."""
    for token in threads.tokens:
        threads.tokens[token] -= timedelta(days=2)
    threads.requests.clear()
    change(site, "threads", renew=datetime.now(UTC))
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "bot", *args],
            cwd=site.root,
            env=site.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for args in (("run",), ("check",), ("check",), ("post", "hello", "--account", "threads"))
    ]
    try:
        for process in started[1:]:
            out, _ = process.communicate(timeout=60)
            assert 0 == process.returncode, out
        until(lambda: 1 == len(threads.held))
    finally:
        started[0].terminate()
        started[0].communicate(timeout=20)
    assert 1 == sum(request.path == "/refresh_access_token" for request in threads.requests)


def test_a_token_s_last_days_are_told_once(site: Site) -> None:
    """By the notices once, by the daemon's log once, by `check` each time with the days; a new log-in ends it."""
    change(site, "linkedin", until=datetime.now(UTC) + timedelta(days=5, hours=1))
    for _ in range(2):
        done = site.posse("run", "--once")
        assert 0 == done.code, done.err
        assert "linkedin: the token has at most 5 days left" in done.err
    told = site.root / "told"
    assert 1 == told.read_text(encoding="utf-8").count("linkedin: the token has at most 5 days left")
    process = site.start("run")
    until(lambda: "ending" in site.log())
    process.terminate()
    process.wait(20)
    assert 1 == site.log().count("posse login linkedin")
    assert 1 == told.read_text(encoding="utf-8").count("posse login linkedin")
    check = site.posse("check")
    assert "warning: the token has at most 5 days left" in check.out
    assert 5 == site.posse("check", "--json").json["accounts"]["linkedin"]["ends"]["days"]
    change(site, "linkedin", until=datetime.now(UTC) + timedelta(days=59))
    assert "days left" not in site.posse("run", "--once").err
