from __future__ import annotations

import json
from zoneinfo import ZoneInfo

import pytest

from bot.model import Image, PostSettings, Visibility, Words
from bot.watcher import feed_settings
from tests.watcher.feeds import all_of, atom, entry, item, one, rss

NAMES = 'xmlns:posse="https://posseparty.com/2024/Feed"'
VALUES = {"title": "A title", "summary": "In short.", "content": "All of it.", "url": "https://blog.example/1/"}


def element(table: object, attributes: str = ' format="json"') -> str:
    """Return a `posse:post` element."""
    text = table if isinstance(table, str) else json.dumps(table)
    return f"<posse:post{attributes}><![CDATA[{text}]]></posse:post>"


def read(table: object) -> PostSettings:
    """Return the settings of one entry."""
    return feed_settings.read(table, ZoneInfo("UTC")).rendered(VALUES)


@pytest.mark.parametrize("attributes", ["", ' format="json"'])
@pytest.mark.parametrize("names", [NAMES, ""])
def test_the_element_is_found(attributes: str, names: str) -> None:
    """With and without its attribute and its namespace's declaration, in Atom and RSS."""
    inside = element({"syndicate": False}, attributes)
    assert one(atom(entry(inside), names=names)).settings.skip
    assert one(rss(item(inside), names=names)).settings.skip
    assert not one(atom(entry(), names=names)).settings.skip


def test_the_namespace_counts_and_not_the_prefix() -> None:
    """Another prefix is the same; the same prefix of another namespace is another's."""
    inside = element({"syndicate": False})
    other = inside.replace("posse:post", "wtf:post")
    assert one(atom(entry(other), names=NAMES.replace("xmlns:posse", "xmlns:wtf"))).settings.skip
    assert not one(atom(entry(inside), names='xmlns:posse="https://other.example/"')).settings.skip


def test_a_network_alone_can_be_left_out() -> None:
    """`syndicate: false` for `bsky` is Bluesky's only."""
    settings = read({"platform_overrides": {"bsky": {"syndicate": False}}})
    assert (False, True) == (settings.skip, settings.per["bluesky"].skip)


def test_a_format_makes_the_words() -> None:
    """Its places are filled with the post's own; a network's format counts more."""
    settings = read(
        {
            "format_string": "{{title}}: {{ summary }}",
            "platform_overrides": {"mastodon": {"format_string": "{{content}} {{url}}"}},
        }
    )
    assert "A title: In short." == settings.everywhere.text
    assert "All of it. https://blog.example/1/" == settings.per["mastodon"].text


def test_words_of_a_network_s_own() -> None:
    """`content` in an override is what is said there."""
    assert "Said here." == read({"platform_overrides": {"mastodon": {"content": "Said here."}}}).per["mastodon"].text
    assert read({"content": "All"}).everywhere.text is None


def test_long_words_are_cut_unless_told_otherwise() -> None:
    """Theirs are cut by default, ours never: so it is done here, by whole sentences."""
    long = {"format_string": "Beginning. Word" + " word" * 100}
    assert "Beginning." == read(long).everywhere.text
    assert long["format_string"] == read({**long, "truncate": False}).everywhere.text


def test_what_stands_in_place_of_the_entry_s_own() -> None:
    """Title, summary, content and address; pictures go first."""
    table = {
        "title": "Another",
        "summary": "Shorter",
        "content": "The words",
        "url": "https://blog.example/own/",
        "media": [
            {"type": "image", "url": "https://blog.example/m.png", "alt": "M"},
            {"type": "video", "url": "v.mp4"},
        ],
    }
    post = one(rss(item(element(table)), names=NAMES))
    assert ("Another", "Shorter", "<p>The words</p>") == (post.title, post.summary, post.body)
    assert ("https://blog.example/own/", (Image("https://blog.example/m.png", "M"),)) == (post.url, post.images)
    assert "https://blog.example/1/" in post.urls


def test_our_own_keys_are_heard() -> None:
    """As in front matter, everywhere and for a network."""
    settings = read(
        {
            "content_warning": "Soup",
            "accounts": ["mastodon"],
            "og_image": "https://blog.example/card.png",
            "platform_overrides": {"mastodon": {"visibility": "unlisted", "text": "Mine"}},
        }
    )
    assert ("Soup", "https://blog.example/card.png") == (settings.everywhere.content_warning, settings.everywhere.image)
    assert ("mastodon",) == settings.accounts
    assert (Visibility.UNLISTED, "Mine") == (settings.per["mastodon"].visibility, settings.per["mastodon"].text)


def test_unknown_keys_are_told_and_ignored() -> None:
    """Also in an override, and a network that nobody knows; what only they can do is passed over in silence."""
    table = {"colour": 1, "append_url": True, "platform_overrides": {"bsky": {"sparkle": 2}, "orkut": {}}}
    given = feed_settings.read(table, ZoneInfo("UTC"))
    assert [
        'posse:post: "colour" is no key that is known',
        'posse:post: "bluesky.sparkle" is no key that is known',
        'posse:post: "orkut" is no network that is known',
    ] == [*given.warnings]
    assert PostSettings(per={"bluesky": Words(), "orkut": Words()}) == given.rendered(VALUES)


def test_relaxed_json_is_read() -> None:
    """Single quotes, names without quotes and a comma too many."""
    assert one(rss(item(element("{'syndicate': false,}")), names=NAMES)).settings.skip
    assert one(rss(item(element("{syndicate: false}")), names=NAMES)).settings.skip


@pytest.mark.parametrize("text", ["{'title': ", "[1]", '{"platform_overrides": 3}', '{"visibility": "loud"}'])
def test_settings_that_cannot_be_read_keep_the_entry_back(text: str) -> None:
    """They may say that it shall not go out: the entry is a problem, and the others are read."""
    found = all_of(rss(item(element(text)), item(number=2), names=NAMES))
    assert ["tag:2"] == [post.source_id for post in found.posts]
    assert [("tag:1", True)] == [(one.source_id, "posse:post" in one.message) for one in found.problems]
