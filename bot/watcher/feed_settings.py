"""Settings of one entry of a feed: the `posse:post` element that POSSE Party defined, in our terms. Pure.

https://posseparty.com/2024/Feed is its namespace; it holds a table in JSON, or in JSON as people write it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from msgspec import Struct, field

from bot.formatter.measure import graphemes
from bot.formatter.shorten import capped, cut
from bot.model import Image, PostSettings, Words
from bot.networks import NETWORKS
from bot.watcher import settings as front_matter
from bot.watcher import yaml_text
from bot.watcher.values import Unreadable

_PLATFORMS = {"bsky": "bluesky"}
_THEIRS = frozenset({"x", "threads", "instagram", "facebook", "linkedin", "youtube", "bsky", "mastodon", "pixelfed"})
_OURS = ("text", "content_warning", "visibility", "language", "image", "accounts", "not_after")
_TAKEN = frozenset(
    {
        "title",
        "summary",
        "content",
        "url",
        "published_at",
        "syndicate",
        "format_string",
        "truncate",
        "og_image",
        "media",
    }
)
# They steer what is done otherwise here (the link is always there, and once), or what no network of ours has.
_PASSED_OVER = frozenset(
    {"id", "updated_at", "alternate_url", "related_url", "short_url", "author_name", "author_email", "subtitle"}
    | {"append_url", "append_url_if_truncated", "append_url_spacer", "append_url_label", "attach_link"}
    | {"og_title", "og_description", "channel", "platform_overrides"}
)
_FIELDS = ("title", "summary", "content", "url", "published_at")
_LONGEST = 240  # graphemes of a text that is made for every network
_ROOM_FOR_LINK = 40
_PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")


class Given(Struct, frozen=True):
    """What an entry's settings say. `fields` stand in place of the entry's own."""

    fields: Mapping[str, str] = field(default_factory=dict)
    images: tuple[Image, ...] = ()
    warnings: tuple[str, ...] = ()
    table: Mapping[str, Any] = field(default_factory=dict)
    base: PostSettings = field(default_factory=PostSettings)

    def rendered(self, values: Mapping[str, str]) -> PostSettings:
        """The settings, with the words that a format makes of the post's `title`, `summary`, `content` and `url`."""
        if not self.table:
            return self.base
        per = {name: self._words(table, values, name) for name, table in _overrides(self.table)}
        return PostSettings(
            skip=_flag(self.table.get("syndicate")) is False,
            accounts=self.base.accounts,
            not_after=self.base.not_after,
            everywhere=self._words({}, values, None),
            per=per,
        )

    def _words(self, table: Mapping[str, Any], values: Mapping[str, str], network: str | None) -> Words:
        both = {**self.table, **table}
        own = self.base.per.get(network or "", Words()) if network else self.base.everywhere
        form = both.get("format_string")
        text = own.text
        if text is None and isinstance(form, str) and (network is None or table):
            said = {**values, **{key: both[key] for key in _FIELDS if isinstance(table.get(key), str)}}
            text = _PLACE.sub(lambda place: said.get(place[1], ""), form).strip()
        elif text is None and isinstance(table.get("content"), str):
            text = table["content"].strip()
        if text and _flag(both.get("truncate")) is not False:
            text = _cut(text, NETWORKS[network].limit - _ROOM_FOR_LINK if network in NETWORKS else _LONGEST)
        return Words(
            text=text or None,
            content_warning=own.content_warning,
            visibility=own.visibility,
            language=own.language,
            image=own.image or _text(both.get("og_image")),
            skip=_flag(table.get("syndicate")) is False,
        )


def read(raw: object, zone: tzinfo) -> Given:
    """Read the settings: None for none, text, or a table. Raises `Unreadable`: who says something means something.

    A key that nobody knows is a warning.
    """
    if raw is None or raw == "":
        return Given()
    table = _table(raw) if isinstance(raw, str) else raw
    if not isinstance(table, dict):
        raise Unreadable("its posse:post is not a table of JSON")
    tables = [("", table), *((f"{name}.", inner) for name, inner in _overrides(table))]
    warnings = [
        f'posse:post: "{where}{key}" is no key that is known'
        for where, inner in tables
        for key in inner
        if key not in _TAKEN and key not in _PASSED_OVER and key not in _OURS
    ]
    overrides = table.get("platform_overrides")
    if overrides is not None and not isinstance(overrides, dict):
        raise Unreadable("its posse:post: platform_overrides is not a table")
    known = {*_THEIRS, *NETWORKS}
    warnings += [f'posse:post: "{name}" is no network that is known' for name in overrides or () if name not in known]
    return Given(
        fields={key: text for key in _FIELDS if (text := _text(table.get(key))) is not None},
        images=tuple(_media(table.get("media"))),
        warnings=tuple(warnings),
        table=table,
        base=_ours(table, zone),
    )


def _table(text: str) -> Any:
    """JSON; or with single quotes, names without quotes and commas too many, which YAML lets pass."""
    try:
        return json.loads(text)
    except ValueError as error:
        try:
            return yaml_text.load(text)
        except (Unreadable, ValueError, RecursionError):
            raise Unreadable(f"its posse:post is not JSON ({error}): mend it, or take it out") from None


def _overrides(table: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """The tables for single networks, by our names."""
    found = table.get("platform_overrides")
    if not isinstance(found, dict):
        return []
    return [(_PLATFORMS.get(str(name), str(name)), inner) for name, inner in found.items() if isinstance(inner, dict)]


def _ours(table: Mapping[str, Any], zone: tzinfo) -> PostSettings:
    """Our own keys, in the same places, as front matter has them."""
    own: dict[str, Any] = {key: table[key] for key in _OURS if key in table}
    for name, inner in _overrides(table):
        words = {key: inner[key] for key in _OURS[:5] if key in inner}
        if words:
            own[name] = words
    if not own:
        return PostSettings()
    try:
        return front_matter.read({"posse": own}, zone)
    except Unreadable as error:
        raise Unreadable(f"its posse:post: {error.message}") from error


def _media(value: object) -> list[Image]:
    items = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
    return [
        Image(item["url"], _text(item.get("alt")))
        for item in items
        if isinstance(item.get("url"), str) and item.get("type", "image") == "image"
    ]


def _cut(text: str, most: int) -> str:
    if graphemes(text) <= most:
        return text
    return capped(text, most) or cut(text, lambda part: graphemes(part) <= most)


def _text(value: object) -> str | None:
    return value.strip() if isinstance(value, str) and value.strip() else None


def _flag(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.strip().lower()) if isinstance(value, str) else None
