from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from bot.config.model import AccountConfig, Pacing
from bot.courier import Courier
from bot.errors import (
    CredentialError,
    PublisherDefect,
    PublishError,
    Rejected,
    SourceError,
    TooFar,
    TryLater,
    Unauthorized,
    Uncertain,
)
from bot.identity import url_name
from bot.model import Delivery, Note, PostId, Reason, Receipt, Sent, State
from bot.networks import DEFAULT_TEMPLATE, MASTODON, Guarantee, Network
from bot.outcomes import Event, NoReceipt, Terms
from bot.store import open_store
from bot.store.base import Store
from bot.testing_store import known_post, planned, words_for
from tests.fakes import Clock, Lost, ModelNetwork, Stuck

GRACE = timedelta(minutes=2)
START = datetime(2024, 6, 19, tzinfo=UTC)


class Bench:
    """A courier on a real store, with a network in memory for each account."""

    def __init__(self, path: Path) -> None:
        self.clock = Clock()
        self.path = path
        self.networks = {name: ModelNetwork(self.clock) for name in ("me", "you")}
        self.events: list[Event] = []
        self.withdrawn: dict[str, Reason | Exception] = {}
        self.store = self.open()
        self.lease = timedelta(minutes=2)
        self.accounts = {name: self.account(name) for name in ("me",)}

    def open(self) -> Store:
        """Another connection to the store."""
        return open_store(f"sqlite:///{self.path}")

    def account(self, name: str, **changes: object) -> AccountConfig:
        """An account on a network like Mastodon, unless changed."""
        guarantee = changes.pop("guarantee", Guarantee.LOOK_FIRST)
        network: Network = replace(MASTODON, guarantee=guarantee)  # type: ignore[arg-type]
        return replace(AccountConfig(name, network, {}, DEFAULT_TEMPLATE), **changes)  # type: ignore[arg-type]

    @property
    def net(self) -> ModelNetwork:
        """The first account's network."""
        return self.networks["me"]

    def due(self, *names: str, account: str = "me", number: int = 1) -> None:
        """Enqueue posts, each an hour older than the present, in order of age."""
        for n, name in enumerate(names):
            published = self.clock.now - timedelta(hours=len(names) - n)
            post = replace(known_post(name, published=published), first_seen=self.clock.now)
            self.store.remember([post], {post.id: [url_name(post.url or "")]})
            row = replace(planned(name, account, number=number), sort_key=published)
            assert row.announcement
            row = replace(row, announcement=replace(row.announcement, instant=published))
            self.store.enqueue([row], self.clock.now)

    def courier(self) -> Courier:
        """A courier of this bench."""
        return Courier(
            store=self.store,
            accounts=self.accounts,
            open_publisher=lambda account: self.networks[account.name],
            recheck=self.recheck,
            terms=Terms("one", self.lease, GRACE, self.clock, lambda: 0.5, lambda name: name == "dead"),
            tell=self.events.append,
        )

    def recheck(self, delivery: Delivery) -> Reason | None:
        """Whether the test has withdrawn the post."""
        found = self.withdrawn.get(delivery.post.id)
        if isinstance(found, Exception):
            raise found
        return found

    def run(self) -> None:
        """One run of a new courier."""
        self.courier().run()

    def rows(self) -> dict[str, Delivery]:
        """The rows, by post."""
        return {row.post.id: row for row in self.store.deliveries()}

    def row(self) -> Delivery:
        """The only row."""
        (row,) = self.store.deliveries()
        return row

    def kinds(self) -> list[str]:
        """What was told, in order."""
        return [event.kind for event in self.events]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A bench with an empty store."""
    made = Bench(tmp_path / "posse.db")
    yield made
    made.store.close()


class TestDelivers:
    """The way of an announcement where nothing goes wrong."""

    def test_it_goes_out_once_and_the_receipt_is_kept(self, bench: Bench) -> None:
        """A due row is published and delivered; running again sends nothing."""
        bench.due("a")
        bench.run()
        bench.run()
        row = bench.row()
        assert (State.DELIVERED, None, "1") == (row.state, row.reason, row.receipt and row.receipt.remote_id)
        assert len(bench.net.posts) == 1
        assert bench.kinds() == ["delivered"]

    def test_oldest_first(self, bench: Bench) -> None:
        """Posts go out in the order they were written."""
        bench.due("a", "b", "c")
        bench.run()
        assert ["About a", "About b", "About c"] == [post.text.splitlines()[0] for post in bench.net.posts]

    def test_one_bad_post_holds_up_nobody(self, bench: Bench) -> None:
        """A refused post fails with the network's words, and those behind it go."""
        bench.due("a", "b", "c")
        bench.net.faults = [Rejected("422: too long"), TryLater("503")]
        bench.run()
        rows = bench.rows()
        assert [State.FAILED, State.DUE, State.DELIVERED] == [rows[name].state for name in "abc"]
        assert ["422: too long", "503"] == [rows[name].error for name in "ab"]

    def test_notes_resume_where_a_worker_died(self, bench: Bench) -> None:
        """Steps that were noted are not done again, by a later worker either."""
        bench.net.steps = ["picture", "part"]
        bench.net.faults = [TryLater("503")]
        bench.due("a")
        bench.run()
        assert ["picture", "part"] == [note.kind for note in bench.row().notes]
        bench.clock.advance(hours=1)
        bench.run()
        assert bench.row().state is State.DELIVERED
        assert ["picture", "part"] == bench.net.done

    def test_only_these_rows(self, bench: Bench) -> None:
        """A run for some rows sends no other, and pacing yields to it."""
        bench.accounts = {
            "me": bench.account("me", pacing=Pacing(spacing=timedelta(hours=1), quiet=(time(0), time(23))))
        }
        bench.due("a", "b")
        rows = bench.rows()
        bench.courier().run(only=[rows[PostId("b")].id])
        assert [State.DUE, State.DELIVERED] == [bench.rows()[name].state for name in "ab"]

    def test_pacing_spreads_what_is_due(self, bench: Bench) -> None:
        """With spacing set, one goes out and the next waits for its time."""
        bench.accounts = {"me": bench.account("me", pacing=Pacing(spacing=timedelta(minutes=10)))}
        bench.due("a", "b")
        bench.run()
        bench.run()
        assert len(bench.net.posts) == 1
        bench.clock.advance(minutes=10)
        bench.run()
        assert len(bench.net.posts) == 2

    def test_accounts_do_not_wait_for_each_other(self, bench: Bench) -> None:
        """A stuck account keeps no other from sending."""
        bench.accounts = {name: bench.account(name) for name in ("me", "you")}
        bench.lease = timedelta(seconds=0.5)
        stuck = Stuck()
        bench.net.faults = [stuck]
        bench.due("a")
        bench.due("a", account="you")
        bench.run()
        states = {row.account: row.state for row in bench.store.deliveries()}
        assert {"me": State.UNCERTAIN, "you": State.DELIVERED} == states
        stuck.go.set()


