"""`posse preview`: the dry run. It calls the pipeline that `post` and `run` call, and stops before the outbox."""

from __future__ import annotations

import click

from bot import report
from bot.cli import frames, strangers
from bot.cli.options import accounts, as_json, complete_posts, detail, err, out, out_json, posse_command, say
from bot.cli.select import refusals
from bot.errors import Exit
from bot.model import Reason
from bot.pipeline import Outlook


@posse_command("preview", example="posse preview my-newest-post --account mastodon")
@click.argument("posts", nargs=-1, metavar="[POST]...", shell_complete=complete_posts)
@accounts
@as_json
def command(posts: tuple[str, ...], accounts: tuple[str, ...], as_json: bool) -> int:
    """Show what would be sent: the words, their length, links, card and warnings. It cannot post.

    POST is a slug, a file, a URL (old ones too) or the beginning of a slug; a file or page that no source holds will
    do, with or without a configuration. Without POST: everything `run` would announce now.
    """
    return preview(posts, accounts, as_json=as_json)


def preview(posts: tuple[str, ...], accounts: tuple[str, ...], *, as_json: bool, again: bool = False) -> int:
    """Show the plan for `posts`, or for everything; return the exit code."""
    run = strangers.open_for(posts)
    only = run.account_names(accounts)
    select = strangers.join(run, posts, only, again=again) if posts else None
    with run.reading() as store:
        survey, asked = run.pipeline.survey(store, run.clock(), select)
        outlook = run.pipeline.plan(store, survey, asked)
    if only is not None and not posts:
        outlook = _only(outlook, only)
    if as_json:
        out_json(report.plan_json(outlook.plan, survey.problems, survey.failures))
    else:
        show(outlook, named=bool(posts))
    for line in refusals(outlook.plan) if posts else []:
        err(line)
    if survey.failures:
        return Exit.TROUBLE
    return Exit.NEEDS_PERSON if posts and refusals(outlook.plan) else Exit.DONE


def _only(outlook: Outlook, names: frozenset[str]) -> Outlook:
    from msgspec.structs import replace

    plan = outlook.plan
    kept = replace(
        plan,
        planned=tuple(entry for entry in plan.planned if entry.account in names),
        left_out=tuple(entry for entry in plan.left_out if entry.account in names),
    )
    return replace(outlook, plan=kept)


def show(outlook: Outlook, *, named: bool) -> None:
    """Write a plan for a person."""
    plan, survey = outlook.plan, outlook.survey
    for entry in plan.sendable():
        frames.show(entry.announcement)
    waiting = [entry for entry in plan.planned if entry.hold or entry.wait]
    for entry in waiting:
        if entry.hold is Reason.MANUAL:  # the link would not fit into a frame
            frames.show(entry.announcement, "by hand")
            out(f"   {entry.detail}\n")
        else:
            frames.show(entry.announcement, f"not now: {report.reason_of(entry)}: {entry.detail}")
    for left in plan.left_out if named else ():
        why = f"{left.reason} ({left.detail})" if left.detail else left.reason
        out(f"{left.account}: {left.post.slug}: not announced: {why}")
    if not named:
        _summary(outlook)
    for problem in survey.problems:
        say(report.problem_line(problem))
    for why in survey.failures.values():
        err(why)


def _summary(outlook: Outlook) -> None:
    plan = outlook.plan
    reasons: dict[str, int] = {}
    for entry in report.kept_back(plan):
        reasons[report.reason_of(entry)] = reasons.get(report.reason_of(entry), 0) + 1
    say(f"{report.count(len(plan.sendable()), 'announcement')} would go out now.")
    if reasons:
        for entry in report.kept_back(plan):
            detail(f"  {entry.account}: {entry.post.slug}: {report.reason_of(entry)}: {entry.detail}")
        say("Left out: " + ", ".join(f"{number} {reason}" for reason, number in sorted(reasons.items())))
