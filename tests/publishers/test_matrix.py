"""Matrix against a real Synapse: the contract, then what is Matrix's own."""
# ruff: noqa: D102 - the contract says what each hook does

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from bot.errors import Rejected, TryLater, Unauthorized, Uncertain
from bot.model import Announcement, Media, Part, Span, SpanKind
from bot.publishers.base import Publisher
from bot.publishers.matrix import Matrix
from bot.publishers.matrix_content import markup
from bot.testing import A_WHILE, CarriesPictures, Copy, PublisherContract, SendsParts, access, attempt, raised
from bot.testing import announcement as announce
from tests.servers.packages import free_port
from tests.servers.proxy import Cut, Proxy
from tests.servers.strict_http import Answer, Request, serve
from tests.servers.synapse import RATE, Synapse, User

WRONG_TOKEN = "syt_a-token-that-was-revoked"
PUT = "PUT /_matrix"


def publisher(base: str, room: str, token: str, **options: object) -> Matrix:
    """A publisher for this room."""
    return Matrix(access({"homeserver": base, "room": room, **options}, {"access_token": token}))


class TestMatrix(PublisherContract, CarriesPictures, SendsParts):
    """Synapse keeps the whole contract."""

    carries = frozenset({"content_warning"})

    @pytest.fixture(autouse=True)
    def _server(self, synapse: Synapse) -> Iterator[None]:
        self.synapse = synapse
        self.user = synapse.user()
        self.room = synapse.room(self.user)
        with Proxy(synapse.base) as self.proxy:
            yield

    def make(self) -> Publisher:
        return publisher(self.proxy.base, self.room, self.user.token)

    def copies(self) -> Sequence[Copy]:
        return [
            Copy(
                remote_id=event["event_id"],
                text=event["content"]["body"],
                links=tuple(re.findall(r'href="([^"]*)"', event["content"]["formatted_body"])),
                content_warning=next(iter(re.findall('spoiler="(.*?)"', event["content"]["formatted_body"])), None),
            )
            for event in self.synapse.messages(self.user, self.room)
        ]

    def pictures(self) -> Sequence[tuple[bytes | str, str]]:
        events = self.synapse.messages(self.user, self.room)
        images = [event["content"] for event in events if event["content"]["msgtype"] == "m.image"]
        return [(self.synapse.media(self.user, image["url"]), image["body"]) for image in images]

    def shown(self, announcement: Announcement) -> str:
        return f"{announcement.content_warning}\n\n{announcement.text}"

    def secrets(self) -> Sequence[str]:
        return [self.user.token, WRONG_TOKEN]

    def unauthorised(self) -> Publisher:
        return publisher(self.synapse.base, self.room, WRONG_TOKEN)

    def unreachable(self) -> Publisher:
        return publisher(f"http://127.0.0.1:{free_port()}", self.room, self.user.token)

    def limit_rate(self) -> timedelta | None:
        other = self.synapse.room(self.user)
        self.synapse.limit(self.user)
        sent = [self.synapse.send(self.user, other, f"before-{number}").status_code for number in range(2)]
        assert sent[-1] == 429
        return timedelta(seconds=1 / RATE)

    def too_long(self) -> Announcement:
        return announce("word " * 8000)

    def losing(self) -> Publisher:
        self.proxy.inject(Cut(), on=PUT)
        return self.make()


@pytest.fixture
def user(synapse: Synapse) -> User:
    """A user of the server."""
    return synapse.user()


def test_an_alias_is_as_good_as_an_id(synapse: Synapse, user: User) -> None:
    """`room` may be an alias; the permalink has the id, and a server to reach it by."""
    alias = user.name[1:].partition(":")[0]
    room = synapse.room(user, alias)
    done = attempt(publisher(synapse.base, f"#{alias}:lab.test", user.token), announce())
    assert done.receipt is not None, done.error
    assert f"https://matrix.to/#/{room}/{done.receipt.remote_id}?via=lab.test" == done.receipt.url


def test_what_cannot_be_announced_in(synapse: Synapse, user: User) -> None:
    """A room that is not there, is encrypted, or is somebody else's is refused before anything is sent, and named."""
    encrypted = synapse.room(user, encrypted=True)
    foreign = synapse.room(synapse.user())
    expected: list[tuple[str, type[Exception], str]] = [
        ("#nobody:lab.test", Rejected, "knows no room"),
        ("posts", Rejected, "must be #alias:server"),
        (encrypted, Rejected, "is encrypted"),
        (foreign, Unauthorized, "join it"),
    ]
    for room, kind, words in expected:
        made = publisher(synapse.base, room, user.token)
        for error in (attempt(made, announce()).error, raised(made.verify)):
            assert isinstance(error, kind)
            assert words in str(error)
    assert [] == synapse.messages(user, encrypted)


def test_a_repeat_after_a_restart_is_the_same_event(synapse: Synapse, user: User) -> None:
    """The server remembers transaction ids when it is started again."""
    room = synapse.room(user)
    words = announce()
    first = attempt(publisher(synapse.base, room, user.token), words)
    synapse.halt()
    synapse.start()
    again = attempt(publisher(synapse.base, room, user.token), words)
    assert first.receipt is not None
    assert again.receipt is not None
    assert first.receipt.parts == again.receipt.parts
    assert len(synapse.messages(user, room)) == 1


