"""The contract of publishers, as suites of tests to inherit."""
# ruff: noqa: S101 - assertions are what a test suite is made of

from __future__ import annotations

import traceback
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from msgspec import Struct
from msgspec.structs import replace

from bot.errors import PublishError, Rejected, TryLater, Unauthorized, Uncertain
from bot.links import same_link
from bot.model import Announcement, Media, Part, Visibility
from bot.publishers.base import Publisher
from bot.testing.making import announcement, attempt, by_steps, png, raised

A_WHILE = timedelta(minutes=5)


class Copy(Struct, frozen=True):
    """One post as the network itself holds it, seen around the publisher and not through it.

    `links` is every address it links to, in text, facets or card. None means that the network keeps no such thing.
    """

    remote_id: str
    text: str
    links: tuple[str, ...]
    language: str | None = None
    content_warning: str | None = None
    visibility: str | None = None


class _Hooks:
    """What a subclass tells the suite about its network."""

    carries: ClassVar[frozenset[str]] = frozenset({"language"})
    """Which of `language`, `content_warning`, `visibility` the network keeps with a post."""

    def make(self) -> Publisher:
        """Return a publisher that can post. Each one is new: it remembers nothing of those before."""
        raise NotImplementedError

    def copies(self) -> Sequence[Copy]:
        """Return every post the network holds for the account, oldest first, without asking the publisher."""
        raise NotImplementedError

    def announcement(self, name: str = "a-post") -> Announcement:
        """Return an announcement the network accepts; another `name` gives another post."""
        url = f"https://example.com/2024/06/19/{name}.html"
        return announcement(url=url, content_warning="Spoilers", language="fr", visibility=Visibility.UNLISTED)

    def shown(self, announcement: Announcement) -> str:
        """Return the words as the network should hold them."""
        return announcement.text

    def now(self) -> datetime:
        """Return the present instant on the network's clock."""
        return datetime.now(UTC)


class Publishes(_Hooks):
    """One announcement, one copy, as it was announced."""

    def test_a_post_goes_out_once(self) -> None:
        """Publishing leaves one copy, and the receipt names it."""
        words = self.announcement()
        result = attempt(self.make(), words)
        assert result.error is None, result.error
        assert result.receipt is not None
        held = self.copies()
        assert len(words.parts) == len(held)
        assert [copy.remote_id for copy in held] == [sent.remote_id for sent in result.receipt.parts]

    def test_the_receipt_tells_when(self) -> None:
        """The receipt's instant is aware, in UTC, and about now."""
        result = attempt(self.make(), self.announcement())
        assert result.receipt is not None, result.error
        assert timedelta() == result.receipt.at.utcoffset()
        assert abs(result.receipt.at - self.now()) < A_WHILE

    def test_it_arrives_as_announced(self) -> None:
        """Words, whole link, and what the network keeps of language, warning and visibility are as announced."""
        words = self.announcement()
        result = attempt(self.make(), words)
        assert result.receipt is not None, result.error
        (copy,) = self.copies()
        assert self.shown(words) == copy.text
        assert any(same_link(words.url, link) for link in copy.links), copy.links
        announced = {
            "language": words.language,
            "content_warning": words.content_warning,
            "visibility": words.visibility.value,
        }
        kept = {name: getattr(copy, name) for name in announced}
        assert {name: announced[name] for name in self.carries} == {name: kept[name] for name in self.carries}

    def test_what_is_noted_is_not_done_again(self) -> None:
        """A publish that starts with the notes of a finished one sends nothing and returns the same receipt."""
        words = self.announcement()
        first = attempt(self.make(), words)
        assert first.receipt is not None, first.error
        second = attempt(self.make(), words, first.notes)
        assert second.receipt is not None, second.error
        assert first.receipt.parts == second.receipt.parts
        assert len(words.parts) == len(self.copies())

    def test_verify_sends_nothing(self) -> None:
        """Proving the credentials names the account and leaves no trace."""
        assert self.make().verify().name
        assert len(self.copies()) == 0


