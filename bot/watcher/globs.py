"""Which files of a folder are posts, by patterns as `.gitignore` has them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

DEFAULT = ("**/*.md", "**/*.markdown")
_BY_ENDING = re.compile(r"(?:\*\*/)?\*(\.[\w.-]+)")


def endings(patterns: Iterable[str]) -> tuple[str, ...] | None:
    """Return the endings that say all that `patterns` say (`**/*.md`), None when they say more."""
    found = [_BY_ENDING.fullmatch(pattern) for pattern in patterns]
    return tuple(match[1] for match in found if match) if all(found) else None


def compiled(patterns: Iterable[str]) -> re.Pattern[str]:
    """Return an expression that matches (from the start) a POSIX path, or a folder above it, that a pattern names.

    `*` and `?` stay within a name, `**` crosses folders; a pattern without a slash is a name in any folder.
    """
    return re.compile("|".join(_expression(pattern) for pattern in patterns) or r"(?!)")


def _expression(pattern: str) -> str:
    pattern = pattern.strip().removeprefix("./").rstrip("/")
    anywhere = "/" not in pattern
    pattern = pattern.lstrip("/")
    out = [r"(?:.*/)?"] if anywhere else []
    tokens = re.findall(r"\*\*/|\*\*|\*|\?|\[[^\]/]+\]|.", pattern, re.DOTALL)
    out += [_TOKENS.get(token) or _other(token) for token in tokens]
    return f"(?s:{''.join(out)})(?:/|\\Z)"


_TOKENS = {"**/": r"(?:.*/)?", "**": r".*", "*": r"[^/]*", "?": r"[^/]"}


def _other(token: str) -> str:
    if len(token) == 1:
        return re.escape(token)
    inner = token[1:-1].replace("\\", r"\\").replace("[", r"\[")
    return f"[^{inner[1:]}]" if inner.startswith("!") else f"[{inner}]"
