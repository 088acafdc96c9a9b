"""Micropub: micro.blog, and any site that takes posts by it.

https://www.w3.org/TR/micropub/. It knows no key of ours, so only the site's own list of posts (`q=source`,
https://indieweb.org/Micropub-extensions) tells what arrived. Not every server has one: then a lost answer is for a
person to resolve.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from bot.credentials import Secret
from bot.errors import Rejected, TooFar, TryLater, Uncertain
from bot.links import same_link
from bot.model import Announcement, Media, Note, Receipt, Sent
from bot.publishers import micropub_entry as entries
from bot.publishers import micropub_page as pages
from bot.publishers.base import Access, Profile, Sighting
from bot.publishers.json_calls import Answer, Calls
from bot.publishers.masking import host_of

PAGE = 50
MOST_PAGES = 40
ASK = "only you can tell what arrived (posse resolve)"


class Micropub:
    """One site. A thread is one post of several paragraphs.

    Notes: `photo` with `index` and `url` for each picture that is uploaded; `entry` with `url` and `at` once it is
    posted.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        self._calls = Calls(access, _words, doubt="is it a Micropub endpoint?")
        self._site = str(access.options.get("site") or "")
        self._endpoint: str | None = access.options.get("endpoint")
        self._secret: Secret | None = None
        self._form = access.options.get("encoding") == "form"
        self._manner = entries.Manner(
            article=access.options.get("kind") == "article",
            syndicate_to=tuple(access.options.get("syndicate_to") or ()),
            destination=access.options.get("destination"),
        )

    def publish(self, announcement: Announcement, notes: Sequence[Note]) -> Iterator[Note | Receipt]:
        """Upload the pictures, then post."""
        done = next((note.data for note in notes if note.kind == "entry"), None)
        if done is None:
            photos = {int(note.data["index"]): str(note.data["url"]) for note in notes if note.kind == "photo"}
            missing = [index for index in range(len(announcement.media)) if index not in photos]
            uploads = self._media_endpoint() if missing else ""
            for index in missing if uploads else ():
                photos[index] = self._upload(uploads, announcement.media[index], index)
                yield Note("photo", {"index": index, "url": photos[index]})
            done = self._post(
                announcement, [photos[index] for index in sorted(photos)], inside=bool(missing and not uploads)
            )
            yield Note("entry", done)
        yield Receipt((Sent(str(done["url"]), str(done["url"])),), datetime.fromisoformat(str(done["at"])))

    def find(self, announcement: Announcement, since: datetime) -> Receipt | None:
        """Look through the site's own list for a post that bears the announced link."""
        for seen in self.recent(since):
            if any(same_link(link, announcement.url) for link in seen.links):
                return seen.receipt
        return None

    def recent(self, since: datetime) -> Iterator[Sighting]:
        """The site's posts published at `since` or later, newest first.

        Raises `TooFar` where the site does not list its posts, or not back to `since`: nobody can look then.
        """
        found: dict[str, Sighting] = {}
        asked: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            items, after = self._page(asked)
            now = self._access.clock()
            page = [each for item in items if (each := entries.sighting(item, now))]
            fresh = {each.receipt.remote_id: each for each in page if each.receipt.remote_id not in found}
            found |= fresh
            if not items or (asked.get("after") and not after) or _ends_before(page, since):
                newest = sorted(found.values(), key=lambda each: each.receipt.at, reverse=True)
                yield from (each for each in newest if each.receipt.at >= since)
                return
            if not fresh:
                break  # the same page again: the list goes no further, or is not read in pages
            asked = {"after": after} if after else {"offset": str(len(found))}
        raise TooFar(f"{self._host()} does not list its posts back to {since:%Y-%m-%d %H:%M}: {ASK}")

    def verify(self) -> Profile:
        """Ask for the server's configuration, which takes the token, and whether it lists its posts."""
        self._query("config")
        warnings = []
        if self._manner.syndicate_to:
            known = _uids(self._query("syndicate-to"))
            if wrong := sorted(set(self._manner.syndicate_to) - set(known)):
                warnings.append(f"syndicate_to names {', '.join(wrong)}; the server knows {', '.join(known) or 'none'}")
        try:
            self._page({})
        except TooFar as error:
            warnings.append(f"After a lost answer you would be asked: {error.message}")
        name = self._manner.destination or self._site or self._where()
        return Profile(
            name=urlsplit(name).netloc or name,
            url=self._site or self._manner.destination,
            server=f"Micropub {self._host()}",
            warnings=tuple(warnings),
        )

    def _post(self, announcement: Announcement, photos: Sequence[str], *, inside: bool) -> dict[str, str]:
        """Create the entry; return its note. `inside` sends its pictures along, where there is no media endpoint."""
        as_form: dict[str, Any] = {"data": entries.as_form(announcement, photos, self._manner)}
        if inside:
            field = "photo" if len(announcement.media) == 1 else "photo[]"
            files = [(field, _file(media, index)) for index, media in enumerate(announcement.media)]
            answer = self._call("POST", self._where(), once=True, files=files, **as_form)
        elif self._form:
            answer = self._call("POST", self._where(), once=True, **as_form)
        else:
            as_json = entries.as_json(announcement, photos, self._manner)
            answer = self._call("POST", self._where(), once=True, json=as_json)
            if answer.status == 415:  # it reads no JSON, and so has made nothing of it
                answer = self._call("POST", self._where(), once=True, **as_form)
        self._calls.need(answer, self._host())
        location = answer.headers.get("location", "")
        if not location:
            raise Uncertain(f"{self._host()} answered {answer.status}, but not where the post is")
        return {"url": urljoin(self._where(), location), "at": answer.at.isoformat()}

    def _upload(self, endpoint: str, media: Media, index: int) -> str:
        answer = self._call("POST", endpoint, files={"file": _file(media, index)})
        location = self._calls.need(answer, self._host()).headers.get("location", "")
        if not location:
            raise TryLater(f"{self._host()} took a picture, but did not say where it is")
        return urljoin(endpoint, location)

    def _media_endpoint(self) -> str:
        """Return where pictures are uploaded, empty where there is no such place: then they go with the post."""
        answer = self._call("GET", self._where(), params={"q": "config"})
        if answer.status not in (400, 404, 405, 501):
            self._calls.need(answer, self._host())
        endpoint = answer.data.get("media-endpoint")
        return urljoin(self._where(), endpoint) if isinstance(endpoint, str) and endpoint else ""

    def _page(self, asked: Mapping[str, str]) -> tuple[list[object], str]:
        """Return the items of one page of the list, and the cursor of the next, empty where there is none."""
        params = {"q": "source", "limit": str(PAGE), **asked}
        answer = self._call("GET", self._where(), params=params)
        if answer.status in (400, 403, 404, 405, 501) or (
            answer.good and not isinstance(answer.data.get("items"), list)
        ):
            said = _words(answer) or f"answered {answer.status}"
            raise TooFar(f"{self._host()} does not list its posts ({said}): {ASK}")
        items = self._calls.need(answer, self._host()).data["items"]
        paging = answer.data.get("paging")
        after = paging.get("after") if isinstance(paging, Mapping) else None
        return list(items), str(after) if after else ""

    def _query(self, name: str) -> Mapping[str, Any]:
        answer = self._calls.need(self._call("GET", self._where(), params={"q": name}), self._host())
        if not answer.text.lstrip().startswith("{"):
            raise Rejected(f"{self._host()} does not answer as a Micropub endpoint does: is `endpoint` right?")
        return answer.data

    def _where(self) -> str:
        """Return the endpoint, which the site's page names."""
        if self._endpoint is None:
            if not self._site:
                raise Rejected(f"account {self._access.account} needs `site` or `endpoint`")
            self._endpoint = pages.read(self._access, self._site).get("micropub")
        if not self._endpoint:
            self._endpoint = None
            raise Rejected(f'{self._site} names no Micropub endpoint (<link rel="micropub" href=…>): set `endpoint`')
        return self._endpoint

    def _host(self) -> str:
        return host_of(self._where())

    def _call(self, method: str, url: str, *, once: bool = False, **request: Any) -> Answer:
        self._secret = self._secret or self._access.secret("access_token")
        token = self._secret.reveal()
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        return self._calls.send(method, url, hidden=[token], once=once, headers=headers, **request)


def _file(media: Media, index: int) -> tuple[str, bytes, str]:
    return f"picture-{index + 1}.{media.mime.rpartition('/')[2]}", media.data, media.mime


def _words(answer: Answer) -> str:
    """Return the server's own words: https://www.w3.org/TR/micropub/#error-response, or a short plain text."""
    said = [answer.data.get("error"), answer.data.get("error_description")]
    words = ": ".join(str(part) for part in said if part)
    if not words and answer.headers.get("content-type", "").startswith("text/plain"):
        words = answer.text
    return words


def _uids(told: Mapping[str, Any]) -> list[str]:
    listed = told.get("syndicate-to")
    places = listed if isinstance(listed, list) else []
    return [str(each["uid"]) for each in places if isinstance(each, Mapping) and each.get("uid")]


def _ends_before(page: Sequence[Sighting], since: datetime) -> bool:
    """Whether a page, newest first, reaches past `since`. In another order, its end says nothing of what follows."""
    made = [each.receipt.at for each in page]
    return bool(made) and made[-1] < since and made == sorted(made, reverse=True)
