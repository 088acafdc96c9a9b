"""A long text cut into the messages of a thread: at paragraphs, then at sentences, then at words. Pure.

No word is lost or doubled up to the last message, and no mark of ours is added.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate, pairwise

import regex

from bot.formatter.sentences import closes_with_colon, ends

Fits = Callable[[str], bool]

_GRAPHEME = regex.compile(r"\X")
_PARAGRAPH = regex.compile(r"\n{2,}")
_OPEN = regex.compile(r"^[^\n]{1,80}(?<![\p{P}\p{S}])$")  # a line that closes with no mark is a heading, or is like one
_WORTH_IT = 0.6  # a message may end at a paragraph when that leaves it at least this full


def split(text: str, first: Fits, further: Fits, most: int, *, bare: bool) -> list[str]:
    """The messages that `text` makes, at most `most`; each fits, by `first` or by `further`.

    With `bare` the first is empty where not one sentence fits it. Where `text` is longer than `most` messages, the last
    ends with a sentence that does not announce another. None is returned where not one word could be said.
    """
    found: list[str] = []
    left = text.strip()
    while left and len(found) < most:
        fits = further if found else first
        message = _sentences(left, fits) or (_torn(left, fits) if found or not bare else "")
        if not message and (found or not bare):
            break
        found.append(message)
        left = left[len(message) :].lstrip()
    return _ended(found, text) if left else found


def _sentences(text: str, fits: Fits) -> str:
    """The most whole sentences that fit, back to the end of a paragraph where the message stays full enough.

    None ends on what announces the next sentence, or heads it, unless nothing else would fit.
    """
    stops = ends(text)
    count = _most(len(stops), lambda number: fits(text[: stops[number - 1]].rstrip()))
    if not count:
        return ""
    if count == len(stops):
        return text[: stops[-1]].rstrip()
    rests = _rests(text, stops[:count]) or stops[:count]
    taken = text[: rests[-1]].rstrip()
    breaks = [stop for stop in rests if _PARAGRAPH.match(text, stop)]
    whole = text[: breaks[-1]].rstrip() if breaks else ""
    return whole if len(whole) >= _WORTH_IT * len(taken) and fits(whole) else taken


def _rests(text: str, stops: list[int]) -> list[int]:
    """The stops that may stand before a break: what announces the next sentence, or heads it, goes with that."""
    found = []
    for start, stop in pairwise((0, *stops)):
        last = text[start:stop].strip()
        heads = _PARAGRAPH.match(text, stop) and _OPEN.search(last) and not last.startswith("•")
        if last and not closes_with_colon(last) and not heads:
            found.append(stop)
    return found


def _torn(text: str, fits: Fits) -> str:
    """As many words of a sentence that is too long for one message, or graphemes of a word that is."""
    words = [match.start() for match in regex.finditer(r"\s+", text)] + [len(text)]
    if count := _most(len(words), lambda number: fits(text[: words[number - 1]])):
        return text[: words[count - 1]]
    clusters = _GRAPHEME.findall(text)
    offsets = list(accumulate(map(len, clusters)))
    count = _most(len(offsets), lambda number: fits(text[: offsets[number - 1]]))
    return text[: offsets[count - 1]] if count else ""


def _most(count: int, fits: Callable[[int], bool]) -> int:
    """The largest number up to `count` that fits, 0 when not one does; what is smaller fits as well."""
    low, high = 0, count
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low


def _ended(found: list[str], text: str) -> list[str]:
    """The messages up to the last end of a sentence in them: there is more of `text` that is not said."""
    whole = text.strip()
    starts, position = [], 0
    for message in found:
        position = whole.index(message, position)
        starts.append(position)
        position += len(message)
    stops = [0, *(stop for stop in ends(whole) if stop <= position)]
    while len(stops) > 1 and closes_with_colon(whole[stops[-2] : stops[-1]]):
        stops.pop()
    kept = [
        whole[start : min(start + len(message), stops[-1])].rstrip()
        for start, message in zip(starts, found, strict=True)
        if start < stops[-1]
    ]
    return kept or found[:1]
