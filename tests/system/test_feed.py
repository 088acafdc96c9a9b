"""Feeds, seen from outside: `posse` as a process, a server on loopback with every trick, and the folder of a site."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.servers.feeds import FeedServer
from tests.system.site import GUARDS_OFF, JOURNAL, Site, kill, until
from tests.watcher.feeds import rss

SOON = datetime.now(UTC).replace(microsecond=0)
GUARDS = 'settle = "0s"\nrequire_live = false'


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "site")


def configure(site: Site, *sources: tuple[str, str], guards: str = GUARDS, extra: str = "") -> None:
    """Write a configuration with feeds: their names and addresses."""
    site.root.mkdir(exist_ok=True)
    tables = "".join(f'[sources.{name}]\ntype = "feed"\nurl = "{url}"\n' for name, url in sources)
    site.write("posse.toml", f"{tables}{extra}\n{JOURNAL}\n[guards]\n{guards}\n")


def dated(number: int, *, days: int = 0, url: str = "https://blog.example/{}/", inside: str = "", id_: str = "") -> str:
    """Return an item of the last days."""
    at = SOON - timedelta(days=days, minutes=number)
    return (
        f"<item><title>Title {number}</title><link>{url.format(number)}</link>"
        f'<guid isPermaLink="false">{id_ or f"tag:{number}"}</guid><pubDate>{at:%a, %d %b %Y %H:%M:%S} GMT</pubDate>'
        f"<description>The words of number {number}.</description>{inside}</item>"
    )


def sent(site: Site) -> list[str]:
    """The links that went out."""
    return sorted(str(one["url"]) for one in site.journal())


def once(site: Site, code: int = 0, *words: str) -> str:
    """Run once; check the exit code and what is said on stderr, which is returned."""
    done = site.posse("run", "--once")
    assert code == done.code, done.err
    assert [] == [word for word in words if word not in done.err], done.err
    assert "Traceback" not in done.err
    return done.err


def test_a_new_entry_is_announced_once(site: Site, server: FeedServer) -> None:
    """What was there is old; what comes is announced, with its tags; the feed is asked for what has changed only."""
    configure(site, ("micro", server.put("/feed", rss(dated(1)), etag='"1"')))
    once(site, 0, "1 post that was there before is left alone")
    once(site)
    assert '"1"' == server.asked[-1][1]["if-none-match"]
    server.put("/feed", rss(dated(2, inside="<category>soup</category>"), dated(1)), etag='"2"')
    once(site)
    once(site)
    (one,) = site.journal()
    assert "Title 2\n\nThe words of number 2.\n\nhttps://blog.example/2/\n\n#soup" == one["text"]


def test_a_post_that_settles_is_announced_although_the_feed_rests(site: Site, server: FeedServer) -> None:
    """Nothing has changed, and the entry is read again."""
    configure(site, ("micro", server.put("/feed", rss(), etag='"1"')), guards='settle = "2s"\nrequire_live = false')
    once(site)
    server.put("/feed", rss(dated(1)), etag='"2"')
    done = site.posse("run", "--once", "--wait", "20s")
    assert 0 == done.code
    assert ["https://blog.example/1/"] == sent(site)


def test_every_command_knows_the_posts_of_a_feed(site: Site, server: FeedServer) -> None:
    """By slug and by URL, also after a 304."""
    configure(site, ("micro", server.put("/feed", rss(dated(1)), etag='"1"')))
    once(site)
    assert "Title 1" in site.posse("posts").out
    assert "https://blog.example/1/" in site.posse("preview", "1").out
    assert "baseline" in site.posse("explain", "https://blog.example/1").out
    assert 0 == site.posse("post", "1").code
    assert ["https://blog.example/1/"] == sent(site)
    assert 0 == site.posse("check", "--offline").code


def test_what_has_left_the_feed_still_goes_out(site: Site, server: FeedServer) -> None:
    """A post that waits is not gone with its place in the window."""
    configure(
        site, ("micro", server.put("/feed", rss(dated(30)))), guards=f"{GUARDS}\napprove = true\nbaseline = false"
    )
    once(site, 5)
    server.put("/feed", rss(dated(10), dated(20)))
    once(site, 5)
    assert 0 == site.posse("release", "30").code
    server.put("/feed", rss(dated(5)))
    site.posse("run", "--once")
    assert ["https://blog.example/30/"] == sent(site)


# A folder and a feed of one site


FOLDER = '[sources.blog]\ntype = "markdown"\npath = "_posts"\npermalink = "/:title/"\nurl = "https://blog.example"\n'


def both(site: Site, url: str, *, feed_first: bool, guards: str = GUARDS) -> None:
    """Configure a folder and a feed, in one order or the other."""
    feed = f'[sources.micro]\ntype = "feed"\nurl = "{url}"\n'
    site.root.mkdir(exist_ok=True)
    (site.root / "_posts").mkdir(exist_ok=True)
    sources = feed + FOLDER if feed_first else FOLDER + feed
    site.write("posse.toml", f"{sources}\n{JOURNAL}\n[guards]\n{guards}\n")


def write(site: Site, number: int, head: str = "") -> None:
    """Write the file of an item."""
    day = f"{SOON:%Y-%m-%d}"
    text = f"---\ntitle: In the file\ndate: {day}\n{head}---\n\nThe words of the file.\n"
    site.write(f"_posts/{day}-{number}.md", text)


@pytest.mark.parametrize("feed_first", [False, True])
def test_a_folder_and_a_feed_are_one_set_of_posts(site: Site, server: FeedServer, feed_first: bool) -> None:
    """The folder's words win in either order, the feed's tags are taken over, and each post goes out once."""
    url = server.put("/feed", rss(dated(1, inside="<category>old</category>")))
    both(site, url, feed_first=feed_first)
    write(site, 1)
    once(site)
    write(site, 2)
    write(site, 3, "tags: [own]\n")
    tagged = [dated(number, url="https://blog.example/{}", inside="<category>fed</category>") for number in (3, 2, 1)]
    server.put("/feed", rss(*tagged))
    once(site)
    once(site)
    words = "In the file\n\nThe words of the file.\n\nhttps://blog.example/{}/\n\n#{}"
    assert [words.format(2, "fed"), words.format(3, "own")] == sorted(one["text"] for one in site.journal())
    posts = site.posse("posts", "--json").json["posts"]
    assert {"blog"} == {post["source"] for post in posts}
    assert 3 == len(posts)


@pytest.mark.parametrize("feed_first", [False, True])
def test_the_tags_of_a_feed_are_there_when_the_feed_rests(site: Site, server: FeedServer, feed_first: bool) -> None:
    """A post that waits for a person keeps them: the feed is read in full while it does."""
    url = server.put("/feed", rss(dated(1, inside="<category>fed</category>")), etag='"1"')
    both(site, url, feed_first=feed_first, guards=f"{GUARDS}\napprove = true\nbaseline = false")
    write(site, 1)
    once(site, 5)
    once(site)
    assert 0 == site.posse("release", "--all").code
    site.posse("run", "--once")
    assert ["#fed"] == [one["text"].rpartition("\n")[2] for one in site.journal()]


@pytest.mark.parametrize("feed_first", [False, True])
def test_a_feed_added_later_announces_nothing_twice(site: Site, server: FeedServer, feed_first: bool) -> None:
    """What the folder announced is known; what only the feed has is old."""
    site.root.mkdir()
    site.write("posse.toml", f"{FOLDER}\n{JOURNAL}\n[guards]\n{GUARDS}\nbaseline = false\n")
    write(site, 1)
    once(site)
    both(site, server.put("/feed", rss(dated(1), dated(2), dated(9))), feed_first=feed_first)
    write(site, 2)
    once(site)
    once(site)
    assert ["https://blog.example/1/", "https://blog.example/2/"] == sent(site)


@pytest.mark.parametrize("feed_first", [False, True])
def test_a_folder_added_later_announces_nothing_twice(site: Site, server: FeedServer, feed_first: bool) -> None:
    """The posts are the folder's from then on."""
    url = server.put("/feed", rss(dated(1)))
    configure(site, ("micro", url), guards=f"{GUARDS}\nbaseline = false")
    once(site)
    both(site, url, feed_first=feed_first)
    for number in (1, 2):
        write(site, number)
    once(site)
    once(site)
    assert ["https://blog.example/1/"] == sent(site)
    assert {"blog"} == {post["source"] for post in site.posse("posts", "--json").json["posts"]}


