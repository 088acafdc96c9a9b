from __future__ import annotations

from bot.model import Page, Post
from bot.survey import _with_aliases


def post(slug: str, *urls: str) -> Post:
    url = f"https://example.com/{slug}/"
    return Post(source="blog", source_id=slug, slug=slug, url=url, title=slug, body="", urls=urls)


def test_addresses_of_a_page_become_the_post_s() -> None:
    """What a page told is added to what the front matter says, each address once."""
    a = post("a", "https://example.com/old/")
    page = Page(a.url or "", live=True, urls=("https://example.com/old/", "https://example.com/new/"))
    (found,) = _with_aliases([a], {page.url: page})
    assert found.urls == ("https://example.com/old/", "https://example.com/new/")


def test_an_address_of_another_post_stays_there() -> None:
    """A post whose page leads to another post of the source does not take that one's address."""
    a, b = post("a"), post("b")
    page = Page(a.url or "", live=True, urls=("http://EXAMPLE.com/b/", "https://example.com/c/"))
    assert _with_aliases([a, b], {page.url: page})[0].urls == ("https://example.com/c/",)
    assert _with_aliases([a, b], {page.url: page})[1] == b
