"""Markdown to blocks, by markdown-it-py (CommonMark, tables, strikethrough). Pure; the parser is imported on use."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING

from msgspec.structs import replace

from bot.formatter.blocks import SOFT, Block, Kind, is_own_address, tidy, untorn
from bot.formatter.extensions import HOLE, commonmark, without_holes
from bot.model import Image

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_MORE = re.compile(r"<!--\s*more\b.*?-->", re.IGNORECASE | re.DOTALL)
_DEFINITION = re.compile(r"(?:^|\n):[ \t]+(?=\S)")
_ADDRESS = re.compile(r"(?<![(<\[\w])https?://(?:www\.)?([^\s/]+\.[^\s/]+(?:/\S*)?)", re.IGNORECASE)
# Python's own names, which Markdown would make bold: in one line of words they are meant as they stand.
_DUNDER = re.compile(
    r"(?<![\w`])__(all|annotations|call|class|contains|del|dict|doc|enter|eq|exit|file|future|getattr|getitem|hash|init"
    r"|init_subclass|iter|len|lt|main|module|name|new|next|post_init|pycache|repr|setattr|slots|str|version)__(?![\w`])"
)
_ONLY_TAGS = re.compile(r"(?:#[^\W\d]\w*(?:[\s,]+|$))+")
_CLOSED = re.compile(r"[.!?…:。！？][\"'”’»)\]]*$")
_UNSAID = ("softbreak", "hardbreak", "link_open", "link_close")
_CONTAINERS = {
    "blockquote_open": Kind.QUOTE,
    "bullet_list_open": Kind.LIST,
    "ordered_list_open": Kind.LIST,
    "table_open": Kind.TABLE,
    "heading_open": Kind.HEADING,
}


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable(["table", "strikethrough"])


def tokens(body: str) -> Sequence[Token]:
    """The block tokens of a body, generator markup and all."""
    return _parser().parse(body)


def blocks(body: str) -> list[Block]:
    """The blocks of a Markdown body, outermost kind first: a paragraph in a list is a `LIST` block."""
    found: list[Block] = []
    inside: list[Kind] = []
    level = 0
    for token in tokens(commonmark(body)):
        if token.type in _CONTAINERS:
            inside.append(_CONTAINERS[token.type])
            level = int(token.tag[1]) if token.type == "heading_open" else level
        elif token.type.removesuffix("_close") + "_open" in _CONTAINERS:
            inside.pop()
        elif token.type == "inline":
            block = _words(token, inside[0] if inside else Kind.PROSE, level)
            if block.text.startswith(": ") and block.kind is Kind.LIST and found and found[-1].kind is Kind.PROSE:
                block = replace(block, text=f"{found.pop().text}{block.text}")  # its term stands on a line above
            found.append(block)
        elif token.type in ("fence", "code_block"):
            found.append(Block(Kind.CODE, token.content.rstrip("\n")))
        elif token.type == "html_block":
            found += _html(token.content)
    return found


def _words(token: Token, kind: Kind, level: int) -> Block:
    """The block of an inline token. Terms with definitions are a list; the words under a picture are its caption."""
    children = token.children or []
    text, images = render(children)
    if kind is Kind.PROSE and _DEFINITION.search(token.content):
        kind, text = Kind.LIST, text.replace(" : ", ": ")
    elif kind is Kind.PROSE and (HOLE in text or _is_caption(children) or _ONLY_TAGS.fullmatch(text)):
        kind = Kind.HTML
    elif kind is Kind.PROSE and _is_bold(children) and not _CLOSED.search(text):
        kind = Kind.HEADING
    return Block(kind, without_holes(text), images, level)


def _is_caption(children: Sequence[Token]) -> bool:
    """Whether a paragraph is a picture and then one emphasis, to its end."""
    said = _said(children)
    return bool(said) and said[0].type == "image" and _is_all(said[1:], "em")


def _is_bold(children: Sequence[Token]) -> bool:
    """Whether all of a paragraph is bold: a heading of one who does not write headings, where it ends like one."""
    return _is_all(_said(children), "strong")


def _said(children: Sequence[Token]) -> list[Token]:
    return [token for token in children if token.type not in _UNSAID and (token.nesting or token.content.strip())]


def _is_all(said: Sequence[Token], kind: str) -> bool:
    ends = [index for index, token in enumerate(said) if token.type == f"{kind}_close" and token.level == 0]
    return bool(said) and said[0].type == f"{kind}_open" and ends == [len(said) - 1]


def _html(content: str) -> Iterable[Block]:
    """An HTML block's words are kept for those who want all of them; as prose they do not count."""
    if _MORE.match(content.strip()):
        yield Block(Kind.MORE, "")
    from bot.formatter import html  # its parser takes 4 ms to import, and most bodies need none

    for block in html.blocks(content):
        yield Block(Kind.MORE if block.kind is Kind.MORE else Kind.HTML, block.text, block.images, block.level)


def render(children: Sequence[Token]) -> tuple[str, tuple[Image, ...]]:
    """The plain words of inline tokens, and the pictures among them; a label that is its own address is dropped."""
    writer = _Writer()
    for token in children:
        writer.take(token)
    text = tidy("".join(writer.out))
    return untorn(text) if writer.dropped else text, tuple(writer.images)


class _Writer:
    """Collects the words of inline tokens."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.images: list[Image] = []
        self.links: list[tuple[int, str]] = []
        self.struck: list[int] = []
        self.dropped = False

    def take(self, token: Token) -> None:
        """Add what one token says."""
        match token.type:
            case "text" | "text_special" | "code_inline":
                self.out.append(token.content)
            case "softbreak":
                self.out.append(SOFT)
            case "hardbreak":
                self.out.append("\n")
            case "image":
                self.images.append(Image(str(token.attrGet("src") or ""), token.content or None))
            case "html_inline":
                self._tag(token.content)
            case "link_open":
                self.links.append((len(self.out), str(token.attrGet("href") or "")))
            case "link_close":
                self._close_link()
            case "s_open":
                self.struck.append(len(self.out))
            case "s_close":
                del self.out[self.struck.pop() :]

    def _tag(self, tag: str) -> None:
        if re.match(r"<br\b", tag, re.IGNORECASE):
            self.out.append("\n")
        from bot.formatter import html

        self.images += (image for block in html.blocks(tag) for image in block.images)

    def _close_link(self) -> None:
        start, href = self.links.pop()
        if is_own_address("".join(self.out[start:]), href):
            del self.out[start:]
            self.dropped = True


def own_words(text: str) -> str:
    """A line of front matter as plain words: an address is a word of it, so it loses its scheme only; alone, all."""
    if len(text.split()) > 1:
        text = _ADDRESS.sub(lambda match: match[1].rstrip("/"), text)
    return inline(text)


def inline(text: str) -> str:
    """One line of Markdown as plain words, white space squeezed. Tags that only format go; others stay as written."""
    squeezed = _DUNDER.sub(r"\\_\\_\1\\_\\_", " ".join(text.split()))
    if not re.search(r"[*_`\[\]<>&\\~]|https?:", squeezed):
        return squeezed
    from bot.formatter import html

    children = _parser().parseInline(html.without_formatting(squeezed))[0].children or []
    writer = _Writer()
    for token in children:
        if token.type == "html_inline":
            writer.out.append(token.content)
        else:
            writer.take(token)
    written = " ".join(tidy("".join(writer.out)).split())
    return untorn(written) if writer.dropped else written
