"""Sends the remote sources for what is new, side by side and before any lock is taken, and keeps their memos."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from bot import identity
from bot.store.base import ReadOnlyStore, Store
from bot.watcher.base import Errand, RemoteSource, Source

THREADS = 4
_FEW = 100


class Errands:
    """The errands of one process. `memos` holds what each remote source left to be kept, by name."""

    def __init__(self) -> None:
        self.memos: dict[str, Mapping[str, str]] = {}

    def run(
        self,
        store: ReadOnlyStore,
        sources: Sequence[Source],
        accounts: Sequence[str],
        now: datetime,
        reread: Mapping[str, Collection[str]],
        *,
        patient: bool,
    ) -> None:
        """Let every remote source fetch. The store is touched by this thread alone; nothing is written."""
        remote = [source for source in sources if isinstance(source, RemoteSource)]
        if not remote:
            return
        others = [source.name for source in sources if not isinstance(source, RemoteSource)]
        errands = [
            Errand(
                now=now,
                memo=store.memo(source.name),
                wanted=_wanted(store, source.name, others, accounts) | frozenset(reread.get(source.name, ())),
                patient=patient,
            )
            for source in remote
        ]
        if len(remote) == 1:
            self.memos[remote[0].name] = remote[0].prepare(errands[0])
            return
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(min(THREADS, len(remote)), thread_name_prefix="feed") as pool:
            brought = list(pool.map(lambda pair: pair[0].prepare(pair[1]), zip(remote, errands, strict=True)))
        self.memos |= {source.name: memo for source, memo in zip(remote, brought, strict=True)}

    def write(self, store: Store, names: Collection[str]) -> None:
        """Keep the memos of the sources that were scanned, in the transaction that keeps what they brought."""
        for name in names:
            if name in self.memos:
                store.set_memo(name, self.memos[name])


def _wanted(store: ReadOnlyStore, source: str, others: Sequence[str], accounts: Sequence[str]) -> frozenset[str]:
    """The items of a source that must be read: their posts may still be announced.

    Those count too whose words are another source's: a feed's tags are taken over where the file has none.
    """
    found = set(store.unsettled(source, accounts))
    mine = f"{source}\n"
    for other in others:
        ids = {post.id for post in store.posts_at(other, store.unsettled(other, accounts))}
        if len(ids) > _FEW:
            every = store.all_aliases(identity.ITEM)
            names = {name for id_ in ids for name in every.get(id_, ())}
        else:
            names = {value for id_ in ids for kind, value in store.aliases_of(id_) if kind == identity.ITEM}
        found |= {name.removeprefix(mine) for name in names if name.startswith(mine)}
    return frozenset(found)
