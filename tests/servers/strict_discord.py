# ruff: noqa: D102 - StrictService says what each method does
"""A strict fake of a Discord webhook. https://docs.discord.com/developers/resources/webhook."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from tests.servers.strict_http import Answer, Refused, Request
from tests.servers.strict_service import StrictService

HOOK, TOKEN, GUILD, CHANNEL = "1100000000000000001", "strict-discord_token.nobody-knows", "22", "33"


class StrictDiscord(StrictService):
    """One webhook of one channel."""

    token = TOKEN

    @property
    def url(self) -> str:
        """The webhook's address."""
        return f"{self.base}/api/webhooks/{HOOK}/{TOKEN}"

    def route(self, request: Request) -> Answer:
        parts = request.path.split("/")
        if parts[1:3] != ["api", "webhooks"] or parts[3:4] != [HOOK]:
            raise Refused(404, {"message": "Unknown Webhook", "code": 10015})
        if parts[4:] != [TOKEN]:
            raise Refused(401, {"message": "Invalid Webhook Token", "code": 50027})
        if request.method == "GET":
            return Answer(200, {"id": HOOK, "name": "Strict", "guild_id": GUILD, "channel_id": CHANNEL, "token": TOKEN})
        return self.announcing(lambda: self._execute(request))

    def too_many(self, seconds: int) -> Refused:
        # the body has a float, the header whole seconds: https://docs.discord.com/developers/topics/rate-limits
        body = {"message": "You are being rate limited.", "retry_after": float(seconds), "global": False}
        return Refused(429, body, {"Retry-After": str(seconds)})

    def _execute(self, request: Request) -> Answer:
        payload = json.loads(request.text("payload_json")) if request.files else request.values
        content = str(payload.get("content") or "")
        if not content and not request.files:
            raise Refused(400, {"message": "Cannot send an empty message", "code": 50006})
        if len(content) > 2000:  # code points: github.com/discord/discord-api-docs/discussions/1315
            raise _invalid("content", "BASE_TYPE_MAX_LENGTH", "Must be 2000 or fewer in length.")
        if len(request.files) > 10 or sum(len(file.data) for file in request.files.values()) > 10 * 1024 * 1024:
            raise Refused(413, {"message": "Request entity too large", "code": 40005})
        alts = {str(item["id"]): item.get("description") for item in payload.get("attachments") or []}
        if any(len(alt or "") > 1024 for alt in alts.values()):
            raise _invalid("attachments", "BASE_TYPE_MAX_LENGTH", "Must be 1024 or fewer in length.")
        message: dict[str, Any] = {
            "id": str(9_000_000_000_000_000_000 + len(self.held)),
            "channel_id": CHANNEL,
            "timestamp": datetime.now(UTC).isoformat(),
            "content": content,
        }
        files = [(file.data, alts.get(name[6:-1])) for name, file in request.files.items()]
        self.held.append(message | {"files": files, "allowed_mentions": payload.get("allowed_mentions")})
        # "wait": without it the answer is 204 and empty, and a message that is not saved is no error
        return Answer(200, message) if request.text("wait") == "true" else Answer(204, "")


def _invalid(field: str, code: str, message: str) -> Refused:
    errors = {field: {"_errors": [{"code": code, "message": message}]}}
    return Refused(400, {"message": "Invalid Form Body", "code": 50035, "errors": errors})
