"""What befell real users of such bots, each under its own name, against the real process."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.proxy import Hang, Proxy
from tests.servers.strict_mastodon import StrictMastodon
from tests.system.site import JOURNAL, Result, Site, mastodon

NOW_OR_NEVER = 'baseline = false\nsettle = "0s"\nrequire_live = false\nmax_burst = 1000\ngrace = "200ms"'
LIMITED = (
    "import resource, runpy; resource.setrlimit(resource.RLIMIT_FSIZE, ({0}, {0}));"
    " runpy.run_module('bot', run_name='__main__')"
)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site with nothing on it."""
    return Site(tmp_path / "site")


def fediverse(site: Site, server: StrictMastodon, base: str, extra: str = "") -> None:
    """Configure one account on a Mastodon that ignores keys."""
    server.behaviour.keys = "ignored"
    server.behaviour.rate = 10**9
    site.configure(mastodon(base), guards=NOW_OR_NEVER, extra=extra)
    site.env["POSSE_MASTODON_ACCESS_TOKEN"] = server.token


def links(server: StrictMastodon) -> list[str]:
    """The address in every status the server has, in order of address."""
    found = [re.findall(r"https://example\.com/\S+", status["text"]) for status in server.statuses]
    return sorted(link for (link,) in found)


def test_an_outage_that_takes_posts_and_answers_500_makes_no_duplicates(
    site: Site, strict_mastodon: StrictMastodon
) -> None:
    """The server keeps each post and says that it failed, run after run: each is there once (1,000 times, once)."""
    fediverse(site, strict_mastodon, strict_mastodon.base)
    for number in range(5):
        site.post(f"news-{number}")
    strict_mastodon.behaviour.fate = "500"
    for _ in range(5):
        site.posse("run", "--once")
    strict_mastodon.behaviour.fate = ""
    assert 0 == site.posse("run", "--once", "--wait", "20s").code
    assert [f"https://example.com/2026/news-{number}/" for number in range(5)] == links(strict_mastodon)


def test_a_restart_posts_nothing_again(site: Site) -> None:
    """Ten starts, one announcement."""
    site.configure(JOURNAL, guards=NOW_OR_NEVER)
    site.post("news")
    for _ in range(10):
        assert 0 == site.posse("run", "--once").code
    assert 1 == len(site.journal())


def test_a_mended_typo_is_not_posted_again(site: Site) -> None:
    """Neither in the title nor in the text."""
    site.configure(JOURNAL, guards=NOW_OR_NEVER)
    for title, body in (("A tpyo", "Some wrods."), ("A typo", "Some wrods."), ("A typo", "Some words.")):
        site.post("news", title=title, body=body)
        assert 0 == site.posse("run", "--once").code
    assert 1 == len(site.journal())


def test_a_host_that_rewrites_every_id_and_url_of_235_posts_repeats_none(site: Site) -> None:
    """235 posts with other files, slugs and URLs in one night: not one is announced again."""
    site.configure(JOURNAL, guards=NOW_OR_NEVER)
    for number in range(235):
        site.post(f"note-{number}", day=f"2026-11-{number % 20 + 1:02}", body=f"Text of note {number}.")
    assert 0 == site.posse("run", "--once").code
    assert 235 == len(site.journal())
    for number in range(235):
        day = f"2026-11-{number % 20 + 1:02}"
        (site.root / f"_posts/{day}-note-{number}.md").unlink()
        site.write(
            f"_posts/archive/{number:08x}.md",
            f"---\ntitle: Note {number}\ndate: {day}\nurl: /p/{number:08x}.html\n---\n\nText of note {number}.\n",
        )
    done = site.posse("run", "--once")
    assert (0, 235) == (done.code, len(site.journal())), done.err


def test_a_redated_post_is_not_announced_twice(site: Site) -> None:
    """Its date moves by a month, and with it the name of its file."""
    site.configure(JOURNAL, guards=NOW_OR_NEVER)
    before = site.post("news", day="2026-11-20")
    assert 0 == site.posse("run", "--once").code
    before.unlink()
    site.post("news", day="2026-10-20")
    assert 0 == site.posse("run", "--once").code
    assert 1 == len(site.journal())


def test_a_timeout_is_not_answered_by_a_retry(site: Site, strict_mastodon: StrictMastodon) -> None:
    """The post is there, its answer never comes: it is looked for, and found."""
    with Proxy(strict_mastodon.base) as proxy:
        fediverse(site, strict_mastodon, proxy.base, '[state]\nurl = "sqlite:///state/posse.db"\nlease = "2s"\n')
        site.post("news")
        proxy.inject(Hang(), on="POST /api/v1/statuses")
        done = site.posse("run", "--once", "--wait", "20s", "--json")
        assert ["found"] == [row["reason"] for row in done.json["deliveries"]], done.err
        assert 1 == proxy.count("POST /api/v1/statuses")


