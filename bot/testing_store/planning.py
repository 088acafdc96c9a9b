"""What planning may write, and what the store keeps beside the rows."""
# ruff: noqa: S101 - assertions are what a test suite is made of

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from msgspec.structs import replace

from bot.model import PostId, Reason, State
from bot.store.base import Enqueue
from bot.testing_store.making import LEASE, NOW, SECOND, Hooks, known_post, planned, receipt_of


class Enqueueing(Hooks):
    """What planning may write, and what it may not touch."""

    def test_a_row_is_made_once(self) -> None:
        """The same (post, account, round) again makes no second row, from another connection either."""
        store = self.filled("a")
        assert store.enqueue([planned("a")], NOW + SECOND) == []
        assert self.open_store().enqueue([planned("a")], NOW + SECOND) == []
        assert len(store.deliveries()) == 1

    def test_accounts_and_rounds_are_rows_of_their_own(self) -> None:
        """Another account, or another round, is another row; the latest round is where the post stands."""
        store = self.filled("a")
        made = store.enqueue([planned("a", "you"), planned("a", number=2)], NOW + SECOND)
        assert len(made) == 2
        standings = store.standings([PostId("a")])
        assert {key: row.round for key, row in standings.items()} == {("a", "me"): 2, ("a", "you"): 1}

    def test_words_are_renewed_until_the_first_claim(self) -> None:
        """An unclaimed row takes the new words."""
        store = self.filled("a")
        store.enqueue([planned("a", text="Mended")], NOW + SECOND)
        words = self.only(store).announcement
        assert words is not None
        assert words.text == "Mended"

    def test_a_plan_that_changes_nothing_writes_nothing(self) -> None:
        """The same plan again leaves the row as it was, also where the post bears no date."""
        store = self.open_store()
        store.remember([known_post("a", published=None)], {})
        store.enqueue([planned("a", published=None)], NOW)
        before = self.only(store)
        assert store.enqueue([planned("a", published=None)], NOW + SECOND) == []
        assert self.only(store) == before

    def test_words_freeze_at_the_first_claim(self) -> None:
        """A claimed row keeps its words through every retry, whatever is planned later."""
        store = self.filled("a")
        first = self.claim(store)
        store.put_back(first, NOW, NOW, "503", spent=True)
        store.enqueue([planned("a", text="Mended")], NOW + SECOND)
        second = self.claim(store, now=NOW + SECOND)
        assert first.announcement == second.announcement
        assert second.announcement is not None
        assert second.announcement.created_at == NOW

    def test_what_was_delivered_stays_delivered(self) -> None:
        """Planning does not touch a row that is over."""
        store = self.filled("a")
        store.delivered(self.claim(store), receipt_of("1"), NOW)
        store.enqueue([planned("a")], NOW + SECOND)
        store.enqueue([planned("a", state=State.SKIPPED, reason=Reason.BASELINE)], NOW + SECOND)
        assert (self.only(store).state, len(store.deliveries())) == (State.DELIVERED, 1)

    def test_a_withdrawn_row_keeps_its_words(self) -> None:
        """A row that is left out without words keeps those it had, with the reason."""
        store = self.filled("a")
        out = Enqueue(None, PostId("a"), "me", 1, State.SKIPPED, Reason.DRAFT, detail="it is marked as a draft")
        store.enqueue([out], NOW + SECOND)
        row = self.only(store)
        assert (row.state, row.reason, row.detail) == (State.SKIPPED, Reason.DRAFT, "it is marked as a draft")
        assert row.announcement is not None

    def test_a_release_is_not_taken_back_by_planning(self) -> None:
        """Once released, a row stays released."""
        store = self.filled("a")
        store.enqueue([replace(planned("a"), released=True)], NOW + SECOND)
        store.enqueue([planned("a")], NOW + 2 * SECOND)
        assert store.standings([PostId("a")])[PostId("a"), "me"].released

    def test_a_post_that_is_gone_takes_its_waiting_rows_along(self) -> None:
        """Unclaimed rows of a gone post are skipped; a claimed one stays, for the courier to judge."""
        store = self.filled("a", "b")
        store.put_back(self.claim(store), NOW, NOW, None, spent=False)
        store.forget_gone([PostId("a"), PostId("b")], NOW + SECOND)
        assert [(r.state, r.reason) for r in store.deliveries()] == [(State.DUE, None), (State.SKIPPED, Reason.GONE)]
        assert store.stamps("blog") == {}
        assert sorted(post.id for post in store.gone_before("blog")) == ["a", "b"]
        assert store.gone_before("other") == []
        assert all(post.gone_at == NOW + SECOND for post in store.all_posts())

    def test_planning_is_all_or_nothing(self) -> None:
        """What fails under the planning lock leaves nothing behind."""
        store = self.open_store()
        try:
            with store.planning():
                store.remember([known_post("a")], {PostId("a"): [("item", "a")]})
                store.enqueue([planned("a")], NOW)
                store.set_baseline("blog", "me", NOW)
                raise KeyboardInterrupt
        except KeyboardInterrupt:
            pass
        assert (store.all_posts(), store.deliveries(), store.baselines()) == ([], [], {})
        with store.planning():
            store.set_baseline("blog", "me", NOW)
        assert self.open_store().baselines() == {("blog", "me"): NOW}


