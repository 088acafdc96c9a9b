from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.watcher.folder import one, problem, source, write


def test_a_post_of_the_seeds_shape(tmp_path: Path) -> None:
    """Empty tags, microseconds, a redirect and doubly encoded words become what the author meant."""
    post = one(
        tmp_path,
        "---\ncategory: micro.blog\ndate: 2024-06-19T18:47:59.000000Z\nslug: follow-them\n"
        "title: ðŸ’œ Follow them\nredirect_to: https://micro.example/2024/06/19/follow.html\ntags:\n---\n\n"
        "If you havenâ€™t heard.\n",
    )
    assert post.title == "💜 Follow them"
    assert post.body == "If you haven’t heard."
    assert post.url == "https://micro.example/2024/06/19/follow.html"
    assert post.urls == ("https://blog.example/2024/06/19/follow-them/",)
    assert (post.tags, post.categories) == ((), ())
    assert post.published == datetime(2024, 6, 19, 18, 47, 59, tzinfo=UTC)
    assert post.warnings == ("mojibake repaired in title, body",)


def test_characters_that_yaml_refuses_are_repaired_first(tmp_path: Path) -> None:
    """Mojibake with C1 bytes, at which PyYAML stops, is read; only the keys it stood in are named."""
    damaged = "café 💜".encode().decode("latin-1")
    post = one(tmp_path, f"---\ntitle: plain ’\nsummary: {damaged}\n---\nb\n")
    assert (post.title, post.summary) == ("plain ’", "café 💜")
    assert post.warnings == ("mojibake repaired in summary",)


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_bom_and_line_ends_are_taken_off(tmp_path: Path, end: str) -> None:
    """A file of any system reads the same."""
    text = end.join(["---", "title: A", "slug: b", "---", "", "one", "", "two"])
    post = one(tmp_path, b"\xef\xbb\xbf" + text.encode())
    assert (post.title, post.slug, post.body) == ("A", "b", "one\n\ntwo")


def test_mixed_line_ends_are_one_kind(tmp_path: Path) -> None:
    """Fences are seen whatever ends their lines."""
    assert one(tmp_path, "---\r\ntitle: A\n---\r\none\r\ntwo\n").body == "one\ntwo"


def test_text_is_composed(tmp_path: Path) -> None:
    """Letters and their marks come as one character, as people type them."""
    assert one(tmp_path, "---\ntitle: cafe\u0301\n---\n").title == "caf\u00e9"


@pytest.mark.parametrize("head", ["title:\nslug:\n", "title: ''\nslug: ''\n", "title: null\nslug: ~\n", ""])
def test_without_title_and_slug_the_file_name_gives_the_slug(tmp_path: Path, head: str) -> None:
    """The title stays empty, never made of the slug; the date is the name's, without a time."""
    post = one(tmp_path, f"---\n{head}---\nb\n")
    assert (post.title, post.slug) == ("", "a-post")
    assert (post.published, post.has_time) == (datetime(2024, 6, 19, 5, tzinfo=UTC), False)
    assert post.url == "https://blog.example/2024/06/19/a-post/"


def test_words_stay_as_written(tmp_path: Path) -> None:
    """What YAML 1.1 would make false, octal or sexagesimal stays text."""
    post = one(tmp_path, "---\ntitle: No\nslug: 0123\ntags: [on, 2024]\nsummary: 12:30\n---\n")
    assert (post.title, post.slug, post.tags, post.summary) == ("No", "0123", ("on", "2024"), "12:30")


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("tags:", ()),
        ("tags: []", ()),
        ("tags: [a b, c, a b]", ("a b", "c")),
        ("tags:\n  - a\n  - 2024", ("a", "2024")),
        ("tags: a b", ("a", "b")),
        ("tags: a b, c", ("a b", "c")),
        ("taxonomies: {tags: [a]}", ("a",)),
    ],
)
def test_tags_come_in_several_shapes(tmp_path: Path, tags: str, expected: tuple[str, ...]) -> None:
    """A list, words, or words with commas; empty is none."""
    assert one(tmp_path, f"---\n{tags}\n---\n").tags == expected


def test_a_lone_category_is_for_the_address_only(tmp_path: Path) -> None:
    """`category` fills `:categories` and is no category of the post."""
    write(tmp_path, "_posts/2024-06-19-a.md", "---\ncategory: Garden\n---\n")
    (post,) = source(tmp_path, permalink="jekyll").scan({}).posts
    assert (post.categories, post.url) == ((), "https://blog.example/garden/2024/06/19/a.html")


