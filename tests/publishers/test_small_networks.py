"""What the contract does not ask of the small networks: pictures, escapes, permissions, words of the server."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from bot.errors import PublishError, Rejected, TryLater, Unauthorized
from bot.formatter import measure
from bot.model import Card, Media, Part, Span, SpanKind, Thumbnail
from bot.publishers.base import Publisher
from bot.publishers.discord import Discord, escaped
from bot.publishers.linkedin import LinkedIn
from bot.publishers.linkedin_text import little_text
from bot.publishers.slack import Slack
from bot.publishers.telegram import Telegram
from bot.publishers.webhook import Webhook
from bot.testing import MemoryVault, access, announcement, attempt, raised
from tests.fakes import Clock
from tests.servers.strict_discord import StrictDiscord
from tests.servers.strict_http import Answer, Request, serve
from tests.servers.strict_linkedin import StrictLinkedIn, shown
from tests.servers.strict_service import StrictService
from tests.servers.strict_slack import StrictSlack
from tests.servers.strict_telegram import CHAT, StrictTelegram
from tests.servers.strict_webhook import StrictWebhook

PICTURES = tuple(Media(f"picture {n}".encode(), "image/png", f"What {n} shows", 4, 3) for n in range(3))
AWKWARD = r"A_b_ *c* ~d~ (e) [f](g) {h} <i> #j @k |l| \m `n`"


def telegram(server: StrictTelegram) -> Publisher:
    return Telegram(access({"service": server.base, "chat": CHAT, "silent": False}, {"bot_token": server.token}))


def discord(server: StrictDiscord) -> Publisher:
    return Discord(access({"username": "Blog"}, {"webhook_url": server.url}))


def slack(server: StrictSlack) -> Publisher:
    return Slack(access({}, {"webhook_url": server.url}))


def webhook(server: StrictWebhook) -> Publisher:
    return Webhook(access({"url": server.url}, {"signing_secret": server.token}))


def linkedin(server: StrictLinkedIn, **more: Any) -> Publisher:
    options = {"service": server.base, "author": None, "api_version": "202605"} | more.pop("options", {})
    return LinkedIn(access(options, {"access_token": server.token}, **more))


@pytest.fixture
def on_telegram() -> Iterator[StrictTelegram]:
    with StrictTelegram() as server:
        yield server


@pytest.fixture
def on_discord() -> Iterator[StrictDiscord]:
    with StrictDiscord() as server:
        yield server


@pytest.fixture
def on_slack() -> Iterator[StrictSlack]:
    with StrictSlack() as server:
        yield server


@pytest.fixture
def on_linkedin() -> Iterator[StrictLinkedIn]:
    with StrictLinkedIn() as server:
        yield server


@pytest.fixture
def on_webhook() -> Iterator[StrictWebhook]:
    with StrictWebhook() as server:
        yield server


def test_telegram_pictures_bear_the_words(on_telegram: StrictTelegram) -> None:
    """One picture is a photo, several are an album; the words stand below the first."""
    for media in (PICTURES[:1], PICTURES):
        words = replace(announcement(), media=media)
        result = attempt(telegram(on_telegram), words)
        assert result.receipt is not None, result.error
        sent = on_telegram.held[-len(media) :]
        assert [words.text, *("" for _ in media[1:])] == [message["text"] for message in sent]
        assert [item.data for item in media] == [message["photo"] for message in sent]
        assert str(sent[0]["message_id"]) == result.receipt.remote_id


def test_telegram_words_too_long_for_a_caption_stand_below_the_pictures(on_telegram: StrictTelegram) -> None:
    """The pictures go first, and are not sent again when the words have to be."""
    words = replace(announcement("word " * 300), media=PICTURES)
    on_telegram.fates = ["", "before:drop"]
    lost = attempt(telegram(on_telegram), words)
    assert ["pictures"] == [note.kind for note in lost.notes]
    again = attempt(telegram(on_telegram), words, lost.notes)
    assert again.receipt is not None, again.error
    assert ["", "", "", ("word " * 300).strip()] == [message["text"] for message in on_telegram.held]


@pytest.mark.parametrize(
    ("public", "expected"), [(True, "https://t.me/strict_channel/11"), (False, "https://t.me/c/1234567890/11")]
)
def test_telegram_permalinks(on_telegram: StrictTelegram, public: bool, expected: str) -> None:
    """A public channel's is by name, a private one's by number."""
    on_telegram.public = public
    result = attempt(telegram(on_telegram), announcement())
    assert result.receipt is not None
    assert expected == result.receipt.url


def test_telegram_previews_the_announced_link(on_telegram: StrictTelegram) -> None:
    """The preview is of the post, whatever else is linked in the words; later parts have none."""
    words = announcement("See https://elsewhere.example first", "The second part")
    assert attempt(telegram(on_telegram), words).receipt is not None
    assert [{"url": words.url}, {"is_disabled": True}] == [message["preview"] for message in on_telegram.held]
    assert on_telegram.held[0]["message_id"] == on_telegram.held[1]["reply"]["message_id"]


def test_a_bot_that_may_not_write_is_told_of(on_telegram: StrictTelegram) -> None:
    """The proof warns, and a post is `Unauthorized`: a person must give it the right."""
    on_telegram.rights = False
    (warning,) = telegram(on_telegram).verify().warnings
    assert "make it an administrator" in warning
    error = attempt(telegram(on_telegram), announcement()).error
    assert isinstance(error, Unauthorized), error
    assert "administrator rights" in str(error)


def test_discord_shows_what_was_written(on_discord: StrictDiscord) -> None:
    """Nothing in the words is markup, a link stays whole, and nobody is notified."""
    url = "https://example.com/a_b_c/(d)"
    words = announcement(f"{AWKWARD} @everyone\n# no heading\n> no quote\n\n{url}", url=url)
    assert attempt(discord(on_discord), words).receipt is not None
    (message,) = on_discord.held
    assert message["content"].endswith(f"\n\n{url}")
    assert r"A\_b\_ \*c\* \~d\~ (e) \[f](g) {h} \<i> #j @k \|l\| \\m \`n\`" in message["content"]
    assert "\\# no heading\n\\> no quote" in message["content"]
    assert {"parse": []} == message["allowed_mentions"]


def test_discord_words_that_escapes_make_too_long_go_as_they_are() -> None:
    """A backslash never pushes words over the limit."""
    words = announcement("*" * 1500)
    assert "*" * 1500 == escaped(words, 0)


def test_discord_pictures_have_their_alt_text(on_discord: StrictDiscord) -> None:
    """They travel with the first message."""
    result = attempt(discord(on_discord), replace(announcement(), media=PICTURES))
    assert result.receipt is not None, result.error
    assert [(item.data, item.alt) for item in PICTURES] == on_discord.held[0]["files"]
    assert f"https://discord.com/channels/22/33/{result.receipt.remote_id}" == result.receipt.url


@pytest.mark.parametrize(
    "url",
    ["https://discord.com/api/webhooks/", "https://example.com/hook", "http://discord.com/api/webhooks/1/token", "x"],
)
def test_what_is_no_webhook_address_is_not_asked(url: str) -> None:
    """It is `Unauthorized`, and not shown: it may be another secret."""
    for publisher in (
        Discord(access({"username": None}, {"webhook_url": url})),
        Slack(access({}, {"webhook_url": url})),
    ):
        error = raised(publisher.verify)
        assert isinstance(error, Unauthorized), error
        assert url not in str(error).split()


def test_slack_shows_what_was_written(on_slack: StrictSlack) -> None:
    """Control sequences are escaped, and asterisks are asterisks."""
    words = announcement(f"{AWKWARD} & <!channel> &amp; x")
    assert attempt(slack(on_slack), words).receipt is not None
    assert [{"text": words.text, "mrkdwn": False}] == on_slack.held


def test_slack_of_an_archived_channel_is_refused(on_slack: StrictSlack) -> None:
    """Slack's own word comes back, and a person must give another webhook."""
    on_slack.archived = True
    error = attempt(slack(on_slack), announcement()).error
    assert isinstance(error, Unauthorized), error
    assert "channel_is_archived" in str(error)


