"""Bluesky, on any PDS: record keys of our own choosing, so that a repeat meets the post that is there."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.errors import Rejected, TooFar, TryLater, Uncertain
from bot.model import Announcement, Note, Receipt, Sent
from bot.publishers import bluesky_record as records
from bot.publishers.base import Access, Halfway, Profile, Sighting
from bot.publishers.bluesky_record import COLLECTION, Json
from bot.publishers.bluesky_session import CALL_SECONDS, Answer, Xrpc

PAGE = 100  # com.atproto.repo.listRecords: the most at once
MOST_PAGES = 100
LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Bluesky:
    """One account.

    Notes: `blob` with `index` and `blob` (its reference) for each picture uploaded; `part` with `index`, `uri`, `cid`
    and `at` for each record that is there. A `blob` note replaces an earlier one of the same index.
    """

    def __init__(self, access: Access, call_seconds: float = CALL_SECONDS) -> None:
        self._access = access
        self._xrpc = Xrpc(access, call_seconds)
        self._app = str(access.options["app"]).rstrip("/")

    def publish(self, announcement: Announcement, notes: Sequence[Note]) -> Iterator[Note | Receipt]:
        """Upload the pictures, then put the records, each in reply to the one before."""
        done = {int(note.data["index"]): dict(note.data) for note in notes if note.kind == "part"}
        dids: Mapping[str, str] = {}
        if len(done) < len(announcement.parts):
            dids = self._resolve(announcement)
        if 0 not in done:
            done[0] = yield from self._first(announcement, notes, dids)
        for index in range(1, len(announcement.parts)):
            if index not in done:
                reply = {"root": _reference(done[0]), "parent": _reference(done[index - 1])}
                done[index] = self._put(
                    announcement, index, records.record(announcement, index, dids=dids, reply=reply)
                )
                yield Note("part", done[index])
        ordered = [done[index] for index in range(len(announcement.parts))]
        yield Receipt(
            parts=tuple(self._sent(str(part["uri"])) for part in ordered),
            at=datetime.fromisoformat(str(ordered[0]["at"])),
        )

    def find(self, announcement: Announcement, since: datetime) -> Receipt | None:  # noqa: ARG002 - a key has no age
        """Ask for every part by its key. Raises `Halfway` where only the first ones are there."""
        found: list[Mapping[str, Any]] = []
        for index in range(len(announcement.parts)):
            record = self._get(announcement, index)
            if record is None and not found:
                return None
            if record is None:
                words = f"only {index} of {len(announcement.parts)} parts are there"
                raise Halfway(words, [Note("part", self._there(at, part)) for at, part in enumerate(found)])
            found.append(record)
        return Receipt(
            parts=tuple(self._sent(str(record["uri"])) for record in found),
            at=records.created(found[0]["value"]) or self._access.clock(),
        )

    def recent(self, since: datetime) -> Iterator[Sighting]:
        """The account's own top-level posts that say they were made at `since` or later, newest first.

        The server lists by key, and a key tells a post's date, not its making: so all of them are read first.
        """
        found = [
            (made, record)
            for record in self._all()
            if "reply" not in record["value"] and (made := records.created(record["value"]) or LONG_AGO) >= since
        ]
        found.sort(key=lambda pair: pair[0], reverse=True)
        for made, record in found:
            yield Sighting(Receipt((self._sent(str(record["uri"])),), made), records.links(record["value"]))

    def verify(self) -> Profile:
        """Ask whose log-in it is."""
        data = self._data(self._xrpc.query("com.atproto.server.getSession"))
        handle = str(data.get("handle", ""))
        warnings = []
        if data.get("active") is False:
            warnings.append(f"The account is {data.get('status') or 'not active'}.")
        if self._xrpc.handle not in (handle.lower(), str(data.get("did", "")).lower()):
            warnings.append(f"The account's handle is {handle}, not {self._xrpc.handle}.")
        return Profile(
            name=f"@{handle}",
            url=f"{self._app}/profile/{self._xrpc.handle}",
            server=f"AT Protocol PDS {self._xrpc.host}",
            warnings=tuple(warnings),
        )

    def _first(
        self, announcement: Announcement, notes: Sequence[Note], dids: Mapping[str, str]
    ) -> Generator[Note, None, Json]:
        """Put the first record with its pictures, uploading again those that the server has dropped meanwhile."""
        kept = {int(note.data["index"]): dict(note.data["blob"]) for note in notes if note.kind == "blob"}
        for blobs in (kept, {}):
            embed = yield from self._embed(announcement, blobs)
            record = records.record(announcement, 0, dids=dids, embed=embed)
            try:
                part = self._put(announcement, 0, record)
            except _BlobGone:
                continue
            yield Note("part", part)
            return part
        raise TryLater(f"{self._xrpc.host} does not find the picture it has just been given")

    def _embed(self, announcement: Announcement, blobs: dict[int, Json]) -> Generator[Note, None, Json | None]:
        """Return the pictures, else the card, yielding a note for each upload that is not in `blobs` yet."""
        media = announcement.media[: records.MOST_IMAGES]
        wanted = [(picture.data, picture.mime) for picture in media]
        thumbnail = announcement.card.thumbnail if announcement.card else None
        if not media and thumbnail and len(thumbnail.data) <= records.THUMB_BYTES:
            wanted = [(thumbnail.data, thumbnail.mime)]
        for index, (data, mime) in enumerate(wanted):
            if index not in blobs:
                blobs[index] = self._upload(data, mime)
                yield Note("blob", {"index": index, "blob": blobs[index]})
        if media:
            return records.pictures(media, [blobs[index] for index in range(len(media))])
        return records.external(announcement, blobs[0] if wanted else None)

    def _upload(self, data: bytes, mime: str) -> Json:
        blob = self._data(self._xrpc.upload(data, mime)).get("blob")
        if not isinstance(blob, Mapping):
            raise TryLater(f"{self._xrpc.host} took a picture but gave it no reference")
        return dict(blob)

    def _put(self, announcement: Announcement, index: int, record: Json) -> Json:
        """Create one record, and return its note. One that stands under its key already is as good."""
        answer = self._xrpc.put_record(
            {"collection": COLLECTION, "rkey": records.rkey(announcement, index), "record": record, "swapRecord": None}
        )
        if answer.error == "InvalidSwap":
            there = self._get(announcement, index)
            if there is None:
                raise TryLater(f"{self._xrpc.host} says that the post is there, but does not show it")
            return self._there(index, there)
        if answer.error == "BlobNotFound":
            raise _BlobGone
        if answer.status != 200:
            raise self._xrpc.error(answer, announcing=True)
        if answer.data is None or not all(isinstance(answer.data.get(name), str) for name in ("uri", "cid")):
            raise Uncertain(f"{self._xrpc.host} answered, but not with the post that was sent")
        return _part(index, answer.data, answer.at)

    def _get(self, announcement: Announcement, index: int) -> Mapping[str, Any] | None:
        """Return the record that stands under a part's key (`uri`, `cid`, `value`), None where there is none."""
        rkey = records.rkey(announcement, index)
        answer = self._xrpc.ask("com.atproto.repo.getRecord", repo=self._xrpc.repo(), collection=COLLECTION, rkey=rkey)
        if answer.error == "RecordNotFound":
            return None
        data = self._data(answer)
        if not _is_record(data):
            raise TryLater(f"{self._xrpc.host} answered, but not with a record")
        if not records.is_ours(data["value"], announcement, index):
            raise Rejected(f"another post stands under the key of this one: {self._sent(str(data['uri'])).url}")
        return data

    def _all(self) -> Iterator[Mapping[str, Any]]:
        """Every post record of the account. Raises `TooFar` where they cannot be read to the end."""
        cursor: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            answer = self._xrpc.ask(
                "com.atproto.repo.listRecords", repo=self._xrpc.repo(), collection=COLLECTION, limit=str(PAGE), **cursor
            )
            data = self._data(answer)
            if not isinstance(data.get("records"), list):
                raise TryLater(f"{self._xrpc.host} answered, but not with a list of records")
            yield from filter(_is_record, data["records"])
            if not data.get("cursor") or not data["records"]:
                return
            cursor = {"cursor": str(data["cursor"])}
        raise TooFar(f"the account has more than {MOST_PAGES * PAGE} posts: they could not be read to the end")

    def _resolve(self, announcement: Announcement) -> Mapping[str, str]:
        """Return the DID of each mentioned handle that has one."""
        dids = {}
        for handle in records.mentioned(announcement):
            answer = self._xrpc.ask("com.atproto.identity.resolveHandle", handle=handle)
            if answer.status == 200 and answer.data and isinstance(answer.data.get("did"), str):
                dids[handle] = str(answer.data["did"])
            elif answer.status != 400:
                raise TryLater(self._xrpc.error(answer).message, answer.wait)
        return dids

    def _data(self, answer: Answer) -> Mapping[str, Any]:
        """Return the answer's object; raise what it means where there is none."""
        if answer.status != 200:
            raise self._xrpc.error(answer)
        if answer.data is None:
            raise TryLater(f"{self._xrpc.host}: {answer.words}", answer.wait)
        return answer.data

    def _there(self, index: int, record: Mapping[str, Any]) -> Json:
        """The note of a record that was there already."""
        return _part(index, record, records.created(record["value"]) or self._access.clock())

    def _sent(self, uri: str) -> Sent:
        rkey = uri.rpartition("/")[2]
        return Sent(uri, f"{self._app}/profile/{self._xrpc.handle}/post/{rkey}")


class _BlobGone(Exception):
    """A picture that was uploaded is not there any more; nothing was announced."""


def _reference(part: Json) -> Json:
    return {"uri": part["uri"], "cid": part["cid"]}


def _part(index: int, record: Mapping[str, Any], at: datetime) -> Json:
    return {"index": index, "uri": str(record["uri"]), "cid": str(record.get("cid", "")), "at": at.isoformat()}


def _is_record(value: object) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("uri"), str) and isinstance(value.get("value"), Mapping)
