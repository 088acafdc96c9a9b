# ruff: noqa: D102 - the contract says what each hook does
from __future__ import annotations

import re
import socket
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.model import Announcement
from bot.publishers.base import Publisher
from bot.publishers.mastodon import Mastodon
from bot.testing import (
    CarriesPictures,
    Copy,
    LosesAnswers,
    PublisherContract,
    PublishesOnce,
    Refuses,
    RepeatsHarmlessly,
    SendsParts,
    access,
)
from bot.testing import announcement as announce
from tests.servers.mock_mastodon import MockMastodon
from tests.servers.strict_mastodon import StrictMastodon

WRONG_TOKEN = "a-token-that-was-revoked"
HREF = re.compile(r'href="([^"]+)"')


def closed_port() -> int:
    """Return a port of this machine where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def as_copy(status: Mapping[str, Any]) -> Copy:
    """Return a status, with its source `text`, as the contract wants to see it."""
    return Copy(
        remote_id=status["id"],
        text=status["text"],
        links=tuple(HREF.findall(status["content"])),
        language=status["language"],
        content_warning=status["spoiler_text"],
        visibility=status["visibility"],
    )


class OnMastodon:
    """The hooks that any server of Mastodon's API shares."""

    carries = frozenset({"language", "content_warning", "visibility"})
    server: StrictMastodon | MockMastodon

    def at(self, instance: str, token: str) -> Publisher:
        return Mastodon(access({"instance": instance}, {"access_token": token}))

    def make(self) -> Publisher:
        return self.at(self.server.base, self.server.token)

    def secrets(self) -> Sequence[str]:
        return [self.server.token, WRONG_TOKEN]

    def unauthorised(self) -> Publisher:
        return self.at(self.server.base, WRONG_TOKEN)

    def unreachable(self) -> Publisher:
        return self.at(f"http://127.0.0.1:{closed_port()}", self.server.token)

    def too_long(self) -> Announcement:
        return announce("word " * 100 + "x")


class OnStrictMastodon(OnMastodon):
    """The hooks for the strict server."""

    server: StrictMastodon

    @pytest.fixture(autouse=True)
    def _server(self, strict_mastodon: StrictMastodon) -> None:
        self.server = strict_mastodon

    def copies(self) -> Sequence[Copy]:
        return [as_copy(status) for status in self.server.statuses]

    def limit_rate(self) -> timedelta | None:
        self.server.behaviour.rate = 0
        window = self.server.behaviour.window
        return timedelta(seconds=window - datetime.now(UTC).timestamp() % window)

    def losing(self) -> Publisher:
        self.server.behaviour.fates = ["drop"]
        return self.make()


class TestMastodon(OnStrictMastodon, PublisherContract, CarriesPictures, SendsParts):
    """Mastodon keeps the whole contract while it keeps its keys."""

    def pictures(self) -> Sequence[tuple[bytes | str, str]]:
        return [(held["data"], held["description"] or "") for held in self.server.memory.media.values()]


class TestMastodonThatIgnoresKeys(OnStrictMastodon, PublishesOnce, Refuses, LosesAnswers):
    """A server that ignores Idempotency-Key (GoToSocial) keeps all of it but the harmless repeat."""

    @pytest.fixture(autouse=True)
    def _keys(self, _server: None) -> None:
        self.server.behaviour.keys = "ignored"


class TestMastodonEmulator(OnMastodon, PublishesOnce, RepeatsHarmlessly, Refuses):
    """The emulator of PyPI agrees, as far as it goes: it cannot take a status in and lose the answer."""

    server: MockMastodon

    @pytest.fixture(autouse=True)
    def _server(self, mock_mastodon: MockMastodon) -> None:
        self.server = mock_mastodon

    def copies(self) -> Sequence[Copy]:
        return [as_copy(status) for status in self.server.statuses()]

    def limit_rate(self) -> timedelta | None:
        self.server.fault("/api/v1/statuses", {"type": "ratelimit"})
        return timedelta(seconds=300)
