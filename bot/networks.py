"""The facts of each network: limits, how it counts, its options and secrets, what it can prove. Pure data.

The command line, the configuration's keys, `check` and the table in the docs are derived from here, so a new network is
an entry in `NETWORKS`, a file in `bot/publishers/`, a test class and a section in `config.example.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    `when` is an option and its value, where only accounts that have it use the secret.
    """

    name: str
    how: str
    required: bool = True
    looks: str = ""
    when: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Pictures:
    """What one picture may be on a network: bytes, pixels in all and on a side, graphemes of its alt text.

    `animated` says that an animated GIF moves there; elsewhere its first frame is shown.
    """

    most_bytes: int
    most_pixels: int
    most_side: int = 2048
    alt: int = 1500
    animated: bool = False


@dataclass(frozen=True, slots=True)
class Prices:
    """What a network takes, in US dollars: for a post, for one that holds a link, and for a picture's alt text."""

    post: float
    link: float
    alt: float


@dataclass(frozen=True, slots=True)
class Network:
    """A kind of place to announce on.

    `publisher` is `package.module:Class`, imported where it is used. `limit` is in `unit`; `byte_limit` is a second
    limit in bytes of UTF-8. `url_length` is what a link counts, None for its own length. `text_tags` is how many
    hashtags stand in the text, `record_tags` how many travel outside it. `key_life` is how many seconds the server
    keeps an idempotency key, 0 where it keeps none. `card` says that the client makes the link's preview.

    `login` is how a person at a terminal logs in: `secrets` asks for each of them; else `package.module:function`,
    imported where it is used, which is given the `Access` and a `bot.oauth.Person` and returns secrets by key.
    `compose_url` is the network's own form, to be filled in by a link: `{text}` and `{url}` stand for the words and
    the announced link, `{name}` for the option of that name. `prices` is None where nothing is to be paid.

    `images` is how many pictures go with a post, each within `pictures`; `either` says that they take the card's place.
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
    pictures: Pictures = Pictures(most_bytes=2_000_000, most_pixels=16_000_000)
    either: bool = False
    compose_url: str | None = None
    prices: Prices | None = None

    def secrets_of(self, options: Mapping[str, object]) -> tuple[SecretKey, ...]:
        """The secrets that an account with these options uses."""
        return tuple(key for key in self.secrets if key.when is None or options.get(key.when[0]) == key.when[1])


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
    pictures=Pictures(most_bytes=16_777_216, most_pixels=33_177_600, animated=True),
    key_life=3600,
    mentions=True,
    login="bot.publishers.mastodon_login:login",
    compose_url="{instance}/share?text={text}",
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
    pictures=Pictures(most_bytes=2_000_000, most_pixels=16_000_000, most_side=2000, alt=2000),
    either=True,
    mentions=True,
    compose_url="{app}/intent/compose?text={text}",
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

MICROPUB = Network(
    name="micropub",
    title="Micropub",
    publisher="bot.publishers.micropub:Micropub",
    limit=600,  # micro.blog cuts longer notes on its timeline; others know no limit
    unit=Unit.GRAPHEMES,
    guarantee=Guarantee.LOOK_FIRST,
    options=(
        Option("site", "The page that names the Micropub endpoint.", Kind.URL),
        Option("endpoint", "The endpoint itself, where no page names it.", Kind.URL),
        Option(
            "kind",
            "Post a `note`, or an `article` with the title as its name.",
            default="note",
            choices=("note", "article"),
        ),
        Option("encoding", "How it is sent: `json` or `form`.", default="json", choices=("json", "form")),
        Option("syndicate_to", "Where the server shall copy it to (mp-syndicate-to).", Kind.TEXTS),
        Option("destination", "Which of several blogs it is for (mp-destination, micro.blog).", Kind.TEXT),
    ),
    secrets=(
        SecretKey("access_token", "from your site (micro.blog: Account, App tokens); scopes create, media and update"),
    ),
    record_tags=8,
    images=10,
    login="bot.publishers.micropub_login:login",
)

NOSTR = Network(
    name="nostr",
    title="Nostr",
    publisher="bot.publishers.nostr:Nostr",
    limit=4000,  # NIP-01 knows none; relays take messages of 64 kB and more
    byte_limit=16000,
    unit=Unit.CODE_POINTS,
    guarantee=Guarantee.EXACTLY_ONCE,
    options=(
        Option("relays", "The relays to send to, each wss://…", Kind.TEXTS, required=True),
        Option("enough", "How many of them must have it; unset: half, rounded up.", Kind.NUMBER),
        Option("kind", "Post a `note`, or an `article` (NIP-23).", default="note", choices=("note", "article")),
        Option("viewer", "Where permalinks point.", Kind.URL, default="https://njump.me"),
    ),
    secrets=(SecretKey("secret_key", "from your Nostr client: its keys, nsec1… (or 64 hex digits)"),),
    text_tags=3,
    record_tags=8,
)

MATRIX = Network(
    name="matrix",
    title="Matrix",
    publisher="bot.publishers.matrix:Matrix",
    limit=5000,
    byte_limit=16000,  # an event has at most 65536 bytes, and holds the words twice
    unit=Unit.GRAPHEMES,
    guarantee=Guarantee.EXACTLY_ONCE,
    options=(
        Option("homeserver", "The server's address.", Kind.URL, required=True),
        Option("room", "The room: #alias:server or !id:server.", required=True),
        Option("notice", "Send as a notice, as bots do, which notifies nobody.", Kind.FLAG, default=False),
    ),
    secrets=(
        SecretKey(
            "access_token",
            "by logging in as the bot's user once: in Element, All settings, Help and About, Access token;"
            " then close the window without signing out",
        ),
    ),
    images=4,
)

_X_KEYS = "in the console (console.x.com), your app, Keys and tokens"

X = Network(
    name="x",
    title="X",
    publisher="bot.publishers.x:X",
    limit=280,
    unit=Unit.X,
    guarantee=Guarantee.LOOK_FIRST,
    options=(
        Option(
            "auth",
            "How to log in: with `oauth1` keys or with `oauth2`.",
            default="oauth1",
            choices=("oauth1", "oauth2"),
        ),
        Option("client_id", "The app's client ID, for `oauth2`."),
        Option(
            "redirect",
            "Where a log-in by `oauth2` comes back: on this machine, and registered with the app.",
            Kind.URL,
            default="http://127.0.0.1:8750/callback",
        ),
        Option("handle", "The account's name, for permalinks that show it."),
        Option("api", "Where X's API is.", Kind.URL, default="https://api.x.com"),
        Option("web", "Where X's own pages are.", Kind.URL, default="https://x.com"),
    ),
    secrets=(
        SecretKey("api_key", f"{_X_KEYS}: API key", when=("auth", "oauth1")),
        SecretKey("api_secret", f"{_X_KEYS}: API key secret", when=("auth", "oauth1")),
        SecretKey("access_token", f"{_X_KEYS}: access token, made with Read and write", when=("auth", "oauth1")),
        SecretKey("access_token_secret", f"{_X_KEYS}: access token secret", when=("auth", "oauth1")),
        SecretKey("refresh_token", "by `posse login` in your browser", when=("auth", "oauth2")),
        SecretKey(
            "client_secret",
            f"{_X_KEYS}: client secret, where the app is a confidential client",
            required=False,
            when=("auth", "oauth2"),
        ),
    ),
    url_length=23,
    images=4,
    # docs.x.com/x-api/media/quickstart/best-practices; the alt text: POST /2/media/metadata in its openapi.json
    pictures=Pictures(most_bytes=5_000_000, most_pixels=16_777_216, most_side=4096, alt=1000, animated=True),
    login="bot.publishers.x_login:login",
    compose_url="{web}/intent/post?text={text}",
    prices=Prices(post=0.015, link=0.200, alt=0.005),  # docs.x.com/x-api/getting-started/pricing, August 2026
)

THREADS = Network(
    name="threads",
    title="Threads",
    publisher="bot.publishers.threads:Threads",
    compose_url="https://www.threads.net/intent/post?text={text}",
    limit=500,
    unit=Unit.THREADS,
    guarantee=Guarantee.LOOK_FIRST,
    options=(Option("service", "Where the Threads API is.", Kind.URL, default="https://graph.threads.net"),),
    secrets=(
        SecretKey(
            "access_token",
            "in your app at developers.facebook.com: Use cases, Threads API, Settings, User token generator;"
            " permissions threads_basic and threads_content_publish; it is renewed by itself while it is used",
        ),
    ),
    text_tags=1,  # developers.facebook.com/docs/threads/create-posts/topic-tags: one to a post
    images=20,
    pictures=Pictures(most_bytes=8_000_000, most_pixels=16_000_000, most_side=1440, alt=1000),
    either=True,
)

LINKEDIN = Network(
    name="linkedin",
    title="LinkedIn",
    publisher="bot.publishers.linkedin:LinkedIn",
    compose_url="https://www.linkedin.com/feed/?shareActive=true&text={text}",
    limit=3000,
    unit=Unit.CODE_POINTS,
    guarantee=Guarantee.ASK,
    options=(
        Option("author", "The page to post as, urn:li:organization:…; unset: the member of the token."),
        Option("api_version", "The version of LinkedIn's API, YYYYMM: each is served for a year.", default="202605"),
        Option("service", "Where LinkedIn's API is.", Kind.URL, default="https://api.linkedin.com"),
    ),
    secrets=(
        SecretKey(
            "access_token",
            "at linkedin.com/developers/tools/oauth/token-generator, for an app with Share on LinkedIn and Sign In;"
            " scopes openid, profile and w_member_social; it lives for 60 days",
        ),
    ),
    text_tags=3,
    card=True,
    images=20,
    pictures=Pictures(most_bytes=5_000_000, most_pixels=36_152_320, most_side=4096, alt=4086),
    either=True,
)

TELEGRAM = Network(
    name="telegram",
    title="Telegram",
    publisher="bot.publishers.telegram:Telegram",
    limit=4096,
    unit=Unit.CODE_POINTS,
    guarantee=Guarantee.ASK,
    options=(
        Option("chat", "The channel or group: @name, or its number.", required=True),
        Option("silent", "Send without a sound.", Kind.FLAG, default=False),
        Option("service", "Where the Bot API is.", Kind.URL, default="https://api.telegram.org"),
    ),
    secrets=(
        SecretKey(
            "bot_token", "from @BotFather in Telegram: /newbot; then make the bot an administrator of the channel"
        ),
    ),
    text_tags=3,
    images=10,
    pictures=Pictures(most_bytes=10_000_000, most_pixels=25_000_000, most_side=5000),
)

DISCORD = Network(
    name="discord",
    title="Discord",
    publisher="bot.publishers.discord:Discord",
    limit=2000,
    unit=Unit.CODE_POINTS,
    guarantee=Guarantee.ASK,
    options=(Option("username", "The name it posts under, where it differs from the webhook's."),),
    secrets=(SecretKey("webhook_url", "in Discord: the channel's settings, Integrations, Webhooks, Copy Webhook URL"),),
    images=10,
    pictures=Pictures(most_bytes=1_000_000, most_pixels=16_000_000, alt=1024, animated=True),  # ten are 10 MB in all
)

SLACK = Network(
    name="slack",
    title="Slack",
    publisher="bot.publishers.slack:Slack",
    limit=4000,
    unit=Unit.CODE_POINTS,
    guarantee=Guarantee.ASK,
    secrets=(SecretKey("webhook_url", "at api.slack.com/apps: your app, Incoming Webhooks, Add New Webhook"),),
)

EMAIL = Network(
    name="email",
    title="E-mail",
    publisher="bot.publishers.email_smtp:Email",
    limit=10_000,
    unit=Unit.GRAPHEMES,
    guarantee=Guarantee.ASK,
    options=(
        Option("to", "The address it goes to: a mailing list, most likely.", required=True),
        Option("from", "The sender's address.", required=True),
        Option("server", "The mail server, host:port.", required=True),
        Option(
            "security",
            "How the connection is kept private: `starttls`, `tls` or `none`.",
            default="starttls",
            choices=("starttls", "tls", "none"),
        ),
        Option("auth", "Log in with a `password`, or `none`.", default="password", choices=("password", "none")),
        Option("user", "The user at the mail server, where it is not the sender's address."),
        Option("list_id", "The mails' List-Id, where it is not made from account and sender."),
    ),
    secrets=(SecretKey("password", "from your mail provider (often an app password)", when=("auth", "password")),),
    images=4,
)

WEBHOOK = Network(
    name="webhook",
    title="A webhook",
    publisher="bot.publishers.webhook:Webhook",
    limit=10_000,
    unit=Unit.GRAPHEMES,
    guarantee=Guarantee.ASK,
    options=(Option("url", "The address that gets the announcement, as JSON.", Kind.URL, required=True),),
    secrets=(SecretKey("signing_secret", "by making one up, and telling it the receiver: openssl rand -hex 32"),),
    record_tags=8,
    card=True,
    images=4,
)

APPRISE = Network(
    name="apprise",
    title="Anything else, through Apprise",
    publisher="bot.publishers.through_apprise:ThroughApprise",
    limit=1000,
    unit=Unit.GRAPHEMES,
    guarantee=Guarantee.ASK,
    secrets=(SecretKey("service_url", "from appriseit.com/services: the address of your service, its secrets in it"),),
)

NETWORKS: dict[str, Network] = {
    network.name: network
    for network in (
        MASTODON,
        BLUESKY,
        X,
        LOCAL,
        MICROPUB,
        NOSTR,
        MATRIX,
        THREADS,
        LINKEDIN,
        TELEGRAM,
        DISCORD,
        SLACK,
        EMAIL,
        WEBHOOK,
        APPRISE,
    )
}
