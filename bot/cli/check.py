"""`posse check`: the configuration, the credentials and where each came from, the servers' limits, the posts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from bot import lint, report
from bot.app import App
from bot.cli.options import app, as_json, out, out_json, posse_command, say
from bot.config.model import AccountConfig
from bot.errors import CredentialError, Exit, PublishError, TemplateError
from bot.networks import NETWORKS
from bot.planner import Asked, Plan
from bot.store.base import ReadOnlyStore
from bot.survey import Survey
from bot.watcher import yaml_parser

if TYPE_CHECKING:
    from bot.publishers.base import Ends


@posse_command("check", example="posse check --offline")
@click.option("--offline", is_flag=True, help="Ask no server.")
@click.option("--live", is_flag=True, help="Ask also whether what the posts link to is still there.")
@as_json
def command(offline: bool, live: bool, as_json: bool) -> int:
    """Check the configuration, the credentials and where each came from, the limits told by servers, and the posts.

    The posts are read for what could be better: front matter that cannot be read, mojibake, pictures without an alt
    text, two posts with one address, words that would be held. None of that changes the exit code.
    """
    if live and offline:
        raise click.UsageError("--live asks other sites, --offline asks nobody: leave one away")
    run = app()
    found: dict[str, Any] = {"config": str(run.config.path), "accounts": {}, "posts": 0, "problems": []}
    found["accounts"] = {name: _account(run, account, offline) for name, account in run.config.accounts.items()}
    _tell_twins(run, found["accounts"])
    with run.reading() as store:
        survey, asked = run.pipeline.survey(store, run.clock(), _all_posts)
        plan = _plan(run, store, survey, asked, found["accounts"])
    found["posts"] = len(survey.known)
    found["problems"] = [report.problem_json(problem) for problem in survey.problems]
    found["failures"] = report.failures_json(survey.failures)
    found["warnings"] = [
        {"path": candidate.post.source_id, "message": warning}
        for candidate in survey.candidates
        for warning in candidate.post.warnings
    ]
    found["warnings"] += [
        {"path": entry.post.source_id, "message": f"{entry.account}: {entry.hold}: {entry.detail}"}
        for entry in (plan.planned if plan else ())
        if entry.hold
    ]
    findings, unasked = _lint(run, survey, plan, live=live)
    found["lint"] = [{"kind": one.kind, "path": one.path, "line": one.line, "message": one.message} for one in findings]
    found["yaml"] = "libyaml" if yaml_parser.IS_FAST else "python"
    if as_json:
        out_json(found)
    else:
        _show(found, lint.summary(findings), run.config.gaps)
    if unasked:
        say(f"{report.count(unasked, 'link')} could not be asked in the time there was.")
    if any(account["error"] for account in found["accounts"].values()):
        return Exit.SETUP
    return Exit.TROUBLE if survey.failures else Exit.DONE


def _tell_twins(run: App, accounts: dict[str, dict[str, Any]]) -> None:
    """Warn of two accounts that are one and the same over there: whoever follows it would see each post twice."""
    first: dict[tuple[str, str, str], str] = {}
    for name, told in accounts.items():
        if told["url"]:
            options = sorted(run.config.accounts[name].options.items())  # one user may speak in several rooms
            twin = first.setdefault((told["network"], told["url"], str(options)), name)
            if twin != name:
                told["warnings"].append(f"it is the same as {twin}: each post goes out twice there")


def _lint(run: App, survey: Survey, plan: Plan | None, *, live: bool) -> tuple[list[lint.Finding], int]:
    """What could be better in the posts, and how many links there was no time to ask."""
    posts = [candidate.post for candidate in survey.candidates]
    held = [
        lint.Held(entry.post, entry.account, f"{entry.hold}: {entry.detail}")
        for entry in (plan.planned if plan else ())
        if entry.hold
    ]
    known = {*run.config.accounts, *NETWORKS, *(one.network.name for one in run.config.accounts.values())}
    if not live:
        return lint.lint(posts, survey.problems, held, known=known), 0
    from bot.watcher import deadlinks

    newest = sorted(posts, key=lambda post: str(post.published or ""), reverse=True)
    links = [link for post in newest for link in lint.links(post)]
    verdict = deadlinks.ask(links, run.http, allow_private=run.config.guards.allow_private)
    return lint.lint(posts, survey.problems, held, verdict.dead, known), verdict.left


def _all_posts(store: ReadOnlyStore, survey: Survey) -> Asked:
    """Every post that is there, so that those that have not changed are read again also."""
    return Asked(frozenset(post.id for post in store.all_posts() if post.gone_at is None) | frozenset(survey.known))


def _plan(
    run: App, store: ReadOnlyStore, survey: Survey, asked: Asked | None, accounts: dict[str, dict[str, Any]]
) -> Plan | None:
    """Make the words of every post, to see which need a person; None where a template is at fault."""
    from bot.formatter.template import check_template

    for name, account in run.config.accounts.items():
        if wrong := check_template(account.template, f"accounts.{name}"):
            accounts[name]["error"] = wrong
    try:
        return run.pipeline.plan(store, survey, asked, may_ask=False).plan
    except TemplateError as error:
        for name, told in accounts.items():
            if str(error).startswith(f"accounts.{name}:"):
                told["error"] = str(error)
        return None


def _account(run: App, account: AccountConfig, offline: bool) -> dict[str, Any]:
    """What is known of one account: its secrets' origins, who it is, its limits."""
    from bot.credentials import find

    network = account.network
    told: dict[str, Any] = {
        "network": network.name,
        "guarantee": str(network.guarantee),
        "secrets": {},
        "name": None,
        "url": None,
        "limits": {},
        "ends": None,
        "warnings": [],
        "error": None,
    }
    try:
        for secret in network.secrets_of(account.options):
            try:
                kept = find(account.name, secret.name, env=run.env, state_dir=run.config.state_folder)
            except CredentialError:
                if secret.required:
                    raise
                continue
            told["secrets"][secret.name] = kept.origin
        if not offline:
            profile = run.publisher(account).verify()
            told |= {"name": profile.name, "url": profile.url, "limits": dict(profile.limits)}
            told |= {"warnings": list(profile.warnings), "ends": _ends(profile.ends, run.clock())}
            with run.writing() as store:
                if profile.limits:
                    store.set_limits(account.name, profile.limits, run.clock())
                health = store.account_health().get(account.name)
                if health and (health.paused_reason or "").startswith("unauthorized"):
                    store.resume(account.name)
    except (CredentialError, PublishError) as error:
        told["error"] = str(error)
    return told


