"""`posse run`: finds new posts and announces them, once or for ever."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import click

from bot import report
from bot.app import App
from bot.cli.events import Log, is_refused, standing_code, worst
from bot.cli.options import app, as_json, detail, err, out, out_json, posse_command, say
from bot.cli.preview import preview
from bot.cli.status import RESTLESS
from bot.errors import Exit
from bot.model import Delivery, DeliveryId, Reason, State
from bot.pipeline import Enqueued
from bot.store.base import Store

_PATIENT = {Reason.SETTLING, Reason.NOT_LIVE}


class Duration(click.ParamType[timedelta]):
    """A duration as the configuration has them."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Read "15m"; anything else is a usage error."""
        from bot.config.values import duration

        try:
            return value if isinstance(value, timedelta) else duration(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


@posse_command("run", example="posse run --once --wait 15m")
@click.option("--once", is_flag=True, help="One scan, send what is due, and end (for cron and CI).")
@click.option("--wait", type=Duration(), metavar="15m", help="With --once: stay until nothing settles or waits.")
@click.option("--dry-run", is_flag=True, help="Show what would be sent, and send nothing (`posse preview`).")
@click.option("--strict", is_flag=True, help="With --once: count trouble that was told before in the exit code.")
@click.option(
    "--log-format", type=click.Choice(["text", "json"]), default="text", help="How the daemon's log is written."
)
@as_json
def command(once: bool, wait: timedelta | None, dry_run: bool, strict: bool, log_format: str, as_json: bool) -> int:
    """Find new posts and announce them: on the schedule of the configuration, or once."""
    if dry_run:
        return preview((), (), as_json=as_json)
    if not once:
        _refuse_without_once({"--wait": wait is not None, "--strict": strict, "--json": as_json})
    run = app()
    for gap in run.config.gaps:
        say(gap)
    with _alone(run), run.writing() as store:
        if once:
            work = _Once(run, store)
            code = work.work(wait or timedelta(0), as_json, strict=strict)
            return worst(code, standing_code(store, work.failures())) if strict else code
        from bot.cli import daemon

        return daemon.work(run, store, log_format)


def _refuse_without_once(given: dict[str, bool]) -> None:
    for name, is_given in given.items():
        if is_given:
            hint = " (the daemon writes JSON with --log-format json)" if name == "--json" else ""
            raise click.UsageError(f"{name} goes with --once{hint}")


@contextmanager
def _alone(run: App) -> Iterator[None]:
    """On SQLite one `run` works at a time."""
    from bot.lock import only_runner

    path = run.config.state.path
    if path is None:
        yield
        return
    with only_runner(path, run.clock()):
        yield


class _Once:
    """One run that ends: what it has touched, and what is new trouble."""

    def __init__(self, run: App, store: Store) -> None:
        self.run, self.store, self.log = run, store, Log()
        self.touched: set[DeliveryId] = {row.id for row in store.deliveries(states=RESTLESS)}
        self.done: list[Enqueued] = []
        self.silent_until: datetime | None = None

    def work(self, wait: timedelta, as_json: bool, *, strict: bool) -> int:
        """Scan and send, again and again while something is on its way and `wait` lasts; return the exit code.

        Where `strict` will count it, trouble that stood before is an error, which --quiet shows.
        """
        until = time.monotonic() + wait.total_seconds()
        try:
            while True:
                self._round()
                pause = self._pause()
                if pause is None or time.monotonic() + pause > until:
                    break
                time.sleep(pause)
        finally:
            if self.done:
                self._show(as_json, strict=strict)
        newly_held = any(
            (row := self.store.delivery(id_)) and row.state is State.HELD
            for done in self.done
            for id_ in done.newly_held
        )
        broken = any(done.newly_failed_sources for done in self.done)
        return worst(
            self.log.exit_code(self.store),
            Exit.NEEDS_PERSON if newly_held else Exit.DONE,
            Exit.TROUBLE if broken else Exit.DONE,
        )

    def failures(self) -> dict[str, str]:
        """The sources that the last scan could not read, and why."""
        return dict(self.done[-1].outlook.survey.failures)

    def _round(self) -> None:
        first, first_round = not self.store.baselines(), not self.done
        done = self.run.pipeline.enqueue(self.store, self.run.time(self.store))
        if first:
            tell_baseline(done)
        self.done.append(done)
        self.touched |= set(done.made)
        courier = self.run.courier(self.store, self.log.tell)
        courier.run()
        self.silent_until = courier.silent_until
        now = self.run.time(self.store)
        ending = self.run.upkeep.run(self.store, now)
        if failed := self.run.notifier.tell_new(self.store, now, ending):
            say(failed)
        for trouble in ending if first_round else ():
            say(trouble.text)

    def _pause(self) -> float | None:
        """How many seconds until something may go out, None when nothing is on its way."""
        now = self.run.time(self.store)
        instants = [
            left.until or now + timedelta(seconds=5)
            for left in self.done[-1].outlook.plan.left_out
            if left.reason in _PATIENT
        ]
        instants += [at for at in (self.store.next_time(now), self.silent_until) if at]
        return max((min(instants) - now).total_seconds(), 0.05) if instants else None

    def _show(self, as_json: bool, *, strict: bool) -> None:
        self.touched |= {event.delivery.id for event in self.log.events if event.delivery}
        rows = [row for id_ in sorted(self.touched) if (row := self.store.delivery(id_))]
        fresh = {name for done in self.done for name in done.newly_failed_sources}
        show(rows, self.done[-1], as_json, loud=set(self.failures()) if strict else fresh)
        for left in report.kept_back(self.done[-1].outlook.plan):
            detail(f"{left.account}: {left.post.slug}: {report.reason_of(left)}: {left.detail}")
        told = {event.account for event in self.log.events if event.kind == "unauthorized"}
        for health in self.store.account_health().values():
            if is_refused(health) and health.name not in told:
                (err if strict else say)(f"{health.name}: {health.paused_reason}")


def tell_baseline(done: Enqueued) -> None:
    """Say at a first run what is left alone, and how the newest of it can be announced all the same."""
    found = done.left_alone
    if not found.count:
        return
    were, are = ("was", "is") if found.count == 1 else ("were", "are")
    say(f"First run: {report.count(found.count, 'post')} that {were} there before {are} left alone.")
    if newest := found.newest:
        say(f'The newest is "{newest.title or newest.slug}"; `posse post {newest.slug}` announces it.')


def show(rows: list[Delivery], done: Enqueued, as_json: bool, *, loud: Collection[str]) -> None:
    """Write what a run did. The `loud` sources are those whose failure is told also with --quiet."""
    survey = done.outlook.survey
    shown = [row for row in rows if row.state is not State.SKIPPED]
    if as_json:
        out_json(
            {
                "deliveries": [report.delivery_json(row) for row in shown],
                "problems": [report.problem_json(problem) for problem in survey.problems],
                "failures": report.failures_json(survey.failures),
            }
        )
    else:
        for line in report.delivery_lines(shown):
            out(line)
    for problem in survey.problems:
        say(report.problem_line(problem))
    for name, why in survey.failures.items():
        (err if name in loud else say)(why)
    sent = sum(row.state is State.DELIVERED for row in shown)
    say(f"{report.count(sent, 'announcement')} went out.")
    if line := _waiting(done):
        say(line)


def _waiting(done: Enqueued) -> str:
    """Return what is not announced yet and will be by itself, "" when there is nothing."""
    waiting = {left.post.slug: left.reason for left in done.outlook.plan.left_out if left.reason in _PATIENT}
    if not waiting:
        return ""
    counts = ", ".join(f"{list(waiting.values()).count(why)} {why}" for why in sorted(set(waiting.values())))
    return f"Not yet: {counts}. `posse explain {next(iter(waiting))}` says why."
