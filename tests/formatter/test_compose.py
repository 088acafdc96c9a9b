"""What an announcement says, rule by rule."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from bot.errors import TemplateError
from bot.formatter import measure
from bot.formatter.compose import compose, over_limit
from bot.formatter.leftovers import leftovers
from bot.formatter.rules import Rules
from bot.formatter.template import check_template
from bot.keys import announcement_key, tid
from bot.model import BodyFormat, Post, PostId, PostSettings, Span, SpanKind, Visibility, Words
from bot.networks import BLUESKY, MASTODON, NETWORKS, Network
from bot.publishers.in_parts import words as sent_words

LONG = "Too long " * 40
LINK = "https://example.com/2024/the-post.html"
MASTODON_RULES = Rules("me", MASTODON, 500, 23, 3)
BLUESKY_RULES = Rules("sky", BLUESKY, 300, None, 0)


def _post(title: str = "", body: str = "", **more: Any) -> Post:
    return Post("blog", "a.md", "a", LINK, title, body, id=PostId("1"), **more)


def _said(post: Post, rules: Rules = MASTODON_RULES) -> str:
    """The words before the link."""
    return compose(post, rules).text.removesuffix(LINK).rstrip("\n")


@pytest.mark.parametrize(
    ("post", "expected"),
    [
        (_post("T", "First.\n\nSecond."), "T\n\nFirst."),
        (_post("T", "Body.", summary="One\nTwo."), "T\n\nOne\nTwo."),
        (_post("T", "One.\n\nTwo.\n\n<!--more-->\n\nThree."), "T\n\nOne.\n\nTwo."),
        (_post("T", "Fits. " + LONG + "."), "T\n\nFits."),
        (_post("T", LONG + "."), "T"),
        (_post("T", "Good. Here it is:"), "T\n\nGood."),
        (_post("T", "Here it is:\n\n- x"), "T"),
        (_post("Go on", "**Go on**, they said. And so on."), "Go on, they said. And so on."),
        (_post("The words and more", "The words"), "The words and more"),
        (_post("", "# Heading\n\nWords."), "Heading\n\nWords."),
        (_post("Same words!", "Same words\n\nMore."), "Same words\n\nMore."),
        (_post("", "A note.\n\nTwo paragraphs."), "A note.\n\nTwo paragraphs."),
        (_post("", "A note. " + LONG * 3), "A note."),
        (_post(" *A*  [b](c)\n💜 "), "A b 💜"),
        (_post("T", "See https://a.dev/x, @bob, @al@b.dev, me@c.dev."), "T\n\nSee, bob, al@b.dev, me@c.dev."),
        (_post("T", "<p>One.</p><p>Two.</p>", body_format=BodyFormat.HTML), "T\n\nOne."),
        (_post("T", f"Dr. A. Smith uses v1.2, e.g. here. {LONG}"), "T\n\nDr. A. Smith uses v1.2, e.g. here."),
        (_post("T", f"We sat in row No. 5 of it. See ch. 3 {LONG}"), "T\n\nWe sat in row No. 5 of it."),
        (_post("T", f"I live in the U.S. My {LONG}"), "T\n\nI live in the U.S."),
        (_post("T", f"At 5 p.m. Mr. A. The U.S. Navy, e.g. The Ship {LONG}"), "T"),
        (_post("T", "これは文です。" + "長" * 300), "T\n\nこれは文です。"),
    ],
)  # fmt: skip
def test_whose_words(post: Post, expected: str) -> None:
    """The author's summary, the text before the mark, the first prose paragraph; whole sentences; nothing twice."""
    assert _said(post) == expected


def test_a_cut_only_where_there_is_no_title() -> None:
    """A note of one endless sentence is cut between words."""
    said = _said(_post("", "endless words " * 100))
    assert said.endswith((" words…", " endless…"))
    assert len(said) <= 240


def test_a_title_too_long_for_the_limit_is_cut_and_the_link_stays_whole() -> None:
    """The link is never what gives way."""
    made = compose(_post("title words " * 60), MASTODON_RULES)
    assert made.parts[0].length <= 500
    assert made.text.endswith(f"…\n\n{LINK}")


