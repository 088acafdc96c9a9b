from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.site import Site as Web
from tests.servers.site import html
from tests.sites.samples import HUGO, head
from tests.system.site import JOURNAL, SEED, SEED_URL, SEED_WORDS, Site

ARTICLE = html(
    "<title>A heading | My site</title>",
    "<nav><a href=/>Home</a></nav><header><p>My site</p></header>"
    "<article><h1>A heading</h1><p>The first paragraph. And more.</p><p>The second.</p></article>",
).replace("<html>", '<html lang="de">')


@pytest.fixture
def web() -> Iterator[Web]:
    """A web site with one article."""
    with Web() as served:
        served.put("/2026/an-article/", ARTICLE)
        yield served


def test_a_file_is_previewed_without_any_configuration(tmp_path: Path) -> None:
    """Mastodon and Bluesky by their default rules, from anywhere; nothing is written."""
    site = Site(tmp_path)
    site.write("elsewhere/seed.md", SEED)
    before = sorted(tmp_path.rglob("*"))
    done = site.posse("preview", "elsewhere/seed.md", "--json")
    assert 0 == done.code, done.err
    on_mastodon, on_bluesky = done.json["plan"]
    assert (SEED_WORDS + SEED_URL, 199) == (on_mastodon["text"], on_mastodon["length"])
    assert SEED_WORDS + "micro.webology.dev/2024/06/19/f..." == on_bluesky["text"]
    assert before == sorted(tmp_path.rglob("*"))


def test_the_site_around_a_file_gives_its_address(tmp_path: Path) -> None:
    """The generator's configuration is found upwards of the file, wherever the command is typed."""
    HUGO.lay(tmp_path / "site")
    site = Site(tmp_path / "site/content/posts")
    for name in ("bundle/index.md", str(tmp_path / "site/content/posts/bundle/index.md")):
        done = site.posse("preview", name, "--json")
        assert 0 == done.code, done.err
        assert {"https://blog.example/sub/posts/my-slug/"} == {made["post"]["url"] for made in done.json["plan"]}
        assert {"en"} == {made["language"] for made in done.json["plan"]}


def test_a_file_without_a_site_shows_a_stand_in(tmp_path: Path) -> None:
    """No address can be known: example.com stands in, and a warning says so."""
    site = Site(tmp_path)
    site.write("a.md", head(title="A", date="2026-01-31"))
    made = site.posse("preview", "a.md", "--account", "bluesky", "--json").json["plan"]
    assert ["https://example.com/a/"] == [one["post"]["url"] for one in made]
    assert "stands in" in made[0]["warnings"][0]


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("nowhere.md", 4, "neither a file nor the address of a page"),
        ("drafts/nowhere", 4, "neither a file nor the address of a page"),
        ("a-slug", 3, "posse init"),
        ("bad.md", 4, "bad.md:3: the front matter is not valid YAML"),
        ("readme.md", 4, "is no post: it has no front matter"),
        ("draft.md", 5, "draft"),
    ],
)
def test_what_cannot_be_previewed_without_a_configuration(tmp_path: Path, name: str, code: int, words: str) -> None:
    """A file that is not there or is no post is exit 4, a slug nobody can know 3, a draft 5."""
    site = Site(tmp_path)
    site.write("bad.md", "---\ntitle: [\n---\n")
    site.write("readme.md", "# Read me\n")
    site.write("draft.md", head(title="A", draft="true"))
    done = site.posse("preview", name)
    assert (code, True) == (done.code, words in done.err), done.err


def test_a_page_is_previewed_without_any_configuration(tmp_path: Path, web: Web) -> None:
    """Its heading, its first paragraph, its language; the address as it was typed, without the fragment."""
    done = Site(tmp_path).posse("preview", f"{web.base}/2026/an-article/#more", "--json")
    assert 0 == done.code, done.err
    on_mastodon, on_bluesky = done.json["plan"]
    address = f"{web.base}/2026/an-article/"
    assert f"A heading\n\nThe first paragraph. And more.\n\n{address}" == on_mastodon["text"]
    assert ("de", [address]) == (on_mastodon["language"], [link["uri"] for link in on_bluesky["links"]])
    assert ("A heading", []) == (on_bluesky["card"]["title"], on_bluesky["warnings"])
    assert [] == list(tmp_path.iterdir())


def test_an_address_without_a_page_is_not_found(tmp_path: Path, web: Web) -> None:
    """404, a picture, nobody there: exit 4 and what it was."""
    web.put("/a.png", b"\x89PNG", mime="image/png")
    for address, words in (
        (f"{web.base}/nowhere", "it answers 404"),
        (f"{web.base}/a.png", "it is no page but image/png"),
        ("http://127.0.0.1:9/", "no answer"),
    ):
        done = Site(tmp_path).posse("preview", address)
        assert (4, True) == (done.code, words in done.err), done.err


def test_with_a_configuration_strangers_join_what_is_known(tmp_path: Path, web: Web) -> None:
    """A known slug, a file outside the source and a page, in one preview by the rules of the configured accounts."""
    site = Site(tmp_path)
    site.configure(JOURNAL)
    site.post("known")
    site.write("notes/loose.md", head(title="Loose", date="2026-01-30"))
    names = ("known", "notes/loose.md", f"{web.base}/2026/an-article/")
    done = site.posse("preview", *names, "--json")
    assert 0 == done.code, done.err
    assert {"known", "loose", "an-article"} == {made["post"]["slug"] for made in done.json["plan"]}
    assert {"journal"} == {made["account"] for made in done.json["plan"]}
    assert [] == site.posse("status", "--json").json["deliveries"]


def test_a_known_post_named_by_its_file_or_address_is_no_stranger(tmp_path: Path) -> None:
    """However it is named, a post that went out is known to have gone out."""
    site = Site(tmp_path)
    site.configure(JOURNAL)
    file = site.post("known")
    url = site.posse("posts", "--json").json["posts"][0]["url"]
    assert 0 == site.posse("post", "known").code
    for name in (str(file), f"./{file.relative_to(tmp_path)}", url):
        done = site.posse("preview", name, "--json")
        assert ["already_delivered"] == [left["reason"] for left in done.json["left_out"]], name


def test_a_file_beside_a_known_one_of_the_same_name_is_itself(tmp_path: Path) -> None:
    """A path names that file, not the post whose file has the same name."""
    site = Site(tmp_path)
    site.configure(JOURNAL)
    site.write("_posts/2026-01-31-twin.md", head(title="The known one"))
    site.write("old/2026-01-31-twin.md", head(title="The other one"))
    made = site.posse("preview", "old/2026-01-31-twin.md", "--json").json["plan"]
    assert ["The other one"] == [one["post"]["title"] for one in made]
