"""`posse login`: gets, proves and keeps the credentials of an account."""

from __future__ import annotations

import ipaddress
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click
from msgspec.structs import replace

from bot.app import App
from bot.cli.options import app, complete_accounts, out, posse_command, say
from bot.config.model import AccountConfig
from bot.errors import ConfigError, ConfigProblem, CredentialError, Exit, PublishError, Rejected, TryLater, Unauthorized
from bot.networks import Kind, SecretKey

if TYPE_CHECKING:
    from bot.credentials import Secret
    from bot.publishers.base import Access, Profile

SECRETS = "secrets"  # `Network.login` of one whose secrets are asked for


@posse_command("login", example="posse login mastodon")
@click.argument("account", metavar="ACCOUNT", shell_complete=complete_accounts)
@click.option("--no-browser", is_flag=True, help="Open no browser: show the address, and ask for the code.")
@click.option("--token", is_flag=True, help="Ask for a token made by hand, where a browser would be used.")
def command(account: str, no_browser: bool, token: bool) -> int:
    """Get and keep the credentials of an account, then prove them with a read-only call.

    At a terminal it walks you through; else it reads each secret from a line of standard input. What is not proven is
    not kept.
    """
    run = app()
    names = run.account_names([account])
    assert names  # noqa: S101 - one was given
    config = run.config.accounts[account]
    if not config.network.secrets:
        out(f"{account}: {config.network.title} needs no login")
        return Exit.DONE
    _refuse_in_the_clear(config)
    walks = sys.stdin.isatty() and not token and _can_walk(config)
    vault = _Unproven()
    access = replace(run.access(config), vault=vault)
    try:
        values = _walk(access, config, no_browser=no_browser) if walks else _ask_all(run, config, vault)
        profile = _prove(access, config, values)
    except (PublishError, CredentialError) as error:
        raise CredentialError(_not_kept(config, error, walks=walks)) from error
    _keep(run, config, values)
    if vault.values:
        with (lasting := run.access(config).vault).locked():
            lasting.write(vault.values)
    return _record(run, config, profile)


class _Person:
    """A `bot.publishers.code_flow.Person` at the terminal."""

    def __init__(self, account: str, *, browser: bool) -> None:
        self._account = account
        self.browser = browser

    def browse(self, url: str) -> bool:
        import webbrowser

        click.echo(f"{self._account}: allow posse-bot in your browser. If none opens, go to\n\n{url}\n", err=True)
        if webbrowser.open(url):
            say("Waiting for its answer… (Ctrl-C stops; --no-browser works without a browser here)")
            return True
        click.echo(f"{self._account}: no browser opened.", err=True)
        return False

    def paste(self, url: str) -> str:
        click.echo(f"{self._account}: allow posse-bot at this address, in any browser:\n\n{url}\n", err=True)
        code: str = click.prompt(
            "Then paste the code that it shows, or the address where it ends", err=True, default="", show_default=False
        )
        return code.strip()

    def ask(self, question: str) -> str:
        given: str = click.prompt(question, hide_input=True, err=True, default="", show_default=False)
        return given.strip()


class _Unproven:
    """A `bot.publishers.base.Vault` for what is not proven yet: nothing of it is on the disk."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def read(self) -> dict[str, str]:
        return dict(self.values)

    def write(self, values: Mapping[str, str]) -> None:
        self.values = dict(values)

    @contextmanager
    def locked(self) -> Iterator[None]:
        yield


def can_browse(env: Mapping[str, str], platform: str) -> bool:
    """Whether a browser that opens here could bring its answer here: not over ssh, nor without a display."""
    if env.get("SSH_CONNECTION"):
        return False
    if env.get("BROWSER") or platform in {"darwin", "win32"}:
        return True
    return bool(env.get("DISPLAY") or env.get("WAYLAND_DISPLAY"))


def _can_walk(config: AccountConfig) -> bool:
    """Whether the network has a log-in of its own, and the account what that needs; says what is missing."""
    network = config.network
    if network.login == SECRETS:
        return False
    if network.login_needs and not config.options.get(network.login_needs):
        say(f"With `{network.login_needs}` set in the configuration, {config.name} can be logged in to by a browser.")
        return False
    return True


def _walk(access: Access, config: AccountConfig, *, no_browser: bool) -> Mapping[str, Secret]:
    """Log in the network's own way."""
    module, _, name = config.network.login.partition(":")
    person = _Person(config.name, browser=not no_browser and can_browse(os.environ, sys.platform))
    values: Mapping[str, Secret] = getattr(import_module(module), name)(access, person)
    return values


def _ask_all(run: App, config: AccountConfig, vault: _Unproven) -> Mapping[str, Secret]:
    """Ask for each secret; what a person knows of a token's end is put into `vault`."""
    from bot.credentials import Secret

    found: dict[str, Secret] = {}
    for key in config.network.secrets_of(config.options):
        if key.required:
            found[key.name] = Secret(_ask(config.name, key))
            if key.lives and sys.stdin.isatty():
                _ask_for_the_end(run, config.name, found[key.name], vault)
    return found


