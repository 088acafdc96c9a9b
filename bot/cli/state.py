"""`posse state`: the record as a whole; out as text, in again, into another store, and a copy while others use it."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

import click

from bot import report
from bot.app import App
from bot.cli.options import app, out, posse_command, say
from bot.errors import Exit, StateError


@posse_command("state", example="posse state backup posse-2026-11-23.db", cls=click.Group)
def command() -> None:
    """Export, import, move or back up the record of what went out.

    It holds no secrets: those are in the keyring, or in a file of their own beside the state.
    """


assert isinstance(command, click.Group)  # noqa: S101 - cls says so, which the type of posse_command cannot
group = command


@posse_command("export", example="posse state export posse.jsonl")
@click.argument("file", metavar="[FILE]", default="-")
def export(file: str) -> int:
    """Write the whole record as JSON lines, to FILE or to stdout."""
    run = app()
    _write_lines(run, None if file == "-" else Path(file))
    return Exit.DONE


@posse_command("import", example="posse state import posse.jsonl")
@click.argument("file", metavar="FILE")
def import_(file: str) -> int:
    """Read what `posse state export` wrote, from FILE or from stdin (-).

    What this record holds already stays as it is, so the same file may be imported twice. Where the two contradict each
    other nothing is changed. A delivery that was being sent is looked for before it is sent again.
    """
    from bot.store import open_database, transfer

    run = app()
    with _lines_of(file) as lines, closing(open_database(run.config.state.url)) as database:
        taken = transfer.take_in(database, lines, "stdin" if file == "-" else file)
    out(f"{report.count(taken.new, 'row')} imported; {taken.known} were there already.")
    return Exit.DONE


@posse_command("move", example="posse state move postgresql://db.example.com/posse")
@click.argument("url", metavar="URL")
def move(url: str) -> int:
    """Copy the record into another store: sqlite:///PATH or postgresql://HOST/DATABASE.

    Stop every `posse run` first. In the old store each account is paused afterwards, so that a daemon which still uses
    it sends nothing.
    """
    from bot.config.values import state_url
    from bot.links import without_password
    from bot.lock import only_runner
    from bot.store import open_database, transfer

    run = app()
    try:
        target_url = state_url(url, run.config.root)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    path = run.config.state.path
    _refuse_absent(run)
    alone = only_runner(path, run.clock()) if path else nullcontext()
    with alone, closing(open_database(run.config.state.url)) as source, closing(open_database(target_url)) as target:
        taken = transfer.move(source, target, list(run.config.accounts), run.clock())
    out(f"{report.count(taken.new, 'row')} moved; {taken.known} were there already.")
    say(f'Now write in {run.config.path}, under [state]: url = "{without_password(url)}"')
    say("The old state is left where it is; every account in it is paused.")
    return Exit.DONE


@posse_command("backup", example="posse state backup posse-2026-11-23.db")
@click.argument("file", metavar="FILE")
def backup(file: str) -> int:
    """Copy the record into FILE while others go on with it: a state file, or an export where it is a PostgreSQL.

    A state file is put back by copying it over the old one; an export by `posse state import` into an empty store.
    """
    from bot.store import open_database_read_only
    from bot.store.sqlite import Sqlite

    run = app()
    _refuse_absent(run)
    if run.config.state.path is None:
        _write_lines(run, Path(file))
    else:
        with closing(open_database_read_only(run.config.state.url)) as database, _new_file(Path(file)) as copy:
            assert isinstance(database, Sqlite)  # noqa: S101 - it has a path
            database.back_up(copy)
    out(f"backed up to {file}")
    return Exit.DONE


for each in (export, import_, move, backup):
    group.add_command(each)


def _refuse_absent(run: App) -> None:
    path = run.config.state.path
    if path is not None and not path.exists():
        raise StateError(f"{path}: there is no state yet. The first `posse run` makes it.")


def _write_lines(run: App, file: Path | None) -> None:
    from bot.store import open_database_read_only, transfer

    with closing(open_database_read_only(run.config.state.url)) as database:
        if file is None:
            for line in transfer.export(database):
                out(line)
            return
        with _new_file(file) as made, made.open("w", encoding="utf-8") as sink:
            sink.writelines(f"{line}\n" for line in transfer.export(database))
    say(f"written to {file}")


@contextmanager
def _lines_of(file: str) -> Iterator[Iterable[str]]:
    """The lines of a file, or of stdin. Raises `StateError` when it cannot be read."""
    try:
        if file == "-":
            yield sys.stdin
            return
        with Path(file).open(encoding="utf-8") as source:
            yield source
    except OSError as error:
        raise StateError(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise StateError(f"{file}: this is no export of posse: it is not UTF-8.") from error


@contextmanager
def _new_file(path: Path) -> Iterator[Path]:
    """A file (0600) to fill, which becomes `path` whole, or not at all. Raises `StateError`; overwrites nothing."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.absolute().parent)  # makes it 0600
        try:
            yield Path(name)
            os.fsync(handle)
            if path.exists():
                raise FileExistsError
            Path(name).rename(path)
        finally:
            os.close(handle)
            Path(name).unlink(missing_ok=True)
    except FileExistsError as error:
        raise StateError(f"{path} is there already, and nothing is overwritten. Name another file.") from error
    except OSError as error:
        raise StateError(f"{path} cannot be written: {error.strerror}") from error
