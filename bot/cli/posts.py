"""`posse posts`: the posts found, and where each stands."""

from __future__ import annotations

from typing import Any

from bot import report
from bot.cli.options import app, as_json, err, out, out_json, posse_command, say
from bot.errors import Exit
from bot.model import PostId, PostRef, State
from bot.store.base import Standing


@posse_command("posts", example="posse posts --json")
@as_json
def command(as_json: bool) -> int:
    """List the posts found, newest first, and where each stands on each account."""
    run = app()
    with run.reading() as store:
        survey, _ = run.pipeline.survey(store, run.clock())
        outlook = run.pipeline.plan(store, survey, may_ask=False)
        known = {post.id: post for post in store.all_posts() if post.gone_at is None} | dict(survey.known)
        standings = store.standings(known)
    drafts = {candidate.post.id for candidate in survey.candidates if candidate.post.draft}
    planned: dict[tuple[str, str], dict[str, Any]] = {}
    for entry in report.kept_back(outlook.plan):
        planned[entry.post.id, entry.account] = {"state": None, "reason": report.reason_of(entry), "url": None}
    for entry in outlook.plan.sendable():
        planned[entry.post.id, entry.account] = {"state": "due", "reason": None, "url": None}
    listed: list[dict[str, Any]] = []
    for post in sorted(known.values(), key=lambda post: (str(post.published or ""), post.slug), reverse=True):
        places = {}
        for name in run.config.accounts:
            places[name] = _place(standings.get((post.id, name)), planned.get((post.id, name)))
        named = report.post_json(PostRef(post.id, post.slug, post.title, post.url or "", post.published))
        listed.append({**named, "source": post.source, "path": post.source_id, "accounts": places})
    if as_json:
        problems = [report.problem_json(problem) for problem in survey.problems]
        out_json({"posts": listed, "problems": problems, "failures": report.failures_json(survey.failures)})
    else:
        for post_row in listed:
            published = known[PostId(post_row["id"])].published
            day = f"{published.astimezone(run.config.timezone):%Y-%m-%d}" if published else "no date   "
            out(_line(post_row, day, draft=post_row["id"] in drafts))
        say(f"{report.count(len(listed), 'post')}")
    for problem in survey.problems:
        say(report.problem_line(problem))
    for why in survey.failures.values():
        err(why)
    return Exit.TROUBLE if survey.failures else Exit.DONE


def _place(row: Standing | None, plan: dict[str, Any] | None) -> dict[str, Any]:
    """Where a post stands on an account: as its row says, but for one that came back and waits for something else."""
    if row is None:
        return plan or {"state": None, "reason": None, "url": None}
    if row.state is State.SKIPPED and plan is not None and plan["reason"] != row.reason:
        return plan
    return {"state": str(row.state), "reason": str(row.reason) if row.reason else None, "url": row.url}


def _line(row: dict[str, Any], day: str, *, draft: bool) -> str:
    places = ", ".join(
        f"{name}: {place['reason'] if place['state'] in (None, 'skipped', 'held') else place['state']}"
        for name, place in row["accounts"].items()
    )
    mark = " (draft)" if draft else ""
    lines = (row["title"] or "(untitled)", row["url"] or "no URL", places)
    return "\n".join([f"{day}  {row['slug']}{mark}", *(f"            {line}" for line in lines)])
