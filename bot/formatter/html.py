"""HTML to blocks, by the standard library's parser. Pure."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from bot.formatter.blocks import Block, Kind, is_own_address, tidy, untorn
from bot.formatter.extensions import HOLE, without_generator_markup, without_holes
from bot.model import Image

_KINDS = {
    "blockquote": Kind.QUOTE,
    "ul": Kind.LIST,
    "ol": Kind.LIST,
    "dl": Kind.LIST,
    "pre": Kind.CODE,
    "table": Kind.TABLE,
    "figure": Kind.HTML,
    "aside": Kind.HTML,
    "nav": Kind.HTML,
    "details": Kind.HTML,
    **{f"h{level}": Kind.HEADING for level in range(1, 7)},
}
_ELEMENTS = """
address article aside blockquote body dd details div dl dt fieldset figcaption figure footer form header hr html
iframe li main nav ol p pre section summary table tbody td tfoot th thead tr ul video audio h1 h2 h3 h4 h5 h6
"""
_BREAKS = frozenset(_ELEMENTS.split())
_SILENT = frozenset(("script", "style", "template", "noscript", "svg", "head", "object", "iframe", "video", "audio"))
_NOTES = frozenset(
    ("footnote", "footnotes", "footnote-ref", "footnote-backref", "footnote-reference", "reversefootnote")
)
_NOTE_ROLES = frozenset(("doc-noteref", "doc-endnotes", "doc-backlink", "doc-endnote"))
_NOTE_TARGET = re.compile(r"#(?:user-content-)?(?:fn|footnote|_ftn|cite_note|easy-footnote)", re.IGNORECASE)
_STRUCK = frozenset(("del", "s", "strike"))
_FORMATTING = re.compile(
    r"</?(?:a|abbr|b|bdi|bdo|br|cite|code|del|em|i|ins|kbd|mark|q|s|samp|small|span|strong|sub|sup|time|u|var|wbr)"
    r"(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)


def without_formatting(text: str) -> str:
    """The text without tags that only format; `<canvas>` and `<3` stay, being words."""
    return _FORMATTING.sub("", text)


def blocks(body: str) -> list[Block]:
    """The blocks of an HTML body; text outside any element counts as prose."""
    parser = _Parser()
    parser.feed(without_generator_markup(body))
    parser.close()
    parser.flush()
    return parser.found


def _is_note(given: dict[str, str | None]) -> bool:
    """Whether an element is a footnote's mark, the way back from it, or the footnotes themselves."""
    classes = set((given.get("class") or "").lower().split())
    target, role = given.get("href") or "", given.get("role") or ""
    return bool(classes & _NOTES) or role in _NOTE_ROLES or _NOTE_TARGET.match(target) is not None


class _Parser(HTMLParser):
    """Collects blocks: words go into `out` until a block begins or ends."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Block] = []
        self.inside: list[str] = []
        self.silent: list[str] = []
        self.struck: list[int] = []
        self.links: list[tuple[int, str]] = []
        self.out: list[str] = []
        self.images: list[Image] = []
        self.dropped = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if _is_note(given) or tag in self.silent[-1:]:
            self.silent.append(tag)
        elif tag in _SILENT:
            self.flush()
            self.silent.append(tag)
        elif tag in _BREAKS:
            self.flush()
        if tag in _KINDS:
            self.inside.append(tag)
        elif tag == "br":
            self.out.append("\n")
        elif tag == "img":
            alt = given["alt"] or "" if "alt" in given else None
            self.images.append(Image(given.get("src") or "", alt))
        elif tag == "a":
            self.links.append((len(self.out), given.get("href") or ""))
        elif tag in _STRUCK:
            self.struck.append(len(self.out))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag in _SILENT or tag in _KINDS:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.silent and tag == self.silent[-1]:
            self.silent.pop()
        elif tag in _BREAKS:
            self.flush()
        if tag in _KINDS and tag in self.inside:
            while self.inside.pop() != tag:
                pass
        elif tag == "a" and self.links:
            self._close_link()
        elif tag in _STRUCK and self.struck:
            del self.out[self.struck.pop() :]

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.out.append(data if "pre" in self.inside else re.sub(r"\s+", " ", data))

    def handle_comment(self, data: str) -> None:
        if data.strip().casefold().split(" ")[0] == "more":
            self.flush()
            self.found.append(Block(Kind.MORE, ""))

    def _close_link(self) -> None:
        start, href = self.links.pop()
        if is_own_address("".join(self.out[start:]), href):
            del self.out[start:]
            self.dropped = True

    def flush(self) -> None:
        """End the block at hand."""
        raw = "".join(self.out)
        kind = _KINDS[self.inside[0]] if self.inside else Kind.PROSE
        text = raw.strip("\n") if kind is Kind.CODE else tidy(raw)
        if self.dropped:
            text = untorn(text)
        if HOLE in text and kind is Kind.PROSE:
            kind = Kind.HTML
        if text.strip() or self.images:
            level = int(self.inside[0][1]) if kind is Kind.HEADING else 0
            self.found.append(Block(kind, without_holes(text), tuple(self.images), level))
        self.out, self.images, self.links, self.struck = [], [], [], []
        self.dropped = False