class TestLostAnswers:
    """It may be there: look, and look again, before anything is sent."""

    def test_lost_then_found(self, bench: Bench) -> None:
        """A lost answer is looked for, found, and never sent again."""
        bench.net.faults = [Lost()]
        bench.due("a")
        bench.run()
        row = bench.row()
        assert (State.DELIVERED, Reason.FOUND, "1") == (row.state, row.reason, row.receipt and row.receipt.remote_id)
        assert (1, ["uncertain", "found"]) == (len(bench.net.posts), bench.kinds())

    def test_absent_twice_with_grace_is_sent_again(self, bench: Bench) -> None:
        """Certainly absent only after a second look, `grace` after the attempt; then the same words, the same key."""
        bench.net.faults = [Lost("never")]
        bench.due("a")
        bench.run()
        assert (State.UNCERTAIN, 1, 1) == (bench.row().state, bench.row().looks, len(bench.net.sent))
        bench.clock.advance(seconds=GRACE.total_seconds() - 1)
        bench.run()
        assert (State.UNCERTAIN, 1) == (bench.row().state, len(bench.net.sent))
        bench.clock.advance(seconds=1)
        bench.run()
        assert bench.row().state is State.DELIVERED
        first, second = bench.net.sent
        assert first == second
        assert len(bench.net.posts) == 1

    def test_a_late_arrival_is_found_by_the_second_look(self, bench: Bench) -> None:
        """A request that was still travelling at the first look is there at the second."""
        bench.net.faults = [Lost("later")]
        bench.due("a")
        bench.run()
        assert bench.row().state is State.UNCERTAIN
        bench.net.arrive()
        bench.clock.advance(minutes=2)
        bench.run()
        assert (State.DELIVERED, Reason.FOUND, 1) == (bench.row().state, bench.row().reason, len(bench.net.posts))

    def test_a_look_that_fails_is_no_absence(self, bench: Bench) -> None:
        """Unknown is not absent: broken looks count for nothing, however many."""
        bench.net.faults = [Lost("never")]
        bench.due("a")
        for _ in range(5):
            bench.net.blind = [TryLater("503")] if bench.net.sent else []
            bench.run()
            bench.clock.advance(hours=7)
        assert (State.UNCERTAIN, 1) == (bench.row().state, len(bench.net.sent))

    def test_a_look_that_fails_is_repeated_soon(self, bench: Bench) -> None:
        """However often a post was claimed before, the first look that breaks is repeated within a minute."""
        bench.due("a")
        for _ in range(12):
            taken = bench.store.claim("me", "one", bench.clock.now, bench.clock.now + bench.lease)
            assert taken is not None
            bench.store.put_back(taken, bench.clock.now, bench.clock.now, "503", spent=False)
        taken = bench.store.claim("me", "dead", bench.clock.now, bench.clock.now + bench.lease)
        bench.net.blind = [TryLater("503"), TryLater("503"), TryLater("503")]
        courier, waits = bench.courier(), []
        for _ in range(3):
            courier.run()
            waits.append(bench.row().not_before - bench.clock.now)
            bench.clock.advance(seconds=waits[-1].total_seconds())
        assert [timedelta(seconds=22.5), timedelta(seconds=45), timedelta(seconds=90)] == waits

    def test_where_a_repeat_is_harmless_one_look_is_enough(self, bench: Bench) -> None:
        """Under a key of our own an absent announcement is sent again at once, and is there once."""
        bench.accounts = {"me": bench.account("me", guarantee=Guarantee.EXACTLY_ONCE)}
        bench.net.keeps_keys = True
        bench.net.faults = [Lost("later")]
        bench.due("a")
        bench.run()
        bench.net.arrive()
        assert (State.DELIVERED, 1) == (bench.row().state, len(bench.net.posts))

    def test_where_nobody_can_look_a_person_decides(self, bench: Bench) -> None:
        """On a network that cannot be asked, an uncertain row stays until a person settles it."""
        bench.accounts = {"me": bench.account("me", guarantee=Guarantee.ASK)}
        bench.net.faults = [Lost("never")]
        bench.due("a")
        for _ in range(3):
            bench.run()
            bench.clock.advance(days=1)
        assert (State.UNCERTAIN, 1) == (bench.row().state, len(bench.net.sent))

    def test_unless_the_account_says_retry(self, bench: Bench) -> None:
        """`on_uncertain = "retry"` sends again, but not before `grace`."""
        bench.accounts = {"me": bench.account("me", guarantee=Guarantee.ASK, on_uncertain="retry")}
        bench.net.faults = [Lost("never")]
        bench.due("a")
        bench.run()
        assert (State.UNCERTAIN, 1) == (bench.row().state, len(bench.net.sent))
        bench.clock.advance(minutes=2)
        bench.run()
        assert (State.DELIVERED, 2) == (bench.row().state, len(bench.net.sent))

    def test_round_two_is_not_taken_for_round_one(self, bench: Bench) -> None:
        """The receipt of the first round is no proof of the second."""
        bench.due("a")
        bench.run()
        bench.clock.advance(minutes=5)
        bench.net.faults = [Lost("never")]
        bench.due("a", number=2)
        bench.run()
        second = max(bench.store.deliveries(), key=lambda row: row.round)
        assert (2, State.UNCERTAIN) == (second.round, second.state)
        bench.clock.advance(minutes=2)
        bench.run()
        second = max(bench.store.deliveries(), key=lambda row: row.round)
        assert (State.DELIVERED, "2") == (second.state, second.receipt and second.receipt.remote_id)

    def test_round_two_is_found_beside_round_one(self, bench: Bench) -> None:
        """Of two copies the one that no receipt names is the second round's."""
        bench.due("a")
        bench.run()
        bench.clock.advance(minutes=5)
        bench.net.faults = [Lost()]
        bench.due("a", number=2)
        bench.run()
        second = max(bench.store.deliveries(), key=lambda row: row.round)
        assert (Reason.FOUND, "2") == (second.reason, second.receipt and second.receipt.remote_id)


