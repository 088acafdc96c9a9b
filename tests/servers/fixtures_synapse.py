"""The fixture `synapse`: one real Matrix server per test process, started when a test first asks for it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.servers.packages import ServerMissing
from tests.servers.synapse import Synapse

_IN_CI = os.environ.get("CI") == "true"


@pytest.fixture(scope="session")
def synapse() -> Iterator[Synapse]:
    """A running Synapse. Where it cannot be installed this is an error in CI, and a skip that says so elsewhere."""
    try:
        server = Synapse()
    except ServerMissing as missing:
        if _IN_CI:
            raise
        pytest.skip(f"MATRIX IS NOT TESTED: {missing}")
    yield server
    server.stop()
