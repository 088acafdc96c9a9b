"""Which post is this? Pure: what a scan found and what the store remembers go in, each post's identity comes out.

A post is known by its names: its place in its source (`item`) and every URL it has or had (`url`). One name is one
post's for ever. What answers to no name may still be a post that is gone from the same scan and has come back under
another: strong signs say so, weak signs ask a person (`Held`), no sign makes a new post.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.links import normalise
from bot.model import Post, PostId

Name = tuple[str, str]

ITEM, URL = "item", "url"
_NEAR = timedelta(days=62)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What identity needs to know of a post the store remembers."""

    id: PostId
    source: str
    source_id: str
    url: str | None
    title: str
    slug: str
    published: datetime | None
    has_time: bool
    text_hash: str


@dataclass(frozen=True, slots=True)
class Identified:
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
    return (URL, normalise(url).partition("://")[2])


def item_name(source: str, source_id: str) -> Name:
    """The name that a place in a source gives."""
    return (ITEM, f"{source}\n{source_id}")


def names(post: Post) -> list[Name]:
    """Every name a found post bears, its place first and its canonical URL second."""
    urls = [post.url] if post.url else []
    return [item_name(post.source, post.source_id), *(url_name(url) for url in (*urls, *post.urls))]


def derive(parts: Sequence[str]) -> PostId:
    """The id of a new post: the same for the same URL on any machine, with or without a state."""
    return PostId(hashlib.sha256(json.dumps(["posse-post-1", *parts]).encode()).hexdigest()[:20])


def identify(
    found: Sequence[Post],
    owners: Mapping[Name, PostId],
    remembered: Mapping[PostId, Remembered],
    present: frozenset[Name],
    gone: Sequence[Remembered],
) -> list[Identified]:
    """Say of each found post of one source which it is, in the order given.

    `owners` maps the names of the found posts to remembered posts, all of which are in `remembered`. `present` holds
    the item names of all that the scan saw, read or not. `gone` are posts of this source that the scan did not see.
    """
    here = _Scan(owners, remembered, present)
    answers: list[Identified | None] = [here.by_name(post) for post in found]
    unnamed = [post for post, answer in zip(found, answers, strict=True) if answer is None]
    taken = {answer.post.id for answer in answers if answer}
    matches = _match(unnamed, [post for post in gone if post.id not in taken])
    return [answer or here.by_signs(post, matches) for post, answer in zip(found, answers, strict=True)]


class _Scan:
    """One run of `identify`: what was given, and the ids and URLs handed out so far."""

    def __init__(
        self, owners: Mapping[Name, PostId], remembered: Mapping[PostId, Remembered], present: frozenset[Name]
    ) -> None:
        self.owners, self.remembered, self.present = owners, remembered, present
        self.given: dict[PostId, str] = {}
        self.urls: dict[Name, PostId] = {}

    def is_present(self, id_: PostId) -> bool:
        known = self.remembered[id_]
        return item_name(known.source, known.source_id) in self.present

    def by_name(self, post: Post) -> Identified | None:
        """The answer that names alone give, None when no name is known."""
        item, *urls = names(post)
        by_item = self.owners.get(item)
        by_url = self.owners.get(urls[0]) if post.url else None
        if by_item is not None:
            return self._standing(post, by_item, by_url)
        for name in urls:
            owner = self.owners.get(name)
            if owner is None or owner in self.given:
                continue
            if self.remembered[owner].source != post.source or not self.is_present(owner):
                return self._known(post, owner)
        return self._new(post) if by_url is not None else None

    def _standing(self, post: Post, by_item: PostId, by_url: PostId | None) -> Identified:
        """A post at a known place, whose URL may be another's."""
        if by_url is None or by_url == by_item:
            return self._known(post, by_item)
        other = self.remembered[by_url]
        if self.is_present(by_url) or by_url in self.given or post.text_hash == self.remembered[by_item].text_hash:
            return self._known(post, by_item)
        if post.text_hash and post.text_hash == other.text_hash:
            return self._known(post, by_url)
        doubt = f"it stands where {_called(self.remembered[by_item])} stood, and bears the URL of {_called(other)}"
        return replace(self._known(post, by_item), doubt=doubt, other=by_url)

    def by_signs(self, post: Post, matches: Mapping[int, tuple[Remembered, bool]]) -> Identified:
        """The answer for a post without a known name."""
        match = matches.get(id(post))
        if match is None:
            return self._new(post)
        known, sure = match
        if sure:
            return self._known(post, known.id)
        doubt = f"it may be {_called(known)}, which is gone since this one came"
        return replace(self._new(post), doubt=doubt, other=known.id)

    def _known(self, post: Post, id_: PostId) -> Identified:
        return self._give(post, id_, is_new=False)

    def _new(self, post: Post) -> Identified:
        id_ = derive([url_name(post.url)[1]]) if post.url else derive(names(post)[0])
        if id_ in self.given or id_ in self.remembered or (post.url and url_name(post.url) in self.owners):
            id_ = derive([*names(post)[0], post.url or ""])
        return self._give(post, id_, is_new=True)

    def _give(self, post: Post, id_: PostId, *, is_new: bool) -> Identified:
        self.given.setdefault(id_, post.source_id)
        duplicate = None
        if post.url:
            name = url_name(post.url)
            owner = self.urls.setdefault(name, id_)
            if owner == id_ and (known := self.owners.get(name)) not in (None, id_) and self.is_present(known):
                owner = known
            duplicate = owner if owner != id_ else None
        return Identified(replace(post, id=id_), is_new, duplicate=duplicate)


