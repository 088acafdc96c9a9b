"""What a fact of a network is: its limits, how it counts, its options and secrets, what it can prove. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

DEFAULT_TEMPLATE = "{{ title }}\n\n{{ summary }}\n\n{{ url }}\n\n{{ hashtags }}"


class Unit(StrEnum):
    """How a network counts; the value is what a person reads beside a length."""

    GRAPHEMES = "graphemes"
    MASTODON = "graphemes, a URL counts 23"
    CODE_POINTS = "code points"
    ESCAPED = "code points, & < and > escaped"
    UTF16 = "characters, most emoji count 2"
    X = "weighted characters, a URL counts 23"
    UTF8 = "bytes of UTF-8"
    THREADS = "characters, an emoji counts its bytes"


class Guarantee(StrEnum):
    """What a network lets us prove after an answer was lost."""

    EXACTLY_ONCE = "exactly_once"  # a repeat under the same key is harmless
    LOOK_FIRST = "look_first"  # the account's own timeline tells
    ASK = "ask"  # only a person can tell


class LinkStyle(StrEnum):
    """How a link stands in the text."""

    WHOLE = "whole"
    SHORT = "short"  # as the official Bluesky client shows it; the whole URL is in the facet


class Kind(StrEnum):
    """The type of an option's value."""

    TEXT = "text"
    URL = "url"
    PATH = "path"
    FLAG = "flag"
    NUMBER = "number"
    TEXTS = "texts"  # a list of them


class Option(Struct, frozen=True):
    """One key of an account's table. `default` is a TOML value as Python; None with `required` False means unset."""

    name: str
    doc: str
    kind: Kind = Kind.TEXT
    default: object = None
    required: bool = False
    choices: tuple[str, ...] = ()


class SecretKey(Struct, frozen=True):
    """One secret of an account. `how` says where a person gets it.

    `looks` is its shape, each x a lower-case letter or digit: a login warns of what looks different. Empty for any.
    `when` is an option and its value, where only accounts that have it use the secret. `lives` is for how many days it
    lives, where it then dies by itself and its age cannot be seen: a login asks for its end.
    """

    name: str
    how: str
    required: bool = True
    looks: str = ""
    when: tuple[str, str] | None = None
    lives: int = 0


class Pictures(Struct, frozen=True):
    """What one picture may be on a network: bytes, pixels in all and on a side, graphemes of its alt text.

    `fetched` says that the network fetches the file itself, as it lies on the site, and takes JPEG and PNG alone.
    `animated` says that an animated GIF moves there; elsewhere, and where it must be `alone` and is not, its first
    frame is shown.
    """

    most_bytes: int
    most_pixels: int
    most_side: int = 2048
    alt: int = 1500
    animated: bool = False
    alone: bool = False
    fetched: bool = False


class Prices(Struct, frozen=True):
    """What a network takes, in US dollars: for a post, for one that holds a link, and for a picture's alt text."""

    post: float
    link: float
    alt: float


class Network(Struct, frozen=True):
    """A kind of place to announce on.

    `publisher` is `package.module:Class`, imported where it is used. `limit` is in `unit`; `byte_limit` is a second
    limit in bytes of UTF-8. `url_length` is what a link counts, None for its own length. `text_tags` is how many
    hashtags stand in the text, `record_tags` how many travel outside it. `key_life` is how many seconds the server
    keeps an idempotency key, 0 where it keeps none. `card` says that the client makes the link's preview.

    `login` is how a person at a terminal logs in: `secrets` asks for each of them; else `package.module:function`,
    imported where it is used, which is given the `Access` and a `bot.publishers.code_flow.Person` and returns secrets
    by key; what it puts into the vault is kept with them. `login_needs` is an option without which they are asked for
    all the same. `perishable` says that credentials end by themselves or by lying idle: the publisher has `keep_alive`.

    `compose_url` is the network's own form, to be filled in by a link: `{text}` and `{url}` stand for the words and
    the announced link, `{name}` for the option of that name. `prices` is None where nothing is to be paid.

    `warns` says that a content warning stands above the words, for want of a place of its own, and counts with them.
    `threads` says that a post can be followed by others of the same announcement. `images` is how many pictures go with
    a post, each within `pictures`; `either` says that they take the card's place.
    """

    name: str
    title: str
    publisher: str
    limit: int
    unit: Unit
    guarantee: Guarantee
    options: tuple[Option, ...] = ()
    secrets: tuple[SecretKey, ...] = ()
    byte_limit: int | None = None
    url_length: int | None = None
    link_style: LinkStyle = LinkStyle.WHOLE
    text_tags: int = 0
    record_tags: int = 0
    card: bool = False
    images: int = 0
    key_life: int = 0
    mentions: bool = False
    login: str = "secrets"
    login_needs: str = ""
    perishable: bool = False
    pictures: Pictures = Pictures(most_bytes=2_000_000, most_pixels=16_000_000)
    either: bool = False
    warns: bool = False
    threads: bool = True
    compose_url: str | None = None
    prices: Prices | None = None

    def secrets_of(self, options: Mapping[str, object]) -> tuple[SecretKey, ...]:
        """The secrets that an account with these options uses."""
        return tuple(key for key in self.secrets if key.when is None or options.get(key.when[0]) == key.when[1])
