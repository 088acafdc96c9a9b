"""Discord, by a channel's webhook.

https://docs.discord.com/developers/resources/webhook
A webhook cannot list what it wrote, and takes no key of ours: after a lost answer only a person can tell.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from bot.errors import PublishError, Unauthorized
from bot.model import Announcement, Media, Note, Receipt, SpanKind
from bot.publishers import instants
from bot.publishers.base import Access, Profile, Sighting
from bot.publishers.in_parts import Json, in_parts, part, words
from bot.publishers.json_calls import Answer, Calls, in_the_clear
from bot.publishers.masking import host_of

LIMIT = 2000
ASK_SECONDS = 10.0
_PATH = re.compile(r"(?:/api(?:/v\d+)?)?/webhooks/(\d+)/([\w.-]+)/?")
_MARKUP = re.compile(r"[\\*_~|`<\[]|^(?:>|#{1,3}(?= )|-#(?= ))", re.MULTILINE)
_LINK = re.compile(r"https?://\S+")


class Discord:
    """One channel. Notes: `part` with `index`, `id`, `url` and `at` for each message sent."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._calls = Calls(access, _words, {401, 403, 404}, "is it a Discord webhook?")  # 404: the webhook is gone
        self._hook: Json | None = None

    def publish(self, announcement: Announcement, notes: Sequence[Note]) -> Iterator[Note | Receipt]:
        """Send the parts, one message each, the pictures with the first."""
        yield from in_parts(announcement, notes, lambda index, _before: self._send(announcement, index))

    def find(self, announcement: Announcement, since: datetime) -> Receipt | None:
        """Not possible."""
        raise NotImplementedError("a Discord webhook cannot read its channel")

    def recent(self, since: datetime) -> Iterator[Sighting]:
        """Not possible."""
        raise NotImplementedError("a Discord webhook cannot read its channel")

    def verify(self) -> Profile:
        """Ask which channel the webhook writes in."""
        self._hook = None
        hook = self._about()
        guild, channel = hook.get("guild_id"), hook.get("channel_id")
        url = f"https://discord.com/channels/{guild}/{channel}" if guild and channel else None
        return Profile(name=f"{hook.get('name') or 'a webhook'} (webhook)", url=url, server="Discord")

    def _send(self, announcement: Announcement, index: int) -> Json:
        guild = self._guild()
        body: Json = {
            "content": escaped(announcement, index),
            "allowed_mentions": {"parse": []},  # nobody is ever notified, whatever the words look like
        }
        if self._access.options["username"]:
            body["username"] = self._access.options["username"]
        media = announcement.media if index == 0 else ()
        answer = self._call("POST", "?wait=true", once=True, **_request(body, media))
        message = answer.data
        if not message.get("id"):
            raise self._calls.unread(answer, self._address()[1], "the message that was sent")
        channel = message.get("channel_id")
        url = f"https://discord.com/channels/{guild}/{channel}/{message['id']}" if guild and channel else None
        return part(index, str(message["id"]), url, instants.iso(message.get("timestamp")) or answer.at)

    def _guild(self) -> str:
        """The server's id, empty where it is not told: the post goes out all the same, without a permalink."""
        try:
            return str(self._about().get("guild_id") or "")
        except PublishError:
            self._hook = {}  # once is enough: a webhook that is gone, or away, says so to the post too
            return ""

    def _about(self) -> Json:
        """What the webhook is: it alone tells the server's id, which a permalink needs."""
        if self._hook is None:
            answer = self._call("GET", "", timeout=ASK_SECONDS, total=ASK_SECONDS)
            if not answer.data.get("id"):
                raise self._calls.unread(answer, self._address()[1], "a webhook")
            self._hook = dict(answer.data)
        return self._hook

    def _call(self, method: str, query: str, *, once: bool = False, **request: Any) -> Answer:
        url, host, token = self._address()
        answer = self._calls.send(method, url + query, hidden=(url, token), once=once, **request)
        return self._calls.need(answer, host, lambda found: found.data.get("retry_after"))

    def _address(self) -> tuple[str, str, str]:
        """Return the webhook's address, its host, and the token in it. Raises `Unauthorized` for another kind."""
        url = self._access.secret("webhook_url").reveal().strip().partition("?")[0]
        found = _PATH.fullmatch(urlsplit(url).path)
        if found is None or in_the_clear(url):
            raise Unauthorized(
                "webhook_url is not the address of a Discord webhook, https://discord.com/api/webhooks/…"
                f" (type: posse login {self._access.account})"
            )
        return url.rstrip("/"), host_of(url), found[2]


def escaped(announcement: Announcement, index: int) -> str:
    """Return a part's words so that none of it is Markdown; as they are, where that alone would go over the limit.

    Links stay as they are: a backslash in one would break it.
    """
    text = words(announcement, index)
    shift = len(text) - len(announcement.parts[index].text)
    links = [
        (span.start + shift, span.end + shift) for span in announcement.parts[index].spans if span.kind is SpanKind.LINK
    ]
    links += [found.span() for found in _LINK.finditer(text)]
    escaped = _MARKUP.sub(
        lambda sign: sign[0] if any(a <= sign.start() < b for a, b in links) else f"\\{sign[0]}", text
    )
    return escaped if len(escaped) <= LIMIT else text


def _request(body: Json, media: Sequence[Media]) -> dict[str, Any]:
    """Return the body as JSON, or as a form where there are pictures, their alt text with them."""
    if not media:
        return {"json": body}
    files = {
        f"files[{index}]": (f"picture{index}.{item.mime.partition('/')[2]}", item.data, item.mime)
        for index, item in enumerate(media)
    }
    body["attachments"] = [
        {"id": index, "filename": files[f"files[{index}]"][0]} | ({"description": item.alt} if item.alt else {})
        for index, item in enumerate(media)
    ]
    return {"data": {"payload_json": json.dumps(body)}, "files": files}


def _words(answer: Answer) -> str:
    """The message, and the first detail below `errors`: https://docs.discord.com/developers/reference#error-messages."""
    return ": ".join(filter(None, (str(answer.data.get("message") or ""), _detail(answer.data.get("errors")))))


def _detail(errors: object) -> str:
    while isinstance(errors, dict) and errors:
        listed = errors.get("_errors")
        if isinstance(listed, list) and listed and isinstance(listed[0], dict):
            return str(listed[0].get("message") or "")
        errors = next(iter(errors.values()))
    return ""
