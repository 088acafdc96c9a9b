"""Threads whose answers are lost on the way, by the real `posse`: whole in the end, and no part twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.servers.pds import Pds
from tests.servers.proxy import Cut, Delay, Proxy
from tests.servers.strict_mastodon import StrictMastodon
from tests.system.site import GUARDS_OFF, Site, bluesky, mastodon

PUT = "POST /xrpc/com.atproto.repo.putRecord"
BODY = "\n\n".join(f"Paragraph {n} begins. " + "It goes on for a while. " * 9 for n in range(1, 6))


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site with a post that makes three parts or more."""
    made = Site(tmp_path / "site")
    made.post("long", body=BODY)
    return made


def all_words(texts: list[str]) -> list[str]:
    """The words of a thread without its title and its link."""
    first = texts[0].removeprefix("Long").split("\n\n")
    kept = [text for text in first if "example.com" not in text]
    return " ".join([*kept, *texts[1:]]).split()


def rows(site: Site) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = site.posse("status", "--json").json["deliveries"]
    return found


@pytest.mark.parametrize("fates", [["", "drop"], ["drop"], ["", "before:drop"], ["", "", "500"], ["before:500"]])
@pytest.mark.parametrize("keys", ["ignored", "honoured"])
def test_a_lost_answer_in_a_thread_on_mastodon(
    site: Site, strict_mastodon: StrictMastodon, fates: list[str], keys: str
) -> None:
    """Whichever part's answer is lost, and whether the part has arrived or not."""
    site.configure(mastodon(strict_mastodon.base, more="thread = true"), guards=f'{GUARDS_OFF}\ngrace = "0s"')
    site.env["POSSE_MASTODON_ACCESS_TOKEN"] = strict_mastodon.token
    strict_mastodon.behaviour.keys = keys
    strict_mastodon.behaviour.fates = list(fates)
    site.posse("post", "long")
    for _ in range(2):
        site.posse("run", "--once")
    statuses = strict_mastodon.statuses
    assert [s["in_reply_to_id"] for s in statuses] == [None, *(s["id"] for s in statuses[:-1])]
    assert all_words([s["text"] for s in statuses]) == BODY.split()
    (row,) = rows(site)
    assert (row["state"], row["url"]) == ("delivered", statuses[0]["url"])


@pytest.mark.parametrize("lost", [1, 2])
def test_a_lost_answer_in_a_thread_on_bluesky(site: Site, pds: Pds, lost: int) -> None:
    """The second part's answer, or the third's: the parts that are there are noted, and the rest is added."""
    me = pds.account()
    with Proxy(pds.base) as proxy:
        site.configure(bluesky(proxy.base, me.handle, more="thread = true"), guards=f'{GUARDS_OFF}\ngrace = "0s"')
        site.env["POSSE_BLUESKY_APP_PASSWORD"] = me.app_password
        proxy.inject(Delay(0), on=PUT, times=lost)
        proxy.inject(Cut(), on=PUT)
        site.posse("post", "long")
        for _ in range(2):
            site.posse("run", "--once")
    values = sorted((record["value"] for record in pds.records(me.did)), key=lambda value: str(value["createdAt"]))
    assert all_words([value["text"] for value in values]) == BODY.split()
    assert all("reply" in value for value in values[1:])
    assert [row["state"] for row in rows(site)] == ["delivered"]
