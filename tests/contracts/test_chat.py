# ruff: noqa: D102 - the contract says what each hook does
from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from bot.model import Announcement, Media
from bot.publishers.base import Publisher
from bot.publishers.discord import Discord
from bot.publishers.linkedin import LinkedIn
from bot.publishers.slack import Slack
from bot.publishers.telegram import Telegram
from bot.publishers.webhook import Webhook
from bot.testing import AskContract, CarriesPictures, Copy, SendsParts, access, attempt
from bot.testing import announcement as announce
from tests.contracts.test_mastodon import closed_port
from tests.servers.strict_discord import StrictDiscord
from tests.servers.strict_linkedin import StrictLinkedIn
from tests.servers.strict_service import StrictService
from tests.servers.strict_slack import StrictSlack
from tests.servers.strict_telegram import CHAT, StrictTelegram
from tests.servers.strict_webhook import StrictWebhook

NOWHERE = "https://example.com/2024/06/19/a-post.html"
LINK = re.compile(r"https?://[^\s\\]+")
PICTURES = tuple(
    Media(data=f"picture {index}".encode(), mime="image/png", alt=f"What picture {index} shows", width=4, height=3)
    for index in range(2)
)


class OnStrictService(AskContract):
    """The hooks that every strict service without a look shares."""

    carries = frozenset()
    server: Any
    wrong = ""

    def at(self, base: str, secret: str) -> Publisher:
        raise NotImplementedError

    def make(self) -> Publisher:
        return self.at(self.server.base, self.server.token)

    def secrets(self) -> Sequence[str]:
        return [self.server.token, self.wrong]

    def unauthorised(self) -> Publisher:
        return self.at(self.server.base, self.wrong)

    def unreachable(self) -> Publisher:
        return self.at(f"http://127.0.0.1:{closed_port()}", self.server.token)

    def shown(self, announcement: Announcement) -> str:
        return f"{announcement.content_warning}\n\n{announcement.text}"

    def limit_rate(self) -> timedelta | None:
        self.server.limited = 7
        return timedelta(seconds=7)

    def too_long(self) -> Announcement:
        return announce("word " * 20_000 + "x")

    def losing(self) -> Publisher:
        self.server.fates = ["drop"]
        return self.make()

    @pytest.mark.parametrize("fate", ["500", "not-json", "reset", "before:500", "before:drop"])
    def test_what_is_no_answer_is_uncertain(self, fate: str) -> None:
        """Whatever became of the answer to the one POST, nobody knows; and it is made once."""
        self.server.fates = [fate]
        result = attempt(self.make(), self.announcement())
        assert type(result.error).__name__ == "Uncertain", result
        assert (0 if fate.startswith("before:") else 1) == len(self.copies())

    def test_parts_go_out_in_order_and_once(self) -> None:
        """Several parts are as many messages; those that are noted are not sent again."""
        words = announce("The first part", "The second part", "The third part", content_warning="Spoilers")
        server: StrictService = self.server
        server.fates = ["", "drop"]
        first = attempt(self.make(), words)
        assert type(first.error).__name__ == "Uncertain", first
        second = attempt(self.make(), words, first.notes)
        assert second.receipt is not None, second.error
        assert len(second.receipt.parts) == 3
        texts = [copy.text for copy in self.copies()]
        assert ["Spoilers\n\nThe first part", "The second part", "The second part", "The third part"] == texts


@pytest.fixture
def telegram() -> Iterator[StrictTelegram]:
    with StrictTelegram() as server:
        yield server


@pytest.fixture
def discord() -> Iterator[StrictDiscord]:
    with StrictDiscord() as server:
        yield server


@pytest.fixture
def slack() -> Iterator[StrictSlack]:
    with StrictSlack() as server:
        yield server


@pytest.fixture
def linkedin() -> Iterator[StrictLinkedIn]:
    with StrictLinkedIn() as server:
        yield server


@pytest.fixture
def webhook() -> Iterator[StrictWebhook]:
    with StrictWebhook() as server:
        yield server


class TestTelegram(OnStrictService, CarriesPictures, SendsParts):
    """Telegram keeps the contract of networks where nobody can look."""

    alts = False
    server: StrictTelegram
    wrong = "123456789:AAa-token-that-was-revoked"

    @pytest.fixture(autouse=True)
    def _server(self, telegram: StrictTelegram) -> None:
        self.server = telegram

    def at(self, base: str, secret: str) -> Publisher:
        return Telegram(access({"service": base, "chat": CHAT, "silent": False}, {"bot_token": secret}))

    def pictures(self) -> Sequence[tuple[bytes | str, str]]:
        return [(held["photo"], "") for held in self.server.held]

    def copies(self) -> Sequence[Copy]:
        return [
            Copy(str(held["message_id"]), held["text"], tuple(LINK.findall(held["text"]))) for held in self.server.held
        ]


class TestDiscord(OnStrictService, CarriesPictures, SendsParts):
    """Discord keeps the contract of networks where nobody can look."""

    server: StrictDiscord
    wrong = "a-token-that-was-revoked"

    @pytest.fixture(autouse=True)
    def _server(self, discord: StrictDiscord) -> None:
        self.server = discord

    def at(self, base: str, secret: str) -> Publisher:
        url = f"{base}{self.server.url.removeprefix(self.server.base).replace(self.server.token, secret)}"
        return Discord(access({"username": None}, {"webhook_url": url}))

    def pictures(self) -> Sequence[tuple[bytes | str, str]]:
        return [file for held in self.server.held for file in held["files"]]

    def copies(self) -> Sequence[Copy]:
        return [Copy(held["id"], held["content"], tuple(LINK.findall(held["content"]))) for held in self.server.held]