def test_a_file_that_is_taken_away_is_gone_although_the_feed_has_it(site: Site, server: FeedServer) -> None:
    """The folder says what is there; a feed is built later."""
    both(
        site, server.put("/feed", rss(dated(1))), feed_first=True, guards=f"{GUARDS}\napprove = true\nbaseline = false"
    )
    write(site, 1)
    once(site, 5)
    next((site.root / "_posts").iterdir()).unlink()
    once(site)
    once(site)
    assert "gone" in site.posse("explain", "1").out
    assert [] == sent(site)


# Bad input: one clear line, and the other sources go on


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"body": "Hello"}, "not a feed"),
        ({"body": "<!doctype html><input type=password>", "mime": "text/html"}, "a web page, not a feed"),
        ({"body": b"<rss>" + b" " * 50_000_000}, "larger than 20 MB"),
        ({"body": '<!DOCTYPE rss [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><rss/>'}, "XML bomb"),
        ({"body": '<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd">]><rss/>'}, "external entities"),
        ({"body": "", "status": 301, "headers": {"Location": "/bad"}}, "redirects in a circle"),
        ({"body": "", "status": 302, "headers": {"Location": "http://10.0.0.1/feed"}}, "a private address"),
        ({"body": "", "status": 503, "headers": {"Retry-After": "60"}}, "answers 503"),
    ],
    ids=["text", "page", "large", "bomb", "external", "loop", "private", "busy"],
)
def test_a_bad_feed_is_one_line(site: Site, server: FeedServer, facts: dict[str, object], words: str) -> None:
    """The exit code is 1 when it is new; the other feed is announced; `status` shows the line."""
    good = server.put("/good", rss(dated(1)))
    configure(site, ("bad", server.put("/bad", **facts)), ("good", good), guards=GUARDS_OFF)  # type: ignore[arg-type]
    said = once(site, 1, "[sources.bad]", words)
    assert 1 == sum("sources.bad" in line for line in said.splitlines())
    assert ["https://blog.example/1/"] == sent(site)
    status = site.posse("status")
    assert words in status.out + status.err
    once(site, 0, words)


