"""However many posts are read at a time, a scan comes to the same."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from bot import evidence
from bot.config import load
from bot.config.model import Config
from bot.formatter.pictures import Picture, Wanted
from bot.gallery import Gallery
from bot.model import Image, Post
from bot.pipeline import Pipeline
from bot.store import open_store
from bot.store.base import Store
from bot.watcher.base import Errand, Scan
from tests.fakes import Clock, Folder

CONFIG = """
[site]
url = "https://example.com"
[sources.blog]
path = "."
[sources.notes]
path = "notes"
[sources.feed]
type = "feed"
url = "https://example.com/feed"
[accounts.journal]
network = "local"
path = "journal"
[accounts.second]
network = "local"
path = "second"
[guards]
require_live = false
max_burst = 3
"""
SIZES = (1, 3, 1000)
TABLES = {
    "posts": "SELECT * FROM posts ORDER BY id",
    "aliases": "SELECT kind, value, post FROM aliases ORDER BY kind, value",
    "deliveries": "SELECT post, account, round, state, reason, detail, announcement, sort_key, not_before"
    " FROM deliveries ORDER BY post, account, round",
    "baselines": "SELECT source, account FROM baselines ORDER BY source, account",
}


class Large(Folder):
    """A folder that comes in parts."""

    def parts(self, known: Mapping[str, str], size: int) -> Iterator[Scan]:
        """See `LargeSource`."""
        whole = self.scan(known)
        posts = sorted(whole.posts, key=lambda post: post.source_id)
        unchanged, problems = whole.unchanged, whole.problems
        for start in range(0, len(posts) or 1, size):
            yield Scan(tuple(posts[start : start + size]), unchanged, problems)
            unchanged, problems = frozenset(), ()


class Remote(Folder):
    """A feed that needs no fetching."""

    def prepare(self, errand: Errand) -> Mapping[str, str]:
        """See `RemoteSource`."""
        return {}


class Told(Struct, frozen=True):
    """One post as a scan shows it, by letters: few enough that they meet."""

    place: str
    url: str
    title: str
    text: str
    aliases: tuple[str, ...] = ()
    draft: bool = False
    day: int = 0

    def post(self, source: str, clock: Clock) -> Post:
        """What the source yields."""
        return Post(
            source=source,
            source_id=f"{self.place}.md",
            slug=self.place,
            url=f"https://example.com/{self.url}/" if self.url else None,
            title=self.title,
            body=f"Words {self.text}.",
            urls=tuple(f"https://example.com/{alias}/" for alias in self.aliases),
            published=clock.now - timedelta(days=self.day) if self.day else None,
            has_time=True,
            draft=self.draft,
            stamp=repr(self),
            text_hash=self.text,
        )


Site = Mapping[str, Sequence[Told]]  # what each source shows


@dataclass
class Run:
    """A state of its own, and how many posts are read at a time."""

    config: Config
    store: Store
    size: int
    clock: Clock = field(default_factory=Clock)

    def scan(self, site: Site) -> None:
        """One scan, an hour after the last."""
        self.clock.advance(hours=1)
        sources = [Large("blog"), Large("notes"), Remote("feed", window=True)]
        for source in sources:
            source.posts = [told.post(source.name, Clock()) for told in site.get(source.name, ())]
        pipeline = Pipeline(self.config, sources, lambda _urls: {}, part=self.size)
        survey, _ = pipeline.survey(self.store, self.clock.now)
        preview = pipeline.plan(self.store, survey).plan
        plan = pipeline.enqueue(self.store, self.clock.now).outlook.plan
        kept = {(out.post.id, out.account) for out in plan.left_out}
        assert (preview.planned, [out for out in preview.left_out if (out.post.id, out.account) in kept]) == (
            plan.planned,
            list(plan.left_out),
        )

    def found(self) -> dict[str, list[dict[str, Any]]]:
        """All that the store holds."""
        rows = self.store._db.rows  # type: ignore[attr-defined]
        return {name: [dict(row) for row in rows(sql, {})] for name, sql in TABLES.items()}


def all_together(found: Sequence[evidence.Found], *_args: object, **_kwargs: object) -> tuple[list[Any], list[Any]]:
    """`evidence.sort_out` to which nothing is evident: every post is identified with all the others in sight."""
    return [], list(found)


def outcomes(scans: Sequence[Site]) -> Iterator[tuple[str, dict[str, list[dict[str, Any]]]]]:
    """What several runs made of the same scans, the first of them with all posts identified together."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "posse.toml"
        path.write_text(CONFIG)
        config = load(path)
        for name, size in (("together", 1000), *((str(size), size) for size in SIZES)):
            store = open_store(f"sqlite:///{folder}/{name}.db")
            with pytest.MonkeyPatch.context() as patch:
                if name == "together":
                    patch.setattr(evidence, "sort_out", all_together)
                run = Run(config, store, size)
                for site in scans:
                    run.scan(site)
                    yield name, run.found()
            store.close()


def assert_same(scans: Sequence[Site]) -> None:
    """Every run comes to the same, after every scan."""
    found: dict[str, list[Any]] = {}
    for name, state in outcomes(scans):
        found.setdefault(name, []).append(state)
    expected = found.pop("together")
    for name, states in found.items():
        for number, (wanted, state) in enumerate(zip(expected, states, strict=True)):
            for table in TABLES:
                assert wanted[table] == state[table], f"{table} after scan {number}, parts of {name}"


def many(count: int, **changes: Any) -> list[Told]:
    """Posts that have nothing in common."""
    return [replace(Told(f"p{n:02}", f"u{n}", f"T{n}", f"x{n}", day=n + 1), **changes) for n in range(count)]