def test_hashtags_stand_on_a_line_of_their_own_at_the_end() -> None:
    """CamelCase, any script, aliases, at most three; digits and hidden ones are none."""
    tags = ("black python", "2024", "secret", "Ünï-code", "C#", "rust", "हिन्दी")
    rules = replace(MASTODON_RULES, aliases={"Secret": "", "rust": "RustLang"})
    made = compose(_post("T", "Words.", tags=tags), rules)
    assert made.text == f"T\n\nWords.\n\n{LINK}\n\n#BlackPython #ÜnïCode #CSharp"
    found = [span.target for span in made.parts[0].spans if span.kind is SpanKind.TAG]
    assert found == ["BlackPython", "ÜnïCode", "CSharp"]


def test_hashtags_that_a_server_takes_for_one_are_one() -> None:
    """Case and the accents of Latin letters do not tell two hashtags apart; the signs of other scripts do."""
    made = compose(_post("T", "Words.", tags=("Café", "cafe", "istanbul", "İstanbul", "किताब", "कतब")), BLUESKY_RULES)
    assert made.tags == ("Café", "istanbul", "किताब", "कतब")


def test_a_hashtag_in_the_words_is_not_said_again() -> None:
    """Only the tags that are not in the words stand on the line of their own."""
    post = _post("", "On #Soup, and #bread too.", tags=("soup", "stew"))
    assert compose(post, MASTODON_RULES).text == f"On #Soup, and #bread too.\n\n{LINK}\n\n#stew"
    assert compose(replace(post, tags=("soup",)), MASTODON_RULES).text == f"On #Soup, and #bread too.\n\n{LINK}"


def test_signs_in_a_tag_are_spoken() -> None:
    """What a hashtag cannot hold is said in words."""
    made = compose(_post("T", "Words.", tags=("c++17", "F#", ".NET", "R&D")), BLUESKY_RULES)
    assert made.tags == ("CPlusPlus17", "FSharp", "dotNET", "RAndD")


def test_a_link_in_own_text_may_lack_its_last_slash() -> None:
    """The link as the author wrote it is the one; it is not said a second time."""
    post = replace(_post("T"), url="https://a.example/x/")
    for written in ("https://a.example/x", "http://a.example/x/"):
        own = PostSettings(everywhere=Words(text=f"Read {written}."))
        made = compose(replace(post, settings=own), MASTODON_RULES)
        assert (made.text, made.url) == (f"Read {written}.", written)


def test_a_summary_without_words_is_none() -> None:
    """A separator in its place does not stand for the post."""
    assert _said(_post("T", "Words.", summary="---")) == "T\n\nWords."


def test_an_address_in_the_summary_is_a_word_without_its_scheme() -> None:
    """The only link is the post's own, and the author's sentence stays whole."""
    assert _said(_post("T", summary="See https://a.example/x for more.")) == "T\n\nSee a.example/x for more."


def test_bluesky_has_its_tags_in_the_record_and_a_short_link() -> None:
    """The shown link is short, the span's target whole; tags travel outside the text, those of the twin too."""
    made = compose(_post("💜", "Words.", tags=("one", "a tag")), BLUESKY_RULES, extra_tags=("ONE", "two"))
    shown = "example.com/2024/the-pos..."
    assert made.text == f"💜\n\nWords.\n\n{shown}"
    start = made.text.index(shown)
    assert made.parts[0].spans == (Span(start, start + len(shown), SpanKind.LINK, LINK),)
    assert made.tags == ("one", "ATag", "two")


def test_categories_stand_in_for_tags() -> None:
    """Categories are used only where there are no tags."""
    assert compose(_post("T", tags=("a",), categories=("b",)), MASTODON_RULES).text.endswith("\n\n#a")
    assert compose(_post("T", categories=("b",)), MASTODON_RULES).text.endswith("\n\n#b")


def test_sentences_give_way_before_hashtags_and_hashtags_before_the_last_sentence() -> None:
    """The words are shortened first, but not for a hashtag's sake to nothing."""
    post = _post("T", "First one. Second one.", tags=("a" * 20, "b"))
    both = replace(MASTODON_RULES, limit=23 + 3 + 12 + 2 + 24)
    assert compose(post, both).text == f"T\n\nFirst one.\n\n{LINK}\n\n#{'a' * 20} #b"
    neither = replace(MASTODON_RULES, limit=23 + 3 + 12)
    assert compose(post, neither).text == f"T\n\nFirst one.\n\n{LINK}"


