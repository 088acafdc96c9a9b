"""Feeds to read, and what comes of them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from bot.model import Post
from bot.watcher import feed_parse
from bot.watcher.feed_entry import Feed, Origin, Posts, posts

URL = "https://blog.example/feed.xml"
ORIGIN = Origin("micro", ZoneInfo("America/Chicago"), "en", "m")


def rss(*items: str, head: str = "", names: str = "") -> str:
    """Return an RSS 2.0 feed."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        f' xmlns:dc="http://purl.org/dc/elements/1.1/" {names}>'
        f"<channel><title>A blog</title><link>https://blog.example/</link>{head}{''.join(items)}</channel></rss>"
    )


def item(inside: str = "", *, number: int = 1, title: str = "A title", body: str = "Some words.") -> str:
    """Return an item of an RSS feed; `inside` is more of it."""
    return (
        f"<item><title>{title}</title><link>https://blog.example/{number}/</link>"
        f'<guid isPermaLink="false">tag:{number}</guid><description>{body}</description>'
        f"{inside}</item>"
    )


def atom(*entries: str, head: str = "", names: str = "") -> str:
    """Return an Atom feed."""
    return (
        f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" {names}><title>A blog</title>'
        f"<id>urn:feed</id><updated>2024-06-19T00:00:00Z</updated>{head}{''.join(entries)}</feed>"
    )


def entry(inside: str = "", *, number: int = 1, title: str = "<title>A title</title>") -> str:
    """Return an entry of an Atom feed; `inside` is more of it."""
    return (
        f'<entry>{title}<id>urn:{number}</id><link href="https://blog.example/{number}/"/>'
        f"<updated>2024-06-20T00:00:00Z</updated>{inside}</entry>"
    )


def parsed(text: str | bytes, content_type: str = "", url: str | None = URL) -> Feed:
    """Return the feed that bytes hold."""
    return feed_parse.read(text.encode() if isinstance(text, str) else text, content_type, url)


def all_of(text: str | bytes, content_type: str = "", url: str | None = URL) -> Posts:
    """Return the posts and problems of a feed."""
    return posts(parsed(text, content_type, url), ORIGIN)


def one(text: str | bytes, content_type: str = "", url: str | None = URL) -> Post:
    """Return the only post of a feed that has no problem."""
    found = all_of(text, content_type, url)
    assert () == found.problems
    (post,) = found.posts
    return post
