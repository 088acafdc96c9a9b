"""The SQL store, whole; itself it writes the outbox. Each rule is one statement, guarded by state and fence."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from functools import cache
from typing import Any

from bot.errors import LeaseLost
from bot.model import Delivery, DeliveryId, Note, Reason, Receipt, State
from bot.store import codec
from bot.store.dialects import Row
from bot.store.planning import SqlPlanning
from bot.store.reader import RETURNING, delivery

_IN_HAND = "state IN ('sending', 'uncertain')"
_LET_GO = "owner = NULL, lease_until = NULL"
_READY = """
    d.state = 'due' AND d.announcement IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM deliveries b WHERE b.account = :account AND b.state = 'sending')
"""
_SENDING = """
    state = 'sending', reason = NULL, detail = NULL, attempts = attempts + 1, looks = 0, ended_at = NULL,
    sent_at = :now, claimed_at = coalesce(claimed_at, :now)
"""
_DELIVERED = f"""
    state = 'delivered', reason = :reason, receipt = :receipt, remote_id = :remote_id, delivered_at = :now,
    error = NULL, announcement = coalesce(:slim, announcement), {_LET_GO}
"""


class SqlStore(SqlPlanning):
    """A store that is read and written. See `Store` for what each method promises."""

    def claim(
        self, account: str, owner: str, now: datetime, lease_until: datetime, only: Collection[DeliveryId] | None = None
    ) -> Delivery | None:
        """See `Store`."""
        return self._take(_SENDING, _READY, account, owner, now, lease_until, only)

    def claim_look(
        self, account: str, owner: str, now: datetime, lease_until: datetime, only: Collection[DeliveryId] | None = None
    ) -> Delivery | None:
        """See `Store`."""
        free = "d.state = 'uncertain' AND (d.lease_until IS NULL OR d.lease_until <= :now)"
        return self._take("state = 'uncertain'", free, account, owner, now, lease_until, only)

    def _take(
        self,
        change: str,
        condition: str,
        account: str,
        owner: str,
        now: datetime,
        lease_until: datetime,
        only: Collection[DeliveryId] | None,
    ) -> Delivery | None:
        mine = f"AND {self._db.among('d.id', 'only')}" if only is not None else ""
        sql = _taking(change, condition, mine, self._db.skip_locked)
        values = {
            "account": account,
            "owner": owner,
            "now": codec.when(now),
            "lease_until": codec.when(lease_until),
        }
        if only is not None:
            values["only"] = self._db.pack(only)
        try:
            taken = self._db.write(sql, values, shared="claims", alone=f"account {account}")
        except self._db.conflicts:
            return None
        return delivery(taken[0]) if taken else None

    def note(self, delivery: Delivery, note: Note, now: datetime, lease_until: datetime) -> None:
        """See `Store`."""
        notes = codec.encode((*self._notes(delivery), note))
        change = "notes = :notes, lease_until = :lease_until"
        self._write(delivery, _IN_HAND, change, codec.when(now), notes=notes, lease_until=codec.when(lease_until))

    def renew(self, delivery: Delivery, now: datetime, lease_until: datetime) -> None:
        """See `Store`."""
        change = "lease_until = :lease_until"
        self._write(delivery, _IN_HAND, change, codec.when(now), lease_until=codec.when(lease_until))

    def _notes(self, delivery: Delivery) -> tuple[Note, ...]:
        rows = self._rows("SELECT notes FROM deliveries WHERE id = :id", id=delivery.id)
        return codec.notes(rows[0]["notes"])

    def delivered(self, delivery: Delivery, receipt: Receipt, now: datetime, reason: Reason | None = None) -> None:
        """See `Store`."""
        self._write(
            delivery,
            _IN_HAND,
            _DELIVERED,
            codec.when(now),
            reason=reason,
            receipt=codec.encode(receipt),
            remote_id=receipt.remote_id,
            slim=codec.without_pictures(delivery.announcement),
        )

    def put_back(self, delivery: Delivery, now: datetime, not_before: datetime, error: str | None, spent: bool) -> None:
        """See `Store`."""
        change = f"state = 'due', not_before = :not_before, error = :error, attempts = :attempts, {_LET_GO}"
        self._write(
            delivery,
            _IN_HAND,
            change,
            codec.when(now),
            not_before=codec.when(not_before),
            error=error,
            attempts=delivery.attempts if spent else delivery.attempts - 1,
        )

    def uncertain(self, delivery: Delivery, now: datetime, not_before: datetime, error: str) -> None:
        """See `Store`."""
        change = f"""
            state = 'uncertain', not_before = :not_before, ended_at = :now, looks = 0, error = :error, {_LET_GO}
        """
        self._write(
            delivery, "state = 'sending'", change, codec.when(now), not_before=codec.when(not_before), error=error
        )

    def looked(
        self, delivery: Delivery, now: datetime, not_before: datetime, error: str | None, complete: bool
    ) -> None:
        """See `Store`."""
        change = f"looks = :looks, not_before = :not_before, error = :error, {_LET_GO}"
        self._write(
            delivery,
            "state = 'uncertain'",
            change,
            codec.when(now),
            looks=delivery.looks + complete,
            not_before=codec.when(not_before),
            error=error or delivery.error,
        )

    def failed(self, delivery: Delivery, now: datetime, error: str) -> None:
        """See `Store`."""
        change = f"state = 'failed', error = :error, {_LET_GO}"
        self._write(delivery, _IN_HAND, change, codec.when(now), error=error)

    def _write(self, delivery: Delivery, condition: str, change: str, now: str, **values: Any) -> None:
        """Change a row that is still this worker's: the same fence, and in a state that `condition` names."""
        values |= {"id": delivery.id, "fence": delivery.fence, "now": now}
        if not self._db.write(_writing(change, condition), values):
            raise LeaseLost(f"delivery {delivery.id} was taken over by another worker")

    def expire(self, now: datetime, is_dead: Callable[[str], bool]) -> list[Delivery]:
        """See `Store`."""
        held = "lease_until IS NOT NULL AND state IN ('sending', 'uncertain')"
        sql = f"""
            UPDATE deliveries SET state = 'uncertain', fence = fence + 1, owner = NULL, lease_until = NULL,
                ended_at = coalesce(ended_at, :now), not_before = :now, updated_at = :now,
                error = coalesce(error, 'the worker that was sending it is gone')
            WHERE id = :id AND fence = :fence AND {held} {RETURNING}
        """
        expired: list[Row] = []
        for row in self._rows(f"SELECT id, fence, owner, lease_until, updated_at FROM deliveries WHERE {held}"):
            if _is_over(codec.instant(row["updated_at"]), codec.instant(row["lease_until"]), now) or is_dead(
                row["owner"]
            ):
                expired += self._rows(sql, id=row["id"], fence=row["fence"], now=codec.when(now))
        return [delivery(row) for row in expired]

    def settle(
        self,
        number: DeliveryId,
        expected: Collection[State],
        state: State,
        now: datetime,
        *,
        reason: Reason | None = None,
        detail: str | None = None,
        receipt: Receipt | None = None,
        released: bool | None = None,
        renew_words: bool = False,
    ) -> bool:
        """See `Store`."""
        columns: dict[str, Any] = {"state": state, "reason": reason, "detail": detail, "not_before": codec.when(now)}
        if receipt is not None:
            columns |= {"receipt": codec.encode(receipt), "remote_id": receipt.remote_id, "error": None}
        if state is State.DELIVERED:
            columns["delivered_at"] = codec.when(now)
        if state is State.DUE:
            columns |= {"attempts": 0, "error": None}
        if released is not None:
            columns["released"] = int(released)
        if renew_words and not self._is_half_sent(number):
            columns |= {"claimed_at": None, "notes": "[]"}
            if state is State.DUE:
                columns["released"] = 1
        sql = f"""
            UPDATE deliveries SET {", ".join(f"{name} = :{name}" for name in columns)}, fence = fence + 1,
                owner = NULL, lease_until = NULL, updated_at = :now
            WHERE id = :id AND {self._db.among("state", "expected")} RETURNING id
        """
        values = {"id": number, "now": codec.when(now), "expected": self._db.pack(expected), **columns}
        return bool(self._db.write(sql, values, shared="claims"))

    def _is_half_sent(self, number: DeliveryId) -> bool:
        rows = self._rows("SELECT notes FROM deliveries WHERE id = :id", id=number)
        return any(note.kind == "part" for row in rows for note in codec.notes(row["notes"]))


@cache
def _taking(change: str, condition: str, mine: str, skip_locked: str) -> str:
    return f"""
        UPDATE deliveries SET {change}, fence = fence + 1, owner = :owner, lease_until = :lease_until,
            updated_at = :now
        WHERE id = (
            SELECT d.id FROM deliveries d
            WHERE d.account = :account AND d.not_before <= :now AND {condition} {mine}
            ORDER BY d.sort_key, d.id LIMIT 1 {skip_locked}
        )
        {RETURNING}
    """


@cache
def _writing(change: str, condition: str) -> str:
    return f"""
        UPDATE deliveries SET {change}, updated_at = :now
        WHERE id = :id AND fence = :fence AND {condition} RETURNING id
    """


def _is_over(began: datetime, until: datetime, now: datetime) -> bool:
    """Whether a lease is over: its end has come, or its beginning lies further ahead than it is long.

    Then the clock was put back meanwhile, and waiting for the end could take hours.
    """
    return until <= now or began - now > until - began
