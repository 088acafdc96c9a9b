"""Answers that hold less than ours do, or say it otherwise, and are right by the network's reference all the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from bot.errors import Rejected, TooFar, TryLater, Unauthorized
from bot.model import Media
from bot.publishers.base import Publisher
from bot.publishers.bluesky import Bluesky
from bot.publishers.discord import Discord
from bot.publishers.email_message import subject
from bot.publishers.email_smtp import Email
from bot.publishers.linkedin import LinkedIn
from bot.publishers.mastodon import Mastodon
from bot.publishers.matrix import Matrix
from bot.publishers.micropub_entry import Manner, as_json
from bot.publishers.nostr import Nostr
from bot.publishers.nostr_event import events
from bot.publishers.nostr_keys import read_secret
from bot.publishers.slack import Slack
from bot.publishers.telegram import Telegram
from bot.publishers.threads import Threads
from bot.publishers.x import X
from bot.testing import access, announcement, attempt, raised
from tests.contracts.test_x import options
from tests.servers.strict_http import Answer, Request, serve
from tests.servers.test_strict_mastodon import started

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
KEYS = ("api_key", "api_secret", "access_token", "access_token_secret")
PICTURE = Media(b"a picture", "image/png", "A road", 4, 3)
NO_ALT = replace(PICTURE, alt="")


def telegram(base: str) -> Publisher:
    return Telegram(access({"service": base, "chat": "@road", "silent": False}, {"bot_token": "1:a"}))


def discord(base: str) -> Publisher:
    return Discord(access({"username": None}, {"webhook_url": f"{base}/webhooks/1/token"}))


def slack(base: str) -> Publisher:
    return Slack(access({}, {"webhook_url": f"{base}/services/T0/B0/x0"}))


def linkedin(base: str) -> Publisher:
    return LinkedIn(access({"service": base, "author": None, "api_version": "202605"}, {"access_token": "t"}))


def threads(base: str) -> Publisher:
    return Threads(access({"service": base}, {"access_token": "t"}))


def matrix(base: str) -> Publisher:
    return Matrix(access({"homeserver": base, "room": "!a:b", "notice": False}, {"access_token": "t"}))


def test_a_message_of_telegram_that_tells_little() -> None:
    """Without chat and date it is a receipt still: the permalink is by the name in the configuration."""
    with started(serve(lambda _request: Answer(200, {"ok": True, "result": {"message_id": 7}}))) as base:
        result = attempt(telegram(base), announcement())
    assert result.receipt is not None, result.error
    assert "https://t.me/road/7" == result.receipt.url


def test_a_discord_that_tells_nothing_of_its_webhook() -> None:
    """The message goes out without a permalink; an empty alt text is not sent."""
    seen: list[Request] = []

    def route(request: Request) -> Answer:
        seen.append(request)
        return Answer(200, {"id": "7"}) if request.method == "POST" else Answer(404, {})

    with started(serve(route)) as base:
        result = attempt(discord(base), replace(announcement(), media=(PICTURE, NO_ALT)))
    assert result.receipt is not None, result.error
    assert ("7", None) == (result.receipt.remote_id, result.receipt.url)
    payload = seen[-1].text("payload_json")
    assert 1 == payload.count("description")


@pytest.mark.parametrize("body", ["no_text", "missing_text_or_fallback_or_attachments", "missing_text"])
def test_a_slack_proves_itself_by_refusing_a_message_without_words(body: str) -> None:
    """Whatever it calls that."""
    with started(serve(lambda _request: Answer(400, body))) as base:
        assert slack(base).verify().name


@pytest.mark.parametrize(
    "where",
    [
        {"x-restli-id": "urn:li:ugcPost:7"},
        {"X-RestLi-Id": "urn:li:share:7"},
        {"x-linkedin-id": "urn:li:share:7"},
        {"x-restli-id": "urn%3Ali%3Ashare%3A7"},
    ],
)
def test_where_linkedin_names_the_post(where: dict[str, str]) -> None:
    """In a header, in whichever it is."""

    def route(request: Request) -> Answer:
        return Answer(200, {"sub": "me"}) if request.method == "GET" else Answer(201, "", where)

    with started(serve(route)) as base:
        result = attempt(linkedin(base), announcement())
    assert result.receipt is not None, result.error
    assert result.receipt.remote_id in ("urn:li:share:7", "urn:li:ugcPost:7")


def test_a_picture_that_linkedin_still_processes_is_waited_for() -> None:
    """The post is made later, with the same picture."""

    def route(request: Request) -> Answer:
        if request.path == "/rest/images":
            return Answer(200, {"value": {"image": "urn:li:image:1", "uploadUrl": f"{request.base}/up"}})
        if request.path == "/rest/posts":
            return Answer(400, {"code": "MEDIA_ASSET_PROCESSING", "message": "The asset is not ready"})
        return Answer(200, {"sub": "me"})

    with started(serve(route)) as base:
        result = attempt(linkedin(base), replace(announcement(), media=(PICTURE,)))
    assert isinstance(result.error, TryLater), result.error
    assert ["image"] == [note.kind for note in result.notes]


def bluesky(base: str) -> Publisher:
    options = {"service": base, "handle": "me.test", "app": "https://bsky.app"}
    return Bluesky(access(options, {"app_password": "xxxx-xxxx-xxxx-xxxx"}))


def nostr(base: str) -> Publisher:
    return Nostr(access({"relays": [base.replace("http", "ws")]}, {"secret_key": "11" * 32}), seconds=5)


def email(base: str) -> Publisher:
    options = {"to": "a@b.example", "from": "c@d.example", "server": base.removeprefix("http://"), "user": None}
    return Email(access(options | {"security": "none", "auth": "none", "list_id": None}, {}), seconds=0.5)


KINDS: dict[str, Callable[[str], Publisher]] = {
    "bluesky": bluesky,
    "nostr": nostr,
    "email": email,
    "telegram": telegram,
    "discord": discord,
    "slack": slack,
    "linkedin": linkedin,
    "threads": threads,
    "matrix": matrix,
}


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("body", ["<!doctype html><title>My blog</title>", {"some": "thing else"}])
def test_a_server_of_another_kind_says_what_to_check(name: str, body: Any) -> None:
    """A 404 that is not in the network's own words asks whether it is the right server."""
    with started(serve(lambda _request: Answer(404, body))) as base:
        for error in (attempt(KINDS[name](base), announcement()).error, raised(KINDS[name](base).verify)):
            assert isinstance(error, (Rejected, Unauthorized, TryLater)), error
            assert "(is " in str(error) or ": is " in str(error), error
            assert "127.0.0.1" in str(error), error


