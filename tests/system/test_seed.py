from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers.pds import Pds
from tests.servers.strict_mastodon import StrictMastodon
from tests.system.site import JOURNAL, SEED_SLUG, SEED_URL, SEED_WORDS, Site, bluesky, mastodon


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site that holds the seed."""
    made = Site(tmp_path / "site")
    made.seed()
    return made


def test_the_seed_is_previewed_word_for_word(site: Site) -> None:
    """`preview --json` shows the words of the seed on each network, 199 of 500 on Mastodon."""
    site.configure(mastodon("http://127.0.0.1:9") + bluesky("http://127.0.0.1:9", "me.test"))
    done = site.posse("preview", SEED_SLUG, "--json")
    assert 0 == done.code
    on_mastodon, on_bluesky = done.json["plan"]
    assert SEED_WORDS + SEED_URL == on_mastodon["text"]
    assert (199, 500) == (on_mastodon["length"], on_mastodon["limit"])
    assert SEED_WORDS + "micro.webology.dev/2024/06/19/f..." == on_bluesky["text"]
    assert [{"text": "micro.webology.dev/2024/06/19/f...", "uri": SEED_URL}] == on_bluesky["links"]
    assert "💜 Follow Black Python Devs on Juneteenth" == on_bluesky["card"]["title"]
    assert ["mojibake repaired in title, body"] == on_mastodon["warnings"]


def test_a_preview_leaves_nothing_behind(site: Site) -> None:
    """A preview makes no state, no folder, no file."""
    site.configure(JOURNAL)
    before = sorted(site.root.rglob("*"))
    assert 0 == site.posse("preview", SEED_SLUG).code
    assert 0 == site.posse("preview").code
    assert before == sorted(site.root.rglob("*"))


def test_the_seed_is_announced_once_everywhere(site: Site, pds: Pds, strict_mastodon: StrictMastodon) -> None:
    """`post` puts it on the real PDS, on Mastodon and in the folder; again: names the links and sends nothing."""
    me = pds.account()
    site.configure(mastodon(strict_mastodon.base) + bluesky(pds.base, me.handle) + JOURNAL)
    site.env |= {"POSSE_MASTODON_ACCESS_TOKEN": strict_mastodon.token, "POSSE_BLUESKY_APP_PASSWORD": me.app_password}

    first = site.posse("post", SEED_SLUG, "--json")
    assert 0 == first.code, first.err
    assert ["delivered"] * 3 == [row["state"] for row in first.json["deliveries"]]
    (status,) = strict_mastodon.statuses
    assert SEED_WORDS + SEED_URL == status["text"]
    (record,) = pds.records(me.did)
    (facet,) = record["value"]["facets"]
    text = record["value"]["text"].encode()
    assert b"micro.webology.dev/2024/06/19/f..." == text[facet["index"]["byteStart"] : facet["index"]["byteEnd"]]
    assert SEED_URL == facet["features"][0]["uri"]
    assert SEED_URL == record["value"]["embed"]["external"]["uri"]
    (local,) = site.journal()
    assert SEED_WORDS + SEED_URL == local["text"]

    second = site.posse("post", SEED_SLUG)
    assert 0 == second.code
    for row in first.json["deliveries"]:
        assert row["url"] in second.out
    assert (1, 1, 1) == (len(strict_mastodon.statuses), len(pds.records(me.did)), len(site.journal()))

    again = site.posse("post", SEED_SLUG, "--again", "--json")
    assert 0 == again.code, again.err
    assert [2, 2, 2] == [row["round"] for row in again.json["deliveries"]]
    assert (2, 2, 2) == (len(strict_mastodon.statuses), len(pds.records(me.did)), len(site.journal()))


def test_one_session_is_kept_across_runs(site: Site, pds: Pds) -> None:
    """The second run does not log in again."""
    me = pds.account()
    site.configure(bluesky(pds.base, me.handle))
    site.env |= {"POSSE_BLUESKY_APP_PASSWORD": me.app_password}
    assert 0 == site.posse("post", SEED_SLUG).code
    kept = (site.root / "state" / "sessions.json").read_text(encoding="utf-8")
    assert 0 == site.posse("post", SEED_SLUG, "--again").code
    assert kept == (site.root / "state" / "sessions.json").read_text(encoding="utf-8")
    assert 0o600 == (site.root / "state" / "sessions.json").stat().st_mode & 0o777