def _ask_for_the_end(run: App, account: str, token: Secret, vault: _Unproven) -> None:
    """Ask until when a token lives, again where the answer is none; a person who does not know types Return."""
    from bot.publishers import sixty_days

    question = f"{account}: when does it end? (YYYY-MM-DD, or in how many days; Return if you do not know)"
    while given := click.prompt(question, default="", show_default=False, err=True).strip():
        try:
            until = sixty_days.end_of(given, run.clock())
        except ValueError as error:
            click.echo(f"{account}: {error}", err=True)
        else:
            sixty_days.keep(vault, sixty_days.known(account, token.reveal(), until, until))
            return


def _ask(account: str, secret: SecretKey) -> str:
    label = secret.name.replace("_", " ")
    asks = sys.stdin.isatty()
    if asks:
        say(f"Get it {secret.how}.")
        value: str = click.prompt(f"{account}: {label}", hide_input=True, err=True, default="", show_default=False)
    else:
        value = sys.stdin.readline()
    value = value.strip()
    if not value:
        where = "" if asks else " on standard input (at a terminal it is asked for)"
        raise ConfigError(account, [ConfigProblem(secret.name, f"nothing was given{where}")])
    if secret.looks and not re.fullmatch(re.escape(secret.looks).replace("x", "[a-z0-9]"), value):
        click.echo(f"{account}: {label}s look like {secret.looks}, and this does not. Get one {secret.how}.", err=True)
        if asks and not click.confirm("Use it all the same?", default=False, err=True):
            raise CredentialError(f"the {label} was not used")
    return value


def _prove(kept: Access, config: AccountConfig, values: Mapping[str, Secret]) -> Profile:
    """Return whose secrets they are. What the publisher keeps between runs is put into the vault of `kept`."""
    from bot import publishers

    access = replace(kept, secret=lambda key: values[key] if key in values else kept.secret(key))
    return publishers.make(config.network, access).verify()


def _keep(run: App, config: AccountConfig, values: Mapping[str, Secret]) -> None:
    """Keep what is proven: in the keyring, else in the file, which a person at a terminal is asked about once."""
    from bot import credentials

    folder = run.config.state_folder
    asked = not sys.stdin.isatty()
    for key, value in values.items():
        origin = credentials.store_in_keyring(config.name, key, value)
        if origin is None:
            path = folder / credentials.CREDENTIALS
            question = f"No keyring works here. Keep it in {path}, readable by you alone?"
            if not asked and not click.confirm(question, default=True, err=True):
                name = credentials.variable(config.name, key)
                raise CredentialError(f"{config.name}: nothing was kept. Set {name}, or {name}_FILE, instead.")
            asked = True
            origin = credentials.store_in_file(config.name, key, value, state_dir=folder)
        say(f"{config.name}: {key.replace('_', ' ')} kept in {origin}")
        found = credentials.find(config.name, key, env=run.env, state_dir=folder)
        if found.secret != value:
            click.echo(f"{config.name}: but {found.origin} holds another one, which goes before it.", err=True)


def _record(run: App, config: AccountConfig, profile: Profile) -> int:
    """Keep what the server told of its limits, go on sending if the account was refused before, and say so."""
    with run.writing() as state:
        if profile.limits:
            state.set_limits(config.name, profile.limits, run.clock())
        state.resume(config.name)
    out(f"{config.name}: logged in as {profile.name}{f' ({profile.url})' if profile.url else ''}")
    for name, value in profile.limits.items():
        out(f"{config.name}: {name.replace('_', ' ')}: {value}")
    if profile.ends:
        from bot.publishers import sixty_days

        out(f"{config.name}: {sixty_days.line(profile.ends, run.clock())}")
    for warning in profile.warnings:
        say(f"{config.name}: {warning}")
    return Exit.DONE


def _refuse_in_the_clear(config: AccountConfig) -> None:
    """Raise `ConfigError` where secrets would travel unencrypted over a network."""
    problems = [
        ConfigProblem(
            f"accounts.{config.name}.{option.name}",
            f"{config.options[option.name]} would carry the login over the network for all to read; use https://",
        )
        for option in config.network.options
        if option.kind is Kind.URL and _in_the_clear(str(config.options.get(option.name) or ""))
    ]
    if problems:
        raise ConfigError(config.name, problems)


def _in_the_clear(url: str) -> bool:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "http" or host == "localhost" or host.endswith((".localhost", ".onion")):
        return False  # an onion service encrypts by itself
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return True


def _not_kept(config: AccountConfig, error: Exception, *, walks: bool) -> str:
    """Return what to tell of a login that failed: what happened, and what to type next."""
    again = f"`posse login {config.name}`"
    match error:
        case TryLater():
            then = f"Type {again} again later."
        case Unauthorized() if not walks:
            how = "; or ".join(secret.how for secret in config.network.secrets_of(config.options) if secret.required)
            then = f"Get a new one {how}; then type {again} again."
        case Rejected():
            then = f"Mend the configuration, then type {again} again."
        case _ if walks:
            then = f"Type {again} again (--no-browser: paste a code; --token: paste a token made by hand)."
        case _:
            then = f"Type {again} again."
    return f"{config.name}: {error}\nNothing was kept. {then}"
