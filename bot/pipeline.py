"""Calls things in order: scan → identify → plan → enqueue; the preview stops before the last. Decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct, field
from msgspec.structs import replace

from bot import identity, knowledge, lookup, planner, rows
from bot.config.model import Config
from bot.errands import Errands
from bot.formatter.pictures import Wanted
from bot.formatter.rules import Rules
from bot.gallery import Gallery
from bot.ledger import Ledger, LeftAlone, Register, Sieve
from bot.model import DeliveryId, Image, Page, Post, Reason, State
from bot.planner import Asked, Candidate, Knowledge, Plan
from bot.steady import Steady, terms
from bot.store.base import ReadOnlyStore, Store
from bot.survey import PART, Keeper, Survey, Surveyor
from bot.watcher.base import RemoteSource, Source


class Outlook(Struct, frozen=True):
    """A survey and the plan made of it."""

    survey: Survey
    plan: Plan


class Enqueued(Struct, frozen=True):
    """What `enqueue` did: the plan it followed, the rows it made, and rows that newly wait for a person.

    The posts of which nothing can become any more are in the store alone; `left_alone` counts those of a first run.
    """

    outlook: Outlook
    made: tuple[DeliveryId, ...]
    newly_held: tuple[DeliveryId, ...]
    newly_failed_sources: tuple[str, ...] = ()
    left_alone: LeftAlone = field(default_factory=LeftAlone)


class _PicturesMissing(Exception):
    """What has been written is to be taken back: these pictures must be had first."""

    def __init__(self, wishes: frozenset[Wanted]) -> None:
        super().__init__()
        self.wishes = wishes


PageGetter = Callable[[Mapping[str, Image | None]], Mapping[str, Page]]
Select = Callable[[ReadOnlyStore, Survey], Asked]


class Pipeline(Struct):
    """The way of a post from the sources to the outbox.

    `get_pages` asks for pages: it is given only the URLs that are needed, each with the author's picture for its card.
    `gallery` gets the pictures that go with the words.
    A `patient` pipeline leaves feeds alone that are not to be asked yet. One with a `steady` memory passes over waiting
    posts of which it has nothing new to say: its plans leave them out. `part` is how many posts are read at a time.
    """

    config: Config
    sources: Sequence[Source]
    get_pages: PageGetter
    pages: dict[str, Page] = field(default_factory=dict)
    gallery: Gallery = field(default_factory=Gallery)
    patient: bool = False
    steady: Steady | None = None
    errands: Errands = field(default_factory=Errands)
    part: int = PART

    def survey(
        self,
        store: ReadOnlyStore,
        now: datetime,
        select: Select | None = None,
    ) -> tuple[Survey, Asked | None]:
        """Look at every source and say which posts are there; the posts that `select` asks for are read for certain.

        Feeds are fetched first: not to be called under the planning lock.
        """
        self._fetch(store, now, {})
        return self._look(store, now, select, may_fetch=True)

    def _fetch(self, store: ReadOnlyStore, now: datetime, reread: Mapping[str, Collection[str]]) -> None:
        self.errands.run(store, self.sources, list(self.config.accounts), now, reread, patient=self.patient)

    def _look(
        self, store: ReadOnlyStore, now: datetime, select: Select | None, *, may_fetch: bool
    ) -> tuple[Survey, Asked | None]:
        survey = self._survey(store, now)
        if select is None:
            return survey, None
        asked = select(store, survey)
        unread = [post for id_, post in store.posts(asked.posts).items() if id_ not in survey.known]
        if unread:
            reread: dict[str, list[str]] = {}
            for post in unread:
                reread.setdefault(post.source, []).append(post.source_id)
            if may_fetch:
                self._fetch(store, now, reread)
            survey = self._survey(store, now, reread)
        return survey, asked

    def _survey(
        self,
        store: ReadOnlyStore,
        now: datetime,
        reread: Mapping[str, Collection[str]] | None = None,
        keeper: Keeper | None = None,
    ) -> Survey:
        surveyor = Surveyor(store, now, list(self.config.accounts), self.pages, keeper, self.part)
        if self.steady is not None:
            self._recall(store, self.steady)
            if self.steady.terms == terms(self.config, self._rules(store)):
                surveyor.unread = self.steady.unread
        again = reread or {}
        for source in sorted(self.sources, key=lambda source: isinstance(source, RemoteSource)):
            surveyor.add(source, again.get(source.name, ()))  # folders first: their words win
        return replace(surveyor.done(), reread=again)

    def _survey_again(
        self, store: ReadOnlyStore, survey: Survey, asked: Asked | None, keeper: Keeper | None
    ) -> tuple[Survey, Asked | None]:
        """Look again, now that pages told of further addresses: two posts may have turned out to be one."""
        again = self._survey(store, survey.now, survey.reread, keeper)
        if asked is None:
            return again, None
        owners = {name: id_ for id_, names in again.names.items() for name in names}
        posts = {
            next((owners[name] for name in survey.names.get(id_, ()) if name in owners), id_) for id_ in asked.posts
        }
        return again, replace(asked, posts=frozenset(posts))

    def plan(
        self,
        store: ReadOnlyStore,
        survey: Survey,
        asked: Asked | None = None,
        *,
        may_ask: bool = True,
        keeper: Keeper | None = None,
    ) -> Outlook:
        """Plan what to announce now; the pages and pictures that the plan hangs on are asked for, if they may be.

        `keeper` is the one that the survey was made with.
        """
        known = self._knowledge(store, survey.now, survey.candidates)
        made = planner.plan(survey.candidates, known, asked)
        if may_ask and (wanted := self._pages_wanted(made, asked)):
            told = self.get_pages(wanted)
            self.pages.update(told)
            if any(page.urls for page in told.values()):
                survey, asked = self._survey_again(store, survey, asked, keeper)
                known = self._knowledge(store, survey.now, survey.candidates)
            made = planner.plan(survey.candidates, replace(known, pages=self.pages), asked)
        if may_ask and (missing := self.gallery.missing(made, self._rules(store))):
            self.gallery.fill(missing)
            made = planner.plan(survey.candidates, replace(known, pages=self.pages), asked)
        return Outlook(survey, made)

    def remember(self, store: Store, now: datetime) -> Survey:
        """Write down which posts there are, and plan nothing."""
        self._fetch(store, now, {})
        with store.planning():
            survey = self._survey(store, now, keeper=Register(store))
            self._write_survey(store, survey)
        return survey

    def enqueue(self, store: Store, now: datetime, select: Select | None = None, *, wait: bool = True) -> Enqueued:
        """Survey, plan and write it all down, under the planning lock: waiting for it, or raising `StateBusy`.

        Feeds and pages are asked for before the lock is taken: a slow site must not keep another process from its
        state.
        """
        self._fetch(store, now, {})
        if select is not None:
            self.plan(store, *self._look(store, now, select, may_fetch=True))
        elif self.config.guards.require_live and (store.baselines() or not self.config.guards.baseline):
            sieve = Sieve(store, self._knowledge(store, now, ()))
            self.plan(store, self._survey(store, now, keeper=sieve), keeper=sieve)
        try:
            return self._write(store, now, select, last=False, wait=wait)
        except _PicturesMissing as missing:
            self.gallery.fill(missing.wishes)
            return self._write(store, now, select, last=True, wait=wait)

    def _write(self, store: Store, now: datetime, select: Select | None, *, last: bool, wait: bool) -> Enqueued:
        """Plan and write under the lock. Before the `last` try: raises `_PicturesMissing`, and nothing is written."""
        with store.planning(wait=wait):
            told = store.source_health()
            survey, asked, alone = self._look_and_write(store, now, select)
            outlook = self.plan(store, survey, asked, may_ask=False)
            rules = self._rules(store)
            if (missing := self.gallery.missing(outlook.plan, rules)) and not last:
                raise _PicturesMissing(missing)
            outlook = replace(outlook, plan=self.gallery.complete(outlook.plan, rules))
            self._write_survey(store, survey)
            made, held = self._write_plan(store, outlook, asked)
            if asked is None:
                self._write_lines(store, survey)
            self._learn(store, outlook, rules)
        alone.add(outlook.plan.left_out)
        self._forget_pages(outlook.plan)
        self.gallery.tidy(outlook.plan, rules)
        fresh = tuple(name for name, why in survey.failures.items() if name not in told or told[name].error != why)
        return Enqueued(outlook, made, held, fresh, alone)

    def _learn(self, store: Store, outlook: Outlook, rules: Mapping[str, Rules]) -> None:
        """Remember which posts need not be read again.

        Not where one source may lend its words to another's posts, nor where a budget says anew how many may go.
        """
        if self.steady is None or len(self.sources) > 1 or isinstance(self.sources[0], RemoteSource):
            return
        accounts = self.config.accounts
        if outlook.survey.candidates and all(account.budget is None for account in accounts.values()):
            unsettled = {name: store.unsettled(name, list(accounts)) for name in outlook.survey.scanned}
            by = terms(self.config, rules)
            self.steady.learn(outlook.survey, outlook.plan, by, len(accounts), unsettled)
            if store.now() is not None:  # others may share it
                for name, waiting in unsettled.items():
                    store.set_memo(name, self.steady.note(name, waiting, outlook.survey.now))

    def _recall(self, store: ReadOnlyStore, steady: Steady) -> None:
        """At first, go on from what another daemon's last plan has noted."""
        if steady.terms or len(self.sources) > 1 or isinstance(self.sources[0], RemoteSource):
            return
        steady.terms, (source,) = terms(self.config, self._rules(store)), self.sources
        if note := store.memo(source.name):
            unsettled = store.unsettled(source.name, list(self.config.accounts))
            steady.recall(source.name, note, store.stamps(source.name), unsettled)

    def _look_and_write(
        self, store: Store, now: datetime, select: Select | None
    ) -> tuple[Survey, Asked | None, LeftAlone]:
        """Look at every source. Where nobody asks for certain posts, what is found is written as it comes."""
        if select is not None:
            return *self._look(store, now, select, may_fetch=False), LeftAlone()
        ledger = Ledger(store, self._knowledge(store, now, ()))
        return self._survey(store, now, keeper=ledger), None, ledger.left_alone

    def _rules(self, store: ReadOnlyStore) -> dict[str, Rules]:
        return knowledge.rules(self.config, store)

    def _knowledge(self, store: ReadOnlyStore, now: datetime, candidates: Iterable[Candidate]) -> Knowledge:
        ids = [candidate.post.id for candidate in candidates]
        return knowledge.gather(self.config, store, now, ids, self.pages, self.gallery.pictures)

    def _forget_pages(self, plan: Plan) -> None:
        """Let go of the pages, and their pictures, of posts that wait for nothing any more."""
        kept = {entry.post.url for entry in plan.planned if not entry.frozen}
        for url in [url for url in self.pages if url not in kept]:
            del self.pages[url]

    def _pages_wanted(self, plan: Plan, asked: Asked | None) -> dict[str, Image | None]:
        """The URLs whose pages the plan waits for, or that would make a card or a warning, and their own pictures."""
        wanted = {o.post.url: _own_image(o.post) for o in plan.left_out if o.reason == Reason.NOT_LIVE and o.post.url}
        for entry in plan.planned:
            card = self.config.accounts[entry.account].network.card
            if entry.frozen or not entry.post.url:
                continue
            if entry.hold is Reason.NOT_LIVE or (self.config.guards.require_live and (card or asked)):
                wanted[entry.post.url] = _own_image(entry.post)
        return {url: own for url, own in wanted.items() if url not in self.pages or not self.pages[url].live}

    def _write_survey(self, store: Store, survey: Survey) -> None:
        store.remember(tuple(survey.known.values()), survey.names)
        if survey.gone:
            store.forget_gone(survey.gone, survey.now)
        for name in survey.scanned:
            store.source_scanned(name, survey.now, None)
        for name, why in survey.failures.items():
            store.source_scanned(name, survey.now, why)
        self.errands.write(store, [*survey.scanned, *survey.failures])

    def _write_lines(self, store: Store, survey: Survey) -> None:
        """Draw the line between old and new where a complete scan has just made it possible."""
        drawn = store.baselines()
        for source in survey.scanned:
            for account in self.config.accounts:
                if (source, account) not in drawn:
                    store.set_baseline(source, account, survey.now)

    def _write_plan(
        self, store: Store, outlook: Outlook, asked: Asked | None
    ) -> tuple[tuple[DeliveryId, ...], tuple[DeliveryId, ...]]:
        now = outlook.survey.now
        before = store.standings(candidate.post.id for candidate in outlook.survey.candidates)
        made = store.enqueue(rows.rows(outlook.plan, before, now, asked), now)
        after = store.standings(candidate.post.id for candidate in outlook.survey.candidates)
        held = tuple(
            row.id
            for key, row in after.items()
            if row.state is State.HELD and (key not in before or before[key].state is not State.HELD)
        )
        return tuple(made), held


def _own_image(post: Post) -> Image | None:
    """The picture that the front matter chooses for the card, None when it leaves that to the page."""
    chosen = post.settings.everywhere.image
    if chosen:
        alt = next((image.alt for image in post.images if image.source == chosen), None)
        return Image(chosen, alt)
    return post.images[0] if post.images else None


def entries(store: ReadOnlyStore, survey: Survey) -> list[lookup.Entry]:
    """Every post a person can name: those the survey saw, and those the store remembers."""
    urls = store.all_aliases(identity.URL)
    found = {}
    for known in (*store.all_posts(), *survey.known.values()):
        own = urls.get(known.id, set()) | {v for kind, v in survey.names.get(known.id, ()) if kind == identity.URL}
        found[known.id] = lookup.Entry(
            id=known.id,
            slug=known.slug,
            title=known.title,
            source=known.source,
            source_id=known.source_id,
            published=known.published,
            urls=frozenset(own),
        )
    return list(found.values())
