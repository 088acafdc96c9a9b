"""The keys that one type of source has and another has not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bot.config import values

_FOLDERS_OWN = ("path", "permalink", "patterns", "ignore")


def address(
    given: Mapping[str, Any], found: Mapping[str, Any], root: Path, problem: Callable[[str, str], None]
) -> str | None:
    """Check a source's keys against its type; return its `url`: a folder's base of links, a feed's address or file.

    `given` is the table as it was written, `found` its keys as they were read. `problem` is told of each wrong key.
    """
    return _feed(given, found, root, problem) if found["type"] == "feed" else _folder(given, found, problem)


def _folder(given: Mapping[str, Any], found: Mapping[str, Any], problem: Callable[[str, str], None]) -> str | None:
    if "path" not in given:
        problem("path", "is missing: the folder that holds the posts")
    if found["every"] is not None:
        problem("every", 'goes with type = "feed"; [schedule] says when folders are looked at')
    return _web_address(found["url"], problem) if found["url"] else None


def _feed(
    given: Mapping[str, Any], found: Mapping[str, Any], root: Path, problem: Callable[[str, str], None]
) -> str | None:
    for name in _FOLDERS_OWN:
        if name in given:
            problem(name, 'goes with type = "markdown"; a feed has `url`')
    url: str | None = found["url"]
    if not url:
        if "url" not in given:
            problem("url", "is missing: the feed's address, or the path of its file")
        return None
    if "://" not in url:
        return str(root / url)
    return url if _web_address(url, problem) else None


def _web_address(url: str, problem: Callable[[str, str], None]) -> str | None:
    try:
        return values.url(url)
    except ValueError as error:
        problem("url", str(error))
        return None
