# ruff: noqa: D102 - StrictService says what each method does
"""A receiver of webhooks that checks what https://www.standardwebhooks.com asks of one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time

from tests.servers.strict_http import Answer, Refused, Request
from tests.servers.strict_service import StrictService

SECRET = "a signing secret that nobody else knows"


class StrictWebhook(StrictService):
    """One endpoint. It keeps no keys: a repeat is a second copy. `gets` says whether it answers a GET."""

    token = SECRET

    def __init__(self) -> None:
        super().__init__()
        self.gets = True

    @property
    def url(self) -> str:
        """The endpoint's address."""
        return f"{self.base}/take"

    def route(self, request: Request) -> Answer:
        self._check(request)
        if request.method == "GET":
            if not self.gets:
                raise Refused(405, "Method Not Allowed")
            return Answer(200, {"ready": True})
        return self.announcing(lambda: self._take(request))

    def too_many(self, seconds: int) -> Refused:
        return Refused(429, "too many", {"Retry-After": str(seconds)})

    def _check(self, request: Request) -> None:
        """The signature is over id, timestamp and body; one that is older than five minutes is a replay."""
        named = {name.lower(): value for name, value in request.headers.items()}
        stamp = named.get("webhook-timestamp", "0")
        signed = f"{named.get('webhook-id')}.{stamp}.".encode() + request.body
        mac = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
        if abs(time.time() - int(stamp)) > 300 or not hmac.compare_digest(
            f"v1,{mac}", named.get("webhook-signature", "")
        ):
            raise Refused(401, "the signature does not match")

    def _take(self, request: Request) -> Answer:
        data = json.loads(request.body)["data"]
        if len(data["text"]) > 10_000:
            raise Refused(422, {"message": "text is longer than 10000 characters"})
        number = str(len(self.held) + 1)
        self.held.append(data | {"number": number, "key_header": request.headers["Idempotency-Key"]})
        return Answer(201, {"id": number, "url": f"https://receiver.example/{number}"})
