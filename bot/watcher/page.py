"""What a web page says of itself: its title, its card, where it sends people, whether it is an error page. Pure."""

from __future__ import annotations

import codecs
import re
import unicodedata
from html import unescape
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from msgspec import Struct

from bot.formatter.card import DESCRIPTION_MOST, TITLE_MOST
from bot.formatter.html import without_formatting
from bot.formatter.measure import graphemes
from bot.formatter.repair import repair
from bot.formatter.shorten import cut
from bot.links import normalise, same_link

SOON = 5.0  # seconds: a refresh that comes later leaves time to read, so the page is one of its own
LONGEST = 5000
_BODY_MOST = 256 * 1024
_PIECE = 64 * 1024
_SHUT = frozenset({"noscript", "template", "svg", "iframe", "textarea"})
_TITLES = ("og:title", "twitter:title")
_DESCRIPTIONS = ("og:description", "twitter:description", "description")
_IMAGES = ("og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src")
_ALTS = ("og:image:alt", "twitter:image:alt")


class Facts(Struct, frozen=True):
    """What one HTML page tells. Addresses are absolute http(s) ones, None where there is none.

    `title` and `description` are the card's, from Open Graph where it is there, else the page's own; `heading` is the
    first `h1`, `name` the `title` element. `refresh` is where the page sends people at once. `empty`: it says nothing.
    """

    title: str = ""
    description: str = ""
    image: str | None = None
    image_alt: str = ""
    name: str = ""
    heading: str = ""
    canonical: str | None = None
    refresh: str | None = None
    empty: bool = False


def is_html(content_type: str) -> bool:
    """Whether a Content-Type header names HTML; one that is missing may."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind in {"", "text/html", "application/xhtml+xml"}


def read(body: bytes, content_type: str, url: str) -> Facts:
    """Read the HTML found at `url`; `body` may be only its beginning."""
    text = decode(body, content_type)
    parser = _Parser()
    for start in range(0, len(text), _PIECE):
        parser.feed(text[start : start + _PIECE])
        if parser.done(start):
            break
    metas, base = parser.metas, address(url, parser.base) or url
    name = tidy(parser.name)
    return Facts(
        title=_bounded(_first(metas, _TITLES) or name, TITLE_MOST),
        description=_bounded(_first(metas, _DESCRIPTIONS), DESCRIPTION_MOST),
        image=next((found for key in _IMAGES if (found := address(base, metas.get(key)))), None),
        image_alt=_first(metas, _ALTS),
        name=name,
        heading=tidy(parser.heading),
        canonical=address(base, parser.canonical),
        refresh=address(base, _target(parser.refresh)),
        empty=not text.strip(),
    )


def decode(body: bytes, content_type: str) -> str:
    """The text of a page: by its byte order mark, as UTF-8 where it is that, else by what header or page declare."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    header = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", content_type, re.IGNORECASE)
    meta = re.search(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w.:-]+)", body[:4096], re.IGNORECASE)
    declared = header[1] if header else meta[1].decode("ascii", "replace") if meta else ""
    if not declared.lower().startswith(("iso-2022", "hz", "utf-16")):  # those look like ASCII, or are not
        try:
            return codecs.getincrementaldecoder("utf-8")().decode(body)  # it may end within a character
        except UnicodeDecodeError:
            pass
    if declared.lower() in {"", "utf-8", "utf8", "us-ascii", "iso-8859-1", "latin1"}:
        declared = "cp1252"  # https://encoding.spec.whatwg.org/#names-and-labels
    try:
        return body.decode(declared, "replace")
    except (LookupError, UnicodeError):
        return body.decode("cp1252", "replace")


def tidy(text: str) -> str:
    """Words out of an attribute: mended, in one line, without tags, and without entities that were escaped twice."""
    text = _TWICE.sub(lambda match: unescape(match[0]), text[:LONGEST])
    text = unicodedata.normalize("NFC", without_formatting(repair(text)[0]))
    return " ".join("".join(" " if unicodedata.category(char) in _UNSEEN else char for char in text).split())


_TWICE = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|amp|quot|apos|[lr][sd]quo|hellip|[mn]dash|nbsp);", re.IGNORECASE)
_UNSEEN = frozenset({"Cc", "Cs", "Cn", "Zl", "Zp"})


def missing(facts: Facts) -> str:
    """The words by which a page that answers 200 says that it is not there, "" when it does not."""
    pieces = re.split(r"\s+[|–—·•«»-]\s+", facts.name)
    for words in (facts.heading, pieces[0], pieces[-1]):
        if words and _MISSING.fullmatch(" ".join(re.findall(r"\w+", words.casefold()))):
            return words
    return ""


