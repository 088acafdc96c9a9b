"""Where code stands in Markdown: fenced blocks and spans between backticks, found in linear time. Pure.

https://spec.commonmark.org/0.31.2/#fenced-code-blocks and #code-spans
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterator

_FENCE = re.compile(r"^ {0,3}(?P<fence>`{3,}(?!.*`)|~{3,})(?P<info>.*)$", re.MULTILINE)
_RUN = re.compile(r"`+")


def outside(text: str, change: Callable[[str], str]) -> str:
    """The text with `change` made to each stretch that is no code."""
    pieces: list[str] = []
    position = 0
    for start, end in code(text):
        pieces += (change(text[position:start]), text[start:end])
        position = end
    return "".join((*pieces, change(text[position:])))


def code(text: str) -> Iterator[tuple[int, int]]:
    """The (start, end) of every fenced block and every span, in order. A block that is never closed ends with the text.

    A span is closed by the next run of as many backticks as opened it; a run without one is text.
    """
    position = 0
    for start, end in _blocks(text):
        yield from _spans(text, position, start)
        yield start, end
        position = end
    yield from _spans(text, position, len(text))


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    opened: re.Match[str] | None = None
    for found in _FENCE.finditer(text):
        if opened is None:
            opened = found
        elif found["fence"].startswith(opened["fence"]) and not found["info"].strip():
            yield opened.start(), found.end()
            opened = None
    if opened is not None:
        yield opened.start(), len(text)


def _spans(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    runs = list(_RUN.finditer(text, start, end))
    ahead: defaultdict[int, deque[int]] = defaultdict(deque)
    for number, run in enumerate(runs):
        ahead[len(run[0])].append(number)
    number = 0
    while number < len(runs):
        alike = ahead[len(runs[number][0])]
        while alike and alike[0] <= number:
            alike.popleft()
        if alike:
            yield runs[number].start(), runs[alike[0]].end()
            number = alike[0]
        number += 1
