"""Killed between send and record, beside others: how often a post stands twice, or not at all, after the next runs.

feed2toot and feediverse come from PyPI by name, each into an environment of its own in the developer's cache. Every
trial is a site, a record and a server of its own: the tool first learns of an old entry, a new one comes, and SIGKILL
hits while the tool waits for the answer to its post. Then it runs again, undisturbed, until it has nothing to do.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot import __version__
from tests.servers.feeds import FeedServer
from tests.servers.packages import ServerMissing, installed
from tests.servers.proxy import Fault, Hang, Hold, Proxy
from tests.servers.strict_mastodon import StrictMastodon
from tests.watcher.feeds import rss

TRIALS, SECONDS = 5, 120
RUNS_AFTER, BETWEEN = 3, 2.1  # posse looks twice, `grace` apart, before it sends again; feed2toot's lock has expired
FEED2TOOT_VERSION, FEEDIVERSE_VERSION = "0.17", "0.4.1"
POST = "POST /api/v1/statuses"
LINK = "https://blog.example/new/"
FEED2TOOT = """[mastodon]
instance_url={base}
user_credentials={token}
client_credentials={folder}/client
[cache]
cachefile={folder}/cache
[rss]
uri={feed}
toot={{title}} {{link}}
"""
POSSE = """[sources.blog]
type = "feed"
url = "{feed}"
[accounts.mastodon]
network = "mastodon"
instance = "{base}"
[guards]
settle = "0s"
require_live = false
grace = "1s"
"""


class Failed(Exception):
    """The tool does not do its work here, undisturbed; the message is its own."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One tool at work: where its files lie, and the addresses that it is given."""

    folder: Path
    feed: str
    base: str
    token: str


@dataclass(frozen=True, slots=True)
class Tool:
    """A program that announces what is new in a feed.

    `learn` makes it know what the feed holds now, and returns the exit code; `command` is one run, as its
    documentation puts it into crontab.
    """

    name: str
    version: str
    learn: Callable[[Trial], int]
    command: Callable[[Trial], list[str]]


def feed2toot() -> Tool:
    """https://pypi.org/project/feed2toot/: its lock outlives a kill, and is waited for a second, not its usual hour."""
    bin_ = installed("feed2toot", f"feed2toot=={FEED2TOOT_VERSION}")

    def command(trial: Trial) -> list[str]:
        lock = ["--lockfile", str(trial.folder / "lock"), "--lock-timeout", "1"]
        return [str(bin_ / "feed2toot"), "-c", str(trial.folder / "feed2toot.ini"), *lock]

    def learn(trial: Trial) -> int:
        told = {"base": trial.base, "token": trial.token, "feed": trial.feed, "folder": trial.folder}
        (trial.folder / "client").write_text(
            "none\nnone\n", encoding="utf-8"
        )  # an id and a secret, which no post needs
        (trial.folder / "feed2toot.ini").write_text(FEED2TOOT.format(**told), encoding="utf-8")
        return run([*command(trial), "-p"], trial)  # populates its cache

    return Tool("feed2toot", FEED2TOOT_VERSION, learn, command)


def feediverse() -> Tool:
    """https://pypi.org/project/feediverse/: its record is the time of the newest entry, in its configuration."""
    bin_ = installed("feediverse", f"feediverse=={FEEDIVERSE_VERSION}")

    def command(trial: Trial) -> list[str]:
        return [str(bin_ / "feediverse"), "-c", str(trial.folder / "feediverse.yml")]

    def learn(trial: Trial) -> int:
        config = {  # what its own setup writes for one who does not want the old entries announced
            "name": "feediverse",
            "url": trial.base,
            "client_id": "none",
            "client_secret": "none",
            "access_token": trial.token,
            "feeds": [{"url": trial.feed, "template": "{title} {url}", "include_images": False}],
            "updated": (datetime.now(UTC) - timedelta(days=1)).isoformat(),
        }
        (trial.folder / "feediverse.yml").write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
        return run(command(trial), trial)

    return Tool("feediverse", FEEDIVERSE_VERSION, learn, command)


def posse() -> Tool:
    """Return ours: its first look takes what is there for old."""

    def command(trial: Trial) -> list[str]:
        return [str(Path(sys.executable).parent / "posse"), "run", "--once"]

    def learn(trial: Trial) -> int:
        config = POSSE.format(feed=trial.feed, base=trial.base)
        (trial.folder / "posse.toml").write_text(config, encoding="utf-8")
        return run(command(trial), trial)

    return Tool("posse run --once", __version__, learn, command)


