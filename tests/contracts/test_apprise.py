from __future__ import annotations

import builtins
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from bot.errors import Unauthorized, Uncertain
from bot.publishers.base import Publisher
from bot.publishers.through_apprise import ThroughApprise
from bot.testing import access, announcement, attempt, raised
from tests.servers.strict_http import Answer, Refused, Request
from tests.servers.strict_service import StrictService

PASSWORD = "apprise-password-nobody-knows"

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:apprise")


class JsonService(StrictService):
    """A receiver of Apprise's json:// messages: https://appriseit.com/services/json/."""

    def route(self, request: Request) -> Answer:
        """Take a message in."""
        return self.announcing(lambda: self._take(request))

    def too_many(self, seconds: int) -> Refused:
        """Refuse one message too many."""
        return Refused(429, "too many", {"Retry-After": str(seconds)})

    def _take(self, request: Request) -> Answer:
        self.held.append({"text": request.text("message"), "title": request.text("title")})
        return Answer(200, {})


@pytest.fixture
def service() -> Iterator[JsonService]:
    with JsonService() as server:
        yield server


def through(url: str) -> Publisher:
    return ThroughApprise(access({}, {"service_url": url}))


def to(service: JsonService) -> Publisher:
    return through(f"json://me:{PASSWORD}@127.0.0.1:{service.port}/")


def test_a_post_goes_out_once(service: JsonService) -> None:
    """The words arrive whole, below the content warning; what is noted is not sent again."""
    words = announcement(content_warning="Spoilers")
    first = attempt(to(service), words)
    assert first.receipt is not None, first.error
    second = attempt(to(service), words, first.notes)
    assert second.receipt is not None
    assert first.receipt.parts == second.receipt.parts
    assert [{"text": f"Spoilers\n\n{words.text}", "title": ""}] == service.held


@pytest.mark.parametrize("fate", ["drop", "500", "before:500", "before:drop"])
def test_every_no_is_uncertain(service: JsonService, fate: str, caplog: pytest.LogCaptureFixture) -> None:
    """Apprise does not tell a refusal from a lost answer, so a person is asked; and no secret is logged."""
    service.fates = [fate]
    with caplog.at_level(logging.DEBUG):
        error = attempt(to(service), announcement()).error
    assert isinstance(error, Uncertain), error
    assert PASSWORD not in str(error) + caplog.text


def test_an_address_that_apprise_does_not_know() -> None:
    """It is `Unauthorized`, for posting and for the proof, and is not shown."""
    publisher = through(f"nonsense://{PASSWORD}")
    for error in (attempt(publisher, announcement()).error, raised(publisher.verify)):
        assert isinstance(error, Unauthorized), error
        assert PASSWORD not in str(error)


def test_the_proof_sends_nothing(service: JsonService) -> None:
    """`verify` reads the address, and says plainly that it proves no more."""
    profile = to(service).verify()
    assert "JSON, through Apprise" == profile.name
    assert "first post" in profile.warnings[0]
    assert [] == service.requests


def test_without_apprise_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is named when the package is not installed."""
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name == "apprise":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    error = attempt(through("json://127.0.0.1/"), announcement()).error
    assert isinstance(error, Unauthorized), error
    assert "pip install 'posse-bot[apprise]'" in str(error)
