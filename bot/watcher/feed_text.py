"""From the bytes of a feed to text that can be parsed: character sets, markup that is none, and traps. Pure."""

from __future__ import annotations

import codecs
import html
import html.entities
import re
from urllib.parse import urljoin

from bot.watcher.values import Unreadable

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SNIFFED = ((b"<\0?\0", "utf-16-le"), (b"\0<\0?", "utf-16-be"), (b"<\0r\0", "utf-16-le"), (b"\0<\0r", "utf-16-be"))
_DECLARED = re.compile(rb"<\?xml[^>]*?\bencoding\s*=\s*[\"']([A-Za-z0-9._:-]+)")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._:-]+)", re.IGNORECASE)
# A server says these by default, of whatever it serves; browsers read all of them as windows-1252.
_DEFAULTS = frozenset({"iso8859-1", "ascii", "cp1252"})
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_ENTITY = re.compile(r"<!ENTITY\s+(%?)\s*[\w.:-]+\s+(?:\"([^\"]*)\"|'([^']*)'|(\w+))", re.IGNORECASE)
_SUBSET = re.compile(r"<!DOCTYPE[^>\[]*\[.*?\]\s*>", re.IGNORECASE | re.DOTALL)
_HARMLESS = re.compile(r"(?:&#x?[0-9A-Fa-f]+;|[^&%<]){0,32}")
_ROOT = re.compile(r"<\?xml\s[^>]*\?>\s*(?:<[!?][^>]*>\s*)*<(?:rss|feed|rdf:RDF)[\s>]|<(?:rss|feed|rdf:RDF)\s[^<>]*>")
_PROLOG = re.compile(r"<\?.*?\?>|<!--.*?-->", re.DOTALL)
_PAGE = re.compile(r"<(?:!doctype|!entity|html|head|body|script)\b", re.IGNORECASE)
_OF_PAGES = frozenset({"html", "head", "body"})
_FAR = 20_000  # characters: a warning is shorter
_FIRST_TAG = re.compile(r"<([A-Za-z_][\w.:-]*)")
_NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
_CDATA = re.compile(r"(<!\[CDATA\[.*?\]\]>)", re.DOTALL)
_BARE_SIGN = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d+|#[xX][0-9A-Fa-f]+);)")
_OF_XML = frozenset({"amp", "lt", "gt", "quot", "apos"})
_LINK = re.compile(r"<link\b[^>]*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([\w:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/json")


def decode(body: bytes, content_type: str = "") -> str:
    """Return the text, without a byte order mark and without characters that XML forbids.

    The mark decides, then UTF-8 wherever the bytes are that, then what the HTTP header says, then what the XML
    declaration says; but a header that says only what servers say of everything yields to the declaration.
    """
    return _FORBIDDEN.sub("", _decoded(body, content_type))


def _decoded(body: bytes, content_type: str) -> str:
    for mark, name in _MARKS:
        if body.startswith(mark):
            return body.decode(name, "replace").removeprefix("\ufeff")
    for start, name in _SNIFFED:
        if body.startswith(start):
            return body.decode(name, "replace")
    by_header = _known(found[1]) if (found := _CHARSET.search(content_type)) else None
    declared = _DECLARED.match(body.lstrip()[:500])
    by_document = _known(declared[1].decode("ascii")) if declared else None
    said = [by_document, by_header] if by_header in _DEFAULTS else [by_header, by_document]
    if body.isascii():
        shifting = next((name for name in said if name and name.startswith(("iso2022", "utf-7", "hz"))), None)
        return body.decode(shifting or "ascii", "replace")
    for name in ("utf-8", *(name for name in said if name)):
        try:
            return body.decode("cp1252" if name in _DEFAULTS else name)
        except UnicodeError:
            continue
    if _is_mostly_utf8(body):
        return body.decode("utf-8", "replace")
    return body.decode("cp1252", "replace")


def _known(name: str) -> str | None:
    """Return Python's name of a character set, None when it knows none."""
    try:
        return codecs.lookup(name).name
    except (LookupError, ValueError):
        return None


