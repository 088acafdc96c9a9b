"""Who may send, what and when; what a late worker may not; what came of it."""
# ruff: noqa: S101 - assertions are what a test suite is made of

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from msgspec.structs import replace

from bot.model import Delivery, DeliveryId, Note, PostId, Reason, Receipt, Sent, State
from bot.store.base import Store
from bot.testing_store.making import LEASE, NOW, SECOND, Hooks, known_post, loses, nobody, planned, receipt_of


class Claiming(Hooks):
    """Who may send, what, and when."""

    def test_oldest_first(self) -> None:
        """The oldest post goes first, whenever its row was made."""
        store = self.filled("b", "c")
        store.remember([known_post("a", published=NOW - LEASE)], {})
        store.enqueue([planned("a", published=NOW - LEASE)], NOW + SECOND)
        order = []
        while taken := store.claim("me", "one", NOW + SECOND, NOW + LEASE):
            order.append(taken.post.id)
            store.delivered(taken, receipt_of(str(taken.id)), NOW)
        assert order == ["a", "b", "c"]

    def test_one_in_flight_per_account(self) -> None:
        """While one is being sent nobody claims another on that account; on others they may."""
        store = self.filled("a", "b")
        store.enqueue([planned("a", "you")], NOW)
        self.claim(store)
        assert store.claim("me", "one", NOW, NOW + LEASE) is None
        assert self.open_store().claim("me", "two", NOW, NOW + LEASE) is None
        self.claim(self.open_store(), "you", owner="two")

    def test_waiting_held_and_uncertain_rows_are_overtaken(self) -> None:
        """One bad post never holds up the rest."""
        store = self.filled("wait", "held", "uncertain", "next")
        rows = {row.post.id: row.id for row in store.deliveries()}
        store.put_back(self.claim(store), NOW, NOW + LEASE, "503", spent=True)
        store.settle(rows[PostId("held")], [State.DUE], State.HELD, NOW, reason=Reason.APPROVE)
        store.uncertain(self.claim(store), NOW, NOW, "reset")
        assert self.claim(store).post.id == "next"

    def test_a_row_waits_for_its_time(self) -> None:
        """A row is not claimed before its instant, and the store tells the earliest one."""
        store = self.filled("a")
        store.put_back(self.claim(store), NOW, NOW + LEASE, "503", spent=True)
        assert store.claim("me", "one", NOW + LEASE - SECOND, NOW + 2 * LEASE) is None
        assert store.next_time(NOW) == NOW + LEASE
        self.claim(store, now=NOW + LEASE)

    def test_the_accounts_that_have_something_due(self) -> None:
        """Those with a row whose instant has come, each once; not those whose rows wait, are held or are over."""
        store = self.open_store()
        assert store.due_accounts(NOW) == frozenset()
        store.remember([known_post("a"), known_post("b")], {})
        rows = [planned(post, account) for post in ("a", "b") for account in ("me", "you", "later", "sent")]
        store.enqueue([*rows, planned("a", "held", state=State.HELD, reason=Reason.BURST)], NOW)
        for _ in range(2):
            store.put_back(self.claim(store, "later"), NOW, NOW + LEASE, "503", spent=True)
            store.delivered(self.claim(store, "sent"), receipt_of("1"), NOW)
        assert store.due_accounts(NOW) == {"me", "you"}
        assert store.due_accounts(NOW + LEASE) == {"me", "you", "later"}

    def test_only_these(self) -> None:
        """With a choice of rows nothing else is claimed."""
        store = self.filled("a", "b")
        rows = {row.post.id: row.id for row in store.deliveries()}
        taken = store.claim("me", "one", NOW, NOW + LEASE, [rows[PostId("b")]])
        assert taken is not None
        assert taken.post.id == "b"
        store.delivered(taken, receipt_of("1"), NOW)
        assert store.claim("me", "one", NOW, NOW + LEASE, []) is None

    def test_a_row_without_words_is_never_claimed(self) -> None:
        """Nothing to say, nothing to send."""
        store = self.open_store()
        store.remember([known_post("a")], {})
        store.enqueue([replace(planned("a"), announcement=None)], NOW)
        assert store.claim("me", "one", NOW, NOW + LEASE) is None

    def test_attempts_count_sends_that_were_spent(self) -> None:
        """A claim is a try; it is given back when it did not count."""
        store = self.filled("a")
        store.put_back(self.claim(store), NOW, NOW, "503", spent=True)
        assert self.only(store).attempts == 1
        store.put_back(self.claim(store), NOW, NOW, "401", spent=False)
        assert self.only(store).attempts == 1

    def test_the_fence_rises_at_every_claim_and_never_resets(self) -> None:
        """Sends and looks raise it, and so does a person's word."""
        store = self.filled("a")
        fences = [self.only(store).fence]
        taken = self.claim(store)
        fences.append(taken.fence)
        store.uncertain(taken, NOW, NOW, "reset")
        look = store.claim_look("me", "one", NOW, NOW + LEASE)
        assert look is not None
        fences.append(look.fence)
        store.put_back(look, NOW, NOW, None, spent=True)
        fences.append(self.claim(store).fence)
        store.settle(look.id, [State.SENDING], State.DUE, NOW, renew_words=True)
        fences.append(self.only(store).fence)
        assert sorted(set(fences)) == fences

    def test_a_look_is_claimed_by_one(self) -> None:
        """An uncertain row in somebody's hands is nobody else's until the lease is over."""
        store = self.filled("a")
        store.uncertain(self.claim(store), NOW, NOW, "reset")
        assert store.claim_look("me", "one", NOW, NOW + LEASE) is not None
        assert self.open_store().claim_look("me", "two", NOW, NOW + LEASE) is None
        assert self.open_store().claim_look("me", "two", NOW + LEASE, NOW + 2 * LEASE) is not None

    def test_looks_are_counted_since_the_last_send(self) -> None:
        """Complete looks count, broken ones do not, and a new send begins anew."""
        store = self.filled("a")
        store.uncertain(self.claim(store), NOW, NOW, "reset")
        for complete in (True, False, True):
            look = store.claim_look("me", "one", NOW, NOW + LEASE)
            assert look is not None
            store.looked(look, NOW, NOW, "500" if not complete else None, complete=complete)
        assert (self.only(store).looks, self.only(store).state, self.only(store).error) == (2, State.UNCERTAIN, "500")
        look = store.claim_look("me", "one", NOW, NOW + LEASE)
        assert look is not None
        store.put_back(look, NOW, NOW, None, spent=True)
        again = self.claim(store)
        assert (again.looks, again.attempts, again.ended_at) == (0, 2, None)


