"""Which post is this? Pure: what a scan found and what the store remembers go in, each post's identity comes out.

A post is known by its names: its place in its source (`item`) and every URL it has or had (`url`). One name is one
post's for ever, but a place speaks for the post that stands there now. What answers to no name may still be a post that
is gone from the same scan and has come back under another: strong signs say so, weak signs are a doubt for a person to
settle, no sign makes a new post. The order of the posts decides nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from bot.likeness import Remembered as Remembered
from bot.likeness import match, same_day
from bot.links import normalise
from bot.model import Post, PostId

Name = tuple[str, str]
Wish = tuple[str, PostId, Sequence[Name]]
"""A source id, the post that stands there, and the URLs it would answer to."""

ITEM, URL = "item", "url"


class Identified(Struct, frozen=True):
    """One found post with its identity. `doubt` is a sentence when a person must say whether it is `other`.

    `duplicate` names a post that is present under the same URL: this one is not announced.
    """

    post: Post
    is_new: bool
    doubt: str | None = None
    other: PostId | None = None
    duplicate: PostId | None = None


def url_name(url: str) -> Name:
    """The name that a URL gives: normalised, and without its scheme, so that a move to https changes nothing."""
    spelt = normalise(url)
    return (URL, spelt.partition("://")[2] or spelt)


def item_name(source: str, source_id: str) -> Name:
    """The name that a place in a source gives."""
    return (ITEM, f"{source}\n{source_id}")


def names(post: Post) -> list[Name]:
    """Every name a found post bears, its place first and its canonical URL second."""
    urls = dict.fromkeys((post.url, *post.urls) if post.url else post.urls)
    return [item_name(post.source, post.source_id), *map(url_name, urls)]


def derive(parts: Sequence[str]) -> PostId:
    """The id of a new post: the same for the same URL on any machine, with or without a state."""
    return PostId(hashlib.sha256(json.dumps(["posse-post-1", *parts]).encode()).hexdigest()[:20])


def identify(
    found: Sequence[Post],
    owners: Mapping[Name, PostId],
    remembered: Mapping[PostId, Remembered],
    present: frozenset[Name],
    gone: Sequence[Remembered],
    former: Sequence[Remembered] = (),
) -> list[Identified]:
    """Say of each found post of one source which it is, in the order given.

    `owners` maps the names of the found posts to remembered posts, all of which are in `remembered`. `present` holds
    the item names of all that the scan saw, read or not. `gone` are posts of this source that the scan did not see;
    `former` those that scans before it did not see either, which come back as they were or are a doubt.
    """
    scan = _Scan(found, owners, remembered, present)
    scan.by_name()
    scan.by_signs(scan.matches(gone))
    scan.back_again(scan.matches(former))
    scan.rest()
    return [scan.answer(post) for post in found]


def claims(answers: Sequence[Identified], others: Iterable[Wish] = ()) -> dict[PostId, list[Name]]:
    """The names that the posts of one scan may keep: each name is one post's, a canonical URL before an alias.

    A duplicate claims its place alone: the URL is the other's. `others` are posts of the scan that have their place and
    their canonical URL already.
    """
    kept = {answer.post.id: names(answer.post)[:1] for answer in answers}
    originals = [answer.post for answer in answers if answer.duplicate is None]
    claimed = {url_name(post.url): post.id for post in originals if post.url}
    wishes = [*others, *((post.source_id, post.id, _urls(post)) for post in originals)]
    for _, id_, urls in sorted(wishes, key=lambda wish: wish[0]):
        kept.setdefault(id_, []).extend(name for name in urls if claimed.setdefault(name, id_) == id_)
    return kept


class _Scan:
    """One run of `identify`: what was given, and the ids handed out so far. The order of the posts decides nothing."""

    def __init__(
        self,
        found: Sequence[Post],
        owners: Mapping[Name, PostId],
        remembered: Mapping[PostId, Remembered],
        present: frozenset[Name],
    ) -> None:
        self.found = sorted(found, key=_order)
        self.owners, self.remembered, self.present = owners, remembered, present
        self.places = {item_name(post.source, post.source_id) for post in found}
        self.bearers: dict[Name, list[Post]] = {}
        for post in self.found:
            if post.url:
                self.bearers.setdefault(url_name(post.url), []).append(post)
        self.given: dict[int, PostId] = {}
        self.taken: set[PostId] = set()
        self.fresh: set[int] = set()
        self.doubts: dict[int, tuple[str, PostId]] = {}

    def by_name(self) -> None:
        """Give its id to every post with a known name: its place first, then its canonical URL, then its others."""
        moved = self._moved()
        for post in self.found:
            if id(post) in moved:
                self._give(post, moved[id(post)])
        for post in self.found:
            owner = self._place_owner(post)
            if id(post) not in self.given and owner is not None and owner not in self.taken:
                self._give(post, self._standing(post, owner))
        for first, last in ((0, 1), (1, None)):
            for post in self.found:
                if id(post) not in self.given:
                    self._by_url(post, _urls(post)[first:last])
        for post in self.found:
            if id(post) not in self.given and self._url_owner(post) is not None:
                self._new(post)

    def unnamed(self) -> list[Post]:
        """The posts that answer to no known name."""
        return [post for post in self.found if id(post) not in self.given]

    def matches(self, gone: Sequence[Remembered]) -> dict[int, tuple[Remembered, bool]]:
        """Pair what is left with posts that are gone: which it looks like, and whether surely."""
        return match(self.unnamed(), sorted((post for post in gone if post.id not in self.taken), key=_order))

    def by_signs(self, matches: Mapping[int, tuple[Remembered, bool]]) -> None:
        """Give their ids to those that surely are posts gone in this scan, and note the doubts."""
        for post in self.unnamed():
            known, is_sure = matches.get(id(post), (None, False))
            if known and is_sure:
                self._give(post, known.id)
            elif known:
                self.doubts[id(post)] = _doubt(known)

    def back_again(self, matches: Mapping[int, tuple[Remembered, bool]]) -> None:
        """Give their ids to posts that were gone and are back with their day and words; with others it is a doubt."""
        for post in self.unnamed():
            known, is_sure = matches.get(id(post), (None, False))
            if known and is_sure and same_day(post, known) and post.text_hash == known.text_hash:
                self._give(post, known.id)
                self.doubts.pop(id(post), None)
            elif known and is_sure:
                self.doubts.setdefault(id(post), _doubt(known))

    def rest(self) -> None:
        """Make new posts of what is left."""
        for post in self.unnamed():
            self._new(post)

    def answer(self, post: Post) -> Identified:
        """The identity of `post`."""
        doubt, other = self.doubts.get(id(post), (None, None))
        known = replace(post, id=self.given[id(post)])
        return Identified(known, id(post) in self.fresh, doubt, other, self._duplicate(post))

    def _url_owner(self, post: Post) -> PostId | None:
        return self.owners.get(url_name(post.url)) if post.url else None

    def _place_owner(self, post: Post) -> PostId | None:
        """Whose place this is; a post that is known to have moved on to another one, and is there, left it free."""
        owner = self.owners.get(item_name(post.source, post.source_id))
        if owner is None or self._last_stood_at(owner, post):
            return owner
        return None if self._is_present(owner) and self.remembered[owner].source == post.source else owner

    def _last_stood_at(self, id_: PostId, post: Post) -> bool:
        known = self.remembered[id_]
        return (known.source, known.source_id) == (post.source, post.source_id)

    def _is_present(self, id_: PostId) -> bool:
        known = self.remembered[id_]
        return item_name(known.source, known.source_id) in self.present

    def _moved(self) -> dict[int, PostId]:
        """Posts that have changed places among themselves: another's URL, that one's text, and it has moved on also."""
        moved: dict[int, PostId] = {}
        for post in self.found:
            here, other = self._place_owner(post), self._url_owner(post)
            if here is None or other is None or here == other or not self._has_text_of(post, other):
                continue
            if self.remembered[other].source == post.source and not self._has_text_of(post, here):
                moved[id(post)] = other
        while True:
            left = {self._place_owner(post) for post in self.found if id(post) in moved}
            claims = Counter(moved.values())
            stays = [
                key for key, id_ in moved.items() if claims[id_] > 1 or (id_ not in left and self._is_present(id_))
            ]
            if not stays:
                return moved
            for key in stays:
                del moved[key]

    def _has_text_of(self, post: Post, id_: PostId) -> bool:
        return bool(post.text_hash) and post.text_hash == self.remembered[id_].text_hash

    def _give(self, post: Post, id_: PostId) -> None:
        self.given[id(post)] = id_
        self.taken.add(id_)

    def _standing(self, post: Post, by_item: PostId) -> PostId:
        """Which of two a post at a known place is, whose URL may be another's."""
        by_url = self._url_owner(post)
        if by_url is None or by_url == by_item or by_url in self.taken:
            return by_item
        other, here = self.remembered[by_url], self.remembered[by_item]
        if self._last_stood_at(by_url, post):
            return by_url
        if self._is_present(by_url):
            return by_item
        if self._has_text_of(post, by_url):
            return by_url
        doubt = f"it stands where {_called(here)} stood, and bears the URL of {_called(other)}"
        self.doubts[id(post)] = doubt, by_url
        return by_item

    def _by_url(self, post: Post, urls: Sequence[Name]) -> None:
        """A post at an unknown place, under a URL that is known and whose post is nowhere else."""
        for name in urls:
            owner = self.owners.get(name)
            if owner is None or owner in self.taken:
                continue
            elsewhere = self.remembered[owner].source == post.source and self._is_present(owner)
            if self._last_stood_at(owner, post) or not elsewhere:
                self._give(post, owner)
                return

    def _new(self, post: Post) -> None:
        """A new id: its URL's, so that it is the same on any machine; its place's also, where the URL is another's."""
        place = names(post)[0]
        id_ = derive([url_name(post.url)[1]]) if post.url else derive(place)
        first = not post.url or (self._url_owner(post) is None and self.bearers[url_name(post.url)][0] is post)
        again: list[str] = []
        while not first or id_ in self.taken or id_ in self.remembered:
            id_ = derive([*place, post.url or "", *again])
            first = True
            again.append("again")  # who was made of this place and URL has moved on
        self._give(post, id_)
        self.fresh.add(id(post))

    def _duplicate(self, post: Post) -> PostId | None:
        """The post that is present under the same URL and was there first, if it is another one."""
        if not post.url:
            return None
        name, own = url_name(post.url), self.given[id(post)]
        bearers = [self.given[id(other)] for other in self.bearers[name]]
        owner = self.owners.get(name)
        first = owner if owner is not None and (owner in bearers or self._stands_unread(owner, name)) else bearers[0]
        return first if first != own else None

    def _stands_unread(self, id_: PostId, name: Name) -> bool:
        """Whether a post that this scan did not read is there, and bears the URL."""
        known = self.remembered[id_]
        place = item_name(known.source, known.source_id)
        return place in self.present - self.places and known.url is not None and url_name(known.url) == name


def _order(post: Post | Remembered) -> tuple[str, ...]:
    return (post.source_id, post.url or "", post.title, post.text_hash, str(post.published))


def _doubt(known: Remembered) -> tuple[str, PostId]:
    return f"it may be {_called(known)}, which is gone since this one came", known.id


def _urls(post: Post) -> list[Name]:
    return names(post)[1:]


def _called(known: Remembered) -> str:
    day = f" of {known.published:%Y-%m-%d}" if known.published else ""
    return f'"{known.title or known.slug}"{day} ({known.url or known.source_id})'
