"""The fixtures `postgres` (one server per test process) and `database` (an empty database of it, as a URL)."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.servers.postgres import PostgresMissing, PostgresServer

_IN_CI = os.environ.get("CI") == "true"


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A running PostgreSQL. Where there is none this is an error in CI, and a skip that says so elsewhere."""
    try:
        server = PostgresServer()
    except PostgresMissing as missing:
        if _IN_CI:
            raise
        pytest.skip(f"THE POSTGRESQL STORE IS NOT TESTED: {missing}")
    with server:
        yield server


@pytest.fixture
def database(postgres: PostgresServer) -> str:
    """The URL of an empty database."""
    return postgres.url(postgres.make_database())
