"""How networks count."""

from __future__ import annotations

import pytest

from bot.formatter import measure, urls
from bot.networks import Unit


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("abc", 3),
        ("👩‍👩‍👧‍👦", 1),
        ("🇨🇭🇺🇦", 2),
        ("क्षि", 1),
        ("e\u0301", 1),
        ("a\r\nb", 3),
        ("❤️💜", 2),
    ],
)
def test_graphemes(text: str, expected: int) -> None:
    """A grapheme is what a reader takes for one character."""
    assert measure.graphemes(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://example.com/" + "a" * 200, 23),
        ("see https://example.com/a_(b).", 4 + 23 + 1),
        ("(https://example.com/x)", 25),
        ("https://example.com/a?b=c&d=e, x", 23 + 3),
        ("https://example.com. Next", 23 + 6),
        ("https://例え.jp/日本", 23),
        ("example.com", 11),
        ("ftp://example.com", 17),
        ("http://127.0.0.1:8000/abc", 25),
        ("http://localhost/x", 18),
        ("xhttps://example.com", 20),
        ("hi @bob@example.social!", 8),
        ("mail me@example.com", 19),
        ("https://mastodon.example.org/@bob@example.social", 23),
        ("💜 https://a.dev/", 25),
    ],
)
def test_mastodon(text: str, expected: int) -> None:
    """A URL with a scheme and a real domain counts 23, a remote mention its local part."""
    assert measure.mastodon(text) == expected


def test_the_servers_own_url_length_counts() -> None:
    """A server that reserves another length for a URL is believed."""
    assert measure.mastodon("https://example.com/x y", url_length=30) == 32


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("abc", 3),
        ("日本", 4),
        ("👩‍👩‍👧‍👦", 2),
        ("go example.com/long/path", 26),
        ("e.g. this", 9),
        ("“é”", 3),
        ("e\u0301", 1),
    ],
)
def test_x(text: str, expected: int) -> None:
    """X weighs by ranges, an emoji 2, any URL 23."""
    assert measure.x(text) == expected


@pytest.mark.parametrize(
    ("unit", "expected"),
    [(Unit.GRAPHEMES, 22), (Unit.MASTODON, 25), (Unit.CODE_POINTS, 22), (Unit.X, 26), (Unit.UTF8, 25)],
)
def test_length_by_unit(unit: Unit, expected: int) -> None:
    """Each unit counts in its own way."""
    assert measure.length("💜 https://example.com/", unit, None) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "https://micro.webology.dev/2024/06/19/follow-black-python.html",
            "micro.webology.dev/2024/06/19/f...",
        ),
        ("https://Example.com/", "example.com"),
        ("https://example.com/123456789012345", "example.com/123456789012..."),
        ("https://example.com/12345678901234", "example.com/12345678901234"),
        ("https://example.com/?q=1#x", "example.com?q=1#x"),
    ],
)
def test_short_links_are_shown_as_the_bluesky_client_does(url: str, expected: str) -> None:
    """Host, then the path whole or its first 13 characters and three dots."""
    assert urls.short(url) == expected


@pytest.mark.parametrize("text", ["a." * 20000, "https://" + "a." * 20000, "https://a.com/" + "(a" * 20000])
def test_finding_urls_takes_no_exponential_time(text: str) -> None:
    """Hostile text is measured in about linear time (the test would hang)."""
    assert measure.mastodon(text) > 0


@pytest.mark.parametrize(("text", "escapes", "units"), [("a", 1, 1), ("a & b", 9, 5), ("<é>", 9, 3), ("💜", 1, 2)])
def test_counts_that_no_network_publishes_are_the_safe_ones(text: str, escapes: int, units: int) -> None:
    """Slack's signs count escaped; LinkedIn's emoji count two."""
    assert escapes == measure.length(text, Unit.ESCAPED, None)
    assert units == measure.length(text, Unit.UTF16, None)
