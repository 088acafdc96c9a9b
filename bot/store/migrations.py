"""The tables, as numbered steps. A step that has landed is never edited: a change is a new step."""

from __future__ import annotations

# "posB" in ASCII: how `file` and we ourselves know the file (https://www.sqlite.org/pragma.html#pragma_application_id).
APPLICATION_ID = 0x706F7342

# {id} is the dialect's self-numbering primary key.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE posts (
            id TEXT PRIMARY KEY,
            source TEXT NOT NULL,
            source_id TEXT NOT NULL,
            slug TEXT NOT NULL,
            url TEXT,
            title TEXT NOT NULL,
            published TEXT,
            has_time INTEGER NOT NULL,
            text_hash TEXT NOT NULL,
            stamp TEXT NOT NULL,
            first_seen TEXT NOT NULL,
            first_public TEXT,
            changed_at TEXT NOT NULL,
            gone_at TEXT
        )
        """,
        "CREATE INDEX posts_of_source ON posts (source, source_id)",
        # Every name a post has or had; one name is one post's for ever.
        """
        CREATE TABLE aliases (
            kind TEXT NOT NULL,
            value TEXT NOT NULL,
            post TEXT NOT NULL REFERENCES posts (id),
            PRIMARY KEY (kind, value)
        )
        """,
        "CREATE INDEX aliases_of ON aliases (post)",
        """
        CREATE TABLE baselines (
            source TEXT NOT NULL,
            account TEXT NOT NULL,
            at TEXT NOT NULL,
            PRIMARY KEY (source, account)
        )
        """,
        """
        CREATE TABLE sources (
            name TEXT PRIMARY KEY,
            scanned_at TEXT,
            failed_at TEXT,
            error TEXT,
            memo TEXT
        )
        """,
        """
        CREATE TABLE accounts (
            name TEXT PRIMARY KEY,
            paused_at TEXT,
            paused_reason TEXT,
            paused_secret TEXT,
            limits TEXT,
            limits_at TEXT
        )
        """,
        # Troubles a person was told of, so that each is told once.
        "CREATE TABLE told (trouble TEXT PRIMARY KEY, at TEXT NOT NULL)",
        """
        CREATE TABLE deliveries (
            id {id},
            post TEXT NOT NULL REFERENCES posts (id),
            account TEXT NOT NULL,
            round INTEGER NOT NULL,
            state TEXT NOT NULL CHECK (
                state IN ('due', 'sending', 'uncertain', 'held', 'delivered', 'failed', 'skipped')
            ),
            reason TEXT,
            detail TEXT,
            announcement TEXT,
            notes TEXT NOT NULL DEFAULT '[]',
            receipt TEXT,
            remote_id TEXT,
            fence INTEGER NOT NULL DEFAULT 0,
            attempts INTEGER NOT NULL DEFAULT 0,
            looks INTEGER NOT NULL DEFAULT 0,
            released INTEGER NOT NULL DEFAULT 0,
            sort_key TEXT NOT NULL,
            not_before TEXT NOT NULL,
            claimed_at TEXT,
            sent_at TEXT,
            ended_at TEXT,
            delivered_at TEXT,
            lease_until TEXT,
            owner TEXT,
            error TEXT,
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL,
            UNIQUE (post, account, round)
        )
        """,
        # The rule "one in flight per account" is the database's, not the code's.
        "CREATE UNIQUE INDEX one_in_flight ON deliveries (account) WHERE state = 'sending'",
        "CREATE INDEX waiting ON deliveries (account, sort_key, id) WHERE state IN ('due', 'uncertain')",
        "CREATE INDEX not_at_rest ON deliveries (state) WHERE state NOT IN ('delivered', 'skipped')",
        "CREATE INDEX sent ON deliveries (account, delivered_at) WHERE state = 'delivered'",
        "CREATE INDEX sent_last ON deliveries (delivered_at) WHERE state = 'delivered'",
        "CREATE INDEX receipts ON deliveries (account, remote_id) WHERE remote_id IS NOT NULL",
    ),
    # A doubt about identity outlives the scan that raised it: a post may settle, or be a draft, before it is planned.
    ("ALTER TABLE posts ADD COLUMN doubt TEXT",),
    # What waits, and what is there, is found without reading what is at rest: a million deliveries cost what ten cost.
    # (SQLite uses a partial index only for a condition that repeats its own: `state IN (…)` has to have a whole one.)
    (
        "CREATE INDEX by_state ON deliveries (state, account, sort_key, id)",
        "CREATE INDEX present ON posts (source, source_id, stamp) WHERE gone_at IS NULL",
        "DROP INDEX not_at_rest",
    ),
    # When the next one comes due is asked at every turn of every daemon, of a backlog of any length.
    ("CREATE INDEX by_time ON deliveries (not_before) WHERE state IN ('due', 'uncertain')",),
)
