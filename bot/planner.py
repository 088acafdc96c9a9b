"""What to announce now, and why not the rest. Pure: posts and what the store knows go in, a plan comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo

from bot.config.model import AccountConfig, Filter, GuardsConfig, SourceConfig
from bot.formatter.by_hand import compose_link
from bot.model import Announcement, BodyFormat, Page, Post, PostId, PostRef, Reason, State
from bot.pacing import pace
from bot.spending import over

_SKIPPED = {
    BodyFormat.MARKDOWN: "its front matter says posse: false",
    BodyFormat.HTML: "its entry in the feed says syndicate: false, or answers or likes another page",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """An identified post and its history. `public_since` is None while it is a draft or its date has not come."""

    post: Post
    first_seen: datetime
    public_since: datetime | None
    changed_at: datetime
    was_draft: bool = False
    doubt: str | None = None
    duplicate_of: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a post stands on an account: its latest round's row. `frozen` holds words that a send has fixed."""

    round: int
    state: State
    reason: Reason | None
    detail: str | None
    claimed: bool
    released: bool
    not_before: datetime
    frozen: Announcement | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A person's own wish: these posts, on these accounts (all when None), a further round when `again`."""

    posts: frozenset[PostId]
    accounts: frozenset[str] | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """One announcement. It is sent now, unless `hold` (a person must release it) or `wait` (until `until`) says not."""

    post: Post
    account: str
    round: int
    announcement: Announcement
    hold: Reason | None = None
    wait: Reason | None = None
    detail: str = ""
    until: datetime | None = None
    released: bool = False
    frozen: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A post that is not announced on an account, and why. `final` ones are recorded, so they stay left out."""

    post: Post
    account: str
    reason: str
    detail: str = ""
    until: datetime | None = None
    final: bool = False
    round: int = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that would be announced now, oldest first, and the reason for every post that is left out."""

    planned: tuple[Planned, ...]
    left_out: tuple[LeftOut, ...]

    def sendable(self) -> tuple[Planned, ...]:
        """What would go out at this moment."""
        return tuple(entry for entry in self.planned if not entry.hold and not entry.wait)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What the planner is told beside the posts.

    `sent` holds the instants of an account's latest announcements, `spent` the dollars that went on them this month.
    """

    now: datetime
    guards: GuardsConfig
    sources: Mapping[str, SourceConfig]
    accounts: Mapping[str, AccountConfig]
    standings: Mapping[tuple[PostId, str], Standing]
    baselines: Mapping[tuple[str, str], datetime]
    compose: Callable[[Post, AccountConfig, int, Page | None], Announcement]
    inspect: Callable[[Announcement], tuple[Reason, str] | None]
    pages: Mapping[str, Page] = field(default_factory=dict)
    paused: Mapping[str, str] = field(default_factory=dict)
    sent: Mapping[str, Sequence[datetime]] = field(default_factory=dict)
    spent: Mapping[str, float] = field(default_factory=dict)
    zone: tzinfo | None = None


_RETURNS = {Reason.GONE, Reason.DRAFT, Reason.OPTED_OUT}
_STICKY = {Reason.BURST, Reason.APPROVE, Reason.IDENTITY, Reason.NOT_LIVE, Reason.BUDGET}


def plan(candidates: Sequence[Candidate], known: Knowledge, asked: Asked | None = None) -> Plan:
    """Decide on every (post, account), oldest post first. With `asked`, on those alone, and most guards yield."""
    planned: list[Planned] = []
    left_out: list[LeftOut] = []
    for candidate in sorted(candidates, key=_age):
        if asked and candidate.post.id not in asked.posts:
            continue
        for name in known.accounts:
            if asked and asked.accounts is not None and name not in asked.accounts:
                continue
            verdict = _Pair(candidate, name, known, asked).verdict()
            if isinstance(verdict, Planned):
                planned.append(verdict)
            else:
                left_out.append(verdict)
    if not asked:
        planned = _burst(planned, left_out, known)
    planned = _within_budget(planned, known, asked)
    return Plan(tuple(_paced(planned, known, asked)), tuple(left_out))


def _age(candidate: Candidate) -> tuple[datetime, str]:
    return (candidate.post.published or candidate.first_seen, candidate.post.source_id)


class _Pair:
    """The decision on one post and one account."""

    def __init__(self, candidate: Candidate, account: str, known: Knowledge, asked: Asked | None) -> None:
        self.candidate, self.known, self.asked = candidate, known, asked
        self.post, self.account = candidate.post, known.accounts[account]
        self.row = known.standings.get((self.post.id, account))

    def verdict(self) -> Planned | LeftOut:
        """The first guard that objects decides; when none does, the words are made."""
        return (
            self._at_rest()
            or self._not_public()
            or self._baseline()
            or self._not_for_here()
            or self._too_old()
            or self._not_yet()
            or self._words()
        )

    def _out(
        self, reason: Reason | str, detail: str = "", until: datetime | None = None, final: bool = False
    ) -> LeftOut:
        return LeftOut(
            self.post, self.account.name, str(reason), detail, until, final, self.row.round if self.row else 1
        )

    def _at_rest(self) -> LeftOut | Planned | None:
        """What the row itself says: it is over, or under way, or its words are fixed."""
        row = self.row
        if row is None:
            return None
        if row.state is State.DELIVERED:
            again = self.asked is not None and self.asked.again
            return None if again else self._out(Reason.ALREADY_DELIVERED, row.detail or "")
        if row.state in (State.SENDING, State.UNCERTAIN):
            return self._out(row.state, row.detail or "")
        if row.state is State.FAILED and not self.asked:
            return self._out(row.state, row.detail or "")
        if row.state is State.SKIPPED and not self.asked and (row.reason not in _RETURNS or row.claimed):
            return self._out(row.reason or Reason.PERSON, row.detail or "")
        if row.frozen is not None:
            if self.post.draft or self.post.settings.skip:
                return None  # the courier asks the same before it sends
            wait = None if self.asked or row.not_before <= self.known.now else row.reason or "retry"
            if wait:
                return self._out(wait, row.detail or "", row.not_before)
            return Planned(self.post, self.account.name, row.round, row.frozen, released=row.released, frozen=True)
        return None

    def _not_public(self) -> LeftOut | None:
        """Drafts and dates to come."""
        post = self.post
        if post.draft:
            return self._out(Reason.DRAFT, "it is marked as a draft")
        if post.published and post.published > self.known.now:
            return self._out(Reason.FUTURE, f"its date is {post.published:%Y-%m-%d %H:%M} UTC", post.published)
        return None

    def _baseline(self) -> LeftOut | None:
        """What was there before the bot is old, whatever else could be said of it."""
        drawn = (self.post.source, self.account.name) in self.known.baselines
        if self._is_wanted() or drawn or not self.known.guards.baseline:
            return None
        return self._out(Reason.BASELINE, "it was there before the bot, or before the account", final=True)

    def _is_wanted(self) -> bool:
        """Whether a person asked for it, or it has passed these guards before."""
        return bool(self.asked or (self.row and (self.row.released or self.row.state in (State.HELD, State.DUE))))

    def _not_for_here(self) -> LeftOut | None:
        """The author's and the person's own rules."""
        post, until = self.post, self.post.settings.not_after
        if post.settings.skip:
            return self._out(Reason.OPTED_OUT, _SKIPPED[post.body_format])
        scopes = (post.settings.per.get(self.account.name), post.settings.per.get(self.account.network.name))
        if any(scope is not None and scope.skip for scope in scopes):
            return self._out(Reason.OPTED_OUT, f"its own settings say not on {self.account.network.title}")
        if not post.url:
            return self._out(Reason.INVALID, "no canonical URL: set [site] url and a permalink, or canonical_url in it")
        if why := self._filtered():
            return self._out(Reason.FILTERED, why)
        if until and until < self.known.now and not self.asked:
            over = until.astimezone(self.known.zone or UTC)
            return self._out(Reason.EXPIRED, f"not_after was {over:%Y-%m-%d %H:%M}", final=True)
        if self.candidate.duplicate_of:
            return self._out(Reason.DUPLICATE, f"{self.candidate.duplicate_of} has the same URL")
        return None

    def _filtered(self) -> str:
        account, post, asked = self.account, self.post, self.asked
        named = bool(asked and asked.accounts is not None)
        if post.settings.accounts is not None and account.name not in post.settings.accounts and not named:
            return f"its front matter names {', '.join(post.settings.accounts) or 'no account'}"
        if asked:
            return ""
        source = self.known.sources.get(post.source)
        if source and source.accounts is not None and account.name not in source.accounts:
            return f"source {source.name} is announced on {', '.join(source.accounts)}"
        for where, found in (("account", account), ("source", source)):
            if found and found.only and not _matches(post, found.only):
                return f"the {where}'s `only` does not name it"
            if found and found.exclude and _matches(post, found.exclude):
                return f"the {where}'s `exclude` names it"
        return ""

    def _too_old(self) -> LeftOut | None:
        """A date long past, on something that was never awaited."""
        if self._is_wanted():
            return None
        guards = self.known.guards
        seen = self.known.now if self.row else self.candidate.first_seen
        drawn = self.known.baselines.get((self.post.source, self.account.name))
        dated = self.post.published or seen
        day = timedelta(0) if self.post.has_time or not self.post.published else timedelta(days=1)
        if guards.since and dated + day <= guards.since:
            return self._out(Reason.TOO_OLD, f"dated before since = {guards.since:%Y-%m-%d %H:%M} UTC", final=True)
        if drawn is None:
            return None
        if self.row is None and (since := self.candidate.public_since) and since < self.known.now - guards.max_age:
            return self._out(Reason.TOO_OLD, "it was left out for longer than max_age", final=True)
        awaited = self.candidate.was_draft or (not guards.baseline and self.candidate.first_seen <= drawn)
        if not awaited and dated < seen - guards.max_age:
            return self._out(Reason.TOO_OLD, f"dated {dated:%Y-%m-%d}, older than max_age when first seen", final=True)
        return None

    def _not_yet(self) -> LeftOut | None:
        """It must stand unchanged for a while, and its page must be there."""
        if self.asked:
            return None
        guards, now = self.known.guards, self.known.now
        since = self.post.modified
        if since is None or since > now:
            since = self.candidate.changed_at
        if since + guards.settle > now:
            return self._out(Reason.SETTLING, "it changed a moment ago", since + guards.settle)
        if guards.require_live and not (self.row and self.row.released) and not self._held_for_page():
            page = self.known.pages.get(self.post.url or "")
            if page is None or not page.live:
                detail = page.detail if page else "its page has not been asked for"
                if (self.candidate.public_since or now) + guards.live_within > now:
                    return self._out(Reason.NOT_LIVE, detail)
        return None

    def _held_for_page(self) -> bool:
        return bool(self.row and self.row.state is State.HELD and self.row.reason is Reason.NOT_LIVE)

    def _words(self) -> Planned | LeftOut:
        again = bool(self.row and self.row.state is State.DELIVERED)
        number = self.row.round + again if self.row else 1
        page = self.known.pages.get(self.post.url or "")
        announcement = self.known.compose(self.post, self.account, number, page)
        if self.asked and page is not None and not page.live:
            announcement = replace(announcement, warnings=(*announcement.warnings, f"its page: {page.detail}"))
        entry = Planned(
            self.post, self.account.name, number, announcement, released=bool(self.row and self.row.released)
        )
        hold = None if entry.released and not again else self._hold(announcement, page)
        if hold is None and self.account.manual:
            link = compose_link(announcement, self.account.network, self.account.options)
            hold = Reason.MANUAL, link or f"{self.account.network.title} has no form that a link could fill in"
        return replace(entry, hold=hold[0], detail=hold[1]) if hold else entry

    def _hold(self, announcement: Announcement, page: Page | None) -> tuple[Reason, str] | None:
        """Why a person must look at it first."""
        if self.candidate.doubt and not (self.row and self.row.released):
            return Reason.IDENTITY, self.candidate.doubt
        if found := self.known.inspect(announcement):
            return found
        if self.asked:
            return None
        if self.row and self.row.state is State.HELD and self.row.reason in _STICKY:
            if self.row.reason is not Reason.NOT_LIVE or page is None or not page.live:
                return self.row.reason, self.row.detail or ""
            return None
        if self.known.guards.require_live and (page is None or not page.live):
            return Reason.NOT_LIVE, page.detail if page else "its page was never asked for"
        if self.known.guards.approve:
            return Reason.APPROVE, "approve = true: everything new waits for your word"
        return None


def _matches(post: Post, wanted: Filter) -> bool:
    """Whether a post is one of those a filter names."""
    tags, categories = ({item.casefold() for item in items} for items in (post.tags, post.categories))
    return (
        any(tag.casefold() in tags for tag in wanted.tags)
        or any(category.casefold() in categories for category in wanted.categories)
        or post.source in wanted.sources
        or (wanted.titled is not None and wanted.titled == bool(post.title))
    )


def _burst(planned: Sequence[Planned], left_out: Sequence[LeftOut], known: Knowledge) -> list[Planned]:
    """Hold everything new when there is more of it than a person would write at once."""
    fresh = {entry.post.id for entry in planned if _is_fresh(entry, known)}
    waiting = {
        out.post.id
        for out in left_out
        if out.reason in (Reason.SETTLING, Reason.NOT_LIVE) and (out.post.id, out.account) not in known.standings
    }
    count = len(fresh | waiting)
    if count <= known.guards.max_burst:
        return list(planned)
    why = f"{count} new posts at once, more than max_burst = {known.guards.max_burst}"
    return [
        replace(entry, hold=Reason.BURST, detail=why) if _is_fresh(entry, known) and not entry.hold else entry
        for entry in planned
    ]


def _is_fresh(entry: Planned, known: Knowledge) -> bool:
    row = known.standings.get((entry.post.id, entry.account))
    return row is None or (row.state is State.SKIPPED and row.reason in _RETURNS)


def _within_budget(planned: Sequence[Planned], known: Knowledge, asked: Asked | None) -> list[Planned]:
    """Hold what would cost more than its account may still spend this month, unless a person has said to send it.

    Frozen words are under way already: what they cost is among what is spent.
    """
    spent = {name: known.spent.get(name, 0.0) for name in known.accounts}
    result = []
    for entry in planned:
        budget, cost = known.accounts[entry.account].budget, entry.announcement.cost
        if budget is not None and cost and not entry.hold and not entry.frozen:
            why = over(budget, spent[entry.account], cost)
            if why and (asked or entry.released):
                made = entry.announcement
                entry = replace(entry, announcement=replace(made, warnings=(*made.warnings, why)))
            elif why:
                entry = replace(entry, hold=Reason.BUDGET, detail=why)
            if not entry.hold:
                spent[entry.account] += cost
        result.append(entry)
    return result


def _paced(planned: Sequence[Planned], known: Knowledge, asked: Asked | None) -> list[Planned]:
    """Say of each announcement whether its account may speak now."""
    sent = {name: list(known.sent.get(name, ())) for name in known.accounts}
    result = []
    for entry in planned:
        if not entry.hold and entry.account in known.paused:
            entry = replace(entry, wait=Reason.PAUSED, detail=known.paused[entry.account])
        elif not entry.hold and not asked:
            pacing = known.accounts[entry.account].pacing
            if found := pace(pacing, sent[entry.account], known.now, known.zone):
                entry = replace(entry, wait=found.reason, detail=found.detail, until=found.until)
            else:
                sent[entry.account].append(known.now)
        result.append(entry)
    return result


def reference(post: Post) -> PostRef:
    """What an announcement or a line of output remembers of a post."""
    return PostRef(post.id, post.slug, post.title, post.url or "", post.published)
