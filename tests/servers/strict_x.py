"""A strict X on a loopback port: the API's posts, pictures, timeline and log-ins, as its documents have them.

Sources are named beside the rules: `openapi.json` and the pages of docs.x.com (github.com/xdevplatform/docs).
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from types import TracebackType
from typing import Any

import regex

from tests.servers.strict_http import Answer, Refused, Request, serve
from tests.servers.strict_x_auth import Auth, problem

USER = "370773112"
EPOCH = 1288834974657  # github.com/twitter-archive/snowflake: IdWorker.twepoch
_URL = regex.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?'’)\]}…]", regex.IGNORECASE)
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))  # twitter-text: config/v3.json


@dataclass
class Behaviour:
    """What the server does, to be changed in place.

    `fates` are for the coming posts: `drop` and `reset` take the post and lose the answer, a number is a status that is
    answered in place of it, `garbage` takes the post and answers with what is no JSON. `rate` is posts in a window of
    `window` seconds.
    """

    fates: list[str | int] = field(default_factory=list)
    rate: int = 100  # x-api/fundamentals/rate-limits: POST /2/tweets, 100 in 15 minutes for a user
    window: int = 900
    credits: bool = True
    may_write: bool = True
    off: float = 0.0
    slow: int = 0  # how often a GIF's status is told as not ready


class StrictX:
    """One server with one account. `posts` is what it holds, oldest first; `reads` counts the posts it was paid for."""

    def __init__(self) -> None:
        self.behaviour = Behaviour()
        self.auth = Auth(USER, self.now)
        self.posts: list[dict[str, Any]] = []
        self.media: dict[str, dict[str, Any]] = {}
        self.requests: list[tuple[str, str]] = []
        self.reads = 0
        self._lock = threading.RLock()
        self._serial = 0
        self._hits: list[float] = []
        self._routes: list[tuple[str, str, Callable[[Request], Answer]]] = [
            ("POST", r"/2/tweets", self._post),
            ("GET", r"/2/users/me", self._me),
            ("GET", r"/2/users/(\d+)/tweets", self._timeline),
            ("POST", r"/2/media/upload", self._upload),
            ("GET", r"/2/media/upload", self._status),
            ("POST", r"/2/media/metadata", self._metadata),
            *self.auth.routes(),
        ]
        self._server = serve(self._answer)
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> StrictX:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def now(self) -> float:
        """The server's own clock, in seconds of the epoch."""
        return time.time() + self.behaviour.off

    def _answer(self, request: Request) -> Answer:
        with self._lock:
            self.requests.append((request.method, request.path))
            answer = Answer(404, problem(404, "Not Found", "Not Found"))
            try:
                for method, path, route in self._routes:
                    if method == request.method and re.fullmatch(path, request.path):
                        answer = route(request)
            except Refused as refused:
                answer = refused.answer
            date = datetime.fromtimestamp(self.now(), UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
            answer.headers = {"Date": date} | answer.headers
            return answer

    def _me(self, request: Request) -> Answer:
        self.auth.check(request, "users.read", "tweet.read")
        return Answer(body={"data": {"id": USER, "name": "My Own Name", "username": "myname"}})

    def _post(self, request: Request) -> Answer:
        """openapi.json: POST /2/tweets (CreatePostsRequest)."""
        self.auth.check(request, "tweet.write", "users.read", "tweet.read")
        told = self._limit()
        fate = self.behaviour.fates.pop(0) if self.behaviour.fates else ""
        if isinstance(fate, int):
            raise Refused(fate, problem(fate, "Internal Server Error", "Something is technically wrong."), told)
        self._may_post(request, told)
        made = self._take(request)
        body: Any = {"data": {"id": made["id"], "text": made["text"], "edit_history_tweet_ids": [made["id"]]}}
        if fate == "garbage":
            return Answer(200, "<!doctype html><title>X / Error</title>", told)
        return Answer(201, body, told, fate=fate)

    def _limit(self) -> dict[str, str]:
        """x-api/fundamentals/rate-limits: the headers, and 429 with the reset in seconds of the epoch."""
        now, window = self.now(), self.behaviour.window
        self._hits = [hit for hit in self._hits if hit > now - window]
        left = self.behaviour.rate - len(self._hits)
        told = {
            "x-rate-limit-limit": str(self.behaviour.rate),
            "x-rate-limit-remaining": str(max(left - 1, 0)),
            "x-rate-limit-reset": str(int(now + window)),
        }
        if left <= 0:
            raise Refused(429, problem(429, "Too Many Requests", "Too Many Requests"), told)
        self._hits.append(now)
        return told

    def _may_post(self, request: Request, told: dict[str, str]) -> None:
        if not self.behaviour.credits:  # x-api/getting-started/pricing; tryethernal/ethernal#1324
            detail = "Your enrolled account [1] does not have any credits to fulfill this request."
            raise Refused(402, problem(402, "CreditsDepleted", detail), told)
        if not self.behaviour.may_write:  # response-codes-and-errors: .../client-forbidden and its kin
            detail = "Your client app is not configured with the appropriate oauth1 app permissions for this endpoint."
            kind = "https://api.twitter.com/2/problems/oauth1-permissions"
            raise Refused(403, problem(403, "Forbidden", detail) | {"type": kind}, told)
        if not request.headers.get("Content-Type", "").startswith("application/json"):
            raise Refused(400, problem(400, "Invalid Request", "The body must be JSON."), told)
        unknown = set(request.values) - {"text", "media", "reply"}
        if unknown:
            raise Refused(400, problem(400, "Invalid Request", f"Unknown fields: {', '.join(sorted(unknown))}"), told)

    def _take(self, request: Request) -> dict[str, Any]:
        text = request.text("text")
        if weight(text) > 280:  # fundamentals/counting-characters; the words of the refusal are not documented
            raise Refused(403, problem(403, "Forbidden", "Your Tweet text is too long."))
        if any(post["raw"] == text for post in self.posts):  # plhery/node-twitter-api-v2#469
            detail = "You are not allowed to create a Tweet with duplicate content."
            raise Refused(403, problem(403, "Forbidden", detail))
        media = (request.values.get("media") or {}).get("media_ids", [])
        known = [self.media[number] for number in media if number in self.media]
        if len(known) != len(media) or len(media) > 4:  # openapi.json: CreatePostsMedia, at most 4
            raise Refused(400, problem(400, "Invalid Request", "Your media IDs are invalid."))
        # media/quickstart/best-practices: "up to 4 photos, 1 animated GIF or 1 video in a Post"
        moving = any(held["mime"] == "image/gif" for held in known)
        if (moving and len(known) > 1) or not all(held.get("ready") for held in known):
            raise Refused(400, problem(400, "Invalid Request", "Your media IDs are invalid."))
        before = (request.values.get("reply") or {}).get("in_reply_to_tweet_id")
        parent = next((post for post in self.posts if post["id"] == before), None)
        if before and parent is None:
            detail = "You attempted to reply to a Tweet that is deleted or not visible to you."
            raise Refused(403, problem(403, "Forbidden", detail))
        number = self.new_id()
        made = wrapped(text) | {
            "id": number,
            "raw": text,
            "conversation_id": parent["conversation_id"] if parent else number,
            "in_reply_to": before,
            "media": list(media),
            "created_at": datetime.fromtimestamp(self.now(), UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        }
        self.posts.append(made)
        return made

    def new_id(self) -> str:
        """Return the next number: milliseconds, and a serial below them."""
        self._serial += 1
        return str(((int(self.now() * 1000) - EPOCH) << 22) | self._serial)

    def _timeline(self, request: Request) -> Answer:
        """openapi.json: GET /2/users/{id}/tweets."""
        self.auth.check(request, "tweet.read", "users.read")
        known = {"max_results", "start_time", "exclude", "tweet.fields", "pagination_token"}
        if set(request.values) - known:
            detail = f"The query parameter [{min(set(request.values) - known)}] is not one of {sorted(known)}"
            raise Refused(400, problem(400, "Invalid Request", detail))
        if request.path.split("/")[3] != USER:
            return Answer(body={"meta": {"result_count": 0}})
        size = int(request.text("max_results") or 10)
        if not 5 <= size <= 100:
            detail = f"The `max_results` query parameter value [{size}] is not between 5 and 100"
            raise Refused(400, problem(400, "Invalid Request", detail))
        found = [post for post in reversed(self.posts) if self._is_asked(post, request)]
        start = int(request.text("pagination_token") or 0)
        page = found[start : start + size]
        self.reads += len(page)
        meta: dict[str, Any] = {"result_count": len(page)}
        if start + size < len(found):
            meta["next_token"] = str(start + size)
        wanted = {"id", "text", "edit_history_tweet_ids", *request.text("tweet.fields").split(",")}
        data = [{name: value for name, value in post.items() if name in wanted} for post in page]
        return Answer(body={"data": data, "meta": meta} if page else {"meta": meta})

    def _is_asked(self, post: dict[str, Any], request: Request) -> bool:
        start = request.text("start_time")
        if start and not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", start):
            raise Refused(400, problem(400, "Invalid Request", "start_time must be YYYY-MM-DDTHH:mm:ssZ"))
        too_old = bool(start) and datetime.fromisoformat(post["created_at"]) < datetime.fromisoformat(start)
        return not too_old and not (post["in_reply_to"] and "replies" in request.text("exclude"))

    def _upload(self, request: Request) -> Answer:
        """openapi.json: POST /2/media/upload; x-api/media/quickstart/best-practices: 5 MB, a GIF 15 MB."""
        self.auth.check(request, "media.write")
        category, upload = request.text("media_category"), request.files.get("media")
        if upload is None or category not in ("tweet_image", "tweet_gif"):
            raise Refused(400, problem(400, "Invalid Request", "media and media_category are required"))
        if len(upload.data) > (15_000_000 if category == "tweet_gif" else 5_000_000):
            raise Refused(400, problem(400, "Invalid Request", "media is too large"))
        number = self.new_id()
        self.media[number] = {"data": upload.data, "mime": upload.mime, "alt": None, "until": self.now() + 86400}
        return Answer(
            body={"data": {"id": number, "media_key": f"3_{number}", "expires_after_secs": 86400} | self._info(number)}
        )

    def _info(self, number: str) -> dict[str, Any]:
        """x-api/media/quickstart/media-upload-chunked: what is told of a picture that is processed."""
        if self.media[number]["mime"] != "image/gif" or not self.behaviour.slow:
            self.media[number]["ready"] = True
            return {}
        self.behaviour.slow -= 1
        return {"processing_info": {"state": "pending", "check_after_secs": 1}}

    def _status(self, request: Request) -> Answer:
        """openapi.json: GET /2/media/upload, which takes `media_id` and `command`."""
        self.auth.check(request, "media.write")
        number = request.text("media_id")
        if number not in self.media or request.text("command") != "STATUS":
            raise Refused(400, problem(400, "Invalid Request", "One or more parameters to your request was invalid."))
        info = self._info(number) or {"processing_info": {"state": "succeeded", "progress_percent": 100}}
        return Answer(body={"data": {"id": number} | info})

    def _metadata(self, request: Request) -> Answer:
        """openapi.json: POST /2/media/metadata, alt_text.text of at most 1000."""
        self.auth.check(request, "media.write")
        alt = ((request.values.get("metadata") or {}).get("alt_text") or {}).get("text", "")
        if request.text("id") not in self.media or not 0 < len(alt) <= 1000:
            raise Refused(400, problem(400, "Invalid Request", "One or more parameters to your request was invalid."))
        self.media[request.text("id")]["alt"] = alt
        return Answer(body={"data": {"id": request.text("id"), "associated_metadata": {"alt_text": {"text": alt}}}})


def weight(text: str) -> int:
    """Return the weighted length, by config/v3.json of twitter-text (addresses with a scheme alone)."""
    rest = _URL.sub("x" * 23, text)
    clusters = regex.findall(r"\X", rest)
    return sum(
        2
        if regex.search(r"\p{Emoji_Presentation}|\uFE0F", cluster)
        else sum(1 if any(a <= ord(sign) <= z for a, z in _LIGHT) else 2 for sign in cluster)
        for cluster in clusters
    )


def wrapped(text: str) -> dict[str, Any]:
    """Return the text as X shows it, its addresses wrapped, and the entities that tell of them."""
    found: list[dict[str, Any]] = []

    def wrap(match: regex.Match[str]) -> str:
        short = f"https://t.co/{abs(hash(match[0])) % 10**10:010d}"
        found.append({"url": short, "expanded_url": match[0], "display_url": match[0].split("://")[1][:20]})
        return short

    shown = escape(_URL.sub(wrap, text), quote=False)
    return {"text": shown} | ({"entities": {"urls": found}} if found else {})
