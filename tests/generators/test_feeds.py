"""Every entry of the feed that a real generator makes is a post the bot finds in the folder, by its address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from bot.http import Http
from bot.identity import url_name
from bot.watcher.base import Errand
from bot.watcher.feed import FeedSource
from tests.generators import sites
from tests.generators.sites import Sample
from tests.generators.test_addresses import KNOWN_TO_DIFFER, built, derived

JEKYLL_FEED = """---
layout: null
---
<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0"><channel><title>Blog</title><link>{{ site.url }}</link><description>d</description>
{% for post in site.posts %}<item><title>{{ post.title | xml_escape }}</title>
<link>{{ post.url | absolute_url | xml_escape }}</link><guid>{{ post.id | xml_escape }}</guid>
<pubDate>{{ post.date | date_to_rfc822 }}</pubDate></item>{% endfor %}
</channel></rss>
"""
ELEVENTY_FEED = """---
permalink: /feed.json
eleventyExcludeFromCollections: true
---
{"version": "https://jsonfeed.org/version/1.1", "title": "Blog", "items": [
{% for post in collections.all %}{% if post.url %}{"id": "{{ post.url }}", "url": "https://blog.example{{ post.url }}",
"title": {{ post.data.title | json }}}{% unless forloop.last %},{% endunless %}{% endif %}
{% endfor %}]}
"""


# `C# & F#`: Eleventy leaves the sign in the link as it is, so the link ends there.
CUT_SHORT = {("url", "blog.example/posts/C")}


@dataclass(frozen=True)
class Feed:
    """How a generator makes a feed: what is added to the sample, and where the feed is then found."""

    kind: str
    sample: Sample
    files: dict[str, str]
    output: str
    change: Callable[[str], str] = str


FEEDS = [
    Feed("hugo", sites.HUGO[0], {}, "out/index.xml"),
    Feed(
        "pelican",
        sites.PELICAN[0],
        {},
        "out/feeds/all.atom.xml",
        lambda settings: settings.replace("FEED_ALL_ATOM = ", 'FEED_ALL_ATOM = "feeds/all.atom.xml"\n'),
    ),
    Feed("jekyll", sites.JEKYLL[0], {"feed.xml": JEKYLL_FEED}, "_out/feed.xml"),
    Feed("eleventy", sites.ELEVENTY[0], {"feed.liquid": ELEVENTY_FEED}, "_out/feed.json"),
]


@pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.kind)
def test_every_entry_is_a_post_of_the_folder(feed: Feed, tmp_path: Path) -> None:
    """A folder and a feed of one site are one set of posts: the same addresses, whatever the names of the files."""
    files = {name: feed.change(text) for name, text in feed.sample.files.items()} | feed.files
    root = replace(feed.sample, files=files).lay(tmp_path)
    pages = built(feed.kind, root)
    inside = tuple(f"{folder}/" for folder in feed.sample.sources)
    elsewhere = {url_name(_whole(url)) for path, url in pages.items() if not path.startswith(inside)}
    differ = {url_name(_whole(url)) for path, url in pages.items() if path in KNOWN_TO_DIFFER}
    ours = {url_name(url) for url in derived(feed.kind, feed.sample, root).values() if url and "://" in url}
    source = FeedSource("feed", root / feed.output, Http(), timezone=ZoneInfo("UTC"), site_url="https://blog.example")
    source.prepare(Errand(now=datetime.now(UTC), memo={}, wanted=frozenset(), patient=False))
    entries = {url_name(post.url) for post in source.scan({}).posts if post.url}
    assert len(entries) > 8
    assert set() == entries - ours - elsewhere - differ - CUT_SHORT


def _whole(url: str) -> str:
    return url if "://" in url else f"https://blog.example{url}"
