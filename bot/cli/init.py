"""`posse init`: looks at a site and writes the configuration that fits it. Nothing that is there is overwritten."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from bot import app, report
from bot.cli.options import out, posse_command, say
from bot.errors import ConfigError, ConfigProblem, Exit, SourceError

if TYPE_CHECKING:
    from bot.model import Post, Problem
    from bot.networks import Option
    from bot.sites import Found
    from bot.sites.toml import Account

NAME = "posse.toml"


@posse_command("init", example="posse init my-site")
@click.argument("folder", metavar="[FOLDER|FEED-URL]", default=".")
def command(folder: str) -> int:
    """Look at the site in FOLDER (else here), or at a feed, and write a posse.toml that fits it.

    Knows Jekyll, Hugo, Eleventy, Pelican, Zola, plain folders of Markdown, and feeds, whose configuration is written
    here. At a terminal it asks where posts shall be announced. It overwrites nothing.
    """
    is_feed = _is_feed(folder)
    root = Path.cwd() if is_feed else _folder(folder)
    if (root / NAME).exists():
        raise click.ClickException(
            f"{root / NAME} is there already, and init overwrites nothing."
            " `posse check` says whether it works, `posse preview` what would go out."
        )
    try:
        found, posts, problems = _feed(folder) if is_feed else _site(root)
    except SourceError as error:
        raise ConfigError(str(root), [ConfigProblem("", str(error))]) from error
    out(_what(found, posts, len(problems)))
    accounts: list[Account] = []
    if sys.stdin.isatty():
        found, accounts = _asked(found)
    _write(root, found, accounts)
    _tell(root, "." if is_feed else folder, found, accounts, posts)
    return Exit.DONE


def _site(root: Path) -> tuple[Found, list[Post], list[Problem]]:
    """Return the site in a folder and its posts, the newest last."""
    from bot import sites
    from bot.sites.source import read_all

    found = sites.detect(root)
    outer = sites.surrounding(root) if found.kind is sites.Kind.FOLDER else None
    if outer:
        say(f"This folder lies in a site of {outer[1].kind}: `posse init` in {outer[0]} would know more of it.")
    return found, *read_all(root, found)


def _folder(given: str) -> Path:
    """Return the folder that is meant; raises a usage error for what is none."""
    path = Path(given)
    if not path.is_dir():
        what = "is a file; name the folder of the site" if path.exists() else "does not exist"
        raise click.UsageError(f"{given} {what}.")
    return path.absolute()


def _is_feed(given: str) -> bool:
    path = Path(given)
    return "://" in given or (path.is_file() and path.suffix.lower() in {".xml", ".rss", ".atom", ".json"})


def _feed(given: str) -> tuple[Found, list[Post], list[Problem]]:
    """Return what a feed tells of its site, and its posts, the newest last."""
    from bot.http import Http
    from bot.sites.feed import look

    return look(given, Http(), app.now())


def _what(found: Found, posts: Sequence[Post], problems: int) -> str:
    """Return what was found, in a sentence."""
    kind = f"{found.kind[0].upper()}{found.kind[1:]}"
    where = f" in {found.base}/" if found.base else ""
    line = f"{kind}{where}, {report.count(len(posts), 'post')}"
    if (newest := _newest(posts)) and newest.published:
        day = newest.published.astimezone(ZoneInfo(found.timezone or "UTC"))
        line += f', the newest "{newest.title or newest.slug}" of {day:%Y-%m-%d}'
    unread = f" ({report.count(problems, 'file')} cannot be read: `posse check`)" if problems else ""
    return f"{line}.{unread}"


def _newest(posts: Sequence[Post]) -> Post | None:
    """Return the newest that is public and may be announced; `posts` have the newest last."""
    now = app.now()
    meant = (post for post in reversed(posts) if not post.draft and not post.settings.skip)
    return next((post for post in meant if not (post.published and post.published > now)), None)


def _asked(found: Found) -> tuple[Found, list[Account]]:
    """Ask what the site did not tell, and where posts shall be announced."""
    from msgspec.structs import replace

    from bot.networks import NETWORKS, Kind
    from bot.sites.toml import Account

    if found.url is None and (url := _ask("The site's address (Enter leaves it open)", Kind.URL, needed=False)):
        found = replace(found, url=url, notes=tuple(note for note in found.notes if "[site] url" not in note))
    known = [name for name in NETWORKS if name != "local"]
    while True:
        answer = click.prompt(
            f"Where shall posts be announced? Any of {', '.join(known)} (Enter: only into a folder, to try it out)",
            default="",
            show_default=False,
            err=True,
        )
        wanted = list(dict.fromkeys(answer.replace(",", " ").lower().split()))
        unknown = [name for name in wanted if name not in known]
        if not unknown:
            break
        click.echo(f'There is no network "{unknown[0]}".', err=True)
    accounts = []
    for name in wanted:
        options = {option.name: _option(name, option) for option in NETWORKS[name].options if option.required}
        accounts.append(Account(name, name, options))
    return found, accounts


def _option(network: str, option: Option) -> str:
    about = option.doc.rstrip(".")
    return _ask(f"{network}, {option.name} ({about[0].lower()}{about[1:]})", option.kind, needed=True)


def _ask(question: str, kind: str, *, needed: bool) -> str:
    """Ask until the answer is of its kind: an address may be given without https://, or as me@host."""
    from bot.config import values
    from bot.networks import Kind

    while True:
        answer = click.prompt(question, default=None if needed else "", show_default=False, err=True).strip()
        if not answer:
            return ""
        if kind != Kind.URL:
            return str(answer.lstrip("@"))
        try:
            return values.url(answer if "://" in answer else f"https://{answer.rpartition('@')[2]}")
        except ValueError as error:
            click.echo(f"It {error}.", err=True)


def _write(root: Path, found: Found, accounts: Sequence[Account]) -> None:
    """Write the configuration, which must not be there, and the folder of its state, which git is told to pass over."""
    from bot.sites.toml import STATE, render

    state = root / STATE
    try:
        with (root / NAME).open("x", encoding="utf-8") as file:
            file.write(render(found, accounts, app.now()))
        state.mkdir(mode=0o700, exist_ok=True)
        if not (state / ".gitignore").exists():
            (state / ".gitignore").write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(str(root / NAME), [ConfigProblem("", f"cannot be written: {error.strerror}")]) from error


def _tell(root: Path, given: str, found: Found, accounts: Sequence[Account], posts: Sequence[Post]) -> None:
    """Say what was written, what is left to do, and what to type next."""
    where = Path(given) / NAME
    out(f"Wrote {where}. The record of what goes out will be kept in {Path(given) / '.posse'}/.")
    out("Nothing dated before now is announced by itself.")
    for title, lines in (("To fill in:", found.notes), ("To do:", found.chores)):
        if lines:
            out(f"\n{title}")
            out(report.indent(f"- {line.rstrip('.')}." for line in lines))
    out("")
    if found.peace:
        out(found.peace)
    out("git leaves .posse/ alone: it holds a .gitignore of its own (it will hold secrets; never publish it).")
    newest = _newest(posts)
    show = f"posse preview {shlex.quote(newest.slug)}" if newest else "posse preview"
    steps = [f"posse login {account.name}" for account in accounts] or ["posse check"]
    out("\nNext:")
    if found.url is None:
        out(f"  fill in {NAME}: without [site] url there is nothing to link to")
    if root != Path.cwd():
        out(f"  cd {shlex.quote(given)}")
    out(report.indent([*steps, show]))
