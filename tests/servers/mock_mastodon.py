"""The Mastodon emulator of PyPI (`mastodon_mock`), in a thread: another's idea of the API, beside our strict one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx


@dataclass(frozen=True)
class MockMastodon:
    """A running emulator. `token` is alice's; `base` its address."""

    base: str
    token: str = field(default="alice_token", repr=False)

    def statuses(self) -> list[dict[str, Any]]:
        """Return alice's statuses, oldest first, each with the source `text` the emulator kept."""
        me = self._get("/api/v1/accounts/verify_credentials")
        found = self._get(f"/api/v1/accounts/{me['id']}/statuses?limit=40")
        return [status | self._get(f"/api/v1/statuses/{status['id']}/source") for status in reversed(found)]

    def fault(self, path: str, effect: dict[str, Any], count: int = 1) -> None:
        """Make the next `count` requests to `path` end in `effect`."""
        rule = {"match": {"path": path}, "effect": effect, "count": count}
        httpx.post(f"{self.base}/api/v1/_mock/faults", json=rule).raise_for_status()

    def _get(self, path: str) -> Any:
        answer = httpx.get(f"{self.base}{path}", headers={"Authorization": f"Bearer {self.token}"})
        answer.raise_for_status()
        return answer.json()


@contextmanager
def running() -> Iterator[MockMastodon]:
    """Run the emulator, with a database in memory, for as long as the context lasts."""
    from mastodon_mock.testing import MockServer

    with MockServer() as server:
        yield MockMastodon(server.base_url)
