"""Shortening: whole sentences as long as one fits, else a cut with “…” at a word or grapheme. Pure."""

from __future__ import annotations

from collections.abc import Callable

import regex

from bot.formatter.measure import graphemes
from bot.formatter.sentences import closes_with_colon, ends

ELLIPSIS = "…"
_GRAPHEME = regex.compile(r"\X")
_SPACED_SCRIPT = regex.compile(r"\s")


def prefixes(text: str, most: int, *, keep_whole: bool) -> list[str]:
    """Every run of whole sentences from the start of at most `most` graphemes, longest first.

    None ends on a sentence that closes with a colon; with `keep_whole` the whole text is free of that rule.
    """
    found: list[str] = []
    all_ends = ends(text)
    for end in all_ends:
        prefix = text[:end].rstrip()
        if graphemes(prefix) > most:
            break
        if not closes_with_colon(prefix) or (keep_whole and end == all_ends[-1]):
            found.append(prefix)
    return found[::-1]


def capped(text: str, most: int) -> str:
    """The most whole sentences that take at most `most` graphemes, "" when not one does."""
    return next(iter(prefixes(text, most, keep_whole=False)), "")


def cut(text: str, fits: Callable[[str], bool]) -> str:
    """The longest beginning of `text` that fits with “…” behind it, cut between words where there are any; else ""."""
    clusters: list[str] = _GRAPHEME.findall(text)
    low, high = 0, len(clusters)
    while low < high:
        middle = (low + high + 1) // 2
        if fits("".join(clusters[:middle]).rstrip() + ELLIPSIS):
            low = middle
        else:
            high = middle - 1
    while low and not fits(_at_word(clusters, low)):
        low -= 1
    return _at_word(clusters, low) if low else ""


def _at_word(clusters: list[str], count: int) -> str:
    """The first `count` graphemes, or fewer so that no word is torn (unless the last one is longer than half of it)."""
    if count < len(clusters) and not clusters[count].isspace():
        space = next((index for index in range(count, 0, -1) if clusters[index - 1].isspace()), 0)
        if space > count // 2:
            count = space
    return "".join(clusters[:count]).rstrip(" \n\t.,;:!?–—-…") + ELLIPSIS
