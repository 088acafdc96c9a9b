"""Folders of ten and a hundred thousand posts: what a look at them costs, beside the least that it could."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import frontmatter

from bot.store.sqlite import Sqlite
from bot.watcher.markdown import MarkdownSource
from tests.bench.rest import CONFIG

_SENTENCE = "This is a sentence with [a link](https://example.com/x) and *some* words in it, as people write them. "
_BODY = f"{_SENTENCE * 3}\n\n" * 6
_METER = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], capture_output=True, check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(1000 * (used.ru_utime + used.ru_stime), used.ru_maxrss / 1024)
"""  # a process of its own: one's peak counts as that of what it starts
_DELIVERED = """
UPDATE deliveries SET state = 'delivered', reason = NULL, remote_id = id, fence = 1, attempts = 1,
    announcement = NULL, claimed_at = sort_key, sent_at = sort_key, delivered_at = sort_key,
    receipt = '{"parts":[{"remote_id":"' || id || '","url":null}],"at":"' || sort_key || '"}'
"""
_MEMORY = """
import resource, sys
from pathlib import Path
from tests.bench.files import source
made = source(Path(sys.argv[1]))
made.scan(made.stamps())
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what was found (ms, or MiB without a floor), the floor, and the limit."""

    name: str
    what: str
    found: float
    floor: float | None
    ratio: float
    limit: float

    @property
    def is_within(self) -> bool:
        """Whether the limit is kept."""
        return self.ratio <= self.limit


class Stamped(MarkdownSource):
    """A source whose stamps can be had without reading a file."""

    def stamps(self) -> dict[str, str]:
        """Return what the store would know after a scan."""
        from bot.watcher.walk import stamp_of

        self._prepare()
        with os.scandir(self._folder) as entries:
            return {self._prefix + entry.name: stamp_of(entry.stat(), self._mark) for entry in entries}


def source(root: Path) -> Stamped:
    """Return the source of the posts in `root`."""
    return Stamped(
        "blog",
        root / "_posts",
        root=root,
        site_url="https://example.com",
        permalink="/:year/:title/",
        timezone=ZoneInfo("UTC"),
    )


def lay(root: Path, count: int) -> Path:
    """Write a configuration and `count` posts of 2 kB each; return `root`."""
    (root / "_posts").mkdir(parents=True)
    (root / "posse.toml").write_text(CONFIG, encoding="utf-8")
    for number in range(count):
        day = f"20{10 + number % 15}-{1 + number % 12:02}-{1 + number % 28:02}"
        head = f"layout: post\ntitle: Post number {number}, a title\ndate: {day} 18:47:59 +0000\ntags: [one, two]\n"
        text = f"---\n{head}category: micro.blog\n---\n\n{_BODY}Number {number}.\n"
        (root / f"_posts/{day}-post-number-{number}.md").write_text(text, encoding="utf-8")
    return root


def rows(scratch: Path) -> list[Row]:
    """Measure all of it in `scratch`."""
    small, large = lay(scratch / "files10k", 10_000), lay(scratch / "files100k", 100_000)
    found = [_first(small)]
    for root, count in ((small, "10,000"), (large, "100,000")):
        found += (_unchanged(root, count, 0), _unchanged(root, count, 10))
    return [*found, _memory(large), *_whole(scratch, small, large), _once(scratch, small), _delivered(large)]


def _first(root: Path) -> Row:
    def floor() -> None:
        for path in (root / "_posts").iterdir():
            frontmatter.load(str(path))

    what = "first scan of 10,000 files against `frontmatter.load` on each"
    return _pairs("first", what, lambda: source(root).scan({}), floor, 1.0, 5)


def _unchanged(root: Path, count: str, changed: int) -> Row:
    made = source(root)
    known = made.stamps()
    for name in list(known)[:changed]:
        known[name] = "another"

    what = f"scan of {count} files, {changed} changed, against `scandir` and `stat`"
    return _pairs(f"scan-{count}-{changed}", what, lambda: made.scan(known), lambda: _stat_all(root), 1.6, 15)


def _stat_all(root: Path) -> None:
    with os.scandir(root / "_posts") as entries:
        for entry in entries:
            entry.stat()


