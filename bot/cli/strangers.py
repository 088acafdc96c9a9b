"""Files and pages that no configured source knows, shown by `preview` all the same: they join the pipeline's sources.

Without a configuration there is one in memory: the default rules of Mastodon and Bluesky, and no state.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from bot import identity, report
from bot.app import App, relative
from bot.cli.options import app, settings
from bot.cli.select import asked_for
from bot.config.model import AccountConfig, Config, GuardsConfig, ScheduleConfig, SiteConfig, StateConfig
from bot.errors import ConfigMissing, PostNotFound
from bot.lookup import Entry
from bot.model import Post, Problem
from bot.networks import BLUESKY, DEFAULT_TEMPLATE, MASTODON
from bot.pipeline import Select, entries
from bot.planner import Asked
from bot.store.base import ReadOnlyStore
from bot.survey import Survey
from bot.watcher.site import Site

STAND_IN = "https://example.com"


def open_for(names: Sequence[str]) -> App:
    """Return the app of the configuration; where there is none and files or pages are named, one that lives in memory.

    Raises `ConfigMissing` and `ConfigError` as `options.app` does, `PostNotFound` for a file that is not there.
    """
    try:
        return app()
    except ConfigMissing as error:
        named = settings().config or os.environ.get("POSSE_CONFIG")
        if named or not names:
            raise
        for name in names:
            if not (_is_url(name) or Path(name).is_file()):
                if "/" in name or Path(name).suffix:
                    raise PostNotFound(f"{name} is neither a file nor the address of a page. {error}") from error
                raise
        return App(_in_memory(names), os.environ)


def join(run: App, names: Sequence[str], only: frozenset[str] | None, *, again: bool) -> Select:
    """Return the function that finds `names`; those that only a file or a page answers to join the sources of `run`.

    Raises `PostNotFound` for a file that is no post and an address without a page.
    """
    may_be = [name for name in names if _is_url(name) or _is_file(name)]
    if not may_be:
        return asked_for(tuple(names), only, again=again)
    with run.reading() as store:
        survey, _ = run.pipeline.survey(store, run.clock())
        known = entries(store, survey)
    found = _Found([], [])
    for name in names:
        _place(run, name, known, survey, found)
    return _select(found, only, again=again)


class _Found(Struct, frozen=True):
    """The names that the sources answer to, and the item names of the strangers."""

    known: list[str]
    items: list[identity.Name]


def _place(run: App, name: str, known: Sequence[Entry], survey: Survey, found: _Found) -> None:
    from bot.watcher.single import Single

    if _is_url(name):
        answers = any(identity.url_name(name)[1] in entry.urls for entry in known)
        post = None if answers else _page(run, name)
    elif _is_file(name):
        path = Path(name).resolve()
        ids = [entry.source_id for entry in known] + [problem.path for problem in survey.problems]
        own = next((id_ for id_ in ids if (run.config.root / id_).resolve() == path), None)
        name, post = (own, None) if own else (name, _file(run, path, name))
    else:
        post = None
    if post is None:
        found.known.append(name)
        return
    source = Single(f"({len(found.items) + 1})", post)
    if _is_file(name):
        run.elsewhere[source.name] = _site(Path(name).resolve())
    run.pipeline.sources = [*run.pipeline.sources, source]
    found.items.append(identity.item_name(source.name, post.source_id))


def _select(found: _Found, only: frozenset[str] | None, *, again: bool) -> Select:
    def select(store: ReadOnlyStore, survey: Survey) -> Asked:
        asked = Asked(frozenset(), only, again)
        if found.known:
            asked = asked_for(tuple(found.known), only, again=again)(store, survey)
        strangers = {id_ for id_, names in survey.names.items() if any(item in names for item in found.items)}
        return replace(asked, posts=asked.posts | strangers)

    return select


def _is_url(name: str) -> bool:
    return name.lower().startswith(("http://", "https://"))


def _is_file(name: str) -> bool:
    """Whether a file is meant, and not a slug that happens to be called like one."""
    return ("/" in name or bool(Path(name).suffix)) and Path(name).is_file()


def _page(run: App, url: str) -> Post:
    from bot.watcher.single import NoPage, read_page

    try:
        return read_page(url, run.http, allow_private=run.config.guards.allow_private)
    except NoPage as error:
        raise PostNotFound(f"{url}: {error}") from error


def _folder(path: Path) -> Path:
    """The folder of a file's site where no generator's is known."""
    return path.parent.parent if path.parent.name.startswith("_") else path.parent


def _site(path: Path) -> Site:
    """Where the pictures of a file may lie. The file's own path, too, is relative to that."""
    from bot.sites import surrounding

    around = surrounding(path)
    return Site(around[0] if around else _folder(path), path.parent)


def _file(run: App, path: Path, given: str) -> Post:
    """Read a file by the rules of the site it lies in."""
    from bot.sites import Found, Kind, Posts, surrounding
    from bot.sites.source import read_file

    inside = _folder(path)
    loose = Found(Kind.FOLDER, (Posts("file", relative(path.parent, inside)),))
    root, found = surrounding(path) or (inside, loose)
    site = found.url or run.config.site.url
    zone = found.timezone or run.config.timezone.key
    found = replace(found, url=site or STAND_IN, timezone=zone, language=found.language or run.config.site.language)
    post = read_file("file", path, root, found)
    if isinstance(post, Problem):
        raise PostNotFound(report.problem_line(replace(post, path=given)))
    if post is None:
        raise PostNotFound(f"{given} is no post: it has no front matter.")
    guessed = post.url is None
    if guessed:
        post = replace(post, url=f"{found.url}/{post.slug}/")
    if site is None and (post.url or "").startswith(STAND_IN):
        words = f"its address is not known: {STAND_IN} stands in for the site's"
        post = replace(post, warnings=(*post.warnings, words))
    elif guessed:
        post = replace(post, warnings=(*post.warnings, "its address is a guess: how the site makes them is not known"))
    return post


def _in_memory(names: Sequence[str]) -> Config:
    """The default rules of two networks. Pages are asked for only where pages are named."""
    live = private = all(map(_is_url, names))
    if live:
        from bot.watcher.single import is_local

        private = any(map(is_local, names))
    root = Path.cwd()
    networks = (MASTODON, BLUESKY)
    return Config(
        path=root / "posse.toml",
        root=root,
        timezone=ZoneInfo("UTC"),
        site=SiteConfig(),
        sources={},
        accounts={
            network.name: AccountConfig(network.name, network, options={}, template=DEFAULT_TEMPLATE)
            for network in networks
        },
        guards=GuardsConfig(require_live=live, allow_private=private),
        schedule=ScheduleConfig(),
        state=StateConfig(url=f"sqlite:///{root / '.posse' / 'nothing.db'}"),
    )
