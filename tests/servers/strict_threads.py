# ruff: noqa: D102 - StrictService says what each method does
"""A strict fake of the Threads API. https://developers.facebook.com/docs/threads."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.formatter import measure
from tests.servers.strict_http import Answer, Refused, Request
from tests.servers.strict_service import StrictService
from tests.servers.strict_threads_auth import Auth

TOKEN = "THAAstrict-threads-token-nobody-knows"


class StrictThreads(StrictService):
    """One account.

    `tokens` maps each living token to when it was made. `processing` is how often a container with pictures answers
    IN_PROGRESS. `unfetched` are the picture addresses that it cannot fetch. `unlisted` hides what is published.
    `scopes` may be taken away.
    """

    token = TOKEN

    def __init__(self) -> None:
        super().__init__()
        self.tokens = {TOKEN: datetime.now(UTC) - timedelta(days=2)}
        self.auth = Auth(self.tokens)
        self.containers: dict[str, dict[str, Any]] = {}
        self.processing = 0
        self.unfetched: set[str] = set()
        self.unlisted = False
        self.scopes = {"threads_basic", "threads_content_publish", "threads_read_replies"}
        self._last = 17_000_000_000_000_000

    def route(self, request: Request) -> Answer:
        if (answer := self.auth.route(request)) is not None:
            return answer
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not self.auth.knows(token):
            raise _error(400, 190, "Invalid OAuth access token - Cannot parse access token")
        match request.method, request.path.removeprefix("/v1.0"):
            case "GET", "/refresh_access_token":
                return self._refresh(token, request)
            case "GET", "/me":
                return Answer(200, {"id": "1", "username": "strict"})
            case "POST", "/me/threads":
                return self._make(request)
            case "POST", "/me/threads_publish":
                return self.announcing(lambda: self._publish(request))
            case "GET", ("/me/threads" | "/me/replies") as edge:
                return self._list(request, replies=edge.endswith("replies"))
            case "GET", path:
                return self._about(path.removeprefix("/"))
        raise _error(404, 100, "Unsupported request")

    def too_many(self, seconds: int) -> Refused:
        # https://developers.facebook.com/docs/graph-api/overview/rate-limiting: code 4, with no word on the wait
        return _error(400, 4, "Application request limit reached")

    def _refresh(self, token: str, request: Request) -> Answer:
        # docs/threads/get-started/long-lived-tokens: "at least 24 hours old", not yet expired; a new 60 days
        made = self.tokens.get(token)
        if request.text("grant_type") != "th_refresh_token" or not made or datetime.now(UTC) - made < timedelta(1):
            raise _error(400, 100, "The token is too young to be refreshed")
        fresh = f"{TOKEN}-{len(self.tokens)}"
        self.tokens[fresh] = datetime.now(UTC)
        return Answer(200, {"access_token": fresh, "token_type": "bearer", "expires_in": 5_184_000})

    def _make(self, request: Request) -> Answer:
        text, kind = request.text("text"), request.text("media_type")
        if kind not in ("TEXT", "IMAGE", "CAROUSEL") or (kind == "TEXT" and not text):
            raise _error(400, 100, "Param media_type or text is wrong")
        if measure.threads(text) > 500:  # reference/publishing: 500, "emojis are counted as the number of UTF-8 bytes"
            raise _error(400, 100, "Param text must be at most 500 characters long.")
        if kind != "TEXT" and request.text("link_attachment"):
            raise _error(400, 100, "link_attachment is for text-only posts")  # docs/threads/create-posts
        if len(request.text("alt_text")) > 1000:  # reference/publishing
            raise _error(400, 100, "Param alt_text must be at most 1000 characters long.")
        if kind == "IMAGE" and not request.text("image_url"):
            raise _error(400, 100, "Param image_url is required")
        if kind == "CAROUSEL" and not 2 <= len(request.text("children").split(",")) <= 20:
            raise _error(400, 100, "A carousel has 2 to 20 children")
        container = dict(request.values) | {"polls": self.processing if kind != "TEXT" else 0, "made": time.time()}
        name = self._id()
        self.containers[name] = container | {"status": "FINISHED"}
        return Answer(200, {"id": name})

    def _status(self, name: str) -> str:
        container = self.containers[name]
        if container["status"] == "FINISHED" and time.time() - container["made"] > 86400:
            return "EXPIRED"  # docs/threads/troubleshooting: "not published within 24 hours"
        if container.get("image_url") in self.unfetched:
            return "ERROR"
        if container["polls"] > 0:
            container["polls"] -= 1
            return "IN_PROGRESS"
        return str(container["status"])

    def _publish(self, request: Request) -> Answer:
        name = request.text("creation_id")
        if name not in self.containers or self._status(name) != "FINISHED":
            raise _error(400, 24, "The requested resource does not exist", 4279009)  # not ready, or spent already
        container = self.containers[name]
        container["status"] = "PUBLISHED"
        media_id = self._id()
        self.held.append(
            {
                "id": media_id,
                "permalink": f"https://www.threads.com/@strict/post/{media_id}",
                "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000"),
                "text": container.get("text", ""),
                "link_attachment_url": container.get("link_attachment"),
                "reply_to": container.get("reply_to_id"),
                "replied_to": {"id": container.get("reply_to_id")},
                "pictures": self._pictures(container),
            }
        )
        return Answer(200, {"id": media_id})

    def _pictures(self, container: dict[str, Any]) -> list[tuple[str, str]]:
        if container["media_type"] == "CAROUSEL":
            return [
                pair for child in container["children"].split(",") for pair in self._pictures(self.containers[child])
            ]
        return [(container["image_url"], container.get("alt_text", ""))] if container["media_type"] == "IMAGE" else []

    def _list(self, request: Request, *, replies: bool) -> Answer:
        if replies and "threads_read_replies" not in self.scopes:
            # docs/threads/retrieve-and-manage-replies: "threads_read_replies — Required for making GET calls to reply
            # endpoints"; the code is that of graph-api/guides/error-handling
            raise _error(400, 10, "Application does not have permission for this action")
        items = [] if self.unlisted else [item for item in self.held if bool(item["reply_to"]) is replies][::-1]
        after, limit = int(request.text("after") or 0), int(request.text("limit") or 25)
        page = [
            {name: item[name] for name in request.text("fields").split(",")} for item in items[after : after + limit]
        ]
        more = {"cursors": {"after": str(after + limit)}} if after + limit < len(items) else {}
        return Answer(200, {"data": page, "paging": more})

    def _about(self, name: str) -> Answer:
        if name in self.containers:
            status = self._status(name)
            broken = {"error_message": "FAILED_DOWNLOADING_IMAGE"} if status == "ERROR" else {}
            return Answer(200, {"id": name, "status": status} | broken)
        for item in self.held:
            if item["id"] == name:
                return Answer(200, {"id": name, "permalink": item["permalink"]})
        raise _error(400, 100, "Unsupported get request. Object does not exist", 33)

    def _id(self) -> str:
        self._last += 1
        return str(self._last)


def _error(status: int, code: int, message: str, subcode: int | None = None) -> Refused:
    error = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A"}
    return Refused(status, {"error": error | ({"error_subcode": subcode} if subcode else {})})
