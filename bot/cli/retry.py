"""`posse retry`."""

from __future__ import annotations

import click

from bot.cli import moves
from bot.cli.options import app, complete_posts, posse_command
from bot.model import State


@posse_command("retry", example="posse retry --all")
@click.argument("post", required=False, metavar="[POST]", shell_complete=complete_posts)
@click.option("--all", "everything", is_flag=True, help="All of them.")
def command(post: str | None, everything: bool) -> int:
    """Try failed announcements again, with the words as they are now."""
    run = app()
    with run.writing() as store:
        rows = moves.chosen(run, store, post, everything, [State.FAILED])
        return moves.move(run, store, rows, State.DUE, renew_words=True)
