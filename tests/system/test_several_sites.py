"""Three sites in one configuration: each source has an address, a time zone, a permalink and a language of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.system.site import GUARDS_OFF, Site

CONFIG = """
timezone = "America/Chicago"
[site]
url = "https://example.com"
language = "en"

[sources.blog]
path = "blog/_posts"
permalink = "/:year/:month/:day/:title/"

[sources.notizen]
path = "notizen/content/posts"
url = "https://notizen.example.org/garten"
permalink = "/:sections/:slug/"
timezone = "Europe/Berlin"
language = "de"
accounts = ["zettel"]

[sources.nikki]
path = "nikki"
url = "https://nikki.example.net"
permalink = "/:year/:month/:day/:slug.html"
timezone = "Asia/Tokyo"
language = "ja"

[sources.elsewhere]
type = "feed"
url = "elsewhere.json"
timezone = "Asia/Tokyo"
language = "fr"

[accounts.journal]
network = "local"
path = "journal"
[accounts.zettel]
network = "local"
path = "zettel"

[guards]
max_age = "36500d"
"""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Four sources, each with one post of the same name, title, date and words."""
    made = Site(tmp_path)
    made.write("posse.toml", f"{CONFIG}{GUARDS_OFF}\n")
    post = "---\ntitle: Hello\ndate: 2026-01-31 20:30:00\n---\n\nThe same words.\n"
    made.write("blog/_posts/2026-01-31-hello.md", post)
    made.write("notizen/content/posts/hello.md", post)
    made.write("nikki/hello.md", post)
    item = {
        "id": "1",
        "url": "https://elsewhere.example.com/hello",
        "title": "Hello",
        "content_text": "The same words.",
    }
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "Elsewhere"}
    made.write("elsewhere.json", json.dumps({**feed, "items": [{**item, "date_published": "2026-01-31T20:30:00"}]}))
    return made


def sent(site: Site, account: str) -> dict[str, Any]:
    """What went out on an account, by its link."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in (site.root / account).glob("*.json")]
    return {one["url"]: one for one in found}


ADDRESSES = {
    "blog": "https://example.com/2026/01/31/hello/",
    "notizen": "https://notizen.example.org/garten/posts/hello/",
    "nikki": "https://nikki.example.net/2026/01/31/hello.html",
    "elsewhere": "https://elsewhere.example.com/hello",
}


def test_each_site_keeps_its_own_address_zone_and_language(site: Site) -> None:
    """Four posts and not one, each under its own site's address, at its own zone's time, in its own language."""
    done = site.posse("posts", "--json").json
    assert done["failures"] == done["problems"] == []
    found = {post["source"]: post for post in done["posts"]}
    assert ADDRESSES == {name: post["url"] for name, post in found.items()}
    assert {
        "blog": "2026-02-01T02:30:00Z",
        "notizen": "2026-01-31T19:30:00Z",
        "nikki": "2026-01-31T11:30:00Z",
        "elsewhere": "2026-01-31T11:30:00Z",
    } == {name: post["published"] for name, post in found.items()}
    assert site.posse("run", "--once").code == 0
    languages = {url: one["language"] for url, one in sent(site, "zettel").items()}
    expected = {"blog": "en", "notizen": "de", "nikki": "ja", "elsewhere": "fr"}
    assert {ADDRESSES[name]: language for name, language in expected.items()} == languages


def test_a_source_speaks_on_its_own_accounts_alone(site: Site) -> None:
    """`accounts` of one source binds that source and no other; nothing goes out again."""
    assert site.posse("run", "--once").code == 0
    everywhere = {url for name, url in ADDRESSES.items() if name != "notizen"}
    assert everywhere == set(sent(site, "journal"))
    assert set(ADDRESSES.values()) == set(sent(site, "zettel"))
    assert "0 announcements went out." in site.posse("run", "--once").err


def test_a_permalink_that_changes_on_one_site_moves_that_site_alone(site: Site) -> None:
    """The posts keep who they are, the others their addresses, and nothing goes out again."""
    assert site.posse("run", "--once").code == 0
    text = (site.root / "posse.toml").read_text(encoding="utf-8")
    site.write("posse.toml", text.replace("/:year/:month/:day/:slug.html", "/:slug/"))
    assert "0 announcements went out." in site.posse("run", "--once").err
    found = {post["source"]: post["url"] for post in site.posse("posts", "--json").json["posts"]}
    assert ADDRESSES | {"nikki": "https://nikki.example.net/hello/"} == found


def test_a_site_that_fails_holds_up_no_other(site: Site) -> None:
    """One folder that is away: it is named, the other sites' posts go out, and its own do when it is back."""
    (site.root / "nikki").rename(site.root / "away")
    done = site.posse("run", "--once")
    assert (1, True) == (done.code, "[sources.nikki]" in done.err)
    assert set(ADDRESSES.values()) - {ADDRESSES["nikki"]} == set(sent(site, "zettel"))
    (site.root / "away").rename(site.root / "nikki")
    assert site.posse("run", "--once").code == 0
    assert set(ADDRESSES.values()) == set(sent(site, "zettel"))
