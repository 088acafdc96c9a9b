"""What every test has: a clean environment, no keyring, sockets to loopback only."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import settings

# Started in the background, we were told to ignore Ctrl-C; what we start must hear it all the same.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("long", max_examples=5000)  # pytest --hypothesis-profile=long

pytest_plugins = [
    "tests.servers.fixtures_pds",
    "tests.servers.fixtures_mastodon",
    "tests.servers.fixtures_site",
    "tests.servers.fixtures_postgres",
    "tests.servers.fixtures_relays",
    "tests.servers.fixtures_synapse",
    "tests.servers.fixtures_indieweb",
]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    """No secret, proxy, configuration or keyring of the machine reaches a test."""
    for name in list(os.environ):
        ours = name.startswith(("POSSE_", "CREDENTIALS_DIRECTORY")) and name != "POSSE_DEV_CACHE"
        if ours or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", f"{tmp_path}/.config")
