"""Puts the parts together for one run of a command: configuration, sources, store, publishers, courier."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from bot import watcher
from bot.config.model import AccountConfig, Config
from bot.errors import ConfigError, ConfigMissing, ConfigProblem
from bot.gallery import Gallery
from bot.model import Delivery, Image, Page, Reason
from bot.pipeline import Pipeline
from bot.store import open_read_only, open_store
from bot.store.base import ReadOnlyStore, Store
from bot.watcher.base import RemoteSource

if TYPE_CHECKING:
    from bot.courier import Courier
    from bot.formatter.pictures import Picture, Wanted
    from bot.http import Http
    from bot.notices import Notifier
    from bot.outcomes import Event
    from bot.publishers.base import Access, Publisher
    from bot.upkeep import Upkeep
    from bot.watcher.site import Site


def now() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


class App(Struct, dict=True):
    """One run. The preview half (`reading`, `pipeline`) holds no publisher, no secret and no writable store."""

    config: Config
    env: Mapping[str, str]
    clock: Callable[[], datetime] = now
    stopping: threading.Event = field(default_factory=threading.Event)
    elsewhere: dict[str, Site] = field(default_factory=dict)
    """The sites of sources that no configuration knows, by the sources' names."""

    @cached_property
    def pipeline(self) -> Pipeline:
        """The way of a post, with the sources of the configuration."""
        private = self.config.guards.allow_private
        sources = [
            watcher.make(source, self.config.root, lambda: self.http, allow_private=private)
            for source in self.config.sources.values()
        ]
        return Pipeline(self.config, sources, self._get_pages, gallery=Gallery(self._get_pictures))

    def _get_pages(self, wanted: Mapping[str, Image | None]) -> Mapping[str, Page]:
        if not self.config.guards.require_live:
            return {}
        from bot.watcher import liveness

        return liveness.ask(
            wanted,
            self.http,
            allow_private=self.config.guards.allow_private,
            images={url: image for url, image in wanted.items() if image},
            stopping=self.stopping,
        )

    def _get_pictures(self, wishes: Collection[Wanted]) -> Mapping[Wanted, Picture]:
        from bot.watcher import pictures
        from bot.watcher.site import Site

        root = self.config.root
        return pictures.get(
            wishes,
            self.http,
            {name: Site(root, source.path) for name, source in self.config.sources.items()} | self.elsewhere,
            allow_private=self.config.guards.allow_private,
            stopping=self.stopping,
        )

    @cached_property
    def http(self) -> Http:
        """The one client of the process; it connects when it is first used."""
        from bot.http import Http

        return Http()

    @contextmanager
    def reading(self) -> Iterator[ReadOnlyStore]:
        """The store, opened so that nothing can be written."""
        store = open_read_only(self.config.state.url)
        try:
            yield store
        finally:
            store.close()

    @contextmanager
    def writing(self) -> Iterator[Store]:
        """The store, opened to record what goes out."""
        store = open_store(self.config.state.url)
        try:
            yield store
        finally:
            store.close()

    def time(self, store: Store) -> datetime:
        """The present instant by the clock of all who share `store`: the database's, else this machine's."""
        return store.now() or self.clock()

    def access(self, account: AccountConfig) -> Access:
        """What a publisher of `account` is made from."""
        from bot.credentials import FileVault, find
        from bot.publishers.base import Access

        folder = self.config.state_folder
        return Access(
            account=account.name,
            options=account.options,
            secret=lambda key: find(account.name, key, env=self.env, state_dir=folder).secret,
            vault=FileVault(account.name, folder),
            http=self.http,
            clock=self.clock,
        )

    @cached_property
    def notifier(self) -> Notifier:
        """Who tells a person of trouble."""
        from bot.credentials import find
        from bot.notices import Notifier, site_name

        folder = self.config.state_folder
        return Notifier(
            self.config.notices,
            self.http,
            lambda: find("notices", "smtp_password", env=self.env, state_dir=folder).secret.reveal(),
            site_name(self.config),
        )

    @cached_property
    def upkeep(self) -> Upkeep:
        """Who keeps credentials alive while nothing is posted."""
        from bot.upkeep import Upkeep

        return Upkeep(self.config.accounts, self.publisher, self.fingerprint)

    def publisher(self, account: AccountConfig) -> Publisher:
        """The publisher of one account."""
        from bot import publishers

        return publishers.make(account.network, self.access(account))

    def courier(self, store: Store, tell: Callable[[Event], None]) -> Courier:
        """The courier that works on `store`."""
        import random

        from bot import process
        from bot.courier import Courier
        from bot.outcomes import Terms

        terms = Terms(
            owner=process.owner(),
            lease=self.config.state.lease,
            grace=self.config.guards.grace,
            clock=lambda: self.time(store),
            jitter=random.random,
            is_dead=process.is_dead,
            zone=self.config.timezone,
        )
        return Courier(
            store=store,
            accounts=self.config.accounts,
            open_publisher=self.publisher,
            recheck=lambda delivery: self.recheck(store, delivery),
            terms=terms,
            tell=tell,
            stopping=self.stopping,
            fingerprint=self.fingerprint,
        )

    def fingerprint(self, account: AccountConfig) -> str:
        """Return what tells an account's secrets from others without showing them; empty where one is missing."""
        import hashlib

        from bot.credentials import find
        from bot.errors import CredentialError

        print_ = hashlib.sha256(account.name.encode())
        try:
            for secret in account.network.secrets_of(account.options):
                if not secret.required:
                    continue
                found = find(account.name, secret.name, env=self.env, state_dir=self.config.state_folder)
                print_.update(f"\0{secret.name}\0{found.secret.reveal()}".encode())
        except CredentialError:
            return ""
        return print_.hexdigest()[:16]

    def recheck(self, store: ReadOnlyStore, delivery: Delivery) -> Reason | None:
        """Say why a post may no longer go, None when it may. Raises `SourceError`."""
        known = store.posts([delivery.post.id]).get(delivery.post.id)
        source = next((s for s in self.pipeline.sources if known and s.name == known.source), None)
        if known is None or source is None:
            return Reason.GONE
        post = source.read(known.source_id)
        if post is None and isinstance(source, RemoteSource) and known.gone_at is None:
            return None  # it has left the feed's window, and is still on the site for all that is known
        if post is None:
            return Reason.GONE
        if post.draft:
            return Reason.DRAFT
        return Reason.OPTED_OUT if post.settings.skip else None

    def account_names(self, wanted: Collection[str]) -> frozenset[str] | None:
        """The accounts a person named, None for all. Raises `ConfigError` for one that is not configured."""
        if not wanted:
            return None
        unknown = [name for name in wanted if name not in self.config.accounts]
        if unknown:
            import difflib

            near = difflib.get_close_matches(unknown[0], list(self.config.accounts), n=1)
            hint = f'; did you mean "{near[0]}"?' if near else f" (configured: {', '.join(self.config.accounts)})"
            raise ConfigError(str(self.config.path), [ConfigProblem("", f'there is no account "{unknown[0]}"{hint}')])
        return frozenset(wanted)


def relative(path: Path, root: Path) -> str:
    """Return a path as given: relative to the configuration where it lies below it."""
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return str(path)


def open_app(given: str | None, env: Mapping[str, str], **tools: Any) -> App:
    """Find and read the configuration. Raises `ConfigMissing` or `ConfigError`."""
    from bot.config import find, load

    try:
        here = Path.cwd()
    except FileNotFoundError as error:
        raise ConfigMissing("The folder you are in is gone. Go to one that is there.") from error
    return App(load(find(given, env, here, user_folder), _pattern_problem), env, **tools)


def _pattern_problem(pattern: str) -> str | None:
    from bot.watcher.permalink import pattern_problem

    return pattern_problem(pattern)


def user_folder() -> Path | None:
    """Return the platform's folder for a person's own configuration of posse, None for a user without a home."""
    from platformdirs import user_config_path

    try:
        return user_config_path("posse")
    except RuntimeError:  # a container's user that no list of users knows
        return None
