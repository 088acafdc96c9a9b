"""Where URLs stand in a text, by the rules of twitter-text as Mastodon uses them. Pure.

https://github.com/mastodon/mastodon/blob/main/config/initializers/twitter_regex.rb
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import regex

# RFC 6761, RFC 8375 and private names, which no registry has; `.example` and `.test` stand for real ones in examples.
NO_TLD = frozenset({"localhost", "local", "internal", "lan", "home", "corp", "intranet"})
# The names people really write without a scheme; every two-letter name is a country's.
_COMMON = """
academy app art blog biz cafe careers center chat cloud club codes com community company design dev digital
directory edu email engineering eu events expert finance fm foundation fun games garden gov group guide guru health
help host house info ink int io jobs land life link live lol ltd media mil mobi museum name net network news one
online onion org page photo photography photos pics pizza place plus press pro pub red report rocks run school
science shop show site social software solutions space store studio support systems team tech technology tips today
tools top tours town travel tube tv video wiki win work works world wtf xxx xyz zone
"""
BARE_TLD = frozenset(_COMMON.split())

_PUNCT = r"""!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~"""
_LABEL = rf"[^\s{_PUNCT}\p{{C}}](?:[^\s!\"#$%&'()*+,./:;<=>?@\[\\\]^`{{|}}~\p{{C}}]*[^\s{_PUNCT}\p{{C}}])?"
_HOST = regex.compile(rf"{_LABEL}(?:\.{_LABEL})+")
_SCHEME = regex.compile(r"(?<![A-Za-z0-9@＠$#＃\uFFFE\uFEFF\uFFFF])https?://", regex.IGNORECASE)
_BARE = regex.compile(r"(?<![A-Za-z0-9@＠$#＃_./-])(?=[a-z0-9])", regex.IGNORECASE)
_TLD = regex.compile(r"(xn--[0-9a-z-]+|[a-z]{2,})(?![0-9a-z@+-])|([^\W\d_a-z]{2,})(?![0-9a-z@+-])", regex.IGNORECASE)
_PORT = regex.compile(r":[0-9]+")
_PARENS = r"\((?:[^\s<>()?]+|[^\s<>()?]*\([^\s<>()?]+\)[^\s<>()?]*)\)"
_PATH = regex.compile(rf"/(?:[^\s<>()?]++|{_PARENS})*+")
_PATH_END = regex.compile(r"""[!*"'「」:;=,.$%\[\]~&|@]+$""")
_UCHARS = r"\u00A0-\uD7FF\uF900-\uFDCF\uFDF0-\uFFEF\U00010000-\U000EFFFD"
_QUERY = regex.compile(rf"\?[a-z0-9!?*'();:&=+$/%#\[\]\-_.,~|@\^{_UCHARS}]*[a-z0-9_&=#/\-{_UCHARS}]", regex.IGNORECASE)
ANY_URL = re.compile(r"https?://\S+", re.IGNORECASE)


def spans(text: str, bare: bool = False) -> Iterator[tuple[int, int]]:
    """Start and end (code points) of every http or https URL, in order; `bare` adds domains without a scheme."""
    position = 0
    while match := _next(text, position, bare):
        start, host = match
        end = _domain_end(text, host, bare and start == host)
        if end is None:
            position = max(host, start + 1)
            continue
        end = _rest_end(text, end)
        yield start, end
        position = end


def _next(text: str, position: int, bare: bool) -> tuple[int, int] | None:
    """Where the next URL may start, and where its host does."""
    schemed = _SCHEME.search(text, position)
    plain = _BARE.search(text, position) if bare else None
    if schemed and (plain is None or schemed.start() <= plain.start()):
        return schemed.start(), schemed.end()
    return (plain.start(), plain.start()) if plain else None


def _domain_end(text: str, start: int, bare: bool) -> int | None:
    """The end of the longest domain at `start` that closes with a top-level name, None when there is none."""
    host = _HOST.match(text, start)
    if host is None:
        return None
    dots: list[int] = [index for index in range(host.start(), host.end()) if text[index] == "."]
    for dot in reversed(dots):
        name = _TLD.match(text, dot + 1)
        if name and _is_top_level(name[0].casefold(), bare):
            return int(name.end())
    return None


def _is_top_level(name: str, bare: bool) -> bool:
    if bare:
        return name in BARE_TLD or name.startswith("xn--") or (len(name) == 2 and name.isascii())
    return name not in NO_TLD


def _rest_end(text: str, end: int) -> int:
    """Past port, path and query; punctuation that ends a sentence stays outside, balanced parentheses inside."""
    if port := _PORT.match(text, end):
        end = port.end()
    if path := _PATH.match(text, end):
        end = path.end() - len(tail[0]) if (tail := _PATH_END.search(path[0])) else path.end()
    if query := _QUERY.match(text, end):
        end = query.end()
    return end


def short(url: str) -> str:
    """The URL as the official Bluesky client shows it: host, then the path whole or its first 13 characters and `...`.

    https://github.com/bluesky-social/social-app/blob/main/src/lib/strings/url-helpers.ts (toShortUrl)
    """
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2].lower()
    path = "" if parts.path == "/" else quote(parts.path, safe="/%!$&'()*+,;=:@~")
    if parts.query:
        path += "?" + quote(parts.query, safe="/%!$&'()*+,;=:@~?")
    if parts.fragment:
        path += "#" + quote(parts.fragment, safe="/%!$&'()*+,;=:@~?")
    return host + (path[:13] + "..." if len(path) > 15 else path)
