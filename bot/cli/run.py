"""`posse run`: finds new posts and announces them, once or for ever."""

from __future__ import annotations

import click

from bot import report
from bot.app import App
from bot.cli.events import Log, worst
from bot.cli.options import app, as_json, out, out_json, posse_command, say
from bot.cli.preview import preview
from bot.cli.status import RESTLESS
from bot.errors import Exit
from bot.model import Delivery, State
from bot.pipeline import Enqueued
from bot.store.base import Store


@posse_command("run", example="posse run --once")
@click.option("--once", is_flag=True, help="One scan, send what is due, and end (for cron and CI).")
@click.option("--dry-run", is_flag=True, help="Show what would be sent, and send nothing (`posse preview`).")
@as_json
def command(once: bool, dry_run: bool, as_json: bool) -> int:
    """Find new posts and announce them."""
    if dry_run:
        return preview((), (), as_json=as_json)
    if not once:
        raise click.UsageError("say `posse run --once`")
    run = app()
    with run.writing() as store:
        return _once(run, store, as_json)


def _once(run: App, store: Store, as_json: bool) -> int:
    """One scan, then everything that is due."""
    log = Log()
    before = {row.id for row in store.deliveries(states=RESTLESS)}
    done = run.pipeline.enqueue(store, run.clock())
    try:
        run.courier(store, log.tell).run()
    finally:
        touched = {event.delivery.id for event in log.events if event.delivery} | before | set(done.made)
        rows = [row for id_ in sorted(touched) if (row := store.delivery(id_))]
        _show(rows, done, as_json)
    held = Exit.NEEDS_PERSON if done.newly_held else Exit.DONE
    broken = Exit.TROUBLE if done.newly_failed_sources else Exit.DONE
    return worst(log.exit_code(), held, broken)


def _show(rows: list[Delivery], done: Enqueued, as_json: bool) -> None:
    survey = done.outlook.survey
    shown = [row for row in rows if row.state is not State.SKIPPED]
    if as_json:
        out_json(
            {
                "deliveries": [report.delivery_json(row) for row in shown],
                "problems": [report.problem_json(problem) for problem in survey.problems],
                "failures": [{"source": name, "message": why} for name, why in survey.failures.items()],
            }
        )
    else:
        for row in shown:
            out(report.delivery_line(row))
    for problem in survey.problems:
        say(report.problem_line(problem))
    for why in survey.failures.values():
        say(why)
    skipped = len(rows) - len(shown)
    sent = sum(row.state is State.DELIVERED for row in shown)
    say(f"{report.count(sent, 'announcement')} went out." + (f" {skipped} left out for good." if skipped else ""))
