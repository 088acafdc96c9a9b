from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from bot.config.model import AccountConfig, Filter, GuardsConfig, Pacing, SourceConfig
from bot.model import Announcement, BodyFormat, Page, Post, PostId, PostSettings, Reason, State
from bot.networks import DEFAULT_TEMPLATE, LOCAL
from bot.planner import Asked, Candidate, Knowledge, LeftOut, Plan, Planned, Standing, plan
from bot.testing_store import words_for

NOW = datetime(2024, 6, 19, 18, 47, 59, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GUARDS = GuardsConfig(require_live=False)
DRAWN = NOW - 100 * DAY


def account(name: str = "me", **changes: Any) -> AccountConfig:
    return replace(AccountConfig(name, LOCAL, {}, DEFAULT_TEMPLATE), **changes)


def candidate(name: str = "a", *, seen: datetime = NOW - HOUR, **changes: Any) -> Candidate:
    """A post written and seen an hour ago, after the line was drawn."""
    own = {key: changes.pop(key) for key in ("doubt", "duplicate_of", "was_draft", "public_since") if key in changes}
    post = Post(
        source="blog",
        source_id=f"{name}.md",
        slug=name,
        url=f"https://example.com/{name}/",
        title=name,
        body="",
        id=PostId(name),
        published=seen,
        modified=seen,
        has_time=True,
    )
    return replace(Candidate(replace(post, **changes), seen, seen, seen), **own)


def standing(state: State, reason: Reason | None = None, **changes: Any) -> Standing:
    row = Standing(1, state, reason, None, claimed=False, released=False, not_before=NOW - HOUR)
    return replace(row, **changes)


def knowledge(
    rows: Mapping[tuple[str, str], Standing] | None = None,
    *,
    accounts: Sequence[AccountConfig] = (account(),),
    baselines: Mapping[tuple[str, str], datetime] | None = None,
    held: Mapping[str, tuple[Reason, str]] | None = None,
    **changes: Any,
) -> Knowledge:
    """What is known where nothing stands in the way; `held` are posts whose words a person must see."""

    def compose(post: Post, account: AccountConfig, number: int, page: Page | None) -> Announcement:
        return words_for(post.slug, account.name, text=post.title, number=number)

    known = Knowledge(
        now=NOW,
        guards=GUARDS,
        sources={"blog": SourceConfig("blog", "markdown", ZoneInfo("UTC"))},
        accounts={found.name: found for found in accounts},
        standings={(PostId(post), name): row for (post, name), row in (rows or {}).items()},
        baselines={("blog", found.name): DRAWN for found in accounts} if baselines is None else baselines,
        compose=compose,
        inspect=lambda words: (held or {}).get(words.post.id),
    )
    return replace(known, **changes)


def told(found: Plan) -> list[str]:
    """The plan in words: what goes, what is held or waits, what is left out."""
    lines = [f"{e.post.id} {e.account} {e.hold or e.wait or 'goes'}" for e in found.planned]
    return lines + [f"{out.post.id} {out.account} out:{out.reason}" for out in found.left_out]


def one(found: Plan) -> Planned | LeftOut:
    """The only verdict of a plan."""
    verdicts: list[Planned | LeftOut] = [*found.planned, *found.left_out]
    assert len(verdicts) == 1
    return verdicts[0]


def reason(of: Candidate, known: Knowledge, asked: Asked | None = None) -> str:
    """Why the only post does not go now; `goes` when it does."""
    verdict = one(plan([of], known, asked))
    return str(verdict.reason if isinstance(verdict, LeftOut) else verdict.hold or verdict.wait or "goes")


ASKED = Asked(frozenset({PostId("a")}))


def test_a_new_post_goes() -> None:
    """Nothing in the way: it is announced in round 1, on every account."""
    found = plan([candidate()], knowledge(accounts=[account("me"), account("you")]))
    assert ["a me goes", "a you goes"] == told(found)
    assert [1, 1] == [entry.round for entry in found.sendable()]


def test_oldest_first() -> None:
    """The plan is in the order the posts were written, whatever order they were found in."""
    posts = [candidate(name, published=NOW - n * HOUR) for n, name in ((1, "c"), (3, "a"), (2, "b"))]
    assert ["a", "b", "c"] == [entry.post.id for entry in plan(posts, knowledge()).planned]


NO_LINE: dict[tuple[str, str], datetime] = {}
LIVE = replace(GUARDS, require_live=True)
GUARDED: dict[str, tuple[Candidate, Knowledge]] = {
    "draft": (candidate(draft=True), knowledge()),
    "future": (candidate(published=NOW + HOUR), knowledge()),
    "baseline": (candidate(), knowledge(baselines=NO_LINE)),
    "opted_out": (candidate(settings=PostSettings(skip=True)), knowledge()),
    "invalid": (candidate(url=None), knowledge()),
    "filtered": (candidate(tags=("weeknotes",)), knowledge(accounts=[account(exclude=Filter(tags=("WeekNotes",)))])),
    "expired": (candidate(settings=PostSettings(not_after=NOW - HOUR)), knowledge()),
    "duplicate": (candidate(duplicate_of="b.md"), knowledge()),
    "too_old": (candidate(published=NOW - 30 * DAY), knowledge()),
    "settling": (candidate(modified=NOW - timedelta(minutes=4)), knowledge()),
    "not_live": (candidate(), knowledge(guards=LIVE)),
    "identity": (candidate(doubt="it may be another"), knowledge()),
    "leftover": (candidate(), knowledge(held={"a": (Reason.LEFTOVER, "{% include %}")})),
    "approve": (candidate(), knowledge(guards=replace(GUARDS, approve=True))),
    "spacing": (
        candidate(),
        knowledge(accounts=[account(pacing=Pacing(spacing=HOUR))], sent={"me": [NOW - timedelta(minutes=1)]}),
    ),
    "cap": (candidate(), knowledge(accounts=[account(pacing=Pacing(per_hour=0))])),
    "quiet": (candidate(), knowledge(accounts=[account(pacing=Pacing(quiet=(time(18), time(19))))])),
    "paused": (candidate(), knowledge(paused={"me": "unauthorized"})),
}


@pytest.mark.parametrize("guard", GUARDED)
def test_each_guard_objects(guard: str) -> None:
    """Each guard, alone, keeps a post from going, and gives its name as the reason."""
    assert guard == reason(*GUARDED[guard])


OVERRIDDEN = {"baseline", "too_old", "burst", "settling", "filtered", "expired", "not_live", "approve"}
OVERRIDDEN |= {"quiet", "spacing", "cap"}


@pytest.mark.parametrize("guard", GUARDED)
def test_what_a_persons_wish_overrides(guard: str) -> None:
    """`post` overrides timing and age, never what is unfinished, unwanted by its author or in doubt."""
    expected = "goes" if guard in OVERRIDDEN else guard
    assert expected == reason(*GUARDED[guard], ASKED)


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("draft", {"draft": True, "published": NOW + HOUR, "settings": PostSettings(skip=True), "url": None}),
        ("future", {"published": NOW + HOUR, "settings": PostSettings(skip=True), "url": None}),
        ("opted_out", {"settings": PostSettings(skip=True, not_after=NOW - DAY), "url": None, "duplicate_of": "b"}),
        ("invalid", {"url": None, "duplicate_of": "b", "published": NOW - 30 * DAY}),
        ("expired", {"settings": PostSettings(not_after=NOW - DAY), "duplicate_of": "b"}),
        ("duplicate", {"duplicate_of": "b", "published": NOW - 30 * DAY}),
        ("too_old", {"published": NOW - 30 * DAY, "modified": NOW, "doubt": "it may be another"}),
        ("settling", {"modified": NOW, "doubt": "it may be another"}),
        ("identity", {"doubt": "it may be another"}),
    ],
)
def test_the_order_of_the_guards(first: str, then: dict[str, Any]) -> None:
    """Of several guards that object the plainest for the author is told."""
    known = knowledge(held={"a": (Reason.LEFTOVER, "x")}, guards=replace(GUARDS, approve=True))
    assert first == reason(candidate(**then), known)


