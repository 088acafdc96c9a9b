"""Looks at every source, says which post each item is, and what the store shall remember of it.

Posts come in parts. What is evident of a part is passed on at once; the rest waits until its source is through.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from bot import evidence, identity, likeness
from bot.errors import SourceError
from bot.evidence import Found
from bot.history import as_known, candidate, remembered
from bot.identity import Identified, Name
from bot.likeness import Remembered
from bot.model import Page, Post, PostId, Problem
from bot.planner import Candidate
from bot.store.base import KnownPost, ReadOnlyStore, Waiting
from bot.watcher.base import LargeSource, RemoteSource, Scan, Source

PART = 500
"""How many posts are read at a time."""

Unread = Callable[[str, Mapping[str, str], Mapping[str, Waiting]], frozenset[str]]


class Survey(Struct, frozen=True):
    """What one look at all the sources found, identified, and what the store must be told of it.

    What a `Keeper` has taken is not in it.
    """

    now: datetime
    candidates: tuple[Candidate, ...]
    known: Mapping[PostId, KnownPost]
    names: Mapping[PostId, tuple[Name, ...]]
    gone: frozenset[PostId]
    problems: tuple[Problem, ...]
    failures: Mapping[str, str]
    scanned: tuple[str, ...]
    reread: Mapping[str, Collection[str]] = field(default_factory=dict)


class Part(Struct, frozen=True):
    """Some posts of a survey: what there is to plan, what to remember, and the names that posts answer to."""

    candidates: Sequence[Candidate]
    known: Sequence[KnownPost]
    names: Mapping[PostId, Sequence[Name]]


class Keeper(Protocol):
    """Takes the parts of a survey as they come, so that the survey need not hold them."""

    writes: bool
    """Whether the store knows what was taken."""

    def take(self, part: Part) -> Collection[PostId]:
        """Take a part; return the posts that the plan has no need of."""
        ...


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
        keeper: Keeper | None = None,
        size: int = PART,
    ) -> None:
        self.store, self.now, self.accounts = store, now, accounts
        self.pages: Mapping[str, Page] = pages or {}
        self.keeper, self.size = keeper, size
        self.unread: Unread = lambda _source, _stamps, _unsettled: frozenset()
        self.candidates: dict[PostId, Candidate] = {}
        self.known: dict[PostId, KnownPost] = {}
        self.names: dict[PostId, list[Name]] = {}
        self.owners: dict[Name, PostId] = {}
        self.seen: set[PostId] = set()
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
        known = stamps | dict.fromkeys(again & stamps.keys(), "") if again else stamps  # "" is nobody's stamp
        look = _Look(self, source.name, stamps)
        try:
            for scan in _parts(source, known, self.size):
                look.add(scan)
        except SourceError as error:
            self.failures[source.name] = str(error)
            return
        look.end()
        self.scanned.append(source.name)

    def _again(self, source: Source, stamps: Mapping[str, str]) -> frozenset[str]:
        """What is to be read though it is as it was: a plan may have something new to say of it."""
        unsettled = self.store.unsettled(source.name, self.accounts)
        return frozenset(unsettled.keys() - self.unread(source.name, stamps, unsettled))

    def owners_of(self, names: Iterable[Name]) -> dict[Name, PostId]:
        """Whose these names are, by the store and by what was found before."""
        wanted = list(names)
        return self.store.aliases(wanted) | {name: id_ for name in wanted if (id_ := self.owners.get(name))}

    def remembered_among(self, ids: Collection[PostId]) -> dict[PostId, Remembered]:
        """What is known of these posts, what was found before included."""
        found = {id_: remembered(post) for id_, post in self.store.posts(ids).items() if id_ not in self.known}
        return found | {id_: remembered(self.known[id_]) for id_ in ids if id_ in self.known}

    def take(
        self, answers: Sequence[Identified], names: Mapping[PostId, Sequence[Name]], places: Mapping[PostId, str]
    ) -> None:
        """Make candidates of posts, and pass them on. `places` tell where the duplicates' originals stand."""
        before = self.store.posts([answer.post.id for answer in answers])
        candidates, known = [], []
        for answer in answers:
            post, was = answer.post, before.get(answer.post.id)
            if post.id in self.seen:
                self._merge(post)
                continue
            if was is not None and was.source in self.folders and post.source not in self.folders:
                continue  # the folder speaks for it, and had nothing new to say
            self.seen.add(post.id)
            known.append(as_known(post, was, self.now, answer.doubt))
            candidates.append(candidate(answer, known[-1], places))
        part = Part(candidates, known, names)
        done = self.keeper.take(part) if self.keeper else ()
        self.candidates |= {one.post.id: one for one in candidates if one.post.id not in done}
        if not self._is_written:
            self.known |= {one.id: one for one in known if one.id not in done}
            for id_, own in names.items():
                self.names.setdefault(id_, []).extend(own)

    def own(self, names: Mapping[PostId, Sequence[Name]], *, evident: bool) -> None:
        """Let what is found later know whose these names are. The store does, where evident posts were written."""
        if evident and self._is_written:
            return
        for id_, own in names.items():
            for name in own:
                self.owners.setdefault(name, id_)

    @property
    def _is_written(self) -> bool:
        return self.keeper is not None and self.keeper.writes

    def _merge(self, post: Post) -> None:
        """The same post in another source: the first source's words win, tags are taken over when it has none."""
        first = self.candidates.get(post.id)
        if first and not first.post.tags and not first.post.categories and (post.tags or post.categories):
            both = replace(first.post, tags=post.tags, categories=post.categories)
            self.candidates[post.id] = replace(first, post=both)

    def done(self) -> Survey:
        """The finished survey."""
        return Survey(
            now=self.now,
            candidates=tuple(self.candidates.values()),
            known=self.known,
            names={id_: tuple(dict.fromkeys(found)) for id_, found in self.names.items()},
            gone=frozenset(self.gone - self.seen),
            problems=tuple(self.problems),
            failures=self.failures,
            scanned=tuple(self.scanned),
        )