def _is_mostly_utf8(body: bytes) -> bool:
    """Whether text is UTF-8 but for a few spoilt bytes."""
    spoilt = body.decode("utf-8", "replace").count("\ufffd")
    return spoilt * 4 < sum(byte > 0x7F for byte in body)


def refuse_traps(text: str) -> None:
    """Raise `Unreadable` for a document type that declares entities which expand, or which name other files."""
    first = _FIRST_TAG.search(text)
    subset = _SUBSET.search(text, 0, 200_000)
    head = text[: max(first.start() if first else len(text), subset.end() if subset else 0)]
    for found in re.finditer("<!ENTITY", head, re.IGNORECASE):
        entity = _ENTITY.match(head, found.start())
        if entity is None or entity[1] or entity[4]:
            raise Unreadable("it declares external entities, which are never read: refused")
        if not _HARMLESS.fullmatch(entity[2] or entity[3] or ""):
            raise Unreadable("it declares entities that expand (an XML bomb looks like that): refused")


def without_preamble(text: str) -> tuple[str, str]:
    """Return a feed without the words that a broken program put before it, and those words; "" where there are none."""
    root = _ROOT.search(text, 0, _FAR)
    before = text[: root.start()] if root else ""
    if not root or not _PROLOG.sub("", before).strip() or _PAGE.search(before):
        return text, ""  # a document type is not to be passed over: see `refuse_traps`
    return text[root.start() :], " ".join(re.sub(r"<[^>]*>", " ", before).split())


def is_page(text: str) -> bool:
    """Whether it is a web page."""
    first = _FIRST_TAG.search(text)
    return (first is not None and first[1].lower() in _OF_PAGES) or text.lstrip()[:14].lower() == "<!doctype html"


def refuse_page(text: str, url: str | None) -> None:
    """Raise `Unreadable` for what is certainly no feed: nothing, a web page, or XML of another kind."""
    start = text.lstrip()
    if not start:
        raise Unreadable("it is empty: not a feed")
    first = _FIRST_TAG.search(text)
    root = first[1].lower() if first else ""
    if is_page(text):
        raise Unreadable(f"a web page, not a feed{_hint(text, url)}")
    if not start.startswith("<"):
        raise Unreadable(f'not a feed: it begins with "{" ".join(start[:200].split())[:40]}"')
    if root.rpartition(":")[2] not in {"rss", "feed", "rdf", "channel"}:
        raise Unreadable(f"not a feed: it is XML of another kind (<{first[1] if first else ''}>)")


def feeds_of(page: str, url: str | None) -> list[str]:
    """Return the addresses of the feeds that a web page names, in its order."""
    found = []
    for link in _LINK.findall(page):
        given = {match[1].lower(): match[2] or match[3] or match[4] or "" for match in _ATTRIBUTE.finditer(link)}
        if "alternate" in given.get("rel", "").lower().split() and given.get("type", "").lower() in _FEED_TYPES:
            found.append(urljoin(url or "", html.unescape(given.get("href", ""))))
    return found


def unescaped(markup: str) -> str:
    """The words of an element of XML that holds no other, whether they are escaped or in a CDATA section."""
    return "".join(
        piece.removeprefix("<![CDATA[").removesuffix("]]>") if piece.startswith("<![CDATA[") else html.unescape(piece)
        for piece in _CDATA.split(markup)
    )


def _hint(text: str, url: str | None) -> str:
    if found := feeds_of(text, url):
        return f"; it names the feed {found[0]}"
    if re.search(r"type\s*=\s*[\"']?password", text, re.IGNORECASE):
        return ": it asks for a login"
    return ""


def with_sound_entities(text: str) -> str:
    """Return XML with HTML's named entities, which XML does not know, as characters, and with bare & signs escaped."""

    def known(match: re.Match[str]) -> str:
        meant = html.entities.html5.get(f"{match[1]};") if match[1] not in _OF_XML else None
        return meant if meant and not set(meant) & set("<>&") else match[0]

    pieces = _CDATA.split(text)
    for index in range(0, len(pieces), 2):
        pieces[index] = _BARE_SIGN.sub("&amp;", _NAMED.sub(known, pieces[index]))
    return "".join(pieces)
