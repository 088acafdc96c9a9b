"""Mastodon, and the servers that speak its API (GoToSocial, Pleroma and Akkoma, Pixelfed as far as they do)."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bot.errors import PublishError, Rejected, TooFar, TryLater, Unauthorized, Uncertain
from bot.links import same_link
from bot.model import Announcement, Media, Note, Receipt, Sent
from bot.publishers import mastodon_kin as kin
from bot.publishers import mastodon_timeline as timeline
from bot.publishers.base import Access, Halfway, Profile, Sighting

if TYPE_CHECKING:
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
        self._bounds = bounds
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
        api = self._api()
        me = self._me()
        server = self._server()
        software, version = self._software(server)
        name = str(me.get("acct") or me.get("username"))
        return Profile(
            name=f"@{name}" if "@" in name else f"@{name}@{server.get('domain') or server.get('uri') or api.host}",
            url=str(me["url"]) if me.get("url") else None,
            server=kin.described(software, version),
            limits=kin.limits(server, software),
            warnings=self._scope_warnings(),
        )

    def _api(self) -> Api:
        if self._opened is None:
            from bot.publishers.mastodon_api import Api, Bounds

            token = self._access.secret("access_token").reveal()
            instance = str(self._access.options["instance"])
            self._opened = Api(instance, token, self._access.clock, self._bounds or Bounds())
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
            return bool(self._api().call(lambda client: client.media(media_id)).get("url"))
        except Rejected:
            return None

    def _upload(self, index: int, picture: Media) -> Note:
        answer = self._api().call(
            lambda client: client.media_post(picture.data, mime_type=picture.mime, description=picture.alt or None)
        )
        if not answer.get("id"):
            raise TryLater(f"{self._api().host} took a picture but gave it no id")
        return Note("media", {"index": index, "id": str(answer["id"]), "ready": bool(answer.get("url"))})

    def _send(self, announcement: Announcement, index: int, before: str | None, media_ids: list[str]) -> Note:
        """Send one part. The key is the announcement's, or its own where there are several."""
        key = announcement.key if len(announcement.parts) == 1 else f"{announcement.key}-{index}"
        status = self._api().call(
            lambda client: client.status_post(
                announcement.parts[index].text,
                in_reply_to_id=before,
                media_ids=media_ids or None,
                sensitive=announcement.content_warning is not None,
                visibility=announcement.visibility.value,
                spoiler_text=announcement.content_warning,
                language=announcement.language,
                idempotency_key=key,
            ),
            once=True,
        )
        if not isinstance(status, Mapping) or not status.get("id") or "scheduled_at" in status:
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
        page = self._api().call(
            lambda client: client.account_statuses(account, exclude_reblogs=True, max_id=below, limit=PAGE), shape=list
        )
        if not isinstance(page, list) or not all(isinstance(status, Mapping) and status.get("id") for status in page):
            raise TryLater(f"{self._api().host} answered with something that is not a timeline")
        return page

    def _me(self) -> Mapping[str, Any]:
        me: Mapping[str, Any] = self._api().call(lambda client: client.account_verify_credentials())
        if not me.get("id"):
            raise TryLater(f"{self._api().host} answered, but not with an account: is `instance` a Mastodon server?")
        self._account_id = str(me["id"])
        return me

    def _whose(self) -> str:
        return self._account_id or str(self._me()["id"])

    def _server(self) -> Mapping[str, Any]:
        """What the server says about itself: version 2 of that, else version 1 (before Mastodon 4.0, and others)."""
        try:
            told = self._api().call(lambda client: client.instance_v2())
        except Rejected:
            told = self._api().call(lambda client: client.instance_v1())
        return told if isinstance(told, Mapping) else {}

    def _software(self, server: Mapping[str, Any]) -> tuple[str, str]:
        """What runs there; where its own words leave it open, nodeinfo is asked, without the token.

        https://nodeinfo.diaspora.software/protocol.html
        """
        found = kin.software(server)
        if found[0]:
            return found
        base = str(self._access.options["instance"]).rstrip("/")
        try:
            links = self._access.http.send("GET", f"{base}/.well-known/nodeinfo").json()["links"]
            address = next(str(link["href"]) for link in links if "/ns/schema/2." in str(link["rel"]))
            if urlsplit(address).netloc != urlsplit(base).netloc:
                return found
            told = self._access.http.send("GET", address).json()
        except (PublishError, ValueError, KeyError, TypeError, StopIteration):
            return found
        return kin.software(server, told) if isinstance(told, Mapping) else found

    def _scope_warnings(self) -> tuple[str, ...]:
        try:
            self._api().call(lambda client: client.account_statuses(self._whose(), limit=1), shape=list)
        except Unauthorized:
            login = f"posse login {self._access.account}"
            lost = "after a lost answer nobody could look whether a post arrived, so you would be asked"
            return (f"the token lacks the scope read:statuses: {lost}; make a token with it and run `{login}`",)
        return ()
