# ruff: noqa: D102 - the contract says what each hook does
from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from bot.errors import Rejected, TryLater, Uncertain
from bot.model import Announcement, Media
from bot.publishers.base import Halfway, Publisher
from bot.publishers.threads import Threads
from bot.testing import (
    A_WHILE,
    CarriesPictures,
    Copy,
    LosesAnswers,
    MemoryVault,
    PublishesOnce,
    Refuses,
    SendsParts,
    access,
    attempt,
)
from bot.testing import announcement as announce
from tests.contracts.test_mastodon import closed_port
from tests.fakes import Clock
from tests.servers.strict_threads import TOKEN, StrictThreads

WRONG = "THAAa-token-that-was-revoked"


@pytest.fixture
def threads() -> Iterator[StrictThreads]:
    """A strict Threads, new and empty."""
    with StrictThreads() as server:
        yield server


def on(base: str, token: str = TOKEN, vault: MemoryVault | None = None, clock: Clock | None = None) -> Publisher:
    return Threads(access({"service": base}, {"access_token": token}, vault=vault, clock=clock))


class TestThreads(PublishesOnce, Refuses, LosesAnswers, CarriesPictures, SendsParts):
    """Threads keeps the contract of networks that can look; a repeat is harmless with its notes."""

    carries = frozenset()
    fetches = True
    server: StrictThreads

    @pytest.fixture(autouse=True)
    def _server(self, threads: StrictThreads) -> None:
        self.server = threads

    def make(self) -> Publisher:
        return on(self.server.base)

    def copies(self) -> Sequence[Copy]:
        return [
            Copy(held["id"], held["text"], tuple(filter(None, [held["link_attachment_url"]])))
            for held in self.server.held
        ]

    def pictures(self) -> Sequence[tuple[bytes | str, str]]:
        return [(str(url), str(alt)) for held in self.server.held for url, alt in held["pictures"]]

    def shown(self, announcement: Announcement) -> str:
        return f"{announcement.content_warning}\n\n{announcement.text}"

    def secrets(self) -> Sequence[str]:
        return [TOKEN, WRONG, *self.server.tokens]

    def unauthorised(self) -> Publisher:
        return on(self.server.base, WRONG)

    def unreachable(self) -> Publisher:
        return on(f"http://127.0.0.1:{closed_port()}")

    def limit_rate(self) -> timedelta | None:
        self.server.limited = 7
        return None  # the Graph API does not say

    def too_long(self) -> Announcement:
        return announce("x" * 490 + "💜💜💜")  # 502: each counts its four bytes

    def losing(self) -> Publisher:
        self.server.fates = ["drop"]
        return self.make()

    @pytest.mark.parametrize("fate", ["drop", "500", "not-json", "before:500", "before:drop"])
    def test_a_repeat_with_its_notes_makes_one_post(self, fate: str) -> None:
        """The container tells whether it was published: whatever became of the answer, there is one post."""
        words = self.announcement()
        self.server.fates = [fate]
        lost = attempt(self.make(), words)
        assert isinstance(lost.error, Uncertain), lost
        again = attempt(self.make(), words, lost.notes)
        assert again.receipt is not None, again.error
        assert [again.receipt.remote_id] == [copy.remote_id for copy in self.copies()]
        assert self.server.held[0]["permalink"] == again.receipt.url
        assert len(self.server.containers) == 1


def test_a_container_that_has_expired_is_made_anew(threads: StrictThreads) -> None:
    """It was never published, says Threads, and never can be."""
    threads.fates = ["before:drop"]
    lost = attempt(on(threads.base), announce())
    for container in threads.containers.values():
        container["made"] -= 90_000
    again = attempt(on(threads.base), announce(), lost.notes)
    assert again.receipt is not None, again.error
    assert (1, 2) == (len(threads.held), len(threads.containers))


def test_what_is_published_but_not_listed_yet_is_waited_for(threads: StrictThreads) -> None:
    """Nothing is sent again while Threads says that it is published."""
    threads.fates, threads.unlisted = ["drop"], True
    lost = attempt(on(threads.base), announce())
    waiting = attempt(on(threads.base), announce(), lost.notes)
    assert isinstance(waiting.error, TryLater), waiting
    threads.unlisted = False
    again = attempt(on(threads.base), announce(), lost.notes)
    assert again.receipt is not None, again.error
    assert len(threads.held) == 1


def test_a_thread_is_a_chain_and_goes_on_where_it_stopped(threads: StrictThreads) -> None:
    """Each part answers the one before; a lost answer in the middle makes no part twice."""
    words = announce("The first part", "The second part", "The third part")
    threads.fates = ["", "drop"]
    lost = attempt(on(threads.base), words)
    assert isinstance(lost.error, Uncertain), lost
    again = attempt(on(threads.base), words, lost.notes)
    assert again.receipt is not None, again.error
    ids = [held["id"] for held in threads.held]
    assert ids == [part.remote_id for part in again.receipt.parts]
    assert [None, *ids[:2]] == [held["reply_to"] for held in threads.held]
    assert again.receipt.parts == _looked(threads, words)


def _looked(threads: StrictThreads, words: Announcement) -> object:
    """What a look finds, by a publisher that knows nothing: the parts, None, or the error."""
    try:
        found = on(threads.base).find(words, datetime.now(UTC) - A_WHILE)
    except Uncertain as error:
        return error
    return found and found.parts


