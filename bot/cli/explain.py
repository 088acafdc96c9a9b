"""`posse explain`: why a post was, or was not, announced."""

from __future__ import annotations

from typing import Any

import click

from bot import planner, report
from bot.cli.options import app, as_json, complete_posts, out, out_json, posse_command
from bot.cli.select import one
from bot.errors import Exit
from bot.model import Delivery, PostId
from bot.pipeline import Outlook


@posse_command("explain", example="posse explain my-newest-post")
@click.argument("post", metavar="POST", shell_complete=complete_posts)
@as_json
def command(post: str, as_json: bool) -> int:
    """Say why a post was, or was not, announced on each account, and until when it waits."""
    run = app()
    with run.reading() as store:
        id_, survey = one(run, store, post)
        outlook = run.pipeline.plan(store, survey)
        known = survey.known.get(id_) or store.posts([id_])[id_]
        rows = store.deliveries(post=id_)
        names = store.aliases_of(id_)
        pauses = {h.name: h.paused_reason for h in store.account_health().values() if h.paused_at}
    is_gone = known.gone_at is not None or known.id in survey.gone
    places = {name: _place(name, id_, rows, outlook) for name in run.config.accounts}
    if as_json:
        out_json({"post": report.post_json(_ref(known)), "gone": is_gone, "accounts": places})
        return Exit.DONE
    out(f"{known.title or '(untitled)'}\n  {known.url or 'no URL'}\n  {known.source_id} in source {known.source}")
    if is_gone:
        out("  gone: it is not on the site any more; what was announced stays where it is")
    own = (known.url or "").rstrip("/")
    others = [value for kind, value in names if kind == "url" and not own.endswith(value.rstrip("/"))]
    if others:
        out("  also known at " + ", ".join(others[:5]))
    for name, place in places.items():
        out(f"{name}: {_sentence(place, run.config.timezone)}")
        if name in pauses:
            out(f"  the account is paused: {pauses[name]}")
    return Exit.DONE


def _ref(known: Any) -> Any:
    from bot.model import PostRef

    return PostRef(known.id, known.slug, known.title, known.url or "", known.published)


def _place(account: str, id_: PostId, rows: list[Delivery], outlook: Outlook) -> dict[str, Any]:
    """What can be said of the post on one account: its rows, else the plan."""
    own = [row for row in rows if row.account == account]
    place: dict[str, Any] = {"state": None, "reason": None, "detail": "", "until": None, "url": None, "deliveries": []}
    place["deliveries"] = [report.delivery_json(row) for row in own]
    plan: list[planner.Planned | planner.LeftOut] = [*outlook.plan.planned, *outlook.plan.left_out]
    entry = next((entry for entry in plan if entry.account == account and entry.post.id == id_), None)
    if own:
        row = max(own, key=lambda row: row.round)
        place |= {
            "state": str(row.state),
            "reason": str(row.reason) if row.reason else None,
            "detail": row.detail or row.error or "",
            "until": report.instant(row.not_before) if row.state in ("due", "uncertain") else None,
            "url": row.receipt.url if row.receipt else None,
        }
        if row.state not in ("due", "held") or row.claimed_at:
            return place
    if isinstance(entry, planner.LeftOut):
        place |= {"reason": entry.reason, "detail": entry.detail, "until": report.instant(entry.until)}
    elif entry is not None and (entry.hold or entry.wait):
        place |= {"reason": report.reason_of(entry), "detail": entry.detail, "until": report.instant(entry.until)}
    elif entry is not None:
        place |= {"state": place["state"] or "due", "detail": "it goes out at the next run"}
    return place


def _sentence(place: dict[str, Any], zone: Any) -> str:
    from datetime import datetime

    head = ": ".join(part for part in (place["state"] or "not announced", place["reason"] or "") if part)
    tail = f" ({place['detail']})" if place["detail"] else ""
    until = report.until_line(datetime.fromisoformat(place["until"]), zone) if place["until"] else ""
    link = f" {place['url']}" if place["url"] else ""
    rounds = len([row for row in place["deliveries"] if row["state"] == "delivered"])
    again = f" ({rounds} rounds)" if rounds > 1 else ""
    return f"{head}{link}{tail}{until}{again}"