def _called(known: Remembered) -> str:
    day = f" of {known.published:%Y-%m-%d}" if known.published else ""
    return f'"{known.title or known.slug}"{day} ({known.url or known.source_id})'


def _match(found: Sequence[Post], gone: Sequence[Remembered]) -> dict[int, tuple[Remembered, bool]]:
    """Pair found posts with gone ones, one to one: `id(post)` → (gone post, whether it is sure)."""
    signs = _Signs(found, gone)
    pairs = sorted(
        ((score, i, j) for i, post in enumerate(found) for j in signs.candidates(post) if (score := signs.score(i, j))),
        key=lambda pair: (-pair[0], pair[1], pair[2]),
    )
    best = Counter((i, score) for score, i, _ in pairs)
    rivals = Counter((j, score) for score, _, j in pairs)
    used_found: set[int] = set()
    used_gone: set[int] = set()
    answers: dict[int, tuple[Remembered, bool]] = {}
    for score, i, j in pairs:
        if i in used_found or j in used_gone:
            continue
        used_found.add(i)
        used_gone.add(j)
        alone = best[i, score] == 1 and rivals[j, score] == 1
        answers[id(found[i])] = (gone[j], score >= _SURE and alone)
    return answers


_SURE = 10


class _Signs:
    """How much each found post looks like each gone one: `_SURE` and above is proof, above zero is doubt."""

    def __init__(self, found: Sequence[Post], gone: Sequence[Remembered]) -> None:
        self.found, self.gone = found, gone
        both: list[Post | Remembered] = [*found, *gone]
        self.texts = Counter(post.text_hash for post in both)
        self.times = Counter(post.published for post in both if post.has_time)
        self.index: dict[tuple[str, object], list[int]] = {}
        for j, known in enumerate(gone):
            for key in _keys(known):
                self.index.setdefault(key, []).append(j)

    def candidates(self, post: Post) -> Iterable[int]:
        """The gone posts that share anything at all with `post`."""
        return sorted({j for key in _keys(post) for j in self.index.get(key, ())})

    def score(self, i: int, j: int) -> int:
        """The weight of what two posts share."""
        post, known = self.found[i], self.gone[j]
        apart = _apart(post.published, known.published)
        text = bool(post.text_hash) and post.text_hash == known.text_hash and self.texts[post.text_hash] == 2
        title = bool(post.title) and _fold(post.title) == _fold(known.title)
        slug = post.slug == known.slug
        day = apart is not None and apart < timedelta(days=1)
        moment = (
            post.has_time and known.has_time and post.published == known.published and self.times[post.published] == 2
        )
        supports = 4 * text + 4 * moment + 2 * title + slug + day
        if (moment and _odd(post.published)) or (text and supports > 4) or (moment and supports > 5):
            return _SURE + supports
        if day and title:
            return _SURE + supports
        near = apart is None or apart < _NEAR
        return supports if text or ((title or moment) and near) else 0


def _keys(post: Post | Remembered) -> list[tuple[str, object]]:
    keys: list[tuple[str, object]] = []
    if post.text_hash:
        keys.append(("text", post.text_hash))
    if post.has_time:
        keys.append(("time", post.published))
    if post.title:
        keys.append(("title", _fold(post.title)))
    return keys


def _fold(title: str) -> str:
    return "".join(char for char in title.casefold() if char.isalnum())


def _apart(one: datetime | None, other: datetime | None) -> timedelta | None:
    return abs(one - other) if one and other else None


def _odd(moment: datetime | None) -> bool:
    """Whether an instant is one that nobody writes by rounding: it has seconds, or minutes off the quarter hour."""
    return moment is not None and bool(moment.second or moment.microsecond or moment.minute % 15)
