"""Paired runs: A B A B …, so that a slow moment of the machine hits both; the ratio is taken pair by pair."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Bench:
    """One comparison: `command` must take at most `limit` times as long as `floor`, both run in `folder`."""

    name: str
    what: str
    command: tuple[str, ...]
    floor: tuple[str, ...]
    folder: Path
    limit: float


@dataclass(frozen=True, slots=True)
class Measured:
    """Medians in milliseconds, and the median of the ratios of the pairs with their quartiles."""

    bench: Bench
    command_ms: float
    floor_ms: float
    ratio: float
    low: float
    high: float

    @property
    def is_within(self) -> bool:
        """Whether the median ratio keeps the limit."""
        return self.ratio <= self.bench.limit


def measure(bench: Bench, pairs: int) -> Measured:
    """Run both sides `pairs` times in turn, after one run of each that is not counted."""
    for side in (bench.command, bench.floor):
        _milliseconds(side, bench.folder)
    timed: list[tuple[float, float]] = []
    for _ in range(pairs):
        floor = _milliseconds(bench.floor, bench.folder)
        timed.append((_milliseconds(bench.command, bench.folder), floor))
    ratios = [command / floor for command, floor in timed]
    low, ratio, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return Measured(
        bench=bench,
        command_ms=statistics.median(command for command, _ in timed),
        floor_ms=statistics.median(floor for _, floor in timed),
        ratio=ratio,
        low=low,
        high=high,
    )


def table(found: Sequence[Measured]) -> str:
    """Return a Markdown table: the ratio, its limit beside it, and how much it varied."""
    lines = ["| bench | what | ms | floor, ms | ratio | limit | middle half |", "|---|---|---|---|---|---|---|"]
    for one in found:
        mark = "" if one.is_within else " **over**"
        lines.append(
            f"| {one.bench.name} | {one.bench.what} | {one.command_ms:.0f} | {one.floor_ms:.0f}"
            f" | {one.ratio:.2f}{mark} | {one.bench.limit} | {one.low:.2f}–{one.high:.2f} |"
        )
    return "\n".join(lines)


def _milliseconds(command: Sequence[str], folder: Path) -> float:
    bare = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, env=bare | {"LANG": "C.UTF-8"}, capture_output=True, check=True)
    return (time.perf_counter() - start) * 1000
