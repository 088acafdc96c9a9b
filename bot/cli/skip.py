"""`posse skip`."""

from __future__ import annotations

import click

from bot.cli.options import accounts, app, complete_posts, posse_command, say
from bot.cli.select import one
from bot.errors import Exit
from bot.model import Reason, State
from bot.store.base import Enqueue

_OPEN = [State.DUE, State.HELD, State.FAILED]


@posse_command("skip", example="posse skip an-old-post")
@click.argument("post", metavar="POST", shell_complete=complete_posts)
@accounts
def command(post: str, accounts: tuple[str, ...]) -> int:
    """Never announce a post by itself. `posse post` still can."""
    run = app()
    only = run.account_names(accounts)
    with run.writing() as store:
        id_, _ = one(run, store, post)
        run.pipeline.enqueue(store, run.time(store))
        rows = {row.account: row for row in store.deliveries(post=id_)}
        for name in only or run.config.accounts:
            row = rows.get(name)
            if row is None:
                store.enqueue([Enqueue(None, id_, name, 1, State.SKIPPED, Reason.PERSON)], run.time(store))
            elif not store.settle(row.id, _OPEN, State.SKIPPED, run.time(store), reason=Reason.PERSON):
                say(f"{name}: it is {row.state}, so there is nothing to skip")
                continue
            say(f"{name}: {post}: skipped")
    return Exit.DONE
