"""`posse status`: all that is not at rest, and what went out last."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import click

from bot import report
from bot.app import App
from bot.cli.options import app, as_json, out, out_json, posse_command
from bot.errors import Exit
from bot.model import State
from bot.store.base import SourceHealth
from bot.watcher import feed_memo

_LATEST = 10
RESTLESS = [State.DUE, State.SENDING, State.UNCERTAIN, State.HELD, State.FAILED]


@posse_command("status", example="posse status --json")
@click.option("--check", "as_check", is_flag=True, help="Exit 1 when no scan succeeded for three intervals.")
@as_json
def command(as_check: bool, as_json: bool) -> int:
    """Show what is due, sending, uncertain, held or failed, and what went out last."""
    run = app()
    if as_check:
        return _check(run)
    with run.reading() as store:
        restless = store.deliveries(states=RESTLESS)
        latest = store.deliveries(states=[State.DELIVERED], newest=_LATEST)
        accounts = [health for health in store.account_health().values() if health.paused_at]
        sources = store.source_health()
        retry_at = store.next_time(run.clock())
        unread = [problem for name in run.config.sources for problem in feed_memo.problems(store.memo(name), name)]
    broken = [health for health in sources.values() if health.error]
    scan_at = _next_scan(run, sources)
    if as_json:
        out_json(
            {
                "deliveries": [report.delivery_json(row) for row in (*restless, *latest)],
                "paused": [
                    {"account": a.name, "since": report.instant(a.paused_at), "reason": a.paused_reason}
                    for a in accounts
                ],
                "failures": [
                    {"source": s.name, "since": report.instant(s.failed_at), "message": s.error} for s in broken
                ],
                "problems": [report.problem_json(problem) for problem in unread],
                "next": {"scan": report.instant(scan_at), "delivery": report.instant(retry_at)},
            }
        )
        return Exit.DONE
    for health in accounts:
        word = "login" if (health.paused_reason or "").startswith("unauthorized") else "resume"
        out(f"paused     {health.name}: {health.paused_reason}\n           `posse {word} {health.name}` goes on")
    for source in broken:
        out(f"unreadable {source.name}: {source.error}")
    for problem in unread:
        out(f"unread     {report.problem_line(problem)}")
    for line in report.delivery_lines((*restless, *latest)):
        out(line)
    if not (restless or latest or accounts or broken or unread):
        out("Nothing is waiting, and nothing has gone out yet.")
    for what, at in (("scan", scan_at), ("delivery", retry_at)):
        if at:
            out(f"next {what}{' ' * (10 - len(what))}{at.astimezone(run.config.timezone):%Y-%m-%d %H:%M:%S}")
    return Exit.DONE


def _next_scan(run: App, sources: Mapping[str, SourceHealth]) -> datetime | None:
    """When `posse run` will look next, as far as its last looks tell; None when it is not at work."""
    scans = [health.scanned_at for health in sources.values() if health.scanned_at]
    if not scans:
        return None
    from bot.daemon import is_late, trigger

    now, last = run.clock(), max(scans)
    if is_late(run.config, last, now):
        return None
    if run.config.schedule.cron:
        found: datetime | None = trigger(run.config).get_next_fire_time(None, now)
        return found
    return max(last + run.config.schedule.every, now)


def _check(run: App) -> int:
    """Say whether the daemon lives: every source was scanned well within three intervals."""
    from bot.daemon import is_late

    with run.reading() as store:
        health = store.source_health()
    late = [
        name
        for name in run.config.sources
        if is_late(run.config, health[name].scanned_at if name in health else None, run.clock())
    ]
    for name in late:
        last = health[name].scanned_at if name in health else None
        since = f"since {last.astimezone(run.config.timezone):%Y-%m-%d %H:%M:%S}" if last else "ever"
        out(f"late: source {name} was not scanned {since}; is `posse run` alive?")
    if not late:
        out("Every source was scanned in time.")
    return Exit.TROUBLE if late else Exit.DONE
