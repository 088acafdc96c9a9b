"""A disk that is full, and one that is mounted read-only: real ones, and what each command then says and does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.system.site import JOURNAL, Site

ROOT = Path(__file__).parents[2]
NAMESPACE = ("unshare", "--mount", "--map-root-user")
WRITING = (
    ["run", "--once"],
    ["post", "second"],
    ["pause", "journal"],
    ["skip", "second"],
    ["state", "import", "more.jsonl"],
)
READING = (["status"], ["preview"], ["posts"], ["explain", "first"], ["state", "export"])


def on_its_own_disk(what: Callable[[Site], None], tmp_path: Path) -> None:
    """Do `what` with a site whose `state/` is a disk of 400 KiB, seen by nobody else; its assertions are ours."""
    try:
        subprocess.run([*NAMESPACE, "true"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"FULL AND READ-ONLY DISKS ARE NOT TESTED: no namespace of our own can be had here ({error})")
    script = f"from tests.system.test_disks import mounted, {what.__name__} as what; what(mounted({str(tmp_path)!r}))"
    done = subprocess.run(
        [*NAMESPACE, sys.executable, "-c", script], cwd=ROOT, capture_output=True, encoding="utf-8", check=False
    )
    assert 0 == done.returncode, done.stderr


def mounted(folder: str) -> Site:
    """In the namespace: a site that has announced one post, and has another to announce."""
    site = Site(Path(folder) / "site")
    state = site.root / "state"
    state.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "state", str(state)], check=True)
    site.configure(JOURNAL)
    site.post("first")
    assert 0 == site.posse("run", "--once").code
    text = site.posse("state", "export").out
    site.write("more.jsonl", text)
    site.post("second", day="2026-02-01")
    return site


def writing_is_refused(site: Site, *words: str) -> None:
    """Every command that records ends with 3, one sentence with all of `words`, and no traceback."""
    for command in WRITING:
        done = site.posse(*command)
        assert 3 == done.code, (command, done.err)
        assert [] == [word for word in ("state/posse.db", *words) if word not in done.err], (command, done.err)
        assert 1 == len(done.err.strip().splitlines()), (command, done.err)


def reading_goes_on(site: Site) -> None:
    """Every command that only looks works, and a backup can be taken to another disk."""
    for command in READING:
        done = site.posse(*command)
        assert 0 == done.code, (command, done.err)
    assert 0 == site.posse("state", "backup", "copy.db").code


def full(site: Site) -> None:
    """Fill the disk, try everything, make room again."""
    empty = site.posse("state", "export").out
    lines = empty.splitlines()
    post = next(line for line in lines if '"table":"posts"' in line)
    # A record with one post more, so that the import has something to write.
    more = [lines[0].replace('"posts":1', '"posts":2'), post, post.replace('"id":"', '"id":"f'), *lines[2:]]
    site.write("more.jsonl", "\n".join(more) + "\n")
    filling = site.root / "state" / "filling"
    with filling.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            pass
    writing_is_refused(site, "cannot be written", "ake room")
    reading_goes_on(site)
    done = site.posse("state", "backup", "state/copy.db")
    assert (3, True) == (done.code, "state/copy.db cannot be written" in done.err), done.err
    filling.unlink()
    assert 0 == site.posse("run", "--once").code
    assert 2 == len(site.journal())


def read_only(site: Site) -> None:
    """Mount it read-only, try everything, mount it for writing again."""
    state = str(site.root / "state")
    subprocess.run(["mount", "-o", "remount,ro", state], check=True)
    writing_is_refused(site, "ead-only", "nothing is sent")
    reading_goes_on(site)
    subprocess.run(["mount", "-o", "remount,rw", state], check=True)
    assert 0 == site.posse("run", "--once").code
    assert 2 == len(site.journal())


def test_a_full_disk_is_told_by_every_command_and_loses_nothing(tmp_path: Path) -> None:
    """What must record says so with exit 3; what only looks goes on; with room again the post goes out once."""
    on_its_own_disk(full, tmp_path)


def test_a_disk_mounted_read_only_is_told_by_every_command_and_loses_nothing(tmp_path: Path) -> None:
    """The same for a disk that takes no writing."""
    on_its_own_disk(read_only, tmp_path)