@pytest.mark.parametrize("body", ["<!doctype html><title>My blog</title>", {}, []])
def test_what_answers_everything_is_no_encrypted_room(body: Any) -> None:
    """A server that answers 200 to all is not told to be an encrypted room of Matrix."""
    with started(serve(lambda _request: Answer(200, body))) as base:
        error = attempt(matrix(base), announcement()).error
    assert isinstance(error, TryLater), error
    assert "is `homeserver` a Matrix server?" in str(error)


LOOKS: dict[str, Callable[[str], Publisher]] = {
    "matrix": matrix,
    "threads": threads,
    "x": lambda base: X(access(options(base), dict.fromkeys(KEYS, "1-secret"))),
    "mastodon": lambda base: Mastodon(access({"instance": base}, {"access_token": "t"})),
}


@pytest.mark.parametrize("name", LOOKS)
def test_a_timeline_that_is_not_shown_cannot_be_looked_at(name: str) -> None:
    """It is no absence, and no reason to refuse the post itself: nobody can look there."""
    refusal = {"errcode": "M_UNRECOGNIZED", "error": {"message": "Not here"}, "title": "Not here"}

    def route(request: Request) -> Answer:
        if request.path.endswith(("whoami", "verify_credentials")):
            return Answer(200, {"user_id": "@me:b", "id": "1", "username": "me"})
        return Answer(404, refusal)

    with started(serve(route)) as base:
        publisher = LOOKS[name](base)
        for error in (
            raised(lambda: list(publisher.recent(LONG_AGO))),
            raised(lambda: publisher.find(announcement(), LONG_AGO)),
        ):
            assert isinstance(error, TooFar), error


def test_titles_are_plain_where_no_markup_is_read() -> None:
    """The subject of a mail, an article's title on LinkedIn, Nostr and Micropub."""
    made = announcement()
    words = replace(made, post=replace(made.post, title="A *starry* [night](https://example.com) & `code`"))
    plain = "A starry night & code"
    assert plain == subject(words)
    (event, *_) = events(words, read_secret("11" * 32), article=True)
    assert ["title", plain] in event["tags"]
    assert [plain] == as_json(words, [], Manner(article=True))["properties"]["name"]
