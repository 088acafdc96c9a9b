"""`posse release`."""

from __future__ import annotations

import click

from bot.cli import moves
from bot.cli.options import app, posse_command, say
from bot.model import Reason, State


@posse_command("release", example="posse release my-newest-post")
@click.argument("post", required=False, metavar="[POST]")
@click.option("--all", "everything", is_flag=True, help="All of them.")
def command(post: str | None, everything: bool) -> int:
    """Let held announcements go; they are sent by the next `run`, oldest first."""
    run = app()
    with run.writing() as store:
        rows = moves.chosen(run, store, post, everything, [State.HELD])
        for row in rows:
            if row.reason is Reason.INVALID:
                say(f"{row.account}: {row.post.slug}: stays held: {row.detail}")
        rows = [row for row in rows if row.reason is not Reason.INVALID]
        return moves.move(run, store, rows, State.DUE, released=True)
