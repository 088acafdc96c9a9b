"""What the formatter is told of the account it writes for. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.model import Visibility
from bot.networks import DEFAULT_TEMPLATE as DEFAULT_TEMPLATE
from bot.networks import Network


@dataclass(frozen=True, slots=True)
class Rules:
    """One account's rules for words.

    `limit` and `url_length` are the server's own where it told them, else the network's. `hashtags` is how many may
    stand in the text. `aliases` maps a tag as written (case ignored) to another, or to an empty text to hide it.
    `mentions` maps an `@name` of the blog to a handle on this network (both without the at sign).
    """

    account: str
    network: Network
    limit: int
    url_length: int | None
    hashtags: int
    template: str = DEFAULT_TEMPLATE
    visibility: Visibility = Visibility.PUBLIC
    language: str | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    mentions: Mapping[str, str] = field(default_factory=dict)
    limit_told: bool = False