def _ends(ends: Ends | None, now: datetime) -> dict[str, Any] | None:
    """When the credentials end, and how many days that is off: at most, where it is not known."""
    from bot.publishers import sixty_days

    if ends is None:
        return None
    at, days = report.instant(ends.at), sixty_days.days_left(ends, now)
    return {"at": at, "days": days, "known": ends.known, "detail": sixty_days.line(ends, now)}


def _show(found: dict[str, Any], lines: list[str], gaps: Sequence[str]) -> None:
    out(f"configuration  {found['config']}: good")
    for gap in gaps:
        out(f"               {gap}")
    for name, account in found["accounts"].items():
        who = f" as {account['name']}" if account["name"] else ""
        out(f"account        {name} ({account['network']}, {account['guarantee']}){who}")
        for key, origin in account["secrets"].items():
            out(f"               {key.replace('_', ' ')} from {origin}")
        for key, value in account["limits"].items():
            out(f"               {key.replace('_', ' ')}: {value}")
        if account["ends"]:
            out(f"               {account['ends']['detail']}")
        for warning in account["warnings"]:
            out(f"               warning: {warning}")
        if account["error"]:
            out(f"               {account['error']}")
    loader = "libyaml, the fast loader" if found["yaml"] == "libyaml" else "PyYAML's slow loader: libyaml is missing"
    out(f"posts          {found['posts']} (YAML is read by {loader})")
    for line in lines:
        out(f"               {line}")
    for failure in found["failures"]:
        out(f"               {failure['message']}")