def test_the_baseline_goes_before_everything_that_may_be_mended() -> None:
    """What is old is old, though it is also invalid, opted out or duplicate: mended later, it is still old."""
    old = candidate(url=None, settings=PostSettings(skip=True), duplicate_of="b", published=NOW - 900 * DAY)
    verdict = one(plan([old], knowledge(baselines=NO_LINE)))
    assert isinstance(verdict, LeftOut)
    assert ("baseline", True) == (verdict.reason, verdict.final)


class TestBaseline:
    """What was there before the bot, or before the account."""

    def test_an_account_added_later_gets_nothing_old(self) -> None:
        """The line is drawn for each source and account."""
        known = knowledge(accounts=[account("me"), account("you")], baselines={("blog", "me"): DRAWN})
        assert ["a me goes", "a you out:baseline"] == told(plan([candidate()], known))

    def test_a_draft_is_not_old(self) -> None:
        """A draft at the first scan has no baseline: published later, it is new."""
        assert reason(candidate(draft=True), knowledge(baselines=NO_LINE)) == "draft"
        later = candidate(seen=NOW - 300 * DAY, was_draft=True, public_since=NOW - HOUR, modified=NOW - HOUR)
        assert reason(later, knowledge()) == "goes"

    def test_an_invalid_post_is_not_new_once_it_is_mended(self) -> None:
        """A post without a URL at the first scan has its baseline row, and stays left out when the URL is set."""
        first = one(plan([candidate(url=None)], knowledge(baselines=NO_LINE)))
        assert isinstance(first, LeftOut)
        assert first.final
        rows = {("a", "me"): standing(State.SKIPPED, Reason(first.reason))}
        assert reason(candidate(), knowledge(rows)) == "baseline"

    def test_without_the_guard_everything_is_new(self) -> None:
        """`baseline = false` announces what is there at the first scan, however old."""
        known = knowledge(baselines=NO_LINE, guards=replace(GUARDS, baseline=False))
        assert reason(candidate(published=NOW - 900 * DAY), known) == "goes"

    def test_without_the_guard_what_settled_at_the_first_scan_is_still_new(self) -> None:
        """With `baseline = false` an old post that was settling at the first scan goes at the second."""
        known = knowledge(baselines={("blog", "me"): NOW - HOUR}, guards=replace(GUARDS, baseline=False))
        assert reason(candidate(published=NOW - 900 * DAY), known) == "goes"


