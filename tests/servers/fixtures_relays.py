"""The fixtures of Nostr relays: two real ones for a test process, and a strict one for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.servers.packages import ServerMissing
from tests.servers.relays import PythonRelay, SdkRelay, StrictRelay

_IN_CI = os.environ.get("CI") == "true"


@pytest.fixture(scope="session")
def sdk_relay() -> Iterator[SdkRelay]:
    """The relay of nostr-sdk."""
    relay = SdkRelay()
    yield relay
    relay.stop()


@pytest.fixture(scope="session")
def python_relay() -> Iterator[PythonRelay]:
    """PyPI's nostr-relay. Where it cannot be installed this is an error in CI, and a skip that says so elsewhere."""
    try:
        relay = PythonRelay()
    except ServerMissing as missing:
        if _IN_CI:
            raise
        pytest.skip(f"NOSTR IS NOT TESTED AGAINST nostr-relay: {missing}")
    yield relay
    relay.stop()


@pytest.fixture
def strict_relay() -> Iterator[StrictRelay]:
    """A relay that can refuse, limit and lose."""
    relay = StrictRelay()
    yield relay
    relay.stop()
