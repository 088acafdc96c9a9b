"""What the shell offers, asked as bash asks: by environment variables, one answer a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.system.site import JOURNAL, Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site with two posts and two accounts."""
    made = Site(tmp_path / "site")
    made.configure(JOURNAL + '[accounts.other]\nnetwork = "local"\npath = "other"\n')
    made.post("hello-world")
    made.post("help-wanted")
    return made


def offered(site: Site, *words: str) -> list[str]:
    """Return what is offered for the last word."""
    site.env |= {
        "_POSSE_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["posse", *words]),
        "COMP_CWORD": str(len(words)),
    }
    done = site.posse()
    site.env = {}
    assert "" == done.err
    return done.out.split()


def test_posts_are_offered_by_their_slugs(site: Site) -> None:
    """Before the first run from the folder, after it from the record."""
    for _ in range(2):
        assert ["plain,hello-world", "plain,help-wanted"] == offered(site, "post", "hel")
        assert ["plain,help-wanted"] == offered(site, "explain", "help")
        assert 0 == site.posse("run", "--once").code


def test_what_is_no_slug_is_a_file(site: Site) -> None:
    """The shell then completes it as a path."""
    assert ["file,_posts/2"] == offered(site, "preview", "_posts/2")
    assert ["file,xyz"] == offered(site, "preview", "xyz")


def test_accounts_are_offered(site: Site) -> None:
    """As an argument, and after --account."""
    assert ["plain,journal", "plain,other"] == offered(site, "pause", "")
    assert ["plain,other"] == offered(site, "preview", "hello", "--account", "o")


def test_a_configuration_that_cannot_be_read_is_no_noise(site: Site) -> None:
    """Nothing is offered, and nothing is said into the middle of the line."""
    site.write("posse.toml", "[")
    assert [] == offered(site, "login", "")
    assert ["file,he"] == offered(site, "post", "he")