def environment(trial: Trial) -> dict[str, str]:
    """Return all that a tool sees of the environment."""
    bare = {"PATH": os.environ["PATH"], "HOME": str(trial.folder), "LANG": "C.UTF-8"}
    ours = {"POSSE_MASTODON_ACCESS_TOKEN": trial.token, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    return bare | ours


def run(command: Sequence[str], trial: Trial) -> int:
    """Run to the end; return the exit code. Raises `Failed` for a traceback."""
    done = subprocess.run(
        command,
        cwd=trial.folder,
        env=environment(trial),
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=SECONDS,
        check=False,
    )
    if "Traceback" in done.stderr:
        raise Failed(done.stderr.strip().splitlines()[-1])
    return done.returncode


def entries(*named: tuple[str, timedelta]) -> str:
    """Return a feed of these pages, each so long ago."""
    items = []
    for name, age in named:
        at = f"{datetime.now(UTC) - age:%a, %d %b %Y %H:%M:%S} GMT"
        items.append(
            f"<item><title>A post that is {name}</title><link>https://blog.example/{name}/</link>"
            f"<guid>https://blog.example/{name}/</guid><pubDate>{at}</pubDate><description>Words.</description></item>"
        )
    return rss(*items)


def killed(tool: Tool, fault: Fault | None) -> int:
    """Make one trial: how often the new entry is on the server at the end. Without a `fault` nothing is killed."""
    old = ("old", timedelta(days=2))
    with tempfile.TemporaryDirectory() as folder, StrictMastodon() as server, FeedServer() as feeds:
        with Proxy(server.base) as proxy:
            trial = Trial(Path(folder), feeds.put("/feed", entries(old)), proxy.base, server.token)
            if code := tool.learn(trial):
                raise Failed(f"its first look ends with {code}")
            feeds.put("/feed", entries(("new", timedelta(minutes=5)), old))
            if fault:
                proxy.inject(fault, on=POST)
                kill_at_its_post(tool, trial, proxy, server if isinstance(fault, Hang) else None)
            for _ in range(RUNS_AFTER):
                time.sleep(BETWEEN)
                run(tool.command(trial), trial)
        return sum(LINK in status["text"] for status in server.statuses)


def kill_at_its_post(tool: Tool, trial: Trial, proxy: Proxy, accepting: StrictMastodon | None) -> None:
    """Start it, wait until its post has left, and been accepted where it shall be, and kill it.

    Raises `Failed` when it does not post.
    """
    log = trial.folder / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            tool.command(trial), cwd=trial.folder, env=environment(trial), stdout=file, stderr=file
        )
    try:
        until = time.monotonic() + SECONDS
        while not (accepting.statuses if accepting else proxy.count(POST)):
            if process.poll() is not None or time.monotonic() > until:
                raise Failed(f"it did not post: {log.read_text(errors='replace')[-300:]}")
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()


def row(make: Callable[[], Tool]) -> tuple[str, bool]:
    """Return a tool's row of the table, and whether nothing stands twice and nothing is lost."""
    try:
        tool = make()
    except ServerMissing as error:
        return f"| {make.__name__} | – | cannot be installed here: {error} | – |", False
    try:
        if (count := killed(tool, None)) != 1:
            raise Failed(f"undisturbed, it announces the entry {count} times")
        twice = sum(killed(tool, Hang()) > 1 for _ in range(TRIALS))
        lost = sum(killed(tool, Hold()) < 1 for _ in range(TRIALS))
    except Failed as error:
        return f"| {tool.name} | {tool.version} | does not run here: {error} | – |", False
    return f"| {tool.name} | {tool.version} | {twice} of {TRIALS} | {lost} of {TRIALS} |", not (twice or lost)


def main() -> int:
    """Measure, print the table, and return 1 when ours repeats or loses anything. What others do is for the record."""
    print("| tool | version | accepted, then killed: twice | killed before it arrived: lost |\n|---|---|---|---|")  # noqa: T201
    is_well = False
    for make in (feed2toot, feediverse, posse):
        line, is_well = row(make)
        print(line, flush=True)  # noqa: T201 - the table is the result
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