class TestAge:
    """`max_age` and `since`."""

    def test_an_old_date_on_something_new(self) -> None:
        """An old post that turns up after the line was drawn is recorded as too old."""
        verdict = one(plan([candidate(published=NOW - 15 * DAY)], knowledge()))
        assert isinstance(verdict, LeftOut)
        assert ("too_old", True) == (verdict.reason, verdict.final)

    def test_age_is_measured_when_it_was_first_seen(self) -> None:
        """A post that was nearly too old and waited a day for its page does not grow too old by waiting."""
        waited = candidate(seen=NOW - DAY, published=NOW - 14.5 * DAY)
        assert reason(waited, knowledge()) == "goes"

    def test_what_was_left_out_for_long_is_not_new(self) -> None:
        """A filter that is loosened, or an opt-out taken back after months, announces nothing old."""
        assert reason(candidate(seen=NOW - 30 * DAY), knowledge()) == "too_old"

    def test_a_post_that_came_back_is_measured_now(self) -> None:
        """A folder that was gone for a season brings nothing old along."""
        rows = {("a", "me"): standing(State.SKIPPED, Reason.GONE)}
        assert reason(candidate(seen=NOW - 90 * DAY), knowledge(rows)) == "too_old"
        assert reason(candidate(seen=NOW - DAY), knowledge(rows)) == "goes"

    def test_nothing_dated_before_since(self) -> None:
        """`since` holds for drafts and first scans too."""
        guards = replace(GUARDS, since=NOW - 2 * HOUR, baseline=False)
        old = candidate(published=NOW - 3 * HOUR, was_draft=True)
        assert reason(old, knowledge(guards=guards, baselines=NO_LINE)) == "too_old"
        assert reason(candidate(), knowledge(guards=guards, baselines=NO_LINE)) == "goes"

    def test_the_day_of_since_itself(self) -> None:
        """A date without a time on the very day of `since` is not before it."""
        midnight = NOW.replace(hour=0, minute=0, second=0)
        known = knowledge(guards=replace(GUARDS, since=NOW - HOUR))
        assert reason(candidate(published=midnight, has_time=False), known) == "goes"


