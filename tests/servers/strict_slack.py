# ruff: noqa: D102 - StrictService says what each method does
"""A strict fake of a Slack webhook. https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks."""

from __future__ import annotations

import html

from tests.servers.strict_http import Answer, Refused, Request
from tests.servers.strict_service import StrictService

PATH = "/services/T0STRICT0/B0STRICT0/strictSlackTokenNobodyKnows"


class StrictSlack(StrictService):
    """One webhook of one channel. It answers in plain words, as the page above lists them."""

    token = PATH.rpartition("/")[2]

    def __init__(self) -> None:
        super().__init__()
        self.archived = False

    @property
    def url(self) -> str:
        """The webhook's address."""
        return f"{self.base}{PATH}"

    def route(self, request: Request) -> Answer:
        if request.path.rpartition("/")[0] != PATH.rpartition("/")[0]:
            raise _says(404, "no_service")
        if request.path != PATH:
            raise _says(403, "invalid_token")
        if self.archived:
            raise _says(410, "channel_is_archived")
        if not request.text("text"):
            raise _says(400, "no_text")
        return self.announcing(lambda: self._post(request))

    def too_many(self, seconds: int) -> Refused:
        # https://docs.slack.dev/apis/web-api/rate-limits: 429 with Retry-After in seconds
        return Refused(429, {"ok": False, "error": "rate_limited"}, {"Retry-After": str(seconds)})

    def _post(self, request: Request) -> Answer:
        text = request.text("text")[:40_000]  # longer ones are cut: docs.slack.dev/changelog/2018
        shown = html.unescape(text)  # only &amp; &lt; &gt; are escaped; a bare < begins a control sequence
        if "<" in text:
            shown = text.partition("<")[0]
        self.held.append({"text": shown, "mrkdwn": request.values.get("mrkdwn")})
        return Answer(200, "ok")


def _says(status: int, word: str) -> Refused:
    refused = Refused(status, word)
    refused.answer.body = word
    return refused
