"""A name on the blog, and who that is elsewhere."""

from __future__ import annotations

from pathlib import Path

from tests.servers.pds import Pds
from tests.servers.strict_mastodon import StrictMastodon
from tests.system.site import Site, bluesky, mastodon


def test_a_name_is_somebody_else_on_each_network(tmp_path: Path, pds: Pds, strict_mastodon: StrictMastodon) -> None:
    """`@jane` is called by her handle on each network, on Bluesky by her DID; `@bob`, whom nobody knows, is not."""
    me, jane = pds.account(), pds.account()
    site = Site(tmp_path / "site")
    site.post("thanks", title="Thanks", body="With help by @jane, and by @bob too.")
    table = f'[mentions]\njane = {{mastodon = "jane@example.social", bluesky = "{jane.handle}"}}'
    site.configure(mastodon(strict_mastodon.base) + bluesky(pds.base, me.handle), extra=table)
    site.env |= {"POSSE_MASTODON_ACCESS_TOKEN": strict_mastodon.token, "POSSE_BLUESKY_APP_PASSWORD": me.app_password}
    done = site.posse("post", "thanks")
    assert done.code == 0, done.err
    (status,) = strict_mastodon.statuses
    assert "With help by @jane@example.social, and by bob too." in status["text"]
    (record,) = pds.records(me.did)
    text = record["value"]["text"]
    assert f"With help by @{jane.handle}, and by bob too." in text
    mentions = [
        (text.encode()[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode(), facet["features"][0]["did"])
        for facet in record["value"]["facets"]
        if facet["features"][0]["$type"].endswith("#mention")
    ]
    assert mentions == [(f"@{jane.handle}", jane.did)]