class _Look:
    """One look at one source. `before` holds what the store knew to be there."""

    def __init__(self, survey: Surveyor, source: str, before: Mapping[str, str]) -> None:
        self.survey, self.source, self.before = survey, source, before
        self.is_first = not before and not survey.store.gone_before(source)
        self.missing = set(before)
        self.fresh: set[str] = set()
        self.rest: list[Found] = []
        self.spoken_for: set[Name] = set()
        self.wishes: list[identity.Wish] = []
        self.shown: list[datetime | None] | None = None

    def add(self, scan: Scan) -> None:
        """Take one part: what is evident of it is passed on."""
        self.survey.problems += scan.problems
        self._see(scan)
        if not scan.posts:
            return
        found = [self._found(post) for post in scan.posts]
        owners = self.survey.owners_of(name for one in found for name in one.names)
        known = self.survey.remembered_among(set(owners.values()))
        evident, rest = evidence.sort_out(found, owners, known, self.spoken_for, is_first_look=self.is_first)
        self.rest += rest
        self.spoken_for.update(one.url for one in rest if one.url)
        all_names = {one.post.source_id: one.names for one in reversed(found)}
        names = {}
        for answer in evident:
            post, own = answer.post, all_names[answer.post.source_id]
            count = 2 if post.url else 1
            names[post.id] = own[:count]
            if own[count:]:
                self.wishes.append((post.source_id, post.id, own[count:]))
        self.survey.own(names, evident=True)
        self.survey.take(evident, names, {})

    def _found(self, post: Post) -> Found:
        page = self.survey.pages.get(post.url or "")
        return Found(post, identity.names(post), has_more=page is not None and bool(page.urls))

    def _see(self, scan: Scan) -> None:
        read = [post.source_id for post in scan.posts]
        for ids in (scan.unchanged, read, [problem.source_id for problem in scan.problems]):
            self.missing.difference_update(ids)
            self.fresh.update(id_ for id_ in ids if id_ not in self.before)
        if scan.window:
            unread = [post.published for post in self.survey.store.posts_at(self.source, scan.unchanged)]
            self.shown = [*(self.shown or ()), *(post.published for post in scan.posts), *unread]

    def end(self) -> None:
        """The source is through: identify the rest, and say what is gone."""
        survey, store = self.survey, self.survey.store
        lost = store.posts_at(self.source, self.missing) if self.missing else []
        lost = [post for post in lost if post.id not in survey.seen]
        gone = lost if self.shown is None else _not_slid_out(lost, self.shown)
        # A post is gone with its place, and also when another has moved into it.
        here = [one.post.source_id for one in self.rest if one.post.source_id in self.before]
        displaced = store.posts_at(self.source, here) if here else []
        survey.gone |= {post.id for post in (*gone, *displaced)} - self._settle_rest(gone, lost)

    def _settle_rest(self, gone: Sequence[KnownPost], lost: Sequence[KnownPost]) -> set[PostId]:
        """Identify what is not evident, and pass it on; return which posts these are."""
        if not self.rest and not self.wishes:
            return set()
        found = _with_aliases([one.post for one in self.rest], self.survey.pages)
        owners = self.survey.owners_of(name for post in found for name in identity.names(post))
        known = self.survey.remembered_among(set(owners.values()))
        present = frozenset(
            identity.item_name(self.source, post.source_id)
            for post in known.values()
            if post.source == self.source and self._is_there(post.source_id)
        )
        strangers = [post for post in found if owners.keys().isdisjoint(identity.names(post))]
        former = self._former(strangers, lost, {post.id for post in gone}) if strangers else []
        answers = identity.identify(found, owners, known, present, list(map(remembered, gone)), former)
        names = self._free(identity.claims(answers, self.wishes))
        places = {id_: post.source_id for id_, post in known.items()}
        places |= {answer.post.id: answer.post.source_id for answer in answers}
        self.survey.own(names, evident=False)
        self.survey.take(answers, names, places)
        return {answer.post.id for answer in answers}

    def _former(
        self, strangers: Sequence[Post], lost: Sequence[KnownPost], gone: Collection[PostId]
    ) -> list[Remembered]:
        """What unknown posts may be beside those gone in this scan: gone earlier, or twins that a window slid past."""
        slid = [remembered(post) for post in lost if post.id not in gone]
        before = [post for post in self.survey.store.gone_before(self.source) if post.id not in self.survey.seen]
        return [*map(remembered, before), *likeness.twins(strangers, slid)]

    def _free(self, claims: Mapping[PostId, Sequence[Name]]) -> dict[PostId, list[Name]]:
        """The claims without what is the canonical URL of a post that was passed on already."""
        owners = self.survey.owners_of(name for names in claims.values() for name in names if name[0] == identity.URL)
        known = self.survey.remembered_among({id_ for id_ in owners.values() if id_ in self.survey.seen})
        own = {identity.url_name(post.url): id_ for id_, post in known.items() if post.url}
        return {id_: [name for name in names if own.get(name, id_) == id_] for id_, names in claims.items()}

    def _is_there(self, source_id: str) -> bool:
        return source_id in self.fresh or (source_id in self.before and source_id not in self.missing)


def _parts(source: Source, known: Mapping[str, str], size: int) -> Iterator[Scan]:
    if isinstance(source, LargeSource):
        yield from source.parts(known, size)
    else:
        scan = source.scan(known)
        yield replace(scan, posts=tuple(sorted(scan.posts, key=lambda post: post.source_id)))


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
