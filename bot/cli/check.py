"""`posse check`: the configuration, the credentials and where each came from, the servers' limits, the posts."""

from __future__ import annotations

from typing import Any

import click

from bot import report
from bot.app import App
from bot.cli.options import app, as_json, out, out_json, posse_command
from bot.config.model import AccountConfig
from bot.errors import CredentialError, Exit, PublishError, TemplateError
from bot.planner import Asked, Plan
from bot.store.base import ReadOnlyStore
from bot.survey import Survey


@posse_command("check", example="posse check --offline")
@click.option("--offline", is_flag=True, help="Ask no server.")
@as_json
def command(offline: bool, as_json: bool) -> int:
    """Check the configuration, the credentials and where each came from, the limits told by servers, and the posts."""
    run = app()
    found: dict[str, Any] = {"config": str(run.config.path), "accounts": {}, "posts": 0, "problems": []}
    found["accounts"] = {name: _account(run, account, offline) for name, account in run.config.accounts.items()}
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
    if as_json:
        out_json(found)
    else:
        _show(found, [report.problem_line(problem) for problem in survey.problems])
    if any(account["error"] for account in found["accounts"].values()):
        return Exit.SETUP
    return Exit.TROUBLE if survey.failures else Exit.DONE


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
        "warnings": [],
        "error": None,
    }
    try:
        for secret in network.secrets:
            kept = find(account.name, secret.name, env=run.env, state_dir=run.config.state_folder)
            told["secrets"][secret.name] = kept.origin
        if not offline:
            profile = run.publisher(account).verify()
            told |= {"name": profile.name, "url": profile.url, "limits": dict(profile.limits)}
            told["warnings"] = list(profile.warnings)
            with run.writing() as store:
                if profile.limits:
                    store.set_limits(account.name, profile.limits, run.clock())
                health = store.account_health().get(account.name)
                if health and (health.paused_reason or "").startswith("unauthorized"):
                    store.resume(account.name)
    except (CredentialError, PublishError) as error:
        told["error"] = str(error)
    return told


def _show(found: dict[str, Any], problems: list[str]) -> None:
    out(f"configuration  {found['config']}: good")
    for name, account in found["accounts"].items():
        who = f" as {account['name']}" if account["name"] else ""
        out(f"account        {name} ({account['network']}, {account['guarantee']}){who}")
        for key, origin in account["secrets"].items():
            out(f"               {key.replace('_', ' ')} from {origin}")
        for key, value in account["limits"].items():
            out(f"               {key.replace('_', ' ')}: {value}")
        for warning in account["warnings"]:
            out(f"               warning: {warning}")
        if account["error"]:
            out(f"               {account['error']}")
    out(f"posts          {found['posts']}")
    for warning in found["warnings"]:
        out(f"               {warning['path']}: {warning['message']}")
    for line in problems:
        out(f"               {line}")
    for failure in found["failures"]:
        out(f"               {failure['message']}")