def test_another_log_in_finds_what_the_first_has_sent(synapse: Synapse, user: User) -> None:
    """The key is in the event: a new token, to which transaction ids are unknown, finds it all the same."""
    room = synapse.room(user)
    words = announce()
    done = attempt(publisher(synapse.base, room, user.token), words)
    other = publisher(synapse.base, room, synapse.login(user.name, user.password))
    found = other.find(words, datetime.now(UTC) - A_WHILE)
    assert done.receipt is not None
    assert found is not None
    assert done.receipt.parts == found.parts


def test_pictures_and_threads(synapse: Synapse, user: User) -> None:
    """Later parts are a thread below the first, then come the pictures, each once, with its alt text."""
    room = synapse.room(user)
    words = announce("one https://example.com/t", "two", "three", url="https://example.com/t")
    words = replace(words, media=(Media(b"GIF89a...", "image/gif", "A cat, asleep", 2, 3),))
    with Proxy(synapse.base) as proxy:
        proxy.inject(Cut(), on="/send/m.room.message/" + words.key + "-1")
        first = attempt(publisher(proxy.base, room, user.token), words)
        assert isinstance(first.error, Uncertain)
        looking = publisher(proxy.base, room, user.token)
        assert looking.find(words, datetime.now(UTC) - A_WHILE) is None
        proxy.inject(Cut(), on="-m0")
        second = attempt(publisher(proxy.base, room, user.token), words, first.notes)
        assert isinstance(second.error, Uncertain)
        notes = [*first.notes, *second.notes]
        third = attempt(publisher(proxy.base, room, user.token), words, notes)
        assert third.receipt is not None, third.error
        assert proxy.count("/upload") == 1
        assert looking.find(words, datetime.now(UTC) - A_WHILE) is not None
        assert len(list(looking.recent(datetime.now(UTC) - A_WHILE))) == 1
    held = [event["content"] for event in synapse.messages(user, room)]
    assert ["one https://example.com/t", "two", "three", "A cat, asleep"] == [content["body"] for content in held]
    roots = [content.get("m.relates_to", {}).get("event_id") for content in held]
    assert [None, third.receipt.remote_id, third.receipt.remote_id, None] == roots
    assert b"GIF89a..." == synapse.media(user, held[3]["url"])


def test_a_notice(synapse: Synapse, user: User) -> None:
    """`notice = true` sends what notifies nobody."""
    room = synapse.room(user)
    assert attempt(publisher(synapse.base, room, user.token, notice=True), announce()).receipt is not None
    assert ["m.notice"] == [event["content"]["msgtype"] for event in synapse.messages(user, room)]


def test_the_timeline_is_read_in_pages(synapse: Synapse, user: User) -> None:
    """What others say, and what is said later, does not hide an announcement."""
    room = synapse.room(user)
    words = announce()
    assert attempt(publisher(synapse.base, room, user.token), words).receipt is not None
    for number in range(105):
        assert synapse.send(user, room, f"later-{number}").is_success
    made = publisher(synapse.base, room, user.token)
    assert made.find(words, datetime.now(UTC) - A_WHILE) is not None
    assert words.url in list(made.recent(datetime.now(UTC) - A_WHILE))[-1].links


def test_markup_is_only_ours() -> None:
    """The words are escaped; only links are live, and line breaks kept."""
    text = "a < b & <b>\n\nsee https://e.org/?a=1&b=2"
    part = Part(text, len(text), (Span(17, len(text), SpanKind.LINK, "https://e.org/?a=1&b=2"),))
    link = '<a href="https://e.org/?a=1&amp;b=2">https://e.org/?a=1&amp;b=2</a>'
    assert f"a &lt; b &amp; &lt;b&gt;<br><br>see {link}" == markup(part)


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (Answer(404, "<h1>Not here</h1>"), Rejected, "is `homeserver` a Matrix server?"),
        (Answer(200, "<h1>Welcome</h1>"), Uncertain, "not with the event"),
        (Answer(302, {}, {"Location": "https://elsewhere.example/x"}), Rejected, "elsewhere.example"),
        (Answer(502, "bad gateway"), Uncertain, "502"),
        (Answer(401, {"errcode": "M_UNKNOWN_TOKEN", "error": "wrong: t0ken"}), Unauthorized, "M_UNKNOWN_TOKEN"),
        (Answer(413, {"errcode": "M_TOO_LARGE", "error": "event too large"}), Rejected, "event too large"),
        (Answer(429, {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 2500}), TryLater, "M_LIMIT_EXCEEDED"),
    ],
)
def test_what_an_answer_means(answer: Answer, kind: type[Exception], words: str) -> None:
    """Each answer to the event is one of our errors, with the server's own words and without the token."""

    def route(request: Request) -> Answer:
        return answer if request.method == "PUT" else Answer(404, {"errcode": "M_NOT_FOUND"})

    server = serve(route)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        made = publisher(f"http://127.0.0.1:{server.server_address[1]}", "!r:lab.test", "t0ken")
        error = attempt(made, announce()).error
    finally:
        server.shutdown()
        server.server_close()
    assert isinstance(error, kind), error
    assert words in str(error)
    assert "t0ken" not in str(error)
    if isinstance(error, TryLater):
        assert timedelta(seconds=2.5) == error.wait
