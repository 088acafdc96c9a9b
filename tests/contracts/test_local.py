# ruff: noqa: D102 - the contract says what each hook does
from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.publishers.base import Publisher
from bot.publishers.local import Local
from bot.testing import Copy, PublishesOnce, RepeatsHarmlessly, access


class TestLocal(PublishesOnce, RepeatsHarmlessly):
    """The folder keeps the contract; it has no secrets to refuse and no wire to lose answers on."""

    carries = frozenset({"language", "content_warning", "visibility"})

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "journal"

    def make(self) -> Publisher:
        return Local(access({"path": str(self.folder)}, {}))

    def copies(self) -> Sequence[Copy]:
        entries = [json.loads(file.read_text("utf-8")) for file in self.folder.glob("*.json")]
        return [
            Copy(
                remote_id=entry["key"],
                text=entry["text"],
                links=(entry["url"],),
                language=entry["language"],
                content_warning=entry["content_warning"],
                visibility=entry["visibility"],
            )
            for entry in sorted(entries, key=lambda entry: str(entry["published_at"]))
        ]
