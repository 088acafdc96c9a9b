"""Nostr's events: an announcement as signed events, and what an event of the account's own shows. Pure.

https://github.com/nostr-protocol/nips: 01 (events), 10 (threads), 19 (names), 23 (articles), 24 (tags), 36 (content
warnings), 48 (where it came from), 92 (pictures).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.formatter import plain, urls
from bot.model import Announcement, Part, Receipt, Sent, SpanKind
from bot.publishers import instants
from bot.publishers.base import Sighting
from bot.publishers.in_parts import picture_url
from bot.publishers.nostr_keys import Keys, encode

NOTE = 1
ARTICLE = 30023

Event = Mapping[str, Any]


def events(announcement: Announcement, keys: Keys, *, article: bool) -> list[dict[str, Any]]:
    """Return one signed event for each part, each an answer to the one before. The same input gives the same ids."""
    made: list[dict[str, Any]] = []
    start = int((announcement.created_at or announcement.instant).timestamp())
    for index, part in enumerate(announcement.parts):
        head = article and index == 0
        tags = [*(_article(announcement) if head else []), *_thread(made, keys), *_tags(announcement, part, index)]
        content = part.text
        if index == 0 and not head and announcement.media:
            addresses = [picture_url(announcement, picture) for picture in announcement.media]
            content = "\n".join([f"{content}\n", *addresses])
            tags += _pictures(announcement, addresses)
        made.append(_signed(keys, start + index, ARTICLE if head else NOTE, tags, content))
    return made


def is_event(value: object) -> bool:
    """Whether a relay's JSON has the shape of an event, and the id of its own content."""
    shape = {"id": str, "pubkey": str, "created_at": int, "kind": int, "tags": list, "content": str, "sig": str}
    if not isinstance(value, Mapping) or not all(isinstance(value.get(name), kind) for name, kind in shape.items()):
        return False
    return bool(value["id"] == _digest(value).hex())


def made(event: Event) -> datetime:
    """Return when it says it was made."""
    return instants.epoch(event["created_at"]) or datetime.max.replace(tzinfo=UTC)


def is_answer(event: Event) -> bool:
    """Whether it answers another event (NIP-10)."""
    return any(tag[:1] == ["e"] for tag in event["tags"])


def sent(event: Event, relays: Sequence[str], viewer: str) -> Sent:
    """Return the event's id and the address of a page that shows it."""
    return Sent(remote_id=str(event["id"]), url=f"{viewer}/{name(event, relays)}")


def sighting(event: Event, relays: Sequence[str], viewer: str) -> Sighting:
    """Return the event with every link that it bears, in tags and words."""
    tagged = [str(tag[1]) for tag in event["tags"] if len(tag) > 1 and tag[0] in ("r", "proxy")]
    words = [event["content"][start:end] for start, end in urls.spans(event["content"])]
    links = tuple(dict.fromkeys([*tagged, *words]))
    return Sighting(Receipt((sent(event, relays, viewer),), made(event)), links)


def name(event: Event, relays: Sequence[str]) -> str:
    """Return its NIP-19 name, `nevent1…` or `naddr1…`, with at most two relays where it may be found."""
    hints = [(1, relay.encode()) for relay in relays[:2] if len(relay) < 256]
    author = (2, bytes.fromhex(event["pubkey"]))
    kind = (3, int(event["kind"]).to_bytes(4))
    if event["kind"] == ARTICLE:
        key = next((str(tag[1]) for tag in event["tags"] if tag[:1] == ["d"] and len(tag) > 1), "")
        return encode("naddr", _tlv([(0, key.encode()[:255]), *hints, author, kind]))
    return encode("nevent", _tlv([(0, bytes.fromhex(event["id"])), *hints, author, kind]))


def _signed(keys: Keys, at: int, kind: int, tags: list[list[str]], content: str) -> dict[str, Any]:
    event: dict[str, Any] = {
        "pubkey": keys.public,
        "created_at": at,
        "kind": kind,
        "tags": tags,
        "content": content,
    }
    digest = _digest(event)
    return {"id": digest.hex(), **event, "sig": keys.sign(digest)}


def _digest(event: Event) -> bytes:
    fields = [0, *(event[name] for name in ("pubkey", "created_at", "kind", "tags", "content"))]
    spelt = json.dumps(fields, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(spelt.encode("utf-8", "replace")).digest()


def _tags(announcement: Announcement, part: Part, index: int) -> list[list[str]]:
    """Return what the words bear: their links, hashtags in lower case, language, warning, and the page they are of."""
    links = [span.target for span in part.spans if span.kind is SpanKind.LINK]
    hashtags = [span.target for span in part.spans if span.kind is SpanKind.TAG]
    if index == 0:
        links.insert(0, announcement.url)
        hashtags += announcement.tags
    found = [["r", link] for link in dict.fromkeys(filter(None, links))]
    found += [["t", tag] for tag in dict.fromkeys(tag.lower() for tag in hashtags)]
    if announcement.language:
        found += [["L", "ISO-639-1"], ["l", announcement.language[:2].lower(), "ISO-639-1"]]
    if announcement.content_warning is not None:
        found.append(["content-warning", announcement.content_warning])
    if index == 0 and announcement.url:
        found.append(["proxy", announcement.url, "web"])
    return found


def _pictures(announcement: Announcement, addresses: Sequence[str]) -> list[list[str]]:
    """Return what is told of pictures whose addresses stand in the words (NIP-92): their alt text, if any."""
    pairs = zip(addresses, announcement.media, strict=True)
    return [["imeta", f"url {url}", f"alt {' '.join(picture.alt.split())}"] for url, picture in pairs if picture.alt]


def _article(announcement: Announcement) -> list[list[str]]:
    """Return the tags of an article. Its `d` is the post's: another round replaces the article, as NIP-23 wants it."""
    post = announcement.post
    mark = hashlib.sha256(post.id.encode()).hexdigest()[:8]
    published = post.published or announcement.instant
    return [
        *(["image", picture_url(announcement, picture)] for picture in announcement.media[:1]),
        ["d", f"{post.slug}-{mark}"],
        ["title", plain.inline(post.title)],
        ["published_at", str(int(published.timestamp()))],
    ]


def _thread(before: Sequence[Event], keys: Keys) -> list[list[str]]:
    if not before:
        return []
    root = ["e", before[0]["id"], "", "root", keys.public]
    last = [["e", before[-1]["id"], "", "reply", keys.public]] if len(before) > 1 else []
    return [root, *last, ["p", keys.public]]


def _tlv(values: Sequence[tuple[int, bytes]]) -> bytes:
    return b"".join(bytes([kind, len(value)]) + value for kind, value in values)