_PAGE = (
    r"(?:(?:the |this |that )?(?:requested )?(?:page|file|url|post)(?: you (?:requested|(?:are|were) looking for))?)"
)
_NOT = r"(?:(?:was |is |could |can |cannot )?(?:not )?(?:be )?found|(?:couldn|can) t be found|does(?: not|n t) exist)"
_MISSING = re.compile(
    r"(?:(?:oops|whoops|sorry|uh|oh|http|status|code|error|fehler|erreur) )*"
    rf"(?:404(?: error)?(?: {_PAGE})?(?: {_NOT})?|{_PAGE} {_NOT}|not found|nothing found"
    r"|seite nicht gefunden|page (?:introuvable|non trouvée)|página no encontrada|pagina non trovata)"
    r"(?: error)?(?: 404)?"
)
_ERROR_PATH = re.compile(
    r"/(?:404|error-?404|(?:page-?)?not-?found|error|login|log-in|signin|sign-in|wp-login)(?:\.\w+)?/?$"
)


def wrong_landing(asked: str, landed: str) -> str:
    """Why the page people land on is not the one asked for: "its home page", "an error page"; "" when it may be."""
    if is_home(landed) and not is_home(asked):
        return "the home page"
    if _ERROR_PATH.search(urlsplit(landed).path.lower()) and not _ERROR_PATH.search(urlsplit(asked).path.lower()):
        return "an error page or a log-in"
    return ""


def is_home(url: str) -> bool:
    """Whether an address is the front page of a host."""
    parts = urlsplit(normalise(url))
    return re.fullmatch(r"/(?:index\.\w+)?", parts.path) is not None and not parts.query


def is_same_page(one: str, other: str) -> bool:
    """Whether two addresses are one page's for a reader: but for scheme and a slash at the end, they are equal."""
    return same_link(_slashless(one), _slashless(other))


def _slashless(url: str) -> str:
    parts = urlsplit(normalise(url))
    return parts._replace(path=parts.path.rstrip("/")).geturl()


def _first(metas: dict[str, str], names: tuple[str, ...]) -> str:
    return next((words for name in names if (words := tidy(metas.get(name, "")))), "")


def _bounded(text: str, most: int) -> str:
    return text if graphemes(text) <= most else cut(text, lambda shorter: graphemes(shorter) <= most)


def address(base: str, written: str | None) -> str | None:
    """An absolute http(s) address, None for anything else."""
    if not written or not written.strip():
        return None
    try:
        found = urljoin(base, written.strip())
        parts = urlsplit(found)
    except ValueError:
        return None
    return found if parts.scheme in {"http", "https"} and parts.hostname and len(found) <= LONGEST else None


_REFRESH = re.compile(
    r"\s*(\d*\.?\d*)\s*[;,\s]\s*(?:url\s*=\s*)?(?:\"([^\"]*)|'([^']*)|(.*))", re.IGNORECASE | re.DOTALL
)


def _target(content: str) -> str | None:
    """Where a meta refresh leads, None where it only reloads, or leaves time to read."""
    match = _REFRESH.match(content)
    if match is None or float(f"0{match[1]}" if match[1] != "." else 0) > SOON:
        return None
    return match[2] or match[3] or match[4] or None


class _Parser(HTMLParser):
    """Collects what the head of a page says, and its first heading."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.metas: dict[str, str] = {}
        self.base: str | None = None
        self.canonical: str | None = None
        self.refresh = ""
        self.name = ""
        self.heading = ""
        self._shut: list[str] = []
        self._words: list[str] | None = None

    def done(self, read: int) -> bool:
        """Whether nothing more is worth reading for."""
        return read > _BODY_MOST and bool(self.heading or read > 2 * _BODY_MOST)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take a head element's facts, or begin to listen."""
        if tag in _SHUT:
            self._shut.append(tag)
        if self._shut:
            return
        given = {name: value or "" for name, value in reversed(attrs)}
        if tag == "meta":
            self._meta(given)
        elif tag == "link" and "canonical" in given.get("rel", "").lower().split():
            self.canonical = self.canonical or given.get("href")
        elif tag == "base":
            self.base = self.base or given.get("href")
        elif (tag == "title" and not self.name) or (tag == "h1" and not self.heading):
            self._words = []

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element that closes itself; one that cannot (`<svg/>`) holds nothing."""
        if tag not in _SHUT:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """Stop listening."""
        if self._shut:
            if tag in self._shut:
                del self._shut[self._shut.index(tag) :]
        elif self._words is not None and tag in {"title", "h1"}:
            text, self._words = "".join(self._words), None
            if tag == "title":
                self.name = text
            else:
                self.heading = text

    def handle_data(self, data: str) -> None:
        """Listen."""
        if self._words is not None and not self._shut:
            self._words.append(data)

    def _meta(self, given: dict[str, str]) -> None:
        content = given.get("content", "")
        if given.get("http-equiv", "").strip().lower() == "refresh":
            self.refresh = self.refresh or content
        for key in ("property", "name"):
            if (name := given.get(key, "").strip().lower()) and content.strip():
                self.metas.setdefault(name, content)
