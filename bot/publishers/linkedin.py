"""LinkedIn's Posts API.

https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/posts-api
A member's token may not list the member's posts, and no request takes a key of ours. But LinkedIn refuses the same
words again and names the post that has them: so a repeat (`on_uncertain = "retry"`, or a person's) ends in the receipt.
How long it remembers is published nowhere, so nothing is repeated unasked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

from bot.errors import Rejected, TryLater, Unauthorized
from bot.formatter import plain
from bot.model import Announcement, Note, Receipt
from bot.publishers import linkedin_token, sixty_days
from bot.publishers.base import Access, Ends, Profile, Sighting
from bot.publishers.in_parts import Json, done, in_one, part, receipt, words
from bot.publishers.json_calls import Answer, Calls
from bot.publishers.linkedin_text import little_text
from bot.publishers.masking import host_of

UPLOAD_SECONDS = 60.0
STILL_PROCESSING = timedelta(seconds=10)
_DUPLICATE = re.compile(r"(?i:duplicate of) (urn:li:(?:share|ugcPost|activity):[\w-]+)")
_URN = re.compile(r"urn:li:\w+:[\w-]+")


class LinkedIn:
    """One member, or a page that the member may write for.

    Notes: `image` with `index` and `urn` for each picture uploaded; `part`, when it is sent.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        self._base = str(access.options["service"]).rstrip("/")
        self._host = host_of(self._base)
        self._calls = Calls(access, _words, doubt="is `service` LinkedIn's API?")
        self._lasting = linkedin_token.token(access)
        self._me: Mapping[str, Any] | None = None

    def publish(self, announcement: Announcement, notes: Sequence[Note]) -> Iterator[Note | Receipt]:
        """Upload the pictures, or the card's, then make the post."""
        if len(announcement.parts) > 1:
            raise Rejected(f"LinkedIn has no threads: set thread = false for account {self._access.account}")
        if 0 in done(notes):
            yield receipt([done(notes)[0]])
            return
        author = self._author()
        images = {int(note.data["index"]): str(note.data["urn"]) for note in notes if note.kind == "image"}
        for index, data in enumerate(_pictures(announcement)):
            if index not in images:
                images[index] = self._upload(author, data)
                yield Note("image", {"index": index, "urn": images[index]})
        urns = [images[index] for index in sorted(images)]
        yield from in_one(notes, lambda: self._post(announcement, author, urns))

    def find(self, announcement: Announcement, since: datetime) -> Receipt | None:
        """Not possible."""
        raise NotImplementedError("LinkedIn does not let an application list a member's posts")

    def recent(self, since: datetime) -> Iterator[Sighting]:
        """Not possible."""
        raise NotImplementedError("LinkedIn does not let an application list a member's posts")

    def verify(self) -> Profile:
        """Ask whose token it is, and tell how long it lives."""
        me = self._whose()
        ends = self._lasting.ends()
        author = self._access.options["author"]
        return Profile(
            name=f"{me.get('name') or me['sub']}{f' for {author}' if author else ''}",
            url=None,
            server=f"LinkedIn API {self._access.options['api_version']}",
            warnings=sixty_days.warnings(self._access.account, ends, self._access.clock()),
            ends=ends,
        )

    def keep_alive(self) -> Ends:
        """Renew the token where the app may do so, and it is due."""
        return self._lasting.ends()

    def _post(self, announcement: Announcement, author: str, images: Sequence[str]) -> Json:
        body = {
            "author": author,
            "commentary": little_text(words(announcement, 0), _moved(announcement)),
            "visibility": "PUBLIC",
            "distribution": {
                "feedDistribution": "MAIN_FEED",
                "targetEntities": [],
                "thirdPartyDistributionChannels": [],
            },
            "content": _content(announcement, images),
            "lifecycleState": "PUBLISHED",
            "isReshareDisabledByAuthor": False,
        }
        answer = self._call("POST", "/rest/posts", once=True, json=body)
        there = _DUPLICATE.search(answer.text)
        if answer.status in (400, 409, 422) and there:
            return self._there_already(announcement, there[1], answer.at)
        if 400 <= answer.status < 500 and str(answer.data.get("code")).startswith("MEDIA_ASSET_"):
            raise TryLater(f"{self._host} is still processing the pictures", STILL_PROCESSING)
        self._need(answer)
        told = answer.headers.get("x-restli-id") or answer.headers.get("x-linkedin-id") or answer.data.get("id")
        urn = unquote(str(told or ""))
        if not _URN.fullmatch(urn):
            raise self._calls.unread(answer, self._host, "the post's id")
        return part(0, urn, _permalink(urn), answer.at)

    def _there_already(self, announcement: Announcement, urn: str, at: datetime) -> Json:
        """The same words are there: ours, of an attempt whose answer was lost; but perhaps of an earlier round."""
        if announcement.round > 1:
            raise Rejected(
                f"{self._host}: the same words are there already, and are not taken again: {_permalink(urn)}"
            )
        return part(0, urn, _permalink(urn), at)

    def _upload(self, author: str, data: bytes) -> str:
        answer = self._need(
            self._call(
                "POST", "/rest/images?action=initializeUpload", json={"initializeUploadRequest": {"owner": author}}
            )
        )
        value = answer.data.get("value")
        told = value if isinstance(value, Mapping) else {}
        urn, target = str(told.get("image", "")), str(told.get("uploadUrl", ""))
        if not urn.startswith("urn:li:image:") or not self._ours(target):
            raise self._calls.unread(answer, self._host, "a place for the picture")
        token = self._token()
        put = self._calls.send(
            "PUT",
            target,
            hidden=(token,),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/octet-stream"},
            content=data,
            timeout=UPLOAD_SECONDS,
        )
        if not put.good:
            error = self._calls.error(put, self._host)
            raise TryLater(f"the picture was not taken: {error.message}")
        return urn

    def _ours(self, url: str) -> bool:
        """Whether the token may go to an address that LinkedIn gave: its own hosts, by https."""
        parts = urlsplit(url)
        own = urlsplit(self._base)
        if (parts.scheme, parts.netloc) == (own.scheme, own.netloc):
            return True
        return parts.scheme == "https" and (parts.hostname or "").endswith(".linkedin.com")

    def _author(self) -> str:
        return str(self._access.options["author"] or f"urn:li:person:{self._whose()['sub']}")

    def _whose(self) -> Mapping[str, Any]:
        if self._me is None:
            answer = self._need(self._call("GET", "/v2/userinfo"))
            if not answer.data.get("sub"):
                raise self._calls.unread(answer, self._host, "a member")
            self._me = answer.data
        return self._me

    def _need(self, answer: Answer) -> Answer:
        """Raise what an answer means that is no success; 426 is an API version that is no longer served."""
        if answer.status == 426:
            raise Unauthorized(
                f"{self._host}: {_words(answer) or 'answered 426'}:"
                f" set `api_version` of account {self._access.account} to a newer one (YYYYMM)"
            )
        return self._calls.need(answer, self._host)

    def _call(self, method: str, path: str, *, once: bool = False, **request: Any) -> Answer:
        token = self._token()
        headers = {
            "Authorization": f"Bearer {token}",
            "LinkedIn-Version": str(self._access.options["api_version"]),
            "X-Restli-Protocol-Version": "2.0.0",
        }
        return self._calls.send(method, f"{self._base}{path}", hidden=(token,), once=once, headers=headers, **request)

    def _token(self) -> str:
        return self._lasting.use()


