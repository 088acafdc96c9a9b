"""The facts of the networks that anybody can serve: Mastodon, Bluesky and their like, and a folder. Pure data."""

from __future__ import annotations

from bot.networks.facts import Guarantee, Kind, LinkStyle, Network, Option, Pictures, SecretKey, Unit

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
    warns=True,
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
    images=4,
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
