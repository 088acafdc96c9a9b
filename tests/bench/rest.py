"""A state with many deliveries at rest, made quickly, and a site beside it with nothing new."""

from __future__ import annotations

from pathlib import Path

from bot.store.sqlite import Sqlite
from tests.bench.pairs import Bench

CONFIG = """timezone = "UTC"
[site]
url = "https://example.com"
[sources.blog]
type = "markdown"
path = "_posts"
permalink = "/:year/:title/"
[accounts.journal]
network = "local"
path = "journal"
[guards]
settle = "0s"
require_live = false
"""

_AGO = "strftime('%Y-%m-%dT%H:%M:%S.000000Z', 1500000000 + n * 60, 'unixepoch')"
_NUMBERS = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :count)"


def fill(state: Path, count: int) -> None:
    """Put `count` delivered announcements of posts that have left the site into the SQLite file `state`."""
    database = Sqlite.open(state)
    with database.transaction():
        database.rows(
            f"""
            INSERT INTO posts (id, source, source_id, slug, url, title, published, has_time, text_hash, stamp,
                               first_seen, first_public, changed_at, gone_at)
            {_NUMBERS}
            SELECT printf('%020x', n), 'blog', '_posts/old-' || n || '.md', 'old-' || n,
                   'https://example.com/old/' || n || '/', 'Old post ' || n, {_AGO}, 1, printf('%032x', n), '1',
                   {_AGO}, {_AGO}, {_AGO}, {_AGO}
            FROM numbers
            """,
            {"count": count},
        )
        for kind, value in (("url", "'example.com/old/' || n || '/'"), ("item", "'blog' || char(10) || n")):
            database.rows(
                f"INSERT INTO aliases (kind, value, post) {_NUMBERS}"
                f" SELECT '{kind}', {value}, printf('%020x', n) FROM numbers",
                {"count": count},
            )
        database.rows(
            f"""
            INSERT INTO deliveries (post, account, round, state, receipt, remote_id, fence, attempts, sort_key,
                                    not_before, claimed_at, sent_at, delivered_at, created_at, updated_at)
            {_NUMBERS}
            SELECT printf('%020x', n), 'journal', 1, 'delivered',
                   '{{"parts":[{{"remote_id":"' || n || '","url":null}}],"at":"' || {_AGO} || '"}}', n, 1, 1,
                   {_AGO}, {_AGO}, {_AGO}, {_AGO}, {_AGO}, {_AGO}, {_AGO}
            FROM numbers
            """,
            {"count": count},
        )
    database.close()


def site(folder: Path, count: int, posts: int = 50) -> Path:
    """Make a site of `posts` posts that were there before, with `count` deliveries at rest; return `folder`."""
    (folder / "_posts").mkdir(parents=True)
    (folder / "posse.toml").write_text(CONFIG, encoding="utf-8")
    for number in range(posts):
        text = f"---\ntitle: Here {number}\ndate: 2026-01-{number % 28 + 1:02}\n---\n\nWords of {number}.\n"
        (folder / "_posts" / f"2026-01-{number % 28 + 1:02}-here-{number}.md").write_text(text, encoding="utf-8")
    fill(folder / "state" / "posse.db", count)
    return folder


def idle(scratch: Path, posse: str) -> Bench:
    """`run --once` with nothing new, a million deliveries at rest against a thousand."""
    many, few = (site(scratch / f"rest-{count}", count) / "posse.toml" for count in (1_000_000, 1_000))
    run, floor = ((posse, "--config", str(config), "run", "--once") for config in (many, few))
    return Bench("idle", "`run --once`, nothing new, 1,000,000 at rest against 1,000", run, floor, scratch, 1.5)
