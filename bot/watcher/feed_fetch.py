"""Asks for a feed over HTTP: only for what has changed, through redirects, and with an eye on where they lead."""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urldefrag, urljoin, urlsplit

from msgspec import Struct

from bot.errors import PublishError, Rejected
from bot.http import MOST_REDIRECTS, Http, Page, wait_from
from bot.links import without_password

LARGEST = 20_000_000
"""Bytes: what is longer is no feed of a person's own."""

TOO_LARGE = f"it is larger than {LARGEST // 1_000_000} MB: this is not a feed"
TOTAL = 30.0
_GZIP = b"\x1f\x8b\x08"
_FOR_GOOD = frozenset({301, 308})
_FOR_NOW = frozenset({302, 303, 307})
_ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
_OF_FEEDS = (b"<", b"{", b"\xef", _GZIP[:1])
_READ = frozenset({"", "identity", "gzip", "x-gzip", "deflate", "br"})
_WORDS = {
    401: "it asks for a login",
    403: "it may not be read (403)",
    404: "there is no feed (404)",
    410: "the feed is gone for good (410)",
    429: "it was asked too often (429)",
}


class NoFeed(Exception):
    """There is no feed to be had. `wait` is how long the server asks to be left alone, None where it does not say."""

    def __init__(self, message: str, wait: timedelta | None = None) -> None:
        self.message, self.wait = message, wait
        super().__init__(message)


class Answer(Struct, frozen=True):
    """What a server gave. `body` is None where nothing has changed: it says so, or sends the bytes that are known.

    `etag` and `modified` are what to send the next time.

    `url` is where the feed was found; `moved` is where it has gone for good, None where it has not. `fresh_for` is how
    long the server says that the answer holds.
    """

    body: bytes | None
    url: str
    content_type: str
    etag: str = ""
    modified: str = ""
    moved: str | None = None
    fresh_for: timedelta | None = None


def ask(
    url: str,
    http: Http,
    now: datetime,
    *,
    allow_private: bool,
    start: str = "",
    etag: str = "",
    modified: str = "",
    known: str = "",
) -> Answer:
    """GET the feed at `url`, which a person configured; `start` is where it is known to have moved. Raises `NoFeed`.

    The configured host may be a private one; what it redirects to may be only with `allow_private`. `known` is the
    `body_print` of the body that is known.
    """
    asker = _Asker(http, (urlsplit(url).hostname or "").lower(), allow_private, now, known)
    validators = {"If-None-Match": etag, "If-Modified-Since": modified}
    headers = {"Accept": _ACCEPT} | {name: value for name, value in validators.items() if value}
    return asker.ask(urldefrag(start or url)[0], headers)


class _Asker(Struct, frozen=True):
    """One errand: the redirects from one address."""

    http: Http
    own_host: str
    allow_private: bool
    now: datetime
    known: str

    def ask(self, url: str, headers: Mapping[str, str]) -> Answer:
        seen, moved, is_permanent = [url], None, True
        until = time.monotonic() + TOTAL
        while True:
            page = self._get(url, headers, until)
            target = page.headers.get("location") if page.status in _FOR_GOOD | _FOR_NOW else None
            if not target:
                return self._answer(page, moved, headers)
            url = _joined(url, target)
            is_permanent = is_permanent and page.status in _FOR_GOOD
            moved = url if is_permanent else moved
            if url in seen:
                raise NoFeed("it redirects in a circle")
            if len(seen) > MOST_REDIRECTS:
                raise NoFeed(f"it redirects more than {MOST_REDIRECTS} times")
            seen.append(url)

    def _get(self, url: str, headers: Mapping[str, str], until: float) -> Page:
        own = (urlsplit(url).hostname or "").lower() == self.own_host
        try:
            return self.http.fetch(
                url,
                allow_private=own or self.allow_private,
                headers=headers,
                max_bytes=LARGEST,
                total=max(until - time.monotonic(), 0.1),
                follow=False,
                known=self.known,
            )
        except PublishError as error:
            raise NoFeed(_plainly(error)) from error

    def _answer(self, page: Page, moved: str | None, sent: Mapping[str, str]) -> Answer:
        headers = page.headers
        is_same = page.status == 304
        if is_same and not {"If-None-Match", "If-Modified-Since"} & sent.keys():
            raise NoFeed("it says that nothing has changed (304), but was asked for all of it")
        if page.status not in {200, 304}:
            busy = page.status in {429, 503}
            message = _WORDS.get(page.status, f"it answers {page.status}")
            raise NoFeed(message, wait_from(headers, self.now) if busy else None)
        if not page.whole:
            raise NoFeed(TOO_LARGE)
        coding = headers.get("content-encoding", "identity").lower()
        if coding not in _READ and not page.is_known and page.body[:1] not in _OF_FEEDS:
            raise NoFeed(f'it is sent in the coding "{coding}", which was not asked for')
        return Answer(
            body=None if is_same or page.is_known else unzipped(page.body),
            url=page.url,
            content_type=headers.get("content-type", ""),
            etag=headers.get("etag", sent.get("If-None-Match", "") if is_same else ""),
            modified=headers.get("last-modified", sent.get("If-Modified-Since", "") if is_same else ""),
            moved=moved,
            fresh_for=_fresh_for(headers.get("cache-control", "")),
        )


def unzipped(body: bytes) -> bytes:
    """What a body holds that was laid out as a gzip file, or sent as one without a word. Raises `NoFeed`."""
    if not body.startswith(_GZIP):
        return body
    unzip = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        text = unzip.decompress(body, LARGEST)
    except zlib.error as error:
        raise NoFeed("it is a gzip file that is damaged") from error
    if not unzip.eof:
        is_long = len(text) == LARGEST
        raise NoFeed(TOO_LARGE if is_long else "it is a gzip file that breaks off in the middle")
    return text


def shown(url: str) -> str:
    """An address for people to read, without what could be a secret."""
    return without_password(url)


def _fresh_for(cache_control: str) -> timedelta | None:
    found = re.search(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,9})", cache_control, re.IGNORECASE)
    if not found or re.search(r"no-(?:cache|store)", cache_control, re.IGNORECASE):
        return None
    return timedelta(seconds=int(found[1]))


def _joined(url: str, target: str) -> str:
    try:
        return urldefrag(urljoin(url, target.strip()))[0]
    except ValueError as error:
        raise NoFeed("it redirects to what is no address") from error


def _plainly(error: PublishError) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in error.message:
        why = re.search(r"certificate verify failed: ([^(]+)", error.message)
        return f"its certificate is not to be trusted ({why[1].strip() if why else 'it cannot be verified'})"
    if isinstance(error, Rejected) and "public internet" in error.message:
        return f"it redirects to a private address: {error.message}"
    return error.message
