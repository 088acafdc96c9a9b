"""What the shell offers where a post or an account is to be named. It asks no network, and is silent where it fails."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from click.shell_completion import CompletionItem

from bot.errors import PosseError

if TYPE_CHECKING:
    import click

    from bot.app import App


def posts(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the slugs that begin so, each with its title; else a file is meant."""
    found = {} if "/" in incomplete else _posts(ctx)
    items = [CompletionItem(slug, help=title) for slug, title in sorted(found.items()) if slug.startswith(incomplete)]
    return items or [CompletionItem(incomplete, type="file")]


def accounts(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the configured accounts that begin so."""
    try:
        found = _open(ctx).config.accounts
    except PosseError:
        return []
    return [CompletionItem(name) for name in found if name.startswith(incomplete)]


def _posts(ctx: click.Context) -> dict[str, str]:
    """The posts that the record holds; before the first run there is none, and the folders are looked at."""
    from bot.watcher.base import RemoteSource

    try:
        run = _open(ctx)
        with run.reading() as store:
            known = [post for post in store.all_posts() if post.gone_at is None]
            if not known:
                here = [source for source in run.pipeline.sources if not isinstance(source, RemoteSource)]
                run.pipeline.sources = here
                known = list(run.pipeline.survey(store, run.clock())[0].known.values())
    except PosseError:
        return {}
    return {post.slug: post.title for post in known}


def _open(ctx: click.Context) -> App:
    from bot.app import open_app
    from bot.cli.options import Settings

    return open_app(ctx.ensure_object(Settings).config, os.environ)
