"""What every command shares: the global options, before or after the command's name, and how text is written out."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from bot import __version__
from bot.errors import OutputError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from bot.app import App


class Settings:
    """The global options as they were given, the later one winning."""

    def __init__(self) -> None:
        self.config: str | None = None
        self.verbose = 0
        self.quiet = False
        self.color: bool | None = None
        self.json = False


def _keep(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    settings = ctx.ensure_object(Settings)
    if value in (None, 0, False):
        return
    if param.name == "no_color":
        settings.color = False
        ctx.color = False
    else:
        setattr(settings, param.name or "", value)


def common(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the global options."""
    options = (
        click.option("--config", metavar="PATH", help="The configuration (else $POSSE_CONFIG, ./posse.toml, …)."),
        click.option("-v", "--verbose", count=True, help="Say more on stderr."),
        click.option("-q", "--quiet", is_flag=True, help="Say nothing but results and errors."),
        click.option("--no-color", is_flag=True, help="No colour (also: NO_COLOR)."),
    )
    for option in reversed(options):
        command = option(command)
    for param in command.__click_params__[-4:]:  # type: ignore[attr-defined]  # click keeps them there
        param.expose_value = False
        param.callback = _keep
        param.is_eager = True
    return command


def posse_command(name: str, *, example: str, **attributes: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a click command with the global options and an example under its help."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        make: Callable[..., click.Command] = click.command(name, epilog=f"Example: {example}", **attributes)
        return make(common(wrapper))

    return decorate


def complete_posts(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Tell the shell which posts there are; nothing of that is loaded before it asks."""
    from bot.cli import completion

    return completion.posts(ctx, param, incomplete)


def complete_accounts(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Tell the shell which accounts there are."""
    from bot.cli import completion

    return completion.accounts(ctx, param, incomplete)


def _json(ctx: click.Context, _param: click.Parameter, value: bool) -> bool:
    return value or ctx.ensure_object(Settings).json


as_json = click.option("--json", "as_json", is_flag=True, callback=_json, help="Write JSON.")
json_before = click.option(
    "--json",
    is_flag=True,
    callback=_keep,
    expose_value=False,
    is_eager=True,
    help="Write JSON, where a command has a table to show.",
)
accounts = click.option(
    "--account",
    "accounts",
    multiple=True,
    metavar="NAME",
    help="Only on this account (repeatable).",
    shell_complete=complete_accounts,
)


def settings() -> Settings:
    """Return the global options of the running command."""
    return click.get_current_context().ensure_object(Settings)


def app(**tools: Any) -> App:
    """Read the configuration that the options name."""
    from bot.app import open_app

    run = open_app(settings().config, os.environ, **tools)
    detail(f"configuration: {run.config.path}")
    return run


def out(text: str) -> None:
    """Write a result. Raises `OutputError` where it cannot be, and `BrokenPipeError` where nobody reads any more."""
    try:
        click.echo(text)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"stdout cannot be written: {error.strerror}") from error


def out_json(value: Any) -> None:
    """Write a result as JSON."""
    import json

    out(json.dumps(value, ensure_ascii=False, indent=1))


def err(text: str) -> None:
    """Write on stderr. A log that is full or closed stops nothing."""
    with suppress(OSError):
        click.echo(text, err=True)


def say(text: str) -> None:
    """Write something that is no result, unless --quiet."""
    if not settings().quiet:
        err(text)


def detail(text: str) -> None:
    """Write something that only --verbose wants."""
    if settings().verbose:
        err(text)


def wants_looks() -> bool:
    """Whether a person sees this: a terminal."""
    return sys.stdout.isatty()


def wants_color() -> bool:
    """Whether colour is not refused (`--no-color`, NO_COLOR: https://no-color.org)."""
    return not os.environ.get("NO_COLOR") and settings().color is not False


def defect(error: Exception) -> str:
    """Say how an error that should not be came about, and how to report it."""
    import traceback

    python, lines = sys.version.split()[0], "".join(traceback.format_exception(error))
    return (
        f"{lines}\nposse: this is a defect in posse-bot {__version__} (Python {python}), not in what you did."
        "\nNothing is lost: `posse status` shows where everything stands."
        "\nPlease report the lines above; they hold no secret, but look before you send them."
    )
