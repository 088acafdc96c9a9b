"""`posse login`: gets, proves and keeps the credentials of an account."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from bot.app import App
from bot.cli.options import app, out, posse_command, say
from bot.config.model import AccountConfig
from bot.errors import ConfigError, ConfigProblem, Exit
from bot.networks import SecretKey

if TYPE_CHECKING:
    from bot.credentials import Secret


@posse_command("login", example="posse login mastodon")
@click.argument("account", metavar="ACCOUNT")
def command(account: str) -> int:
    """Get and keep the credentials of an account, then prove them with a read-only call.

    At a terminal it asks; else it reads the secret from standard input, one line for each.
    """
    run = app()
    names = run.account_names([account])
    assert names  # noqa: S101 - one was given
    config = run.config.accounts[account]
    if not config.network.secrets:
        out(f"{account}: {config.network.title} needs no login")
        return Exit.DONE
    from bot.credentials import Secret

    values = {secret.name: _ask(account, secret) for secret in config.network.secrets if secret.required}
    return _prove_and_keep(run, config, {key: Secret(value) for key, value in values.items()})


def _ask(account: str, secret: SecretKey) -> str:
    label = secret.name.replace("_", " ")
    if sys.stdin.isatty():
        say(f"Get it {secret.how}.")
        value: str = click.prompt(f"{account}: {label}", hide_input=True, err=True)
    else:
        value = sys.stdin.readline()
    if not value.strip():
        raise ConfigError(account, [ConfigProblem(secret.name, "nothing was given")])
    return value.strip()


def _prove_and_keep(run: App, account: AccountConfig, values: Mapping[str, Secret]) -> int:
    """Prove the secrets before they replace what is kept."""
    from dataclasses import replace

    from bot import publishers
    from bot.credentials import store

    access = replace(run.access(account), secret=lambda key: values[key])
    profile = publishers.make(account.network, access).verify()
    for key, value in values.items():
        origin = store(account.name, key, value, state_dir=run.config.state_folder)
        say(f"{account.name}: {key.replace('_', ' ')} kept in {origin}")
    with run.writing() as state:
        if profile.limits:
            state.set_limits(account.name, profile.limits, run.clock())
        state.resume(account.name)
    out(f"{account.name}: logged in as {profile.name}{f' ({profile.url})' if profile.url else ''}")
    for warning in profile.warnings:
        say(f"{account.name}: {warning}")
    return Exit.DONE