class Looks(_Hooks):
    """What went out is found again on the account's own timeline."""

    def test_what_is_there_is_found(self) -> None:
        """A publisher that knows nothing finds what another has sent."""
        words = self.announcement()
        before = self.now() - A_WHILE
        result = attempt(self.make(), words)
        assert result.receipt is not None, result.error
        found = self.make().find(words, before)
        assert found is not None
        assert result.receipt.parts == found.parts

    def test_what_is_not_there_is_not_found(self) -> None:
        """A complete look that finds nothing is None, though others of the account's posts are there."""
        other = attempt(self.make(), self.announcement("another-post"))
        assert other.receipt is not None, other.error
        assert self.make().find(self.announcement(), self.now() - A_WHILE) is None

    def test_the_timeline_shows_it_with_its_link(self) -> None:
        """`recent` shows the post with the link it announces, newest first."""
        before = self.now() - A_WHILE
        first, second = self.announcement("first"), self.announcement("second")
        for words in (first, second):
            result = attempt(self.make(), words)
            assert result.receipt is not None, result.error
        seen = list(self.make().recent(before))
        assert len(seen) == 2
        assert any(same_link(second.url, link) for link in seen[0].links), seen[0].links
        assert any(same_link(first.url, link) for link in seen[1].links), seen[1].links

    def test_the_timeline_ends_where_it_is_asked_to(self) -> None:
        """`recent` shows nothing older than it was asked for."""
        result = attempt(self.make(), self.announcement())
        assert result.receipt is not None, result.error
        assert list(self.make().recent(self.now() + A_WHILE)) == []


class PublishesOnce(Publishes, Looks):
    """One announcement, one copy, as it was announced, and found again."""


class RepeatsHarmlessly(_Hooks):
    """For a network where the same key twice is one post (at least for a time)."""

    def test_a_repeat_under_the_same_key_changes_nothing(self) -> None:
        """The same announcement twice is one copy, and the same receipt."""
        words = self.announcement()
        first = attempt(self.make(), words)
        second = attempt(self.make(), words)
        assert first.receipt is not None, first.error
        assert second.receipt is not None, second.error
        assert first.receipt.parts == second.receipt.parts
        assert len(words.parts) == len(self.copies())


class Refuses(_Hooks):
    """The errors that say: certainly not sent. None of them gives a secret away."""

    def secrets(self) -> Sequence[str]:
        """Return every secret the publishers under test use, refused ones too."""
        raise NotImplementedError

    def unauthorised(self) -> Publisher:
        """Return a publisher whose secret is refused."""
        raise NotImplementedError

    def unreachable(self) -> Publisher:
        """Return a publisher for an address where nothing listens."""
        raise NotImplementedError

    def limit_rate(self) -> timedelta | None:
        """Make the network refuse the next post for a time; return that time, None where it does not say."""
        raise NotImplementedError

    def too_long(self) -> Announcement:
        """Return an announcement that the network refuses for its length."""
        raise NotImplementedError

    def _refused(self, publisher: Publisher, words: Announcement, kind: type[PublishError]) -> PublishError:
        result = attempt(publisher, words)
        assert isinstance(result.error, kind), f"{kind.__name__} expected, {result.error or result.receipt!r} came"
        assert len(self.copies()) == 0
        self.assert_keeps_secrets(publisher, result.error)
        return result.error

    def assert_keeps_secrets(self, publisher: Publisher, error: PublishError) -> None:
        """Fail where a secret stands in what a log, a traceback or a debugger would show."""
        shown = [str(error), repr(error), repr(publisher), "".join(traceback.format_exception(error))]
        for secret in self.secrets():
            assert not any(secret in text for text in shown), "a secret is shown"

    def test_a_refused_secret(self) -> None:
        """A secret that the network refuses is `Unauthorized`."""
        self._refused(self.unauthorised(), self.announcement(), Unauthorized)

    def test_nobody_there(self) -> None:
        """An address where nothing listens is `TryLater`: certainly not sent."""
        self._refused(self.unreachable(), self.announcement(), TryLater)

    def test_too_many_requests(self) -> None:
        """A rate limit is `TryLater`, with the wait that the network asked for."""
        expected = self.limit_rate()
        error = self._refused(self.make(), self.announcement(), TryLater)
        assert isinstance(error, TryLater)
        if expected is None:
            assert error.wait is None
        else:
            assert error.wait is not None
            assert abs(error.wait - expected) < timedelta(seconds=10), error.wait

    def test_too_long_a_text(self) -> None:
        """Words over the network's limit are `Rejected`, with the network's reason."""
        assert str(self._refused(self.make(), self.too_long(), Rejected))

    def test_a_refused_secret_cannot_verify(self) -> None:
        """`verify` refuses with the same error as `publish`."""
        publisher = self.unauthorised()
        error = raised(publisher.verify)
        assert isinstance(error, Unauthorized), error
        self.assert_keeps_secrets(publisher, error)

    def test_a_look_that_fails_is_no_absence(self) -> None:
        """Where nobody answers, `find` raises: it does not say that nothing is there."""
        publisher = self.unreachable()
        try:
            error = raised(lambda: publisher.find(self.announcement(), self.now() - A_WHILE))
        except NotImplementedError:
            return  # it never looks
        assert isinstance(error, TryLater), error
        self.assert_keeps_secrets(publisher, error)


