"""The command line. Commands are imported when they are called: `--help` loads click and nothing else of weight."""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from typing import Any, TextIO

import click

from bot import __version__
from bot.cli.options import common, defect, err, json_before
from bot.errors import Exit, PosseError

# name → (module of bot.cli, what it does), in the order of --help.
COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("init", "Look at the site and write the configuration that fits it."),
    "check": ("check", "Check the configuration, the credentials, and the posts."),
    "login": ("login", "Get, prove and keep the credentials of an account."),
    "posts": ("posts", "List the posts found, and where each stands on each account."),
    "preview": ("preview", "Show what would be sent. It cannot post."),
    "post": ("post", "Announce one post now."),
    "run": ("run", "Find new posts and announce them."),
    "status": ("status", "Show what is due, uncertain, held or failed, and what went out last."),
    "explain": ("explain", "Say why a post was, or was not, announced."),
    "release": ("release", "Let held announcements go."),
    "skip": ("skip", "Never announce a post."),
    "retry": ("retry", "Try failed announcements again."),
    "resolve": ("resolve", "Say whether an uncertain announcement went out."),
    "adopt": ("adopt", "Record what the accounts' own timelines hold already."),
    "pause": ("pause", "Stop sending, keep planning."),
    "resume": ("resume", "Go on sending."),
    "links": ("links", "Show where the copies of each post are, also for the site generator."),
    "state": ("state", "Export, import, move or back up the record of what went out."),
}


class LazyGroup(click.Group):
    """A group whose commands are named here and imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"bot.cli.{COMMANDS[cmd_name][0]}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the nearest command for one that does not exist."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], list(COMMANDS), n=1)
            hint = f' Did you mean "{near[0]}"?' if near else " `posse --help` lists them."
            ctx.fail(f'There is no command "{args[0]}".{hint}')
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - likewise
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: posse preview my-newest-post",
)
@click.version_option(__version__, prog_name="posse-bot")
@json_before
@common
def posse(**_options: Any) -> None:
    """Announce the posts of your own site on other networks: exactly once, never a flood."""


def main(args: list[str] | None = None) -> None:
    """Run the command line and end the process with the exit code of `bot.errors.Exit`."""
    gc.set_threshold(20_000, 20, 20)  # looking for garbage while modules are loaded takes 3 % and finds none
    code = run(args)
    _let_go(sys.stdout, sys.stderr)
    gc.freeze()  # nor is there any point in looking for it at the very end: 5 % of a preview
    sys.exit(code)


def run(args: list[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    stdout = sys.stdout
    try:
        code = posse.main(args=args, prog_name="posse", standalone_mode=False)
        return int(code) if isinstance(code, int) else Exit.DONE
    except click.exceptions.Abort:
        err("interrupted")
        return Exit.INTERRUPTED
    except KeyboardInterrupt:
        err("interrupted")
        return Exit.INTERRUPTED
    except SystemExit as error:  # shell completion ends so, and click itself when nobody reads any more
        return int(error.code or Exit.DONE) if sys.stdout is stdout else _pipe_closed()
    except click.ClickException as error:
        error.show()
        return Exit.USAGE
    except PosseError as error:
        err(f"posse: {error}")
        return error.exit_code
    except BrokenPipeError:
        return _pipe_closed()
    except Exception as error:  # noqa: BLE001 - the last line of defence: a defect is told, with how to report it
        return _defect(error)


def _pipe_closed() -> int:
    """Whoever read our output has gone (`| head`); that is no error."""
    _let_go(sys.stdout)
    return Exit.DONE


def _let_go(*streams: TextIO | None) -> None:
    """Let what cannot be written (a closed pipe, a full disk) go nowhere, else the interpreter complains at its end."""
    import os

    for stream in filter(None, streams):  # one that was closed before Python began is None
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _defect(error: Exception) -> int:
    err(defect(error))
    return Exit.DEFECT