class TestSettling:
    """A post must stand unchanged, and its page be there."""

    def test_it_says_until_when(self) -> None:
        """The wait ends `settle` after the file's time."""
        verdict = one(plan([candidate(modified=NOW - timedelta(minutes=1))], knowledge()))
        assert isinstance(verdict, LeftOut)
        assert NOW + timedelta(minutes=4) == verdict.until

    def test_a_file_from_the_future_settles_by_our_clock(self) -> None:
        """A file's time that lies ahead is no reason to wait for it."""
        assert reason(candidate(modified=NOW + 400 * DAY), knowledge()) == "goes"

    def test_a_feed_settles_since_it_was_seen_to_change(self) -> None:
        """Without a file time the last change that was seen counts."""
        entry = replace(candidate(modified=None), changed_at=NOW - timedelta(minutes=1))
        assert reason(entry, knowledge()) == "settling"

    def test_a_live_page_lets_it_go(self) -> None:
        """With its page there it goes."""
        pages = {"https://example.com/a/": Page("https://example.com/a/", live=True)}
        assert reason(candidate(), knowledge(guards=LIVE, pages=pages)) == "goes"

    def test_a_page_that_never_comes_is_held(self) -> None:
        """After `live_within` a person must look, and until then it waits by itself."""
        pages = {"https://example.com/a/": Page("https://example.com/a/", live=False, detail="404")}
        known = knowledge(guards=LIVE, pages=pages)
        waiting, late = one(plan([candidate()], known)), one(plan([candidate(public_since=NOW - 2 * DAY)], known))
        assert isinstance(waiting, LeftOut)
        assert isinstance(late, Planned)
        assert (("not_live", "404"), (Reason.NOT_LIVE, "404")) == (
            (waiting.reason, waiting.detail),
            (late.hold, late.detail),
        )

    def test_a_held_page_that_came_goes_by_itself(self) -> None:
        """What was held for its page alone needs nobody when the page is there."""
        pages = {"https://example.com/a/": Page("https://example.com/a/", live=True)}
        rows = {("a", "me"): standing(State.HELD, Reason.NOT_LIVE)}
        assert reason(candidate(), knowledge(rows, guards=LIVE, pages=pages)) == "goes"

    def test_a_person_is_warned_of_a_dead_page(self) -> None:
        """Asked for by name, a post without its page goes, with a warning."""
        pages = {"https://example.com/a/": Page("https://example.com/a/", live=False, detail="404")}
        verdict = one(plan([candidate()], knowledge(guards=LIVE, pages=pages), ASKED))
        assert isinstance(verdict, Planned)
        assert ("its page: 404",) == verdict.announcement.warnings


