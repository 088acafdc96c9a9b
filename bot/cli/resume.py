"""`posse resume`."""

from __future__ import annotations

import click

from bot.cli.options import app, complete_accounts, posse_command, say
from bot.errors import Exit


@posse_command("resume", example="posse resume mastodon")
@click.argument("account", required=False, metavar="[ACCOUNT]", shell_complete=complete_accounts)
def command(account: str | None) -> int:
    """Go on sending on an account, or on all."""
    run = app()
    names = run.account_names([account] if account else [])
    with run.writing() as store:
        for name in names or run.config.accounts:
            store.resume(name)
            say(f"{name}: goes on")
    return Exit.DONE