A, B, C = many(3)


@pytest.mark.parametrize(
    "scans",
    [
        [many(10)],
        [many(10), many(10)],
        [many(10), [replace(told, title=f"New {told.title}") for told in many(10)]],
        [many(10), [replace(told, url=f"new/{told.url}") for told in many(10)]],
        [many(10), [replace(told, place=f"z{told.place}") for told in many(10)]],
        [many(10), [replace(told, place=f"z{told.place}", url=f"z{told.url}") for told in many(10)]],
        [[A], [A, replace(A, place="z")]],
        [[A, replace(A, place="z"), replace(A, place="b")]],
        [[replace(A, place="z"), B, C], [replace(A, place="a"), replace(A, place="z"), B]],
        [[A, B, C], [replace(A, place="p02"), B, replace(C, place="p00")]],
        [[A, B, C], [replace(A, place="p02", url="u2"), B, replace(C, place="p00", url="u0")]],
        [[A, B, C], [replace(B, place="p00"), replace(C, place="p01"), replace(A, place="p02")]],
        [[replace(A, aliases=("u2", "old")), B, replace(C, aliases=("old",))]],
        [[replace(A, aliases=("old",)), B], [A, B, Told("z", "old", "T", "x")]],
        [[A, B], [], [A, replace(B, place="z")]],
        [[A], [replace(A, text="other", title="Other"), replace(A, place="z")]],
        [[replace(A, draft=True), B], [A, B]],
        [[], many(10, day=0)],
        [[replace(A, url=""), replace(B, url="")], [replace(A, url="", place="z"), replace(B, url="")]],
    ],
)
def test_the_size_of_the_parts_decides_nothing(scans: list[list[Told]]) -> None:
    """New, edited, renamed, moved, swapped, doubled and vanished files: the same rows, however they come."""
    assert_same([{"blog": scan} for scan in scans])


def test_several_sources_come_to_the_same() -> None:
    """A post that two folders and a feed show, one that moves from folder to folder, and a feed's own."""
    moved, own = replace(B, place="moved"), Told("g", "g", "G", "g")
    both = replace(A, place="f")
    assert_same(
        [
            {"blog": [A, B], "notes": [replace(A, place="copy"), C], "feed": [both, own]},
            {"blog": [A], "notes": [moved, C], "feed": [replace(both, aliases=("a2",)), replace(B, place="h")]},
            {"blog": [A, Told("n", "a2", "New", "n")], "notes": [moved], "feed": [replace(B, place="h")]},
        ]
    )


letters = st.sampled_from
told = st.builds(
    Told,
    place=letters(["a", "b", "c", "d", "e"]),
    url=letters(["", "u", "v", "w", "x"]),
    title=letters(["S", "T"]),
    text=letters(["1", "2", "3"]),
    aliases=st.lists(letters(["u", "v", "w"]), max_size=2, unique=True).map(tuple),
    draft=letters([False, False, False, True]),
    day=letters([0, 1, 400]),
)
shown = st.lists(told, max_size=5, unique_by=lambda one: one.place)
sites = st.fixed_dictionaries({"blog": shown, "notes": letters([(), ()]) | shown, "feed": letters([(), ()]) | shown})


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(sites, min_size=1, max_size=3))
def test_no_site_is_told_apart_by_its_parts(scans: list[Site]) -> None:
    """Whatever a site shows from scan to scan, the store holds the same."""
    assert_same(scans)


class Dying(Large):
    """A folder in whose second part the process ends."""

    def parts(self, known: Mapping[str, str], size: int) -> Iterator[Scan]:
        """See `LargeSource`."""
        yield next(super().parts(known, size))
        raise KeyboardInterrupt


def test_a_crash_in_the_middle_of_a_first_scan_leaves_nothing(tmp_path: Path) -> None:
    """All or nothing: no post, no name, no row, no line; the next scan leaves all of it alone."""
    path = tmp_path / "posse.toml"
    path.write_text(CONFIG)
    run = Run(load(path), open_store(f"sqlite:///{tmp_path}/posse.db"), 3)
    dying = Dying("blog")
    dying.posts = [told.post("blog", run.clock) for told in many(10)]
    with pytest.raises(KeyboardInterrupt):
        Pipeline(run.config, [dying], lambda _urls: {}, part=3).enqueue(run.store, run.clock.now)
    assert {name: [] for name in TABLES} == run.found()
    run.scan({"blog": many(10)})
    assert ["baseline"] * 20 == [row["reason"] for row in run.found()["deliveries"]]
    run.store.close()


def test_a_picture_that_is_missing_takes_back_what_was_written(tmp_path: Path) -> None:
    """The posts of a scan that has to be made again are new again, and all of them are counted."""
    path = tmp_path / "posse.toml"
    path.write_text(CONFIG.replace("max_burst = 3", "max_burst = 100\nbaseline = false\nsettle = '0s'"))
    run = Run(load(path), open_store(f"sqlite:///{tmp_path}/posse.db"), 3)
    blog = Large("blog", [replace(told.post("blog", run.clock), images=(Image("a.png", "A."),)) for told in many(10)])
    blog.posts = [replace(post, title="") for post in blog.posts]
    asked: list[int] = []

    def get(wishes: Collection[Wanted]) -> Mapping[Wanted, Picture]:
        asked.append(len(run.found()["posts"]))
        return {}

    pipeline = Pipeline(run.config, [blog], lambda _urls: {}, part=3, gallery=Gallery(get))
    done = pipeline.enqueue(run.store, run.clock.now)
    assert [0] == asked
    assert len(done.made) == len(done.outlook.plan.planned) > 0
    run.store.close()