class TestCrashes:
    """Workers that die, hang, or come back late."""

    def test_killed_between_send_and_record(self, bench: Bench) -> None:
        """What a dead worker has sent is found, and not sent again."""
        bench.due("a")
        taken = bench.store.claim("me", "dead", bench.clock.now, bench.clock.now + bench.lease)
        assert taken
        assert taken.announcement
        bench.net.place(taken.announcement)
        bench.run()
        assert (State.DELIVERED, Reason.FOUND, 1) == (bench.row().state, bench.row().reason, len(bench.net.posts))
        assert "expired" in bench.kinds()

    def test_killed_before_the_send(self, bench: Bench) -> None:
        """What a dead worker has not sent goes out once, after two looks."""
        bench.due("a")
        assert bench.store.claim("me", "dead", bench.clock.now, bench.clock.now + bench.lease)
        bench.run()
        assert bench.row().state is State.UNCERTAIN
        bench.clock.advance(minutes=2)
        bench.run()
        assert (State.DELIVERED, 1) == (bench.row().state, len(bench.net.posts))

    def test_another_machines_lease_is_waited_for(self, bench: Bench) -> None:
        """An owner that cannot be asked keeps its row until the lease is over."""
        bench.due("a")
        assert bench.store.claim("me", "elsewhere", bench.clock.now, bench.clock.now + bench.lease)
        bench.run()
        assert bench.row().state is State.SENDING
        bench.clock.advance(minutes=2)
        bench.run()
        assert bench.row().state is State.UNCERTAIN

    def test_a_stuck_step_is_given_up_at_its_deadline(self, bench: Bench) -> None:
        """A publisher that never answers ends as uncertain before the lease is over, and the run ends."""
        stuck = Stuck()
        bench.lease = timedelta(seconds=0.25)
        bench.net.faults = [stuck]
        bench.due("a")
        bench.run()
        assert (State.UNCERTAIN, "no answer within the time it had") == (bench.row().state, bench.row().error)
        stuck.go.set()

    def test_a_late_worker_writes_nothing(self, bench: Bench) -> None:
        """A worker whose lease another has ended loses its answer; the other finds what it sent."""

        class Slow(ModelNetwork):
            def place(slow, announcement):  # type: ignore[no-untyped-def] # noqa: N805
                receipt = ModelNetwork.place(slow, announcement)
                bench.clock.advance(minutes=5)
                other = bench.open()
                other.expire(bench.clock.now, lambda _: False)  # unless the courier's own sweep was faster
                other.close()
                return receipt

        bench.networks["me"] = Slow(bench.clock)
        bench.due("a")
        bench.run()
        assert "lease_lost" in bench.kinds()
        assert (State.DELIVERED, Reason.FOUND, 1) == (bench.row().state, bench.row().reason, len(bench.net.posts))

    def test_a_defect_is_uncertain_and_is_raised(self, bench: Bench) -> None:
        """A publisher that breaks may have sent: its row is looked for, the others go on, and the defect is told."""
        bench.net.faults = [KeyError("oops")]
        bench.due("a", "b")
        with pytest.raises(PublisherDefect) as told:
            bench.run()
        assert isinstance(told.value.__cause__, KeyError)
        rows = bench.rows()
        assert (State.UNCERTAIN, State.DELIVERED) == (rows["a"].state, rows["b"].state)
        assert "KeyError" in (rows["a"].error or "")

    @pytest.mark.parametrize("odd", [Note("odd", {"what": object()}), Receipt((Sent(5, None),), START)])  # type: ignore[arg-type]
    def test_what_cannot_be_kept_is_a_defect(self, bench: Bench, odd: Note | Receipt) -> None:
        """A publisher that has sent, and hands over what no state can hold, is uncertain and holds up nobody."""

        class Odd(ModelNetwork):
            def publish(self, announcement, notes):  # type: ignore[no-untyped-def]
                if announcement.post.id == "a":
                    yield odd
                yield from super().publish(announcement, notes)

        bench.networks["me"] = Odd(bench.clock)
        bench.due("a", "b")
        with pytest.raises(PublisherDefect):
            bench.run()
        rows = bench.rows()
        assert (State.UNCERTAIN, State.DELIVERED) == (rows["a"].state, rows["b"].state)

    def test_no_receipt_is_a_defect(self, bench: Bench) -> None:
        """A publisher that just ends has not said that nothing was sent."""

        class Silent(ModelNetwork):
            def publish(self, announcement, notes):  # type: ignore[no-untyped-def]
                return iter(())

        bench.networks["me"] = Silent(bench.clock)
        bench.due("a")
        with pytest.raises(PublisherDefect) as told:
            bench.run()
        assert isinstance(told.value.__cause__, NoReceipt)
        assert bench.row().state is State.UNCERTAIN


