"""`@name` on a blog is a name, not a call: it becomes a live mention only where the author says so. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

_MENTION = re.compile(r"(?<![=/\w])@+(\w(?:[\w.-]*\w)?(?:@\w(?:[\w.-]*\w)?)?)")


def settle(text: str, mentions: Mapping[str, str]) -> str:
    """The text with every mapped `@name` as its handle and every other without its at sign.

    `mentions` maps names to handles, both without the at sign; case is ignored. E-mail addresses are left alone.
    """
    if "@" not in text:
        return text
    handles = {name.casefold().lstrip("@"): handle.lstrip("@") for name, handle in mentions.items()}

    def one(match: re.Match[str]) -> str:
        handle = handles.get(match[1].casefold())
        return f"@{handle}" if handle else match[1]

    return _MENTION.sub(one, text)


def spans(text: str, allowed: Collection[str] | None) -> Iterator[tuple[int, int, str]]:
    """Start, end and handle (without the at sign) of each mention; `allowed` None takes them all."""
    for match in _MENTION.finditer(text):
        if allowed is None or match[1].casefold() in allowed:
            yield match.start(), match.end(), match[1]
