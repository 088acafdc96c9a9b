"""Hashtags from a post's tags: CamelCase in any script, aliases, no doubles. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping

import regex

from bot.formatter.measure import graphemes, utf8

_SIGNS = ((r"^\.(?=\w)", "dot"), (r"\+", " Plus "), (r"(?<=\w)#", " Sharp "), (r"&", " and "), (r"['’]", ""))
_RUN = regex.compile(r"[\w\u200c\u200d]+")
_LETTER = regex.compile(r"\p{L}")
# https://github.com/mastodon/mastodon/blob/main/app/models/tag.rb: a letter is needed, a word character may not precede
_IN_TEXT = regex.compile(r"(?<![\w/&])[#＃]([\w·\u200c\u200d]*[\p{L}\p{M}_][\w·\u200c\u200d]*)")
RECORD_GRAPHEMES, RECORD_BYTES = 64, 640


def hashtag(tag: str) -> str:
    """One tag as a hashtag without its sign, "" when nothing of it can be one (only digits, only emoji)."""
    text = unicodedata.normalize("NFC", tag).strip().lstrip("#＃")
    for sign, spoken in _SIGNS:
        text = regex.sub(sign, spoken, text)
    words = _RUN.findall(text)
    joined = words[0] if len(words) == 1 else "".join(_capital(word) for word in words)
    return joined if _LETTER.search(joined) else ""


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:] if word == word.lower() else word


def hashtags(tags: Iterable[str], aliases: Mapping[str, str]) -> tuple[str, ...]:
    """The hashtags (without signs) of tags in their order, each once, case and accents ignored.

    `aliases` maps a tag as written (case ignored) to another; an empty one hides it.
    """
    known = {name.casefold(): alias for name, alias in aliases.items()}
    found: dict[str, str] = {}
    for tag in tags:
        made = hashtag(known.get(tag.strip().casefold(), tag))
        if made:
            found.setdefault(_same(made), made)
    return tuple(found.values())


def _same(tag: str) -> str:
    """What a server knows a hashtag by: case and the accents of Latin letters do not count."""
    return regex.sub(r"(?<=\p{Latin})[\u0300-\u036f]+", "", unicodedata.normalize("NFD", tag.casefold()))


def unsaid(tags: Iterable[str], text: str) -> tuple[str, ...]:
    """Those of `tags` that do not stand as hashtags in `text` already."""
    there = {_same(name) for _, _, name in spans(text)}
    return tuple(tag for tag in tags if _same(tag) not in there)


def for_record(tags: Iterable[str], most: int) -> tuple[str, ...]:
    """The tags that travel outside the text: at most `most`, each within what a record may hold."""
    short = (tag for tag in tags if graphemes(tag) <= RECORD_GRAPHEMES and utf8(tag) <= RECORD_BYTES)
    return tuple(short)[:most]


def spans(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and name (without `#`) of each hashtag in a text."""
    for match in _IN_TEXT.finditer(text):
        yield match.start(), match.end(), match[1]
