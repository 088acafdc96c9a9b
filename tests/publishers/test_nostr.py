"""Nostr against two real relays and a strict one: the contract, then what is Nostr's own."""
# ruff: noqa: D102 - the contract says what each hook does

from __future__ import annotations

import itertools
import json
import secrets
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from nostr_sdk import Event as SdkEvent
from nostr_sdk import Keys as SdkKeys
from nostr_sdk import Nip19Coordinate, Nip19Event

from bot.errors import Rejected, TryLater, Unauthorized, Uncertain
from bot.model import Announcement, Media, Note, Span, SpanKind
from bot.publishers import nostr_event as nostr
from bot.publishers.base import Publisher
from bot.publishers.nostr import Nostr
from bot.publishers.nostr_keys import Keys, decode, encode, read_secret
from bot.testing import (
    CarriesPictures,
    Copy,
    LosesAnswers,
    PublishesOnce,
    Refuses,
    RepeatsHarmlessly,
    SendsParts,
    access,
    attempt,
    raised,
)
from bot.testing import announcement as announce
from tests.servers.packages import free_port
from tests.servers.relays import PythonRelay, Relay, SdkRelay, StrictRelay, read
from tests.servers.strict_http import Answer, serve

SECRET = "7f" * 32
WRONG = "nsec1vl029mgpspedva04g90vltkh6fvh240zqtv9k0t9af8935ke9laqsnlfe6"


def publisher(*urls: str, secret: str = SECRET, seconds: float = 10, **options: object) -> Nostr:
    """A publisher for these relays."""
    return Nostr(access({"relays": list(urls), **options}, {"secret_key": secret}), seconds)


def tagged(event: Mapping[str, Any], name: str) -> list[str]:
    """The values of an event's tags of one name."""
    return [tag[1] for tag in event["tags"] if tag[0] == name]


class OnRelay(PublishesOnce, RepeatsHarmlessly):
    """The hooks that every relay shares. Each test has a key of its own: the relays live longer than a test."""

    carries = frozenset({"language", "content_warning"})
    relay: Relay

    @pytest.fixture(autouse=True)
    def _author(self) -> None:
        self.secret = secrets.token_hex(32)
        self.seconds = itertools.count(-60)

    def make(self) -> Publisher:
        return publisher(self.relay.url, secret=self.secret)

    def copies(self) -> Sequence[Copy]:
        return [
            Copy(
                remote_id=event["id"],
                text=event["content"],
                links=tuple(tagged(event, "r")),
                language=next(iter(tagged(event, "l")), None),
                content_warning=next(iter(tagged(event, "content-warning")), None),
            )
            for event in read(self.relay, read_secret(self.secret).public)
        ]

    def announcement(self, name: str = "a-post") -> Announcement:
        """Each a second after the one before: Nostr's clock has whole seconds."""
        at = (self.now() + timedelta(seconds=next(self.seconds))).replace(microsecond=0)
        return replace(super().announcement(name), created_at=at)


class TestNostrOnSdkRelay(OnRelay):
    """The relay of nostr-sdk keeps the contract: it says `true` to a duplicate."""

    @pytest.fixture(autouse=True)
    def _relay(self, sdk_relay: SdkRelay) -> None:
        self.relay = sdk_relay


class TestNostrOnPythonRelay(OnRelay):
    """PyPI's nostr-relay keeps the contract: it says `false` to a duplicate."""

    @pytest.fixture(autouse=True)
    def _relay(self, python_relay: PythonRelay) -> None:
        self.relay = python_relay


class TestNostr(OnRelay, Refuses, LosesAnswers, CarriesPictures, SendsParts):
    """The strict relay keeps all of it, refusals and lost answers too."""

    fetches = True
    relay: StrictRelay

    def pictures(self) -> Sequence[tuple[bytes | str, str]]:
        tags = [tag for event in self.relay.events.values() for tag in event["tags"] if tag[0] == "imeta"]
        return [(tag[1].removeprefix("url "), tag[2].removeprefix("alt ")) for tag in tags]

    @pytest.fixture(autouse=True)
    def _relay(self, strict_relay: StrictRelay) -> None:
        self.relay = strict_relay

    def secrets(self) -> Sequence[str]:
        return [self.secret, WRONG]

    def unauthorised(self) -> Publisher:
        return publisher(self.relay.url, secret=WRONG)

    def unreachable(self) -> Publisher:
        return publisher(f"ws://127.0.0.1:{free_port()}", secret=self.secret)

    def limit_rate(self) -> timedelta | None:
        self.relay.answers = ["rate-limited: slow down"]
        return None

    def too_long(self) -> Announcement:
        self.relay.answers = ["invalid: event too large"]
        return self.announcement()

    def losing(self) -> Publisher:
        self.relay.answers = ["drop"]
        return self.make()


