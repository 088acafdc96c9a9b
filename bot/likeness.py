"""How much a post that was found looks like one that is gone: proof, doubt, or nothing. Pure."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from bot.model import Post, PostId

_NEAR = timedelta(days=62)
_SURE = 10


class Remembered(Struct, frozen=True):
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


def match(found: Sequence[Post], gone: Sequence[Remembered]) -> dict[int, tuple[Remembered, bool]]:
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


def same_day(post: Post, known: Remembered) -> bool:
    """Whether the dates of two posts are less than a day apart, or neither has one."""
    apart = _apart(post.published, known.published)
    return post.published == known.published if apart is None else apart < timedelta(days=1)


def twins(found: Sequence[Post], missing: Sequence[Remembered]) -> list[Remembered]:
    """Those of `missing` whose words, title and day one of `found` has: no window slides so."""
    by_text: dict[tuple[str, str], list[Post]] = {}
    for post in found:
        if post.text_hash:
            by_text.setdefault((post.text_hash, _fold(post.title)), []).append(post)
    return [
        known
        for known in missing
        if any(same_day(post, known) for post in by_text.get((known.text_hash, _fold(known.title)), ()))
    ]


class _Signs:
    """How much each found post looks like each gone one: `_SURE` and above is proof, above zero is doubt."""

    def __init__(self, found: Sequence[Post], gone: Sequence[Remembered]) -> None:
        self.found, self.gone = found, gone
        self.titles = [_fold(post.title) for post in found], [_fold(known.title) for known in gone]
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
        title = bool(post.title) and self.titles[0][i] == self.titles[1][j]
        slug = post.slug == known.slug
        day = apart is not None and apart < timedelta(days=1)
        moment = (
            post.has_time and known.has_time and post.published == known.published and self.times[post.published] == 2
        )
        supports = 4 * text + 4 * moment + 2 * title + slug + day
        renamed = bool(post.title and known.title) and not title  # a template's text stands under many titles
        same_words = text and (title or slug or moment or (day and not renamed))
        if (moment and _odd(post.published)) or same_words or (moment and supports > 5):
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
    """The letters, marks and digits of a title; all of it where it has none (an emoji is a title also)."""
    folded = title.casefold()
    return "".join(char for char in folded if unicodedata.category(char)[0] in "LMN") or folded.strip()


def _apart(one: datetime | None, other: datetime | None) -> timedelta | None:
    return abs(one - other) if one and other else None


def _odd(moment: datetime | None) -> bool:
    """Whether an instant is one that nobody writes by rounding: it has seconds, or minutes off the quarter hour."""
    return moment is not None and bool(moment.second or moment.microsecond or moment.minute % 15)
