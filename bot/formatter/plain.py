"""A post's body as plain words: the first prose paragraph, all of it, its title, its pictures. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache

from bot.formatter import markdown
from bot.formatter.blocks import Block, Kind, without_origin
from bot.formatter.extensions import commonmark
from bot.formatter.markdown import inline as inline
from bot.formatter.markdown import own_words as own_words
from bot.model import BodyFormat, Image

_WORD = re.compile(r"[^\W_]+")
_MORE = re.compile(r"<!--\s*more\b", re.IGNORECASE)
_HTML_TITLE = re.compile(r"^\s*<h1\b[^>]*>(.*?)</h1\s*>\s*", re.IGNORECASE | re.DOTALL)


@lru_cache(maxsize=16)  # several questions are asked of one body, by several accounts
def blocks(body: str, body_format: BodyFormat) -> tuple[Block, ...]:
    """The blocks of a body. Markdown that holds nothing but HTML is read as the HTML it is."""
    if not body.strip():
        return ()
    if body_format is BodyFormat.HTML:
        return _html(body)
    found = markdown.blocks(body)
    if body.lstrip().startswith("<") and all(block.kind in (Kind.HTML, Kind.MORE) for block in found):
        return _html(body)
    return tuple(found)


def _html(text: str) -> tuple[Block, ...]:
    from bot.formatter import html  # its parser takes 4 ms to import, and most bodies need none

    return tuple(html.blocks(text))


def _prose(found: Iterable[Block]) -> list[str]:
    texts = (without_origin(block.text) for block in found if block.kind is Kind.PROSE)
    return [text for text in texts if _WORD.search(text) or (text and not text.isascii())]


def paragraphs(body: str, body_format: BodyFormat = BodyFormat.MARKDOWN) -> list[str]:
    """Every prose paragraph, in order; headings, quotes, lists, code, images, tables and HTML are passed over."""
    return _prose(blocks(body, body_format))


def first_prose(body: str, body_format: BodyFormat = BodyFormat.MARKDOWN) -> str:
    """The first prose paragraph, "" when there is none; one of emoji alone only where no other is."""
    found = paragraphs(body, body_format)
    return next((text for text in found if _WORD.search(text)), next(iter(found), ""))


def before_more(body: str, body_format: BodyFormat = BodyFormat.MARKDOWN) -> str:
    """The prose before `<!--more-->`, "" when there is no such mark or nothing before it."""
    match = _MORE.search(body)
    return "\n\n".join(paragraphs(body[: match.start()], body_format)) if match else ""


def whole_text(body: str, body_format: BodyFormat = BodyFormat.MARKDOWN) -> str:
    """All words of a note, blocks apart by a blank line, the items of a list on lines of their own."""
    out = ""
    last: Kind | None = None
    for block in blocks(body, body_format):
        text = without_origin(block.text)
        if not text:
            continue
        if block.kind is Kind.LIST:
            text = f"• {text}"
        elif block.kind is Kind.QUOTE:
            text = f"“{text}”" if text[0] not in '“"«„' else text
        together = block.kind is last and last in (Kind.LIST, Kind.TABLE)
        out += ("\n" if together else "\n\n") + text if out else text
        last = block.kind
    return out


def heading_title(body: str, body_format: BodyFormat = BodyFormat.MARKDOWN) -> tuple[str, str]:
    """The title that a body opens with as its first-level heading, and the body without it; ("", body) when none."""
    if body_format is BodyFormat.HTML:
        match = _HTML_TITLE.match(body)
        found_html = _html(match[1]) if match else ()
        return (found_html[0].text, body[match.end() :]) if match and found_html else ("", body)
    if not re.match(r"\s{0,3}(#\s|[^\n]+\n {0,3}=+[ \t]*(\n|$))|\s*\S[^\n]*(\n\S[^\n]*)*\n {0,3}=", body):
        return "", body
    body = commonmark(body)
    found = markdown.tokens(body)
    if not found or found[0].type != "heading_open" or found[0].tag != "h1" or not found[0].map:
        return "", body
    heading, _ = markdown.render(found[1].children or [])
    return " ".join(heading.split()), "\n".join(body.split("\n")[found[0].map[1] :]).lstrip("\n")


def images(body: str, body_format: BodyFormat = BodyFormat.MARKDOWN) -> tuple[Image, ...]:
    """The pictures of a body, in order; `alt` is None when there is none, and "" where HTML says `alt=""`."""
    return tuple(image for block in blocks(body, body_format) for image in block.images)


def fold(text: str) -> list[str]:
    """The words of a text for comparing: case, punctuation, emoji and markup ignored."""
    return _WORD.findall(text.casefold())


def text_hash(body: str, body_format: BodyFormat = BodyFormat.MARKDOWN) -> str:
    """SHA-256 (hex) of the body's plain words, case and white space folded; "" when there are none."""
    words = " ".join(" ".join(fold(block.text)) for block in blocks(body, body_format)).strip()
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest() if words else ""
