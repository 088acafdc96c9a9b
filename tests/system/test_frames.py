"""What `posse preview` shows at a terminal."""

from __future__ import annotations

from pathlib import Path

from tests.system.site import JOURNAL, Site
from tests.system.terminal import terminal


def test_a_frame_says_in_full_why_it_does_not_go_now(tmp_path: Path) -> None:
    """The head of the frame is one line, and short; the reason stands below the words, and wraps."""
    site = Site(tmp_path / "site")
    site.configure(JOURNAL)
    site.post("hello-world", body="The number is {{ page.number }} and {{ page.other }}.", head='summary: "{{ x }}"\n')
    with terminal(site, "preview") as at:
        assert 0 == at.ends()
    shown = at.seen
    assert "journal (local) · not now" in shown
    assert "not now: leftover: an unrendered placeholder: {{ x }}" in shown
