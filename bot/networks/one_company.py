"""The facts of the networks that one company serves. Pure data."""

from __future__ import annotations

from bot.networks.facts import Guarantee, Kind, Network, Option, Pictures, Prices, SecretKey, Unit

_X_KEYS = "in the console (console.x.com), your app, Keys and tokens"

X = Network(
    name="x",
    title="X",
    warns=True,
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
    pictures=Pictures(
        most_bytes=5_000_000, most_pixels=16_777_216, most_side=4096, alt=1000, animated=True, alone=True
    ),
    login="bot.publishers.x_login:login",
    perishable=True,
    compose_url="{web}/intent/post?text={text}",
    prices=Prices(post=0.015, link=0.200, alt=0.005),  # docs.x.com/x-api/getting-started/pricing, August 2026
)

THREADS = Network(
    name="threads",
    title="Threads",
    warns=True,
    publisher="bot.publishers.threads:Threads",
    compose_url="https://www.threads.net/intent/post?text={text}",
    limit=500,
    unit=Unit.THREADS,
    guarantee=Guarantee.LOOK_FIRST,
    options=(
        Option("client_id", "The app's ID (Threads app ID), to log in with a browser."),
        Option(
            "redirect",
            "Where a log-in comes back: an https address registered with the app, to the letter.",
            Kind.URL,
            default="https://127.0.0.1:8752/callback",
        ),
        Option("service", "Where the Threads API is.", Kind.URL, default="https://graph.threads.net"),
        Option("web", "Where Threads' own pages are.", Kind.URL, default="https://www.threads.com"),
    ),
    secrets=(
        SecretKey(
            "access_token",
            "in your app at developers.facebook.com: Use cases, Threads API, Settings, User token generator;"
            " permissions threads_basic, threads_content_publish and threads_read_replies; it is renewed by itself",
        ),
        SecretKey(
            "client_secret",
            "at developers.facebook.com: your app, App settings, Basic, Threads app secret; only to log in",
            required=False,
        ),
    ),
    login="bot.publishers.threads_login:login",
    login_needs="client_id",
    perishable=True,
    text_tags=1,  # developers.facebook.com/docs/threads/create-posts/topic-tags: one to a post
    images=20,
    pictures=Pictures(most_bytes=8_000_000, most_pixels=16_000_000, most_side=1440, alt=1000, fetched=True),
    either=True,
)

LINKEDIN = Network(
    name="linkedin",
    title="LinkedIn",
    warns=True,
    threads=False,
    publisher="bot.publishers.linkedin:LinkedIn",
    compose_url="https://www.linkedin.com/feed/?shareActive=true&text={text}",
    limit=3000,
    unit=Unit.UTF16,
    guarantee=Guarantee.ASK,
    options=(
        Option("author", "The page to post as, urn:li:organization:…; unset: the member of the token."),
        Option("api_version", "The version of LinkedIn's API, YYYYMM: each is served for a year.", default="202605"),
        Option("client_id", "The app's client ID, to log in with a browser."),
        Option(
            "redirect",
            "Where a log-in comes back: registered with the app, to the letter.",
            Kind.URL,
            default="http://localhost:8751/callback",
        ),
        Option("service", "Where LinkedIn's API is.", Kind.URL, default="https://api.linkedin.com"),
        Option("web", "Where LinkedIn's own pages are.", Kind.URL, default="https://www.linkedin.com"),
    ),
    secrets=(
        SecretKey(
            "access_token",
            "at linkedin.com/developers/tools/oauth/token-generator, for an app with Share on LinkedIn and Sign In;"
            " scopes openid, profile and w_member_social; it lives for 60 days",
            lives=60,
        ),
        SecretKey(
            "client_secret",
            "at linkedin.com/developers/apps: your app, Auth, Primary client secret; only to log in with a browser",
            required=False,
        ),
    ),
    login="bot.publishers.linkedin_login:login",
    login_needs="client_id",
    perishable=True,
    text_tags=3,
    card=True,
    images=20,
    pictures=Pictures(most_bytes=5_000_000, most_pixels=36_152_320, most_side=4096, alt=4086),
    either=True,
)

TELEGRAM = Network(
    name="telegram",
    title="Telegram",
    warns=True,
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
    warns=True,
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
    warns=True,
    publisher="bot.publishers.slack:Slack",
    limit=4000,
    unit=Unit.ESCAPED,
    guarantee=Guarantee.ASK,
    secrets=(SecretKey("webhook_url", "at api.slack.com/apps: your app, Incoming Webhooks, Add New Webhook"),),
)