def test_a_token_that_dies_is_seen_and_told_once(site: Site, strict_mastodon: StrictMastodon) -> None:
    """Exit 3 and a sentence at once, `status` until it is mended, and a new token sends what waited."""
    fediverse(site, strict_mastodon, strict_mastodon.base)
    token = strict_mastodon.memory.tokens.pop(strict_mastodon.token)
    site.post("news")
    first = site.posse("run", "--once")
    assert 3 == first.code
    assert "posse login mastodon" in first.err
    second = site.posse("run", "--once")
    assert 0 == second.code, second.err
    assert "mastodon" in second.err
    status = site.posse("status")
    assert "token" in status.out + status.err
    assert 3 == site.posse("run", "--once", "--strict").code
    strict_mastodon.memory.tokens["another"] = token
    site.env["POSSE_MASTODON_ACCESS_TOKEN"] = "another"
    assert 0 == site.posse("run", "--once").code
    assert 1 == len(strict_mastodon.statuses)


@pytest.mark.parametrize("what", ["refused", "down", "paused"])
def test_nothing_is_stuck_in_silence(site: Site, strict_mastodon: StrictMastodon, what: str) -> None:
    """A post that does not go out is in `status` and `explain` with the reason."""
    with Proxy(strict_mastodon.base) as proxy:
        fediverse(site, strict_mastodon, proxy.base)
        if what == "paused":
            assert 0 == site.posse("pause", "mastodon").code
        if what == "down":
            proxy.refuse()
        if what == "refused":
            strict_mastodon.behaviour.characters = 10
        site.post("news")
        done = site.posse("run", "--once")
        assert ("paused" == what) == (0 == done.code), done.err
        (row,) = site.posse("status", "--json").json["deliveries"]
        state = "failed" if what == "refused" else "due"
        assert state == row["state"]
        shown = site.posse("explain", "news").out
        why = {"refused": "limit", "down": "cannot be reached", "paused": "paused"}[what]
        assert why in shown
    assert [] == strict_mastodon.statuses


def limited(site: Site, most: int, *args: str) -> Result:
    """Run `posse` where no file may grow beyond `most` bytes."""
    done = subprocess.run(
        [sys.executable, "-c", LIMITED.format(most), *args],
        cwd=site.root,
        env=site.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("room", [0, 6_000, 14_000])
def test_a_full_disk_loses_nothing_and_repeats_nothing(site: Site, strict_mastodon: StrictMastodon, room: int) -> None:
    """Wherever the room ends: a sentence and no traceback; with room again each post is there once."""
    fediverse(site, strict_mastodon, strict_mastodon.base)
    assert 0 == site.posse("run", "--once").code
    for number in range(4):
        site.post(f"news-{number}")
    done = limited(site, (site.root / "state" / "posse.db").stat().st_size + room, "run", "--once")
    assert (3, False) == (done.code, "Traceback" in done.err), done.err
    assert "the state cannot be written" in done.err
    assert 0 == site.posse("run", "--once", "--wait", "20s").code
    assert [f"https://example.com/2026/news-{number}/" for number in range(4)] == links(strict_mastodon)


def test_a_truncated_state_is_named_and_repeats_nothing(site: Site, strict_mastodon: StrictMastodon) -> None:
    """Exit 3 and what to do; with the file moved away the timeline is the record."""
    fediverse(site, strict_mastodon, strict_mastodon.base)
    site.post("news")
    assert 0 == site.posse("run", "--once").code
    state = site.root / "state" / "posse.db"
    os.truncate(state, state.stat().st_size // 2)
    done = site.posse("run", "--once")
    assert 3 == done.code, done.err
    assert "damaged" in done.err
    shutil.rmtree(site.root / "state")
    assert 0 == site.posse("run", "--once").code
    assert 1 == len(strict_mastodon.statuses)


def test_a_state_that_cannot_be_written_sends_nothing(site: Site, strict_mastodon: StrictMastodon) -> None:
    """Read-only, it is said with the command that mends it; what could not be recorded is not sent."""
    fediverse(site, strict_mastodon, strict_mastodon.base)
    assert 0 == site.posse("run", "--once").code
    site.post("news")
    state = site.root / "state" / "posse.db"
    state.chmod(0o400)
    done = site.posse("run", "--once")
    assert 3 == done.code
    assert "chmod u+w" in done.err
    assert [] == strict_mastodon.statuses
    state.chmod(0o600)
    assert 0 == site.posse("run", "--once").code
    assert 1 == len(strict_mastodon.statuses)