def _pictures(announcement: Announcement) -> list[bytes]:
    if announcement.media:
        return [item.data for item in announcement.media]
    thumbnail = announcement.card.thumbnail if announcement.card else None
    return [thumbnail.data] if thumbnail else []


def _content(announcement: Announcement, images: Sequence[str]) -> Json:
    """Return the pictures, else the article: LinkedIn makes no card by itself, and has none without a title."""
    if announcement.media:
        pictures = [
            {"id": urn} | ({"altText": item.alt} if item.alt else {})
            for urn, item in zip(images, announcement.media, strict=True)
        ]
        return {"media": pictures[0]} if len(pictures) == 1 else {"multiImage": {"images": pictures}}
    card = announcement.card
    title = (card.title if card else "") or plain.inline(announcement.post.title) or host_of(announcement.url)
    article: Json = {"source": announcement.url, "title": title[:400]}
    if card and card.description:
        article["description"] = card.description[:4086]
    if images:
        article["thumbnail"] = images[0]
    return {"article": article}


def _moved(announcement: Announcement) -> list[tuple[int, int, str]]:
    """Return where hashtags stand in the words that are sent: start, end, and the tag."""
    part = announcement.parts[0]
    shift = len(words(announcement, 0)) - len(part.text)
    return [(span.start + shift, span.end + shift, span.target) for span in part.spans if span.kind.value == "tag"]


def _permalink(urn: str) -> str:
    return f"https://www.linkedin.com/feed/update/{urn}/"


def _words(answer: Answer) -> str:
    return str(answer.data.get("message") or "")