class TestSlack(OnStrictService, SendsParts):
    """Slack keeps the contract, as far as it tells: it gives no ids."""

    server: StrictSlack
    wrong = "aTokenThatWasRevoked"

    @pytest.fixture(autouse=True)
    def _server(self, slack: StrictSlack) -> None:
        self.server = slack

    def at(self, base: str, secret: str) -> Publisher:
        url = f"{base}{self.server.url.removeprefix(self.server.base).replace(self.server.token, secret)}"
        return Slack(access({}, {"webhook_url": url}))

    def copies(self) -> Sequence[Copy]:
        key = self.announcement().key  # our own ids, for Slack gives none
        return [
            Copy(f"{key}-{index}", held["text"], tuple(LINK.findall(held["text"])))
            for index, held in enumerate(self.server.held)
        ]


class TestWebhook(OnStrictService, CarriesPictures):
    """A webhook gets the whole announcement in one request."""

    carries = frozenset({"language", "content_warning", "visibility"})
    server: StrictWebhook
    wrong = "a secret that was revoked"

    @pytest.fixture(autouse=True)
    def _server(self, webhook: StrictWebhook) -> None:
        self.server = webhook

    def at(self, base: str, secret: str) -> Publisher:
        return Webhook(access({"url": f"{base}/take"}, {"signing_secret": secret}))

    def pictures(self) -> Sequence[tuple[bytes | str, str]]:
        return [(b64decode(item["data"]), item["alt"]) for held in self.server.held for item in held["media"]]

    def shown(self, announcement: Announcement) -> str:
        return announcement.text

    def copies(self) -> Sequence[Copy]:
        return [
            Copy(
                remote_id=held["number"],
                text=held["text"],
                links=(held["url"],),
                language=held["language"],
                content_warning=held["content_warning"],
                visibility=held["visibility"],
            )
            for held in self.server.held
        ]

    @pytest.mark.parametrize("fate", ["500", "reset", "before:500", "before:drop"])
    def test_what_is_no_answer_is_uncertain(self, fate: str) -> None:
        """Whatever became of the answer, nobody knows. Any success is one: there is nothing in it to be read."""
        super().test_what_is_no_answer_is_uncertain(fate)

    def test_parts_go_out_in_order_and_once(self) -> None:
        """Several parts travel in one request."""
        words = announce("The first part", "The second part")
        result = attempt(self.make(), words)
        assert result.receipt is not None, result.error
        assert [["The first part", "The second part"]] == [held["parts"] for held in self.server.held]


class TestLinkedIn(OnStrictService, CarriesPictures):
    """LinkedIn keeps the contract: it cannot look, but names what is there already."""

    server: StrictLinkedIn
    wrong = "AQa-token-that-was-revoked"

    @pytest.fixture(autouse=True)
    def _server(self, linkedin: StrictLinkedIn) -> None:
        self.server = linkedin

    def at(self, base: str, secret: str) -> Publisher:
        options = {"service": base, "author": None, "api_version": "202605"}
        return LinkedIn(access(options, {"access_token": secret}))

    def pictures(self) -> Sequence[tuple[bytes | str, str]]:
        items = [item for held in self.server.held for item in held["content"]["multiImage"]["images"]]
        return [(self.server.images[item["id"]], item["altText"]) for item in items]

    def copies(self) -> Sequence[Copy]:
        return [
            Copy(
                held["urn"],
                held["text"],
                (held["content"].get("article") or {"source": ""})["source"]
                and (held["content"]["article"]["source"],),
            )
            for held in self.server.held
        ]

    def limit_rate(self) -> timedelta | None:
        self.server.limited = 7
        return None  # it is until midnight UTC, and the answer does not say so

    def test_a_repeat_ends_in_the_receipt(self) -> None:
        """After a lost answer the same words are refused, and the refusal names the post: the receipt."""
        words = self.announcement()
        lost = attempt(self.losing(), words)
        again = attempt(self.make(), words, lost.notes)
        assert again.receipt is not None, again.error
        assert [copy.remote_id for copy in self.copies()] == [again.receipt.remote_id]
        assert f"https://www.linkedin.com/feed/update/{again.receipt.remote_id}/" == again.receipt.url

    def test_another_round_with_the_same_words_is_refused(self) -> None:
        """The second round would be told the first one's post: that is no receipt of its own."""
        words = self.announcement()
        first = attempt(self.make(), words)
        assert first.receipt is not None, first.error
        second = attempt(self.make(), replace(words, round=2))
        assert type(second.error).__name__ == "Rejected"
        assert first.receipt.remote_id in str(second.error)

    def test_parts_go_out_in_order_and_once(self) -> None:
        """LinkedIn has no threads: several parts are refused before anything is sent."""
        result = attempt(self.make(), announce("The first part", "The second part"))
        assert type(result.error).__name__ == "Rejected"
        assert [] == list(self.server.requests)