class TestBurst:
    """More new posts at once than a person would write."""

    def many(self, count: int, **changes: Any) -> list[Candidate]:
        """New posts."""
        return [candidate(f"p{n:02}", **changes) for n in range(count)]

    def test_as_many_as_allowed_go(self) -> None:
        """`max_burst` posts go."""
        assert len(plan(self.many(10), knowledge()).sendable()) == 10

    def test_one_more_holds_them_all(self) -> None:
        """One more than `max_burst` and all are held, with both numbers told."""
        found = plan(self.many(11), knowledge())
        assert {Reason.BURST} == {entry.hold for entry in found.planned}
        assert found.planned[0].detail == "11 new posts at once, more than max_burst = 10"

    def test_posts_are_counted_not_announcements(self) -> None:
        """Ten posts on two accounts are ten."""
        assert len(plan(self.many(10), knowledge(accounts=[account("me"), account("you")])).sendable()) == 20

    def test_those_that_settle_count(self) -> None:
        """A site that is just being written counts whole, though only a part of it has settled."""
        posts = [*self.many(2), *(candidate(f"s{n}", modified=NOW) for n in range(9))]
        assert {Reason.BURST} == {entry.hold for entry in plan(posts, knowledge()).planned}

    def test_those_whose_page_is_awaited_count(self) -> None:
        """So do those whose pages are not there yet."""
        pages = {f"https://example.com/p{n:02}/": Page("", live=n < 2) for n in range(11)}
        found = plan(self.many(11), knowledge(guards=LIVE, pages=pages))
        assert ["burst", "burst"] == [str(entry.hold) for entry in found.planned]

    def test_what_was_held_before_stays_held_and_holds_nobody_else(self) -> None:
        """Held ones wait for a person; the next new post goes."""
        rows = {(f"p{n:02}", "me"): standing(State.HELD, Reason.BURST) for n in range(11)}
        found = plan([*self.many(11), candidate("z")], knowledge(rows))
        assert ["z"] == [entry.post.id for entry in found.sendable()]
        assert len(found.planned) == 12

    def test_released_ones_go(self) -> None:
        """A released flood goes."""
        rows = {(f"p{n:02}", "me"): standing(State.DUE, released=True) for n in range(11)}
        assert len(plan(self.many(11), knowledge(rows)).sendable()) == 11

    def test_a_folder_that_comes_back_is_a_burst(self) -> None:
        """Posts that return by the dozen are held like new ones."""
        rows = {(f"p{n:02}", "me"): standing(State.SKIPPED, Reason.GONE) for n in range(11)}
        assert {Reason.BURST} == {entry.hold for entry in plan(self.many(11), knowledge(rows)).planned}

    def test_who_is_asked_for_is_no_burst(self) -> None:
        """Posts a person names are never too many."""
        wish = Asked(frozenset(PostId(f"p{n:02}") for n in range(11)))
        assert len(plan(self.many(11), knowledge(), wish).sendable()) == 11