def test_little_text_is_read_whole() -> None:
    """All that is reserved is escaped, and hashtags are live: an unescaped sign would cut the rest silently."""
    text = f"{AWKWARD} #InTheEnd"
    start = text.index("#InTheEnd")
    little = little_text(text, [(start, len(text), "InTheEnd")])
    assert little.endswith(r"{hashtag|\#|InTheEnd}")
    assert text == shown(little)


def test_linkedin_hashtags_stand_where_they_stood_below_a_warning(on_linkedin: StrictLinkedIn) -> None:
    """Spans are counted from the words, which the warning pushes down."""
    text = "Words\n\n#Tag"
    words = announcement(content_warning="Spoilers (all)")
    words = replace(words, parts=(Part(text, len(text), (Span(7, 11, SpanKind.TAG, "Tag"),)),))
    assert attempt(linkedin(on_linkedin), words).receipt is not None
    assert [f"Spoilers (all)\n\n{text}"] == [held["text"] for held in on_linkedin.held]
    (request,) = [request for request in on_linkedin.requests if request.path == "/rest/posts"]
    assert request.values["commentary"].endswith(r"{hashtag|\#|Tag}")


def test_linkedin_has_our_card_with_its_picture(on_linkedin: StrictLinkedIn) -> None:
    """The article's thumbnail is uploaded once, also when the post has to be sent again."""
    thumbnail = Thumbnail(b"thumbnail", "image/jpeg", 4, 3)
    words = announcement()
    words = replace(words, card=Card(words.url, "The title", "What it says", thumbnail))
    on_linkedin.fates = ["before:drop"]
    lost = attempt(linkedin(on_linkedin), words)
    assert ["image"] == [note.kind for note in lost.notes]
    assert attempt(linkedin(on_linkedin), words, lost.notes).receipt is not None
    expected = {
        "source": words.url,
        "title": "The title",
        "description": "What it says",
        "thumbnail": "urn:li:image:I0",
    }
    assert [{"article": expected}] == [held["content"] for held in on_linkedin.held]
    assert {"urn:li:image:I0": b"thumbnail"} == on_linkedin.images


