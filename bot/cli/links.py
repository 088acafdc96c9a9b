"""`posse links`: where the copies of each post are, for people and for site generators ("also on", u-syndication)."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from bot import report
from bot.app import App
from bot.cli.options import app, as_json, complete_posts, out, out_json, posse_command, say
from bot.cli.select import one
from bot.errors import ConfigError, ConfigProblem, Exit
from bot.model import Delivery, State


@posse_command("links", example="posse links --write _data/syndication.json")
@click.argument("post", metavar="[POST]", required=False, shell_complete=complete_posts)
@click.option("--write", "target", metavar="FILE", help="Keep a JSON data file for the site generator.")
@as_json
def command(post: str | None, target: str | None, as_json: bool) -> int:
    """Show the syndication links: where the copies of each post are, or of one.

    With --write, FILE holds {canonical URL: [{account, network, url}]}; it is replaced whole, and only when something
    has changed, so that it does not make a site build anew.
    """
    if post and target:
        raise click.UsageError("--write keeps the links of all posts; leave POST away")
    run = app()
    with run.reading() as store:
        id_ = one(run, store, post)[0] if post else None
        rows = store.deliveries(states=[State.DELIVERED], post=id_)
    rows = [row for row in rows if row.state is State.DELIVERED]
    if target:
        kept = data(rows, run)
        changed = _keep(Path(target), _text(kept))
        left = len(rows) - sum(map(len, kept.values()))
        note = f" ({report.count(left, 'link')} left out: not an address on the web)" if left else ""
        say(f"{target}: {'written' if changed else 'nothing has changed'}{note}")
    if as_json:
        out_json({"posts": _posts(rows, run)})
    elif not target:
        for entry in _posts(rows, run):
            out(f"{entry['title'] or entry['slug']}\n  {entry['url']}")
            out(report.indent(f"{link['account']}: {link['url']}" for link in entry["links"]))
        if not rows:
            say("Nothing has gone out yet." if post is None else "It has not gone out yet.")
    return Exit.DONE


def data(rows: Iterable[Delivery], run: App) -> dict[str, list[dict[str, str]]]:
    """Return the links by canonical URL, sorted: those on the web only, without the files of a `local` account."""
    found: dict[str, list[dict[str, str]]] = {}
    for row in sorted(rows, key=lambda row: (row.post.url, row.account, row.round)):
        link = _link(row, run)
        if row.post.url and link["url"].startswith(("http://", "https://")):
            found.setdefault(row.post.url, []).append(link)
    return found


def _posts(rows: Iterable[Delivery], run: App) -> list[dict[str, Any]]:
    """Return the posts that have gone out, newest first, each with its links."""
    found: dict[str, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: (row.account, row.round)):
        entry = found.setdefault(row.post.id, {**report.post_json(row.post), "links": []})
        entry["links"].append(_link(row, run))
    return sorted(found.values(), key=lambda entry: (entry["published"] or "", entry["slug"]), reverse=True)


def _link(row: Delivery, run: App) -> dict[str, str]:
    account = run.config.accounts.get(row.account)
    network = row.announcement.network if row.announcement else account.network.name if account else ""
    receipt = row.receipt
    return {
        "account": row.account,
        "network": network,
        "url": (receipt.url or receipt.remote_id) if receipt else "",
    }


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def _keep(path: Path, text: str) -> bool:
    """Replace a file at once if it does not hold `text`; say whether it did."""
    try:
        if path.is_file() and path.read_bytes() == text.encode():
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                os.fchmod(file.fileno(), _mode(path))
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        finally:
            with suppress(FileNotFoundError):
                Path(name).unlink()
    except OSError as error:
        raise ConfigError(str(path), [ConfigProblem("", f"cannot be written: {error.strerror}")]) from error
    return True


def _mode(path: Path) -> int:
    """Return the permissions the file has, else those a new file usually gets."""
    return path.stat().st_mode & 0o777 if path.exists() else 0o644
