from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.errors import PostNotFound
from bot.identity import url_name
from bot.lookup import Entry, find
from bot.model import PostId


def entry(slug: str, year: int = 2024, *, folder: str = "_posts", urls: tuple[str, ...] = (), title: str = "") -> Entry:
    return Entry(
        id=PostId(f"{year}{slug}"),
        slug=slug,
        title=title or slug.replace("-", " ").title(),
        source="blog",
        source_id=f"{folder}/{year}-06-19-{slug}.md",
        published=datetime(year, 6, 19, tzinfo=UTC),
        urls=frozenset(url_name(url)[1] for url in (f"https://example.com/{year}/{slug}/", *urls)),
    )


POSTS = [
    entry("follow-black-python-devs-on-juneteenth", urls=("https://old.example.com/?p=12",)),
    entry("follow-the-sun"),
    entry("goals", 2023),
    entry("goals", 2024),
    entry("go"),
]


@pytest.mark.parametrize(
    "name",
    [
        "follow-black-python-devs-on-juneteenth",
        "follow-b",
        "_posts/2024-06-19-follow-black-python-devs-on-juneteenth.md",
        "./_posts/2024-06-19-follow-black-python-devs-on-juneteenth.md",
        "2024-06-19-follow-black-python-devs-on-juneteenth.md",
        "2024-06-19-follow-black-python-devs-on-juneteenth",
        "https://example.com/2024/follow-black-python-devs-on-juneteenth/",
        "http://EXAMPLE.com/2024/follow-black-python-devs-on-juneteenth/#top",
        "https://example.com/2024/follow-black-python-devs-on-juneteenth",
        "https://old.example.com/?p=12",
        "  follow-b  ",
    ],
)
def test_every_name_of_a_post_finds_it(name: str) -> None:
    """Slug, beginning, path, file name, URL and old URL all lead to the post."""
    assert POSTS[0] == find(name, POSTS)


def test_a_whole_slug_goes_before_a_beginning() -> None:
    """A slug that other slugs begin with is no ambiguity."""
    assert POSTS[4] == find("go", POSTS)


def test_an_ambiguous_name_lists_the_candidates_with_dates() -> None:
    """Several posts under one slug are listed, newest first."""
    with pytest.raises(PostNotFound) as caught:
        find("goals", POSTS)
    lines = str(caught.value).splitlines()
    assert '"goals" could be 2 posts' in lines[0]
    assert ["2024-06-19", "2023-06-19"] == [line.split()[0] for line in lines[1:]]


def test_an_ambiguous_name_can_be_told_apart_by_its_path() -> None:
    """The path that the list shows finds the one that is meant."""
    assert POSTS[2] == find("2023-06-19-goals.md", POSTS)


def test_a_beginning_of_several_is_ambiguous() -> None:
    """A beginning must be unique."""
    with pytest.raises(PostNotFound, match="could be 2 posts"):
        find("follow", POSTS)


@pytest.mark.parametrize(
    "name", ["folow-the-sun", "follow-the-son", "the-sun", "https://example.com/x/follow-the-sun/"]
)
def test_an_unknown_name_lists_the_nearest(name: str) -> None:
    """A slip of the pen is met with what is near."""
    with pytest.raises(PostNotFound, match="The nearest:") as caught:
        find(name, POSTS)
    assert "follow-the-sun" in str(caught.value)


def test_a_title_is_near_too() -> None:
    """Who types a title is shown the post."""
    with pytest.raises(PostNotFound) as caught:
        find("Follow The Sun!", POSTS)
    assert "  follow-the-sun  " in str(caught.value)


def test_nothing_near() -> None:
    """Where nothing is near, the message says how many there are and where to see them."""
    with pytest.raises(PostNotFound, match="`posse posts` lists all 5"):
        find("zzzzzz", POSTS)


@pytest.mark.parametrize("name", ["", "   "])
def test_an_empty_name_finds_nothing(name: str) -> None:
    """An empty name is nobody's beginning."""
    with pytest.raises(PostNotFound, match="No post was named"):
        find(name, POSTS)


def test_no_posts_at_all() -> None:
    """With no posts the message points at the sources."""
    with pytest.raises(PostNotFound, match="`posse check` tells why"):
        find("goals", [])


def test_one_post_twice_is_no_ambiguity() -> None:
    """A post that is seen and remembered is one post."""
    assert POSTS[1] == find("follow-the-sun", [*POSTS, POSTS[1]])
