# ruff: noqa: D102 - StrictService says what each method does
"""A strict fake of LinkedIn's Posts and Images API, version 202605.

https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/posts-api
"""

from __future__ import annotations

import re
import time
from typing import Any

from tests.servers.strict_http import Answer, Refused, Request
from tests.servers.strict_linkedin_auth import Auth
from tests.servers.strict_service import StrictService

TOKEN = "AQstrict-linkedin-token-nobody-knows"
MEMBER = "urn:li:person:strict-1"
_PLAIN = re.compile(r"\\(.)")
_RESERVED = re.compile(r"(?<!\\)[|{}@\[\]()<>#*_~]")
_HASHTAG = re.compile(r"\{hashtag\|\\#\|((?:[^}\\]|\\.)*)\}")


class StrictLinkedIn(StrictService):
    """One member. `scopes` may be taken away; `forgets` makes it take the same words again."""

    token = TOKEN

    def __init__(self) -> None:
        super().__init__()
        self.scopes = {"openid", "profile", "w_member_social"}
        self.images: dict[str, bytes] = {}
        self.forgets = False
        self.tokens = {TOKEN: time.time() + 5_000_000}
        self.auth = Auth(self.tokens)

    def route(self, request: Request) -> Answer:
        if (answer := self.auth.route(request)) is not None:
            return answer
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.tokens.get(token, 0) < time.time():
            raise _error(401, "Invalid access token", "INVALID_ACCESS_TOKEN")
        if request.path == "/v2/userinfo":
            return Answer(200, {"sub": MEMBER.rpartition(":")[2], "name": "Strict Member"})
        if request.method == "PUT" and request.path.startswith("/upload/"):
            self.images["urn:li:image:" + request.path.rpartition("/")[2]] = request.body
            return Answer(201, "")
        # https://learn.microsoft.com/en-us/linkedin/marketing/versioning: a version is a must, and lives for a year
        if request.headers.get("LinkedIn-Version") != "202605":
            raise _error(426, "Requested version 20250501 is not active", "NONEXISTENT_VERSION")
        if request.headers.get("X-Restli-Protocol-Version") != "2.0.0":
            raise _error(400, "the protocol version is missing", "ILLEGAL_ARGUMENT")
        if request.path == "/rest/images" and request.text("action") == "initializeUpload":
            return self._place(request)
        if request.path == "/rest/posts" and request.method == "POST":
            return self.announcing(lambda: self._post(request))
        raise _error(404, "No virtual resource found", "RESOURCE_NOT_FOUND")

    def too_many(self, seconds: int) -> Refused:
        # https://learn.microsoft.com/en-us/linkedin/shared/api-guide/concepts/rate-limits: a 429, reset at midnight UTC
        return _error(429, "Resource level throttle limit for calls to this resource is reached.", "TOO_MANY_REQUESTS")

    def _place(self, request: Request) -> Answer:
        if request.values["initializeUploadRequest"].get("owner") != MEMBER:
            raise _error(403, "the owner is not the member", "ACCESS_DENIED")
        name = f"I{len(self.images)}"
        self.images[f"urn:li:image:{name}"] = b""
        value = {"uploadUrl": f"{self.base}/upload/{name}", "image": f"urn:li:image:{name}"}
        return Answer(200, {"value": value})

    def _post(self, request: Request) -> Answer:
        if "w_member_social" not in self.scopes:
            raise _error(403, "Not enough permissions to access: partnerApiPosts.CREATE", "ACCESS_DENIED")
        body = request.values
        if body.get("author") != MEMBER or body.get("visibility") != "PUBLIC":
            raise _error(422, "author or visibility is wrong", "FIELD_INVALID")
        text = shown(body["commentary"])
        if len(text) > 3000:
            raise _error(400, "ShareCommentary text length exceeds the limit of 3000 characters", "INVALID")
        for held in self.held:
            if held["text"] == text and not self.forgets:
                # github.com/ComposioHQ/composio/issues/2710, github.com/Arisamiga/Linkedin-RSS/issues/5
                raise _error(422, f"Content is a duplicate of {held['urn']}", "DUPLICATE_POST")
        content = body.get("content") or {}
        self._know_images(content)
        urn = f"urn:li:share:{7_400_000_000_000_000_000 + len(self.held)}"
        self.held.append({"urn": urn, "text": text, "content": content})
        return Answer(201, "", {"x-restli-id": urn})  # the id is in the header alone

    def _know_images(self, content: dict[str, Any]) -> None:
        article = content.get("article")
        if article is not None and not (article.get("source") and article.get("title")):
            raise _error(422, "article.source and article.title are required", "MISSING_FIELD")
        multi = content.get("multiImage", {}).get("images", [])
        if "multiImage" in content and len(multi) < 2:
            raise _error(422, "multiImage needs 2 to 20 images", "FIELD_LENGTH_TOO_SHORT")
        items = [item["id"] for item in multi] + [content.get("media", {}).get("id"), (article or {}).get("thumbnail")]
        for urn in filter(None, items):
            if not self.images.get(urn):
                raise _error(400, f"{urn} was not uploaded", "MEDIA_ASSET_WAITING_UPLOAD")


def shown(commentary: str) -> str:
    """What members see of little text: all after the first reserved sign that is not escaped is gone, silently.

    https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/little-text-format
    """
    text = _HASHTAG.sub(lambda tag: f"\\#{tag[1]}", commentary)
    bare = _RESERVED.search(text.replace("\\\\", "\0\0"))
    return _PLAIN.sub(r"\1", text[: bare.start()] if bare else text)


def _error(status: int, message: str, code: str) -> Refused:
    return Refused(status, {"status": status, "code": code, "message": message})
