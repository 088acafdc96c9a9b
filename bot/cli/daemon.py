"""The daemon's side of `posse run`: one log line for each event, and what a first scan says."""

from __future__ import annotations

import json
import signal
from datetime import datetime
from typing import Any

from bot import report
from bot.app import App
from bot.cli.options import defect, err
from bot.cli.run import tell_baseline
from bot.daemon import Daemon
from bot.errors import Exit
from bot.model import Reason
from bot.outcomes import Event
from bot.pipeline import Enqueued
from bot.steady import Steady
from bot.store.base import Store


class EventLog:
    """Writes one line for each event on stderr, as text or JSON."""

    def __init__(self, run: App, form: str) -> None:
        self.run, self.form = run, form

    def write(self, event: str, **facts: Any) -> None:
        """Write one line; facts that are None are left out."""
        now = self.run.clock()
        found = {key: value for key, value in facts.items() if value is not None and value != ""}
        line = _json_line(now, event, found) if self.form == "json" else _text_line(now, event, found, self.run)
        err(line)

    def tell(self, event: Event) -> None:
        """Write what the courier tells."""
        row = event.delivery
        self.write(
            event.kind,
            account=event.account,
            post=row.post.slug if row else None,
            delivery=row.id if row else None,
            round=row.round if row else None,
            detail=event.detail,
        )


def _json_line(now: datetime, event: str, facts: dict[str, Any]) -> str:
    return json.dumps({"time": report.instant(now), "event": event, **facts}, ensure_ascii=False)


def _text_line(now: datetime, event: str, facts: dict[str, Any], run: App) -> str:
    words = " ".join(f"{key}={_quoted(value)}" for key, value in facts.items())
    return f"{now.astimezone(run.config.timezone):%Y-%m-%d %H:%M:%S} {event} {words}".rstrip()


def _quoted(value: Any) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if any(char.isspace() or char == '"' for char in text) else text


def _notify(run: App, store: Store, log: EventLog, told: set[str]) -> str | None:
    """Keep credentials alive, and tell of what is new among all troubles; return a sentence when that failed."""
    ending = run.upkeep.run(store, run.time(store))
    for trouble in ending:
        if trouble.key not in told:
            told.add(trouble.key)
            log.write("ending", detail=trouble.text)
    return run.notifier.tell_new(store, run.time(store), ending)


def work(run: App, store: Store, log_format: str) -> int:
    """Run the daemon until it is told to stop."""
    log = EventLog(run, log_format)
    first = not store.baselines()
    told: set[str] = set()

    def after_scan(done: Enqueued) -> None:
        nonlocal first
        if first and done.outlook.survey.scanned:
            tell_baseline(done)
            first = False
        for problem in done.outlook.survey.problems:
            line = report.problem_line(problem)
            if line not in told:
                told.add(line)
                log.write("problem", path=problem.path, line=problem.line, detail=problem.message)
        for id_ in done.newly_held:
            row = store.delivery(id_)
            if row:
                log.write("held", account=row.account, post=row.post.slug, reason=row.reason, detail=row.detail)
        for left in done.outlook.plan.left_out:
            key = f"{left.account} {left.post.id} {left.reason}"
            if left.reason in (Reason.SETTLING, Reason.NOT_LIVE) and key not in told:
                told.add(key)
                log.write(left.reason, account=left.account, post=left.post.slug, detail=left.detail)

    def beat(url: str) -> None:
        run.http.send("GET", url)

    run.pipeline.patient, run.pipeline.steady = True, Steady()
    daemon = Daemon(
        config=run.config,
        store=store,
        pipeline=run.pipeline,
        courier=run.courier(store, log.tell),
        clock=lambda: run.time(store),
        log=log.write,
        beat=beat,
        stopping=run.stopping,
        after_scan=after_scan,
        notify=lambda: _notify(run, store, log, told),
        describe=defect,
    )
    names = ", ".join(run.config.accounts)
    log.write("started", accounts=names, state=run.config.state.shown)
    return Exit.INTERRUPTED if daemon.run() == signal.SIGINT else Exit.DONE
