"""The fixture `pds`: one real PDS per test process, started when a test first asks for it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.servers.pds import Pds, PdsMissing

_IN_CI = os.environ.get("CI") == "true"


@pytest.fixture(scope="session")
def pds() -> Iterator[Pds]:
    """A running PDS. Where Node is missing this is an error in CI, and a skip that says so elsewhere."""
    try:
        server = Pds()
    except PdsMissing as missing:
        if _IN_CI:
            raise
        pytest.skip(f"THE BLUESKY PUBLISHER IS NOT TESTED: {missing}")
    with server:
        yield server
