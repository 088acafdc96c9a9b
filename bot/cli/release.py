"""`posse release`."""

from __future__ import annotations

import click

from bot import report
from bot.cli import moves
from bot.cli.options import app, complete_posts, err, posse_command
from bot.cli.select import one
from bot.errors import Exit
from bot.model import Reason, State


@posse_command("release", example="posse release my-newest-post")
@click.argument("post", required=False, metavar="[POST]", shell_complete=complete_posts)
@click.option("--all", "everything", is_flag=True, help="All of them.")
def command(post: str | None, everything: bool) -> int:
    """Let held announcements go; they are sent by the next `run`, oldest first."""
    run = app()
    with run.writing() as store:
        if post:
            one(run, store, post)
            run.pipeline.enqueue(store, run.time(store))  # what only a preview has shown may be held by now
        rows = moves.chosen(run, store, post, everything, [State.HELD])
        for row in rows:
            if row.reason is Reason.INVALID:
                err(f"{row.account}: {row.post.slug}: stays held: {row.detail}")
            if row.reason is Reason.MANUAL:
                err(f"{row.account}: {row.post.slug}: stays held: {report.advice(row)}")
        free = [row for row in rows if row.reason not in (Reason.INVALID, Reason.MANUAL)]
        code = moves.move(run, store, free, State.DUE, released=True)
        return code if len(free) == len(rows) else Exit.NEEDS_PERSON