@pytest.mark.parametrize("arrived", [1, 2])
@pytest.mark.parametrize("fate", ["drop", "500"])
def test_half_a_thread_goes_on_where_it_stopped(threads: StrictThreads, arrived: int, fate: str) -> None:
    """With all notes lost, a look tells which parts are there, the lost answer's too; the rest follows, once."""
    words = announce("The first part", "The second part", "The third part")
    threads.fates = [""] * (arrived - 1) + [fate]
    assert isinstance(attempt(on(threads.base), words).error, Uncertain)
    other = attempt(on(threads.base), announce("Somebody else's thread", url="https://example.com/other"))
    assert other.receipt is not None, other.error
    half = _looked(threads, words)
    assert isinstance(half, Halfway)
    assert arrived == len(half.notes)
    done = attempt(on(threads.base), words, half.notes)
    assert done.receipt is not None, done.error
    assert ["The first part", "The second part", "The third part"] == [
        held["text"] for part in done.receipt.parts for held in threads.held if held["id"] == part.remote_id
    ]
    assert 4 == len(threads.held)


def test_a_token_that_may_not_read_answers_leaves_it_to_a_person(threads: StrictThreads) -> None:
    """Then nobody knows how much of a thread is there; a post of one part is found all the same."""
    threads.scopes -= {"threads_read_replies"}
    words = announce("The first part", "The second part")
    threads.fates = ["drop"]
    attempt(on(threads.base), words)
    error = _looked(threads, words)
    assert isinstance(error, Uncertain)
    assert not isinstance(error, Halfway)
    assert "the first of 2 parts is there" in str(error)
    assert isinstance(_looked(threads, announce("The first part")), tuple)


@pytest.mark.parametrize("count", [1, 3])
def test_pictures_are_fetched_from_the_site_with_their_alt_text(threads: StrictThreads, count: int) -> None:
    """Threads takes no uploads: it gets the pictures' own addresses, and is waited for while it fetches."""
    media = tuple(Media(b"x", "image/png", f"What {n} shows", 4, 3, source=f"/img/{n}.png") for n in range(count))
    words = replace(announce(), media=media)
    threads.processing = 1
    early = attempt(on(threads.base), words)
    assert isinstance(early.error, TryLater), early
    assert [] == threads.held
    done = attempt(on(threads.base), words, early.notes)
    assert done.receipt is not None, done.error
    expected = [(f"https://example.com/img/{n}.png", f"What {n} shows") for n in range(count)]
    assert [expected] == [held["pictures"] for held in threads.held]


def test_a_picture_that_cannot_be_fetched_is_told(threads: StrictThreads) -> None:
    """Threads' own word for it comes back, and nothing is published."""
    threads.unfetched = {"https://example.com/gone.png"}
    words = replace(announce(), media=(Media(b"x", "image/png", "", 4, 3, source="/gone.png"),))
    error = attempt(on(threads.base), words).error
    assert isinstance(error, Rejected), error
    assert "FAILED_DOWNLOADING_IMAGE" in str(error)
    assert [] == threads.held


def test_the_token_is_renewed_and_kept(threads: StrictThreads) -> None:
    """The first use renews the token; later ones use what is kept, and renew it after a week."""
    vault, clock = MemoryVault(), Clock(datetime.now(UTC))
    on(threads.base, vault=vault, clock=clock).verify()
    kept = vault.values["token"]
    assert f"{TOKEN}-1" == kept
    on(threads.base, vault=vault, clock=clock).verify()
    assert kept == vault.values["token"]
    threads.tokens[kept] -= timedelta(days=2)
    clock.advance(days=8)
    on(threads.base, vault=vault, clock=clock).verify()
    assert f"{TOKEN}-2" == vault.values["token"]


def test_a_token_too_young_to_be_renewed_is_used_as_it_is(threads: StrictThreads) -> None:
    """A refusal to renew stops nothing, and is not repeated for a day."""
    threads.tokens[TOKEN] = datetime.now(UTC)
    vault, clock = MemoryVault(), Clock(datetime.now(UTC))
    for _ in range(3):
        assert "@strict" == on(threads.base, vault=vault, clock=clock).verify().name
    renewals = [request for request in threads.requests if request.path == "/refresh_access_token"]
    assert (TOKEN, 1) == (vault.values["token"], len(renewals))


def test_a_new_secret_takes_the_place_of_what_was_kept(threads: StrictThreads) -> None:
    """After another login the old, renewed token is not used any more."""
    vault = MemoryVault()
    on(threads.base, vault=vault).verify()
    threads.tokens.clear()
    threads.tokens["THAAnew"] = datetime.now(UTC)
    assert "@strict" == on(threads.base, "THAAnew", vault=vault).verify().name


def test_a_dying_token_is_warned_of(threads: StrictThreads) -> None:
    """From ten days on the proof says how many are left, and what to type."""
    vault, clock = MemoryVault(), Clock(datetime.now(UTC))
    threads.tokens[TOKEN] = datetime.now(UTC)  # never renewed, so it dies in sixty days
    assert () == on(threads.base, vault=vault, clock=clock).verify().warnings
    clock.advance(days=51)
    (warning,) = on(threads.base, vault=vault, clock=clock).verify().warnings
    assert "9 days left" in warning
    assert "posse login me" in warning