def test_beside_html_a_title_is_no_markdown() -> None:
    """A feed's title is plain words: its underscores and stars are meant."""
    post = _post("What __init__ and *args do", "<p>Words.</p>", body_format=BodyFormat.HTML, summary="On __init__.")
    assert _said(post).startswith("What __init__ and *args do\n\nOn __init__.")
    assert _said(replace(post, title="A <b>bold</b> one")).startswith("A bold one")
    assert _said(replace(post, title="See [this](https://example.com/a)")).startswith("See this")


def test_own_text_is_untouched_and_gets_the_link() -> None:
    """The author's words keep every character; the nearest scope wins."""
    words = "  @bob@a.example says: https://b.example.org/x  *so*\n#yes "
    settings = PostSettings(everywhere=Words(text="everywhere"), per={"mastodon": Words(text=words)})
    made = compose(_post("T", tags=("a",), settings=settings), MASTODON_RULES)
    assert made.text == f"{words.rstrip()}\n\n{LINK}"
    assert [(span.kind, span.target) for span in made.parts[0].spans] == [
        (SpanKind.MENTION, "bob@a.example"),
        (SpanKind.LINK, "https://b.example.org/x"),
        (SpanKind.TAG, "yes"),
        (SpanKind.LINK, LINK),
    ]
    assert compose(_post(settings=settings), BLUESKY_RULES).text.startswith("everywhere\n\n")


@pytest.mark.parametrize("text", [f"Look: {LINK}.", f"({LINK})", f"{LINK} is it"])
def test_own_text_with_the_link_is_left_as_it_is(text: str) -> None:
    """The link is not appended where the author has put it."""
    made = compose(_post(settings=PostSettings(everywhere=Words(text=text))), MASTODON_RULES)
    assert made.text == text
    assert [span.target for span in made.parts[0].spans] == [LINK]


def test_a_longer_address_is_not_the_link() -> None:
    """An address that merely begins with the link does not stand for it."""
    settings = PostSettings(everywhere=Words(text=f"See {LINK}/comments"))
    assert compose(_post(settings=settings), MASTODON_RULES).text.endswith(f"\n\n{LINK}")


def test_own_text_over_the_limit_is_kept_and_reported() -> None:
    """What may not be cut is told, not cut."""
    made = compose(_post(settings=PostSettings(everywhere=Words(text="x" * 500))), MASTODON_RULES)
    assert made.text == f"{'x' * 500}\n\n{LINK}"
    assert made.warnings == ("25 over the limit of 500",)
    assert over_limit(made, MASTODON_RULES)


def test_bytes_are_a_second_limit() -> None:
    """On Bluesky graphemes of many bytes meet the limit of bytes first."""
    made = compose(_post("", "👩‍👩‍👧‍👦" * 290), BLUESKY_RULES)
    assert len(made.text.encode()) <= 3000
    assert not over_limit(made, BLUESKY_RULES)
    own = compose(_post(settings=PostSettings(everywhere=Words(text="👩‍👩‍👧‍👦" * 200))), BLUESKY_RULES)
    assert over_limit(own, BLUESKY_RULES)


def test_mapped_names_become_mentions() -> None:
    """Only names of the table are live, as the handle it gives; case is ignored."""
    rules = replace(MASTODON_RULES, mentions={"bob": "bob@b.example"})
    made = compose(_post("T", "By @Bob, @al and a@bob.example."), rules)
    assert made.text.startswith("T\n\nBy @bob@b.example, al and a@bob.example.")
    assert [span.target for span in made.parts[0].spans] == ["bob@b.example", LINK]


def test_settings_of_the_post_win() -> None:
    """Language, visibility and content warning come from the nearest scope; the warning counts on Mastodon."""
    own = Words(content_warning="Spoilers", visibility=Visibility.UNLISTED, language="fr")
    plain = compose(_post("T", language="de"), MASTODON_RULES)
    made = compose(_post("T", language="de", settings=PostSettings(everywhere=own)), MASTODON_RULES)
    assert (plain.language, plain.visibility, plain.content_warning) == ("de", Visibility.PUBLIC, None)
    assert (made.language, made.visibility, made.content_warning) == ("fr", Visibility.UNLISTED, "Spoilers")
    assert made.parts[0].length == plain.parts[0].length + len("Spoilers")


