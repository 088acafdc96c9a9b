"""Mastodon, and the servers that speak its API (GoToSocial, Pleroma and Akkoma, Pixelfed as far as they do)."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from bot.errors import Rejected, TooFar, TryLater, Uncertain
from bot.links import same_link
from bot.model import Announcement, Media, Note, Receipt, Sent
from bot.publishers import mastodon_timeline as timeline
from bot.publishers.base import Access, Halfway, Profile, Sighting
from bot.publishers.mastodon_api import Api, Bounds

PAGE = 40  # the most a server gives at once: docs.joinmastodon.org/methods/accounts/#statuses
MOST_PAGES = 250
STILL_PROCESSING = timedelta(seconds=2)


class Mastodon:
    """One account. Its posts carry no key of our choosing that could be looked up: only the timeline tells.

    Notes: `media` with `index`, `id` and `ready` for each picture that is uploaded; `part` with `index`, `id`, `url`
    and `at` for each status that is sent.
    """

    def __init__(self, access: Access, bounds: Bounds | None = None) -> None:
        self._access = access
        self._bounds = bounds or Bounds()
        self._opened: Api | None = None
        self._account_id: str | None = None

    def publish(self, announcement: Announcement, notes: Sequence[Note]) -> Iterator[Note | Receipt]:
        """Upload the pictures, then send the parts, each in answer to the one before."""
        done = {note.data["index"]: note for note in notes if note.kind == "part"}
        media_ids: list[str] = []
        if 0 not in done:
            media_ids = yield from self._pictures(announcement.media, notes)
        for index in range(len(announcement.parts)):
            if index not in done:
                before = done[index - 1].data["id"] if index else None
                done[index] = self._send(announcement, index, before, media_ids if index == 0 else [])
                yield done[index]
        ordered = [done[index].data for index in range(len(announcement.parts))]
        yield Receipt(
            parts=tuple(Sent(data["id"], data["url"]) for data in ordered),
            at=datetime.fromisoformat(ordered[0]["at"]),
        )

    def find(self, announcement: Announcement, since: datetime) -> Receipt | None:
        """Look through the account's own timeline for a post that bears the announced link, and all its parts.

        Raises `Halfway` where only the first parts of several are there.
        """
        statuses = list(self._statuses(since))
        now = self._access.clock()
        for status in filter(timeline.top_level, statuses):
            seen = timeline.sighting(status, now)
            if not any(same_link(link, announcement.url) for link in seen.links):
                continue
            chain = timeline.thread(status, statuses)[: len(announcement.parts)]
            if len(chain) < len(announcement.parts):
                words = f"only {len(chain)} of {len(announcement.parts)} parts are there: {seen.receipt.url}"
                raise Halfway(words, [self._note(index, part) for index, part in enumerate(chain)])
            return Receipt(tuple(timeline.sent(part) for part in chain), seen.receipt.at)
        return None

    def recent(self, since: datetime) -> Iterator[Sighting]:
        """The account's own top-level posts made at `since` or later by the server's clock, newest first."""
        for status in filter(timeline.top_level, self._statuses(since)):
            yield timeline.sighting(status, self._access.clock())

    def verify(self) -> Profile:
        """Ask whose token it is, what the server's limits are, and whether the token may look at the timeline."""
        from bot.publishers.mastodon_profile import profile

        return profile(self._access, self._bounds)

    def _api(self) -> Api:
        if self._opened is None:
            self._opened = Api(self._access, self._bounds)
        return self._opened

    def _pictures(self, media: Sequence[Media], notes: Sequence[Note]) -> Generator[Note, None, list[str]]:
        """Yield a note for each picture as it is uploaded; return all their ids once the server has processed them."""
        uploaded = {note.data["index"]: note.data for note in notes if note.kind == "media"}
        processing = False
        for index, picture in enumerate(media):
            ready = self._ready(uploaded[index]["id"]) if index in uploaded else None
            if ready is None:
                note = self._upload(index, picture)
                yield note
                uploaded[index] = note.data
                ready = note.data["ready"]
            processing = processing or not ready
        if processing:
            raise TryLater(f"{self._api().host} is still processing the pictures", STILL_PROCESSING)
        return [str(uploaded[index]["id"]) for index in range(len(media))]

    def _ready(self, media_id: str) -> bool | None:
        """Whether a picture of an earlier attempt is processed; None when it is gone (Mastodon keeps it for a day)."""
        try:
            return bool(self._api().table("GET", f"/api/v1/media/{quote(media_id, safe='')}").get("url"))
        except Rejected:
            return None

    def _upload(self, index: int, picture: Media) -> Note:
        answer = self._api().table(
            "POST",
            "/api/v2/media",
            files={"file": (f"picture.{picture.mime.rpartition('/')[2]}", picture.data, picture.mime)},
            data={"description": picture.alt} if picture.alt else None,
        )
        if not answer.get("id"):
            raise TryLater(f"{self._api().host} took a picture but gave it no id")
        return Note("media", {"index": index, "id": str(answer["id"]), "ready": bool(answer.get("url"))})

    def _send(self, announcement: Announcement, index: int, before: str | None, media_ids: list[str]) -> Note:
        """Send one part. The key is the announcement's, or its own where there are several."""
        key = announcement.key if len(announcement.parts) == 1 else f"{announcement.key}-{index}"
        form = {
            "status": announcement.parts[index].text,
            "in_reply_to_id": before,
            "media_ids[]": media_ids,
            "sensitive": "1" if announcement.content_warning is not None else None,  # Pixelfed knows no "true"
            "visibility": announcement.visibility.value,
            "spoiler_text": announcement.content_warning,
            "language": announcement.language,
        }
        given = {name: value for name, value in form.items() if value}
        status = self._api().table("POST", "/api/v1/statuses", once=True, key=key, data=given)
        if not status.get("id") or "scheduled_at" in status:
            raise Uncertain(f"{self._api().host} answered, but not with the status that was sent")
        return self._note(index, status)

    def _note(self, index: int, status: Mapping[str, Any]) -> Note:
        at = timeline.instant(status) or self._access.clock()
        sent = timeline.sent(status)
        return Note("part", {"index": index, "id": sent.remote_id, "url": sent.url, "at": at.isoformat()})

    def _statuses(self, since: datetime) -> Iterator[Mapping[str, Any]]:
        """The account's own statuses, answers too, newest first, until a page ends before `since`."""
        api = self._api()
        account = self._whose()
        below: str | None = None
        for _ in range(MOST_PAGES):
            page = self._page(account, below)
            for status in page:
                made = timeline.instant(status)
                if made is None or made >= since:
                    yield status
            last = timeline.instant(page[-1]) if page else None
            if not page or (last is not None and last < since):
                return
            if str(page[-1]["id"]) == below:
                break
            below = str(page[-1]["id"])
        raise TooFar(f"the timeline on {api.host} cannot be read back to {since:%Y-%m-%d %H:%M}")

    def _page(self, account: str, below: str | None) -> Sequence[Mapping[str, Any]]:
        path = f"/api/v1/accounts/{quote(account, safe='')}/statuses"
        try:
            page = self._api().rows(path, exclude_reblogs="1", limit=PAGE, **({"max_id": below} if below else {}))
        except Rejected as error:
            raise TooFar(f"no look at the account's posts: {error.message}") from error
        if not all(status.get("id") for status in page):
            raise TryLater(f"{self._api().host} answered with something that is not a timeline")
        return page

    def _whose(self) -> str:
        """The account's id there. It is asked for once for a token, and kept: a question less at every run."""
        if self._account_id is None:
            vault, mark = self._access.vault, self._api().mark
            kept = vault.read()
            if kept.get("owner") == mark and kept.get("account_id"):
                self._account_id = kept["account_id"]
            else:
                self._account_id = self._api().account_id()
                vault.write({"owner": mark, "account_id": self._account_id})
        return self._account_id
