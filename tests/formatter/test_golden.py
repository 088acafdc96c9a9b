"""Posts in the shapes people have, and what is said of them.

To refresh the files: `POSSE_GOLDEN=write pytest tests/formatter/test_golden.py`, then read the difference.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.formatter.compose import compose
from bot.formatter.leftovers import leftovers
from bot.formatter.repair import repair
from bot.formatter.rules import Rules
from bot.model import Announcement, BodyFormat, Post, PostId, PostSettings, Words
from bot.networks import NETWORKS

GOLDEN = Path(__file__).parent.parent / "golden"
SHOWN = [NETWORKS[name] for name in ("mastodon", "bluesky", "local", "x")]  # each counts or shows links in its own way
REFRESH = os.environ.get("POSSE_GOLDEN") == "write"  # read on import: each test has a clean environment


def _post(slug: str, title: str, body: str, **more: object) -> Post:
    link = f"https://example.com/2024/06/{slug}.html"
    return Post("blog", f"{slug}.md", slug, link, title, body, id=PostId(slug), **more)  # type: ignore[arg-type]


SEED = repair(
    """If you havenâ€™t heard about [Black Python Devs](https://blackpythondevs.com), Juneteenth is an excellent day to learn about this organization and how to support it.

If you havenâ€™t heard about it, here is a quick overview:

> A quote.

Originally posted on: https://micro.webology.dev/2024/06/19/follow-black-python.html
"""  # noqa: E501 - a paragraph as it was written
)[0]

POSTS = (
    Post(
        "blog",
        "seed.md",
        "seed",
        "https://micro.webology.dev/2024/06/19/follow-black-python.html",
        repair("ðŸ’œ Follow Black Python Devs on Juneteenth")[0],
        SEED,
        id=PostId("seed"),
    ),
    _post(
        "summary", "A talk", "Body.", summary="What I said,\nand what I did not.", tags=("conference talks", "python")
    ),
    _post("note", "", "Just setting up my site. It even has [a feed](/feed.xml)!", tags=("indieweb",)),
    _post("long-note", "", "This is a thought that goes on. " * 30),
    _post("image-first", "Photos", "![The lake](lake.jpg)\n\n*Early* light over the lake.\n\n- one\n- two"),
    _post(
        "heading-title", "", "# On `asyncio`\n\nIt waits. Then it runs.", tags=("asyncio", "Python", "concurrency", "x")
    ),
    _post("liquid", "Release 2.0", "{% include toc.html %}\n\nVersion 2.0 is out. It's faster:\n\n1. a\n2. b"),
    _post("more", "Weeknotes", "I moved house.\n\nIt rained.\n\n<!--more-->\n\nThe rest."),
    _post(
        "html",
        "Fish &amp; chips",
        "<figure><img src=a></figure><p>Good <em>fish</em> isn’t cheap.</p>",
        body_format=BodyFormat.HTML,
    ),
    _post(
        "japanese", "日本語の記事", "これは最初の文です。これは二番目の文です。" * 12, tags=("日本語",), language="ja"
    ),
    _post(
        "twin", "I was wrong about tabs", "I was wrong about tabs. They are fine, @alice says.", categories=("Editors",)
    ),
    _post(
        "own-words",
        "Ignored",
        "Ignored.",
        settings=PostSettings(everywhere=Words(text="My own words &\n\n  spacing @you")),
    ),
    _post("long-title", "A title that keeps going " * 14, "Body."),
    _post("quote-first", "A quote", "> Said someone.\n\nI agree with [example.com/a](https://example.com/a)."),
)


def _written(made: Announcement) -> str:
    spans = "".join(
        f"{span.kind} {made.text[span.start : span.end]!r} -> {span.target}\n" for span in made.parts[0].spans
    )
    tags = f"tags {', '.join(made.tags)}\n" if made.tags else ""
    head = f"=== {made.network}: {made.parts[0].length} of {made.limit} {made.unit}\n"
    return f"{head}{made.text}\n---\n{spans}{tags}leftover {leftovers(made)}\n"


@pytest.mark.parametrize("post", POSTS, ids=lambda post: post.slug)
def test_golden(post: Post) -> None:
    """Each post reads on each network as it was once found good (to refresh, see the top of this file)."""
    rules = [Rules(net.name, net, net.limit, net.url_length, net.text_tags) for net in SHOWN]
    actual = "\n".join(_written(compose(post, each)) for each in rules)
    path = GOLDEN / f"{post.slug}.txt"
    if REFRESH:
        path.write_text(actual, encoding="utf-8")
    expected = path.read_text(encoding="utf-8") if path.exists() else "no golden file: run POSSE_GOLDEN=write"
    assert expected == actual, f"{path.name} differs; if it should: POSSE_GOLDEN=write pytest {Path(__file__).name}"


def test_no_golden_file_is_left_behind() -> None:
    """Every golden file belongs to a post."""
    assert {path.stem for path in GOLDEN.glob("*.txt")} == {post.slug for post in POSTS}