def test_a_certificate_that_is_not_to_be_trusted(site: Site, server: FeedServer) -> None:
    """A server without TLS is no https server, and is told as such."""
    address = server.put("/feed", rss(dated(1))).replace("http://", "https://")
    configure(site, ("bad", address))
    once(site, 1, "[sources.bad]", "127.0.0.1")


def test_entries_without_id_link_or_date(site: Site, server: FeedServer) -> None:
    """What can be announced is; what cannot is told with its reason."""
    items = (
        "<item></item>",
        "<item><title>No link</title></item>",
        "<item><title>No id</title><link>https://blog.example/no-id/</link></item>",
        "<item><title>Wrong date</title><link>https://blog.example/wrong-date/</link><pubDate>soon</pubDate></item>",
    )
    configure(site, ("micro", server.put("/feed", rss(*items))), guards=GUARDS_OFF)
    once(site, 0, "[sources.micro] entry 1: neither an id, a link, a title nor words")
    assert ["https://blog.example/no-id/", "https://blog.example/wrong-date/"] == sent(site)
    assert "no canonical URL" in site.posse("explain", "no-link").out


def test_ten_thousand_new_entries_are_held(site: Site, server: FeedServer) -> None:
    """A burst waits for a person."""
    configure(site, ("micro", server.put("/feed", rss(dated(0)))))
    once(site)
    server.put("/feed", rss(*(dated(number) for number in range(10_001))))
    done = site.posse("run", "--once", timeout=300)
    assert (5, []) == (done.code, sent(site))
    assert "burst" in site.posse("explain", "7").out


@pytest.mark.parametrize(
    ("id_", "url"),
    [
        ("new:{}", "https://blog.example/{}/"),
        ("new:{}", "https://new.example/posts/{}"),
        ("tag:{}", "https://new.example/posts/{}"),
    ],
    ids=["ids", "both", "addresses"],
)
def test_all_ids_changed_in_a_night(site: Site, server: FeedServer, id_: str, url: str) -> None:
    """None of 235 posts is announced again."""
    configure(site, ("micro", server.put("/feed", rss(*(dated(number, days=1) for number in range(235))))))
    once(site, 0, "235 posts")
    again = rss(*(dated(number, days=1, id_=id_.format(number), url=url) for number in range(235)))
    server.put("/feed", again)
    once(site)
    assert [] == sent(site)
    assert 235 == len(site.posse("posts", "--json").json["posts"])


# The configuration


@pytest.mark.parametrize("path", ["/feed", "/"], ids=["feed", "page"])
def test_init_with_a_feed(site: Site, server: FeedServer, path: str) -> None:
    """A feed, or the page that names it, gives a configuration that works."""
    server.put("/", '<html><link rel="alternate" type="application/rss+xml" href="/feed"></html>', mime="text/html")
    server.put("/feed", rss(dated(1), head="<language>de</language>"))
    site.root.mkdir()
    made = site.posse("init", server.base + path)
    assert (0, True) == (made.code, 'A feed, 1 post, the newest "Title 1"' in made.out), made.err
    text = (site.root / "posse.toml").read_text(encoding="utf-8")
    assert f'type = "feed"\nurl = "{server.base}/feed"' in text
    assert 'url = "https://blog.example"' in text
    assert 'language = "de"' in text
    assert "Title 1" in site.posse("posts").out


HFEED = (
    '<!doctype html><html lang="de">{head}<main class="h-feed"><article class="h-entry"><a class="u-url" href="/1/">'
    '<time class="dt-published" datetime="{at}"></time></a><p class="e-content">A note.</article></main></html>'
)