def _memory(root: Path) -> Row:
    command = [sys.executable, "-c", _MEMORY, str(root)]
    mib = float(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    return Row("memory", "MiB of a process that scans 100,000 unchanged files", mib, None, mib, 120)


def _whole(scratch: Path, small: Path, large: Path) -> list[Row]:
    """Whole processes: the very first run, a later one, and one to which every file is another."""
    empty = lay(scratch / "files-none", 0)
    first_small, _ = _spent(small)
    first, peak = _spent(large)
    nothing = statistics.median(_spent(empty)[0] for _ in range(5))
    later_small = statistics.median(_spent(small)[0] for _ in range(5)) - nothing
    laters = [_spent(large) for _ in range(5)]
    later, later_peak = statistics.median(ms for ms, _ in laters) - nothing, max(mib for _, mib in laters)
    for path in (large / "_posts").iterdir():
        os.utime(path)
    again, again_peak = _spent(large)
    each = "`run --once` over 100,000 files"
    return [
        Row("first-memory", f"MiB of the very first {each}", peak, None, peak, 120),
        Row("later-memory", f"MiB of {each}, unchanged", later_peak, None, later_peak, 120),
        Row("touched-memory", f"MiB of {each}, all of them touched", again_peak, None, again_peak, 120),
        _linear("first-linear", f"the very first {each}", first - nothing, first_small - nothing),
        _linear("later-linear", f"{each}, unchanged", later, later_small),
        _linear("touched-linear", f"{each}, all of them touched", again - nothing, first_small - nothing),
    ]


def _linear(name: str, what: str, found: float, small: float) -> Row:
    what = f"{what}: CPU, against ten times {'that' if 'touched' not in name else 'the first'} over 10,000"
    return Row(name, what, found, 10 * small, found / (10 * small), 1.3)


def _spent(root: Path, config: str = "posse.toml") -> tuple[float, float]:
    """Run `run --once`; return the milliseconds that the processor worked for it, and its peak in MiB."""
    posse = str(Path(sys.executable).parent / "posse")
    command = [sys.executable, "-c", _METER, posse, "--config", str(root / config), "run", "--once"]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    milliseconds, mib = done.stdout.split()
    return float(milliseconds), float(mib)


def _delivered(root: Path) -> Row:
    """The same files, the same posts: all of them delivered against none of them."""
    state = root / "delivered" / "posse.db"
    state.parent.mkdir()
    shutil.copyfile(root / "state" / "posse.db", state)
    database = Sqlite.open(state)
    with database.transaction():
        database.rows(_DELIVERED, {})
    database.close()
    (root / "delivered.toml").write_text(f'{CONFIG}[state]\nurl = "sqlite:///{state}"\n', encoding="utf-8")
    timed = [(_spent(root)[0], _spent(root, "delivered.toml")[0]) for _ in range(7)]
    floor, found = (statistics.median(side) for side in zip(*timed, strict=True))
    what = "`run --once`, nothing new, 100,000 posts delivered, against none of them: CPU"
    return Row("delivered", what, found, floor, statistics.median(b / a for a, b in timed), 1.1)


def _once(scratch: Path, root: Path) -> Row:
    posse = str(Path(sys.executable).parent / "posse")
    empty = lay(scratch / "files0", 0)

    def run(folder: Path) -> None:
        subprocess.run([posse, "run", "--once"], cwd=folder, capture_output=True, check=True)

    def floor() -> None:
        run(empty)
        _stat_all(root)

    run(root)
    run(empty)
    what = "`run --once` with nothing new, 10,000 files, against an empty folder and the `stat`s"
    return _pairs("once", what, lambda: run(root), floor, 1.5, 15)


def _pairs(
    name: str, what: str, work: Callable[[], object], floor: Callable[[], object], limit: float, pairs: int
) -> Row:
    """Run both in turn; the ratio is the median of those of the pairs."""
    work()
    floor()
    timed = [(_milliseconds(floor), _milliseconds(work)) for _ in range(pairs)]
    ratio = statistics.median(found / least for least, found in timed)
    least, found = (statistics.median(side) for side in zip(*timed, strict=True))
    return Row(name, what, found, least, ratio, limit)


def _milliseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def table(found: list[Row]) -> str:
    """Return a Markdown table."""
    lines = ["| bench | what | found | floor | ratio | limit |", "|---|---|---|---|---|---|"]
    for row in found:
        floor = f"{row.floor:.0f} ms" if row.floor is not None else "–"
        shown = f"{row.found:.0f} ms" if row.floor is not None else f"{row.found:.0f}"
        ratio = f"{row.ratio:.2f}" if row.floor is not None else f"{row.ratio:.0f}"
        mark = "" if row.is_within else " **over**"
        lines.append(f"| {row.name} | {row.what} | {shown} | {floor} | {ratio}{mark} | {row.limit:g} |")
    return "\n".join(lines)