class TestRows:
    """What stands already."""

    @pytest.mark.parametrize("state", [State.SENDING, State.UNCERTAIN, State.FAILED])
    def test_what_is_under_way_or_over_is_left_out(self, state: State) -> None:
        """Rows in hand, in doubt or failed are not planned again."""
        assert str(state) == reason(candidate(), knowledge({("a", "me"): standing(state)}))

    @pytest.mark.parametrize("why", [Reason.BASELINE, Reason.TOO_OLD, Reason.PERSON, Reason.EXPIRED])
    def test_what_was_left_out_for_good_stays_out(self, why: Reason) -> None:
        """Final reasons are final, until a person asks."""
        rows = {("a", "me"): standing(State.SKIPPED, why)}
        assert str(why) == reason(candidate(), knowledge(rows))
        assert reason(candidate(), knowledge(rows), ASKED) == "goes"

    @pytest.mark.parametrize("why", [Reason.GONE, Reason.DRAFT, Reason.OPTED_OUT])
    def test_what_was_withdrawn_comes_back(self, why: Reason) -> None:
        """A post that is there again, finished or opted in again goes; not one whose words were claimed."""
        rows = {("a", "me"): standing(State.SKIPPED, why)}
        assert reason(candidate(), knowledge(rows)) == "goes"
        claimed = {("a", "me"): standing(State.SKIPPED, why, claimed=True)}
        assert str(why) == reason(candidate(), knowledge(claimed))

    def test_delivered_is_delivered(self) -> None:
        """What went out is left out, with its link, for a person too; an edit changes nothing."""
        rows = {("a", "me"): standing(State.DELIVERED, detail="https://net.example/1", claimed=True)}
        for asked in (None, ASKED):
            verdict = one(plan([candidate(title="Mended", text_hash="mended")], knowledge(rows), asked))
            assert isinstance(verdict, LeftOut)
            assert ("already_delivered", "https://net.example/1") == (verdict.reason, verdict.detail)

    def test_again_is_the_next_round(self) -> None:
        """`--again` plans one round more than the latest, and nothing else does."""
        rows = {("a", "me"): standing(State.DELIVERED, round=2)}
        verdict = one(plan([candidate()], knowledge(rows), replace(ASKED, again=True)))
        assert isinstance(verdict, Planned)
        assert (3, 3) == (verdict.round, verdict.announcement.round)

    def test_again_before_the_first_is_the_first(self) -> None:
        """`--again` on a post that never went out is round 1."""
        verdict = one(plan([candidate()], knowledge(), replace(ASKED, again=True)))
        assert isinstance(verdict, Planned)
        assert verdict.round == 1

    def test_again_does_not_pass_by_leftovers(self) -> None:
        """A release of the first round is no release of the second."""
        rows = {("a", "me"): standing(State.DELIVERED, released=True)}
        known = knowledge(rows, held={"a": (Reason.LEFTOVER, "{{ x }}")})
        assert reason(candidate(), known, replace(ASKED, again=True)) == "leftover"

    def test_frozen_words_go_as_they_are(self) -> None:
        """After the first claim the words are the row's, whatever the post says now."""
        frozen = words_for("a", text="As it was")
        rows = {("a", "me"): standing(State.DUE, claimed=True, frozen=frozen)}
        verdict = one(plan([candidate(title="Mended", modified=NOW)], knowledge(rows)))
        assert isinstance(verdict, Planned)
        assert (frozen, True) == (verdict.announcement, verdict.frozen)

    def test_frozen_words_wait_for_their_time(self) -> None:
        """A retry that is not due yet says until when it waits."""
        rows = {("a", "me"): standing(State.DUE, claimed=True, frozen=words_for("a"), not_before=NOW + HOUR)}
        verdict = one(plan([candidate()], knowledge(rows)))
        assert isinstance(verdict, LeftOut)
        assert ("retry", NOW + HOUR) == (verdict.reason, verdict.until)

    @pytest.mark.parametrize(
        ("changes", "why"), [({"draft": True}, "draft"), ({"settings": PostSettings(skip=True)}, "opted_out")]
    )
    def test_frozen_words_of_a_withdrawn_post_do_not_go(self, changes: dict[str, Any], why: str) -> None:
        """The plan says what the courier will find when it asks again."""
        rows = {("a", "me"): standing(State.DUE, claimed=True, frozen=words_for("a"))}
        assert why == reason(candidate(**changes), knowledge(rows))

    def test_a_doubt_is_settled_by_a_release(self) -> None:
        """A doubt holds at every scan, until a person has released the row."""
        doubtful = candidate(doubt="it may be another")
        assert reason(doubtful, knowledge({("a", "me"): standing(State.HELD, Reason.IDENTITY)})) == "identity"
        released = {("a", "me"): standing(State.DUE, released=True)}
        assert reason(doubtful, knowledge(released)) == "goes"

    def test_what_is_due_does_not_grow_too_old(self) -> None:
        """A row that has passed the guards passes them again."""
        rows = {("a", "me"): standing(State.DUE)}
        assert reason(candidate(published=NOW - 300 * DAY), knowledge(rows, baselines=NO_LINE)) == "goes"


