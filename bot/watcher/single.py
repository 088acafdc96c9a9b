"""One post that no configured source holds: a file or a page that a person named. It is read once, and only shown."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import unquote, urldefrag, urlsplit

from msgspec.structs import replace

from bot.errors import PublishError
from bot.http import Http
from bot.model import BodyFormat, Post
from bot.watcher import liveness, page
from bot.watcher.base import Scan
from bot.watcher.words import text_hash

_LANGUAGE = re.compile(r"<html\b[^>]*\blang\s*=\s*[\"']?([A-Za-z]{2,3}(?:-\w+)*)", re.IGNORECASE)
_TEXTS = tuple(re.compile(rf"(?is)<{tag}\b[^>]*>(.*?)</{tag}\s*>") for tag in ("article", "main", "body"))
_MOST = 2_000_000


class Single:
    """A source that holds one post, read already. `name` is no name that a configuration can give."""

    def __init__(self, name: str, post: Post) -> None:
        self.name = name
        self._post = replace(post, source=name)

    def scan(self, known: Mapping[str, str]) -> Scan:  # noqa: ARG002 - the protocol's
        """Return the post."""
        return Scan((self._post,))

    def read(self, source_id: str) -> Post | None:
        """Return the post, None for another id."""
        return self._post if source_id == self._post.source_id else None


class NoPage(Exception):
    """There is no page to be had at an address; the message says why in a few words."""


def read_page(url: str, http: Http, *, allow_private: bool) -> Post:
    """GET a page and read it as a post: its title, its description, and its text. Raises `NoPage`."""
    asked = urldefrag(url)[0]
    try:
        answer = http.fetch(asked, allow_private=allow_private or is_local(asked), max_bytes=_MOST)
    except PublishError as error:
        raise NoPage(liveness.reason(error.message)) from error
    kind = answer.headers.get("content-type", "")
    if answer.status != 200:
        raise NoPage(f"it answers {answer.status}")
    if not page.is_html(kind):
        raise NoPage(f"it is no page but {kind.partition(';')[0]}")
    return post_of(asked, page.decode(answer.body, kind), page.read(answer.body, kind, answer.url), answer.chain)


def post_of(url: str, text: str, facts: page.Facts, chain: tuple[str, ...] = ()) -> Post:
    """Make a post of a page's text and facts; `chain` is every address that led to it. Pure."""
    found = next((match[1] for form in _TEXTS if (match := form.search(text))), text)
    spoken = _LANGUAGE.search(text)
    slug = unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2]).partition(".")[0]
    return Post(
        source="",
        source_id=url,
        slug=slug or urlsplit(url).hostname or "page",
        url=url,
        # A `title` element mostly bears the site's name too; the heading does not.
        title=(facts.heading if facts.title == facts.name else "") or facts.title or facts.heading,
        body=found,
        body_format=BodyFormat.HTML,
        urls=tuple(address for address in chain if address != url),
        summary=facts.description or None,
        language=spoken[1] if spoken else None,
        text_hash=text_hash(found),
    )


def is_local(url: str) -> bool:
    """Whether an address names this machine or one beside it outright: who types it means it."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local"))