def test_bip_340_vectors() -> None:
    """The signatures are those that BIP-340 publishes."""
    # https://github.com/bitcoin/bips/blob/master/bip-0340/test-vectors.csv, 0 and 1
    three = Keys("f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9", 3)
    assert read_secret(f"{3:064x}") == three
    expected = (
        "e907831f80848d1069a5371b402410364bdf1c5f8307b0084c55f1ce2dca8215"
        "25f66a4a85ea8b71e482a74f382d2ce5ebeee8fdb2172f477df4900d310536c0"
    )
    assert expected == three.sign(bytes(32), bytes(32))
    second = read_secret("b7e151628aed2a6abf7158809cf4f3c762e7160f38b4da56a784d9045190cfef")
    message = bytes.fromhex("243f6a8885a308d313198a2e03707344a4093822299f31d0082efa98ec4e6c89")
    expected = (
        "6896bd60eeae296db48a229ff71dfe071bde413e6d43f917dc8dcf8c78de3341"
        "8906d11ac976abccb20b091292bff4ea897efcb639ea871cfa95f6de339e4b0a"
    )
    assert expected == second.sign(message, b"\0" * 31 + b"\1")


def test_keys_and_names_are_those_of_another_library() -> None:
    """Public key, nsec, npub, nevent and naddr agree with nostr-sdk's."""
    for _ in range(5):
        theirs = SdkKeys.generate()
        ours = read_secret(theirs.secret_key().to_bech32())
        assert theirs.public_key().to_hex() == ours.public
        assert read_secret(theirs.secret_key().to_hex()) == ours
        assert theirs.public_key().to_bech32() == encode("npub", bytes.fromhex(ours.public))
        (event,) = nostr.events(announce(), ours, article=False)
        seen = Nip19Event.from_bech32(nostr.name(event, ["wss://relay.example"]))
        assert event["id"] == seen.event_id().to_hex()
        (article,) = nostr.events(announce(), ours, article=True)
        coordinate = Nip19Coordinate.from_bech32(nostr.name(article, [])).coordinate()
        assert tagged(article, "d") == [coordinate.identifier()]


@pytest.mark.parametrize(
    "text", ["", "nonsense", "00" * 32, "ff" * 32, WRONG, "NSEC1" + WRONG[5:], "npub1x", "7f" * 31]
)
def test_what_is_no_secret_key(text: str) -> None:
    """A text that is no secret key is told so, without showing it."""
    with pytest.raises(ValueError, match="it is") as caught:
        read_secret(text)
    assert not text or text not in str(caught.value)


def test_a_mistyped_name_is_not_decoded() -> None:
    """One wrong letter of a bech32 text is found."""
    name = encode("npub", bytes(32))
    assert bytes(32) == decode("npub", name)
    with pytest.raises(ValueError, match="checksum"):
        decode("npub", name.replace("q", "p", 1))


def test_an_event_is_what_another_library_verifies() -> None:
    """Ids and signatures hold for any text, and say where it came from (NIP-48)."""
    words = announce('Line one\n"quoted" \\ tab\t\u2028 💜 https://example.com/ä', url="https://example.com/ä")
    words = replace(words, tags=("IndieWeb",))
    words = replace(words, parts=(replace(words.parts[0], spans=(Span(0, 4, SpanKind.TAG, "POSSE"),)),))
    (event,) = nostr.events(words, read_secret(SECRET), article=False)
    assert SdkEvent.from_json(json.dumps(event)).verify()
    assert nostr.is_event(event)
    assert ["posse", "indieweb"] == tagged(event, "t")
    assert ["https://example.com/ä"] == tagged(event, "r")
    assert ["proxy", "https://example.com/ä", "web"] in event["tags"]
    assert not nostr.is_event(event | {"content": "other words"})


def test_a_retry_sends_the_same_event(strict_relay: StrictRelay) -> None:
    """What was signed is noted before it is sent, and a later attempt with these notes sends it as it is."""
    strict_relay.answers = ["error: full"]
    words = announce()
    first = attempt(publisher(strict_relay.url), words)
    assert isinstance(first.error, TryLater)
    assert ["event"] == [note.kind for note in first.notes]
    changed = replace(words, created_at=words.instant + timedelta(days=1))
    second = attempt(publisher(strict_relay.url), changed, first.notes)
    assert second.receipt is not None
    assert [second.receipt.remote_id] * 2 == strict_relay.sends


@pytest.fixture
def two_more() -> Iterator[list[StrictRelay]]:
    """Two more strict relays."""
    relays = [StrictRelay(), StrictRelay()]
    yield relays
    for relay in relays:
        relay.stop()


