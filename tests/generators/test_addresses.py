"""Every page's address, as the real generator makes it and as the bot derives it."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytest

from bot.watcher.markdown import MarkdownSource
from tests.generators import sites, tools
from tests.generators.sites import Sample
from tests.system.site import Site

_BUILDS: Mapping[str, Callable[[Path], dict[str, str]]] = {
    "hugo": tools.build_hugo,
    "pelican": tools.build_pelican,
    "jekyll": tools.build_jekyll,
    "eleventy": tools.build_eleventy,
}
SAMPLES = [
    pytest.param(kind, sample, id=f"{kind}-{sample.name}")
    for kind, found in (
        ("hugo", sites.HUGO),
        ("pelican", sites.PELICAN),
        ("jekyll", sites.JEKYLL),
        ("eleventy", sites.ELEVENTY),
    )
    for sample in found
]
KNOWN_TO_DIFFER = {
    "_posts/24-06-05-two-digits.md": "a year of two digits is read by Jekyll alone: it is a problem that is told",
}


def built(kind: str, root: Path) -> dict[str, str]:
    """Build with the real generator: an error where it is missing in CI, a skip that says so elsewhere."""
    try:
        return _BUILDS[kind](root)
    except tools.GeneratorMissing as missing:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"THE ADDRESSES OF {kind.upper()} ARE NOT CHECKED: {missing}")


def derived(kind: str, sample: Sample, root: Path) -> dict[str, str | None]:
    """Read all sources of a site; return the address of each post by its path."""
    found: dict[str, str | None] = {}
    for folder in sample.sources:
        made = MarkdownSource(
            folder.replace("/", "-"),
            root / folder,
            root=root,
            site_url="https://blog.example",
            permalink=kind,
            timezone=ZoneInfo("UTC"),
        )
        scan = made.scan({})
        found |= {post.source_id: post.url for post in scan.posts}
        found |= {problem.source_id: f"problem: {problem.message}" for problem in scan.problems}
    return found


@pytest.mark.parametrize(("kind", "sample"), SAMPLES)
def test_every_page_has_the_address_that_the_generator_gives_it(kind: str, sample: Sample, tmp_path: Path) -> None:
    """Equal for all files, and none where no page is made; what differs is listed with its reason."""
    root = sample.lay(tmp_path)
    ours = derived(kind, sample, root)
    theirs = built(kind, root)
    inside = {path for path in sample.pages if any(path.startswith(f"{folder}/") for folder in sample.sources)}
    expected = {path: _spelt(theirs[path]) for path in inside & set(theirs) - set(KNOWN_TO_DIFFER)}
    actual = {path: _spelt(url) for path, url in ours.items() if url and path not in KNOWN_TO_DIFFER}
    assert expected == actual


@pytest.mark.parametrize(
    ("kind", "sample"),
    [
        ("hugo", sites.HUGO[0]),
        ("hugo", sites.HUGO[5]),
        ("pelican", sites.PELICAN[1]),
        ("jekyll", sites.JEKYLL[1]),
        ("eleventy", sites.ELEVENTY[1]),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_init_writes_a_configuration_that_gives_every_post_its_address(
    kind: str, sample: Sample, tmp_path: Path
) -> None:
    """`posse init` and then `posse posts`, on a fresh site, with nothing edited in between."""
    theirs = {path: _spelt(url) for path, url in built(kind, sample.lay(tmp_path)).items()}
    site = Site(tmp_path)
    assert 0 == site.posse("init").code
    listed = site.posse("posts", "--json").json
    ours = {post["path"]: _spelt(post["url"]) for post in listed["posts"] if post["url"]}
    sources = tuple(f"{source['path']}/" for source in _sources(tmp_path))
    expected = {path for path in theirs if path.startswith(sources) and path not in KNOWN_TO_DIFFER}
    assert expected == set(ours)
    assert {path: theirs[path] for path in ours} == ours


def _sources(root: Path) -> list[dict[str, str]]:
    found: dict[str, dict[str, str]] = tomllib.loads((root / "posse.toml").read_text(encoding="utf-8"))["sources"]
    return list(found.values())


def _spelt(url: str) -> str:
    return unquote(url if "://" in url or url.startswith("problem") else f"https://blog.example{url}")
