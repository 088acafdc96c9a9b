"""`posse post`: announces one post now."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence

import click

from bot import report
from bot.app import App
from bot.cli.events import Log, is_refused, worst
from bot.cli.options import accounts, app, as_json, complete_posts, err, out, out_json, posse_command, say
from bot.cli.preview import preview
from bot.cli.select import asked_for, refusals
from bot.errors import Exit, PostNotFound
from bot.model import Delivery, DeliveryId, PostId, State
from bot.pipeline import Select
from bot.planner import Asked, Plan
from bot.store.base import ReadOnlyStore, Store

PATIENCE = 60.0  # seconds to wait for an account that another process is using
_TURN = 0.1  # seconds between tries: a daemon with a backlog leaves an account free for moments only
_OPEN = {State.DUE, State.SENDING, State.UNCERTAIN}


@posse_command("post", example="posse post my-newest-post")
@click.argument("post", metavar="POST", shell_complete=complete_posts)
@accounts
@click.option("--dry-run", is_flag=True, help="Show what would be sent, and send nothing (`posse preview`).")
@click.option("--again", is_flag=True, help="Announce it once more, on purpose.")
@as_json
def command(post: str, accounts: tuple[str, ...], dry_run: bool, again: bool, as_json: bool) -> int:
    """Announce one post now, on every account or on those named. Already announced: says where, and sends nothing."""
    if dry_run:
        return preview((post,), accounts, as_json=as_json, again=again)
    run, log = app(), Log()
    only = run.account_names(accounts)
    names = [name for name in run.config.accounts if only is None or name in only]
    with run.writing() as store:
        select = asked_for((post,), only, again=again, root=run.config.root)
        chosen = _choose(run, store, select)
        _reopen(run, store, chosen, names)
        done = run.pipeline.enqueue(store, run.time(store), lambda _store, _survey: chosen)
        rows = _latest(store, chosen.posts, names)
        _refuse_gone(store, chosen, rows, done.outlook.plan)
        _warn(done.outlook.plan)
        already = {row.id for row in rows if row.state is State.DELIVERED}
        try:
            _deliver(run, store, log, [row.id for row in rows if row.state in _OPEN])
        finally:
            rows = _latest(store, chosen.posts, names)
            _show(rows, already, done.outlook.plan, as_json)
        return _judge(rows, store, log, refusals(done.outlook.plan))


def _choose(run: App, store: Store, select: Select) -> Asked:
    """Find the post before anything is written: an unknown name changes nothing."""
    _, asked = run.pipeline.survey(store, run.time(store), select)
    assert asked is not None  # noqa: S101 - there was a select
    return asked


def _reopen(run: App, store: Store, asked: Asked, names: Sequence[str]) -> None:
    """A person's wish ends a wait, and gives a failed or dropped row another try."""
    now = run.time(store)
    for row in _latest(store, asked.posts, names):
        if row.state is State.DUE and row.not_before > now:
            store.settle(row.id, [State.DUE], State.DUE, now)
        elif row.claimed_at and row.state in (State.FAILED, State.SKIPPED):
            store.settle(row.id, [row.state], State.DUE, now, renew_words=True)


def _latest(store: ReadOnlyStore, posts: Collection[PostId], names: Sequence[str]) -> list[Delivery]:
    """The latest round's row of each account in `names`, in their order."""
    latest: dict[str, Delivery] = {}
    for post in posts:
        for row in store.deliveries(post=post):
            if row.account in names and (row.account not in latest or latest[row.account].round < row.round):
                latest[row.account] = row
    return sorted(latest.values(), key=lambda row: names.index(row.account))


def _refuse_gone(store: ReadOnlyStore, asked: Asked, rows: list[Delivery], plan: Plan) -> None:
    """A post that is remembered but no longer on the site cannot be announced; where it went can still be shown."""
    if plan.planned or plan.left_out or any(row.state is State.DELIVERED or row.state in _OPEN for row in rows):
        return
    for known in store.posts(asked.posts).values():
        raise PostNotFound(f'"{known.slug}" is no longer on the site: {known.source_id} is gone. Nothing was sent.')


def _warn(plan: Plan) -> None:
    """Say what `preview` would have warned of: a page that does not answer, a picture without an alt text."""
    accounts: dict[str, list[str]] = {}
    for entry in plan.sendable():
        for warning in entry.announcement.warnings:
            accounts.setdefault(warning, []).append(entry.account)
    for warning, names in accounts.items():
        say(f"{', '.join(names)}: warning: {warning}")


def _deliver(run: App, store: Store, log: Log, ids: list[DeliveryId]) -> None:
    """Send these rows; wait for an account that another process is using."""
    if not ids:
        return
    courier = run.courier(store, log.tell)
    until, told = time.monotonic() + PATIENCE, set[str]()
    while True:
        courier.run(only=ids)
        waiting = {row.account for id_ in ids if (row := store.delivery(id_)) and _is_busy(row, run, store)}
        if not waiting or time.monotonic() > until:
            return
        if waiting - told:
            say(f"waiting for {', '.join(sorted(waiting - told))}: another announcement is on its way")
            told |= waiting
        time.sleep(_TURN)


def _is_busy(row: Delivery, run: App, store: Store) -> bool:
    """Whether a row waits only for another process: it sends this one, or another one on the same account.

    What was in flight when this one could not be claimed may be through by now, and the next not yet begun.
    """
    if row.state is State.SENDING:
        return True
    paused = (health := store.account_health().get(row.account)) is not None and health.paused_at is not None
    return row.state is State.DUE and row.not_before <= run.time(store) and not paused


def _show(rows: list[Delivery], already: Collection[DeliveryId], plan: Plan, as_json: bool) -> None:
    if as_json:
        out_json(
            {
                "deliveries": [report.delivery_json(row) for row in rows],
                "left_out": [report.left_out_json(entry) for entry in report.kept_back(plan)],
            }
        )
        return
    for row in rows:
        line = report.delivery_line(row)
        out(line.replace("delivered", "already  ", 1) if row.id in already else line)
    shown = {row.account for row in rows}
    for entry in plan.left_out:
        if entry.account not in shown:
            out(f"left out   {entry.account}: {entry.reason}: {entry.detail}")


def _judge(rows: list[Delivery], store: ReadOnlyStore, log: Log, refused: list[str]) -> int:
    """Return the exit code, having said what each row that did not go out waits for."""
    for line in refused:
        err(line)
    codes = [log.exit_code(store), Exit.NEEDS_PERSON if refused else Exit.DONE]
    health = store.account_health()
    for row in rows:
        pause = health.get(row.account)
        if row.state is State.DUE and pause is not None and pause.paused_at is not None:
            codes.append(Exit.SETUP if is_refused(pause) else Exit.NEEDS_PERSON)
            word = "login" if is_refused(pause) else "resume"
            err(f"{row.account}: paused: {pause.paused_reason}. `posse {word} {row.account}` lets it go on")
        elif row.state in (State.FAILED, State.UNCERTAIN, State.DUE):
            codes.append(Exit.TROUBLE)
    return worst(*codes)