def test_enough_relays_make_a_delivery(strict_relay: StrictRelay, two_more: list[StrictRelay]) -> None:
    """With three relays two are enough: one may be away, and the look is complete all the same."""
    urls = [strict_relay.url, two_more[0].url, f"ws://127.0.0.1:{free_port()}"]
    words = announce()
    done = attempt(publisher(*urls), words)
    assert done.receipt is not None, done.error
    assert urls[:2] == [note.data["url"] for note in done.notes if note.kind == "relay"]
    found = publisher(*urls).find(words, datetime.now(UTC))
    assert found == done.receipt
    assert len(list(publisher(*urls).recent(words.instant - timedelta(hours=1)))) == 1


def test_too_few_relays_are_tried_again(strict_relay: StrictRelay, two_more: list[StrictRelay]) -> None:
    """Where some relays are missing for now, the next attempt asks those alone."""
    urls = [strict_relay.url, two_more[0].url, two_more[1].url]
    two_more[0].answers, two_more[1].answers = ["error: disk"], ["deaf"]
    words = announce()
    first = attempt(publisher(*urls, enough=3, seconds=2), words)
    assert isinstance(first.error, TryLater)
    assert first.error.message.startswith("1 of 3 relays have it:")
    assert "error: disk" in first.error.message
    assert publisher(*urls, enough=3).find(words, datetime.now(UTC)) is None
    second = attempt(publisher(*urls, enough=3), words, first.notes)
    assert second.receipt is not None, second.error
    assert [1, 2, 2] == [len(relay.sends) for relay in (strict_relay, *two_more)]


def test_what_no_other_relay_will_take_is_delivered(strict_relay: StrictRelay, two_more: list[StrictRelay]) -> None:
    """Where one has it and the others refuse for good, it is public: there is no more to reach."""
    two_more[0].answers = ["blocked: not on the list"]
    done = attempt(publisher(strict_relay.url, two_more[0].url, enough=2), announce())
    assert done.receipt is not None, done.error


def test_too_many_relays_away_is_no_look(strict_relay: StrictRelay) -> None:
    """Where those that are away could have it, nothing is said to be absent."""
    urls = [strict_relay.url, f"ws://127.0.0.1:{free_port()}"]
    assert isinstance(raised(lambda: publisher(*urls).find(announce(), datetime.now(UTC))), TryLater)
    assert isinstance(raised(lambda: list(publisher(*urls).recent(datetime.now(UTC)))), TryLater)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("invalid: created_at too far off", Rejected),
        ("pow: difficulty 25>=24 is required", Rejected),
        ("no reason at all", Rejected),
        ("blocked: you are banned", Unauthorized),
        ("restricted: members only", Unauthorized),
        ("auth-required: we only accept events from members", Unauthorized),
        ("rate-limited: slow down there chief", TryLater),
        ("error: could not connect to the database", TryLater),
        ("drop", Uncertain),
    ],
)
def test_what_an_answer_means(strict_relay: StrictRelay, answer: str, kind: type[Exception]) -> None:
    """Each prefix of NIP-01 is one of our errors, with the relay's own words."""
    strict_relay.answers = [answer]
    error = attempt(publisher(strict_relay.url), announce()).error
    assert isinstance(error, kind), error
    assert answer == "drop" or answer in str(error)
    assert ("clock" in str(error)) == ("created_at" in answer)


def test_a_duplicate_is_a_success_whatever_the_boolean(strict_relay: StrictRelay) -> None:
    """`OK false duplicate:` means that it is there."""
    words = announce()
    receipts = [attempt(publisher(strict_relay.url), words).receipt for _ in range(2)]
    assert receipts[0] is not None
    assert receipts[0] == receipts[1]
    assert len(strict_relay.sends) == 2


def test_a_relay_that_says_nothing_is_asked(strict_relay: StrictRelay) -> None:
    """An event that is there without an `OK` is delivered; one that is not there is uncertain. Both end in time."""
    strict_relay.answers = ["silent", "deaf"]
    began = time.monotonic()
    assert attempt(publisher(strict_relay.url, seconds=1), announce()).receipt is not None
    other = announce(url="https://example.com/other")
    assert isinstance(attempt(publisher(strict_relay.url, seconds=1), other).error, Uncertain)
    assert time.monotonic() - began < 5


def test_a_relay_that_lets_nobody_read_is_no_look(strict_relay: StrictRelay) -> None:
    """`CLOSED` is no answer to the question what is there."""
    strict_relay.reads = False
    error = raised(lambda: publisher(strict_relay.url).find(announce(), datetime.now(UTC)))
    assert isinstance(error, TryLater)
    assert "auth-required" in error.message


