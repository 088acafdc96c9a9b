"""Everything in one hand: site, networks, store, daemons and clock, with crashes between any two writes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from bot.app import App
from bot.config.model import AccountConfig, Config, GuardsConfig, ScheduleConfig, SiteConfig, SourceConfig, StateConfig
from bot.courier import Courier
from bot.networks import DEFAULT_TEMPLATE, LOCAL, Guarantee
from bot.outcomes import Terms
from bot.pipeline import Pipeline
from bot.planner import Asked
from bot.steady import Steady
from bot.store.sql import SqlStore
from bot.store.sqlite import Sqlite
from tests.model.network import ModelNetwork
from tests.model.site import ModelSource

LEASE, GRACE = timedelta(minutes=2), timedelta(minutes=2)
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

NETWORKS = {
    "once": (Guarantee.EXACTLY_ONCE, "honoured"),
    "kept": (Guarantee.LOOK_FIRST, "honoured"),
    "hour": (Guarantee.LOOK_FIRST, "expired"),
    "deaf": (Guarantee.LOOK_FIRST, "ignored"),
    "blind": (Guarantee.ASK, "ignored"),
}
WRITES = {
    "remember", "forget_gone", "enqueue", "set_baseline", "source_scanned", "pause", "resume", "claim", "claim_look",
    "note", "renew", "delivered", "put_back", "uncertain", "looked", "failed", "settle",
}  # fmt: skip


class Crash(BaseException):
    """The process is gone, at this instruction."""


@dataclass(slots=True)
class Trap:
    """Something that happens at the `count`-th write from now, just before it or just after."""

    count: int
    after: bool
    what: Callable[[], None]


class WatchedStore:
    """A store at whose writes things happen."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.trap: Trap | None = None
        self.planning_now = False

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.store, name)
        if name not in WRITES:
            return found

        def write(*args: Any, **kwargs: Any) -> Any:
            sprung = self._sprung()
            if sprung and not sprung.after:
                sprung.what()
            result = found(*args, **kwargs)
            if sprung and sprung.after:
                sprung.what()
            return result

        return write

    def _sprung(self) -> Trap | None:
        trap = self.trap
        if trap is None:
            return None
        trap.count -= 1
        if trap.count > 0:
            return None
        self.trap = None
        return trap

    @contextmanager
    def planning(self, *, wait: bool = True) -> Iterator[None]:
        """The store's own lock; a trap can tell that it is held."""
        with self.store.planning(wait=wait):
            self.planning_now = True
            try:
                yield
            finally:
                self.planning_now = False


@dataclass(slots=True)
class Worker:
    """One process: its store, its owner's name, its courier."""

    owner: str
    store: WatchedStore
    courier: Courier
    pipeline: Pipeline


@dataclass
class World:
    """Real identity, planner, outbox and courier around a model site and model networks."""

    folder: Path
    guards: GuardsConfig
    real: datetime = START
    offset: timedelta = timedelta(0)
    dead: set[str] = field(default_factory=set)
    owners: int = 0
    backup: Path | None = None

    def __post_init__(self) -> None:
        self.source = ModelSource("blog")
        self.networks = {
            name: ModelNetwork(name, guarantee, keys, lambda: self.real, GRACE - timedelta(seconds=1))
            for name, (guarantee, keys) in NETWORKS.items()
        }
        zone = ZoneInfo("UTC")
        self.config = Config(
            path=self.folder / "posse.toml",
            root=self.folder,
            timezone=zone,
            site=SiteConfig(),
            sources={"blog": SourceConfig("blog", "model", zone)},
            accounts={
                name: AccountConfig(
                    name, replace(LOCAL, name=name, guarantee=guarantee, card=False), {}, DEFAULT_TEMPLATE
                )
                for name, (guarantee, _) in NETWORKS.items()
            },
            guards=self.guards,
            schedule=ScheduleConfig(),
            state=StateConfig(f"sqlite:///{self.folder}/posse.db", LEASE),
        )
        self.worker = self.start()

    @property
    def state(self) -> Path:
        """The state file."""
        return self.folder / "posse.db"

    def clock(self) -> datetime:
        """The time as this machine believes it is."""
        return self.real + self.offset

    def start(self) -> Worker:
        """A new process on the state that is there."""
        self.owners += 1
        owner = f"owner-{self.owners}"
        dialect = Sqlite.open(self.state)
        dialect.rows("PRAGMA synchronous = OFF", {})  # crashes here are of processes, not of power
        store = WatchedStore(SqlStore(dialect))
        pipeline = Pipeline(self.config, [self.source], lambda _wanted: {}, steady=Steady())
        app = App(self.config, {}, clock=self.clock)
        app.pipeline = pipeline
        courier = Courier(
            store=store,
            accounts=self.config.accounts,
            open_publisher=lambda account: self.networks[account.name],
            recheck=lambda delivery: app.recheck(store, delivery),
            terms=Terms(owner, LEASE, GRACE, self.clock, lambda: 0.5, lambda name: name in self.dead),
            tell=lambda _event: None,
        )
        return Worker(owner, store, courier, pipeline)

    def end(self, worker: Worker, *, seen: bool = True) -> None:
        """Let go of a process; `seen` says that others can tell that it is gone."""
        worker.store.store.close()
        if seen:
            self.dead.add(worker.owner)

    def restart(self, *, seen: bool = True) -> None:
        """The process is gone, and another one starts."""
        self.end(self.worker, seen=seen)
        self.worker = self.start()

    @contextmanager
    def survived(self, *, seen: bool = True) -> Iterator[None]:
        """Do something that may crash; then another process starts."""
        try:
            yield
        except Crash:
            self.restart(seen=seen)
        finally:
            self.worker.store.trap = None

    def scan(self, worker: Worker | None = None, asked: Asked | None = None) -> None:
        """One look at the site, and what it means written down."""
        worker = worker or self.worker
        select = (lambda _store, _survey: asked) if asked else None
        done = worker.pipeline.enqueue(worker.store, self.clock(), select)
        self.left_out: Mapping[tuple[str, str], str] = {
            (out.post.source_id, out.account): out.reason for out in done.outlook.plan.left_out
        }
        for written in self.source.present():
            written.changed.clear()

    def deliver(self, worker: Worker | None = None) -> None:
        """Send what is due."""
        (worker or self.worker).courier.run()

    def pass_time(self, span: timedelta) -> None:
        """Let real time pass."""
        self.real += span
        for network in self.networks.values():
            network.arrive()

    def other_daemon(self) -> None:
        """Another process does a whole round at this moment, unless the planning lock keeps it out."""
        if self.worker.store.planning_now:
            return
        other = self.start()
        self.scan(other)
        self.deliver(other)
        self.end(other)

    def save(self) -> None:
        """Put a copy of the state aside."""
        self.backup = self.folder / "backup.db"
        self.worker.store.store._db.rows("PRAGMA wal_checkpoint(TRUNCATE)", {})
        shutil.copyfile(self.state, self.backup)

    def restore(self, copy: Path | None) -> None:
        """Every process ends; `copy` becomes the state, or nothing does."""
        self.end(self.worker)
        for name in ("posse.db", "posse.db-wal", "posse.db-shm"):
            (self.folder / name).unlink(missing_ok=True)
        if copy is not None:
            shutil.copyfile(copy, self.state)
        self.worker = self.start()
