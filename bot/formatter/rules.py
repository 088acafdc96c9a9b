"""What the formatter is told of the account it writes for. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from bot.model import Visibility
from bot.networks import DEFAULT_TEMPLATE as DEFAULT_TEMPLATE
from bot.networks import Network, Pictures, Unit


class Rules(Struct, frozen=True):
    """One account's rules for words.

    `limit` and `url_length` are the server's own where it told them, else the network's. `hashtags` is how many may
    stand in the text. `aliases` maps a tag as written (case ignored) to another, or to an empty text to hide it.
    `mentions` maps an `@name` of the blog to a handle on this network (both without the at sign).
    `images` says which posts bring their pictures: `notes`, `always` or `never`; `most_images` and `pictures` are the
    server's own where it told them. `needs_picture` says that it takes no post without one.
    `parts` is how many messages a long post may make, 1 where it is not a thread.
    `counted` is the server's own unit, None where it is the network's.
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
    images: str = "notes"
    most_images: int = 0
    pictures: Pictures | None = None
    needs_picture: bool = False
    require_alt: bool = False
    parts: int = 1
    counted: Unit | None = None

    @property
    def unit(self) -> Unit:
        """How the server counts."""
        return self.counted or self.network.unit
