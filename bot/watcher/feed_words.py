"""What an entry says, whatever markup it came in: a title of plain words, a body as HTML, its pictures. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from urllib.parse import urljoin

from msgspec import Struct

from bot.model import Image

_TAG = re.compile(r"<(?:!--.*?--|/?[A-Za-z][^<>]*)>", re.DOTALL)
_UNSEEN = re.compile(r"<(script|style)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_BLOCK = re.compile(r"<(?:br|/p|/div|/li|/h[1-6]|/blockquote)\b[^<>]*>", re.IGNORECASE)
_ESCAPED_TAG = re.compile(r"&lt;/?(?:p|br|div|a|em|strong|b|i|img|ul|ol|li|h[1-6]|span|blockquote)\b", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_APPEARED = re.compile(r"\bthe post .{0,400} appeared first on .{0,200}$", re.IGNORECASE | re.DOTALL)
_CDATA = re.compile(r"\s*<!\[CDATA\[(.*)\]\]>\s*", re.DOTALL)
_ELLIPSIS = re.compile(r"…|\.\.\.")
_CUT_LEAST = 30  # letters before a machine's dots
_MORE = 120  # characters that a theme writes after them: "Continue reading", and the title again
_IMAGE = re.compile(r"<img\b[^<>]*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([\w:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_TINY = frozenset({"0", "1", "0px", "1px"})


class Text(Struct, frozen=True):
    """Words, and whether they are HTML."""

    value: str = ""
    html: bool = False


def one_line(title: Text) -> str:
    """A title as it is to be read: markup off, entities read, also those that were escaped twice."""
    text = _bared(title.value)
    if title.html:
        text = _TAG.sub("", text)
    if _ENTITY.search(text):
        text = html.unescape(text)
        if title.html and _ENTITY.search(text):
            text = html.unescape(text)
    return " ".join(text.split())


def as_html(text: Text) -> str:
    """The words as HTML: text is escaped, and its blank lines part paragraphs; what was escaped twice is mended."""
    value = _bared(text.value.strip())
    if not text.html:
        paragraphs = re.split(r"\n\s*\n", html.escape(value, quote=False).replace("\r\n", "\n"))
        return "".join(f"<p>{part.strip().replace(chr(10), '<br>')}</p>" for part in paragraphs if part.strip())
    if "<" not in value and _ESCAPED_TAG.search(value):
        return html.unescape(value)  # escaped twice
    return value


def _bared(value: str) -> str:
    """The words of a CDATA section that was escaped, as write.as does it."""
    found = _CDATA.fullmatch(value)
    return found[1].strip() if found else value


def plain(markup: str) -> str:
    """The words of HTML, quickly: a line for each block, and no more than that."""
    text = _TAG.sub("", _BLOCK.sub("\n", _UNSEEN.sub("", markup)))
    if "&" in text:
        text = html.unescape(text)
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def is_markup(text: str) -> bool:
    """Whether there is a tag in it."""
    return bool(_TAG.search(text))


def is_beginning(summary: str, body: str) -> bool:
    """Whether a summary is only where a machine cut the body off, whatever it says after its dots."""
    said, whole = _APPEARED.sub("", summary), _folded(plain(body))
    before, dots, after = _at_last_dots(said)
    cut = _folded(before)
    if dots and len(cut) >= _CUT_LEAST and len(after) <= _MORE and whole.startswith(cut):
        return True
    return whole.startswith(_folded(said))  # brackets and dots do not count


def _at_last_dots(text: str) -> tuple[str, str, str]:
    found = list(_ELLIPSIS.finditer(text))
    return (text[: found[-1].start()], found[-1][0], text[found[-1].end() :].strip()) if found else (text, "", "")


def _folded(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def images(given: Iterable[Image], body: str, base: str = "") -> tuple[Image, ...]:
    """The pictures: those that go with the entry, then the first in its words, whose addresses start from `base`."""
    found = {image.source: image for image in given}
    for tag in _IMAGE.findall(body):
        said = {match[1].lower(): match[2] or match[3] or match[4] or "" for match in _ATTRIBUTE.finditer(tag)}
        source = html.unescape(said.get("src", ""))
        if not source or source.startswith("data:") or {said.get("width"), said.get("height")} & _TINY:
            continue
        if "smiley" in said.get("class", "") or "emoji" in said.get("class", ""):
            continue
        alt = html.unescape(said["alt"]) if "alt" in said else None
        source = _joined(base, source)
        if found.get(source) is None or found[source].alt is None:
            found[source] = Image(source, alt)
        break
    return tuple(found.values())


def _joined(base: str, address: str) -> str:
    try:
        return urljoin(base, address)
    except ValueError:
        return address
