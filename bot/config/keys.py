"""Every key of the configuration: its reader, its default and one sentence. The example file and the docs follow it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from bot.config import values as v
from bot.model import Visibility
from bot.networks import DEFAULT_TEMPLATE, Kind


class Key(Struct, frozen=True):
    """One key. `default` is as it would be written in TOML; None means that the key is unset by default."""

    name: str
    read: Callable[[Any], Any]
    default: Any
    doc: str
    choices: tuple[str, ...] = ()


TOP = (Key("timezone", v.zone, "UTC", "The time zone of dates that bear none."),)

SITE = (
    Key("url", v.url, None, "The base of canonical links."),
    Key("language", v.text, None, "The language posts are written in, as a BCP 47 tag."),
)

SOURCE = (
    Key(
        "type",
        v.text,
        "markdown",
        "`markdown`: front-matter files; `feed`: RSS, Atom, JSON, h-feed.",
        ("markdown", "feed"),
    ),
    Key("path", v.text, None, "The folder, relative to this file."),
    Key("permalink", v.text, None, "How the site makes addresses, such as `/:year/:month/:title/`."),
    Key("url", v.text, None, "The base of this folder's links, where not the site's; a feed's address, or its file."),
    Key("every", v.positive_duration, None, "How often the daemon asks for this feed; unset: as [schedule] says."),
    Key("timezone", v.zone, None, "This source's own time zone."),
    Key("language", v.text, None, "This source's own language."),
    Key("patterns", v.texts, ["**/*.md", "**/*.markdown"], "Which files are posts."),
    Key("ignore", v.texts, [], "Which files are not."),
    Key("accounts", v.texts, None, "Announce this source's posts on these accounts only."),
)

FILTER = (
    Key("tags", v.texts, [], "Posts with one of these tags."),
    Key("categories", v.texts, [], "Posts in one of these categories."),
    Key("sources", v.texts, [], "Posts of these sources."),
    Key("titled", v.flag, None, "Posts with a title (true) or without one (false)."),
)

LINKS = ("author", "landing")
IMAGES = ("notes", "always", "never")

ACCOUNT = (
    Key("network", v.text, None, "Which kind of place it is."),
    Key("template", v.text, DEFAULT_TEMPLATE, "The announcement, in Jinja2."),
    Key("visibility", v.text, "public", "Who may see it.", tuple(Visibility)),
    Key("language", v.text, None, "The language of this account, where it differs."),
    Key("hashtags", v.count, None, "How many hashtags may stand in the text."),
    Key("links", v.text, "author", "Announce the `author`'s link, or the `landing` page it leads to.", LINKS),
    Key("spacing", v.duration, "0s", "The least time between two announcements."),
    Key("per_hour", v.count, None, "The most announcements in an hour."),
    Key("quiet", v.quiet_hours, None, "Hours in which nothing is announced, such as `22:00-07:00`."),
    Key(
        "images",
        v.text,
        "notes",
        "Which posts bring their pictures: untitled `notes`, all (`always`), none (`never`).",
        IMAGES,
    ),
    Key("require_alt", v.flag, None, "Hold a post with a picture that has no alt text; unset: as in `guards`."),
    Key("thread", v.flag, False, "A long post goes out whole, as a thread."),
    Key("thread_parts", v.count, 10, "The most messages of a thread."),
    Key("manual", v.flag, False, "Prepare announcements and send none: you post them yourself."),
    Key("budget", v.dollars, None, "The most to spend in a calendar month, in US dollars."),
    Key("on_uncertain", v.text, "ask", "When nobody can tell if it went out: `ask` or `retry`.", ("ask", "retry")),
)

GUARDS = (
    Key("baseline", v.flag, True, "What is there at the first complete scan, or when an account is added, is old."),
    Key("settle", v.duration, "5m", "A post must stand unchanged this long."),
    Key("max_burst", v.count, 10, "More new posts than this at once are held."),
    Key("max_age", v.positive_duration, "14d", "Older than this when first seen: too old."),
    Key("since", v.moment, None, "Nothing dated before this (in `timezone`) is ever announced by itself."),
    Key("approve", v.flag, False, "Hold everything new until it is released."),
    Key("require_live", v.flag, True, "A post's page must answer before it is announced."),
    Key("live_within", v.positive_duration, "1d", "How long to wait for a page before the post is held."),
    Key("require_alt", v.flag, False, "Hold a post with a picture that has no alt text."),
    Key("allow_private", v.flag, False, "May requests go to private and loopback addresses?"),
    Key("grace", v.duration, "2m", "How long a lost request may still arrive."),
)

SCHEDULE = (
    Key("every", v.positive_duration, "5m", "How often the daemon looks."),
    Key("cron", v.crontab, None, "When the daemon looks, as in crontab(5), instead of `every`."),
    Key("heartbeat", v.url, None, "An address that is asked for after every good scan."),
)

STATE = (
    Key("url", v.text, "sqlite:///state/posse.db", "Where the record is kept; or postgresql://…"),
    Key("lease", v.positive_duration, "2m", "How long a worker may hold a delivery."),
)

NOTICES = (
    Key("command", v.text, None, "A command that gets the trouble on its standard input."),
    Key("webhook", v.url, None, "An address that the trouble is posted to, as JSON."),
    Key("email", v.text, None, "A mail address that is told."),
    Key("email_from", v.text, None, "The sender of that mail, where it differs."),
    Key("smtp", v.host_and_port, "127.0.0.1:25", "The mail server."),
    Key("smtp_user", v.text, None, "The user at the mail server; the password is the secret `notices.smtp_password`."),
)

OPTION_READERS: dict[Kind, Callable[[Any], Any]] = {
    Kind.TEXT: v.text,
    Kind.URL: v.url,
    Kind.PATH: v.text,
    Kind.FLAG: v.flag,
    Kind.NUMBER: v.count,
    Kind.TEXTS: v.texts,
}
