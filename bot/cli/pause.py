"""`posse pause`."""

from __future__ import annotations

import click

from bot.cli.options import app, complete_accounts, posse_command, say
from bot.errors import Exit


@posse_command("pause", example="posse pause mastodon")
@click.argument("account", required=False, metavar="[ACCOUNT]", shell_complete=complete_accounts)
def command(account: str | None) -> int:
    """Stop sending on an account, or on all; planning goes on."""
    run = app()
    names = run.account_names([account] if account else [])
    with run.writing() as store:
        for name in names or run.config.accounts:
            store.pause(name, "by you", run.time(store))
            say(f"{name}: paused; `posse resume {name}` goes on")
    return Exit.DONE