@pytest.mark.parametrize("count", [1, 3])
def test_linkedin_pictures_have_their_alt_text(on_linkedin: StrictLinkedIn, count: int) -> None:
    """One picture, or several: they take the card's place."""
    words = replace(announcement(), media=PICTURES[:count])
    result = attempt(linkedin(on_linkedin), words)
    assert result.receipt is not None, result.error
    items = [{"id": f"urn:li:image:I{n}", "altText": f"What {n} shows"} for n in range(count)]
    expected = {"media": items[0]} if count == 1 else {"multiImage": {"images": items}}
    assert [expected] == [held["content"] for held in on_linkedin.held]
    assert [item.data for item in PICTURES[:count]] == [*on_linkedin.images.values()]


def test_linkedin_without_the_scope_is_unauthorized(on_linkedin: StrictLinkedIn) -> None:
    """A token that may not write needs a person."""
    on_linkedin.scopes.discard("w_member_social")
    error = attempt(linkedin(on_linkedin), announcement()).error
    assert isinstance(error, Unauthorized), error
    assert "Not enough permissions" in str(error)


def test_linkedin_of_a_version_that_is_gone_says_what_to_set(on_linkedin: StrictLinkedIn) -> None:
    """LinkedIn serves each version for a year: then `api_version` must move."""
    error = attempt(linkedin(on_linkedin, options={"api_version": "202505"}), announcement()).error
    assert isinstance(error, Unauthorized), error
    assert "set `api_version`" in str(error)


