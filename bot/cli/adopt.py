"""`posse adopt`: rebuilds the record from the accounts' own timelines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot import report
from bot.adopt import Adopted, adopt
from bot.app import App
from bot.cli.options import accounts, app, as_json, err, out, out_json, posse_command
from bot.errors import Exit
from bot.store.base import Store


@posse_command("adopt", example="posse adopt --account mastodon")
@accounts
@as_json
def command(accounts: tuple[str, ...], as_json: bool) -> int:
    """Read the accounts' own timelines and record every announcement found there, so that none is made again.

    For a lost state, an old backup, or a bot that posted before this one. Nothing is sent.
    """
    run = app()
    only = run.account_names(accounts)
    with run.writing() as store:
        run.pipeline.remember(store, run.time(store))
        oldest = min((post.published for post in store.all_posts() if post.published), default=run.time(store))
        results = _adopt(run, store, only, oldest - timedelta(days=2))
        slugs = {post.id: post.slug for post in store.all_posts()}
    if as_json:
        found = [
            {"account": r.account, "seen": r.seen, "found": [slugs[post] for post in r.found], "error": r.error}
            for r in results
        ]
        out_json({"accounts": found})
    for result in results if not as_json else ():
        out(f"{result.account}: {report.count(result.seen, 'post')} read, {len(result.found)} recorded")
        for post in result.found:
            out(f"  {slugs[post]}")
        if result.error:
            err(f"{result.account}: not read to the end: {result.error}")
    return Exit.TROUBLE if any(result.error for result in results) else Exit.DONE


def _adopt(run: App, store: Store, only: frozenset[str] | None, since: datetime) -> list[Adopted]:
    chosen = {name: account for name, account in run.config.accounts.items() if only is None or name in only}
    return adopt(store, chosen, run.publisher, since.astimezone(UTC), run.time(store))
