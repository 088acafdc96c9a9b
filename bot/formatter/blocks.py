"""The blocks that a body falls into, and what is done to the words of each, whatever the markup. Pure."""

from __future__ import annotations

import re
from enum import StrEnum

from msgspec import Struct

from bot.formatter.urls import ANY_URL
from bot.model import Image


class Kind(StrEnum):
    """What a block is. Only `PROSE` may stand for the post."""

    PROSE = "prose"
    HEADING = "heading"
    QUOTE = "quote"
    LIST = "list"
    CODE = "code"
    TABLE = "table"
    HTML = "html"
    MORE = "more"


class Block(Struct, frozen=True):
    """One block: its plain words (line breaks only where the author set hard ones) and its pictures, in order."""

    kind: Kind
    text: str
    images: tuple[Image, ...] = ()
    level: int = 0


_ORIGINALLY = re.compile(
    r"(?:^|(?<=\s))[*_(\[]*(?:this (?:post )?was )?originally (?:posted|published)\b[^.!?]*[.)\]*_]*\s*$", re.IGNORECASE
)
_FOOTNOTE = re.compile(r"\[\^[^\]\s]+\]|\^\[[^\[\]]*\]")
_EMPTY_BRACKETS = re.compile(r"[ \t]*(?:\(\s*\)|\[\s*\]|<\s*>)")
_BEFORE_PUNCTUATION = re.compile(r"(?<=\S)[ \t]+(?=[.,;!?](?:\s|$))")
_SPACES = re.compile(r"[^\S\n]+")
_CJK = r"[\u3000-\u9fff\uf900-\ufaff\uff00-\uffef]"
_CJK_BREAK = rf"(?<={_CJK})\x00(?={_CJK})"  # compiled (3 ms) when it is needed
SOFT = "\x00"  # a soft line break, until it is known what stands on its two sides


def is_own_address(label: str, href: str) -> bool:
    """Whether a link's label is its own address, whole or abbreviated with … or ... at the end."""
    shown = _bare(label)
    if not shown or not href:
        return False
    for ending in ("…", "..."):
        if shown.endswith(ending):
            stem = shown.removesuffix(ending)
            return "." in stem and _bare(href).startswith(stem)
    return shown == _bare(href)


def _bare(address: str) -> str:
    text = address.strip().casefold()
    text = re.sub(r"^(?:https?:)?//", "", text)
    return text.removeprefix("www.").rstrip("/")


def tidy(text: str) -> str:
    """Words as they may be shown: addresses, footnote marks and the holes they leave gone, white space squeezed."""
    text = (text if text.isascii() else re.sub(_CJK_BREAK, "", text)).replace(SOFT, " ")
    cut = ANY_URL.search(text) is not None
    while ANY_URL.search(text):
        text = ANY_URL.sub(_after_url, text)
    text = _FOOTNOTE.sub("", text)
    text = _SPACES.sub(" ", text)
    text = "\n".join(line.strip() for line in text.split("\n")).strip()
    return untorn(text) if cut else text


def _after_url(match: re.Match[str]) -> str:
    """The punctuation of the sentence that stood behind the address."""
    found = re.search(r"[.,;:!?)\]}>\"'”’»。，）」』]+$", match[0])
    kept = found[0] if found else ""
    return kept if "(" not in match[0] or not kept.startswith(")") else kept[1:]


def untorn(text: str) -> str:
    """The text without what a dropped label leaves: empty brackets, a space before a full stop."""
    text = _BEFORE_PUNCTUATION.sub("", _EMPTY_BRACKETS.sub("", text))
    return _SPACES.sub(" ", text).strip()


def without_origin(text: str) -> str:
    """The text without a trailing “Originally posted on: …”."""
    return _ORIGINALLY.sub("", text).strip()
