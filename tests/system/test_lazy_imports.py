"""What a command does not need it does not load: the time of `--help` and `preview` is the time of their imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.site import JOURNAL, Site

HEAVY = {
    *("httpx", "mastodon", "requests", "keyring", "rich", "jinja2", "ftfy", "platformdirs", "psutil"),
    *("filelock", "apscheduler", "PIL", "asyncio", "difflib", "ssl", "importlib.metadata", "bot.publishers.mastodon"),
}
ONLY_FOR_POSTS = {
    "yaml",
    "frontmatter",
    "markdown_it",
    "regex",
    "sqlite3",
    "zoneinfo",
    "tomllib",
    "json",
    "msgspec",
    "bot.app",
}
SHOW = """
import sys
from bot.cli import run
code = run(sys.argv[1:])
print("\\n".join(sys.modules), file=sys.stderr)
sys.exit(code)
"""


def loaded(site: Site, *args: str) -> set[str]:
    """Run `posse` with its output piped; return the modules it had loaded at its end."""
    done = subprocess.run(
        [sys.executable, "-c", SHOW, *args],
        cwd=site.root,
        env=site.environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert 0 == done.returncode, done.stderr
    return set(done.stderr.split())


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site whose one post is damaged as the seed is."""
    made = Site(tmp_path / "site")
    made.seed()
    made.configure(JOURNAL)
    return made


def test_help_loads_click_and_nothing_else_of_weight(site: Site) -> None:
    """No command's module, no configuration, no post."""
    modules = loaded(site, "--help")
    assert set() == modules & (HEAVY | ONLY_FOR_POSTS)
    assert "click" in modules
    assert {"bot", "bot.cli", "bot.cli.options", "bot.errors"} == {name for name in modules if name.startswith("bot")}


def test_version_loads_no_more(site: Site) -> None:
    """`--version` reads no metadata from the disk."""
    assert set() == loaded(site, "--version") & (HEAVY | ONLY_FOR_POSTS)


def test_a_preview_loads_no_network_and_no_writer(site: Site) -> None:
    """Nothing that could send, log in or write; no template engine for the default; no ftfy for the usual damage."""
    modules = loaded(site, "preview", "follow-black-python-devs-on-juneteenth")
    assert set() == modules & HEAVY
    assert set() == {name for name in modules if name.startswith("bot.publishers")} | (modules & {"bot.courier"})
    assert {"markdown_it", "regex"} <= modules
    assert set() == modules & {"yaml", "frontmatter"}  # the usual front matter needs no parser
