"""Bodies as plain words."""

from __future__ import annotations

import pytest

from bot.formatter import plain
from bot.formatter.extensions import commonmark
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
        "[^1]: https://example.com/x",
        "[^1]: A footnote of\ntwo lines.\n\n    And a second paragraph with `code`.",
        "Term\n: What it means.",
        "Term\n\n: What it means.",
        "![alt](image.png)\n*What is in the picture*",
        "[![alt](image.png)](large.png) *What is **in** it*",
        "!!! note\n    Set apart.\n\n    - more",
        ":::warning\nSet apart.\n:::",
        "{{< notice info >}}\nSet apart.\n\n- more\n{{< /notice >}}",
        "{{% note %}}Set apart.{{% /note %}}",
        "{% note %}\nSet apart.\n{% endnote %}",
        "[TOC]",
        "[[_TOC_]]",
        "* Contents\n{:toc}",
        "*[HTML]: Hyper Text Markup Language",
        "$$\nx^2\n$$",
        "import Figure from '../components/Figure.astro'",
        "![[picture.png]]",
        "**Introduction**",
        "#python #web",
        "See {{< param version >}} for more.",
        "Go to {% link about.md %}.",
        '[caption id="a" width="300"]<img src="a.jpg"> A caption[/caption]',
        '[gallery ids="1,2"]',
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
        ("A note[^1] here.[^two]\n\n[^1]: One.\n[^two]: https://example.com/x", "A note here."),
        ("A note^[set within [it](/x)] here.", "A note here."),
        ("See [[Other Page]] and [[page|a label]].", "See Other Page and a label."),
        ("It is ==marked== where a==b or c==d.", "It is marked where a==b or c==d."),
        ("A [link](/x){target=_blank} and a set {a=1}.", "A link and a set {a=1}."),
        ("Write to <me@example.org>.", "Write to me@example.org."),
        ("**All of it is bold.**", "All of it is bold."),
        ("Read [it]({% post_url 2024-01-01-it %}).{% sidenote 'x' %} Now.", "Read it. Now."),
        ("{{< lead >}}\nWhat leads.\n{{< /lead >}}", "What leads."),
        ("Use `pip install x`.", "Use pip install x."),
        ("Done. *Originally published at [x](https://x.example/y)*", "Done."),
    ],
)
def test_inline_markup_goes(body: str, expected: str) -> None:
    """Words stay, markup and addresses go."""
    assert plain.first_prose(body) == expected


def test_footnotes_in_html_are_not_said() -> None:
    """Marks, the footnotes and the ways back go, as kramdown and Goldmark write them; other raised text stays."""
    body = (
        '<p>Words<sup id="fnref:1"><a href="#fn:1" class="footnote" rel="footnote">1</a></sup> go'
        ' on<a href="#fn2" class="footnote-ref" role="doc-noteref"><sup>2</sup></a>, the 10<sup>th</sup>.</p>'
        '<div class="footnotes" role="doc-endnotes"><div><ol><li id="fn:1"><p>A note.&nbsp;'
        '<a href="#fnref:1" class="reversefootnote">&#8617;</a></p></li></ol></div></div><p>The end.</p>'
    )
    assert plain.whole_text(body, HTML) == "Words go on, the 10th.\n\nThe end."
    assert plain.whole_text('Words<sup id="a"><a href="#b">1</a></sup>, the 10<sup>th</sup>.') == "Words, the 10th."


def test_emoji_alone_give_way_to_words() -> None:
    """A paragraph of emoji stands for a post only where it has no other."""
    assert plain.first_prose("🎉🎉\n\nWords.") == "Words."
    assert plain.first_prose("🎉🎉") == "🎉🎉"


def test_what_is_set_apart_is_said_in_a_note() -> None:
    """A box, a caption and a list of terms are no prose, but words of the author's all the same."""
    body = "![alt](x.png)\n*A caption*\n\n{{< box >}}\nIn a box.\n\n- item\n{{< /box >}}\n\nTerm\n: Meaning\n\nEnd."
    assert plain.whole_text(body) == "A caption\n\nIn a box.\n\n• item\n• Term: Meaning\n\nEnd."


def test_a_sentence_with_a_hole_is_not_said() -> None:
    """Without what the generator fills in, a sentence is not the author's."""
    assert plain.whole_text("Version {{ site.version }} is out. Get it.") == "Get it."
    assert plain.whole_text("<p>Version {{ site.version }} is out. Get it.</p>", HTML) == "Get it."


def test_code_keeps_what_looks_like_markup() -> None:
    """Footnotes, boxes and wiki links are none in code."""
    code = "[^1]: x\n[TOC]\n:::note\n[[ -f x ]]\n:::\n{% if x %}\n{{ y }}"
    assert (
        plain.whole_text(f"Words.\n\n```\n{code}\n```\n\nUse `[[ -f x ]]`.") == f"Words.\n\n{code}\n\nUse [[ -f x ]]."
    )


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("https://example.com is down", "example.com is down"),
        ("From https://www.a.example/ to http://b.example/x", "From a.example to b.example/x"),
        ("https://example.com/x", ""),
        ("What __init__.py and __name__ do", "What __init__.py and __name__ do"),
        ("__Bold__ and **bold**", "Bold and bold"),
    ],
)
def test_a_title_keeps_its_words(written: str, expected: str) -> None:
    """An address in a title is a word of it, though no link; so are Python's own names."""
    assert plain.own_words(written) == expected


def test_a_heading_title_has_no_attributes() -> None:
    """The name that a generator gives a heading is not shown."""
    assert plain.heading_title("# On soup {#soup .big}\n\nWords.") == ("On soup", "Words.")


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


@pytest.mark.parametrize(
    "opened",
    [
        "{% if x %}\n",
        "{{< a >}}\n",
        "{% raw %}\n",
        ":::note\n",
        "[caption a=b]\n",
        "`" * 9,
        "```a\n",
        "~~~\n```b\n",
        "` `` ``` ",
    ],
)
def test_what_is_opened_and_never_closed_costs_no_more_than_its_length(opened: str) -> None:
    """A hostile body, which would take minutes where each opening were looked for up to the end, is read at once."""
    assert commonmark(f"{opened * 20000}\n\nWords.").endswith("Words.")
