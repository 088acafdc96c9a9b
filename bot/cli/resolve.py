"""`posse resolve`: a person's word on an uncertain delivery."""

from __future__ import annotations

import click

from bot.cli.options import app, err, posse_command, say
from bot.errors import Exit, PostNotFound
from bot.model import DeliveryId, Reason, Receipt, Sent, State

_ASKED = [State.UNCERTAIN, State.FAILED, State.HELD, State.DUE]


@posse_command("resolve", example="posse resolve 12 --sent https://example.social/@me/1")
@click.argument("delivery", type=int, metavar="DELIVERY")
@click.option("--sent", "url", metavar="URL", help="It went out, and is there.")
@click.option("--not-sent", is_flag=True, help="It did not go out: send it.")
@click.option("--drop", is_flag=True, help="Leave it, whether it went out or not.")
def command(delivery: int, url: str | None, not_sent: bool, drop: bool) -> int:
    """Say whether an uncertain announcement went out. `posse status` shows the numbers."""
    if sum((bool(url), not_sent, drop)) != 1:
        raise click.UsageError("say one of --sent URL, --not-sent, --drop")
    if url and not url.startswith(("https://", "http://", "file://", "at://")):
        raise click.UsageError(f'--sent takes the address of the announcement, not "{url}"')
    run = app()
    with run.writing() as store:
        row, now = store.delivery(DeliveryId(delivery)) if delivery < 2**63 else None, run.time(store)
        if row is None:
            raise PostNotFound(f"There is no delivery {delivery}. `posse status` shows the numbers.")
        if url:
            receipt = Receipt((Sent(url, url),), now)
            moved = store.settle(row.id, _ASKED, State.DELIVERED, now, reason=Reason.PERSON, receipt=receipt)
        elif not_sent:
            moved = store.settle(row.id, [State.UNCERTAIN], State.DUE, now)
        else:
            moved = store.settle(row.id, _ASKED, State.SKIPPED, now, reason=Reason.PERSON)
        after = store.delivery(row.id)
    if not moved or after is None:
        err(f"delivery {delivery} is {row.state}; there is nothing to resolve")
        return Exit.NEEDS_PERSON
    say(f"{row.account}: {row.post.slug}: {row.state} → {after.state}")
    return Exit.DONE
