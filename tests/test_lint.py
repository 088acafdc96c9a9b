from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.lint import Held, Kind, links, lint, summary
from bot.model import BodyFormat, Post, PostSettings, Problem, Words

DAY = datetime(2026, 1, 1, tzinfo=UTC)


def post(number: int = 0, **more: object) -> Post:
    """Return a post with nothing wrong; a higher number is newer."""
    values: dict[str, object] = {
        "source": "blog",
        "source_id": f"_posts/{number:03}.md",
        "slug": f"slug-{number}",
        "url": f"https://blog.example/{number}/",
        "title": "Title",
        "body": "Words.",
        "published": DAY + timedelta(days=number),
    }
    return Post(**(values | more))  # type: ignore[arg-type]  # the tests name the fields


def kinds(*posts: Post, **more: object) -> list[Kind]:
    return [one.kind for one in lint(posts, **more)]  # type: ignore[arg-type]  # likewise


def test_a_good_post_has_no_finding() -> None:
    """A title, an address, pictures that are described, an H1 in place of a title: nothing to say."""
    assert [] == lint([post(), post(1, body="![A cat](cat.png)"), post(2, title="", body="# A title\n\nWords.")])


def test_each_trouble_has_its_kind() -> None:
    """Mojibake, no address, no title, a picture without alt text in Markdown and in HTML."""
    assert [Kind.MOJIBAKE] == kinds(post(warnings=("mojibake repaired in title",)))
    assert [Kind.ADDRESS] == kinds(post(url=None))
    assert [Kind.ADDRESS] == kinds(post(url=None, warnings=("no address: it needs a date",)))
    assert [Kind.TITLE] == kinds(post(title=""))
    assert [Kind.ALT] == kinds(post(body="![](cat.png)"))
    assert [Kind.ALT, Kind.ALT] == kinds(post(body='<p><img src="a.png"><img src="b.png" alt=" "></p>'))
    assert [Kind.UNREADABLE] == kinds(problems=[Problem("a.md", "not UTF-8", 3)])


def test_an_account_that_is_not_there_is_told_with_the_nearest() -> None:
    """Named in `accounts`, or by words of its own; where it is not known which there are, none is strange."""
    own = PostSettings(accounts=("mastodn", "me"), per={"bluesky": Words(text="Hi"), "nowhere": Words(text="Hi")})
    found = lint([post(settings=own)], known={"mastodon", "bluesky", "me"})
    assert [Kind.STRANGER, Kind.STRANGER] == [one.kind for one in found]
    assert ['"mastodn"; did you mean "mastodon"?', '"nowhere"'] == [one.message for one in found]
    assert [] == lint([post(settings=own)])


def test_two_posts_with_one_address_are_told_at_the_newer() -> None:
    """The scheme makes no other address; a draft has none yet."""
    older, newer = post(1, url="http://blog.example/a/"), post(2, url="https://blog.example/a/")
    (found,) = lint([newer, older, post(3, url="https://blog.example/a/", draft=True)])
    assert (Kind.DUPLICATE, newer.source_id) == (found.kind, found.path)
    assert older.source_id in found.message


def test_what_would_be_held_is_one_finding_for_all_accounts() -> None:
    """The same reason on two accounts is told once."""
    held = [Held(post(), name, "leftover: an HTML entity: &nbsp;") for name in ("mastodon", "bluesky")]
    (found,) = lint([post()], held=held)
    assert "leftover: an HTML entity: &nbsp; (on mastodon, bluesky)" == found.message


def test_dead_links_are_told_where_they_stand() -> None:
    """Only those that were found dead, with the reason."""
    body = "[dead](https://a.example/x) [alive](https://b.example/)"
    (found,) = lint([post(body=body)], dead={"https://a.example/x": "404"})
    assert (Kind.DEAD, "https://a.example/x (404)") == (found.kind, found.message)


def test_links_of_a_body() -> None:
    """Links, autolinks and HTML of Markdown, or HTML; each once, web addresses only, none in code."""
    body = (
        "[a](https://a.example/) [again](https://a.example/) <https://b.example/> [rel](/x) [m](mailto:a@b.c)\n\n"
        "`[c](https://code.example)` <a href=\"https://c.example/\">c</a>\n\n<div><a href='https://d.example/'>d</a></div>\n"
    )
    expected = [f"https://{name}.example/" for name in "abcd"]
    assert expected == links(post(body=body))
    html = '<p><a class="x" href="https://a.example/">a</a><a href="#top">top</a></p>'
    assert ["https://a.example/"] == links(post(body=html, body_format=BodyFormat.HTML))


def test_many_findings_are_no_wall_of_text() -> None:
    """Ten of a kind, the newest first, and how many more there are; what needs no list is a number."""
    posts = [post(number, title="", body="![](a.png)") for number in range(300)]
    lines = summary(lint(posts))
    assert "300 pictures have no alt text:" == lines[0]
    assert ["  _posts/299.md: a.png", "  _posts/290.md: a.png"] == [lines[1], lines[10]]
    assert ["  … and 290 more (--json has all)", "300 posts have no title"] == lines[11:]
    assert ["1 file cannot be read:", "  a.md:3: not UTF-8"] == summary(lint([], [Problem("a.md", "not UTF-8", 3)]))
