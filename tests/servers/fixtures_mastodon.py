"""Fixtures: a strict Mastodon for each test, the emulator of PyPI once a session."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import httpx
import pytest

from tests.servers import mock_mastodon as emulator
from tests.servers.strict_mastodon import StrictMastodon


@pytest.fixture
def strict_mastodon() -> Iterator[StrictMastodon]:
    """A strict Mastodon, new and empty."""
    with StrictMastodon() as server:
        yield server


@pytest.fixture(scope="session")
def _emulator() -> Iterator[emulator.MockMastodon]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the emulator's own dependencies warn; ours are errors
        with emulator.running() as server:
            yield server


@pytest.fixture
def mock_mastodon(_emulator: emulator.MockMastodon) -> emulator.MockMastodon:
    """The emulator, emptied."""
    httpx.post(f"{_emulator.base}/api/v1/_mock/reset").raise_for_status()
    return _emulator
