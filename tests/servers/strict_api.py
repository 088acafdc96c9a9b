"""The part of Mastodon's API that a bot uses, as strict as the real one. The sources are named rule by rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from tests.servers import strict_kin
from tests.servers import strict_rules as rules
from tests.servers.strict_http import Answer, Refused, Request
from tests.servers.strict_state import ACCOUNT, Memory

FATES = {
    "drop": "taken in; the connection is closed without an answer",
    "reset": "taken in; the connection is reset",
    "delay": "taken in; the answer comes `behaviour.delay` seconds later",
    "500": "taken in; answered 500",
    "502": "taken in; answered 502",
    "503": "taken in; answered 503",
    "not-json": "taken in; answered 200 with a page",
    "no-id": "taken in; answered 200 with an empty object",
    "list": "taken in; answered 200 with a list",
    "scheduled": "taken in; answered as if it were scheduled",
    "before:500": "not taken in; answered 500",
    "before:drop": "not taken in; the connection is closed",
}

VISIBILITIES = ("public", "unlisted", "private", "direct")


class Api:
    """Routes of one server: each takes a request and returns an answer, or raises `Refused`."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def authorise(self, request: Request, *scopes: str) -> str:
        """Return the bearer's token, whose scopes hold one of `scopes` (or its parent).

        doorkeeper: `doorkeeper_authorize!`; 401 with WWW-Authenticate for a bad token, 403 without it for a scope.
        """
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        granted = self.memory.tokens.get(token) if kind == "Bearer" else None
        if granted is None:
            words = "The access token is invalid"
            challenge = f'Bearer realm="Doorkeeper", error="invalid_token", error_description="{words}"'
            raise Refused(401, words, {"WWW-Authenticate": challenge})
        held = set(granted.split())
        if not held & {*scopes, *(scope.partition(":")[0] for scope in scopes)}:
            raise Refused(403, "This action is outside the authorized scopes")
        return token

    def verify_credentials(self, request: Request) -> Answer:
        """app/controllers/api/v1/accounts/credentials_controller.rb: profile, read or read:accounts."""
        self.authorise(request, "profile", "read:accounts")
        return Answer(body=self._account(request.base) | {"source": {"privacy": "public", "language": None}})

    def account_statuses(self, request: Request) -> Answer:
        """app/controllers/api/v1/accounts/statuses_controller.rb: `authorize_if_got_token! :read, :'read:statuses'`."""
        visible: tuple[str, ...] = VISIBILITIES[:2]
        if request.headers.get("Authorization"):
            self.authorise(request, "read:statuses")
            visible = VISIBILITIES
        if request.path.split("/")[4] != ACCOUNT:
            raise Refused(404, "Record not found")
        limit = min(int(request.text("limit") or 20), 40)  # limit_param: DEFAULT_STATUSES_LIMIT and twice that
        found = [status for status in reversed(self.memory.statuses) if self._listed(status, request, visible)][:limit]
        headers = {}
        if found:
            url = f"{request.base}{request.path}"
            older = urlencode({"limit": limit, "max_id": found[-1]["id"]})
            newer = urlencode({"limit": limit, "min_id": found[0]["id"]})
            headers["Link"] = f'<{url}?{older}>; rel="next", <{url}?{newer}>; rel="prev"'
        return Answer(body=[self._shown(status) for status in found], headers=headers)

    def status(self, request: Request) -> Answer:
        """app/controllers/api/v1/statuses_controller.rb#show."""
        if request.headers.get("Authorization"):
            self.authorise(request, "read:statuses")
        status = self.memory.status(request.path.rpartition("/")[2])
        if status is None:
            raise Refused(404, "Record not found")
        return Answer(body=self._shown(status))

    def post_status(self, request: Request) -> Answer:
        """app/controllers/api/v1/statuses_controller.rb#create and app/services/post_status_service.rb."""
        self.authorise(request, "write:statuses")
        behaviour = self.memory.behaviour
        fate = behaviour.fates.pop(0) if behaviour.fates else behaviour.fate
        if fate.startswith("before:"):
            return self._lost(fate.removeprefix("before:"), {})
        key = request.headers.get("Idempotency-Key") or None
        if key and behaviour.keys != "ignored" and (kept := self.memory.kept(key)) is not None:
            if behaviour.keys == "refused":  # Pixelfed, ApiV1Controller.php: a repeated key is an error
                raise Refused(400, "Duplicate idempotency key.")
            return self._lost(fate, self._shown(kept))
        status = self._validated(request)
        if "scheduled_at" not in status:
            self.memory.add_status(status, key)
            for media_id in request.values.get("media_ids", []):
                self.memory.media[str(media_id)]["status"] = status["id"]
        return self._lost(fate, status)

    def upload(self, request: Request) -> Answer:
        """app/controllers/api/v2/media_controller.rb: 200 with a URL, or 202 and a URL of null while processing."""
        self.authorise(request, "write:media")
        file = request.files.get("file")
        if file is None or not file.data:
            raise Refused(422, "Validation failed: File can't be blank")
        if len(request.text("description")) > 1500:
            raise Refused(422, "Validation failed: Description is too long (maximum is 1500 characters)")
        media_id = self.memory.new_id()
        self.memory.media[media_id] = {
            "id": media_id,
            "mime": file.mime,
            "data": file.data,
            "description": request.text("description") or None,
            "polls": self.memory.behaviour.polls,
            "status": None,
        }
        return self._media(request.base, media_id)

    def media(self, request: Request) -> Answer:
        """app/controllers/api/v1/media_controller.rb#show: 206 until it is processed."""
        self.authorise(request, "write:media")
        media_id = request.path.rpartition("/")[2]
        if media_id not in self.memory.media:
            raise Refused(404, "Record not found")
        self.memory.media[media_id]["polls"] -= 1
        answer = self._media(request.base, media_id)
        answer.status = 206 if answer.status == 202 else answer.status
        return answer

    def instance(self, request: Request) -> Answer:
        """app/serializers/rest/instance_serializer.rb (version 2) and rest/v1/instance_serializer.rb."""
        kin, characters = self._kin(), self.memory.behaviour.characters
        statuses = {"max_characters": characters, "max_media_attachments": 4}
        if kin.reserved is not None:
            statuses["characters_reserved_per_url"] = kin.reserved
        configuration = {
            "statuses": statuses,
            "media_attachments": {
                "description_limit": 1500,
                "image_size_limit": 16777216,
                "image_matrix_limit": 33177600,
            },
        }
        host = request.base.partition("://")[2]
        first = "/v1/" in request.path
        if kin.no_version_2 and not first:
            raise Refused(404, "Not implemented")
        said = {"uri": host} if first else {"domain": host}
        if kin.no_version_2:
            said["max_toot_chars"] = characters
        else:
            said["configuration"] = configuration
        return Answer(body=said | {"title": "Strict", "version": kin.version})

    def nodeinfo(self, request: Request) -> Answer:
        """https://nodeinfo.diaspora.software/protocol.html: links by schema, then the document."""
        if request.path.startswith("/.well-known/"):
            rel = "http://nodeinfo.diaspora.software/ns/schema/2.0"
            return Answer(body={"links": [{"rel": rel, "href": f"{request.base}/nodeinfo/2.0"}]})
        return Answer(body=strict_kin.nodeinfo(self.memory.behaviour.flavour))

    def _kin(self) -> strict_kin.Kin:
        return strict_kin.FLAVOURS[self.memory.behaviour.flavour]

    def _listed(self, status: dict[str, Any], request: Request, visible: tuple[str, ...]) -> bool:
        """app/models/concerns/paginable.rb and Status.without_replies, which lets answers to oneself stand."""
        number = int(status["id"])
        below, above = request.text("max_id"), request.text("since_id") or request.text("min_id")
        if (below and number >= int(below)) or (above and number <= int(above)):
            return False
        answers_another = status["in_reply_to_id"] and status["in_reply_to_account_id"] != ACCOUNT
        if answers_another and request.text("exclude_replies") in ("1", "true"):
            return False
        if status["reblog"] and request.text("exclude_reblogs") in ("1", "true"):
            return False
        return status["visibility"] in visible

    def _validated(self, request: Request) -> dict[str, Any]:
        """Return the new status, or refuse it as app/models/status.rb and its validators do."""
        text, spoiler = request.text("status"), request.text("spoiler_text")
        media_ids = [str(media_id) for media_id in request.values.get("media_ids", [])]
        if not text.strip() and not media_ids:
            raise Refused(422, "Validation failed: Text can't be blank")
        limit = self.memory.behaviour.characters
        if self._kin().needs_picture and not media_ids:
            raise Refused(403, "Empty statuses are not allowed")
        if strict_kin.length(self.memory.behaviour.flavour, text, spoiler) > limit:
            raise Refused(422, f"Validation failed: Text character limit of {limit} exceeded")
        visibility = request.text("visibility") or "public"
        if visibility not in VISIBILITIES:
            raise Refused(422, "Validation failed: Visibility is not included in the list")
        before = request.text("in_reply_to_id") or None
        if before and self.memory.status(before) is None:
            raise Refused(404, "The status you are trying to reply to does not appear to exist.")
        attached = self._attached(media_ids, request.base)
        made = datetime.fromtimestamp(self.memory.now(), UTC)
        if request.text("scheduled_at"):
            return self._scheduled(request.text("scheduled_at"), made)
        status_id = self.memory.new_id()
        return {
            "id": status_id,
            "created_at": made.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
            "in_reply_to_id": before,
            "in_reply_to_account_id": ACCOUNT if before else None,
            "sensitive": bool(spoiler) or request.text("sensitive") in ("1", "true"),
            "spoiler_text": spoiler,
            "visibility": visibility,
            "language": request.text("language") or "en",
            "uri": f"{request.base}/users/me/statuses/{status_id}",
            "url": f"{request.base}/@me/{status_id}",
            "content": rules.content(text, request.base),
            "text": text,
            "reblog": None,
            "media_attachments": attached,
            "account": self._account(request.base),
            "card": None,
        }

    def _attached(self, media_ids: list[str], base: str) -> list[dict[str, Any]]:
        """app/services/post_status_service.rb#validate_media!."""
        if len(media_ids) > 4:
            raise Refused(422, "Validation failed: Cannot attach more than 4 files")
        for media_id in media_ids:
            media = self.memory.media.get(media_id)
            if media is None or media["status"] is not None:
                raise Refused(422, "Validation failed: Media could not be found")
            if media["polls"] > 0:
                words = "Cannot attach files that have not finished processing. Try again in a moment!"
                raise Refused(422, f"Validation failed: {words}")
        return [self._media(base, media_id).body for media_id in media_ids]

    def _scheduled(self, at: str, now: datetime) -> dict[str, Any]:
        """app/models/scheduled_status.rb: MINIMUM_OFFSET is five minutes."""
        if datetime.fromisoformat(at) < now + timedelta(minutes=5):
            raise Refused(422, "Validation failed: Scheduled at The scheduled date must be in the future")
        return {"id": self.memory.new_id(), "scheduled_at": at, "params": {}, "media_attachments": []}

    def _lost(self, fate: str, status: dict[str, Any]) -> Answer:
        """Return the answer, or what its fate makes of it."""
        if fate in ("drop", "reset"):
            return Answer(fate=fate)
        if fate == "delay":
            return Answer(body=status, delay=self.memory.behaviour.delay)
        if fate in ("500", "502", "503"):
            return Answer(int(fate), {"error": "Something went wrong on our end"})
        other: dict[str, Any] = {
            "not-json": "<!doctype html><title>Welcome</title>",
            "no-id": {},
            "list": [],
            "scheduled": {"id": "1", "scheduled_at": "2030-01-01T00:00:00.000Z", "params": {}, "media_attachments": []},
        }
        return Answer(body=other.get(fate, status))

    def _media(self, base: str, media_id: str) -> Answer:
        media = self.memory.media[media_id]
        ready = media["polls"] <= 0
        url = f"{base}/media/{media_id}" if ready else None
        body = {"id": media_id, "type": "image", "url": url, "description": media["description"]}
        return Answer(200 if ready else 202, body)

    def _shown(self, status: dict[str, Any]) -> dict[str, Any]:
        """Return the status as it is read later: with its card, which the server fetches after the answer."""
        found = rules.links(status["text"])
        if not self.memory.behaviour.cards or not found:
            return {name: value for name, value in status.items() if name != "text"}
        return {name: value for name, value in status.items() if name != "text"} | {"card": {"url": found[0]}}

    def _account(self, base: str) -> dict[str, Any]:
        return {"id": ACCOUNT, "username": "me", "acct": "me", "display_name": "Me", "url": f"{base}/@me"}
