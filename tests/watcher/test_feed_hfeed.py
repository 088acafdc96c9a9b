from __future__ import annotations

import sys
from datetime import UTC, datetime

import pytest

from bot.model import Image
from bot.watcher.values import Unreadable
from tests.watcher.feeds import URL, all_of, one, parsed

NOTE = (
    '<article class="h-entry"><a class="u-url u-uid" href="/1/"><time class="dt-published"'
    ' datetime="2024-06-19 18:47:59-0500">June</time></a>'
    '<div class="e-content"><p>A <b>note</b>.</p><img class="u-photo" src="/a.png" alt="A cat"></div>'
    '<a class="p-category">cats</a> <span class="p-author h-card">Jo</span></article>'
)
ARTICLE = (
    '<article class="h-entry"><h2 class="p-name"><a class="u-url" href="/2/">Bread &amp; butter</a></h2>'
    '<p class="p-summary">In short.</p></article>'
)
REPLY = (
    '<article class="h-entry"><a class="u-url" href="/3/"></a>'
    '<a class="u-in-reply-to" href="https://other.example/">To them:</a> <p class="e-content">Yes.</p></article>'
)


def page(*entries: str, root: str = "h-feed", head: str = "") -> str:
    """Return a web page with entries in a feed."""
    return (
        f'<!doctype html><html lang="de"><head><title>Jo</title>{head}</head>'
        f'<body><main class="wide {root}"><h1 class="p-name">A blog</h1>{"".join(entries)}</main></body></html>'
    )


def test_a_note_of_a_page_is_a_post() -> None:
    """Its address, words, date, categories, author, language and picture; no title is made up."""
    post = one(page(NOTE))
    assert ("https://blog.example/1/", "https://blog.example/1/", "") == (post.source_id, post.url, post.title)
    assert "A <b>note</b>." in post.body
    assert (datetime(2024, 6, 19, 23, 47, 59, tzinfo=UTC), True) == (post.published, post.has_time)
    assert (("cats",), ("Jo",), "de") == (post.tags, post.authors, post.language)
    assert (Image("https://blog.example/a.png", "A cat"),) == post.images


def test_an_article_of_a_page_has_title_and_summary() -> None:
    """Where a list shows a summary only, that is what there is to say."""
    post = one(page(ARTICLE))
    assert ("Bread & butter", "<p>In short.</p>", None) == (post.title, post.body, post.published)
    assert ("A blog", URL) == (parsed(page(ARTICLE)).title, parsed(page(ARTICLE)).home)


def test_a_reply_stays_where_it_is() -> None:
    """What answers others, or repeats or likes them, is no post of its own, and says so."""
    post = one(page(REPLY))
    assert post.settings.skip
    assert [True] == ["in-reply-to" in warning for warning in post.warnings]


def test_entries_outside_a_feed_are_one_where_no_other_is_named() -> None:
    """A page that names an RSS feed is a page, unless it is marked up as a feed itself."""
    names = '<link rel="alternate" type="application/rss+xml" href="/rss.xml">'
    assert 2 == len(all_of(page(NOTE, ARTICLE, root="")).posts)
    assert 2 == len(all_of(page(NOTE, ARTICLE, head=names)).posts)
    with pytest.raises(Unreadable, match=r"it names the feed https://blog\.example/rss\.xml"):
        parsed(page(NOTE, ARTICLE, root="", head=names))


def test_a_page_without_its_closing_tags_is_read() -> None:
    """HTML lets them be left out."""
    entries = [NOTE.replace("/1/", f"/{number}/").replace("</p>", "") for number in (1, 2)]
    assert ["https://blog.example/1/", "https://blog.example/2/"] == [post.url for post in all_of(page(*entries)).posts]


def test_a_feed_within_its_author_is_found() -> None:
    """Its entries are there, and those outside are not of it."""
    nested = f'<div class="h-card"><a class="p-name">Jo</a>{page(NOTE)}</div>'
    assert ["https://blog.example/1/"] == [post.url for post in all_of(f"<html><body>{nested}{ARTICLE}").posts]


@pytest.mark.parametrize("words", ["h-feeds and h-entry in words", '<p class="h-feed-like my-h-entry"></p>'])
def test_a_page_without_one_is_a_page(words: str) -> None:
    """A name that only looks like it is none."""
    with pytest.raises(Unreadable, match="a web page, not a feed"):
        parsed(f"<html><body>{words}</body></html>")


def test_a_page_that_is_too_long_or_too_deep_is_told() -> None:
    """One clear line for each."""
    with pytest.raises(Unreadable, match="too long"):
        parsed(page(" " * 2_000_001))
    with pytest.raises(Unreadable, match="cannot be read"):
        parsed(page("<div>" * 20_000))


def test_without_the_package_the_way_to_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra."""
    monkeypatch.setitem(sys.modules, "mf2py", None)
    with pytest.raises(Unreadable, match=r"pip install 'posse-bot\[hfeed\]'"):
        parsed(page(NOTE))
