"""LinkedIn's little text: what must be escaped, and how a hashtag stands in it. Pure.

https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/little-text-format
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_RESERVED = re.compile(r"[\\|{}@\[\]()<>#*_~]")  # one of these unescaped, and all after it is gone without a word


def escaped(text: str) -> str:
    """Return words of which none is markup."""
    return _RESERVED.sub(lambda sign: f"\\{sign[0]}", text)


def little_text(text: str, hashtags: Iterable[tuple[int, int, str]]) -> str:
    """Return `text` as little text. `hashtags` are (start, end, tag without `#`); the rest is plain."""
    pieces, position = [], 0
    for start, end, tag in sorted(hashtags):
        pieces += [escaped(text[position:start]), f"{{hashtag|\\#|{escaped(tag)}}}"]
        position = end
    return "".join([*pieces, escaped(text[position:])])
