"""What Matrix's events hold: words as plain text and as HTML, pictures, and the key of ours. Pure.

https://spec.matrix.org/latest/client-server-api/#mroommessage-msgtypes
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

from bot.formatter import urls
from bot.model import Announcement, Part, SpanKind
from bot.publishers.in_parts import words

KEY = "posse-bot.key"

Content = Mapping[str, Any]


def key(announcement: Announcement, index: int) -> str:
    """Return the transaction id of a part."""
    return announcement.key if len(announcement.parts) == 1 else f"{announcement.key}-{index}"


def picture_key(announcement: Announcement, index: int) -> str:
    """Return the transaction id of a picture."""
    return f"{announcement.key}-m{index}"


def message(announcement: Announcement, index: int, *, notice: bool) -> dict[str, Any]:
    """Return the content of a part's event."""
    body = markup(announcement.parts[index])
    if announcement.content_warning is not None:
        warning = html.escape(announcement.content_warning)
        body = f'<span data-mx-spoiler="{warning}">{body}</span>'
    return {
        "msgtype": "m.notice" if notice else "m.text",
        "body": words(announcement, index),
        "format": "org.matrix.custom.html",
        "formatted_body": body,
        "m.mentions": {},
        KEY: key(announcement, index),
    }


def below(root: str) -> dict[str, Any]:
    """Return what puts a message into the thread of another one."""
    return {
        "m.relates_to": {
            "rel_type": "m.thread",
            "event_id": root,
            "is_falling_back": True,
            "m.in_reply_to": {"event_id": root},
        }
    }


def picture(announcement: Announcement, index: int, uri: str) -> dict[str, Any]:
    """Return the content of a picture's event: the alt text is its body, which is what a screen reader says."""
    media = announcement.media[index]
    name = f"{announcement.post.slug or 'picture'}-{index + 1}.{media.mime.rpartition('/')[2]}"
    return {
        "msgtype": "m.image",
        "body": media.alt or name,
        "filename": name,
        "url": uri,
        "info": {"mimetype": media.mime, "w": media.width, "h": media.height, "size": len(media.data)},
        KEY: picture_key(announcement, index),
    }


def markup(part: Part) -> str:
    """Return a part as HTML: its links live, its line breaks kept."""
    pieces: list[str] = []
    position = 0
    for span in sorted(part.spans, key=lambda span: span.start):
        if span.kind is not SpanKind.LINK or span.start < position:
            continue
        shown = html.escape(part.text[span.start : span.end])
        pieces += [html.escape(part.text[position : span.start])]
        pieces += [f'<a href="{html.escape(span.target)}">{shown}</a>']
        position = span.end
    pieces.append(html.escape(part.text[position:]))
    return "".join(pieces).replace("\n", "<br>")


def is_announcement(content: Content) -> bool:
    """Whether it is a message of words that answers nothing and edits nothing."""
    return content.get("msgtype") in ("m.text", "m.notice") and "m.relates_to" not in content


def links(content: Content) -> tuple[str, ...]:
    """Return every address in a message's words."""
    body = str(content.get("body") or "")
    return tuple(dict.fromkeys(body[start:end] for start, end in urls.spans(body)))
