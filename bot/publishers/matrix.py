"""Matrix: messages in one room that is not encrypted, under transaction ids of our own.

https://spec.matrix.org/latest/client-server-api/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from bot.credentials import Secret
from bot.errors import Rejected, TooFar, Unauthorized
from bot.model import Announcement, Media, Note, Receipt, Sent
from bot.publishers import in_parts, instants
from bot.publishers import matrix_content as contents
from bot.publishers.base import Access, Profile, Sighting
from bot.publishers.json_calls import Answer, Calls
from bot.publishers.masking import host_of

PAGE = 100
MOST_PAGES = 100


class Matrix:
    """One user in one room. Every event bears its key, so that it is known again after another log-in too.

    The server takes one transaction id once for a device, that is for an access token: the token is to be kept.
    Notes: `part` as of every network; `upload` with `index` and `uri`, and `picture` with `index`, for each picture.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        self._base = f"{str(access.options['homeserver']).rstrip('/')}/_matrix"
        self._host = host_of(self._base)
        self._room = str(access.options["room"]).strip()
        self._calls = Calls(access, _words, doubt="is `homeserver` a Matrix server?")
        self._found: str | None = None
        self._user: str | None = None
        self._secret: Secret | None = None

    def publish(self, announcement: Announcement, notes: Sequence[Note]) -> Iterator[Note | Receipt]:
        """Send the parts, the later ones as a thread below the first, then the pictures."""
        room = self._room_id()
        self._refuse_encrypted(room)

        def send(index: int, before: in_parts.Json | None) -> in_parts.Json:
            root = sent.get(0, before)
            sent[index] = self._send(room, announcement, index, root if index else None)
            return sent[index]

        sent = in_parts.done(notes)
        for step in in_parts.in_parts(announcement, notes, send):
            if isinstance(step, Receipt):
                yield from self._pictures(room, announcement, notes)
            yield step

    def find(self, announcement: Announcement, since: datetime) -> Receipt | None:
        """Look for every part and picture by its key. None also where some are missing: a repeat adds those alone."""
        keys = [contents.key(announcement, index) for index in range(len(announcement.parts))]
        pictures = [contents.picture_key(announcement, index) for index in range(len(announcement.media))]
        room = self._room_id()
        there = {event["content"].get(contents.KEY): event for event in self._mine(room, since)}
        if not all(key in there for key in (*keys, *pictures)):
            return None
        events = [there[key] for key in keys]
        return Receipt(tuple(self._sent(room, str(event["event_id"])) for event in events), _made(events[0]))

    def recent(self, since: datetime) -> Iterator[Sighting]:
        """The user's own messages in the room that came at `since` or later, newest first, without threads."""
        room = self._room_id()
        for event in self._mine(room, since):
            if contents.is_announcement(event["content"]):
                receipt = Receipt((self._sent(room, str(event["event_id"])),), _made(event))
                yield Sighting(receipt, contents.links(event["content"]))

    def verify(self) -> Profile:
        """Ask whose token it is, and whether the room is there, can be seen, and is not encrypted."""
        user = self._whose()
        self._refuse_encrypted(self._room_id())
        return Profile(name=user, url=f"https://matrix.to/#/{user}", server=f"Matrix {self._host}")

    def _send(self, room: str, announcement: Announcement, index: int, root: Mapping[str, Any] | None) -> in_parts.Json:
        content = contents.message(announcement, index, notice=self._access.options.get("notice") is True)
        if root is not None:
            content |= contents.below(str(root["id"]))
        answer, event = self._put(room, contents.key(announcement, index), content)
        sent = self._sent(room, event)
        return in_parts.part(index, sent.remote_id, sent.url, answer.at)

    def _pictures(self, room: str, announcement: Announcement, notes: Sequence[Note]) -> Iterator[Note]:
        uploads = {int(note.data["index"]): str(note.data["uri"]) for note in notes if note.kind == "upload"}
        done = {int(note.data["index"]) for note in notes if note.kind == "picture"}
        for index, picture in enumerate(announcement.media):
            if index in done:
                continue
            if index not in uploads:
                uploads[index] = self._upload(picture)
                yield Note("upload", {"index": index, "uri": uploads[index]})
            content = contents.picture(announcement, index, uploads[index])
            _, event = self._put(room, contents.picture_key(announcement, index), content)
            yield Note("picture", {"index": index, "id": event})

    def _upload(self, picture: Media) -> str:
        answer = self._call("POST", "/media/v3/upload", content=picture.data, headers={"Content-Type": picture.mime})
        uri = self._need(answer).data.get("content_uri")
        if not isinstance(uri, str) or not uri.startswith("mxc://"):
            raise self._calls.unread(answer, self._host, "the address of the picture")
        return uri

    def _put(self, room: str, key: str, content: Mapping[str, Any]) -> tuple[Answer, str]:
        """Send one event. The same key again is answered with the same event."""
        path = f"/client/v3/rooms/{quote(room, safe='')}/send/m.room.message/{key}"
        answer = self._need(self._call("PUT", path, once=True, json=content))
        event = answer.data.get("event_id")
        if not isinstance(event, str):
            raise self._calls.unread(answer, self._host, "the event that was sent")
        return answer, event

    def _room_id(self) -> str:
        """Return the room's id, which an alias stands for."""
        if self._room.startswith("!"):
            return self._room
        if self._found is None:
            if not self._room.startswith("#"):
                raise Rejected(f"`room` of account {self._access.account} must be #alias:server or !id:server")
            answer = self._call("GET", f"/client/v3/directory/room/{quote(self._room, safe='')}")
            if answer.status == 404 and answer.data.get("errcode") == "M_NOT_FOUND":
                raise Rejected(f"{self._host} knows no room {self._room}")
            found = self._need(answer).data.get("room_id")
            if not isinstance(found, str):
                raise self._calls.unread(answer, self._host, "a room")
            self._found = found
        return self._found

    def _refuse_encrypted(self, room: str) -> None:
        """Raises `Rejected` for a room where plain words do not belong, `Unauthorized` where we are not in it."""
        answer = self._call("GET", f"/client/v3/rooms/{quote(room, safe='')}/state/m.room.encryption")
        if answer.good and not answer.data:
            raise self._calls.unread(answer, self._host, "the state of a room")
        if answer.good:
            raise Rejected(f"the room {self._room} is encrypted: announce in one that is not")
        if answer.status == 403 and answer.data.get("errcode"):
            raise Unauthorized(f"{self._host}: {_words(answer)} (invite the user to {self._room}, and join it)")
        if answer.status != 404 or not answer.data.get("errcode"):  # else there is no such state
            self._need(answer)

    def _whose(self) -> str:
        if self._user is None:
            answer = self._need(self._call("GET", "/client/v3/account/whoami"))
            user = answer.data.get("user_id")
            if not isinstance(user, str):
                raise self._calls.unread(answer, self._host, "whose token it is")
            self._user = user
        return self._user

    def _mine(self, room: str, since: datetime) -> Iterator[Mapping[str, Any]]:
        """The user's own messages, newest first, until one is older than `since`."""
        user = self._whose()
        params = {"dir": "b", "limit": str(PAGE)}
        for _ in range(MOST_PAGES):
            answer = self._call("GET", f"/client/v3/rooms/{quote(room, safe='')}/messages", params=params)
            if answer.status in (400, 404, 405) and answer.data.get("errcode"):
                raise TooFar(f"{self._host} does not show what is in the room: {_words(answer)}")
            self._need(answer)
            chunk = answer.data.get("chunk")
            if not isinstance(chunk, list):
                raise self._calls.unread(answer, self._host, "a timeline")
            events = [event for event in chunk if _is_event(event)]
            mine = (event for event in events if event["type"] == "m.room.message" and event["sender"] == user)
            yield from (event for event in mine if _made(event) >= since)
            if not answer.data.get("end") or (events and _made(events[-1]) < since):
                return
            params["from"] = str(answer.data["end"])
        raise TooFar(f"{self._host}: the room {self._room} cannot be read back to {since:%Y-%m-%d %H:%M}")

    def _call(self, method: str, path: str, *, once: bool = False, **request: Any) -> Answer:
        self._secret = self._secret or self._access.secret("access_token")
        token = self._secret.reveal()
        headers = {"Authorization": f"Bearer {token}", **request.pop("headers", {})}
        return self._calls.send(method, self._base + path, hidden=[token], once=once, headers=headers, **request)

    def _need(self, answer: Answer) -> Answer:
        if answer.status == 404 and not answer.data.get("errcode"):
            raise Rejected(f"{self._host} does not know the Matrix API: is `homeserver` a Matrix server?")
        return self._calls.need(answer, self._host, _wait)

    def _sent(self, room: str, event: str) -> Sent:
        server = self._room.partition(":")[2]
        via = f"?via={server}" if server else ""
        return Sent(event, f"https://matrix.to/#/{room}/{event}{via}")


def _words(answer: Answer) -> str:
    said = [answer.data.get("errcode"), answer.data.get("error")]
    return ": ".join(str(part) for part in said if part)


def _wait(answer: Answer) -> float | None:
    """Return the seconds that a server before version 1.10 asks to wait in the body, None where it does not."""
    wait = answer.data.get("retry_after_ms")
    return wait / 1000 if isinstance(wait, int) and "retry-after" not in answer.headers else None


def _is_event(event: object) -> bool:
    shape = {"type": str, "sender": str, "event_id": str, "origin_server_ts": int, "content": Mapping}
    return isinstance(event, Mapping) and all(isinstance(event.get(name), kind) for name, kind in shape.items())


def _made(event: Mapping[str, Any]) -> datetime:
    return instants.epoch(event["origin_server_ts"] / 1000) or datetime.max.replace(tzinfo=UTC)
