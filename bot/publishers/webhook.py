"""Any JSON endpoint, signed as https://www.standardwebhooks.com says, so that receivers need no code of ours.

Headers: `webhook-id` and `Idempotency-Key` (both the announcement's key), `webhook-timestamp`, `webhook-signature`
(`v1,` and the base 64 of HMAC-SHA256 over id, timestamp and body with dots between). Whether a repeat under the same
key is harmless is the receiver's word to keep, so after a lost answer a person is asked.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from bot.errors import PublishError, Rejected, Unauthorized, Uncertain
from bot.model import Announcement, Card, Media, Note, Receipt
from bot.publishers.base import Access, Profile, Sighting
from bot.publishers.in_parts import Json, in_one, part
from bot.publishers.json_calls import Answer, Calls
from bot.publishers.masking import host_of

EVENT = "post.announced"


class Webhook:
    """One endpoint, which gets a whole announcement in one request. Notes: `part`, when it is sent."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._url = str(access.options["url"])
        self._host = host_of(self._url)
        self._calls = Calls(access, _words, refused={401, 403, 410})  # 410: it wants no more, by the same standard

    def publish(self, announcement: Announcement, notes: Sequence[Note]) -> Iterator[Note | Receipt]:
        """Send it whole; any success is a receipt."""
        yield from in_one(notes, lambda: self._announce(announcement))

    def find(self, announcement: Announcement, since: datetime) -> Receipt | None:
        """Not possible."""
        raise NotImplementedError("an endpoint cannot be asked what it took")

    def recent(self, since: datetime) -> Iterator[Sighting]:
        """Not possible."""
        raise NotImplementedError("an endpoint cannot be asked what it took")

    def verify(self) -> Profile:
        """Ask with a signed GET, which an endpoint need not understand: only a refusal of it tells something."""
        answer = self._send("GET", "verify", b"", once=False)
        warnings: tuple[str, ...] = ()
        if answer.status in (404, 405):
            warnings = (f"{self._host} takes no GET there, so only the first post will prove address and signature",)
        elif not answer.good:
            raise self._meaning(answer)
        return Profile(name=self._host, url=None, server="a webhook", warnings=warnings)

    def _announce(self, announcement: Announcement) -> Json:
        key = announcement.key
        answer = self._send("POST", key, payload(announcement), once=True)
        if not answer.good:
            raise self._meaning(answer)
        url = answer.data.get("url") or answer.headers.get("location")
        public = str(url) if str(url).startswith(("http://", "https://")) else None
        return part(0, str(answer.data.get("id") or key), public, answer.at)

    def _send(self, method: str, key: str, body: bytes, *, once: bool) -> Answer:
        secret = self._access.secret("signing_secret").reveal()
        stamp = str(int(self._access.clock().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": key,
            "webhook-id": key,
            "webhook-timestamp": stamp,
            "webhook-signature": signature(secret, key, stamp, body),
        }
        return self._calls.send(method, self._url, hidden=(secret,), once=once, headers=headers, content=body or None)

    def _meaning(self, answer: Answer) -> PublishError:
        if (
            answer.status == 409 and answer.once
        ):  # https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
            return Uncertain(f"{self._host}: {_words(answer) or 'says that it is at work on the same one'}")
        error = self._calls.error(answer, self._host)
        if isinstance(error, Rejected) and answer.status == 404:
            return Unauthorized(f"{error.message}: is `url` of account {self._access.account} right?")
        return error


def signature(secret: str, key: str, stamp: str, body: bytes) -> str:
    """Return the signature of one request. A secret that begins with `whsec_` is base 64 after it, else plain text."""
    mac = hmac.new(_bytes(secret), f"{key}.{stamp}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(mac.digest()).decode()}"


def payload(announcement: Announcement) -> bytes:
    """Return the body: the same bytes for the same announcement. docs/how-to/other-networks.md shows one."""
    post = announcement.post
    return json.dumps(
        {
            "type": EVENT,
            "timestamp": _instant(announcement.created_at),
            "data": {
                "key": announcement.key,
                "account": announcement.account,
                "round": announcement.round,
                "text": announcement.text,
                "parts": [part.text for part in announcement.parts],
                "url": announcement.url,
                "post": {
                    "id": post.id,
                    "slug": post.slug,
                    "title": post.title,
                    "url": post.url,
                    "published": _instant(post.published),
                },
                "tags": list(announcement.tags),
                "language": announcement.language,
                "visibility": announcement.visibility.value,
                "content_warning": announcement.content_warning,
                "card": _card(announcement.card),
                "media": [_picture(item) for item in announcement.media],
            },
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()


def _bytes(secret: str) -> bytes:
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        raise Unauthorized("signing_secret begins with whsec_, but what follows is not base 64") from None


def _instant(at: datetime | None) -> str | None:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def _card(card: Card | None) -> Json | None:
    return {"url": card.url, "title": card.title, "description": card.description} if card else None


def _picture(media: Media) -> Json:
    return {
        "source": media.source,
        "alt": media.alt,
        "mime": media.mime,
        "width": media.width,
        "height": media.height,
        "data": base64.b64encode(media.data).decode(),
    }


def _words(answer: Answer) -> str:
    """What an error says, in the ways that are common: `message`, `detail` (RFC 9457), `error`, or one line of text."""
    for name in ("message", "detail", "title", "error"):
        told = answer.data.get(name)
        if isinstance(told, Mapping):
            told = told.get("message")
        if isinstance(told, str) and told:
            return told
    return "" if "<" in answer.text or answer.data else answer.text.strip()