@pytest.mark.parametrize("head", ["draft: true", "draft: yes", "published: false", "status: draft"])
def test_drafts_are_found_and_marked(tmp_path: Path, head: str) -> None:
    """A draft is a post that says so."""
    assert one(tmp_path, f"---\n{head}\n---\n").draft


@pytest.mark.parametrize("head", ["draft: false", "published: true", "published: 2024-06-19", "title: draft"])
def test_other_posts_are_no_drafts(tmp_path: Path, head: str) -> None:
    """Nothing else makes a draft."""
    assert not one(tmp_path, f"---\n{head}\n---\n").draft


def test_what_lies_in_drafts_is_a_draft(tmp_path: Path) -> None:
    """A file under `_drafts` is one, with no date and no address."""
    write(tmp_path, "site/_drafts/later.md")
    (post,) = source(tmp_path, folder="site").scan({}).posts
    assert (post.draft, post.published, post.url) == (True, None, None)


def test_a_future_post_is_returned(tmp_path: Path) -> None:
    """Whether its time has come is for others to say."""
    assert one(tmp_path, "---\ndate: 2099-01-01 10:00\n---\n").published == datetime(2099, 1, 1, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("head", "url", "others"),
    [
        (
            "canonical_url: https://o.example/x\nredirect_to: https://r.example/",
            "https://o.example/x",
            ("https://blog.example/2024/06/19/a-post/",),
        ),
        ("canonical: /x/", "https://blog.example/x/", ("https://blog.example/2024/06/19/a-post/",)),
        ("redirect_to: [https://r.example/y]\npermalink: /p/", "https://r.example/y", ("https://blog.example/p/",)),
        ("permalink: /:year/:title/", "https://blog.example/2024/a-post/", ()),
        ("permalink: pretty\ncategories: [X]", "https://blog.example/x/2024/06/19/a-post/", ()),
        ("url: notes/é/", "https://blog.example/notes/%C3%A9/", ()),
        ("permalink: false", None, ()),
        (
            "aliases: [/old/, 'https://w.example/1', /old/]\nredirect_from: /older",
            "https://blog.example/2024/06/19/a-post/",
            ("https://blog.example/old/", "https://w.example/1", "https://blog.example/older"),
        ),
    ],
)
def test_the_canonical_address_is_the_first_that_is_set(
    tmp_path: Path, head: str, url: str | None, others: tuple[str, ...]
) -> None:
    """Canonical, redirect, own address, pattern: in this order; the others are kept to know the post by."""
    post = one(tmp_path, f"---\n{head}\n---\n")
    assert (post.url, post.urls) == (url, others)


def test_the_pattern_is_filled_in_the_sites_zone(tmp_path: Path) -> None:
    """A post of one o'clock in UTC is of the day before in Chicago."""
    assert one(tmp_path, "---\ndate: 2024-06-20T01:00:00Z\n---\n").url == "https://blog.example/2024/06/19/a-post/"


def test_without_a_site_there_is_no_address(tmp_path: Path) -> None:
    """No address is made up."""
    write(tmp_path, "_posts/2024-06-19-a.md", "---\npermalink: /x/\naliases: [/y/]\n---\n")
    (post,) = source(tmp_path, site_url=None).scan({}).posts
    assert (post.url, post.urls) == (None, ())


def test_a_missing_date_leaves_the_post_without_an_address(tmp_path: Path) -> None:
    """The post is there, and a warning says what is missing."""
    write(tmp_path, "notes/a.md")
    (post,) = source(tmp_path, folder="notes").scan({}).posts
    assert (post.published, post.url) == (None, None)
    assert "needs a date" in post.warnings[0]


def test_pictures_come_in_several_shapes(tmp_path: Path) -> None:
    """Text, tables with a path and an alt text, lists; a theme's switch is none."""
    post = one(
        tmp_path,
        "---\nimage: /a.png\nimage_alt: An A\nimages: [/a.png, {src: /b.png, alt: A B}]\n"
        "cover: {image: c.png, hidden: true}\nfeatured_image: false\n---\n",
    )
    assert [(image.source, image.alt) for image in post.images] == [
        ("/a.png", "An A"),
        ("/b.png", "A B"),
        ("c.png", None),
    ]