class SendsParts(_Hooks):
    """For a network with threads, or where one message follows another: a long announcement is several posts."""

    def thread(self) -> Announcement:
        """Return an announcement of three parts that the network accepts."""
        texts = ("The first of three.", "The second of three.", "The third of three.")
        return replace(self.announcement(), parts=tuple(Part(text, len(text)) for text in texts))

    def test_a_thread_that_is_stopped_goes_on_where_it_stood(self) -> None:
        """Stopped after every note, each time by another publisher, it sends every part once, in order."""
        words = self.thread()
        receipt = by_steps(self.make, words)
        held = self.copies()
        assert len(words.parts) == len(held)
        for part, copy in zip(words.parts, held, strict=True):
            assert copy.text.endswith(part.text), copy.text
        assert [copy.remote_id for copy in held] == [sent.remote_id for sent in receipt.parts]


class CarriesPictures(_Hooks):
    """For a network that shows pictures: they go along in order, each once, with its alt text."""

    alts: ClassVar[bool] = True
    """Whether the network keeps alt texts."""

    fetches: ClassVar[bool] = False
    """Whether it takes no uploads, but is told where on the site a picture is."""

    def pictures(self) -> Sequence[tuple[bytes | str, str]]:
        """Return every picture the network holds, in order: its bytes (or its address), and its alt text."""
        raise NotImplementedError

    def test_pictures_go_along_once(self) -> None:
        """Stopped after every note, each time by another publisher, no picture is missing and none is there twice."""
        media = tuple(
            Media(png(shade), "image/png", f"What picture {shade} shows", 1, 1, source=f"/img/{shade}.png")
            for shade in (1, 2)
        )
        words = replace(self.announcement(), media=media)
        by_steps(self.make, words)
        found = self.pictures()
        site = words.url.partition("/2024/")[0]
        assert [f"{site}{each.source}" if self.fetches else each.data for each in media] == [data for data, _ in found]
        assert [each.alt if self.alts else "" for each in media] == [alt for _, alt in found]


class LosesAnswers(_Hooks):
    """The post arrives and the answer does not: the case that makes duplicates."""

    def losing(self) -> Publisher:
        """Return a publisher whose next post arrives, but whose answer is lost on the way."""
        raise NotImplementedError

    def test_a_lost_answer_is_uncertain_and_found(self) -> None:
        """A lost answer is `Uncertain`; looking finds the one copy that is there."""
        words = self.announcement()
        before = self.now() - A_WHILE
        result = attempt(self.losing(), words)
        assert isinstance(result.error, Uncertain), f"Uncertain expected, {result.error or result.receipt!r} came"
        (copy,) = self.copies()
        found = self.make().find(words, before)
        assert found is not None
        assert copy.remote_id == found.remote_id


class LosesAnswersUnseen(_Hooks):
    """For a network where nobody can look (guarantee `ask`): a lost answer is left to a person."""

    def losing(self) -> Publisher:
        """Return a publisher whose next post arrives, but whose answer is lost on the way."""
        raise NotImplementedError

    def test_a_lost_answer_is_uncertain(self) -> None:
        """A lost answer is `Uncertain`, though one copy is there."""
        result = attempt(self.losing(), self.announcement())
        assert isinstance(result.error, Uncertain), f"Uncertain expected, {result.error or result.receipt!r} came"
        assert len(self.copies()) == 1

    def test_nobody_can_look(self) -> None:
        """`find` and `recent` say that they cannot look, not that nothing is there."""
        publisher, since = self.make(), self.now() - A_WHILE
        for look in (lambda: publisher.find(self.announcement(), since), lambda: list(publisher.recent(since))):
            try:
                look()
            except NotImplementedError:
                continue
            raise AssertionError("it looked where it cannot")


class PublisherContract(PublishesOnce, RepeatsHarmlessly, Refuses, LosesAnswers):
    """All of it: what a network that honours our key, over a wire that can break, must pass."""


class AskContract(Publishes, Refuses, LosesAnswersUnseen):
    """All of it for a network where nobody can look, and where a repeat is a second copy."""
