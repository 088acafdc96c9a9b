from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec.structs import replace

from bot.formatter.by_hand import compose_link
from bot.formatter.cost import cost
from bot.model import Media, Part, Span, SpanKind
from bot.networks import BLUESKY, LOCAL, MASTODON, NETWORKS, Network, X
from bot.testing import announcement

PICTURE = Media(b"", "image/png", "A road", 1, 1)
OPTIONS = {"instance": "https://social.example", "app": "https://bsky.app", "web": "https://x.com"}


@pytest.mark.parametrize(
    ("texts", "media", "expected"),
    [
        (("No link",), (), 0.015),
        (("A link https://example.com/",), (), 0.2),
        (("A bare domain example.com",), (), 0.2),
        (("Node.js is none",), (), 0.015),
        (("A link https://example.com/", "Two", "Three"), (), 0.23),
        (("No link",), (PICTURE, PICTURE, replace(PICTURE, alt="")), 0.025),
    ],
)
def test_x_takes_more_for_a_link(texts: tuple[str, ...], media: tuple[Media, ...], expected: float) -> None:
    """Each part by itself, $0.200 with anything that X makes a link of, and $0.005 for each description."""
    made = replace(announcement(*texts, url="https://example.com/"), media=media)
    assert expected == cost(made, X)


@pytest.mark.parametrize("network", [MASTODON, BLUESKY, LOCAL])
def test_others_take_nothing(network: Network) -> None:
    """No cost is no number, so that nothing is shown."""
    assert cost(announcement(), network) is None


def test_the_form_has_whole_links() -> None:
    """A link that the network shows shortened stands whole in the form."""
    words = "Read example.com/a... now 💜"
    span = Span(5, 21, SpanKind.LINK, "https://example.com/a-long-path?a=1&b=2")
    made = replace(announcement(), parts=(Part(words, len(words), (span,)), Part("Two", 3)))
    link = compose_link(made, BLUESKY, OPTIONS)
    assert link is not None
    assert ["Read https://example.com/a-long-path?a=1&b=2 now 💜"] == parse_qs(urlsplit(link).query)["text"]


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        (MASTODON, "https://social.example/share?text=A%20%26%20%7Bb%7D%0Ac"),
        (BLUESKY, "https://bsky.app/intent/compose?text=A%20%26%20%7Bb%7D%0Ac"),
        (X, "https://x.com/intent/post?text=A%20%26%20%7Bb%7D%0Ac"),
        (LOCAL, None),
    ],
)
def test_each_form_is_the_networks_own(network: Network, expected: str | None) -> None:
    """The words are escaped, and stand where the network's form reads them."""
    assert expected == compose_link(announcement("A & {b}\nc"), network, OPTIONS)


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_every_form_can_be_filled_in(network: Network) -> None:
    """A template names no more than the words, the link and the network's own options."""
    values = {option.name: "https://here.example" for option in network.options}
    link = compose_link(announcement(), network, values)
    assert (link is None) == (network.compose_url is None)
    assert link is None or link.startswith("https://")
