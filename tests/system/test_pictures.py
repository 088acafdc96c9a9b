"""Pictures and threads from a site's files to what the networks hold, by the real `posse`."""

from __future__ import annotations

import io
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.servers.pds import Pds
from tests.servers.site import Site as WebSite
from tests.servers.site import picture
from tests.servers.strict_mastodon import StrictMastodon
from tests.system.site import JOURNAL, Site, bluesky, mastodon

NOTE = """---
date: 2026-01-31
slug: a-walk
---

A walk along the river.

![A heron on one leg](/img/heron.jpg)

![](/img/river.png)
"""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site with a note that has two pictures, one of them without alt text."""
    made = Site(tmp_path / "site")
    made.write("_posts/2026-01-31-a-walk.md", NOTE)
    (made.root / "static" / "img").mkdir(parents=True)
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright
    exif.get_ifd(0x8825)[1] = "N"
    (made.root / "static/img/heron.jpg").write_bytes(picture(3000, 2000, "JPEG", exif=exif))
    (made.root / "static/img/river.png").write_bytes(picture(40, 30))
    return made


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def test_a_note_brings_its_pictures(site: Site, pds: Pds, strict_mastodon: StrictMastodon) -> None:
    """Upright, small enough, without their place, with their alt text; what the preview shows is what arrives."""
    me = pds.account()
    site.configure(mastodon(strict_mastodon.base) + bluesky(pds.base, me.handle) + JOURNAL)
    site.env |= {"POSSE_MASTODON_ACCESS_TOKEN": strict_mastodon.token, "POSSE_BLUESKY_APP_PASSWORD": me.app_password}
    plan = site.posse("preview", "a-walk", "--json").json["plan"]
    shown = {entry["account"]: entry for entry in plan}
    assert [m["alt"] for m in shown["mastodon"]["media"]] == ["A heron on one leg", None]
    assert shown["mastodon"]["warnings"] == ["the picture /img/river.png has no alt text"]
    assert shown["bluesky"]["card"] is None
    done = site.posse("post", "a-walk", "--json")
    assert done.code == 0, done.err

    (status,) = strict_mastodon.statuses
    attached = [strict_mastodon.memory.media[media["id"]] for media in status["media_attachments"]]
    assert [media["description"] for media in attached] == ["A heron on one leg", None]
    heron = opened(attached[0]["data"])
    assert (heron.format, heron.size) == ("JPEG", (1365, 2048))
    assert not heron.getexif()
    assert [len(media["data"]) for media in attached] == [m["bytes"] for m in shown["mastodon"]["media"]]

    (record,) = pds.records(me.did)
    first, second = record["value"]["embed"]["images"]
    assert (first["alt"], second["alt"]) == ("A heron on one leg", "")
    assert first["aspectRatio"] == {"width": 1333, "height": 2000}
    blob = httpx.get(
        f"{pds.base}/xrpc/com.atproto.sync.getBlob", params={"did": me.did, "cid": first["image"]["ref"]["$link"]}
    )
    assert opened(blob.content).size == (1333, 2000)
    assert len(blob.content) == shown["bluesky"]["media"][0]["bytes"]
    (local,) = site.journal()
    assert len(local["media"]) == 2


def test_an_article_keeps_its_card(site: Site) -> None:
    """By default only notes bring pictures; `images` says otherwise, `never` for notes too."""
    titled = NOTE.replace("slug: a-walk", "slug: titled\ntitle: A walk")
    site.write("_posts/2026-01-31-titled.md", titled)
    accounts = JOURNAL + "".join(
        JOURNAL.replace("journal", name) + f'images = "{name}"\n' for name in ("always", "never")
    )
    site.configure(accounts)
    plan = site.posse("preview", "titled", "a-walk", "--json").json["plan"]
    counts = {(entry["post"]["slug"], entry["account"]): len(entry["media"]) for entry in plan}
    assert counts == {
        ("titled", "journal"): 0,
        ("titled", "always"): 2,
        ("titled", "never"): 0,
        ("a-walk", "journal"): 2,
        ("a-walk", "always"): 2,
        ("a-walk", "never"): 0,
    }


def test_a_missing_alt_text_holds_the_post(site: Site) -> None:
    """With `require_alt`, until it is there; an empty one in HTML says that the picture is decoration."""
    site.configure(JOURNAL + "require_alt = true\n")
    held = site.posse("run", "--once", "--json")
    assert held.code == 5
    (row,) = held.json["deliveries"]
    assert (row["state"], row["reason"]) == ("held", "alt_missing")
    assert "/img/river.png" in row["detail"]
    site.write("_posts/2026-01-31-a-walk.md", NOTE.replace("![](/img/river.png)", '<img src="/img/river.png" alt="">'))
    assert site.posse("run", "--once").code == 0
    (sent,) = site.journal()
    assert [medium["alt"] for medium in sent["media"]] == ["A heron on one leg", ""]


def test_a_picture_that_cannot_be_had_costs_nothing(site: Site) -> None:
    """The announcement goes without it, and the preview says why."""
    (site.root / "static/img/heron.jpg").unlink()
    (site.root / "static/img/river.png").write_bytes(b"<svg/>")
    site.configure(JOURNAL)
    site.env["POSSE_JOURNAL_X"] = ""
    shown = site.posse("preview", "a-walk", "--json").json["plan"][0]
    assert shown["media"] == []
    first, second = shown["warnings"]
    assert first.startswith("it goes without its picture /img/heron.jpg: ")
    assert second == "it goes without its picture /img/river.png: it is no picture that can be read"
    assert site.posse("post", "a-walk").code == 0
    assert len(site.journal()) == 1


def test_a_picture_is_fetched_where_it_is_on_no_disk(site: Site) -> None:
    """From its address, unless that is a private one and private ones are not allowed."""
    with WebSite() as web:
        web.put("/far.png", picture(64, 48), mime="image/png")
        site.write("_posts/2026-01-31-a-walk.md", NOTE.replace("/img/heron.jpg", f"{web.base}/far.png"))
        site.configure(JOURNAL)
        refused = site.posse("preview", "a-walk", "--json").json["plan"][0]
        assert "its address is private" in refused["warnings"][0]
        assert web.asked == []
        site.configure(JOURNAL, guards='baseline = false\nsettle = "0s"\nrequire_live = false\nallow_private = true')
        shown = site.posse("preview", "a-walk", "--json").json["plan"][0]
    assert [(m["source"], m["width"]) for m in shown["media"]] == [(f"{web.base}/far.png", 64), ("/img/river.png", 40)]


def test_no_file_outside_the_site_is_read(site: Site, tmp_path: Path) -> None:
    """Not by a path that climbs out, nor by a link."""
    (tmp_path / "secret.png").write_bytes(picture(10, 10))
    (site.root / "static/img/river.png").unlink()
    (site.root / "static/img/river.png").symlink_to(tmp_path / "secret.png")
    site.write("_posts/2026-01-31-a-walk.md", NOTE.replace("/img/heron.jpg", "../../secret.png"))
    site.configure(JOURNAL)
    shown = site.posse("preview", "a-walk", "--json").json["plan"][0]
    assert shown["media"] == []
    assert len(shown["warnings"]) == 2


def test_a_long_post_is_a_thread(site: Site, pds: Pds, strict_mastodon: StrictMastodon) -> None:
    """With `thread = true` all its words go out, the link and the picture in the first part, each in reply."""
    me = pds.account()
    body = "\n\n".join(f"Paragraph {n} begins. " + "It goes on for a while. " * 9 for n in range(1, 6))
    site.write("_posts/2026-01-31-a-walk.md", NOTE + "\n" + body + "\n")
    more = "thread = true"
    site.configure(mastodon(strict_mastodon.base, more=more) + bluesky(pds.base, me.handle, more=more))
    site.env |= {"POSSE_MASTODON_ACCESS_TOKEN": strict_mastodon.token, "POSSE_BLUESKY_APP_PASSWORD": me.app_password}
    done = site.posse("post", "a-walk", "--json")
    assert done.code == 0, done.err

    statuses = strict_mastodon.statuses
    assert len(statuses) > 2
    assert [s["in_reply_to_id"] for s in statuses] == [None, *(s["id"] for s in statuses[:-1])]
    assert [len(s["media_attachments"]) for s in statuses] == [2, *[0] * (len(statuses) - 1)]
    link = "https://example.com/2026/a-walk/"
    said = " ".join(s["text"] for s in statuses).replace(link, "").split()
    assert said == ["A", "walk", "along", "the", "river.", *body.split()]
    records = sorted(pds.records(me.did), key=lambda record: str(record["value"]["createdAt"]))
    assert len(records) > len(statuses)
    assert ["embed" in record["value"] for record in records] == [True, *[False] * (len(records) - 1)]


def test_a_file_that_no_configuration_knows_shows_its_pictures(tmp_path: Path) -> None:
    """Those beside it, and those of the site it lies in."""
    site = Site(tmp_path)
    site.write("drafts/walk.md", "---\ndate: 2026-01-31\n---\n\nA walk.\n\n![A heron](heron.png)\n")
    (tmp_path / "drafts/heron.png").write_bytes(picture(40, 30))
    done = site.posse("preview", "drafts/walk.md", "--json")
    assert done.code == 0, done.err
    shown = {entry["network"]: entry["media"] for entry in done.json["plan"]}
    assert [medium["alt"] for medium in shown["bluesky"]] == ["A heron"]
    assert shown["bluesky"][0]["width"] == 40
