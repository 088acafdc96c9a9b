"""What an announcement costs, by its network's prices. Pure."""

from __future__ import annotations

from bot.model import Announcement, Part, SpanKind
from bot.networks import Network, Prices, Unit


def cost(announcement: Announcement, network: Network) -> float | None:
    """Return the US dollars it costs, None on a network that takes none."""
    prices = network.prices
    if prices is None:
        return None
    described = sum(1 for picture in announcement.media if picture.alt)
    return round(sum(_price(part, prices, network.unit) for part in announcement.parts) + described * prices.alt, 6)


def _price(part: Part, prices: Prices, unit: Unit) -> float:
    links = any(span.kind is SpanKind.LINK for span in part.spans)
    if unit is Unit.X:  # it takes a bare domain for a link also
        from bot.formatter import x_text

        links = links or next(x_text.urls(part.text), None) is not None
    return prices.link if links else prices.post
