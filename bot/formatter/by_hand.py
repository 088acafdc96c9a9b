"""The link that opens a network's own form with an announcement filled in, for who posts it by hand. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from bot.model import Announcement, Part, SpanKind
from bot.networks import Network


def compose_link(announcement: Announcement, network: Network, options: Mapping[str, object]) -> str | None:
    """Return the link, None where the network has no such form. A form takes one message: a thread's first.

    Links stand whole in it, also where the network shows them shortened.
    """
    if network.compose_url is None:
        return None
    values = {name: str(value or "").rstrip("/") for name, value in options.items()}
    first = whole(announcement.parts[0])
    if network.warns and announcement.content_warning:
        first = f"{announcement.content_warning}\n\n{first}"
    values |= {"text": quote(first, safe=""), "url": quote(announcement.url, safe="")}
    return network.compose_url.format(**values)


def words(announcement: Announcement) -> str:
    """Return the words of all parts as a person may copy them, with every link at its full length."""
    return "\n\n".join(whole(part) for part in announcement.parts)


def whole(part: Part) -> str:
    """Return the words of a part with every link at its full length."""
    text, position = "", 0
    for span in sorted(part.spans, key=lambda span: span.start):
        if span.kind is SpanKind.LINK:
            text += part.text[position : span.start] + span.target
            position = span.end
    return text + part.text[position:]
