"""What a person's word does to deliveries: shared by `release`, `skip`, `retry` and `resolve`."""

from __future__ import annotations

from collections.abc import Collection

import click

from bot import report
from bot.app import App
from bot.cli.options import say
from bot.cli.select import one
from bot.errors import Exit, NeedsPerson
from bot.model import Delivery, State
from bot.store.base import Store


def chosen(run: App, store: Store, post: str | None, everything: bool, states: Collection[State]) -> list[Delivery]:
    """The rows in `states` that a person named. Raises a usage error when neither or both were given."""
    if bool(post) == everything:
        raise click.UsageError("name a POST, or say --all")
    if everything or post is None:
        return store.deliveries(states=states)
    id_, _ = one(run, store, post)
    rows = store.deliveries(post=id_)
    found = [row for row in rows if row.state in states]
    if not found:
        lines = "\n".join(report.delivery_line(row) for row in rows) or "It has not been announced, nor is it waiting."
        raise NeedsPerson(f"{post}: none of it is {' or '.join(states)}, so there is nothing to change.\n{lines}")
    return found


def move(run: App, store: Store, rows: Collection[Delivery], state: State, **how: object) -> int:
    """Move rows, tell what was done, and return the exit code."""
    for row in rows:
        if store.settle(row.id, [row.state], state, run.time(store), **how):  # type: ignore[arg-type]  # settle's own
            say(f"{row.account}: {row.post.slug}: {row.state} → {state}")
    say(f"{report.count(len(rows), 'delivery') if len(rows) == 1 else f'{len(rows)} deliveries'} changed.")
    return Exit.DONE
