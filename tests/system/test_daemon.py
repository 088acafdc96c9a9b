"""The daemon left alone: what is whole goes out once, what is old or too much does not, and signals end it well."""

from __future__ import annotations

import http.server
import itertools
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers.proxy import Hang, Proxy
from tests.servers.strict_mastodon import StrictMastodon
from tests.system.site import JOURNAL, Site, mastodon, until

QUICK = '[schedule]\nevery = "1s"\n'
SETTLE = 'settle = "1s"\nrequire_live = false'


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site with one old post."""
    made = Site(tmp_path / "site")
    made.post("old", day="2024-01-01")
    return made


@contextmanager
def running(site: Site, *args: str) -> Iterator[subprocess.Popen[str]]:
    """`posse run`, past its first scan; ended by SIGTERM."""
    process = site.start("run", *args)
    try:
        until(lambda: (site.root / "state" / "posse.db").exists() and "old" in site.posse("posts").out)
        until(lambda: "baseline" in site.posse("explain", "old").out or "delivered" in site.posse("status").out)
        yield process
    finally:
        process.terminate()
        process.wait(10)


def test_a_file_written_in_pieces_goes_out_once_and_whole(site: Site) -> None:
    """Front matter cut in the middle, then half a body, then all of it: one announcement of the whole."""
    site.configure(JOURNAL, guards=SETTLE, extra=QUICK)
    with running(site):
        whole = "---\ntitle: Whole\ndate: 2026-11-20\n---\n\nThe first sentence. The second one.\n"
        for end in (14, 48, 70, len(whole)):
            site.write("_posts/2026-11-20-whole.md", whole[:end])
            time.sleep(0.4)
        until(lambda: site.journal())
        time.sleep(2.5)
    (sent,) = site.journal()
    assert "Whole\n\nThe first sentence. The second one.\n\nhttps://example.com/2026/whole/" == sent["text"]


def test_a_typo_mended_while_it_settles_goes_out_mended(site: Site) -> None:
    """One mended later goes out nowhere again."""
    site.configure(JOURNAL, guards=SETTLE, extra=QUICK)
    with running(site):
        site.post("news", day="2026-11-20", body="A tpyo.")
        time.sleep(0.5)
        site.post("news", day="2026-11-20", body="A typo.")
        until(lambda: site.journal())
        site.post("news", day="2026-11-20", body="A typo, mended later.")
        time.sleep(3)
    (sent,) = site.journal()
    assert "A typo." in sent["text"]


def test_a_first_run_announces_nothing_old(site: Site) -> None:
    """300 old posts: nothing out; the newest is named with the command that announces it."""
    for number in range(300):
        site.post(f"old-{number}", day=f"2024-{number % 12 + 1:02}-{number % 28 + 1:02}")
    site.configure(JOURNAL, guards='settle = "0s"\nrequire_live = false')
    done = site.posse("run", "--once")
    assert (0, []) == (done.code, site.journal())
    assert "301 posts that were there before are left alone" in done.err
    assert "`posse post old-" in done.err


def test_a_second_account_gets_nothing_old(site: Site) -> None:
    """An account that is added later draws a line of its own; what comes after goes to both."""
    guards = 'settle = "0s"\nrequire_live = false'
    site.configure(JOURNAL, guards=guards)
    site.posse("run", "--once")
    site.post("between", day="2026-11-20")
    site.posse("run", "--once")
    site.configure(JOURNAL + '[accounts.second]\nnetwork = "local"\npath = "second"\n', guards=guards)
    site.posse("run", "--once")
    assert not (site.root / "second").exists()
    site.post("after", day="2026-11-21")
    site.posse("run", "--once")
    assert 1 == len(list((site.root / "second").glob("*.json")))
    assert 2 == len(site.journal())


def test_a_source_that_fails_first_and_then_comes_with_old_posts(site: Site) -> None:
    """A failed scan draws no line: the 300 posts that come with the first good one are old."""
    site.configure(JOURNAL, guards='settle = "0s"\nrequire_live = false')
    (site.root / "_posts").rename(site.root / "away")
    assert 1 == site.posse("run", "--once").code
    for number in range(300):
        site.write(f"away/2026-11-20-p{number}.md", f"---\ntitle: P{number}\ndate: 2026-11-20\n---\n\nBody {number}.\n")
    (site.root / "away").rename(site.root / "_posts")
    assert 0 == site.posse("run", "--once").code
    assert [] == site.journal()


def test_a_burst_is_held_until_it_is_released(site: Site) -> None:
    """40 new posts: all held (exit 5); `release --all` sends them oldest first."""
    site.configure(JOURNAL, guards='settle = "0s"\nrequire_live = false')
    site.posse("run", "--once")
    for number in range(40):
        site.post(f"new-{number:02}", day=f"2026-11-{20 + number % 3}")
    done = site.posse("run", "--once")
    assert (5, []) == (done.code, site.journal())
    assert "max_burst" in done.out
    assert 10 == done.out.count("held       journal: New")
    assert "held       journal: 30 more like the last: burst" in done.out
    assert done.out in site.posse("status").out
    assert 40 == len(site.posse("status", "--json").json["deliveries"])
    assert 0 == site.posse("run", "--once").code
    assert 0 == site.posse("release", "--all").code
    assert 0 == site.posse("run", "--once").code
    days = [sent["post"]["published"] for sent in site.journal()]
    assert (40, sorted(days)) == (len(days), days)


def test_spacing_is_kept_between_announcements(site: Site) -> None:
    """With `spacing = "2s"` three posts go out one after another, oldest first."""
    site.configure(JOURNAL + 'spacing = "2s"\n', guards='settle = "0s"\nrequire_live = false', extra=QUICK)
    site.posse("run", "--once")
    for day in (18, 19, 20):
        site.post(f"day-{day}", day=f"2026-11-{day}")
    with running(site):
        until(lambda: len(site.journal()) == 3)
    moments = [(site.root / "journal" / f"{sent['key']}.json").stat().st_mtime for sent in site.journal()]
    assert all(later - earlier > 1.9 for earlier, later in itertools.pairwise(moments))
    assert ["day-18", "day-19", "day-20"] == [sent["post"]["slug"] for sent in site.journal()]


class _Deploying(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        found = self.path == "/" or time.monotonic() > self.server.deployed_at  # type: ignore[attr-defined]
        body = b"<!doctype html><title>Page</title><h1>Page</h1><p>Here." if found else b"no"
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Stay silent."""


