"""One file for each network. They are named by dotted strings in `bot.networks`, and imported when they are used."""

from __future__ import annotations

from importlib import import_module

from bot.networks import Network
from bot.publishers.base import Access, Publisher


def make(network: Network, access: Access) -> Publisher:
    """Return the publisher of one account. Nothing is requested yet, and no secret is read."""
    module, _, name = network.publisher.partition(":")
    publisher: Publisher = getattr(import_module(module), name)(access)
    return publisher
