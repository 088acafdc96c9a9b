"""Writes the commented `posse.toml` that fits a site. Pure: values in, text out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from bot.networks import NETWORKS
from bot.sites.found import Found, Kind, Posts

STATE = ".posse"
_EXAMPLES: dict[str, dict[str, str]] = {
    "mastodon": {"instance": "https://mastodon.social"},
    "bluesky": {"handle": "me.example.com"},
}


class Account(Struct, frozen=True):
    """One account a person asked for; `options` are TOML values as Python."""

    name: str
    network: str
    options: Mapping[str, str]


def render(found: Found, accounts: Sequence[Account], at: datetime) -> str:
    """Return the text of `posse.toml`. Without accounts, posts go to the built-in `local` network, to try things out.

    `at` is the moment of writing: nothing dated before it is ever announced by itself.
    """
    return "\n".join((*_head(found, at), *_sources(found), *_accounts(accounts), *_tail(at))) + "\n"


def _head(found: Found, at: datetime) -> Iterator[str]:
    below = f"{found.base}/" if found.base else ""
    origin = f", read from {below}{found.config}" if found.config else ""
    yield f"# posse-bot, written by `posse init` on {at:%Y-%m-%d}. The site: {found.kind}{origin}."
    yield "# `posse check` says what is wrong here. Every key: docs/reference/configuration.md of posse-bot."
    for note in found.notes:
        yield f"# To do: {note}."
    yield from (f"# {found.kind}: {chore}" for chore in found.chores)
    yield ""
    unsure = "" if found.timezone else '  Yours, such as "Europe/Berlin".'
    yield f"timezone = {_text(found.timezone or 'UTC')}  # The time zone of dates that bear none.{unsure}"
    yield ""
    yield "[site]"
    if found.url:
        yield f"url = {_text(found.url)}  # The base of canonical links."
    else:
        yield '# url = "https://example.com"  # Fill in: the base of canonical links.'
    if found.language:
        yield f"language = {_text(found.language)}"
    else:
        yield '# language = "en"  # The language posts are written in.'
    yield ""


def _sources(found: Found) -> Iterator[str]:
    for part in found.posts:
        yield f"[sources.{part.name}]"
        if found.kind is Kind.FEED:
            yield 'type = "feed"'
            yield f"url = {_text(part.path)}"
            yield '# every = "10m"  # How often the daemon asks for it.'
            yield ""
            continue
        yield 'type = "markdown"'
        yield f"path = {_text(_path(found, part))}  # Relative to this file."
        if part.permalink:
            yield f"permalink = {_text(part.permalink)}  # How the site makes addresses."
        else:
            yield '# permalink = "/:year/:month/:title/"  # Fill in: how the site makes addresses.'
        if part.patterns:
            yield f"patterns = {_list(part.patterns)}"
        if part.ignore:
            yield f"ignore = {_list(part.ignore)}"
        yield ""


def _path(found: Found, part: Posts) -> str:
    return "/".join(piece for piece in (found.base, part.path) if piece and piece != ".") or "."


def _accounts(accounts: Sequence[Account]) -> Iterator[str]:
    for account in accounts:
        yield f"[accounts.{account.name}]"
        yield f"network = {_text(account.network)}"
        yield from (f"{key} = {_text(value)}" for key, value in account.options.items())
        yield ""
    if not accounts:
        yield f"[accounts.journal]  # A folder, to try things out: {STATE}/journal/index.html shows what went out."
        yield 'network = "local"'
        yield f'path = "{STATE}/journal"'
        yield ""
    used = {account.network for account in accounts}
    examples = [name for name in _EXAMPLES if name in NETWORKS and name not in used]
    if examples:
        yield "# Where else it shall be announced: take the # away, then `posse login NAME`."
    for name in examples:
        yield f"# [accounts.{name}]"
        yield f'# network = "{name}"'
        yield from (f"# {key} = {_text(value)}" for key, value in _EXAMPLES[name].items())
        yield ""


def _tail(at: datetime) -> Iterator[str]:
    yield "[guards]"
    moment = at.astimezone(UTC).replace(microsecond=0, tzinfo=None)
    yield f"since = {moment.isoformat()}Z  # Nothing dated before is ever announced by itself."
    yield '# settle = "5m"  # A post must stand unchanged this long, and its page must answer, before it goes out.'
    yield ""
    yield "[state]"
    yield f'url = "sqlite:///{STATE}/posse.db"  # The record of what went out: keep it, and keep it private.'


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")


def _list(values: Sequence[str]) -> str:
    return f"[{', '.join(map(_text, values))}]"
