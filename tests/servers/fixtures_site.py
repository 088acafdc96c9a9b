"""The fixture `site`: an empty web site on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.site import Site


@pytest.fixture
def site() -> Iterator[Site]:
    """A site for one test."""
    with Site() as running:
        yield running
