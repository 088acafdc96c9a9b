"""Looks at every source, says which post each item is, and what the store shall remember of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot import identity, likeness
from bot.errors import SourceError
from bot.identity import Name
from bot.model import Page, Post, PostId, Problem
from bot.planner import Candidate
from bot.store.base import KnownPost, ReadOnlyStore, Waiting
from bot.watcher.base import RemoteSource, Scan, Source

Unread = Callable[[str, Mapping[str, str], Mapping[str, Waiting]], frozenset[str]]


@dataclass(frozen=True, slots=True)
class Survey:
    """What one look at all the sources found, identified, and what the store must be told of it."""

    now: datetime
    candidates: tuple[Candidate, ...]
    known: Mapping[PostId, KnownPost]
    names: Mapping[PostId, tuple[Name, ...]]
    gone: frozenset[PostId]
    problems: tuple[Problem, ...]
    failures: Mapping[str, str]
    scanned: tuple[str, ...]
    reread: Mapping[str, Collection[str]] = field(default_factory=dict)


class Surveyor:
    """A survey being made, source by source.

    `pages` tell, by canonical URL, at which others a post answers; `unread` says of a source's stamps and unsettled
    items which of these need not be read again.
    """

    def __init__(
        self,
        store: ReadOnlyStore,
        now: datetime,
        accounts: Sequence[str],
        pages: Mapping[str, Page] | None = None,
        unread: Unread = lambda _source, _stamps, _unsettled: frozenset(),
    ) -> None:
        self.store, self.now, self.accounts = store, now, accounts
        self.pages: Mapping[str, Page] = pages or {}
        self.unread = unread
        self.candidates: dict[PostId, Candidate] = {}
        self.known: dict[PostId, KnownPost] = {}
        self.names: dict[PostId, list[Name]] = {}
        self.owners: dict[Name, PostId] = {}
        self.gone: set[PostId] = set()
        self.problems: list[Problem] = []
        self.failures: dict[str, str] = {}
        self.scanned: list[str] = []
        self.folders: set[str] = set()

    def add(self, source: Source, reread: Collection[str] = ()) -> None:
        """Scan one source and identify what it holds. Unchanged items are passed over, but for those in `reread`.

        Folders come before feeds.
        """
        if not isinstance(source, RemoteSource):
            self.folders.add(source.name)
        stamps = self.store.stamps(source.name)
        again = self._again(source, stamps) | set(reread) if stamps else frozenset()
        try:
            scan = source.scan({key: stamp for key, stamp in stamps.items() if key not in again})
        except SourceError as error:
            self.failures[source.name] = str(error)
            return
        self.scanned.append(source.name)
        self.problems += scan.problems
        scan = replace(scan, posts=_with_aliases(scan.posts, self.pages))
        self._identify(source.name, scan, frozenset(stamps))

    def _again(self, source: Source, stamps: Mapping[str, str]) -> frozenset[str]:
        """What is to be read though it is as it was: a plan may have something new to say of it."""
        unsettled = self.store.unsettled(source.name, self.accounts)
        return frozenset(unsettled.keys() - self.unread(source.name, stamps, unsettled))

    def _identify(self, source: str, scan: Scan, before: frozenset[str]) -> None:
        missing = before - scan.present()
        gone = lost = self.store.posts_at(source, missing) if missing else []
        if scan.window:
            unread = self.store.posts_at(source, scan.unchanged)
            shown = [*(post.published for post in scan.posts), *(post.published for post in unread)]
            gone = _not_slid_out(gone, shown)
        wanted = [name for post in scan.posts for name in identity.names(post)]
        owners = self.store.aliases(wanted)
        owners |= {name: id_ for name in wanted if (id_ := self.owners.get(name))}
        remembered = {id_: _remember(post) for id_, post in self.store.posts(set(owners.values())).items()}
        remembered |= {id_: _remember(self.known[id_]) for id_ in owners.values() if id_ in self.known}
        present = frozenset(identity.item_name(source, item) for item in scan.present())
        strangers = [post for post in scan.posts if owners.keys().isdisjoint(identity.names(post))]
        former = self._former(source, strangers, lost, {post.id for post in gone}) if strangers else []
        answers = identity.identify(scan.posts, owners, remembered, present, list(map(_remember, gone)), former)
        kept = identity.claims(answers)
        places = {id_: known.source_id for id_, known in remembered.items()}
        places |= {answer.post.id: answer.post.source_id for answer in answers}
        for answer in answers:
            self._take(answer, kept[answer.post.id], places)
        came_back = {answer.post.id for answer in answers}
        # A post is gone with its place, and also when another has moved into it.
        displaced = self.store.posts_at(source, [post.source_id for post in scan.posts if post.source_id in before])
        self.gone |= {post.id for post in (*gone, *displaced) if post.id not in came_back}

    def _former(
        self, source: str, strangers: Sequence[Post], lost: Sequence[KnownPost], gone: Collection[PostId]
    ) -> list[identity.Remembered]:
        """What unknown posts may be beside those gone in this scan: gone earlier, or twins that a window slid past."""
        slid = [_remember(post) for post in lost if post.id not in gone]
        return [*map(_remember, self.store.gone_before(source)), *likeness.twins(strangers, slid)]

    def _take(self, answer: identity.Identified, own: Sequence[Name], places: Mapping[PostId, str]) -> None:
        post = answer.post
        if post.id in self.candidates:
            self.names[post.id] += own
            self._merge(post)
            return
        before = self.store.posts([post.id]).get(post.id)
        if before is not None and before.source in self.folders and post.source not in self.folders:
            self.names.setdefault(post.id, []).extend(own)  # the folder speaks for it, and had nothing new to say
            return
        now_known = _as_known(post, before, self.now, answer.doubt)
        self.known[post.id] = now_known
        self.names[post.id] = list(own)
        for name in own:
            self.owners.setdefault(name, post.id)
        self.candidates[post.id] = Candidate(
            post=post,
            first_seen=now_known.first_seen,
            public_since=now_known.first_public,
            changed_at=now_known.changed_at,
            was_draft=now_known.first_public is None or now_known.first_public > now_known.first_seen,
            doubt=now_known.doubt,
            duplicate_of=places.get(answer.duplicate) if answer.duplicate else None,
        )

    def _merge(self, post: Post) -> None:
        """The same post in another source: the first source's words win, tags are taken over when it has none."""
        first = self.candidates[post.id]
        if not first.post.tags and not first.post.categories and (post.tags or post.categories):
            both = replace(first.post, tags=post.tags, categories=post.categories)
            self.candidates[post.id] = replace(first, post=both)

    def done(self) -> Survey:
        """The finished survey."""
        return Survey(
            now=self.now,
            candidates=tuple(self.candidates.values()),
            known=self.known,
            names={id_: tuple(dict.fromkeys(found)) for id_, found in self.names.items()},
            gone=frozenset(self.gone),
            problems=tuple(self.problems),
            failures=self.failures,
            scanned=tuple(self.scanned),
        )


