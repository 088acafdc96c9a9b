"""The few templates that people write in an Eleventy permalink: values and simple filters. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import regex

from bot.watcher.generators.letters import to_ascii
from bot.watcher.permalink import PermalinkError, UndatedError

_OUTPUT = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
_PIECE = re.compile(r"""\s*\|\s*(\w+)\s*(?::\s*|\(\s*)?((?:"[^"]*"|'[^']*'|[^|"')]+)*)\)?""")
_LITERAL = re.compile(r""""([^"]*)"|'([^']*)'""")
_NAME = re.compile(r"[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*|\[\d+\])*")
_UMLAUTS = {
    "ä": "ae",
    "ö": "oe",
    "ü": "ue",
    "&": " and ",
    "♥": " love ",
    "🦄": " unicorn ",
}
# Where @sindresorhus/transliterate has others than Text::Unidecode.
_OWN = dict(zip("йщъьюяёєґ", ("y", "sch", "", "", "yu", "ya", "yo", "ye", "g"), strict=True))
_OWN |= dict(zip("ηήυύϋΰξφχβ", ("i", "i", "y", "y", "y", "y", "ks", "f", "x", "v"), strict=True))
_OWN |= dict.fromkeys("œŋŀŧŉſ", "-") | {"€": "e"}
_ARABIC = "e a a w i y a b t t th j h kh d dh r z s sh s d t z e gh f q k l m n h w a y"
_OWN |= dict(zip("ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىي", _ARABIC.split(), strict=True))
_SPELT = regex.compile(r"[\p{Latin}\p{Greek}\p{Cyrillic}]")
_UNSPELT = regex.compile(r"[\p{Armenian}\p{Georgian}]")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}.*")


def render(template: str, values: Mapping[str, Any]) -> str:
    """Fill a template. Raises `PermalinkError` for what only Eleventy can fill, `UndatedError` for a missing date."""
    if "{%" in template or "${" in template:
        raise PermalinkError(f'"{template}" is a template that only Eleventy can fill; set canonical_url')
    return _OUTPUT.sub(lambda found: _output(found[1], values, template), template)


def _output(expression: str, values: Mapping[str, Any], template: str) -> str:
    head = re.match(r"""(?:"[^"]*"|'[^']*'|[^|"'])*""", expression)
    subject = head[0].strip() if head else ""
    rest = expression[head.end() if head else 0 :]
    value = _value(subject, values, template)
    while rest.strip():
        found = _PIECE.match(rest)
        if found is None or (make := _FILTERS.get(found[1])) is None:
            raise PermalinkError(
                f'"{template}" holds "{rest.strip(" |")}", which only Eleventy can do; set canonical_url'
            )
        arguments = ["".join(pair) for pair in _LITERAL.findall(found[2])]
        if found[1] == "date" and value is None:
            raise UndatedError(f'"{template}" needs a date')
        value = make(value, arguments)
        rest = rest[found.end() :]
    return "" if value is None else str(value)


def _value(name: str, values: Mapping[str, Any], template: str) -> Any:
    if literal := _LITERAL.fullmatch(name):
        return literal[1] or literal[2] or ""
    if not _NAME.fullmatch(name):
        raise PermalinkError(f'"{template}" holds "{name}", which only Eleventy can fill; set canonical_url')
    value: Any = values
    for part in re.findall(r"[\w-]+", name):
        if isinstance(value, Mapping):
            value = value.get(part, value.get(part.lower()))
        elif isinstance(value, list) and part.isdigit():
            value = value[int(part)] if int(part) < len(value) else None
        else:
            value = None
    return value


def slugify(text: str) -> str:
    """Do as Eleventy's `slugify` filter (@sindresorhus/slugify, which leaves capitals within words alone)."""
    if _UNSPELT.search(text):
        raise PermalinkError(f'only Eleventy can make a slug of "{text}"; set canonical_url')
    text = "".join(map(_spelt, unicodedata.normalize("NFC", text.replace("İ", "i")).lower()))
    text = re.sub(r"([a-z\d]+)'([ts])(\s|$)", r"\1\2\3", text)
    return re.sub(r"-+", "-", re.sub(r"[^a-z\d]+", "-", text)).strip("-")


def _spelt(char: str) -> str:
    """One letter by the tables of @sindresorhus/transliterate; what it has none for parts words."""
    known = _UMLAUTS.get(char, _OWN.get(char))
    if known is not None or char.isascii():
        return char if known is None else known
    return (to_ascii(char) if _SPELT.match(char) else "") or "-"


def _slug(text: str) -> str:
    """Do as Eleventy's older `slug` filter (the package slugify, lower and without its kept signs)."""
    text = to_ascii("".join({"&": "and", "%": "percent"}.get(char, char) for char in text)).lower()
    return re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s$*_+~.()'\"!\-:@]+", "", text).strip())


def _date(value: Any, arguments: list[str]) -> str:
    at = value
    if isinstance(value, str) and _ISO.fullmatch(value):
        at = datetime.fromisoformat(value)
    if not isinstance(at, datetime):
        raise PermalinkError(f'"{value}" is no date; set canonical_url')
    at = at.astimezone(UTC) if at.tzinfo else at
    return at.strftime(arguments[0] if arguments else "%Y-%m-%d")


def _first(arguments: list[str], index: int = 0) -> str:
    return arguments[index] if index < len(arguments) else ""


_FILTERS: dict[str, Callable[[Any, list[str]], Any]] = {
    "slugify": lambda value, _: slugify(str(value or "")),
    "slug": lambda value, _: _slug(str(value or "")),
    "date": _date,
    "downcase": lambda value, _: str(value or "").lower(),
    "lower": lambda value, _: str(value or "").lower(),
    "upcase": lambda value, _: str(value or "").upper(),
    "upper": lambda value, _: str(value or "").upper(),
    "capitalize": lambda value, _: str(value or "").capitalize(),
    "strip": lambda value, _: str(value or "").strip(),
    "trim": lambda value, _: str(value or "").strip(),
    "append": lambda value, arguments: f"{value or ''}{_first(arguments)}",
    "prepend": lambda value, arguments: f"{_first(arguments)}{value or ''}",
    "remove": lambda value, arguments: str(value or "").replace(_first(arguments), ""),
    "replace": lambda value, arguments: str(value or "").replace(_first(arguments), _first(arguments, 1)),
    "default": lambda value, arguments: value or _first(arguments),
    "first": lambda value, _: value[0] if value else None,
}