class TestRefusals:
    """Certainly not sent."""

    @pytest.mark.parametrize("error", [Unauthorized("401: token revoked"), CredentialError("no secret")])
    def test_a_refused_login_pauses_once(self, bench: Bench, error: Exception) -> None:
        """The account pauses, is told of once, loses no try, and goes on when it is resumed."""
        bench.net.faults = [error]
        bench.due("a", "b")
        bench.run()
        bench.run()
        assert ["unauthorized"] == [kind for kind in bench.kinds() if kind == "unauthorized"]
        assert [(State.DUE, 0)] * 2 == [(row.state, row.attempts) for row in bench.rows().values()]
        assert len(bench.net.sent) == 1
        bench.store.resume("me")
        bench.run()
        assert [State.DELIVERED] * 2 == [row.state for row in bench.rows().values()]

    def test_try_later_waits_as_long_as_it_was_asked_to(self, bench: Bench) -> None:
        """`Retry-After` is kept to: not before, and then it goes, with the same words."""
        bench.net.faults = [TryLater("429", timedelta(minutes=5))]
        bench.due("a")
        bench.run()
        bench.clock.advance(minutes=5)
        bench.run()
        assert (State.DUE, 1) == (bench.row().state, len(bench.net.sent))
        bench.clock.advance(seconds=1)
        bench.run()
        assert (State.DELIVERED, 2) == (bench.row().state, len(bench.net.sent))
        assert bench.net.sent[0] == bench.net.sent[1]

    def test_what_failed_for_good_stays_failed(self, bench: Bench) -> None:
        """A refused announcement is not sent again by itself."""
        bench.net.faults = [Rejected("422")]
        bench.due("a")
        bench.run()
        bench.clock.advance(days=30)
        bench.run()
        assert (State.FAILED, 1, ["failed"]) == (bench.row().state, len(bench.net.sent), bench.kinds())