class Fencing(Hooks):
    """A late worker writes nothing."""

    def late(self) -> tuple[Store, Delivery]:
        """Return the store, and a row that its worker has lost to another one."""
        store = self.filled("a")
        late = self.claim(store)
        (expired,) = store.expire(NOW + LEASE, nobody)
        assert expired.state is State.UNCERTAIN
        return store, late

    def test_no_write_of_a_late_worker_counts(self) -> None:
        """Each write that a worker can make raises `LeaseLost` and changes nothing, once another was there."""
        store, late = self.late()
        look = store.claim_look("me", "two", NOW + LEASE, NOW + 2 * LEASE)
        assert look is not None
        before = self.only(store)
        for name, write in self.writes(store, late).items():
            assert loses(write), name
            assert before == self.only(store), name
        store.delivered(look, receipt_of("1"), NOW)
        for name, write in self.writes(store, late).items():
            assert loses(write), name
        assert self.only(store).state is State.DELIVERED

    def writes(self, store: Store, late: Delivery) -> dict[str, Callable[[], None]]:
        """Return every write by its name."""
        return {
            "note": lambda: store.note(late, Note("media", {"id": 1}), NOW, NOW + LEASE),
            "renew": lambda: store.renew(late, NOW, NOW + LEASE),
            "delivered": lambda: store.delivered(late, receipt_of("9"), NOW),
            "put_back": lambda: store.put_back(late, NOW, NOW, None, spent=True),
            "uncertain": lambda: store.uncertain(late, NOW, NOW, "reset"),
            "looked": lambda: store.looked(late, NOW, NOW, None, complete=True),
            "failed": lambda: store.failed(late, NOW, "refused"),
        }

    def test_a_persons_word_makes_the_worker_late(self) -> None:
        """What a person settles while it is being sent is the person's."""
        store = self.filled("a")
        taken = self.claim(store)
        assert store.settle(taken.id, [State.SENDING], State.SKIPPED, NOW, reason=Reason.PERSON)
        assert loses(lambda: store.delivered(taken, receipt_of("1"), NOW))

    def test_notes_survive_the_worker(self) -> None:
        """What a publish has noted is there for the next worker, in order; each note renews the lease."""
        store = self.filled("a")
        taken = self.claim(store)
        notes = [Note("media", {"id": "7", "size": [1, 2]}), Note("part", {"id": "8"})]
        for n, note in enumerate(notes, 1):
            store.note(taken, note, NOW, NOW + LEASE + n * SECOND)
        assert self.only(store).lease_until == NOW + LEASE + 2 * SECOND
        store.expire(NOW + 2 * LEASE, nobody)
        look = self.open_store().claim_look("me", "two", NOW + 2 * LEASE, NOW + 3 * LEASE)
        assert look is not None
        assert tuple(notes) == look.notes

    def test_an_expired_lease_is_uncertain_never_due(self) -> None:
        """The dead worker may have posted: its row waits for a look, and nobody sends it."""
        store, _ = self.late()
        row = self.only(store)
        assert (row.state, row.ended_at, row.lease_until, row.owner) == (State.UNCERTAIN, NOW + LEASE, None, None)
        assert store.claim("me", "two", NOW + LEASE, NOW + 2 * LEASE) is None

    def test_a_lease_that_runs_is_left_alone(self) -> None:
        """Before its end a lease is its owner's."""
        store = self.filled("a")
        taken = self.claim(store)
        assert store.expire(NOW + LEASE - SECOND, nobody) == []
        store.delivered(taken, receipt_of("1"), NOW)

    def test_a_lease_from_the_future_is_over(self) -> None:
        """The clock was put back by hours: nobody waits for them to pass again, but a small correction is none."""
        store = self.filled("a")
        self.claim(store)
        assert store.expire(NOW - LEASE, nobody) == []
        (row,) = store.expire(NOW - LEASE - SECOND, nobody)
        assert row.state is State.UNCERTAIN

    def test_a_dead_owner_expires_at_once(self) -> None:
        """A worker known to be dead need not be waited for; others keep theirs."""
        store = self.filled("a")
        store.enqueue([planned("a", "you")], NOW)
        self.claim(store, owner="dead")
        self.claim(store, "you", owner="alive")
        expired = store.expire(NOW, lambda owner: owner == "dead")
        assert [row.account for row in expired] == ["me"]

    def test_a_renewed_lease_lives_on(self) -> None:
        """Renewing moves the end of the lease."""
        store = self.filled("a")
        store.renew(self.claim(store), NOW, NOW + 3 * LEASE)
        assert store.expire(NOW + 2 * LEASE, nobody) == []


