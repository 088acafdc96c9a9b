"""The reading half of the SQL store: all that a preview is given."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from bot.model import Delivery, DeliveryId, PostId, PostRef, Reason, State
from bot.store import codec
from bot.store.base import AccountHealth, KnownPost, SourceHealth, Standing, Waiting
from bot.store.dialects import Dialect, Row

_COLUMNS = (
    "id", "post", "account", "round", "state", "reason", "detail", "announcement", "notes", "receipt", "fence",
    "attempts", "looks", "not_before", "claimed_at", "sent_at", "ended_at", "lease_until", "owner", "error",
    "created_at", "updated_at",
)  # fmt: skip
_STATES = {str(state): state for state in State}
_OF_POST = ("slug", "title", "url", "published")
DELIVERY = (
    f"SELECT {', '.join(f'd.{name}' for name in _COLUMNS)}, {', '.join(f'p.{name}' for name in _OF_POST)}"
    " FROM deliveries d JOIN posts p ON p.id = d.post"
)
RETURNING = f"RETURNING {', '.join(_COLUMNS)}"  # of a row in hand: its words know their post


def known_post(row: Row) -> KnownPost:
    """A row of `posts`."""
    return KnownPost(
        id=PostId(row["id"]),
        source=row["source"],
        source_id=row["source_id"],
        slug=row["slug"],
        url=row["url"],
        title=row["title"],
        published=codec.instant_or_none(row["published"]),
        has_time=bool(row["has_time"]),
        text_hash=row["text_hash"],
        stamp=row["stamp"],
        first_seen=codec.instant(row["first_seen"]),
        first_public=codec.instant_or_none(row["first_public"]),
        changed_at=codec.instant(row["changed_at"]),
        gone_at=codec.instant_or_none(row["gone_at"]),
        doubt=row["doubt"],
    )


def delivery(row: Row) -> Delivery:
    """A row of `DELIVERY` or `RETURNING`. The words' `created_at` is the first claim.

    By place, not by name: a sqlite3.Row goes through all its columns for each name. Every announcement pays for this.
    """
    values: Iterable[Any] = row.values() if isinstance(row, dict) else row
    (
        number, post, account, round_, state, reason, detail, words, notes, receipt, fence, attempts, looks, not_before,
        claimed, sent, ended, lease, owner, error, created, updated, *of_post,
    ) = values  # fmt: skip
    read = datetime.fromisoformat
    claimed_at = read(claimed) if claimed else None
    announcement = codec.announcement(words, claimed_at)
    return Delivery(
        id=DeliveryId(number),
        post=announcement.post if announcement and not of_post else _post_ref(post, *of_post),
        account=account,
        round=round_,
        state=_STATES[state],
        reason=Reason(reason) if reason else None,
        detail=detail,
        announcement=announcement,
        notes=codec.notes(notes),
        receipt=codec.receipt(receipt) if receipt else None,
        fence=fence,
        attempts=attempts,
        looks=looks,
        not_before=read(not_before),
        claimed_at=claimed_at,
        sent_at=read(sent) if sent else None,
        ended_at=read(ended) if ended else None,
        lease_until=read(lease) if lease else None,
        owner=owner,
        error=error,
        created_at=read(created),
        updated_at=read(updated),
    )


def _post_ref(
    post: str, slug: str = "", title: str = "", url: str | None = None, published: str | None = None
) -> PostRef:
    return PostRef(PostId(post), slug, title, url or "", codec.instant_or_none(published))


class SqlReader:
    """A store that is only read. See `ReadOnlyStore` for what each method promises."""

    def __init__(self, dialect: Dialect) -> None:
        self._db = dialect

    def _rows(self, sql: str, **values: Any) -> list[Row]:
        return self._db.rows(sql, values)

    def stamps(self, source: str) -> dict[str, str]:
        """See `ReadOnlyStore`."""
        sql = "SELECT source_id, stamp FROM posts WHERE source = :source AND gone_at IS NULL"
        return {row["source_id"]: row["stamp"] for row in self._rows(sql, source=source)}

    def unsettled(self, source: str, accounts: Collection[str]) -> dict[str, Waiting]:
        """See `ReadOnlyStore`."""
        waits = "d.claimed_at IS NULL AND d.state IN ('due', 'held')"
        returns = "d.state = 'skipped' AND d.reason IN ('gone', 'draft', 'opted_out')"
        sql = f"""
            SELECT p.source_id, sum(CASE WHEN {waits} OR {returns} THEN 1 ELSE 0 END) AS waiting,
                max(CASE WHEN {waits} OR {returns} THEN d.updated_at END) AS at,
                sum(CASE WHEN {waits} OR {returns} THEN d.fence ELSE 0 END) AS fences
            FROM posts p
            LEFT JOIN deliveries d ON d.post = p.id AND {self._db.among("d.account", "accounts")}
            WHERE p.source = :source AND p.gone_at IS NULL
            GROUP BY p.id, p.source_id
            HAVING count(DISTINCT d.account) < :wanted
                OR sum(CASE WHEN {waits} OR {returns} THEN 1 ELSE 0 END) > 0
        """
        packed = self._db.pack(accounts)
        rows = self._rows(sql, source=source, accounts=packed, wanted=len(set(accounts)))
        return {
            row["source_id"]: Waiting(int(row["waiting"]), codec.instant_or_none(row["at"]), int(row["fences"]))
            for row in rows
        }

    def aliases(self, names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], PostId]:
        """See `ReadOnlyStore`."""
        by_kind: dict[str, set[str]] = {}
        for kind, value in names:
            by_kind.setdefault(kind, set()).add(value)
        sql = f"SELECT value, post FROM aliases WHERE kind = :kind AND {self._db.among('value', 'found')}"
        return {
            (kind, row["value"]): PostId(row["post"])
            for kind, found in by_kind.items()
            for row in self._rows(sql, kind=kind, found=self._db.pack(found))
        }

    def aliases_of(self, post: PostId) -> list[tuple[str, str]]:
        """See `ReadOnlyStore`."""
        rows = self._rows("SELECT kind, value FROM aliases WHERE post = :post ORDER BY kind, value", post=post)
        return [(row["kind"], row["value"]) for row in rows]

    def all_aliases(self, kind: str) -> dict[PostId, set[str]]:
        """See `ReadOnlyStore`."""
        found: dict[PostId, set[str]] = {}
        for row in self._rows("SELECT post, value FROM aliases WHERE kind = :kind", kind=kind):
            found.setdefault(PostId(row["post"]), set()).add(row["value"])
        return found

    def posts(self, ids: Iterable[PostId]) -> dict[PostId, KnownPost]:
        """See `ReadOnlyStore`."""
        rows = self._rows(f"SELECT * FROM posts WHERE {self._db.among('id', 'ids')}", ids=self._db.pack(set(ids)))
        return {PostId(row["id"]): known_post(row) for row in rows}

    def posts_at(self, source: str, source_ids: Iterable[str]) -> list[KnownPost]:
        """See `ReadOnlyStore`."""
        sql = f"SELECT * FROM posts WHERE source = :source AND {self._db.among('source_id', 'ids')}"
        return [known_post(row) for row in self._rows(sql, source=source, ids=self._db.pack(set(source_ids)))]

    def gone_before(self, source: str) -> list[KnownPost]:
        """See `ReadOnlyStore`."""
        sql = "SELECT * FROM posts WHERE source = :source AND gone_at IS NOT NULL"
        return [known_post(row) for row in self._rows(sql, source=source)]

    def all_posts(self) -> list[KnownPost]:
        """See `ReadOnlyStore`."""
        return [known_post(row) for row in self._rows("SELECT * FROM posts ORDER BY published DESC NULLS LAST, id")]

    def standings(self, posts: Iterable[PostId]) -> dict[tuple[PostId, str], Standing]:
        """See `ReadOnlyStore`."""
        sql = f"""
            SELECT id, post, account, round, state, reason, detail, receipt, claimed_at, released, not_before,
                created_at
            FROM deliveries WHERE {self._db.among("post", "ids")} ORDER BY round
        """
        return {
            (PostId(row["post"]), row["account"]): Standing(
                id=DeliveryId(row["id"]),
                post=PostId(row["post"]),
                account=row["account"],
                round=row["round"],
                state=State(row["state"]),
                reason=Reason(row["reason"]) if row["reason"] else None,
                detail=row["detail"],
                url=receipt.url if (receipt := codec.receipt(row["receipt"])) else None,
                claimed=row["claimed_at"] is not None,
                released=bool(row["released"]),
                not_before=codec.instant(row["not_before"]),
                created_at=codec.instant(row["created_at"]),
            )
            for row in self._rows(sql, ids=self._db.pack(set(posts)))
        }

    def baselines(self) -> dict[tuple[str, str], datetime]:
        """See `ReadOnlyStore`."""
        rows = self._rows("SELECT source, account, at FROM baselines")
        return {(row["source"], row["account"]): codec.instant(row["at"]) for row in rows}

    def memo(self, source: str) -> dict[str, str]:
        """See `ReadOnlyStore`."""
        rows = self._rows("SELECT memo FROM sources WHERE name = :name", name=source)
        return codec.texts(rows[0]["memo"]) if rows else {}

    def source_health(self) -> dict[str, SourceHealth]:
        """See `ReadOnlyStore`."""
        return {
            row["name"]: SourceHealth(
                name=row["name"],
                scanned_at=codec.instant_or_none(row["scanned_at"]),
                failed_at=codec.instant_or_none(row["failed_at"]),
                error=row["error"],
            )
            for row in self._rows("SELECT * FROM sources ORDER BY name")
        }

    def account_health(self) -> dict[str, AccountHealth]:
        """See `ReadOnlyStore`."""
        return {
            row["name"]: AccountHealth(
                name=row["name"],
                paused_at=codec.instant_or_none(row["paused_at"]),
                paused_reason=row["paused_reason"],
                paused_secret=row["paused_secret"],
                limits=codec.numbers(row["limits"]),
                limits_at=codec.instant_or_none(row["limits_at"]),
            )
            for row in self._rows("SELECT * FROM accounts ORDER BY name")
        }

    def deliveries(
        self, *, states: Collection[State] = (), post: PostId | None = None, newest: int | None = None
    ) -> list[Delivery]:
        """See `ReadOnlyStore`."""
        conditions = [f"d.state IN ({', '.join(repr(str(state)) for state in states)})"] if states else []
        if post is not None:
            conditions.append("d.post = :post")
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        order = " ORDER BY d.delivered_at DESC, d.id DESC LIMIT :newest" if newest else " ORDER BY d.sort_key, d.id"
        return [delivery(row) for row in self._rows(DELIVERY + where + order, post=post, newest=newest)]

    def delivery(self, number: DeliveryId) -> Delivery | None:
        """See `ReadOnlyStore`."""
        rows = self._rows(f"{DELIVERY} WHERE d.id = :id", id=number)
        return delivery(rows[0]) if rows else None

    def sent_since(self, account: str, since: datetime) -> list[datetime]:
        """See `ReadOnlyStore`."""
        sql = """
            SELECT delivered_at FROM deliveries
            WHERE state = 'delivered' AND account = :account AND delivered_at > :since ORDER BY delivered_at
        """
        return [codec.instant(row["delivered_at"]) for row in self._rows(sql, account=account, since=codec.when(since))]

    def spent_since(self, account: str, since: datetime) -> float:
        """See `ReadOnlyStore`."""
        sql = """
            SELECT announcement FROM deliveries
            WHERE account = :account AND sent_at >= :since AND announcement IS NOT NULL
                AND state IN ('due', 'sending', 'uncertain', 'delivered')
        """
        rows = self._rows(sql, account=account, since=codec.when(since))
        return sum((words.cost or 0.0) for row in rows if (words := codec.announcement(row["announcement"])))

    def receipts_of(self, account: str, remote_ids: Collection[str]) -> frozenset[str]:
        """See `ReadOnlyStore`."""
        sql = f"SELECT remote_id FROM deliveries WHERE account = :account AND {self._db.among('remote_id', 'ids')}"
        rows = self._rows(sql, account=account, ids=self._db.pack(remote_ids))
        return frozenset(row["remote_id"] for row in rows)

    def next_time(self, after: datetime) -> datetime | None:
        """See `ReadOnlyStore`."""
        sql = "SELECT min(not_before) AS at FROM deliveries WHERE state IN ('due', 'uncertain') AND not_before > :after"
        return codec.instant_or_none(self._rows(sql, after=codec.when(after))[0]["at"])

    def due_accounts(self, now: datetime) -> frozenset[str]:
        """See `ReadOnlyStore`. From account to account by the index: a backlog is not gone through."""
        sql = """
            SELECT account FROM (
                WITH RECURSIVE found (account) AS (
                    SELECT min(account) FROM deliveries WHERE state = 'due'
                    UNION ALL
                    SELECT (SELECT min(d.account) FROM deliveries d WHERE d.state = 'due' AND d.account > found.account)
                    FROM found WHERE found.account IS NOT NULL
                )
                SELECT account FROM found WHERE account IS NOT NULL
            ) waiting WHERE EXISTS (
                SELECT 1 FROM deliveries d
                WHERE d.state = 'due' AND d.account = waiting.account AND d.not_before <= :now
            )
        """
        return frozenset(row["account"] for row in self._rows(sql, now=codec.when(now)))

    def untold(self, troubles: Collection[str]) -> frozenset[str]:
        """See `ReadOnlyStore`."""
        sql = f"SELECT trouble FROM told WHERE {self._db.among('trouble', 'troubles')}"
        told = {row["trouble"] for row in self._rows(sql, troubles=self._db.pack(troubles))}
        return frozenset(trouble for trouble in troubles if trouble not in told)

    def close(self) -> None:
        """See `ReadOnlyStore`."""
        self._db.close()
