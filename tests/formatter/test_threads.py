"""A long post as a thread: what holds for all of them, and how a few of them read."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.formatter import measure, words
from bot.formatter.compose import compose, over_limit
from bot.formatter.rules import DEFAULT_TEMPLATE, Rules
from bot.formatter.sentences import closes_with_colon, ends
from bot.formatter.threads import split
from bot.model import Announcement, Post, PostId, SpanKind
from bot.networks import BLUESKY, MASTODON, Unit
from tests.formatter.test_properties import LINK, POSTS, TEXTS

MASTODON_RULES = Rules("me", MASTODON, 500, 23, 3, parts=10)
BLUESKY_RULES = Rules("sky", BLUESKY, 300, None, 0, parts=10)
RULES = st.builds(
    replace,
    st.sampled_from(
        [MASTODON_RULES, BLUESKY_RULES, replace(MASTODON_RULES, counted=Unit.CODE_POINTS, url_length=None)]
    ),
    limit=st.integers(120, 500),
    parts=st.integers(2, 6),
    template=st.sampled_from([DEFAULT_TEMPLATE, "{{ content }}\n\n{{ url }}", "{{ title }} {{ url }}"]),
)


def gaps(text: str, messages: list[str]) -> list[str]:
    """What stands in `text` before each message; fails where one is not in it behind the one before."""
    spans, position = [(0, 0)], 0
    for message in messages:
        start = text.index(message, position)
        position = start + len(message)
        spans.append((start, position))
    return [text[before[1] : after[0]] for before, after in pairwise(spans)]


def post(title: str = "", body: str = "", tags: tuple[str, ...] = ()) -> Post:
    return Post("blog", "a.md", "a", LINK, title, body, id=PostId("1"), tags=tags)


@example(text="One more sentence! \n\n Hello. Hello.", room=1, limit=27, most=3, bare=False)
@given(TEXTS, st.integers(1, 80), st.integers(1, 120), st.integers(1, 6), st.booleans())
@settings(max_examples=200)
def test_no_word_is_lost_or_doubled(text: str, room: int, limit: int, most: int, bare: bool) -> None:
    """The messages stand in the text one behind the other with nothing but white space between them, and each fits."""
    text = words.sayable(text).strip()
    first, further = (lambda made, n=n: measure.graphemes(made) <= n for n in (room, limit))
    found = split(text, first, further, most, bare=bare)
    assert len(found) <= most
    assert all(fits(made) for fits, made in zip([first, *[further] * len(found)], found, strict=False))
    assert all(not gap.strip() for gap in gaps(text, found))
    assert all(message == message.strip() for message in found)


@given(TEXTS, st.integers(20, 120), st.integers(1, 4))
def test_a_thread_that_is_cut_short_ends_with_a_sentence(text: str, limit: int, most: int) -> None:
    """Where there is more than the last message may hold, it ends where a sentence does, if it ends one at all."""
    text = words.sayable(text).strip()
    found = split(text, lambda made: len(made) <= limit, lambda made: len(made) <= limit, most, bare=False)
    said = sum(map(len, (*found, *gaps(text, found))))
    stops = [end for end in ends(text) if end <= said]
    if found and said < len(text) and stops:
        assert len(text[: stops[-1]].rstrip()) == said or closes_with_colon(text[: stops[-1]])


def at_once(made: Announcement) -> int:
    spans = [span for part in made.parts for span in part.spans]
    return sum(span.kind is SpanKind.LINK and span.target == LINK for span in spans)


@given(POSTS, RULES)
@settings(max_examples=200, deadline=None)
def test_every_part_is_within_the_limit(post: Post, rules: Rules) -> None:
    """By the network's own count and in bytes; the link is there once, whole, in the first part; the same each time."""
    made = compose(post, rules)
    assert not over_limit(made, rules)
    assert [part.length for part in made.parts] == [
        measure.length(part.text, rules.unit, rules.url_length) for part in made.parts
    ]
    assert len(made.parts) <= rules.parts
    assert at_once(made) == 1
    assert any(span.target == LINK for span in made.parts[0].spans)
    assert all(part.text.strip() for part in made.parts)
    assert made == compose(post, rules)


PARAGRAPHS = "\n\n".join(f"Paragraph {n} begins here. " + "It goes on for a while. " * 8 for n in range(1, 8))


def test_a_long_article_reads_on() -> None:
    """Title, first words, link and hashtags first; then the rest, cut at paragraphs; every word is there."""
    made = compose(post("Soup for a hundred", PARAGRAPHS, tags=("cooking",)), MASTODON_RULES)
    first, *rest = [part.text for part in made.parts]
    assert first.startswith("Soup for a hundred\n\nParagraph 1 begins here. ")
    assert first.endswith(f"while.\n\n{LINK}\n\n#cooking")
    assert [text[:11] for text in rest] == ["Paragraph 3", "Paragraph 5", "Paragraph 7"]
    said = first.removesuffix(f"{LINK}\n\n#cooking").removeprefix("Soup for a hundred").split()
    assert PARAGRAPHS.split() == said + [word for text in rest for word in text.split()]
    assert not any("…" in text for text in (first, *rest))


@pytest.mark.parametrize("title", ["", "Short"])
def test_a_post_that_fits_is_one_part(title: str) -> None:
    """With all its words, not only its summary."""
    made = compose(post(title, "One. Two.\n\nThree."), MASTODON_RULES)
    assert [part.text for part in made.parts] == [f"{title}\n\nOne. Two.\n\nThree.\n\n{LINK}".strip()]


def test_a_thread_that_is_too_long_says_so() -> None:
    """It ends with a sentence, and the preview counts the words that are not said."""
    made = compose(post("T", PARAGRAPHS), replace(MASTODON_RULES, parts=2))
    assert len(made.parts) == 2
    assert made.parts[-1].text.endswith("while.")
    unsaid = len(PARAGRAPHS.split()) + 2 - len(made.text.split())
    assert made.warnings == (f"the thread ends after 2 parts: {unsaid} words of the post are not said",)


def test_words_of_ones_own_make_no_thread() -> None:
    """`posse.text` is never cut, not into parts either."""
    own = replace(post("T", PARAGRAPHS).settings.everywhere, text="Mine.")
    with_own = replace(post("T", PARAGRAPHS), settings=replace(post().settings, everywhere=own))
    assert [part.text for part in compose(with_own, MASTODON_RULES).parts] == [f"Mine.\n\n{LINK}"]


def test_a_sentence_longer_than_a_part_is_cut_between_words() -> None:
    """Without any mark of ours."""
    body = "word " * 200 + "end."
    made = compose(post("", body), BLUESKY_RULES)
    assert len(made.parts) > 2
    link = made.parts[0].spans[0]
    shown = made.parts[0].text[: link.start] + " ".join(["", *(part.text for part in made.parts[1:])])
    assert body.split() == shown.split()


def test_what_leads_on_goes_with_what_it_leads_to() -> None:
    """No message ends on a sentence that closes with a colon, or on a heading, while there is another place to end."""
    text = "One is here. Two is here:\n\n• a thing\n\nHeading of it\n\nThree is here."
    fits = lambda made: len(made) <= 26  # noqa: E731 - two of them, side by side, are read together
    assert split(text, fits, fits, 9, bare=False) == [
        "One is here.",
        "Two is here:\n\n• a thing",
        "Heading of it",
        "Three is here.",
    ]
    wide = lambda made: len(made) <= 52  # noqa: E731
    assert split(text, wide, wide, 9, bare=False) == [
        "One is here. Two is here:\n\n• a thing",
        "Heading of it\n\nThree is here.",
    ]
