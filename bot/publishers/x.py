"""X, by its API v2. Nothing there carries a key of ours: the timeline tells, and X refuses the same words twice.

Reading costs money too (docs.x.com/x-api/getting-started/pricing): a look asks for no more than it needs.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.errors import Rejected, TooFar, TryLater, Uncertain
from bot.model import Announcement, Media, Note, Receipt
from bot.publishers import x_timeline as timeline
from bot.publishers.base import Access, Halfway, Profile, Sighting
from bot.publishers.in_parts import words
from bot.publishers.x_api import CALL_SECONDS, Api

PAGE = 100  # GET /2/users/:id/tweets: the most at once
FEW = 10
MOST_POSTS = 3200  # it shows no more: docs.x.com/x-api/posts/timelines
MEDIA_LIFE = timedelta(hours=23)  # an upload that is not used is dropped after 24 hours
STILL_PROCESSING = timedelta(seconds=2)
JUST_NOW = timedelta(minutes=2)
CATEGORY = {"image/gif": "tweet_gif"}


class X:
    """One account.

    Notes: `media` with `index`, `id`, `until` and `ready` for each picture uploaded, `alt` with `index` and `id` when
    its description is there; `part` with `index`, `id` and `at` for each post that is sent.
    """

    def __init__(self, access: Access, call_seconds: float = CALL_SECONDS) -> None:
        self._access = access
        self._api = Api(access, call_seconds)
        self._web = str(access.options["web"]).rstrip("/")
        self._handle = str(access.options.get("handle") or "").removeprefix("@")

    def publish(self, announcement: Announcement, notes: Sequence[Note]) -> Iterator[Note | Receipt]:
        """Upload the pictures, then send the parts, each in answer to the one before."""
        done = {int(note.data["index"]): dict(note.data) for note in notes if note.kind == "part"}
        pictures: list[str] = []
        if 0 not in done:
            pictures = yield from self._pictures(announcement.media, notes)
        for index in range(len(announcement.parts)):
            if index not in done:
                before = str(done[index - 1]["id"]) if index else None
                done[index] = self._send(announcement, index, before, pictures if index == 0 else [])
                yield Note("part", done[index])
        ordered = [done[index] for index in range(len(announcement.parts))]
        yield Receipt(
            parts=tuple(timeline.sent(str(part["id"]), self._web, self._handle) for part in ordered),
            at=datetime.fromisoformat(str(ordered[0]["at"])),
        )

    def find(self, announcement: Announcement, since: datetime) -> Receipt | None:
        """Look through the account's own timeline, newest first and no further than the post is.

        Raises `Halfway` where only the first parts of several are there.
        """
        seen: list[timeline.Post] = []
        for post in self._posts(since, FEW, answers=len(announcement.parts) > 1):
            seen.append(post)
            if timeline.top_level(post) and timeline.says(post, announcement):
                chain = timeline.thread(post, seen)[: len(announcement.parts)]
                shown = timeline.sighting(post, self._web, self._handle, self._access.clock()).receipt
                if len(chain) < len(announcement.parts):
                    told = f"only {len(chain)} of {len(announcement.parts)} parts are there: {shown.url}"
                    notes = (self._part(index, str(part["id"])) for index, part in enumerate(chain))
                    raise Halfway(told, [Note("part", note) for note in notes])
                return Receipt(
                    tuple(timeline.sent(str(part["id"]), self._web, self._handle) for part in chain), shown.at
                )
        return None

    def recent(self, since: datetime) -> Iterator[Sighting]:
        """The account's own top-level posts made at `since` or later, newest first."""
        for post in self._posts(since, PAGE, answers=False):
            yield timeline.sighting(post, self._web, self._handle, self._access.clock())

    def verify(self) -> Profile:
        """Ask whose keys or tokens they are."""
        me = self._api.me()
        warnings = []
        if self._handle and self._handle.lower() != me["username"].lower():
            warnings.append(f"The account's name is {me['username']}, not {self._handle}.")
        return Profile(
            name=f"@{me['username']}",
            url=f"{self._web}/{me['username']}",
            server=f"X API v2 at {self._api.host}",
            warnings=tuple(warnings),
        )

    def keep_alive(self) -> None:
        """Renew tokens that have lain idle; keys do not end."""
        self._api.keep_alive()

    def _pictures(self, media: Sequence[Media], notes: Sequence[Note]) -> Generator[Note, None, list[str]]:
        """Yield a note for each picture uploaded and each description given; return the pictures' numbers."""
        now = self._access.clock()
        kept = {
            int(note.data["index"]): note.data
            for note in notes
            if note.kind == "media" and datetime.fromisoformat(str(note.data["until"])) > now
        }
        described = {str(note.data["id"]) for note in notes if note.kind == "alt"}
        for index, picture in enumerate(media):
            if index not in kept:
                told = self._upload(picture)
                wait = _processing(told, self._api.host)
                until = (now + MEDIA_LIFE).isoformat()
                note = Note("media", {"index": index, "id": str(told["id"]), "until": until, "ready": wait is None})
                kept[index] = note.data
                yield note
                if wait is not None:
                    raise TryLater(f"{self._api.host} is still processing a picture", wait)
            elif not kept[index].get("ready", True):
                self._await(str(kept[index]["id"]))
            number = str(kept[index]["id"])
            if picture.alt and number not in described:
                self._describe(number, picture.alt)
                yield Note("alt", {"index": index, "id": number})
        return [str(kept[index]["id"]) for index in range(len(media))]

    def _upload(self, picture: Media) -> Mapping[str, Any]:
        answer = self._api.make(
            "/2/media/upload",
            data={"media_category": CATEGORY.get(picture.mime, "tweet_image")},
            files={"media": ("picture", picture.data, picture.mime)},
        )
        if not answer.data.get("id"):
            raise TryLater(f"{self._api.host} took a picture but gave it no number")
        return answer.data

    def _await(self, number: str) -> None:
        """Raise `TryLater` while a picture, an animated one most likely, is being processed."""
        told = self._api.get("/2/media/upload", command="STATUS", media_id=number).data
        wait = _processing(told, self._api.host)
        if wait is not None:
            raise TryLater(f"{self._api.host} is still processing a picture", wait)

    def _describe(self, number: str, alt: str) -> None:
        self._api.make("/2/media/metadata", json={"id": number, "metadata": {"alt_text": {"text": alt}}})

    def _send(self, announcement: Announcement, index: int, before: str | None, pictures: list[str]) -> dict[str, Any]:
        """Send one part, and return its note. Words that X says it has had may be this part's, its answer lost."""
        body: dict[str, Any] = {"text": words(announcement, index)}
        if before:
            body["reply"] = {"in_reply_to_tweet_id": before}
        if pictures:
            body["media"] = {"media_ids": pictures}
        answer = self._api.announce(body)
        if answer.duplicate:
            return self._there_already(announcement, index, answer.words)
        number = answer.data.get("id")
        if not number:
            raise Uncertain(f"{self._api.host} answered, but not with the post that was sent")
        return self._part(index, str(number))

    def _there_already(self, announcement: Announcement, index: int, said: str) -> dict[str, Any]:
        """Return the note of the part that stands there since the words were frozen; older ones are no part of it."""
        wanted = " ".join(words(announcement, index).split())
        since = (announcement.created_at or self._access.clock()) - JUST_NOW
        for post in self._posts(since, FEW, answers=index > 0):
            if wanted == " ".join(timeline.text(post).split()) or (index == 0 and timeline.says(post, announcement)):
                return self._part(index, str(post["id"]))
        raise Rejected(f"{self._api.host}: {said} Say it in other words (`posse.text` in the front matter).")

    def _part(self, index: int, number: str) -> dict[str, Any]:
        at = timeline.instant_of(number) or self._access.clock()
        return {"index": index, "id": number, "at": at.isoformat()}

    def _posts(self, since: datetime, page: int, *, answers: bool) -> Iterator[timeline.Post]:
        """The account's own posts made at `since` or later, newest first; each that comes is paid for."""
        asked = {
            "max_results": str(page),
            "start_time": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "exclude": "retweets" if answers else "retweets,replies",
            "tweet.fields": timeline.FIELDS,
        }
        path = f"/2/users/{self._api.user_id()}/tweets"
        read = 0
        while True:
            try:
                answer = self._api.get(path, **asked)
            except Rejected as error:
                raise TooFar(f"no look at the account's posts: {error.message}") from error
            posts = _listed(answer.body or {}, self._api.host)
            for post in posts:
                made = timeline.instant(post)
                if made is None or made >= since:
                    yield post
            read += len(posts)
            meta = (answer.body or {}).get("meta")
            following = meta.get("next_token") if isinstance(meta, Mapping) else None
            if not following:
                return
            if read >= MOST_POSTS:
                raise TooFar(f"the account has more than {MOST_POSTS} posts since {since:%Y-%m-%d}: X shows no more")
            asked["pagination_token"] = str(following)


def _processing(told: Mapping[str, Any], host: str) -> timedelta | None:
    """How long to wait for a picture, None where it is ready. Raises `Rejected` where it never will be.

    docs.x.com/x-api/media/quickstart/media-upload-chunked, step 4.
    """
    info = told.get("processing_info")
    state = info.get("state") if isinstance(info, Mapping) else None
    if state == "failed":
        raise Rejected(f"{host} cannot process a picture of this post: leave it out, or save it in another form")
    if not isinstance(info, Mapping) or state not in ("pending", "in_progress"):
        return None
    after = info.get("check_after_secs")
    return timedelta(seconds=min(max(after, 1), 60)) if isinstance(after, int) else STILL_PROCESSING


def _listed(body: Mapping[str, Any], host: str) -> list[timeline.Post]:
    """Return the posts of a page; none is an answer without `data` that says so."""
    posts = body.get("data")
    if posts is None and isinstance(body.get("meta"), Mapping) and body["meta"].get("result_count") == 0:
        return []
    if not isinstance(posts, list) or not all(isinstance(post, Mapping) and post.get("id") for post in posts):
        raise TryLater(f"{host} answered with something that is not a timeline")
    return posts