class Settling(Hooks):
    """What came of a row, and what a person says."""

    def test_a_receipt_is_kept_whole(self) -> None:
        """Every part, its link and the instant come back; the pictures need not."""
        store = self.filled("a")
        receipt = Receipt((Sent("1", "https://net.example/1"), Sent("2", None)), NOW)
        store.delivered(self.claim(store), receipt, NOW + SECOND, Reason.FOUND)
        row = self.only(self.open_store())
        assert (receipt, Reason.FOUND, None, None) == (row.receipt, row.reason, row.owner, row.lease_until)
        assert store.sent_since("me", NOW) == [NOW + SECOND]
        assert store.sent_since("me", NOW + SECOND) == []
        assert {"1"} == store.receipts_of("me", ["1", "3"])
        assert store.receipts_of("you", ["1"]) == frozenset()

    def test_a_person_moves_only_what_is_where_it_was_seen(self) -> None:
        """A row that has moved on meanwhile is not moved back."""
        store = self.filled("a")
        row = self.only(store)
        self.claim(store)
        assert not store.settle(row.id, [State.DUE, State.HELD], State.SKIPPED, NOW, reason=Reason.PERSON)
        assert self.only(store).state is State.SENDING

    def test_what_is_spent_is_what_was_sent(self) -> None:
        """Sent, on its way or in doubt, it counts from when it was sent; refused or by hand, it does not."""
        store = self.open_store()
        store.remember([known_post(name) for name in "abcdef"], {})
        rows = [planned(name) for name in "abcdef"]
        store.enqueue(
            [replace(row, announcement=row.announcement and replace(row.announcement, cost=0.2)) for row in rows], NOW
        )
        store.delivered(self.claim(store), receipt_of("1"), NOW)
        store.uncertain(self.claim(store), NOW, NOW, "lost")
        store.failed(self.claim(store), NOW, "refused")
        store.put_back(self.claim(store), NOW, NOW + timedelta(days=1), "503", spent=True)
        by_hand = next(row for row in store.deliveries() if row.post.slug == "e")
        store.settle(by_hand.id, [State.DUE], State.DELIVERED, NOW, receipt=receipt_of("5"))
        assert abs(store.spent_since("me", NOW) - 0.6) < 1e-9
        assert store.spent_since("me", NOW + SECOND) == 0
        assert store.spent_since("you", NOW) == 0

    def test_a_person_says_it_was_sent(self) -> None:
        """A receipt by a person's word is a receipt."""
        store = self.filled("a")
        store.uncertain(self.claim(store), NOW, NOW, "reset")
        row = self.only(store)
        assert store.settle(row.id, [State.UNCERTAIN], State.DELIVERED, NOW, receipt=receipt_of("5"))
        assert (State.DELIVERED, receipt_of("5"), None) == (
            self.only(store).state,
            self.only(store).receipt,
            self.only(store).error,
        )
        assert {"5"} == store.receipts_of("me", ["5"])

    def test_a_failed_row_is_tried_again_with_new_words(self) -> None:
        """A person's retry begins anew: tries, notes and words."""
        store = self.filled("a")
        taken = self.claim(store)
        store.note(taken, Note("media", {}), NOW, NOW + LEASE)
        store.failed(taken, NOW, "too long")
        assert store.settle(taken.id, [State.FAILED], State.DUE, NOW, renew_words=True)
        store.enqueue([planned("a", text="Shorter")], NOW + SECOND)
        again = self.claim(store, now=NOW + SECOND)
        assert again.announcement is not None
        assert (again.announcement.text, again.attempts, again.notes, again.error) == ("Shorter", 1, (), None)

    def test_a_withdrawn_row_may_come_back(self) -> None:
        """A row withdrawn before anything was sent takes the words it has when it comes back; it is not released."""
        store = self.filled("a")
        taken = self.claim(store)
        store.put_back(taken, NOW, NOW, None, spent=False)
        store.settle(taken.id, [State.DUE], State.SKIPPED, NOW, reason=Reason.DRAFT, renew_words=True)
        assert not store.standings([PostId("a")])[PostId("a"), "me"].released
        store.enqueue([planned("a", text="Finished")], NOW + SECOND)
        words = self.claim(store, now=NOW + SECOND).announcement
        assert words is not None
        assert words.text == "Finished"

    def test_rows_by_state_and_post(self) -> None:
        """Rows are listed oldest post first, and found by number."""
        store = self.filled("a", "b", "c")
        store.failed(self.claim(store), NOW, "refused")
        assert [row.post.id for row in store.deliveries(states=[State.DUE])] == ["b", "c"]
        assert [row.post.id for row in store.deliveries(post=PostId("a"))] == ["a"]
        row = self.only_failed(store)
        assert row == store.delivery(row.id)
        assert store.delivery(DeliveryId(999)) is None

    def only_failed(self, store: Store) -> Delivery:
        """Return the one failed row."""
        (row,) = store.deliveries(states=[State.FAILED])
        return row
