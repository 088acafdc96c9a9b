from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from bot.watcher.reading import Item, Site, post
from bot.watcher.values import Unreadable

SITE = Site("blog", ZoneInfo("Pacific/Kiritimati"), "https://blog.example", "/:year/:categories/:title/")
ITEM = Item("notes/2024-06-19-a.md", (), "2024-06-19-a", datetime(2024, 6, 19, tzinfo=UTC), "stamp")
KEYS = st.sampled_from(
    [
        *("title", "slug", "date", "draft", "published", "tags", "categories", "category", "lang", "summary", "posse"),
        *("canonical_url", "redirect_to", "url", "permalink", "aliases", "image", "images", "cover", "taxonomies"),
    ]
)
VALUES = st.sampled_from(
    [
        *(
            "",
            "~",
            "No",
            "[a, ~]",
            "{a: b}",
            "[[a]]",
            "[{src: x}]",
            "{text: a}",
            "{mastodon: {text: [a]}}",
            "&a x",
            "*a",
        ),
        *(
            "http://[",
            "https://x:99999/",
            "//x/y",
            "/:year/",
            "/:foo/",
            "https://a b/",
            "https://é.example/ü?q=é#ö",
            "/%",
        ),
        *(
            "2024-01-01",
            "9998-12-31",
            "0002-01-01",
            "{not_after: 9998-12-31}",
            "ðŸ’œ",
            '"\\uD83D"',
            "\x85",
            "|",
            "'",
            "!!int x",
        ),
    ]
)
LINES = st.lists(st.tuples(KEYS, VALUES | st.text()).map(": ".join), max_size=6).map("\n".join)
FILES = st.tuples(LINES, st.text()).map(lambda file: f"---\n{file[0]}\n---\n{file[1]}".encode()) | st.binary()


@given(FILES)
def test_any_file_is_a_post_or_a_problem(data: bytes) -> None:
    """Nothing else comes of any bytes, and a post's addresses are whole: no blank, no placeholder."""
    found = None
    with suppress(Unreadable):
        found = post(data, ITEM, SITE)
    for url in () if found is None else (found.url or "https://", *found.urls):
        assert url.startswith(("http://", "https://"))
        assert not {" ", "\n"} & set(url)
        assert not url.endswith(("/:year/", "/:foo/"))
