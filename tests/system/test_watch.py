"""A daemon that looks by schedule once an hour: what it does sooner, it does because it was woken."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.site import JOURNAL, Site, until

RARELY = '[schedule]\nevery = "1h"'
QUICK = 'baseline = false\nsettle = "0s"\nrequire_live = false'
SETTLING = 'baseline = false\nsettle = "700ms"\nrequire_live = false'


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site with one post, which the running daemon has announced already."""
    made = Site(tmp_path)
    made.configure(JOURNAL, guards=QUICK, extra=RARELY)
    made.post("first")
    yield from _running(made)


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Site]:
    """The same; a post must stand unchanged for most of a second."""
    made = Site(tmp_path)
    made.configure(JOURNAL, guards=SETTLING, extra=RARELY)
    made.post("first")
    yield from _running(made)


def _running(site: Site) -> Iterator[Site]:
    process = site.start("run")
    try:
        until(lambda: len(site.journal()) == 1)
        time.sleep(1.5)  # the watch stands, and its first look is over
        yield site
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def slugs(site: Site) -> list[str]:
    return [str(sent["post"]["slug"]) for sent in site.journal()]


def test_a_saved_file_goes_out_at_once(site: Site) -> None:
    """Long before the next scheduled scan."""
    site.post("second")
    until(lambda: len(site.journal()) == 2)
    assert ["first", "second"] == slugs(site)


def test_an_editor_that_renames_makes_one_post_with_the_final_words(site: Site) -> None:
    """A temporary file beside it is none, and what takes its place is read whole."""
    hidden = site.write("_posts/.2026-01-31-second.md.swp", "---\ntitle: Half\n---\n\nHal")
    hidden.write_text("---\ntitle: Whole\ndate: 2026-01-31\n---\n\nAll of the words.\n", encoding="utf-8")
    hidden.rename(site.root / "_posts/2026-01-31-second.md")
    until(lambda: len(site.journal()) == 2)
    assert "All of the words." in str(site.journal()[-1]["text"])
    assert ["first", "second"] == slugs(site)


def test_a_file_written_in_pieces_is_announced_when_it_is_whole(patient: Site) -> None:
    """It settles first, and the daemon comes back when it has, without waiting for the schedule."""
    path = patient.root / "_posts/2026-01-31-second.md"
    with path.open("w", encoding="utf-8") as file:
        for piece in ("---\ntitle: Sec", "ond\ndate: 2026-01-31\n", "---\n\nThe words ", "come slowly.\n"):
            file.write(piece)
            file.flush()
            time.sleep(0.25)
    until(lambda: len(patient.journal()) == 2)
    assert "The words come slowly." in str(patient.journal()[-1]["text"])


def test_a_pull_of_a_thousand_files_is_one_burst_that_is_held(site: Site) -> None:
    """All are seen, none goes out, and a person is told."""
    for number in range(1000):
        site.post(f"pulled-{number}", title=f"Pulled number {number}", body=f"The words of number {number}.")
    until(lambda: len(site.posse("status", "--json").json["deliveries"]) >= 1000, 60)
    held = [row for row in site.posse("status", "--json").json["deliveries"] if row["reason"] == "burst"]
    assert 1000 - 10 <= len(held)  # a few may have gone out before the rest was there
    assert len(site.journal()) <= 1 + 10


def test_a_moved_file_is_the_same_post_and_a_deleted_one_is_gone(site: Site) -> None:
    """Nothing goes out again, nothing is deleted, and the post is shown as gone."""
    first = site.root / "_posts/2026-01-31-first.md"
    (site.root / "_posts/deeper").mkdir()
    first.rename(site.root / "_posts/deeper/2026-01-31-renamed.md")
    site.post("second")
    until(lambda: len(site.journal()) == 2)
    (site.root / "_posts/2026-01-31-second.md").unlink()
    site.post("third")
    until(lambda: len(site.journal()) == 3)
    assert ["first", "second", "third"] == slugs(site)
    assert "gone" in site.posse("explain", "second").out


def test_a_folder_that_is_unmounted_says_so_and_takes_nothing_with_it(site: Site) -> None:
    """Its posts are not gone, it is told, and when it comes back all goes on."""
    away = site.root / "away"
    (site.root / "_posts").rename(away)
    until(lambda: "source_failed" in site.log())
    assert "does not exist" in site.log()
    assert "gone" not in site.posse("explain", "first").out
    shutil.move(away, site.root / "_posts")
    site.post("second")
    until(lambda: len(site.journal()) == 2)
    assert ["first", "second"] == slugs(site)


def test_an_empty_mount_point_announces_nothing_when_the_folder_is_back(site: Site) -> None:
    """Its posts count as gone while it is empty, and are the same posts afterwards."""
    site.post("second")
    until(lambda: len(site.journal()) == 2)
    (site.root / "_posts").rename(site.root / "away")
    (site.root / "_posts").mkdir()
    until(lambda: "gone" in site.posse("explain", "second").out)
    (site.root / "_posts").rmdir()
    (site.root / "away").rename(site.root / "_posts")
    until(lambda: "gone" not in site.posse("explain", "second").out, 60)
    site.post("third")
    until(lambda: len(site.journal()) == 3)
    assert ["first", "second", "third"] == slugs(site)


def test_files_that_move_and_vanish_during_scans_make_no_noise(tmp_path: Path) -> None:
    """Hundreds of old posts moved to and fro and deleted while a daemon looks all the time: none goes out."""
    site = Site(tmp_path)
    site.configure(JOURNAL, guards='settle = "0s"\nrequire_live = false', extra='[schedule]\nevery = "1s"')
    for number in range(400):
        site.post(f"old-{number}", day=f"2024-01-{number % 28 + 1:02}")
    process = site.start("run")
    try:
        until(lambda: "First run" in site.log())
        files = sorted((site.root / "_posts").glob("*.md"))
        (site.root / "_posts" / "2024").mkdir()
        for _ in range(3):
            for file in files[:200]:
                file.rename(file.parent / "2024" / file.name)
            for file in files[:200]:
                (file.parent / "2024" / file.name).rename(file)
        for file in files[200:300]:
            file.unlink()
        site.post("new", day="2026-11-20")
        until(lambda: site.journal(), 40)
        until(lambda: "gone" in site.posse("explain", files[250].stem[11:]).out, 40)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    assert ["new"] == slugs(site)
    assert "Traceback" not in site.log()


@pytest.mark.parametrize("error", ['OSError("no events here")', 'ImportError("no module for this platform")'])
def test_where_nothing_tells_of_changes_the_schedule_finds_them(tmp_path: Path, error: str) -> None:
    """A file system or a platform without events: said once, and a new post goes out at the next scan."""
    site = Site(tmp_path / "site")
    site.configure(JOURNAL, guards=QUICK, extra='[schedule]\nevery = "1s"')
    shim = tmp_path / "shim" / "watchfiles.py"
    shim.parent.mkdir()
    shim.write_text(f"def __getattr__(name):\n    raise {error}\n")
    site.env["PYTHONPATH"] = f"{shim.parent}{os.pathsep}{site.environment()['PYTHONPATH']}"
    process = site.start("run")
    try:
        until(lambda: "not_watched" in site.log())
        site.post("first")
        until(lambda: site.journal())
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    assert 1 == site.log().count("not_watched")
    assert "Traceback" not in site.log()
