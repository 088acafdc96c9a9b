"""The guards: what becomes of one post on one account, as far as it can be said without the others. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from bot.config.model import Filter
from bot.formatter.by_hand import compose_link
from bot.model import Announcement, BodyFormat, Page, Post, Reason, State
from bot.plan import Asked, Candidate, Knowledge, LeftOut, Planned

RETURNS = frozenset({Reason.GONE, Reason.DRAFT, Reason.OPTED_OUT})
"""Why a row was skipped that is planned anew when its post comes back."""

_STICKY = {Reason.BURST, Reason.APPROVE, Reason.IDENTITY, Reason.NOT_LIVE, Reason.BUDGET}


_SKIPPED = {
    BodyFormat.MARKDOWN: "its front matter says posse: false",
    BodyFormat.HTML: "its entry in the feed says syndicate: false, or answers or likes another page",
}


class Pair:
    """The decision on one post and one account."""

    def __init__(self, candidate: Candidate, account: str, known: Knowledge, asked: Asked | None) -> None:
        self.candidate, self.known, self.asked = candidate, known, asked
        self.post, self.account = candidate.post, known.accounts[account]
        self.row = known.standings.get((self.post.id, account))

    def verdict(self) -> Planned | LeftOut:
        """The first guard that objects decides; when none does, the words are made."""
        return self.objection() or self._words()

    def objection(self) -> Planned | LeftOut | None:
        """What the first guard that objects says, and what has been said before; None where words are to be made."""
        return (
            self._at_rest()
            or self._not_public()
            or self._baseline()
            or self._not_for_here()
            or self._too_old()
            or self._not_yet()
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
        if row.state is State.SKIPPED and not self.asked and (row.reason not in RETURNS or row.claimed):
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