def test_linkedin_gives_its_token_to_nobody_else(on_linkedin: StrictLinkedIn) -> None:
    """An upload address on another host is not followed."""
    publisher = linkedin(on_linkedin)
    assert isinstance(publisher, LinkedIn)
    for url in ("https://evil.example/x", "http://www.linkedin.com/x", "https://linkedin.com.evil.example/x"):
        assert not publisher._ours(url)
    assert publisher._ours("https://www.linkedin.com/dms-uploads/x")


def test_a_linkedin_token_is_warned_of_before_it_dies(on_linkedin: StrictLinkedIn) -> None:
    """It lives for sixty days from when it was first seen, at the most; from ten on the proof says so."""
    vault, clock = MemoryVault(), Clock(datetime.now(UTC))
    assert () == linkedin(on_linkedin, vault=vault, clock=clock).verify().warnings
    clock.advance(days=50, seconds=1)
    (warning,) = linkedin(on_linkedin, vault=vault, clock=clock).verify().warnings
    assert "9 days left" in warning
    clock.advance(days=30)
    (warning,) = linkedin(on_linkedin, vault=vault, clock=clock).verify().warnings
    assert "0 days left" in warning


def test_a_webhook_bears_its_key_and_is_told_where_it_went(on_webhook: StrictWebhook) -> None:
    """The key is in the header, and what the receiver answers is the permalink."""
    words = announcement()
    result = attempt(webhook(on_webhook), words)
    assert result.receipt is not None, result.error
    assert words.key == on_webhook.held[0]["key_header"]
    assert "https://receiver.example/1" == result.receipt.url


def test_a_webhook_that_takes_no_get_is_not_proven(on_webhook: StrictWebhook) -> None:
    """The proof says that only the first post will tell."""
    on_webhook.gets = False
    (warning,) = webhook(on_webhook).verify().warnings
    assert "first post" in warning


SERVICES: dict[str, tuple[type[Any], Any]] = {
    "telegram": (StrictTelegram, telegram),
    "discord": (StrictDiscord, discord),
    "slack": (StrictSlack, slack),
    "webhook": (StrictWebhook, webhook),
    "linkedin": (StrictLinkedIn, linkedin),
}
STATUSES: list[tuple[int, type[PublishError]]] = [
    (400, Rejected),
    (401, Unauthorized),
    (403, Unauthorized),
    (408, TryLater),
    (422, Rejected),
    (429, TryLater),
    (301, Rejected),
    (500, TryLater),
    (503, TryLater),
]


@pytest.mark.parametrize(("status", "kind"), STATUSES)
@pytest.mark.parametrize("name", SERVICES)
def test_every_status_of_a_proof_has_its_meaning(
    name: str, status: int, kind: type[PublishError], caplog: pytest.LogCaptureFixture
) -> None:
    """A look that fails is never `Uncertain`; the server's echo of a secret is not shown or logged."""

    def route(request: Request) -> Answer:
        echo = {"message": f"you sent {service.token} to {request.path}", "description": f"you sent {service.token}"}
        return Answer(status, echo, {"Retry-After": "9", "Location": f"https://there.example/{service.token}"})

    make, publisher = SERVICES[name]
    service: StrictService = make()
    with service, serving(route) as base, caplog.at_level(logging.DEBUG):
        service.base = base
        error = raised(publisher(service).verify)
    assert isinstance(error, kind), repr(error)
    assert service.token not in f"{error!r}{error}{caplog.text}"
    if status == 429:
        assert isinstance(error, TryLater)
        assert error.wait is not None
        assert 9 == error.wait.total_seconds()


class serving:  # noqa: N801 - it reads as a word
    """A server that answers by `route`."""

    def __init__(self, route: Any) -> None:
        self._server = serve(route)

    def __enter__(self) -> str:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("words", 5), ("é日", 2), ("💜", 4), ("❤️", 6), ("🇩🇪", 8), ("1️⃣ 1", 9), ("#tag", 4), ("👨‍👩‍👧", 18)],
)
def test_threads_counts_an_emoji_by_its_bytes(text: str, expected: int) -> None:
    """developers.facebook.com/docs/threads/reference/publishing: "emojis are counted as the number of UTF-8 bytes"."""
    assert expected == measure.threads(text)