def test_a_bundle_is_named_by_its_folder(tmp_path: Path) -> None:
    """Hugo's `foo/index.md` is `foo`, with a date of the folder's name in the address; section pages are no posts."""
    write(tmp_path, "content/posts/2024-06-19-foo/index.md")
    write(tmp_path, "content/posts/_index.md")
    write(tmp_path, "content/posts/deep/_index.md")
    write(tmp_path, "content/posts/index.md")
    (post,) = source(tmp_path, folder="content/posts", permalink="hugo").scan({}).posts
    assert (post.slug, post.url) == ("foo", "https://blog.example/posts/2024-06-19-foo/")
    assert post.published == datetime(2024, 6, 19, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (b"---\ntitle: A\nsummary: caf\xe9\n---\n", 3, "byte 0xE9 in line 3, offset 25); save it as UTF-8"),
        (b"\xef\xbb\xbf---\r\ntitle: \xff\r\n---\r\n", 2, "byte 0xFF in line 2, offset 15"),
        ("---\ntitle: A\n---\n".encode("utf-16"), 1, "UTF-16"),
        (b"---\ntitle: A\n---\n\0", 4, "NUL byte"),
        (b"x" * 5_000_001, None, "larger than 5 MB"),
        ("---\ntitle: a: b\n---\n", 2, "not valid YAML"),
        ("---\ntitle: A\ndate: 13/01/2024\n---\n", 3, '"13/01/2024" is not a date'),
        ("---\ntitle: [a]\n---\n", 2, '"title" must be text'),
        ("---\na: 1\ndraft: soon\n---\n", 3, '"draft" must be true or false'),
        ("---\na: 1\ntags: {a: b}\n---\n", 3, "list of words"),
        ("---\na: 1\ncanonical_url: blog.example/x\n---\n", 3, "neither a whole URL nor a path"),
        ("---\na: 1\nredirect_to: 'mailto:a@b.example'\n---\n", 3, "not a web address"),
        ("---\na: 1\npermalink: /:titel/\n---\n", 3, '":titel"'),
        ("---\na: 1\npermalink: '/{{ title }}/'\n---\n", 3, "set canonical_url"),
        ("---\nposse:\n  textt: a\n---\n", 3, 'did you mean "text"?'),
        ("---\nposse: perhaps\n---\n", 2, '"posse" must be false or a table'),
        ("---\nposse:\n  mastodon:\n    visibility: secret\n---\n", 4, "must be one of public"),
        ("---\nposse:\n  mastodon:\n    accounts: [a]\n---\n", 4, '"posse.mastodon.accounts"'),
        ("---\nposse:\n  not_after: soon\n---\n", 3, '"soon" is not a date'),
        ("---\nposse:\n  text: [a]\n---\n", 3, '"posse.text" must be text'),
    ],
)
def test_one_bad_file_is_one_problem(tmp_path: Path, content: str | bytes, line: int | None, words: str) -> None:
    """It is told with path and line, and the other files are read."""
    found = problem(tmp_path, content)
    assert words in found.message
    assert (found.path, found.line) == ("_posts/2024-06-19-a-post.md", line)
    assert (found.source, found.source_id) == ("blog", found.path)


@pytest.mark.parametrize(
    ("name", "words"), [("undated.md", "no date, neither"), ("2024-13-45-x.md", '"2024-13-45" is not a date')]
)
def test_a_name_without_a_date_is_told(tmp_path: Path, name: str, words: str) -> None:
    """In `_posts` a post needs a date, and one of the calendar; in the front matter will do."""
    assert words in problem(tmp_path, "---\ntitle: A\n---\n", name).message
    write(tmp_path, f"_posts/{name}", "---\ndate: 2024-01-02\n---\n")
    assert source(tmp_path).scan({}).problems == ()


def test_the_posse_table_is_read(tmp_path: Path) -> None:
    """Words for all and for one, accounts, and a day that counts to its end where the site is."""
    settings = one(
        tmp_path,
        "---\nposse:\n  text: |\n    Said\n    twice\n  accounts: [mastodon]\n  content_warning: Spoilers\n"
        "  visibility: unlisted\n  language: de\n  image: /c.png\n  not_after: 2026-11-27\n"
        "  mastodon: {text: Only here}\n---\n",
    ).settings
    words = settings.everywhere
    assert (words.text, words.content_warning, words.visibility) == ("Said\ntwice", "Spoilers", "unlisted")
    assert (words.language, words.image, settings.accounts) == ("de", "/c.png", ("mastodon",))
    assert settings.not_after == datetime(2026, 11, 28, 5, 59, 59, 999_999, tzinfo=UTC)
    assert settings.per["mastodon"].text == "Only here"


@pytest.mark.parametrize(
    ("value", "skip"), [("false", True), ("no", True), ("true", False), ("", False), ("{}", False)]
)
def test_posse_false_skips(tmp_path: Path, value: str, skip: bool) -> None:
    """Only a no is a no."""
    assert one(tmp_path, f"---\nposse: {value}\n---\n").settings.skip is skip
