"""Writes the pages of docs/reference/ that derive from the code; with --check, says whether they are fresh."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from bot.cli import COMMANDS, posse
from bot.config import keys
from bot.errors import Exit
from bot.model import Reason
from bot.networks import NETWORKS, Network

HERE = Path(__file__).parent / "reference"
NOTE = "<!-- Made by docs/make_reference.py; `./dev check --fix` makes it anew. -->"

COMPLETION = """\
Your shell completes commands, options, posts and accounts once this stands in its start-up file: `eval
"$(_POSSE_COMPLETE=bash_source posse)"` in `~/.bashrc` (bash 4.4 or newer), `eval "$(_POSSE_COMPLETE=zsh_source posse)"`
in `~/.zshrc`, or `_POSSE_COMPLETE=fish_source posse | source` in `~/.config/fish/completions/posse.fish`."""

EXITS = {
    Exit.DONE: "done (also when posts only settle or wait for their date)",
    Exit.TROUBLE: "something newly failed or is uncertain, or a whole source cannot be read",
    Exit.USAGE: "the command line is wrong",
    Exit.SETUP: "configuration, template, credentials, or a state that cannot be opened",
    Exit.NOT_FOUND: "no post is called that, or several are",
    Exit.NEEDS_PERSON: "something newly needs a person",
    Exit.BUSY: "another process holds the state",
    Exit.DEFECT: "a defect of posse-bot, with how to report it",
    Exit.INTERRUPTED: "interrupted",
}

REASONS = {
    Reason.DRAFT: "it is marked as a draft",
    Reason.FUTURE: "its date has not come",
    Reason.BASELINE: "it was there before the bot, or before the account",
    Reason.TOO_OLD: "its date is older than `max_age`, or before `since`",
    Reason.EXPIRED: "its `not_after` is over",
    Reason.OPTED_OUT: "its front matter says `posse: false`, its entry `syndicate: false`; or it answers another page",
    Reason.FILTERED: "`only`, `exclude` or `accounts` leave it out",
    Reason.DUPLICATE: "another post that is present has the same URL",
    Reason.ALREADY_DELIVERED: "it is there already; `posse post --again` announces it once more",
    Reason.SETTLING: "it changed less than `settle` ago",
    Reason.NOT_LIVE: "its page does not answer yet",
    Reason.BURST: "more than `max_burst` new posts at once: `posse release --all`",
    Reason.APPROVE: "`approve = true`: `posse release`",
    Reason.MANUAL: "`manual = true`: post it yourself, then `posse resolve ID --sent URL`",
    Reason.SPACING: "the account spoke less than `spacing` ago",
    Reason.CAP: "`per_hour` is reached",
    Reason.QUIET: "quiet hours",
    Reason.PAUSED: "the account is paused: `posse resume`, or `posse login` when it was refused",
    Reason.BUDGET: "the month's budget is spent",
    Reason.IDENTITY: "it may be a post that went out already: `posse release` or `posse skip`",
    Reason.LEFTOVER: "the words still hold markup, mojibake, or nothing",
    Reason.ALT_MISSING: "a picture has no alt text",
    Reason.INVALID: "no canonical URL is known, the words cannot be made to fit, or the server wants a picture",
    Reason.GONE: "it is no longer on the site",
    Reason.FOUND: "(on a delivered row) it was found on the network's own timeline",
    Reason.PERSON: "you said so",
}


def main() -> None:
    """Write or check every page."""
    pages = {
        "commands.md": "\n".join(_commands()),
        "configuration.md": "\n".join(_configuration()),
        "networks.md": "\n".join(_networks()),
        "exit-codes.md": "\n".join(_exit_codes()),
        "reasons.md": "\n".join(_reasons()),
    }
    stale = [name for name, text in pages.items() if _read(name) != text + "\n"]
    if "--check" in sys.argv:
        if stale:
            sys.exit(f"docs/reference is stale: {', '.join(stale)}. Run ./dev check --fix.")
        return
    HERE.mkdir(exist_ok=True)
    for name, text in pages.items():
        (HERE / name).write_text(text + "\n", encoding="utf-8")


def _read(name: str) -> str:
    path = HERE / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _commands() -> Iterator[str]:
    yield f"# Commands\n\n{NOTE}\n\nThe global options stand before or after the command.\n\n{COMPLETION}\n"
    context = click.Context(posse, info_name="posse", max_content_width=100, terminal_width=100)
    yield f"```text\n{posse.get_help(context)}\n```\n"
    for name in COMMANDS:
        command = posse.get_command(context, name)
        if command is None:
            raise SystemExit(f"no command {name}")
        inner = click.Context(command, parent=context, info_name=name, max_content_width=100, terminal_width=100)
        yield f"## posse {name}\n\n```text\n{command.get_help(inner)}\n```\n"
        if isinstance(command, click.Group):
            yield from _commands_of(command, inner)


def _commands_of(group: click.Group, parent: click.Context) -> Iterator[str]:
    for name, command in group.commands.items():
        inner = click.Context(command, parent=parent, info_name=name, max_content_width=100, terminal_width=100)
        yield f"### posse {group.name} {name}\n\n```text\n{command.get_help(inner)}\n```\n"


def _configuration() -> Iterator[str]:
    yield f"# Configuration\n\n{NOTE}\n"
    yield "`posse.toml`, in TOML. Relative paths start from its folder. Durations: `250ms`, `5s`, `5m`, `2h`, `14d`.\n"
    tables: tuple[tuple[str, Sequence[keys.Key]], ...] = (
        ("(top)", keys.TOP),
        ("[site]", keys.SITE),
        ("[sources.NAME]", keys.SOURCE),
        ("only / exclude", keys.FILTER),
        ("[accounts.NAME]", keys.ACCOUNT),
        ("[guards]", keys.GUARDS),
        ("[schedule]", keys.SCHEDULE),
        ("[state]", keys.STATE),
        ("[notices]", keys.NOTICES),
    )
    for title, wanted in tables:
        yield f"## {title}\n\n| key | default | |\n|---|---|---|"
        for key in wanted:
            yield f"| `{key.name}` | {_default(key.default)} | {key.doc} |"
        yield ""
    for network in NETWORKS.values():
        yield f'## [accounts.NAME] with network = "{network.name}"\n\n| key | default | |\n|---|---|---|'
        for option in network.options:
            yield f"| `{option.name}` | {_default(option.default)} | {option.doc} |"
        yield ""
    yield '## [tags], [mentions]\n\nA tag and the hashtag it becomes (`""` hides it); an @name of the blog and who that'
    yield "is on each account or network."


def _default(value: object) -> str:
    if value is None:
        return "unset"
    text = str(value).lower() if isinstance(value, bool) else repr(value).replace("'", '"')
    return f"`{text}`"


def _networks() -> Iterator[str]:
    yield f"# Networks\n\n{NOTE}\n"
    yield "| network | limit | counted in | after a lost answer | card | images | secrets |"
    yield "|---|---|---|---|---|---|---|"
    for network in NETWORKS.values():
        secrets = ", ".join(f"`{secret.name}`" for secret in network.secrets) or "none"
        limit = f"{network.limit}" + (f" and {network.byte_limit} bytes" if network.byte_limit else "")
        yield (
            f"| `{network.name}` | {limit} | {network.unit} | `{network.guarantee}` |"
            f" {'ours' if network.card else 'theirs'} | {network.images} | {secrets} |"
        )
    yield "\nAfter a lost answer: `exactly_once` repeats under the same key, which is harmless; `look_first` looks at"
    yield "the account's own timeline, twice, before anything is sent again; `ask` leaves it to you (`posse resolve`)."
    for network in NETWORKS.values():
        if prices := network.prices:
            yield (
                f"\n{network.title} takes ${prices.post:.3f} for a post, ${prices.link:.3f} for one with a link, and"
                f" ${prices.alt:.3f} for a picture's alt text."
            )
    for network in NETWORKS.values():
        yield from _secrets(network)


def _secrets(network: Network) -> Iterator[str]:
    for secret in network.secrets:
        yield f"\n{network.title}: get the {secret.name.replace('_', ' ')} {secret.how}."


def _exit_codes() -> Iterator[str]:
    yield f"# Exit codes\n\n{NOTE}\n\n| code | |\n|---|---|"
    for code, text in EXITS.items():
        yield f"| {int(code)} | {text} |"
    yield "\nWhen several hold: 70, 3, 1, 5. Trouble that already stood and was already told is shown, not counted;"
    yield "`posse run --once --strict` counts it."


def _reasons() -> Iterator[str]:
    yield f"# Reasons\n\n{NOTE}\n"
    yield "Why a post is left out, held or skipped, as `explain`, `preview` and `status` say it."
    yield "\n| reason | |\n|---|---|"
    for reason in Reason:
        yield f"| `{reason}` | {REASONS[reason]} |"


if __name__ == "__main__":
    main()
