"""A network of somebody else's: named by its path in the configuration, it is a network like any other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.site import SEED_SLUG, SEED_URL, Site

EXAMPLE = Path(__file__).parents[2] / "examples" / "network"
GAZETTE = '[accounts.gazette]\nnetwork = "posse_bot_gazette:GAZETTE"\npath = "gazette.jsonl"\n'


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site that holds the seed, with the example package on the path."""
    made = Site(tmp_path / "site")
    made.seed()
    made.env["PYTHONPATH"] = os.pathsep.join([str(EXAMPLE), str(Path(__file__).parents[2])])
    return made


def test_it_announces_there_once(site: Site) -> None:
    """Options, limits and counting come from its facts; a second post sends nothing."""
    site.configure(GAZETTE)
    assert "code points" == site.posse("preview", SEED_SLUG, "--json").json["plan"][0]["unit"]
    assert 0 == site.posse("post", SEED_SLUG).code
    assert 0 == site.posse("post", SEED_SLUG).code
    (line,) = (site.root / "gazette.jsonl").read_text(encoding="utf-8").splitlines()
    assert SEED_URL == json.loads(line)["link"]


@pytest.mark.parametrize(
    ("network", "said"),
    [
        ("posse_bot_gazette:NOPE", "cannot be loaded"),
        ("no_such_package:X", "No module named 'no_such_package'"),
        ("posse_bot_gazette:Gazette", "not a bot.networks.Network"),
        ("mastodn", 'did you mean "mastodon"?'),
    ],
)
def test_a_network_that_cannot_be_loaded(site: Site, network: str, said: str) -> None:
    """Exit 3, and the sentence says what is wrong with which account."""
    site.configure(GAZETTE.replace("posse_bot_gazette:GAZETTE", network))
    done = site.posse("preview")
    assert 3 == done.code
    assert said in done.err
    assert "accounts.gazette.network" in done.err


def test_the_example_keeps_the_contract() -> None:
    """The example package passes the suite that posse-bot ships, run as its author would run it."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, str(EXAMPLE)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(EXAMPLE), str(EXAMPLE.parents[1])])},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert 0 == done.returncode, done.stdout
    assert "passed" in done.stdout
