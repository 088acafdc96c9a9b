"""A daemon that looks by schedule once an hour: what it does sooner, it does because it was woken."""

from __future__ import annotations

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