class TestFirstLook:
    """Before the first send of a round 1 the timeline is asked: a state may have been lost."""

    def test_an_earlier_announcement_is_found(self, bench: Bench) -> None:
        """With the state gone, what is on the timeline is found, and nothing goes out."""
        bench.net.place(words_for("a"))
        bench.due("a")
        bench.run()
        assert (State.DELIVERED, Reason.FOUND) == (bench.row().state, bench.row().reason)
        assert bench.net.sent == []

    def test_it_is_found_under_an_older_url_of_the_post(self, bench: Bench) -> None:
        """A post announced under a URL it had before is that post."""
        bench.net.place(words_for("old-name"))
        bench.due("a")
        bench.store.remember([known_post("a")], {PostId("a"): [url_name("http://example.com/old-name/")]})
        bench.run()
        assert (State.DELIVERED, Reason.FOUND) == (bench.row().state, bench.row().reason)

    def test_one_look_serves_many(self, bench: Bench) -> None:
        """A batch of posts asks for the timeline once."""
        bench.due("c", "b", "a")
        bench.run()
        assert (3, 1) == (len(bench.net.posts), bench.net.looks)

    def test_a_later_try_looks_again(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        """What had to wait for two hours may stand there by then: another machine, with a state of its own, sent it."""
        bench.net.faults = [TryLater("429", timedelta(hours=2))]
        bench.due("a")
        courier = bench.courier()
        courier.run()
        bench.clock.advance(hours=1)
        (row,) = bench.store.deliveries()
        assert row.announcement
        bench.net.place(row.announcement)
        bench.clock.advance(hours=1, minutes=5)
        monkeypatch.setattr("bot.sights.SIGHT_LIFE", -1.0)  # what was seen two hours ago is forgotten
        courier.run()
        assert (State.DELIVERED, Reason.FOUND) == (bench.row().state, bench.row().reason)
        assert 1 == len(bench.net.posts)

    def test_others_links_are_nobodys_proof(self, bench: Bench) -> None:
        """A post about something else is not taken for ours."""
        bench.net.place(words_for("z"))
        bench.due("a")
        bench.run()
        assert (State.DELIVERED, None, 1) == (bench.row().state, bench.row().reason, len(bench.net.sent))

    @pytest.mark.parametrize("error", [TryLater("503"), Uncertain("time-out")])
    def test_a_timeline_that_cannot_be_read_is_waited_for(self, bench: Bench, error: PublishError) -> None:
        """Without a look nothing is sent: the row waits, and is not uncertain, for nothing went out."""
        bench.net.blind = [error]
        bench.due("a")
        bench.run()
        assert (State.DUE, []) == (bench.row().state, bench.net.sent)

    def test_a_timeline_too_long_to_read_is_no_hindrance(self, bench: Bench) -> None:
        """Where no look can be complete the announcement goes out."""
        bench.net.blind = [TooFar("10,000 posts")]
        bench.due("a")
        bench.run()
        assert bench.row().state is State.DELIVERED

    def test_a_post_of_the_year_one(self, bench: Bench) -> None:
        """A date before all timelines breaks nothing."""
        bench.due("a")
        row = planned("a", published=datetime(1, 1, 1, tzinfo=UTC))
        assert row.announcement
        old = replace(row.announcement, instant=datetime(1, 1, 1, tzinfo=UTC))
        bench.store.enqueue([replace(row, announcement=old)], bench.clock.now)
        bench.run()
        assert bench.row().state is State.DELIVERED


class TestRecheck:
    """Claiming asks again whether the post may go."""

    @pytest.mark.parametrize("reason", [Reason.GONE, Reason.DRAFT, Reason.OPTED_OUT])
    def test_a_withdrawn_post_is_skipped_and_holds_up_nobody(self, bench: Bench, reason: Reason) -> None:
        """What was withdrawn since the plan is not sent; those behind it go in the same run."""
        bench.withdrawn = {"a": reason}
        bench.due("a", "b")
        bench.run()
        rows = bench.rows()
        assert (State.SKIPPED, reason, State.DELIVERED) == (rows["a"].state, rows["a"].reason, rows["b"].state)
        assert len(bench.net.posts) == 1

    def test_a_withdrawn_post_can_come_back(self, bench: Bench) -> None:
        """What comes back is sent with the words it has then."""
        bench.withdrawn = {"a": Reason.DRAFT}
        bench.due("a")
        bench.run()
        bench.withdrawn = {}
        bench.store.enqueue([planned("a", text="Finished")], bench.clock.now)
        bench.run()
        assert ["Finished"] == [post.text for post in bench.net.posts]

    def test_a_source_that_cannot_be_read_is_waited_for(self, bench: Bench) -> None:
        """When the source does not answer nothing goes out, and no try is lost."""
        bench.withdrawn = {"a": SourceError("no such folder")}
        bench.due("a")
        bench.run()
        assert (State.DUE, 0, "no such folder") == (bench.row().state, bench.row().attempts, bench.row().error)
        bench.withdrawn = {}
        bench.clock.advance(minutes=1)
        bench.run()
        assert bench.row().state is State.DELIVERED


def test_a_receipt_in_hand_is_never_overwritten(bench: Bench) -> None:
    """A person who settles a row while it is being sent is not overruled by the worker."""

    class Meddled(ModelNetwork):
        def place(meddled, announcement):  # type: ignore[no-untyped-def] # noqa: N805
            other = bench.open()
            (row,) = other.deliveries()
            receipt = Receipt((Sent("mine", "https://net.example/mine"),), bench.clock.now)
            assert other.settle(row.id, [State.SENDING], State.DELIVERED, bench.clock.now, receipt=receipt)
            other.close()
            return ModelNetwork.place(meddled, announcement)

    bench.networks["me"] = Meddled(bench.clock)
    bench.due("a")
    bench.run()
    assert (State.DELIVERED, "mine") == (bench.row().state, (bench.row().receipt or bench.row()).remote_id)  # type: ignore[union-attr]
