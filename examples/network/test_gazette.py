"""The gazette keeps the contract of posse-bot's networks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from posse_bot_gazette import Gazette

from bot.publishers.base import Publisher
from bot.testing import Copy, PublishesOnce, access


class TestGazette(PublishesOnce):
    """It has no secrets to refuse, no wire to lose answers on, and no keys: only `PublishesOnce` is its."""

    @pytest.fixture(autouse=True)
    def _file(self, tmp_path: Path) -> None:
        self.file = tmp_path / "gazette.jsonl"

    def make(self) -> Publisher:
        """Return a publisher of the file."""
        return Gazette(access({"path": str(self.file)}, {}))

    def copies(self) -> Sequence[Copy]:
        """Return the lines of the file."""
        lines = self.file.read_text("utf-8").splitlines() if self.file.exists() else []
        entries = [json.loads(line) for line in lines]
        return [Copy(entry["id"], entry["text"], (entry["link"],), language=entry["language"]) for entry in entries]
