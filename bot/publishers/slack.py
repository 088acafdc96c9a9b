"""Slack, by a channel's incoming webhook.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
A webhook answers "ok" and no more: no id, no permalink, no look. After a lost answer only a person can tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from bot.errors import PublishError, Rejected, Unauthorized
from bot.model import Announcement, Note, Receipt
from bot.publishers.base import Access, Profile, Sighting
from bot.publishers.in_parts import Json, in_parts, part, words
from bot.publishers.json_calls import Answer, Calls, in_the_clear
from bot.publishers.masking import host_of

MOST = 40_000  # Slack cuts what is longer: https://docs.slack.dev/changelog/2018-truncating-really-long-messages
_PATH = re.compile(r"/services/[\w/]+")
_EMPTY = frozenset({"no_text", "invalid_payload", "missing_text_or_fallback_or_attachments"})


class Slack:
    """One channel. Notes: `part` with `index`, `id`, `url` and `at`; the id is our own, for Slack tells none."""

    def __init__(self, access: Access) -> None:
        self._access = access
        # revoked, no such hook, archived channel
        self._calls = Calls(access, _words, {401, 403, 404, 410}, "is it a Slack webhook?")

    def publish(self, announcement: Announcement, notes: Sequence[Note]) -> Iterator[Note | Receipt]:
        """Send the parts, one message each."""
        if any(len(escaped(words(announcement, index))) > MOST for index in range(len(announcement.parts))):
            raise Rejected(f"Slack would cut it: it is longer than {MOST} characters")
        yield from in_parts(announcement, notes, lambda index, _before: self._send(announcement, index))

    def find(self, announcement: Announcement, since: datetime) -> Receipt | None:
        """Not possible."""
        raise NotImplementedError("a Slack webhook cannot read its channel")

    def recent(self, since: datetime) -> Iterator[Sighting]:
        """Not possible."""
        raise NotImplementedError("a Slack webhook cannot read its channel")

    def verify(self) -> Profile:
        """Send a message without words: a webhook that is there refuses it, and nothing is posted."""
        answer, host = self._post({}, once=False)
        if answer.status != 400 or not (answer.text.strip() in _EMPTY or "text" in _words(answer)):
            raise self._meaning(answer, host) if not answer.good else Rejected(f"{host} is no Slack webhook")
        return Profile(name="a Slack webhook", url=None, server="Slack")

    def _send(self, announcement: Announcement, index: int) -> Json:
        body: Json = {
            "text": escaped(words(announcement, index)),
            "mrkdwn": False,  # an asterisk is an asterisk
            "unfurl_links": index == 0,
            "unfurl_media": index == 0,
        }
        answer, host = self._post(body, once=True)
        if not answer.good:
            raise self._meaning(answer, host)
        if answer.text.strip() != "ok" and answer.data.get("ok") is not True:
            raise self._calls.unread(answer, host, '"ok"')
        return part(index, f"{announcement.key}-{index}", None, answer.at)

    def _post(self, body: Json, *, once: bool) -> tuple[Answer, str]:
        url = self._access.secret("webhook_url").reveal().strip()
        path = urlsplit(url).path
        if not _PATH.fullmatch(path) or in_the_clear(url) or any(sign.isspace() for sign in url):
            raise Unauthorized(
                "webhook_url is not the address of a Slack webhook, https://hooks.slack.com/services/…"
                f" (type: posse login {self._access.account})"
            )
        answer = self._calls.send("POST", url, hidden=(url, path, path.rpartition("/")[2]), once=once, json=body)
        return answer, host_of(url)

    def _meaning(self, answer: Answer, host: str) -> PublishError:
        return self._calls.error(answer, host)


def escaped(text: str) -> str:
    """Return words without a control sequence: https://docs.slack.dev/messaging/formatting-message-text#escaping."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _words(answer: Answer) -> str:
    """Slack answers with one bare word, such as invalid_token."""
    return answer.text if re.fullmatch(r"\s*[\w-]{1,80}\s*", answer.text) else ""
