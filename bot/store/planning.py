"""What a scan and its plan write: posts, their names, planned rows; and what is known of sources and accounts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

from bot.model import DeliveryId, PostId
from bot.store import codec
from bot.store.base import Enqueue, KnownPost
from bot.store.dialects import Row
from bot.store.reader import SqlReader


class SqlPlanning(SqlReader):
    """The half of `Store` that planning writes. See there for what each method promises."""

    def now(self) -> datetime | None:
        """See `Store`."""
        return self._db.now()

    def planning(self, *, wait: bool = True) -> AbstractContextManager[None]:
        """See `Store`."""
        lock: AbstractContextManager[None] = self._db.planning(wait=wait)
        return lock

    def remember(self, posts: Sequence[KnownPost], names: Mapping[PostId, Collection[tuple[str, str]]]) -> None:
        """See `Store`."""
        sql = """
            INSERT INTO posts (id, source, source_id, slug, url, title, published, has_time, text_hash, stamp,
                               first_seen, first_public, changed_at, gone_at, doubt)
            VALUES (:id, :source, :source_id, :slug, :url, :title, :published, :has_time, :text_hash, :stamp,
                    :first_seen, :first_public, :changed_at, :gone_at, :doubt)
            ON CONFLICT (id) DO UPDATE SET
                source = excluded.source, source_id = excluded.source_id, slug = excluded.slug, url = excluded.url,
                title = excluded.title, published = excluded.published, has_time = excluded.has_time,
                text_hash = excluded.text_hash, stamp = excluded.stamp, first_public = excluded.first_public,
                changed_at = excluded.changed_at, gone_at = excluded.gone_at, doubt = excluded.doubt
        """
        with self._db.transaction():
            self._db.many(sql, [_post_values(post) for post in posts])
            found = [{"kind": kind, "value": value, "post": post} for post, own in names.items() for kind, value in own]
            insert = "INSERT INTO aliases (kind, value, post) VALUES (:kind, :value, :post) ON CONFLICT"
            self._db.many(f"{insert} DO NOTHING", [row for row in found if row["kind"] != "item"])
            self._db.many(
                f"{insert} (kind, value) DO UPDATE SET post = excluded.post",
                [row for row in found if row["kind"] == "item"],
            )

    def forget_gone(self, posts: Collection[PostId], now: datetime) -> None:
        """See `Store`."""
        values = {"ids": self._db.pack(posts), "now": codec.when(now)}
        with self._db.transaction():
            self._db.lock("claims")
            self._rows(
                f"""
                UPDATE deliveries SET state = 'skipped', reason = 'gone', updated_at = :now
                WHERE state IN ('due', 'held') AND claimed_at IS NULL AND {self._db.among("post", "ids")}
                """,
                **values,
            )
            self._rows(
                f"UPDATE posts SET gone_at = :now WHERE gone_at IS NULL AND {self._db.among('id', 'ids')}", **values
            )

    def enqueue(self, rows: Sequence[Enqueue], now: datetime) -> list[DeliveryId]:
        """See `Store`."""
        sql = """
            INSERT INTO deliveries (post, account, round, state, reason, detail, announcement, sort_key, not_before,
                                    released, created_at, updated_at)
            VALUES (:post, :account, :round, :state, :reason, :detail, :announcement, :sort_key, :not_before,
                    :released, :now, :now)
            ON CONFLICT (post, account, round) DO UPDATE SET
                state = excluded.state, reason = excluded.reason, detail = excluded.detail,
                announcement = excluded.announcement, sort_key = excluded.sort_key, not_before = excluded.not_before,
                released = excluded.released, updated_at = excluded.updated_at
            WHERE deliveries.claimed_at IS NULL AND deliveries.state IN ('due', 'held', 'skipped')
        """
        with self._db.transaction():
            if not _news(self._beside(rows), now):
                return []
            self._db.lock("claims")
            before = self._beside(rows)
            self._db.many(sql, _news(before, now))
            fresh = [row for row, there in before if there is None]
            return [DeliveryId(there["id"]) for _, there in self._beside(fresh) if there is not None]

    def _beside(self, rows: Sequence[Enqueue]) -> list[tuple[Enqueue, Row | None]]:
        """Each row of a plan, and the one that stands in its place."""
        sql = f"""
            SELECT id, post, account, round, state, reason, detail, announcement, sort_key, not_before, released,
                claimed_at
            FROM deliveries WHERE {self._db.among("post", "posts")}
        """
        there = self._rows(sql, posts=self._db.pack({row.post for row in rows})) if rows else []
        found = {(row["post"], row["account"], row["round"]): row for row in there}
        return [(row, found.get((row.post, row.account, row.round))) for row in rows]

    def set_baseline(self, source: str, account: str, now: datetime) -> None:
        """See `Store`."""
        self._rows(
            "INSERT INTO baselines (source, account, at) VALUES (:source, :account, :now) ON CONFLICT DO NOTHING",
            source=source,
            account=account,
            now=codec.when(now),
        )

    def source_scanned(self, source: str, now: datetime, error: str | None) -> None:
        """See `Store`."""
        column = "scanned_at" if error is None else "failed_at"
        self._rows(
            f"""
            INSERT INTO sources (name, {column}, error) VALUES (:name, :now, :error)
            ON CONFLICT (name) DO UPDATE SET {column} = excluded.{column}, error = excluded.error
            """,
            name=source,
            now=codec.when(now),
            error=error,
        )

    def set_memo(self, source: str, memo: Mapping[str, str]) -> None:
        """See `Store`."""
        self._rows(
            "INSERT INTO sources (name, memo) VALUES (:name, :memo)"
            " ON CONFLICT (name) DO UPDATE SET memo = excluded.memo",
            name=source,
            memo=codec.encode(dict(memo)),
        )

    def set_limits(self, account: str, limits: Mapping[str, int], now: datetime) -> None:
        """See `Store`."""
        self._account(account, limits=codec.encode(dict(limits)), limits_at=codec.when(now))

    def set_told(self, troubles: Collection[str], now: datetime) -> None:
        """See `Store`."""
        with self._db.transaction():
            self._rows(
                f"DELETE FROM told WHERE NOT ({self._db.among('trouble', 'troubles')})",
                troubles=self._db.pack(troubles),
            )
            self._db.many(
                "INSERT INTO told (trouble, at) VALUES (:trouble, :at) ON CONFLICT DO NOTHING",
                [{"trouble": trouble, "at": codec.when(now)} for trouble in troubles],
            )

    def pause(self, account: str, reason: str, now: datetime, secret: str | None = None) -> None:
        """See `Store`."""
        self._account(account, paused_reason=reason, paused_secret=secret, paused_at=codec.when(now))

    def resume(self, account: str) -> None:
        """See `Store`."""
        self._account(account, paused_reason=None, paused_secret=None, paused_at=None)

    def _account(self, name: str, **columns: Any) -> None:
        names = ", ".join(columns)
        self._rows(
            f"INSERT INTO accounts (name, {names}) VALUES (:name, {', '.join(f':{column}' for column in columns)})"
            f" ON CONFLICT (name) DO UPDATE SET {', '.join(f'{column} = excluded.{column}' for column in columns)}",
            name=name,
            **columns,
        )


def _post_values(post: KnownPost) -> dict[str, Any]:
    return {
        "id": post.id,
        "source": post.source,
        "source_id": post.source_id,
        "slug": post.slug,
        "url": post.url,
        "title": post.title,
        "published": codec.when_or_none(post.published),
        "has_time": int(post.has_time),
        "text_hash": post.text_hash,
        "stamp": post.stamp,
        "first_seen": codec.when(post.first_seen),
        "first_public": codec.when_or_none(post.first_public),
        "changed_at": codec.when(post.changed_at),
        "gone_at": codec.when_or_none(post.gone_at),
        "doubt": post.doubt,
    }


def _news(rows: Sequence[tuple[Enqueue, Row | None]], now: datetime) -> list[dict[str, Any]]:
    """What of a plan changes anything, as it shall stand.

    The rest is not written; and one that was claimed is not even locked: its worker would have to wait for the end of
    the plan while its lease runs.
    """
    news = []
    for row, before in rows:
        if before is not None and (before["claimed_at"] or before["state"] not in ("due", "held", "skipped")):
            continue
        values = _enqueue_values(row, before, now)
        if before is None or any(values[name] != before[name] for name in values.keys() & before.keys()):
            news.append(values)
    return news


def _enqueue_values(row: Enqueue, before: Row | None, now: datetime) -> dict[str, Any]:
    """The columns of a planned row: a plan without words leaves those that are there, and takes no release back."""
    there = before or {
        "announcement": None,
        "sort_key": codec.when(now),
        "not_before": codec.when(now - timedelta(seconds=1)),
        "released": 0,
    }
    ready = min(there["not_before"], codec.when(now - timedelta(seconds=1)))
    return {
        "post": row.post,
        "account": row.account,
        "round": row.round,
        "state": row.state,
        "reason": row.reason,
        "detail": row.detail,
        "announcement": codec.encode(row.announcement) if row.announcement else there["announcement"],
        "sort_key": codec.when(row.sort_key) if row.sort_key else there["sort_key"],
        "not_before": codec.when(row.not_before) if row.not_before else ready,
        "released": max(int(row.released), there["released"]),
        "now": codec.when(now),
    }
