from __future__ import annotations

import io
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.servers.pds import Pds
from tests.servers.site import Site as Web
from tests.servers.site import html, picture, stub
from tests.system.site import JOURNAL, Site, bluesky

LIVE = 'baseline = false\nsettle = "0s"\nallow_private = true'
CARD = (
    '<title>Road | My site</title><meta property="og:title" content="The page’s title">'
    '<meta property="og:description" content="What the page says &amp; more">'
    '<meta property="og:image" content="/road.png">'
    '<meta property="og:image:alt" content="A road in the evening">'
)


@pytest.fixture
def folder(tmp_path: Path) -> Site:
    """A site's folder, without posts yet."""
    (tmp_path / "folder").mkdir()
    return Site(tmp_path / "folder")


def write(folder: Site, slug: str, url: str, head: str = "", where: str = "_posts") -> None:
    """Write a post whose page is at `url`."""
    folder.write(
        f"{where}/2026-01-31-{slug}.md",
        f"---\ntitle: Where the road goes\ndate: 2026-01-31\ncanonical_url: {url}\n{head}---\n\n"
        "It goes by the river.\n",
    )


def test_a_post_waits_for_its_page(folder: Site, site: Web) -> None:
    """A post whose page is deployed between two looks is announced when it is there, and not before."""
    url = site.put("/road/", html(), misses=1)
    folder.configure(JOURNAL, guards=LIVE)
    write(folder, "road", url)
    done = folder.posse("run", "--once", "--wait", "20s", "--json")
    (row,) = done.json["deliveries"]
    assert (done.code, row["state"]) == (0, "delivered")
    assert site.asked.count("/road/") == 2


def test_a_page_that_is_missing_is_explained(folder: Site, site: Web) -> None:
    """While its page is missing nothing goes out, and `explain` says what its address answered."""
    folder.configure(JOURNAL, guards=LIVE)
    write(folder, "road", f"{site.base}/road/")
    assert folder.posse("run", "--once").code == 0
    explained = folder.posse("explain", "road")
    assert folder.journal() == []
    assert "not_live" in explained.out
    assert "404" in explained.out


def test_private_addresses_are_not_asked(folder: Site, site: Web) -> None:
    """Without allow_private the page is never asked for; `explain` names the key that lets it be."""
    folder.configure(JOURNAL, guards=LIVE.replace("true", "false"))
    write(folder, "road", site.put("/road/", html()))
    assert folder.posse("run", "--once").code == 0
    assert (
        "its address is private (127.0.0.1); set allow_private = true in [guards]"
        in folder.posse("explain", "road").out
    )
    assert folder.journal() == []
    assert site.asked == []


@pytest.mark.parametrize("links", ["author", "landing"])
def test_a_stub_is_named_and_followed(folder: Site, site: Web, links: str) -> None:
    """The author's link is announced with a warning that names the landing; `links = "landing"` announces that."""
    url, landing = site.put("/road/", stub("/new/road/")), site.put("/new/road/", html(CARD))
    site.put("/road.png", picture(), mime="image/png")
    folder.configure(JOURNAL + f'links = "{links}"\n', guards=LIVE)
    write(folder, "road", url)
    (planned,) = folder.posse("preview", "--json").json["plan"]
    wanted = landing if links == "landing" else url
    assert planned["links"] == [{"text": wanted, "uri": wanted}]
    assert planned["warnings"] == [f"it is only a redirect stub; people land on {landing}"]
    assert folder.posse("run", "--once").code == 0
    (sent,) = folder.journal()
    assert sent["text"].endswith(f"\n\n{wanted}")
    assert sent["card"]["title"] == "Where the road goes"
    assert "_posts/2026-01-31-road.md" in folder.posse("explain", landing).out


@pytest.mark.parametrize("first", ["_posts", "_other"])
def test_a_stub_and_its_landing_are_one_post(folder: Site, site: Web, first: str) -> None:
    """Where one source bears the stub's address and another the landing's, the post is announced once."""
    url, landing = site.redirect("/road/", "/new/road/"), site.put("/new/road/", html())
    folder.configure(JOURNAL, guards=LIVE, extra='[sources.other]\ntype = "markdown"\npath = "_other"\n')
    write(folder, "road", url, where=first)
    write(folder, "same-road", landing, where="_other" if first == "_posts" else "_posts")
    assert len(folder.posse("preview", "--json").json["plan"]) == 1
    assert folder.posse("run", "--once").code == 0
    assert folder.posse("run", "--once").code == 0
    assert len(folder.journal()) == 1


def test_posts_that_redirect_to_one_page_stay_apart(folder: Site, site: Web) -> None:
    """Two posts of one source are two, also when both lead to the same page, even to one another's."""
    landing = site.put("/all/", html())
    folder.configure(JOURNAL, guards=LIVE)
    write(folder, "one", site.redirect("/one/", "/all/"))
    write(folder, "two", site.redirect("/two/", "/all/"))
    write(folder, "zebra", landing)
    done = folder.posse("run", "--once", "--json")
    assert [row["state"] for row in done.json["deliveries"]] == ["delivered"] * 3
    posts = folder.root / "_posts"
    posts.joinpath("2026-01-31-zebra.md").rename(posts / "2026-01-31-zebra-crossing.md")
    assert folder.posse("run", "--once").code == 0
    (left,) = folder.posse("preview", "zebra-crossing", "--json").json["left_out"]
    assert left["reason"] == "already_delivered"
    assert len(folder.journal()) == 3


def test_links_takes_two_words(folder: Site) -> None:
    """Another word for `links` is refused with the two there are."""
    folder.configure(JOURNAL + 'links = "canonical"\n')
    done = folder.posse("preview")
    assert done.code == 3
    assert 'accounts.journal.links: "canonical" is not one of author, landing' in done.err


def test_the_card_on_bluesky(folder: Site, site: Web, pds: Pds) -> None:
    """On the real PDS the card has the author's title, the page's description, and the picture as a small JPEG."""
    site.put("/road.png", picture(2400, 1260), mime="image/png")
    url = site.put("/road/", html(CARD))
    me = pds.account()
    folder.configure(bluesky(pds.base, me.handle), guards=LIVE)
    folder.env["POSSE_BLUESKY_APP_PASSWORD"] = me.app_password
    write(folder, "road", url)
    done = folder.posse("run", "--once")
    assert done.code == 0, done.err
    (record,) = pds.records(me.did)
    card = record["value"]["embed"]["external"]
    assert (card["uri"], card["title"], card["description"]) == (
        url,
        "Where the road goes",
        "What the page says & more",
    )
    assert card["thumb"]["mimeType"] == "image/jpeg"
    asked = {"did": me.did, "cid": card["thumb"]["ref"]["$link"]}
    blob = httpx.get(f"{pds.base}/xrpc/com.atproto.sync.getBlob", params=asked, trust_env=False)
    with Image.open(io.BytesIO(blob.content)) as image:
        assert (image.format, image.size) == ("JPEG", (1200, 630))
