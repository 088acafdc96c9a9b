"""The fixture `indieweb`: one real Micropub site per test process, begun anew for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.servers.indieweb import IndieWeb
from tests.servers.packages import ServerMissing

_IN_CI = os.environ.get("CI") == "true"


@pytest.fixture(scope="session")
def indieweb_server() -> Iterator[IndieWeb]:
    """A running site. Where it cannot be installed this is an error in CI, and a skip that says so elsewhere."""
    try:
        server = IndieWeb()
    except ServerMissing as missing:
        if _IN_CI:
            raise
        pytest.skip(f"MICROPUB IS NOT TESTED: {missing}")
    yield server
    server.stop()


@pytest.fixture
def indieweb(indieweb_server: IndieWeb) -> IndieWeb:
    """The site, without a post."""
    indieweb_server.begin()
    return indieweb_server