def _with_aliases(posts: Sequence[Post], pages: Mapping[str, Page]) -> tuple[Post, ...]:
    """The posts with every address their pages told of, but for those that are another post's own."""
    own = {identity.url_name(post.url) for post in posts if post.url}
    result = []
    for post in posts:
        page = pages.get(post.url or "")
        more = [url for url in page.urls if identity.url_name(url) not in own] if page else []
        result.append(replace(post, urls=tuple(dict.fromkeys((*post.urls, *more)))) if more else post)
    return tuple(result)


def _not_slid_out(missing: Sequence[KnownPost], shown: Sequence[datetime | None]) -> list[KnownPost]:
    """What a source that shows only its newest items has truly lost: newer than the oldest it still shows."""
    oldest = min((at for at in shown if at), default=None)
    return [post for post in missing if oldest and post.published and post.published >= oldest]


def _remember(post: KnownPost) -> identity.Remembered:
    return identity.Remembered(
        id=post.id,
        source=post.source,
        source_id=post.source_id,
        url=post.url,
        title=post.title,
        slug=post.slug,
        published=post.published,
        has_time=post.has_time,
        text_hash=post.text_hash,
    )


def _as_known(post: Post, before: KnownPost | None, now: datetime, doubt: str | None) -> KnownPost:
    """How the store shall remember `post`. A doubt stays: only a person's release settles it."""
    public = not post.draft and (post.published is None or post.published <= now)
    changed = before is None or (before.text_hash, before.title) != (post.text_hash, post.title)
    return KnownPost(
        id=post.id,
        source=post.source,
        source_id=post.source_id,
        slug=post.slug,
        url=post.url,
        title=post.title,
        published=post.published,
        has_time=post.has_time,
        text_hash=post.text_hash,
        stamp=post.stamp,
        first_seen=before.first_seen if before else now,
        first_public=(before.first_public if before else None) or (now if public else None),
        changed_at=now if changed or before is None else before.changed_at,
        gone_at=None,
        doubt=doubt or (before.doubt if before else None),
    )