def test_a_post_waits_for_its_page(site: Site) -> None:
    """A site that deploys 3 s later: the post is not live, then it goes out, with the link that answers."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Deploying)
    server.deployed_at = float("inf")  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    site.configure(JOURNAL, guards='settle = "0s"\nallow_private = true', extra=QUICK)
    config = (site.root / "posse.toml").read_text(encoding="utf-8")
    site.write("posse.toml", config.replace("https://example.com", f"http://127.0.0.1:{server.server_port}"))
    with running(site):
        site.post("late", day="2026-11-20")
        until(lambda: "not_live" in site.log())
        assert [] == site.journal()
        server.deployed_at = time.monotonic() + 3  # type: ignore[attr-defined]
        until(lambda: site.journal())
        assert time.monotonic() > server.deployed_at  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()
    assert 1 == len(site.journal())


def test_a_signal_ends_it_within_seven_seconds(site: Site, strict_mastodon: StrictMastodon) -> None:
    """What is in flight when SIGTERM comes is marked uncertain, and found at the next run."""
    with Proxy(strict_mastodon.base) as proxy:
        site.configure(mastodon(proxy.base), guards='settle = "0s"\nrequire_live = false', extra=QUICK)
        site.env["POSSE_MASTODON_ACCESS_TOKEN"] = strict_mastodon.token
        site.posse("run", "--once")
        proxy.inject(Hang(), on="POST /api/v1/statuses")
        process = site.start("run")
        site.post("news", day="2026-11-20")
        until(lambda: strict_mastodon.statuses)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(10)
        assert time.monotonic() - began < 7
        (row,) = site.posse("status", "--json").json["deliveries"]
        assert "uncertain" == row["state"]
        (row,) = site.posse("run", "--once", "--json").json["deliveries"]
        assert ("delivered", "found") == (row["state"], row["reason"])
    assert 1 == len(strict_mastodon.statuses)


def test_a_second_run_names_the_first(site: Site) -> None:
    """On one SQLite state a second `run` exits 6 and names the process; `post` beside it is safe."""
    site.configure(JOURNAL, guards=SETTLE, extra=QUICK)
    with running(site) as process:
        second = site.posse("run", "--once")
        assert 6 == second.code
        assert str(process.pid) in second.err
        assert 0 == site.posse("post", "old").code
        time.sleep(1.5)
    assert 1 == len(site.journal())


def test_a_dead_daemon_is_noticed(site: Site) -> None:
    """`status --check` is 0 while it scans, and 1 when no scan succeeded for three intervals."""
    site.configure(JOURNAL, guards=SETTLE, extra=QUICK)
    assert 1 == site.posse("status", "--check").code
    with running(site):
        assert 0 == site.posse("status", "--check").code
    time.sleep(3.5)
    assert 1 == site.posse("status", "--check").code


def test_an_idle_daemon_is_small(site: Site) -> None:
    """At most 50 MiB before it first publishes, 80 after; nothing is asked of a network when nothing is due."""
    site.configure(JOURNAL, guards=SETTLE, extra=QUICK)
    with running(site) as process:
        assert _resident_mib(process.pid) < 50
        site.post("news", day="2026-11-20")
        until(lambda: site.journal())
        assert _resident_mib(process.pid) < 80


def _resident_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def test_nothing_is_asked_of_a_network_when_nothing_is_due(site: Site, strict_mastodon: StrictMastodon) -> None:
    """No log-in, no look, no limit is asked for by a run that has nothing to say."""
    site.configure(mastodon(strict_mastodon.base), guards='settle = "0s"\nrequire_live = false')
    site.env["POSSE_MASTODON_ACCESS_TOKEN"] = strict_mastodon.token
    assert 0 == site.posse("run", "--once").code
    assert [] == strict_mastodon.requests


def test_a_heartbeat_tells_that_it_lives(site: Site) -> None:
    """The address is asked for after a good scan, and not after a failed one."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Deploying)
    server.deployed_at = float("-inf")  # type: ignore[attr-defined]
    beats: list[float] = []
    server.verify_request = lambda *_: beats.append(time.monotonic()) or True  # type: ignore[func-returns-value, method-assign]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    heart = f'[schedule]\nevery = "1s"\nheartbeat = "http://127.0.0.1:{server.server_port}/beat"\n'
    site.configure(JOURNAL, guards=SETTLE, extra=heart)
    with running(site):
        until(lambda: len(beats) >= 2)
        (site.root / "_posts").rename(site.root / "away")
        time.sleep(1.5)
        count = len(beats)
        time.sleep(2)
        assert count == len(beats)
        (site.root / "away").rename(site.root / "_posts")
        until(lambda: len(beats) > count)
    server.shutdown()
    server.server_close()
    assert 1 == site.log().count("source_failed")


def test_once_waits_for_a_silent_account(site: Site) -> None:
    """`run --once --wait` stays until what spacing holds back has gone out too; quiet hours beyond it end the run."""
    site.configure(JOURNAL + 'spacing = "1s"\n', guards='settle = "0s"\nrequire_live = false')
    site.posse("run", "--once")
    for day in (18, 19, 20):
        site.post(f"day-{day}", day=f"2026-11-{day}")
    assert 0 == site.posse("run", "--once", "--wait", "30s").code
    assert 3 == len(site.journal())
