"""What holds for every post, limit and network."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.formatter import measure
from bot.formatter.compose import compose, over_limit
from bot.formatter.rules import DEFAULT_TEMPLATE, Rules
from bot.formatter.sentences import ends
from bot.formatter.words import said, sayable
from bot.model import Announcement, BodyFormat, Post, PostId, SpanKind
from bot.networks import BLUESKY, LOCAL, MASTODON, LinkStyle, Network

LINK = "https://example.com/2024/06/a-rather-long-slug.html"
TEMPLATES = (
    DEFAULT_TEMPLATE,
    "{{ title }}: {{ summary }} {{ url }}",
    "{{ content }}\n{{ url }}\n{{ hashtags }}",
    "{{ hashtags }} {{ title }}",
    "{{ url }} {{ url }}",
)
PIECES = st.sampled_from(
    [
        *(
            "Hello.",
            "One more sentence!",
            "Really?",
            "Here it is:",
            "e.g. this",
            "日本語です。",
            "👩‍👩‍👧‍👦",
            "🇨🇭",
            "क्षि",
        ),
        *(
            "https://example.org/x",
            LINK,
            "@name",
            "@user@host.example",
            "me@example.org",
            "#tag",
            "*",
            "[a](b)",
            "\n\n",
        ),
        *(
            "> quote",
            "- item",
            "```",
            "<b>",
            "<p>",
            "&amp;",
            "{{ x }}",
            "{% y %}",
            "![alt](x.png)",
            "word " * 40,
            "z" * 90,
        ),
        *("<!--more-->", "# Heading\n\n", "e\u0301", "…", "\u200d", "(", ")", ".", "@", "http", "://", "ß"),
    ]
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=20)), max_size=12).map(" ".join)
POSTS = st.builds(
    Post,
    source=st.just("blog"),
    source_id=st.just("a.md"),
    slug=st.just("a"),
    url=st.just(LINK),
    title=st.one_of(st.just(""), TEXTS),
    body=TEXTS,
    id=st.just(PostId("1")),
    body_format=st.sampled_from(BodyFormat),
    summary=st.one_of(st.none(), TEXTS),
    tags=st.lists(st.text(max_size=30), max_size=5).map(tuple),
)


def _rules(network: Network, room: int, template: str) -> Rules:
    link = measure.length(LINK, network.unit, network.url_length)
    return Rules("me", network, min(network.limit, link + room), network.url_length, 3, template=template)


RULES = st.builds(_rules, st.sampled_from([MASTODON, BLUESKY, LOCAL]), st.integers(60, 500), st.sampled_from(TEMPLATES))


def _links(announcement: Announcement) -> list[str]:
    return [span.target for part in announcement.parts for span in part.spans if span.kind is SpanKind.LINK]


@settings(max_examples=200, deadline=None)
@given(POSTS, RULES)
def test_never_over_the_limit_by_the_networks_own_count(post: Post, rules: Rules) -> None:
    """No derived announcement is over its limit, in the network's unit or in bytes."""
    made = compose(post, rules)
    unit, url_length = rules.network.unit, rules.url_length
    assert made.parts[0].length == measure.length(made.text, unit, url_length)
    assert made.parts[0].length <= rules.limit
    assert measure.utf8(made.text) <= (rules.network.byte_limit or 1_000_000)
    assert not over_limit(made, rules)


@settings(max_examples=200, deadline=None)
@given(POSTS, RULES)
def test_the_link_is_whole_and_there_once(post: Post, rules: Rules) -> None:
    """The link is the only one, in one place, and whole: in the text, or in the span where the text shows it short."""
    made = compose(post, rules)
    assert _links(made) == [LINK]
    if rules.network.link_style is LinkStyle.WHOLE:
        assert made.text.count(LINK) == 1
        assert made.text.count("https://") == 1


@settings(max_examples=150, deadline=None)
@given(POSTS, RULES)
def test_words_end_on_a_boundary(post: Post, rules: Rules) -> None:
    """The words shown by the default template are whole sentences of what was said, or are cut with “…”."""
    made = compose(post, replace(rules, template=DEFAULT_TEMPLATE, hashtags=0))
    link = next(span for span in made.parts[0].spans if span.kind is SpanKind.LINK)
    shown = made.text[: link.start].rstrip("\n")
    have = said(post, rules)
    whole = [have.words[:end].rstrip() for end in ends(have.words)] + [have.words.rstrip(":： ")]
    fuller = {f"{have.title}\n\n{words}" if have.title else words for words in whole if words}
    assert shown in fuller | {"", have.alone} or shown.endswith("…")


@settings(max_examples=50, deadline=None)
@given(POSTS, RULES)
def test_same_input_same_output(post: Post, rules: Rules) -> None:
    """Composing twice gives equal announcements."""
    assert compose(post, rules) == compose(post, rules)


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_sentences_cover_the_text_in_order(text: str) -> None:
    """Sentence ends ascend, and behind the last one is nothing but white space."""
    clean = sayable(text)
    found = ends(clean)
    assert sorted(set(found)) == found
    assert clean[found[-1] if found else 0 :].strip() == ""
