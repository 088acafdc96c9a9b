"""The keys that one type of source has and another has not, and whose a file is that lies in the folders of two."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from bot.config import values
from bot.config.model import SourceConfig

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


def apart(found: Mapping[str, SourceConfig], problem: Callable[[str, str], None]) -> dict[str, SourceConfig]:
    """Give each file to one source, that of the innermost folder: two would announce it by two addresses.

    `problem` is told of a folder that two sources read for the same files.
    """
    folders = {name: Path(os.path.normpath(source.path)) for name, source in found.items() if source.path}
    names = list(folders)
    for at, name in enumerate(names):
        twin = next((other for other in names[:at] if folders[other] == folders[name]), None)
        if twin and _share(found[twin], found[name]):
            problem(f"sources.{name}.path", f"is the folder of sources.{twin} too: each post would be announced twice")
    return {name: _without(source, folders, found) for name, source in found.items()}


def _share(one: SourceConfig, other: SourceConfig) -> bool:
    """Whether both look for the same files; what each ignores may part them."""
    parted = one.ignore and other.ignore and one.ignore != other.ignore
    return bool(set(one.patterns) & set(other.patterns)) and not parted


def _without(source: SourceConfig, folders: Mapping[str, Path], found: Mapping[str, SourceConfig]) -> SourceConfig:
    """Return a source that passes over the folders of others within its own."""
    own = folders.get(source.name)
    inner = [
        path.relative_to(own).as_posix()
        for name, path in folders.items()
        if own in path.parents and set(source.patterns) & set(found[name].patterns)
        if own is not None
    ]
    escaped = (re.sub(r"([*?\[])", r"[\1]", path) for path in inner)
    return replace(source, ignore=(*source.ignore, *(f"/{path}" for path in escaped))) if inner else source