@pytest.mark.parametrize("network", [each for each in NETWORKS.values() if each.warns], ids=lambda each: each.name)
@pytest.mark.parametrize("parts", [1, 9])
def test_a_content_warning_in_the_words_counts_with_them(network: Network, parts: int) -> None:
    """What goes out is within the limit with the warning above it, and its length is told so."""
    rules = Rules("me", network, network.limit, network.url_length, 0, parts=parts)
    body = "One sentence of so many words, and no more. " * (network.limit // 20)
    made = compose(_post(body=body, settings=PostSettings(everywhere=Words(content_warning="Spoilers 💜"))), rules)
    for index, part in enumerate(made.parts):
        length = measure.length(sent_words(made, index), network.unit, network.url_length)
        assert length <= network.limit
        assert length == part.length
    assert sent_words(made, 0).startswith("Spoilers 💜\n\n")


def test_templates_of_a_persons_own() -> None:
    """Elastic parts shrink to whole sentences, empty parts leave no blank lines, a forgotten link is appended."""
    rules = replace(MASTODON_RULES, template="{{ title }}\n\n{{ content }}\n\n\n{{ url }}\n{{ hashtags }}", limit=50)
    assert compose(_post("T", "One two three. Four five six."), rules).text == f"T\n\nOne two three.\n\n{LINK}"
    assert compose(_post("T", "One."), replace(rules, template="{{ title }}")).text == f"T\n\n{LINK}"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ title }}\n{{ nope }}", "accounts.me: line 2 of the template: 'nope' is undefined"),
        ("{{ title }}\n{{ 1 / 0 }}", "accounts.me: line 2 of the template fails: division by zero"),
        ("{{ title }", "accounts.me: line 1 of the template: unexpected '}'"),
    ],
)
def test_a_bad_template_names_account_and_line(template: str, message: str) -> None:
    """A template that cannot be rendered says whose it is, and where."""
    with pytest.raises(TemplateError) as caught:
        compose(_post("T"), replace(MASTODON_RULES, template=template))
    assert str(caught.value) == message


def test_check_template() -> None:
    """A template is checked without a post: names and syntax."""
    assert check_template("{{ title }} {{ url }}", "accounts.me") is None
    assert check_template("\n{{ titel }}", "accounts.me") == (
        "accounts.me: line 2 of the template names the unknown 'titel'; did you mean 'title'?"
    )
    assert check_template("{% if %}", "accounts.me") is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Tom & Jerry <3 List<int> R&D; it’s", None),
        ("Tom &amp; Jerry", "an HTML entity: &amp;"),
        ("It&#8217;s", "an HTML entity: &#8217;"),
        ("use {{ x }}", "an unrendered placeholder: {{ x }}"),
        ("{% if x %}", "an unrendered placeholder: {% if x %}"),
        ("![alt](x.png)", "left-over Markdown: ![alt](x.png)"),
        ("a <div class='x'>b", "an HTML tag: <div class='x'>"),
        ("donâ€™t", "mojibake: wrongly decoded characters"),
    ],
)
def test_leftovers(text: str, expected: str | None) -> None:
    """What should not go out is named; an author's own signs are fine."""
    settings = PostSettings(everywhere=Words(text=text))
    assert leftovers(compose(_post(settings=settings), MASTODON_RULES)) == expected


def test_an_empty_post_is_a_leftover() -> None:
    """A link and hashtags alone say nothing."""
    assert leftovers(compose(_post(tags=("a",)), MASTODON_RULES)) == "no words: the text is empty"


def test_keys_are_derived() -> None:
    """The same announcement has the same key; account, post and round each make another."""
    key = announcement_key("me", PostId("1"), 1)
    others = {announcement_key(*of) for of in (("m", PostId("e1"), 1), ("me", PostId("1"), 2), ("me", PostId("2"), 1))}
    assert key == compose(_post("T"), MASTODON_RULES).key
    assert len(key) == 32
    assert len(others | {key}) == 4


def test_tids_are_valid_and_differ_within_a_second() -> None:
    """A TID holds the instant; whole seconds are spread by the key."""
    day = datetime(2024, 6, 19, tzinfo=UTC)
    made = {tid(day, f"{number:032x}") for number in range(500)}
    assert len(made) == 500
    assert all(len(one) == 13 and one[0] in "234567abcdefghij" for one in made)
    assert max(made) < tid(day.replace(second=2), "0")
    assert tid(datetime(1960, 1, 1, tzinfo=UTC), "0")[0] == "2"


def test_importing_the_formatter_is_cheap() -> None:
    """What is heavy is imported where it is used: a post with its own summary needs none of it."""
    code = (
        "import sys, bot.formatter.compose, bot.formatter.leftovers\n"
        "print([name for name in ('jinja2', 'ftfy', 'httpx', 'rich', 'markdown_it') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