def test_the_timeline_is_read_in_pages(strict_relay: StrictRelay) -> None:
    """A relay that gives three at once is asked until there are no more; answers in threads are left out."""
    now = datetime.now(UTC).replace(microsecond=0)
    for number in range(8):
        words = replace(announce(url=f"https://example.com/{number}"), created_at=now - timedelta(seconds=number * 10))
        assert attempt(publisher(strict_relay.url), words).receipt is not None
    thread = replace(announce("one https://example.com/t", "two", url="https://example.com/t"), created_at=now)
    assert attempt(publisher(strict_relay.url), thread).receipt is not None
    seen = list(publisher(strict_relay.url).recent(now - timedelta(seconds=55)))
    numbers = [sighting.links[0].rpartition("/")[2] for sighting in seen]
    assert sorted(["t", "0", "1", "2", "3", "4", "5"]) == sorted(numbers)
    assert numbers[2:] == ["1", "2", "3", "4", "5"]


def test_a_thread_answers_itself(sdk_relay: SdkRelay) -> None:
    """The parts are a thread after NIP-10: each names its root and the one before."""
    words = announce("one https://example.com/t", "two", "three", url="https://example.com/t")
    secret = secrets.token_hex(32)
    done = attempt(publisher(sdk_relay.url, secret=secret), words)
    assert done.receipt is not None, done.error
    events = read(sdk_relay, read_secret(secret).public)
    ids = [event["id"] for event in events]
    assert [sent.remote_id for sent in done.receipt.parts] == ids
    marks = [[(tag[1], tag[3]) for tag in event["tags"] if tag[0] == "e"] for event in events]
    assert [[], [(ids[0], "root")], [(ids[0], "root"), (ids[1], "reply")]] == marks


def test_pictures_are_addresses_with_their_alt_text(sdk_relay: SdkRelay) -> None:
    """A relay takes no files: a picture's address stands below the words, and NIP-92 tells what it shows."""
    secret = secrets.token_hex(32)
    road = Media(b"x", "image/jpeg", "A road,\nand a hill", 4, 3, source="/img/road.jpg")
    words = replace(announce(), media=(road, replace(road, alt="", source="{static}/hill.png")))
    assert attempt(publisher(sdk_relay.url, secret=secret), words).receipt is not None
    (event,) = read(sdk_relay, read_secret(secret).public)
    addresses = ["https://example.com/img/road.jpg", "https://example.com/hill.png"]
    assert f"{words.text}\n\n{addresses[0]}\n{addresses[1]}" == event["content"]
    assert [["imeta", f"url {addresses[0]}", "alt A road, and a hill"]] == [t for t in event["tags"] if t[0] == "imeta"]


def test_an_article_is_addressable(sdk_relay: SdkRelay) -> None:
    """`kind = "article"` is NIP-23: found again, and replaced by its next round."""
    secret = secrets.token_hex(32)
    make = publisher(sdk_relay.url, secret=secret, kind="article")
    at = datetime.now(UTC).replace(microsecond=0)
    first = replace(announce(), created_at=at - timedelta(seconds=10))
    second = replace(announce(round=2), created_at=at)
    for words in (first, second):
        done = attempt(make, words)
        assert done.receipt is not None, done.error
        assert done.receipt.url is not None
        assert "naddr1" in done.receipt.url
        assert make.find(words, at) == done.receipt
    (event,) = read(sdk_relay, read_secret(secret).public)
    assert (nostr.ARTICLE, ["Where the road goes"]) == (event["kind"], tagged(event, "title"))
    assert len(list(make.recent(at - timedelta(hours=1)))) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"relays": []}, "relays"),
        ({"relays": ["https://relay.example"]}, "wss://"),
        ({"relays": ["wss://relay.example"], "enough": 2}, "enough"),
    ],
)
def test_options_that_cannot_work(options: Mapping[str, object], words: str) -> None:
    """Relays that are none, or fewer than must have it, are refused before anything is sent."""
    made = Nostr(access(options, {"secret_key": SECRET}))
    for error in (attempt(made, announce()).error, raised(made.verify)):
        assert isinstance(error, Rejected)
        assert words in error.message


def test_a_server_that_is_no_relay_cannot_be_reached() -> None:
    """An HTTP server in the relay's place is said to be none, and nothing of its address's path is shown."""
    server = serve(lambda request: Answer(200, "hello"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"ws://127.0.0.1:{server.server_address[1]}/s3cret-path"
        error = attempt(publisher(url), announce()).error
    finally:
        server.shutdown()
        server.server_close()
    assert isinstance(error, TryLater)
    assert "does not speak as a relay" in error.message
    assert "s3cret" not in error.message


def test_notes_of_a_relay_are_enough(strict_relay: StrictRelay) -> None:
    """A crash after the last relay's note sends nothing again."""
    words = announce()
    first = attempt(publisher(strict_relay.url), words)
    again = attempt(publisher(strict_relay.url), words, [Note(note.kind, note.data) for note in first.notes])
    assert first.receipt == again.receipt
    assert len(strict_relay.sends) == 1
