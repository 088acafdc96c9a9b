"""The facts of each network: limits, how it counts, its options and secrets, what it can prove. Pure data.

The command line, the configuration's keys, `check` and the table in the docs are derived from here, so a new network is
an entry in `NETWORKS`, a file in `bot/publishers/`, a test class and a section in `config.example.toml`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

DEFAULT_TEMPLATE = "{{ title }}\n\n{{ summary }}\n\n{{ url }}\n\n{{ hashtags }}"


class Unit(StrEnum):
    """How a network counts; the value is what a person reads beside a length."""

    GRAPHEMES = "graphemes"
    MASTODON = "graphemes, a URL counts 23"
    CODE_POINTS = "code points"
    X = "weighted characters, a URL counts 23"
    UTF8 = "bytes of UTF-8"


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


@dataclass(frozen=True, slots=True)
class Option:
    """One key of an account's table. `default` is a TOML value as Python; None with `required` False means unset."""

    name: str
    doc: str
    kind: Kind = Kind.TEXT
    default: object = None
    required: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SecretKey:
    """One secret of an account. `how` says where a person gets it.

    `looks` is its shape, each x a lower-case letter or digit: a login warns of what looks different. Empty for any.
    """

    name: str
    how: str
    required: bool = True
    looks: str = ""


@dataclass(frozen=True, slots=True)
class Network:
    """A kind of place to announce on.

    `publisher` is `package.module:Class`, imported where it is used. `limit` is in `unit`; `byte_limit` is a second
    limit in bytes of UTF-8. `url_length` is what a link counts, None for its own length. `text_tags` is how many
    hashtags stand in the text, `record_tags` how many travel outside it. `key_life` is how many seconds the server
    keeps an idempotency key, 0 where it keeps none. `card` says that the client makes the link's preview.

    `login` is how a person at a terminal logs in: `secrets` asks for each of them; else `package.module:function`,
    imported where it is used, which is given the `Access` and a `bot.oauth.Person` and returns secrets by key.
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


MASTODON = Network(
    name="mastodon",
    title="Mastodon",
    publisher="bot.publishers.mastodon:Mastodon",
    limit=500,
    unit=Unit.MASTODON,
    guarantee=Guarantee.LOOK_FIRST,
    options=(Option("instance", "The server's address.", Kind.URL, required=True),),
    secrets=(
        SecretKey(
            "access_token",
            "on your instance: Preferences, Development, New application; scopes"
            " write:statuses write:media read:statuses read:accounts profile",
        ),
    ),
    url_length=23,
    text_tags=3,
    images=4,
    key_life=3600,
    mentions=True,
    login="bot.publishers.mastodon_login:login",
)

BLUESKY = Network(
    name="bluesky",
    title="Bluesky",
    publisher="bot.publishers.bluesky:Bluesky",
    limit=300,
    byte_limit=3000,
    unit=Unit.GRAPHEMES,
    guarantee=Guarantee.EXACTLY_ONCE,
    options=(
        Option("handle", "The account's handle (or its DID).", required=True),
        Option("service", "The account's PDS: any will do.", Kind.URL, default="https://bsky.social"),
        Option("app", "Where permalinks point.", Kind.URL, default="https://bsky.app"),
    ),
    secrets=(
        SecretKey(
            "app_password",
            "in Bluesky: Settings, Privacy and security, App passwords",
            looks="xxxx-xxxx-xxxx-xxxx",
        ),
    ),
    link_style=LinkStyle.SHORT,
    record_tags=8,
    card=True,
    images=4,
    mentions=True,
)

LOCAL = Network(
    name="local",
    title="A folder",
    publisher="bot.publishers.local:Local",
    limit=500,
    unit=Unit.GRAPHEMES,
    guarantee=Guarantee.EXACTLY_ONCE,
    options=(Option("path", "The folder, relative to this file.", Kind.PATH, required=True),),
    text_tags=3,
    card=True,
    images=4,
)

NETWORKS: dict[str, Network] = {network.name: network for network in (MASTODON, BLUESKY, LOCAL)}
