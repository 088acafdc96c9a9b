"""Which pictures go along, and what is said of them."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from bot.formatter.compose import compose
from bot.formatter.pictures import Picture, Wanted, described, lacking, left_out, wanted, warnings
from bot.formatter.rules import Rules
from bot.model import BodyFormat, Card, Image, Media, Post, PostId, PostSettings, Reason, Words
from bot.networks import BLUESKY, MASTODON, Pictures, X

LINK = "https://example.com/a/"
RULES = Rules("me", MASTODON, 500, 23, 3, most_images=4)
BODY = "Words.\n\n![One](1.png) ![](2.png)\n\n<img src='3.png' alt=''>\n\n![Again](1.png)"
PICTURE = Media(b"x", "image/png", "", 1, 1)


def note(body: str = BODY, **more: Any) -> Post:
    return Post("blog", "_posts/a.md", "a", LINK, "", body, id=PostId("1"), path="_posts/a.md", **more)


def named(post: Post, rules: Rules = RULES) -> list[tuple[str, str | None]]:
    return [(wish.source, wish.alt) for wish in wanted(post, rules)]


def test_each_once_in_order_with_its_alt() -> None:
    """Front matter first, then the body; the alt text of a missing one is None, of a decorative one empty."""
    assert named(note()) == [("1.png", "One"), ("2.png", None), ("3.png", "")]
    first = note(images=(Image("0.png", "Zero"), Image("1.png", None)))
    assert named(first) == [("0.png", "Zero"), ("1.png", "One"), ("2.png", None), ("3.png", "")]


def test_no_more_than_the_network_shows() -> None:
    """The server's own number counts."""
    body = " ".join(f"![{n}]({n}.png)" for n in range(9))
    assert len(wanted(note(body), RULES)) == 4
    assert len(wanted(note(body), replace(RULES, most_images=6))) == 6
    assert wanted(note(body), replace(RULES, most_images=0)) == ()


def test_what_stays_behind_is_told() -> None:
    """How many, of how many, and why; nothing where all go, or none are wanted."""
    body = " ".join(f"![{n}]({n}.png)" for n in range(6))
    assert ["2 of its 6 pictures stay behind: no more than 4 go with a post there"] == [*left_out(note(body), RULES)]
    none = replace(RULES, most_images=0)
    assert ["6 of its 6 pictures stay behind: none go there"] == [*left_out(note(body), none)]
    assert [] == [*left_out(note(), RULES)]
    assert [] == [*left_out(replace(note(body), title="T"), RULES)]


def test_what_moves_goes_alone_where_it_must() -> None:
    """X takes one animated GIF or up to four still pictures: with others, its first frame is shown."""
    rules = replace(RULES, network=X)
    assert [True] == [wish.limits.animated for wish in wanted(note("![A](a.gif)"), rules)]
    assert [False, False] == [wish.limits.animated for wish in wanted(note("![A](a.gif) ![B](b.gif)"), rules)]


def test_the_settings_own_picture_stands_for_all() -> None:
    """`posse.image`, also for one account alone, with the alt text that the body gives it."""
    settings = PostSettings(everywhere=Words(image="card.png"), per={"me": Words(image="1.png")})
    assert named(note(settings=settings)) == [("1.png", "One")]
    assert named(note(settings=settings), replace(RULES, account="you")) == [("card.png", None)]


@pytest.mark.parametrize(
    ("images", "title", "body", "count"),
    [
        ("notes", "", BODY, 3),
        ("notes", "T", BODY, 0),
        ("notes", "", f"# T\n\n{BODY}", 0),
        ("always", "T", BODY, 3),
        ("never", "", BODY, 0),
    ],
)
def test_whose_pictures(images: str, title: str, body: str, count: int) -> None:
    """A post has a title also where its body opens with one."""
    assert len(wanted(replace(note(body), title=title), replace(RULES, images=images))) == count


def test_a_server_that_needs_a_picture_gets_an_articles_too() -> None:
    """And holds a post that has none."""
    rules = replace(RULES, needs_picture=True)
    assert len(wanted(replace(note(), title="T"), rules)) == 3
    bare = compose(note(), rules)
    assert (lacking(bare, rules) or ("",))[0] is Reason.INVALID
    assert lacking(compose(note(), rules, media=(PICTURE,)), rules) is None


def test_html_pictures_count_as_well() -> None:
    """In a feed's entry, for one."""
    body = '<p>Words</p><figure><img src="https://a.example/1.jpg" alt="One"></figure>'
    assert named(note(body, body_format=BodyFormat.HTML)) == [("https://a.example/1.jpg", "One")]


def test_a_long_alt_text_is_cut_and_said_to_be() -> None:
    """Between words, at what the server takes."""
    rules = replace(RULES, pictures=Pictures(1, 1, alt=20))
    (wish,) = wanted(note("![Many words that say what it shows](1.png)"), rules)
    assert wish.alt == "Many words that say…"
    assert list(warnings([Picture(described(PICTURE, wish))], rules)) == [
        "the alt text of 1.png is cut to 20 characters"
    ]


def test_only_a_missing_alt_text_is_warned_of() -> None:
    """An empty one is the author's word that the picture is decoration."""
    made = [Picture(described(PICTURE, wish)) for wish in wanted(note(), RULES)]
    assert list(warnings(made, RULES)) == ["the picture 2.png has no alt text"]
    media = tuple(picture.media for picture in made if picture.media)
    strict = replace(RULES, require_alt=True)
    assert lacking(compose(note(), RULES, media=media), strict) == (Reason.ALT_MISSING, "no alt text: 2.png")
    assert lacking(compose(note(), RULES, media=media), RULES) is None


@pytest.mark.parametrize(("network", "kept"), [(MASTODON, True), (BLUESKY, False)], ids=["mastodon", "bluesky"])
def test_pictures_take_the_cards_place_where_there_is_one_place(network: Any, kept: bool) -> None:
    """On Bluesky a post has pictures or a card."""
    rules = replace(RULES, network=network)
    card = Card(LINK, "T")
    assert compose(note(), rules, card=card).card == card
    assert (compose(note(), rules, card=card, media=(PICTURE,)).card is not None) == kept


def test_what_is_wanted_names_the_post_and_the_limits() -> None:
    """So that a picture is found beside its post, and made once for each network."""
    (wish,) = wanted(note("![One](1.png)"), RULES)
    assert wish == Wanted("1.png", "_posts/a.md", LINK, "blog", MASTODON.pictures, "One")
