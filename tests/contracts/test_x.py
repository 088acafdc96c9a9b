# ruff: noqa: D102 - the contract says what each hook does
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from bot.model import Announcement
from bot.networks import X as FACTS
from bot.publishers.base import Publisher
from bot.publishers.x import X
from bot.testing import CarriesPictures, Copy, MemoryVault, PublisherContract, SendsParts, access
from bot.testing import announcement as announce
from tests.contracts.test_mastodon import closed_port
from tests.servers import strict_x_auth as app
from tests.servers.strict_x import StrictX

WRONG = "a-secret-that-was-revoked"


def options(base: str, **changed: str) -> dict[str, object]:
    """The options of an account at `base`."""
    return {option.name: option.default for option in FACTS.options} | {"api": base, "web": base} | changed


class OnX:
    """The hooks for either log-in."""

    carries: frozenset[str] = frozenset()
    server: StrictX

    @pytest.fixture(autouse=True)
    def _server(self) -> Iterator[None]:
        with StrictX() as self.server:
            yield

    def at(self, base: str, secrets: Mapping[str, str]) -> Publisher:
        raise NotImplementedError

    def good(self) -> dict[str, str]:
        raise NotImplementedError

    def make(self) -> Publisher:
        return self.at(self.server.base, self.good())

    def unauthorised(self) -> Publisher:
        return self.at(self.server.base, dict.fromkeys(self.good(), WRONG))

    def unreachable(self) -> Publisher:
        return self.at(f"http://127.0.0.1:{closed_port()}", self.good())

    def copies(self) -> Sequence[Copy]:
        return [as_copy(post) for post in self.server.posts]

    def limit_rate(self) -> timedelta | None:
        self.server.behaviour.rate = 0
        return timedelta(seconds=self.server.behaviour.window)

    def shown(self, announcement: Announcement) -> str:
        return f"{announcement.content_warning}\n\n{announcement.text}"

    def pictures(self) -> Sequence[tuple[bytes | str, str]]:
        return [(held["data"], held["alt"] or "") for held in self.server.media.values()]

    def too_long(self) -> Announcement:
        return announce("word " * 57 + "x")

    def losing(self) -> Publisher:
        self.server.behaviour.fates = ["drop"]
        return self.make()


def as_copy(post: Mapping[str, Any]) -> Copy:
    """Return a post, with the text that was sent, as the contract wants to see it."""
    urls = post.get("entities", {}).get("urls", [])
    return Copy(remote_id=post["id"], text=post["raw"], links=tuple(url["expanded_url"] for url in urls))


class TestXWithKeys(OnX, PublisherContract, CarriesPictures, SendsParts):
    """X keeps the whole contract with the keys of OAuth 1.0a: it refuses the same words twice, and we find them."""

    def good(self) -> dict[str, str]:
        ((token, secret),) = self.server.auth.tokens.items()
        return {
            "api_key": app.API_KEY,
            "api_secret": app.API_SECRET,
            "access_token": token,
            "access_token_secret": secret,
        }

    def at(self, base: str, secrets: Mapping[str, str]) -> Publisher:
        return X(access(options(base), secrets))

    def secrets(self) -> Sequence[str]:
        return [*self.good().values(), WRONG]


class TestXWithTokens(OnX, PublisherContract):
    """X keeps the whole contract with the tokens of OAuth 2, one vault for all that are made."""

    @pytest.fixture(autouse=True)
    def _granted(self, _server: None) -> None:
        self.vault = MemoryVault()
        _, self.seed = self.server.auth.grant()

    def good(self) -> dict[str, str]:
        return {"refresh_token": self.seed}

    def at(self, base: str, secrets: Mapping[str, str]) -> Publisher:
        return X(access(options(base, auth="oauth2", client_id=app.CLIENT), secrets, vault=self.vault))

    def secrets(self) -> Sequence[str]:
        return [*self.server.auth.bearers, *self.server.auth.refreshes, self.seed, WRONG]
