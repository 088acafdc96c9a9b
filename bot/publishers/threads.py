"""Threads (Meta).

https://developers.facebook.com/docs/threads
A post is made in two steps: a container, which shows nothing to anybody, then the publishing of it. A container can be
published once, and tells whether it was: its id is noted before it is published, so no attempt can make a second post.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.errors import Rejected, TooFar, TryLater, Unauthorized, Uncertain
from bot.formatter import urls
from bot.links import same_link
from bot.model import Announcement, Media, Note, Receipt, Sent
from bot.publishers import instants, sixty_days, threads_token
from bot.publishers.base import Access, Ends, Halfway, Profile, Sighting
from bot.publishers.in_parts import Json, done, part, picture_url, receipt, words
from bot.publishers.json_calls import Answer, Calls
from bot.publishers.masking import host_of
from bot.publishers.threads_errors import meaning, said

PAGE = 100
MOST_PAGES = 50
MINUTE = timedelta(minutes=1)  # troubleshooting: ask for a container's status "once per minute"
LAG = timedelta(minutes=2)  # how far a post's time may stand before its container's
FIELDS = "id,permalink,timestamp,text,link_attachment_url"


class Threads:
    """One account.

    Notes: `item` with `index` and `id` for each picture of several; `container` with `index`, `id` and `at` for each
    part before it is published (a later one of the same index replaces it); `part` with `index`, `id`, `url`, `at`.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        self._base = str(access.options["service"]).rstrip("/")
        self._host = host_of(self._base)
        self._calls = Calls(access, said, doubt="is `service` the Threads API?")
        self._token = threads_token.token(access, self._calls, self._base)

    def publish(self, announcement: Announcement, notes: Sequence[Note]) -> Iterator[Note | Receipt]:
        """Make each part's container, note it, and publish it, each in answer to the part before."""
        sent = done(notes)
        containers = {int(note.data["index"]): dict(note.data) for note in notes if note.kind == "container"}
        for index in range(len(announcement.parts)):
            if index in sent:
                continue
            before = sent[index - 1]["id"] if index else None
            kept = containers.get(index)
            there = self._published(announcement, index, kept) if kept else None
            if there is None:
                if kept is None or kept.get("expired"):
                    kept = yield from self._container(announcement, index, before, notes)
                there = self._publish(index, kept)
            sent[index] = there
            yield Note("part", there)
        yield receipt([self._with_permalink(sent[index]) for index in range(len(announcement.parts))])

    def find(self, announcement: Announcement, since: datetime) -> Receipt | None:
        """Look through the account's own threads for one that bears the announced link, and all its parts.

        Raises `Halfway` where only the first of several are there, `Uncertain` where the token may not read answers.
        """
        for item in self._own("threads", since):
            if any(same_link(link, announcement.url) for link in _links(item)):
                chain = self._chain(item, since, len(announcement.parts))
                if len(chain) < len(announcement.parts):
                    words = f"only {len(chain)} of {len(announcement.parts)} parts are there: {_sent(item).url}"
                    raise Halfway(words, [Note("part", self._part(at, one)) for at, one in enumerate(chain)])
                return Receipt(
                    tuple(_sent(one) for one in chain), instants.iso(item.get("timestamp")) or self._access.clock()
                )
        return None

    def recent(self, since: datetime) -> Iterator[Sighting]:
        """The account's own top-level threads, newest first."""
        for item in self._own("threads", since):
            yield Sighting(
                Receipt((_sent(item),), instants.iso(item.get("timestamp")) or self._access.clock()), _links(item)
            )

    def verify(self) -> Profile:
        """Ask whose token it is, and tell how long it lives."""
        me = self._get("/v1.0/me", fields="id,username").data
        name = str(me.get("username") or me.get("id") or "")
        if not name:
            raise TryLater(f"{self._host} answered, but not with an account")
        ends = self._token.ends()
        return Profile(
            name=f"@{name}",
            url=f"https://www.threads.com/@{name}",
            server="Threads API",
            warnings=sixty_days.warnings(self._access.account, ends, self._access.clock()),
            ends=ends,
        )

    def keep_alive(self) -> Ends:
        """Renew the token where that is due, so that it does not die while nothing is posted."""
        return self._token.ends()

    def _container(
        self, announcement: Announcement, index: int, before: str | None, notes: Sequence[Note]
    ) -> Generator[Note, None, Json]:
        """Make a part's container, and yield its note before anybody can publish it."""
        body: Json = {"media_type": "TEXT", "text": words(announcement, index)}
        media = announcement.media if index == 0 else ()
        if len(media) == 1:
            body |= {"media_type": "IMAGE"} | _picture(announcement, media[0])
        elif media:
            children = yield from self._items(announcement, notes)
            body |= {"media_type": "CAROUSEL", "children": ",".join(children)}
        elif index == 0:
            body["link_attachment"] = announcement.url
        if before is not None:
            body["reply_to_id"] = before
        answer = self._post("/v1.0/me/threads", body)
        kept = {"index": index, "id": self._id(answer), "at": answer.at.isoformat()}
        yield Note("container", kept)
        if media:
            self._published(announcement, index, kept)  # its pictures are fetched first: raises where they are not
        return kept

    def _items(self, announcement: Announcement, notes: Sequence[Note]) -> Generator[Note, None, list[str]]:
        items = {int(note.data["index"]): str(note.data["id"]) for note in notes if note.kind == "item"}
        for index, media in enumerate(announcement.media):
            if index not in items:
                body = {"media_type": "IMAGE", "is_carousel_item": "true"} | _picture(announcement, media)
                items[index] = self._id(self._post("/v1.0/me/threads", body))
                yield Note("item", {"index": index, "id": items[index]})
        return [items[index] for index in range(len(announcement.media))]

    def _chain(self, first: Mapping[str, Any], since: datetime, most: int) -> list[Mapping[str, Any]]:
        """Return a thread and the account's own answers below it, each to the one before, no more than `most`."""
        chain = [first]
        if most == 1:
            return chain
        try:
            answers = {_answered(item): item for item in self._own("replies", since)}
        except Unauthorized as error:  # it needs threads_read_replies, which an older token may lack
            raise Uncertain(f"the first of {most} parts is there: {_sent(first).url}; {error.message}") from error
        while len(chain) < most and (below := answers.pop(str(chain[-1]["id"]), None)) is not None:
            chain.append(below)
        return chain

    def _published(self, announcement: Announcement, index: int, kept: Json) -> Json | None:
        """Return the part that a container has become, None where it waits to be published or never can be.

        In the latter case `kept` says `expired`. Raises `TryLater` where it is not known yet, `Rejected` for an error.
        """
        answer = self._get(f"/v1.0/{kept['id']}", fields="status,error_message")
        match answer.data.get("status"):
            case "FINISHED":
                return None
            case "EXPIRED":  # troubleshooting: "was not published within 24 hours and has expired"
                kept["expired"] = True
                return None
            case "PUBLISHED":
                return self._shown(announcement, index, kept)
            case "ERROR":
                raise Rejected(f"{self._host}: {answer.data.get('error_message') or 'it could not be made'}")
            case _:
                raise TryLater(f"{self._host} is still making the post", MINUTE)

    def _shown(self, announcement: Announcement, index: int, kept: Json) -> Json:
        """Return a published container's part: the account's own thread with its words, made since the container."""
        since = datetime.fromisoformat(str(kept["at"])) - LAG
        wanted = words(announcement, index).split()
        for item in self._own("replies" if index else "threads", since):
            if str(item.get("text") or "").split() == wanted:
                return self._part(index, item)
        raise TryLater(f"{self._host} says that it is published, but does not list it yet", MINUTE)

    def _part(self, index: int, item: Mapping[str, Any]) -> Json:
        sent = _sent(item)
        return part(index, sent.remote_id, sent.url, instants.iso(item.get("timestamp")) or self._access.clock())

    def _publish(self, index: int, kept: Json) -> Json:
        answer = self._post("/v1.0/me/threads_publish", {"creation_id": kept["id"]}, once=True)
        return part(index, self._id(answer), None, answer.at)

    def _with_permalink(self, sent: Json) -> Json:
        """Return a part with its address, which the answer to its publishing does not hold."""
        if sent["url"]:
            return sent
        try:
            url = self._get(f"/v1.0/{sent['id']}", fields="permalink").data.get("permalink")
        except Rejected:
            url = None  # it is out all the same
        return sent | {"url": str(url) if url else None}

    def _own(self, edge: str, since: datetime) -> Iterator[Mapping[str, Any]]:
        """The account's own items, newest first, until one is older than `since`. Raises `TooFar` past all pages."""
        asked = {"fields": f"{FIELDS},replied_to" if edge == "replies" else FIELDS, "limit": str(PAGE)}
        for _ in range(MOST_PAGES):
            try:
                answer = self._get(f"/v1.0/me/{edge}", **asked)
            except Rejected as error:
                raise TooFar(f"no look at the account's threads: {error.message}") from error
            items, paging = answer.data.get("data"), answer.data.get("paging")
            if not isinstance(items, list) or not all(isinstance(item, Mapping) and item.get("id") for item in items):
                raise TryLater(f"{self._host} answered with something that is not a list of threads")
            for item in items:
                made = instants.iso(item.get("timestamp"))
                if made is not None and made < since:
                    return
                yield item
            cursors = paging.get("cursors") if isinstance(paging, Mapping) else None
            after = cursors.get("after") if isinstance(cursors, Mapping) else None
            if not items or not after:
                return
            asked["after"] = str(after)
        raise TooFar(f"{self._host}: more than {MOST_PAGES * PAGE} threads; they could not be read to the end")

    def _id(self, answer: Answer) -> str:
        if not answer.data.get("id"):
            raise self._calls.unread(answer, self._host, "an id")
        return str(answer.data["id"])

    def _get(self, path: str, **params: str) -> Answer:
        return self._call("GET", path, params=params)

    def _post(self, path: str, body: Json, *, once: bool = False) -> Answer:
        return self._call("POST", path, once=once, data=body)

    def _call(self, method: str, path: str, *, once: bool = False, **request: Any) -> Answer:
        token = self._token.use()
        headers = {"Authorization": f"Bearer {token}"}
        answer = self._calls.send(method, f"{self._base}{path}", hidden=(token,), once=once, headers=headers, **request)
        if not answer.good:
            raise meaning(answer, self._calls, self._host, self._access.account)
        return answer


def _picture(announcement: Announcement, media: Media) -> Json:
    """Return where Threads can fetch a picture: it takes no uploads."""
    found = {"image_url": picture_url(announcement, media)}
    return found | ({"alt_text": media.alt} if media.alt else {})


def _links(item: Mapping[str, Any]) -> tuple[str, ...]:
    text, attached = str(item.get("text") or ""), item.get("link_attachment_url")
    found = [text[start:end] for start, end in urls.spans(text)]
    return tuple(dict.fromkeys([*found, *([str(attached)] if attached else [])]))


def _answered(item: Mapping[str, Any]) -> str:
    """Return the id of what it answers. `replied_to`: docs/threads/retrieve-and-manage-replies, Fields."""
    above = item.get("replied_to")
    return str(above.get("id")) if isinstance(above, Mapping) else ""


def _sent(item: Mapping[str, Any]) -> Sent:
    return Sent(str(item["id"]), str(item["permalink"]) if item.get("permalink") else None)
