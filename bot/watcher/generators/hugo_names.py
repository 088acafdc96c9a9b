"""How Hugo spells names and titles in addresses, and what its permalink patterns mean. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec import Struct

from bot.watcher.permalink import DAYS, MONTHS, PermalinkError, UndatedError

_KEPT = frozenset("./\\_#+~-@")
_HEX = re.compile(r"%[0-9A-Fa-f]{2}")
_TOKEN = re.compile(r":(\w+)(\[[^\]]*\])?")
_SLICE = re.compile(r"\[(\d+|last)?(:)?(\d+|last)?\]")
# The pieces of Go's reference time, 2 January 2006 15:04:05.
_LAYOUT: tuple[tuple[str, Callable[[datetime], str]], ...] = (
    ("January", lambda at: MONTHS[at.month - 1]),
    ("Monday", lambda at: DAYS[at.weekday()]),
    ("2006", lambda at: f"{at.year:04}"),
    ("002", lambda at: f"{at.timetuple().tm_yday:03}"),
    ("Jan", lambda at: MONTHS[at.month - 1][:3]),
    ("Mon", lambda at: DAYS[at.weekday()][:3]),
    ("01", lambda at: f"{at.month:02}"),
    ("02", lambda at: f"{at.day:02}"),
    ("15", lambda at: f"{at.hour:02}"),
    ("04", lambda at: f"{at.minute:02}"),
    ("05", lambda at: f"{at.second:02}"),
    ("06", lambda at: f"{at.year % 100:02}"),
    ("1", lambda at: f"{at.month}"),
    ("2", lambda at: f"{at.day}"),
)
_DATED: dict[str, Callable[[datetime], str]] = {
    "year": lambda at: f"{at.year:04}",
    "month": lambda at: f"{at.month:02}",
    "monthname": lambda at: MONTHS[at.month - 1],
    "day": lambda at: f"{at.day:02}",
    "weekday": lambda at: f"{at.isoweekday() % 7}",
    "weekdayname": lambda at: DAYS[at.weekday()],
    "yearday": lambda at: f"{at.timetuple().tm_yday}",
}


class Names(Struct, frozen=True):
    """How a site spells: whether in lower case, and whether without accents."""

    lower: bool = True
    plain: bool = False

    def sanitized(self, text: str) -> str:
        """Keep what Hugo lets into a path; a run of spaces becomes one hyphen."""
        kept: list[str] = []
        wants_hyphen = was_hyphen = False
        for index, char in enumerate(text):
            if _is_allowed(text, index, char):
                was_hyphen = char == "-"
                if wants_hyphen and not was_hyphen:
                    kept.append("-")
                wants_hyphen = False
                kept.append(char)
            elif kept and not was_hyphen and char.isspace():
                wants_hyphen = True
        found = "".join(kept)
        if self.plain:
            found = "".join(c for c in unicodedata.normalize("NFD", found) if unicodedata.category(c) != "Mn")
        return unicodedata.normalize("NFC", _lower(found) if self.lower else found)

    def of_path(self, path: str) -> str:
        """Spell the path of a file: every single space becomes a hyphen where all is in lower case."""
        return self.sanitized(_lower(path).replace(" ", "-") if self.lower else path)


class Tokens(Struct, frozen=True):
    """What fills a permalink pattern. `name` is the file's (a bundle's folder's), `slug` the front matter's."""

    title: str
    slug: str
    name: str
    sections: Sequence[str]
    at: datetime | None


def fill(pattern: str, tokens: Tokens, names: Names) -> str:
    """Return what the pattern makes. Raises `UndatedError`, or `PermalinkError` for a token that is none."""

    def one(found: re.Match[str]) -> str:
        return _filled(found[1], found[2] or "", tokens, names, pattern)

    return _TOKEN.sub(one, pattern)


def _filled(name: str, part: str, tokens: Tokens, names: Names, pattern: str) -> str:
    if (words := _worded(name, tokens)) is not None:
        return names.sanitized(words.replace("\\", "-").replace("+", " "))
    if name in {"section", "sections", "sectionslug", "sectionslugs"}:
        chosen = _part(part, list(tokens.sections)) if part else list(tokens.sections)
        return names.of_path("/".join(chosen if name.endswith("s") else chosen[:1]))
    make = _DATED.get(name)
    if make is None and _by_layout(name, datetime(1999, 9, 9)) == name:  # noqa: DTZ001  only its digits are used
        raise PermalinkError(f'"{pattern}" holds ":{name}", which is no token of Hugo')
    if tokens.at is None:
        raise UndatedError(f'"{pattern}" needs a date')
    return names.sanitized(make(tokens.at)) if make else _by_layout(name, tokens.at)


def _worded(name: str, tokens: Tokens) -> str | None:
    """Return the words of a token, None where it has none. A slug may hold a slash, a title may not."""
    if name == "title" or (name == "slug" and not tokens.slug):
        return tokens.title.replace("/", "-")
    if name in {"filename", "contentbasename"}:
        return tokens.name
    if name in {"slug", "slugorfilename", "slugorcontentbasename"}:
        return tokens.slug or tokens.name
    return None


def _lower(text: str) -> str:
    """Return the text in lower case as Go makes it: each letter by itself, and one for one."""
    return text.lower() if text.isascii() else "".join(char.lower()[0] for char in text)


def _part(text: str, items: list[str]) -> list[str]:
    found = _SLICE.fullmatch(text)
    if found is None:
        raise PermalinkError(f'"{text}" takes no part of the sections')
    last = len(items) - 1
    first, end = (int(x) if x and x.isdigit() else last if x else None for x in (found[1], found[3]))
    if found[2]:
        return items[first or 0 : end if end is not None else len(items)]
    return items[first : first + 1] if first is not None and first >= 0 else []


def _by_layout(layout: str, at: datetime) -> str:
    out, rest = "", layout
    while rest:
        piece = next(((text, make) for text, make in _LAYOUT if rest.startswith(text)), None)
        out += piece[1](at) if piece else rest[0]
        rest = rest[len(piece[0]) if piece else 1 :]
    return out


def _is_allowed(text: str, index: int, char: str) -> bool:
    if char.isalpha() or char.isdigit() or char in _KEPT or unicodedata.category(char)[0] == "M":
        return True
    return char == "%" and _HEX.match(text, index) is not None
