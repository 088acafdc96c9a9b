"""What is asked of a site generator: which address it gives to a file. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from bot.watcher.values import Value


class File(Struct, frozen=True):
    """One file that the generator makes a page of.

    `path` is POSIX and relative to the site's folder; `values` and `head` are its front matter, read and as it stands.
    `at` is its date with the offset that was written, in the zone of dates that bear none where none was; `zone` is
    the source's.
    """

    path: str
    values: Mapping[str, Value]
    head: str = ""
    title: str = ""
    at: datetime | None = None
    zone: ZoneInfo | None = None

    def text(self, key: str) -> str:
        """Return the text at `key`, "" when there is none."""
        value = self.values.get(key)
        return value.strip() if isinstance(value, str) else ""

    def is_quoted(self, key: str) -> bool:
        """Whether the value at `key` stands in quotes: YAML makes no number or date of it then."""
        return (
            re.search(rf"^{re.escape(key)}[ \t]*[:=][ \t]*[\"']", self.head, re.MULTILINE | re.IGNORECASE) is not None
        )


class Made(Struct, frozen=True):
    """What the generator makes of a file.

    `path` begins with "/" and is below the site's base, None when no page is made; it is percent-encoded where
    `is_encoded` says so. `base` is the address that it is below where that is not the site's. `aliases` are paths of
    the same kind, or whole URLs; None leaves them to the usual keys.
    """

    path: str | None
    base: str | None = None
    aliases: tuple[str, ...] | None = None
    is_encoded: bool = False


class Generator(Protocol):
    """One site's generator with its configuration, read. `root` is the folder that `File.path` is relative to.

    `base` is the site's address where the configuration tells it, `zone` its time zone. `mark` changes with the
    configuration.
    """

    root: str
    base: str | None
    zone: ZoneInfo | None
    mark: str

    def takes(self, path: str) -> bool:
        """Whether a file is a page of its own; `path` is as in `File`."""
        ...

    def date_zone(self, written: str, *, quoted: bool) -> ZoneInfo | None:
        """Return the zone of a date that bears none, None where the configuration does not say."""
        ...

    def page(self, file: File) -> Made:
        """Say where the file's page is. Raises `UndatedError` when that needs a date, `PermalinkError` for a riddle."""
        ...


def zone_of(name: str | None) -> ZoneInfo | None:
    """Return the zone of this name, None when there is none."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def texts(value: Value | None) -> list[str]:
    """Return a text or the texts of a list, as they stand."""
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