class Remembering(Hooks):
    """What the store keeps beside the rows."""

    def test_a_post_is_remembered_whole(self) -> None:
        """Every field comes back as it was, from another connection also."""
        post = replace(known_post("a"), doubt="it may be another", gone_at=NOW, first_public=None)
        self.open_store().remember([post], {})
        assert {post.id: post} == self.open_store().posts([post.id, PostId("b")])

    def test_when_a_post_was_first_seen_is_never_rewritten(self) -> None:
        """A later scan writes all but the first sight."""
        store = self.open_store()
        store.remember([known_post("a")], {})
        store.remember([replace(known_post("a"), first_seen=NOW + SECOND, title="Mended")], {})
        (post,) = store.all_posts()
        assert (post.first_seen, post.title) == (NOW, "Mended")

    def test_a_name_is_one_posts_for_ever(self) -> None:
        """A name that another post claims stays where it is."""
        store = self.open_store()
        names = {PostId("a"): [("url", "x"), ("item", "a")], PostId("b"): [("url", "x"), ("item", "b")]}
        store.remember([known_post("a"), known_post("b")], names)
        expected = {("url", "x"): "a", ("item", "a"): "a", ("item", "b"): "b"}
        assert expected == store.aliases([("url", "x"), ("item", "a"), ("item", "b"), ("item", "c")])
        assert store.aliases_of(PostId("a")) == [("item", "a"), ("url", "x")]
        assert {"a": {"x"}} == store.all_aliases("url")

    def test_a_place_is_of_the_post_that_stands_there(self) -> None:
        """Files take one another's places; a place goes to the newest post in it."""
        store = self.open_store()
        store.remember([known_post("a"), known_post("b")], {PostId("a"): [("item", "x")]})
        store.remember([known_post("b")], {PostId("b"): [("item", "x")]})
        assert store.aliases([("item", "x")]) == {("item", "x"): "b"}

    def test_dates_of_every_age_come_back(self) -> None:
        """The year 1, as Hugo writes it for no date, and the year 9999 are dates."""
        store = self.open_store()
        days = [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC), NOW, None]
        store.remember([known_post(f"p{n}", published=day) for n, day in enumerate(days)], {})
        found = store.posts([PostId(f"p{n}") for n in range(4)])
        assert days == [found[PostId(f"p{n}")].published for n in range(4)]

    def test_the_line_is_drawn_once(self) -> None:
        """A baseline stays where it was drawn first."""
        store = self.open_store()
        store.set_baseline("blog", "me", NOW)
        store.set_baseline("blog", "me", NOW + SECOND)
        assert store.baselines() == {("blog", "me"): NOW}

    def test_a_failed_scan_forgets_no_good_one(self) -> None:
        """A failure stands beside the last good scan until the next good one."""
        store = self.open_store()
        store.source_scanned("blog", NOW, None)
        store.set_memo("blog", {"etag": '"1"'})
        store.source_scanned("blog", NOW + SECOND, "no such folder")
        health = store.source_health()["blog"]
        assert (health.scanned_at, health.failed_at, health.error) == (NOW, NOW + SECOND, "no such folder")
        store.source_scanned("blog", NOW + 2 * SECOND, None)
        assert store.source_health()["blog"].error is None
        assert store.memo("blog") == {"etag": '"1"'}

    def test_the_last_memo_is_kept(self) -> None:
        """A memo stands in place of the last one, and is none before the first."""
        store = self.open_store()
        assert store.memo("feed") == {}
        store.set_memo("feed", {"etag": '"1"', "due": "soon"})
        store.set_memo("feed", {"etag": '"2"'})
        assert self.open_store().memo("feed") == {"etag": '"2"'}

    def test_a_pause_leaves_the_limits_alone(self) -> None:
        """Limits, pause and resume are kept side by side."""
        store = self.open_store()
        store.set_limits("me", {"characters": 5000}, NOW)
        store.pause("me", "unauthorized: 401", NOW)
        health = store.account_health()["me"]
        assert (
            health.paused_at,
            health.paused_reason,
            health.limits,
        ) == (NOW, "unauthorized: 401", {"characters": 5000})
        store.resume("me")
        health = store.account_health()["me"]
        assert (health.paused_at, health.limits) == (None, {"characters": 5000})

    def test_what_may_still_change_is_unsettled(self) -> None:
        """A post is read again while it lacks a row, or has one whose words are not fixed or that may come back."""
        store = self.filled("due", "claimed", "none", "skipped", "draft")
        rows = {row.post.id: row.id for row in store.deliveries()}
        store.settle(rows[PostId("skipped")], [State.DUE], State.SKIPPED, NOW, reason=Reason.BASELINE)
        store.settle(rows[PostId("draft")], [State.DUE], State.SKIPPED, NOW, reason=Reason.DRAFT)
        taken = store.claim("me", "one", NOW, NOW + LEASE, [rows[PostId("claimed")]])
        assert taken is not None
        assert {"due.md", "none.md", "draft.md"} == set(store.unsettled("blog", ["me"]))
        assert len(store.unsettled("blog", ["me", "you"])) == 5

    def test_what_befalls_an_unsettled_post_is_seen(self) -> None:
        """Its mark changes with every word of a plan, a person or a guard, and not with what others do elsewhere."""
        store = self.filled("a", "b")
        number = next(row.id for row in store.deliveries() if row.post.id == "a")
        marks = [store.unsettled("blog", ["me"])]
        store.claim("me", "one", NOW, NOW + LEASE, [next(row.id for row in store.deliveries() if row.post.id == "b")])
        assert marks[0]["a.md"] == store.unsettled("blog", ["me"])["a.md"]
        changes: list[Callable[[], object]] = [
            lambda: store.enqueue([planned("a", text="Mended")], NOW + SECOND),
            lambda: store.settle(number, [State.DUE], State.HELD, NOW, reason=Reason.BURST),
            lambda: store.settle(number, [State.HELD], State.DUE, NOW, released=True),
            lambda: store.settle(number, [State.DUE], State.SKIPPED, NOW, reason=Reason.DRAFT),
        ]
        for change in changes:
            change()
            marks.append(store.unsettled("blog", ["me"]))
        assert len(changes) + 1 == len({mark["a.md"] for mark in marks})
