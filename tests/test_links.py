from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.links import normalise, same_link


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTPS://Example.COM/A", "https://example.com/A"),
        ("https://example.com", "https://example.com/"),
        ("https://example.com?a=1", "https://example.com/?a=1"),
        ("https://example.com:443/a", "https://example.com/a"),
        ("http://example.com:80/a", "http://example.com/a"),
        ("https://example.com:8443/a", "https://example.com:8443/a"),
        ("https://bücher.example/a", "https://xn--bcher-kva.example/a"),
        ("https://BÜCHER.example/a", "https://xn--bcher-kva.example/a"),
        ("https://example.com/%7euser/%c3%a9", "https://example.com/~user/%C3%A9"),
        ("https://example.com/é", "https://example.com/%C3%A9"),
        ("https://example.com/a%2Fb", "https://example.com/a%2Fb"),
        ("https://example.com/100%", "https://example.com/100%"),
        ("https://example.com/a#part", "https://example.com/a"),
        ("https://me@example.com/a", "https://me@example.com/a"),
        ("http://[::1]:8080/a", "http://[::1]:8080/a"),
        (" https://example.com/a\n", "https://example.com/a"),
        ("mailto:me@example.com", "mailto:me@example.com"),
        ("http://example.com:none/", "http://example.com:none/"),
        ("http://[broken/", "http://[broken/"),
        ("", ""),
    ],
)
def test_every_spelling_of_a_link_has_one_form(url: str, expected: str) -> None:
    """Case, IDNA, port, escapes, fragment and an empty path are settled; what is no link stays."""
    assert expected == normalise(url)


@given(st.text())
def test_normalising_twice_is_normalising_once(path: str) -> None:
    """The form is stable, whatever the path holds."""
    once = normalise("https://example.com/" + path)
    assert once == normalise(once)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("http://example.com/a", "https://example.com/a", True),
        ("http://example.com:80/a", "https://example.com:443/a", True),
        ("https://example.com/a#x", "https://EXAMPLE.com/a", True),
        ("https://example.com/a", "https://example.com/a/", False),
        ("https://example.com/a", "https://example.com/A", False),
        ("https://example.com/a?b=1", "https://example.com/a", False),
        ("https://example.com/a", "https://www.example.com/a", False),
    ],
)
def test_same_link_knows_its_own(a: str, b: str, expected: bool) -> None:
    """The scheme makes no difference; a slash at the end, the case of the path and a query do."""
    assert expected == same_link(a, b)
