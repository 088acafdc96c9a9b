"""The record is rebuilt from what the accounts themselves show."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.servers.pds import Pds
from tests.servers.strict_mastodon import StrictMastodon
from tests.system.site import JOURNAL, Site, bluesky, mastodon


@pytest.fixture
def site(tmp_path: Path, pds: Pds, strict_mastodon: StrictMastodon) -> Site:
    """Three posts, announced on three networks by a state that is then lost; keys do not help."""
    me = pds.account()
    made = Site(tmp_path / "site")
    strict_mastodon.behaviour.keys = "ignored"
    made.configure(mastodon(strict_mastodon.base) + bluesky(pds.base, me.handle) + JOURNAL)
    made.env |= {"POSSE_MASTODON_ACCESS_TOKEN": strict_mastodon.token, "POSSE_BLUESKY_APP_PASSWORD": me.app_password}
    for day in (1, 2, 3):
        made.post(f"post-{day}", day=f"2026-11-0{day}")
    assert 0 == made.posse("run", "--once").code
    shutil.rmtree(made.root / "state")
    return made


def test_adopt_rebuilds_the_record(site: Site, strict_mastodon: StrictMastodon) -> None:
    """`adopt` records all nine, sends nothing, and `post` then names the links."""
    done = site.posse("adopt", "--json")
    assert 0 == done.code, done.err
    assert [3, 3, 3] == [len(account["found"]) for account in done.json["accounts"]]
    states = [
        place["state"] for post in site.posse("posts", "--json").json["posts"] for place in post["accounts"].values()
    ]
    assert ["delivered"] * 9 == states
    assert strict_mastodon.statuses[0]["url"] in site.posse("post", "post-1").out
    assert 3 == len(strict_mastodon.statuses)
    assert [0, 0, 0] == [len(account["found"]) for account in site.posse("adopt", "--json").json["accounts"]]


def test_a_first_announcement_after_a_lost_state_adopts_by_itself(site: Site, strict_mastodon: StrictMastodon) -> None:
    """The old posts are baseline to the new state; the first look of the next announcement records them."""
    config = (site.root / "posse.toml").read_text(encoding="utf-8")
    site.write("posse.toml", config.replace("baseline = false", "baseline = true"))
    assert 0 == site.posse("run", "--once").code
    site.post("news", day="2026-11-20")
    assert 0 == site.posse("run", "--once").code
    found = site.posse("explain", "post-1", "--json").json["accounts"]
    assert {"delivered"} == {place["state"] for place in found.values()}
    assert 4 == len(strict_mastodon.statuses)


def test_adopt_says_what_it_could_not_read(site: Site, strict_mastodon: StrictMastodon) -> None:
    """A refused account is one line and exit 1; the others are recorded."""
    site.env["POSSE_MASTODON_ACCESS_TOKEN"] = "wrong"
    done = site.posse("adopt")
    assert 1 == done.code
    assert "mastodon: not read to the end" in done.err
    assert "bluesky: 3 posts read, 3 recorded" in done.out
