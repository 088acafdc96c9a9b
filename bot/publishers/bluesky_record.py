"""The records of Bluesky: what an announcement looks like there, and what one found there links to. Pure.

https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/feed/post.json
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.keys import tid
from bot.links import same_link
from bot.model import Announcement, Media, Part, Span, SpanKind
from bot.publishers import instants

COLLECTION = "app.bsky.feed.post"
THUMB_BYTES = 1_000_000  # app.bsky.embed.external#external, thumb: maxSize
MOST_IMAGES = 4  # app.bsky.embed.images: maxLength
MOST_TAGS = 8

Json = dict[str, Any]

_URL = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?'’)\]}…]")
_LABELS = (
    ("porn", re.compile(r"\bporn", re.IGNORECASE)),
    ("sexual", re.compile(r"\bsex|\bnsfw\b|\berotic", re.IGNORECASE)),
    ("nudity", re.compile(r"\bnud(e|ity)\b", re.IGNORECASE)),
)


def rkey(announcement: Announcement, index: int) -> str:
    """Return the record key of a part. The first has the announcement's own, however many follow it.

    Only the whole seconds of the instant are taken, so that posts first seen in one scan, at one instant, still get
    their microseconds from their own keys.
    """
    key = announcement.key if index == 0 else f"{announcement.key}/{index}"
    return tid(announcement.instant.replace(microsecond=0), key)


def record(
    announcement: Announcement,
    index: int,
    *,
    dids: Mapping[str, str],
    embed: Json | None = None,
    reply: Json | None = None,
) -> Json:
    """Return the record of one part: the same input always gives the same record.

    `dids` resolves handles; a mention of one it lacks stays plain text. Parts are a millisecond apart, in order.
    """
    part = announcement.parts[index]
    created = (announcement.created_at or announcement.instant) + timedelta(milliseconds=index)
    made: Json = {
        "$type": COLLECTION,
        "text": part.text,
        "createdAt": created.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
    }
    facets = [facet for span in sorted(part.spans, key=_start) if (facet := _facet(part, span, dids))]
    optional = {
        "facets": facets,
        "langs": [announcement.language.replace("_", "-")] if announcement.language else [],
        "tags": list(announcement.tags[:MOST_TAGS]) if index == 0 else [],
        "embed": embed,
        "reply": reply,
        "labels": label(announcement.content_warning),
    }
    return made | {name: value for name, value in optional.items() if value}


def label(content_warning: str | None) -> Json | None:
    """Return the self-label for a content warning, which blurs the picture until it is tapped.

    Bluesky has no free words here. `porn`, `sexual` and `nudity` are taken when the warning says so; `graphic-media`
    ("some people would rather not see this") for all else.
    """
    if not content_warning:
        return None
    value = next((name for name, words in _LABELS if words.search(content_warning)), "graphic-media")
    return {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": value}]}


def pictures(media: Sequence[Media], blobs: Sequence[Json]) -> Json:
    """Return the embed of up to four pictures, `blobs` being their uploads in order."""
    images = [
        {"alt": picture.alt, "image": blob, "aspectRatio": {"width": picture.width, "height": picture.height}}
        for picture, blob in zip(media, blobs, strict=True)
    ]
    return {"$type": "app.bsky.embed.images", "images": images}


def external(announcement: Announcement, thumb: Json | None) -> Json | None:
    """Return the embed of the link's card, None where there is no card."""
    card = announcement.card
    if card is None:
        return None
    shown: Json = {"uri": card.url, "title": card.title, "description": card.description}
    return {"$type": "app.bsky.embed.external", "external": shown | ({"thumb": thumb} if thumb else {})}


def mentioned(announcement: Announcement) -> list[str]:
    """Return the handles that are mentioned, each once."""
    handles = (span.target for part in announcement.parts for span in part.spans if span.kind is SpanKind.MENTION)
    return list(dict.fromkeys(handles))


def links(value: Mapping[str, Any]) -> tuple[str, ...]:
    """Return every address a post record links to: facets, cards, and what stands in its text."""
    found = [
        feature["uri"]
        for facet in _list(value.get("facets"))
        for feature in _list(facet.get("features"))
        if isinstance(feature.get("uri"), str)
    ]
    embed = _mapping(value.get("embed"))
    for holder in (embed, _mapping(embed.get("media"))):
        uri = _mapping(holder.get("external")).get("uri")
        if isinstance(uri, str):
            found.append(uri)
    found += _URL.findall(str(value.get("text", "")))
    return tuple(dict.fromkeys(found))


def is_ours(value: Mapping[str, Any], announcement: Announcement, index: int) -> bool:
    """Whether the record that stands under a part's key is that part, perhaps in other words."""
    if value.get("text") == announcement.parts[index].text:
        return True
    if index:
        root = str(_mapping(_mapping(value.get("reply")).get("root")).get("uri"))
        return root.endswith(f"/{rkey(announcement, 0)}")
    return any(same_link(link, announcement.url) for link in links(value))


def created(value: Mapping[str, Any]) -> datetime | None:
    """Return when a record says that it was made, None where it does not say so in a form that can be read."""
    return instants.iso(value.get("createdAt"))


def _facet(part: Part, span: Span, dids: Mapping[str, str]) -> Json | None:
    feature = _feature(span, dids)
    if feature is None:
        return None
    begin = len(part.text[: span.start].encode())
    end = begin + len(part.text[span.start : span.end].encode())
    return {"index": {"byteStart": begin, "byteEnd": end}, "features": [feature]}


def _feature(span: Span, dids: Mapping[str, str]) -> Json | None:
    match span.kind:
        case SpanKind.LINK:
            return {"$type": "app.bsky.richtext.facet#link", "uri": span.target}
        case SpanKind.TAG:
            return {"$type": "app.bsky.richtext.facet#tag", "tag": span.target}
        case SpanKind.MENTION:
            did = dids.get(span.target)
            return {"$type": "app.bsky.richtext.facet#mention", "did": did} if did else None


def _start(span: Span) -> int:
    return span.start


def _list(value: object) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