class TestFilters:
    """What the author and the person let through."""

    def test_only_these_accounts(self) -> None:
        """The front matter's accounts are the only ones, unless a person names another."""
        post = candidate(settings=PostSettings(accounts=("you",)))
        known = knowledge(accounts=[account("me"), account("you")])
        assert ["a you goes", "a me out:filtered"] == told(plan([post], known))
        assert ["a me goes"] == told(plan([post], known, replace(ASKED, accounts=frozenset({"me"}))))

    @pytest.mark.parametrize(
        ("only", "goes"),
        [
            (Filter(tags=("Python",)), True),
            (Filter(tags=("rust",)), False),
            (Filter(categories=("notes",)), True),
            (Filter(sources=("blog",)), True),
            (Filter(sources=("micro",)), False),
            (Filter(titled=True), True),
            (Filter(titled=False), False),
        ],
    )
    def test_only_and_exclude_are_each_others_opposite(self, only: Filter, goes: bool) -> None:
        """What `only` lets through `exclude` keeps back, on accounts and on sources."""
        post = candidate(tags=("python",), categories=("Notes",))
        assert ("goes" if goes else "filtered") == reason(post, knowledge(accounts=[account(only=only)]))
        assert ("filtered" if goes else "goes") == reason(post, knowledge(accounts=[account(exclude=only)]))
        source = SourceConfig("blog", "markdown", ZoneInfo("UTC"), only=only)
        assert ("goes" if goes else "filtered") == reason(post, knowledge(sources={"blog": source}))

    def test_a_sources_accounts(self) -> None:
        """A source that names accounts is announced on those alone."""
        source = SourceConfig("blog", "markdown", ZoneInfo("UTC"), accounts=("you",))
        assert reason(candidate(), knowledge(sources={"blog": source})) == "filtered"


class TestPacingInThePlan:
    """The plan says what would go at this moment, and what would wait."""

    def test_the_first_goes_and_the_next_waits(self) -> None:
        """With spacing, the oldest goes now and the others after it."""
        known = knowledge(accounts=[account(pacing=Pacing(spacing=HOUR))])
        found = plan([candidate("a"), candidate("b", seen=NOW - timedelta(minutes=30))], known)
        assert ["a me goes", "b me spacing"] == told(found)
        assert NOW + HOUR == found.planned[1].until

    def test_what_is_held_takes_no_turn(self) -> None:
        """A held announcement does not keep the next one waiting."""
        known = knowledge(accounts=[account(pacing=Pacing(spacing=HOUR))], held={"a": (Reason.LEFTOVER, "x")})
        found = plan([candidate("a"), candidate("b", seen=NOW - timedelta(minutes=30))], known)
        assert ["a me leftover", "b me goes"] == told(found)

    def test_each_account_has_its_own_pace(self) -> None:
        """One account's spacing is nothing to another."""
        known = knowledge(accounts=[account("me", pacing=Pacing(spacing=HOUR)), account("you")], sent={"me": [NOW]})
        assert ["a me spacing", "a you goes"] == told(plan([candidate()], known))


@pytest.mark.parametrize(
    ("body_format", "words"), [(BodyFormat.MARKDOWN, "front matter"), (BodyFormat.HTML, "entry in the feed")]
)
def test_an_opt_out_says_where_it_stands(body_format: BodyFormat, words: str) -> None:
    """In the file's front matter, or in the feed's entry."""
    verdict = one(plan([candidate(settings=PostSettings(skip=True), body_format=body_format)], knowledge()))
    assert isinstance(verdict, LeftOut)
    assert words in verdict.detail


def test_an_end_is_told_in_the_authors_own_time() -> None:
    """A day in Chicago ends the day after in UTC; told is the day that stands in the front matter."""
    over = datetime(2024, 6, 18, 23, 59, 59, tzinfo=ZoneInfo("America/Chicago")).astimezone(UTC)
    found = one(plan([candidate(settings=PostSettings(not_after=over))], knowledge(zone=ZoneInfo("America/Chicago"))))
    assert "not_after was 2024-06-18 23:59" == found.detail


def test_since_is_told_to_the_minute() -> None:
    """A post of the same day may be older than the moment that `init` wrote down."""
    known = knowledge(guards=replace(GUARDS, since=NOW))
    found = one(plan([candidate(seen=NOW - HOUR)], known))
    assert "dated before since = 2024-06-19 18:47 UTC" == found.detail