def test_a_page_with_an_h_feed_is_a_feed(site: Site, server: FeedServer) -> None:
    """`init` takes it where the page names no other, and its new entries are announced."""
    at = f"{SOON:%Y-%m-%d %H:%M:%S}Z"
    url = server.put("/", HFEED.format(head="", at=at), mime="text/html")
    site.root.mkdir()
    made = site.posse("init", url)
    assert (0, True) == (made.code, "A feed, 1 post" in made.out), made.err
    assert f'type = "feed"\nurl = "{url}"' in (site.root / "posse.toml").read_text(encoding="utf-8")
    configure(site, ("page", url), guards=GUARDS_OFF)
    once(site)
    once(site)
    assert [("A note.", f"{server.base}/1/")] == [(one["text"].split("\n")[0], one["url"]) for one in site.journal()]


def test_init_prefers_the_feed_that_a_page_names(site: Site, server: FeedServer) -> None:
    """A feed says more than the page does."""
    named = '<link rel="alternate" type="application/rss+xml" href="/feed">'
    server.put("/feed", rss(dated(1)))
    site.root.mkdir()
    assert 0 == site.posse("init", server.put("/", HFEED.format(head=named, at=SOON), mime="text/html")).code
    assert f'url = "{server.base}/feed"' in (site.root / "posse.toml").read_text(encoding="utf-8")


def test_an_entry_that_cannot_be_read_is_told_by_status(site: Site, server: FeedServer) -> None:
    """At each run while the feed rests, and the others go on."""
    broken = dated(2, inside="<posse:post>{</posse:post>")
    configure(site, ("micro", server.put("/feed", rss(dated(1), broken), etag='"1"')), guards=GUARDS_OFF)
    once(site, 0, "[sources.micro] tag:2: its posse:post is not JSON")
    once(site, 0, "[sources.micro] tag:2: its posse:post is not JSON")
    assert "unread     [sources.micro] tag:2: its posse:post is not JSON" in site.posse("status").out
    assert ["https://blog.example/1/"] == sent(site)


def test_init_with_a_file_and_with_what_is_no_feed(site: Site, server: FeedServer) -> None:
    """The file is named as it was given; what is there instead of a feed is told, and nothing is written."""
    bad = server.put("/", "Hello")
    site.root.mkdir()
    refused = site.posse("init", bad)
    assert (3, True) == (refused.code, "not a feed" in refused.err)
    assert not (site.root / "posse.toml").exists()
    site.write("feed.xml", rss(dated(1)))
    assert 0 == site.posse("init", "feed.xml").code
    assert 'url = "feed.xml"' in (site.root / "posse.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('type = "feed"', "sources.x.url: is missing"),
        ('type = "feed"\nurl = "ftp://x.example/"', "sources.x.url: must be an address"),
        ('type = "feed"\nurl = "feed.xml"\npath = "x"', 'sources.x.path: goes with type = "markdown"'),
        ('type = "markdown"\npath = "x"\nevery = "5m"', 'sources.x.every: goes with type = "feed"'),
        ('type = "fed"\nurl = "feed.xml"', 'did you mean "feed"?'),
    ],
)
def test_a_wrong_source_is_told_with_its_key(site: Site, table: str, words: str) -> None:
    """Each type has its own keys."""
    site.root.mkdir()
    site.write("posse.toml", f"[sources.x]\n{table}\n{JOURNAL}")
    done = site.posse("posts")
    assert (3, True) == (done.code, words in done.err), done.err


# The daemon


def test_the_daemon_asks_each_feed_at_its_own_pace(site: Site, server: FeedServer) -> None:
    """`every` of a feed counts, and one that fails twice is left alone."""
    quick, slow = server.put("/quick", rss()), server.put("/slow", rss())
    tables = f'[sources.quick]\ntype = "feed"\nurl = "{quick}"\nevery = "3s"\n'
    configure(site, ("slow", slow), ("bad", f"{server.base}/bad"), extra=tables + '[schedule]\nevery = "1h"\n')
    process = site.start("run")
    try:
        until(lambda: server.paths().count("/quick") == 1)
        server.put("/quick", rss(dated(1)))
        until(lambda: sent(site) == ["https://blog.example/1/"])
        until(lambda: server.paths().count("/quick") >= 4)
    finally:
        kill(process)
    assert 2 == server.paths().count("/bad")
    assert 1 == site.log().count("source_failed")


def test_the_memo_is_no_secret(site: Site, server: FeedServer) -> None:
    """What is exported names neither password nor query of the address."""
    address = server.put("/feed?key=hush", rss(dated(1))).replace("://", "://me:secret@")
    configure(site, ("micro", address))
    once(site)
    done = site.posse("state", "export")
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert [True] == ["memo" in row["row"] for row in rows if row.get("table") == "sources"]
    assert ("secret" in done.out, "hush" in done.out) == (False, False)
