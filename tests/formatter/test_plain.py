"""Bodies as plain words."""

from __future__ import annotations

import pytest

from bot.formatter import plain
from bot.model import BodyFormat, Image

HTML, MARKDOWN = BodyFormat.HTML, BodyFormat.MARKDOWN


@pytest.mark.parametrize(
    "before",
    [
        "# Heading",
        "Heading\n-------",
        "> quote",
        "- item",
        "1. item",
        "```\ncode\n```",
        "    code",
        "![alt](image.png)",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "<div>markup</div>",
        "{% include figure.html %}",
        '{{< figure src="x.png" >}}',
        "{% highlight python %}\nx = 1\n{% endhighlight %}",
        "It is {{ site.time }} now.",
        "[^1]: A footnote.",
        "<https://example.com/x>",
        "Originally posted on: https://example.com/x",
    ],
)
def test_first_prose_passes_over_what_is_no_prose(before: str) -> None:
    """Only a paragraph of words can stand for a post."""
    assert plain.first_prose(f"{before}\n\nThe *first* paragraph.\n\nThe second.") == "The first paragraph."


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("See [the docs](https://a.example/x) &amp; **go**.", "See the docs & go."),
        ("Soft\nbreak, hard  \nbreak", "Soft break, hard\nbreak"),
        ("日本\n語", "日本語"),
        ("~~wrong~~ right", "right"),
        ("As [https://example.com/lo…](https://example.com/long) says.", "As says."),
        ("Read it ([example.com/x](https://example.com/x/)).", "Read it."),
        ("Read https://example.com/x.", "Read."),
        ("A note[^1] here.", "A note here."),
        ("Use `pip install x`.", "Use pip install x."),
        ("Done. *Originally published at [x](https://x.example/y)*", "Done."),
    ],
)
def test_inline_markup_goes(body: str, expected: str) -> None:
    """Words stay, markup and addresses go."""
    assert plain.first_prose(body) == expected


def test_html_bodies() -> None:
    """HTML falls into the same kinds of blocks."""
    body = "<h2>H</h2><blockquote><p>q</p></blockquote><p>a <b>b</b> &amp; c<br>d</p><ul><li>e</li></ul>f"
    assert plain.paragraphs(body, HTML) == ["a b & c\nd", "f"]


def test_markdown_that_is_only_html_is_read_as_html() -> None:
    """An exported post whose Markdown is nothing but elements still has paragraphs."""
    assert plain.first_prose("<p>One.</p>\n\n<p>Two.</p>") == "One."


def test_whole_text_keeps_lists_and_quotes_readable() -> None:
    """A note goes out with its lists and quotes as plain text."""
    assert plain.whole_text("Hi\n\n- a\n- b\n\n> q") == "Hi\n\n• a\n• b\n\n“q”"


@pytest.mark.parametrize(
    ("body", "body_format", "expected"),
    [
        ("# The *title*\n\nBody", MARKDOWN, ("The title", "Body")),
        ("The title\n=========\n\nBody", MARKDOWN, ("The title", "Body")),
        ("Body\n\n# Later", MARKDOWN, ("", "Body\n\n# Later")),
        ("## Second level", MARKDOWN, ("", "## Second level")),
        ("<h1>The <i>title</i></h1><p>Body", HTML, ("The title", "<p>Body")),
    ],
)
def test_heading_title(body: str, body_format: BodyFormat, expected: tuple[str, str]) -> None:
    """A leading first-level heading is the title; what follows is the body."""
    assert plain.heading_title(body, body_format) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**Bold**  &\n`code`", "Bold & code"),
        ("Tom &amp; Jerry <em>again</em>", "Tom & Jerry again"),
        ("snake_case_name and 2 * 3 * 4 <3", "snake_case_name and 2 * 3 * 4 <3"),
        ("1. A title", "1. A title"),
        ("💜 [Linked](https://example.com)", "💜 Linked"),
    ],
)
def test_inline(text: str, expected: str) -> None:
    """A title loses its Markdown and nothing else."""
    assert plain.inline(text) == expected


def test_images_tell_a_missing_alt_from_an_empty_one() -> None:
    """`alt` is empty only where HTML says so: Markdown has no way to."""
    body = '![a](1.png) ![](2.png) <img src="3.png">\n\n<figure><img src="4.png" alt=""></figure>'
    expected = (Image("1.png", "a"), Image("2.png", None), Image("3.png", None), Image("4.png", ""))
    assert plain.images(body) == expected


def test_text_hash_folds_case_space_and_markup() -> None:
    """The same words have the same hash in either markup; no words have none."""
    assert plain.text_hash("Hello  *World*!") == plain.text_hash("<p>hello<br>world</p>", HTML)
    assert plain.text_hash("Hello") != plain.text_hash("Hallo")
    assert plain.text_hash(" \n") == ""
