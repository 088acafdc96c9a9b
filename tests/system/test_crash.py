"""A process killed between send and record: found at the next start, recorded, not sent again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.servers.pds import Pds
from tests.servers.proxy import Hang, Proxy
from tests.servers.strict_mastodon import StrictMastodon
from tests.system.site import JOURNAL, SEED_SLUG, Site, bluesky, kill, mastodon, until


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site that holds the seed."""
    made = Site(tmp_path / "site")
    made.seed()
    return made


@pytest.mark.parametrize("keys", ["honoured", "ignored"])
def test_killed_after_mastodon_took_it(site: Site, strict_mastodon: StrictMastodon, keys: str) -> None:
    """The next run finds the status on the account's own timeline, whether keys are honoured or not."""
    strict_mastodon.behaviour.keys = keys
    with Proxy(strict_mastodon.base) as proxy:
        site.configure(mastodon(proxy.base))
        site.env["POSSE_MASTODON_ACCESS_TOKEN"] = strict_mastodon.token
        proxy.inject(Hang(), on="POST /api/v1/statuses")
        process = site.start("post", SEED_SLUG)
        until(lambda: strict_mastodon.statuses)
        kill(process)
        status = site.posse("status", "--json").json["deliveries"]
        assert ["sending"] == [row["state"] for row in status]

        done = site.posse("run", "--once", "--json")
        assert 1 == len(strict_mastodon.statuses), done.err
        (row,) = done.json["deliveries"]
        assert ("delivered", "found") == (row["state"], row["reason"])
        assert strict_mastodon.statuses[0]["url"] == row["url"]
        assert 1 == proxy.count("POST /api/v1/statuses")


def test_killed_after_the_pds_took_it(site: Site, pds: Pds) -> None:
    """The next run finds the record under its derived key."""
    me = pds.account()
    with Proxy(pds.base) as proxy:
        site.configure(bluesky(proxy.base, me.handle))
        site.env["POSSE_BLUESKY_APP_PASSWORD"] = me.app_password
        proxy.inject(Hang(), on="putRecord")
        process = site.start("post", SEED_SLUG)
        until(lambda: pds.records(me.did))
        kill(process)

        (row,) = site.posse("run", "--once", "--json").json["deliveries"]
        assert ("delivered", "found") == (row["state"], row["reason"])
        assert 1 == len(pds.records(me.did))
        assert 1 == proxy.count("putRecord")


def test_killed_before_it_was_sent(site: Site, strict_mastodon: StrictMastodon) -> None:
    """What never arrived is looked for twice, then sent under the same key."""
    with Proxy(strict_mastodon.base) as proxy:
        site.configure(
            mastodon(proxy.base), guards='baseline = false\nsettle = "0s"\nrequire_live = false\ngrace = "1s"'
        )
        site.env["POSSE_MASTODON_ACCESS_TOKEN"] = strict_mastodon.token
        proxy.inject(Hang(), on="verify_credentials")
        process = site.start("post", SEED_SLUG)
        until(lambda: proxy.count("verify_credentials"))
        kill(process)
        assert [] == strict_mastodon.statuses

        (row,) = site.posse("run", "--once", "--wait", "20s", "--json").json["deliveries"]
        assert "delivered" == row["state"]
        assert 1 == len(strict_mastodon.statuses)


def test_a_lost_state_sends_nothing_twice(site: Site, pds: Pds, strict_mastodon: StrictMastodon) -> None:
    """With the state folder deleted, everything is met again where it went."""
    me = pds.account()
    site.configure(mastodon(strict_mastodon.base) + bluesky(pds.base, me.handle) + JOURNAL)
    site.env |= {"POSSE_MASTODON_ACCESS_TOKEN": strict_mastodon.token, "POSSE_BLUESKY_APP_PASSWORD": me.app_password}
    strict_mastodon.behaviour.keys = "ignored"
    assert 0 == site.posse("run", "--once").code
    shutil.rmtree(site.root / "state")
    done = site.posse("run", "--once", "--json")
    assert ["found"] * 3 == [row["reason"] for row in done.json["deliveries"]], done.err
    assert (1, 1, 1) == (len(strict_mastodon.statuses), len(pds.records(me.did)), len(site.journal()))
