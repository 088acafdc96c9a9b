"""One file's text taken apart: front matter and body, by python-frontmatter with handlers of our own. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from bot.watcher.heads import HEADS, Head
from bot.watcher.values import Unreadable, Value

_FIRST_CHARACTERS = re.compile(r"---|\+\+\+|;;;|\{|[A-Za-z][\w-]*:")


class Matter(Struct, frozen=True):
    """A file taken apart: `values` by key in lower case (the last of two holds), `head` the text they were read from.

    `line` is the line of the file that `head` begins with; `found` is False when the file has no front matter.
    """

    values: Mapping[str, Value]
    body: str
    head: str = ""
    line: int = 1
    found: bool = True


class Parts(Struct, frozen=True):
    """A file's text cut at its fences, nothing read yet. `handler` is None when there is no front matter."""

    handler: Head | None
    head: str
    body: str
    line: int


def cut(text: str) -> Parts:
    """Find where front matter begins and ends. `text` has no carriage returns and no BOM; blank lines may come first.

    Raises `Unreadable`.
    """
    handler: object
    if text.startswith("---\n"):  # nearly every post
        start, top, handler = 0, text, HEADS[0]
    else:
        start = len(text) - len(text.lstrip())
        top = text[start:] if start else text
        handler = _detected(top) if _FIRST_CHARACTERS.match(top) else None
    if not isinstance(handler, Head):
        return Parts(None, "", text.strip("\n").rstrip(), 1)
    above = text.count("\n", 0, start)
    try:
        head, body = handler.split(_ended(top))
    except Unreadable as error:
        raise Unreadable(error.message, line=above + 1) from error
    fenced = 0 if top.startswith("{") else handler.opening
    return Parts(handler, head, body.strip("\n").rstrip(), above + fenced + 1)


def _detected(top: str) -> object:
    from frontmatter import detect_format

    return detect_format(_ended(top), HEADS)  # type: ignore[arg-type]  # it asks them to `detect`, and no more


def load(parts: Parts) -> Matter:
    """Read the front matter; raises `Unreadable` with the line in the file."""
    if parts.handler is None:
        return Matter({}, parts.body, found=False)
    try:
        values = parts.handler.load(parts.head)
    except Unreadable as error:
        within = min(error.line or 1, parts.head.count("\n") + 1)
        raise Unreadable(error.message, line=parts.line + within - 1) from error
    return Matter({key.lower(): value for key, value in values.items()}, parts.body, parts.head, parts.line)


def line_of(matter: Matter, keys: tuple[str, ...]) -> int:
    """Return the line of the file where the value at `keys` is written, or that of the nearest table around it."""
    lines = matter.head.split("\n")
    at = 0
    for depth, key in enumerate(keys):
        before = r"(?:^|[\s{,.\[])" if depth else r"^[\s{\[]*"
        written = re.compile(rf"""{before}["']?{re.escape(key)}["']?\s*[:=\].]""", re.IGNORECASE)
        found = next((index for index in range(at, len(lines)) if written.search(lines[index])), None)
        if found is None:
            break
        at = found
    return matter.line + at


def top_key(line: str) -> str | None:
    """Return the key that a line of front matter begins at the top level, None when it goes on with the one before."""
    found = re.match(r"""(?:["']?([\w.-]+)["']?[ \t]*[:=]|\s*"([^"]+)"\s*:)""", line)
    return (found[1] or found[2]).lower() if found else None


def _ended(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"
