from __future__ import annotations

from pathlib import Path

from tests.system.site import JOURNAL, Site


def test_words_that_are_too_long_are_not_released(tmp_path: Path) -> None:
    """Over the limit stays held whatever a person says, and goes by itself once the post is mended."""
    site = Site(tmp_path / "site")
    site.configure(JOURNAL, guards='baseline = false\nsettle = "0s"\nrequire_live = false\nmax_age = "9999d"')
    site.post("long", head=f"posse:\n  text: {'word ' * 120}\n")
    assert 5 == site.posse("run", "--once").code
    refused = site.posse("release", "long")
    assert 5 == refused.code
    assert "over the limit of 500" in refused.err
    site.posse("run", "--once")
    assert [] == site.journal()

    site.post("long", head="posse:\n  text: Short now.\n")
    assert 0 == site.posse("run", "--once").code
    (sent,) = site.journal()
    assert "Short now.\n\nhttps://example.com/2026/long/" == sent["text"]


def test_a_first_run_names_a_post_that_may_be_announced(tmp_path: Path) -> None:
    """The newest that the first run offers is not one that its author has opted out."""
    site = Site(tmp_path / "site")
    site.configure(JOURNAL, guards='settle = "0s"\nrequire_live = false')
    site.post("meant", day="2026-01-01")
    site.post("private", day="2026-02-01", head="posse: false\n")
    done = site.posse("run", "--once")
    assert "`posse post meant` announces it" in done.err
    assert "private" not in done.err
