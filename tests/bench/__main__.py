"""`./dev bench [NAME…] [--pairs N]`: measures, prints a table with the limit beside each, and exits 1 over a limit."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Collection
from pathlib import Path

from tests.bench import feed, files, networks, outbox, peers, postgres, rest, saved
from tests.bench.pairs import Bench, measure, table

ROOT = Path(__file__).parents[2]
SLUG = "a-shelf-for-the-seedlings"
BARE = '''import click


@click.command()
@click.option("--name", help="A name.")
def main(name):
    """Say hello."""


main()
'''


NAMES = ("help", "preview", "idle", "outbox", "files", "feed", "networks", "postgres", "saved")
ASIDE = ("peers",)  # by name only: it is no matter of speed, and installs other people's programs


def benches(scratch: Path, names: Collection[str]) -> list[Bench]:
    """Return the benches among `names` that are pairs of commands; what they need is put into `scratch`."""
    site = scratch / "site"
    shutil.copytree(ROOT / "examples" / "site", site)
    bare = scratch / "bare.py"
    bare.write_text(BARE, encoding="utf-8")
    posse = str(Path(sys.executable).parent / "posse")
    floor = (sys.executable, str(bare), "--help")
    found = [
        Bench("help", "`posse --help` against a bare click program's", (posse, "--help"), floor, site, 1.5),
        Bench("preview", "`posse preview SLUG` against the same", (posse, "preview", SLUG), floor, site, 4.0),
    ]
    return [bench for bench in found if bench.name in names] + ([rest.idle(scratch, posse)] if "idle" in names else [])


def main() -> int:
    """Measure what was asked for; return the exit code."""
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"which benches; all but {', '.join(ASIDE)} when none is"
    )
    parser.add_argument("--pairs", type=int, default=40, help="how many pairs of runs (40)")
    given = parser.parse_args()
    if unknown := set(given.names) - {*NAMES, *ASIDE}:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join((*NAMES, *ASIDE))}")
    names = given.names or NAMES
    with tempfile.TemporaryDirectory() as scratch:
        found = [measure(bench, given.pairs) for bench in benches(Path(scratch), names)]
    if found:
        print(table(found))  # noqa: T201 - the table is the result
    within = all(one.is_within for one in found)
    if "feed" in names:
        within = feed.main() == 0 and within
    if "outbox" in names:
        within = outbox.main() == 0 and within
    if "networks" in names:
        within = networks.main() == 0 and within
    if "postgres" in names:
        within = postgres.main() == 0 and within
    if "saved" in names:
        within = saved.main() == 0 and within
    if "peers" in names:
        within = peers.main() == 0 and within
    if "files" in names:
        with tempfile.TemporaryDirectory() as scratch:
            looked = files.rows(Path(scratch))
        print(files.table(looked))  # noqa: T201 - likewise
        within = all(row.is_within for row in looked) and within
    machine = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    print(f"\n{given.pairs} pairs; {machine}; load {os.getloadavg()[0]:.1f}.", file=sys.stderr)  # noqa: T201
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
