"""What is still wrong in finished words: damage, markup, placeholders, nothing at all. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.formatter.repair import repair
from bot.model import Announcement, Part, SpanKind

_ENTITY = re.compile(r"&(?:([A-Za-z][A-Za-z0-9]{1,31})|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});")
_TAG = re.compile(
    r"</?(?:a|abbr|article|aside|audio|b|blockquote|body|br|button|canvas|center|cite|code|dd|del|details|div|dl|dt|em"
    r"|embed|figcaption|figure|font|footer|form|h[1-6]|head|header|hr|html|i|iframe|img|input|ins|kbd|li|link|main|mark"
    r"|meta|nav|ol|p|pre|q|s|samp|script|section|small|source|span|strong|style|sub|summary|sup|svg|table|tbody|td|tfoot"
    r"|th|thead|tr|u|ul|var|video|wbr)(?:\s[^<>]*)?/?>|<!--",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{\{<|\{\{", re.DOTALL)
_MARKDOWN = re.compile(r"!\[|\]\((?:https?://|/|\.|#)")
_VISIBLE = re.compile(r"[^\s\u200b-\u200f\u2060\ufe0f]")


def leftovers(announcement: Announcement) -> str | None:
    """A short phrase that names what is wrong in the outgoing words, None when nothing is."""
    if not announcement.media and not any(_VISIBLE.search(_without(part, every=True)) for part in announcement.parts):
        return "no words: the text is empty"
    for where, text in _texts(announcement):
        if found := _wrong(text):
            return f"{found}{where}"
    return None


def _texts(announcement: Announcement) -> Iterator[tuple[str, str]]:
    for part in announcement.parts:
        yield "", _without(part, every=False)
    if announcement.content_warning:
        yield " in the content warning", announcement.content_warning
    if announcement.card:
        yield " in the card", f"{announcement.card.title}\n{announcement.card.description}"


def _without(part: Part, *, every: bool) -> str:
    """The words outside links, and with `every` also outside hashtags."""
    pieces: list[str] = []
    position = 0
    for span in part.spans:
        if span.kind is SpanKind.LINK or (every and span.kind is SpanKind.TAG):
            pieces.append(part.text[position : span.start])
            position = span.end
    return " ".join((*pieces, part.text[position:]))


def _wrong(text: str) -> str | None:
    if match := _PLACEHOLDER.search(text):
        return f"an unrendered placeholder: {match[0][:40]}"
    if (match := _ENTITY.search(text)) and (match[1] is None or _is_entity(match[1])):
        return f"an HTML entity: {match[0]}"
    if match := _MARKDOWN.search(text):
        return f"left-over Markdown: {text[match.start() : match.start() + 20].split()[0]}"
    if match := _TAG.search(text):
        return f"an HTML tag: {match[0][:40]}"
    if repair(text)[1]:
        return "mojibake: wrongly decoded characters"
    return None


def _is_entity(name: str) -> bool:
    from html.entities import html5

    return f"{name};" in html5
