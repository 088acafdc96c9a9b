"""A daemon's plans with a memory of what waits: it reads less, and says the same in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from bot.model import PostSettings, Reason, State
from bot.pipeline import Enqueued, Pipeline
from bot.steady import Steady
from bot.store import open_store
from bot.watcher.base import Scan
from tests.fakes import Folder
from tests.test_pipeline import Site


@dataclass
class Watched(Folder):
    """A folder that says which of its posts the last scan has read."""

    read_last: list[str] = field(default_factory=list)

    def scan(self, known: Mapping[str, str]) -> Scan:
        """As any folder does."""
        found = super().scan(known)
        self.read_last = [post.slug for post in found.posts]
        return found


class Waiting:
    """A site with two due posts, and the pipeline of a daemon that has looked twice."""

    def __init__(self, site: Site) -> None:
        self.site, self.blog = site, Watched()
        site.blog, site.sources = self.blog, [self.blog]
        site.scan()
        site.write("one")
        site.write("two")
        self.restart()
        self.scan()
        self.scan()

    def restart(self) -> None:
        """A new process."""
        self.pipeline: Pipeline = replace(self.site.pipeline(), steady=Steady())

    def scan(self, minutes: float = 10) -> Enqueued:
        """One scan of the daemon."""
        self.site.clock.advance(minutes=minutes)
        return self.pipeline.enqueue(self.site.store, self.site.clock.now)

    def reads(self) -> list[str]:
        """What the next scan reads."""
        self.scan()
        return self.blog.read_last


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Waiting]:
    """Two posts that are due and unclaimed."""
    site = Site(tmp_path)
    yield Waiting(site)
    site.store.close()


def test_what_waits_is_read_once(waiting: Waiting) -> None:
    """Due posts that stand as they stood are not read again; a new process reads them once more."""
    assert ["due:", "due:"] == [waiting.site.where(name) for name in ("one", "two")]
    assert [] == waiting.reads()
    waiting.restart()
    assert ["one", "two"] == waiting.reads()
    assert [] == waiting.reads()


def test_an_edit_is_read_and_renews_the_words(waiting: Waiting) -> None:
    """Of two that wait the edited one is read, until its new words stand."""
    waiting.blog.edit("one.md", title="Mended", text_hash="mended")
    assert ["one"] == waiting.reads()
    assert "due:settling" == waiting.site.where("one")
    assert ["one"] == waiting.reads()
    assert [] == waiting.reads()
    assert waiting.site.text("one").startswith("Mended")


@pytest.mark.parametrize("what", ["sent", "skipped", "held", "anew"])
def test_what_befalls_a_row_is_seen(waiting: Waiting, what: str) -> None:
    """A row that another process or a person has changed is planned anew, with the words of that moment."""
    site, row = waiting.site, waiting.site.row("one")
    other, now = open_store(site.url), site.clock.now
    befalls: dict[str, Callable[[], object]] = {
        "sent": lambda: site.send("one"),
        "skipped": lambda: other.settle(row.id, [State.DUE], State.SKIPPED, now, reason=Reason.PERSON),
        "held": lambda: other.settle(row.id, [State.DUE], State.HELD, now, reason=Reason.NOT_LIVE),
        "anew": lambda: other.settle(row.id, [State.DUE], State.DUE, now, renew_words=True),
    }
    befalls[what]()
    other.close()
    assert [] == waiting.reads() if what in ("sent", "skipped") else ["one"] == waiting.reads()
    expected = {"sent": "delivered:", "skipped": "skipped:person", "held": "held:not_live", "anew": "due:"}
    assert expected[what] == site.where("one")


def test_other_limits_compose_everything_anew(waiting: Waiting) -> None:
    """When a server tells another limit, what waits is read and composed for it."""
    waiting.site.store.set_limits("journal", {"characters": 60}, waiting.site.clock.now)
    assert ["one", "two"] == waiting.reads()
    assert [] == waiting.reads()


def test_what_time_may_change_is_read_again(waiting: Waiting) -> None:
    """A post that is not to go out after a day is looked at until then, and left out in time."""
    day = waiting.site.clock.now + timedelta(hours=1)
    waiting.blog.edit("one.md", settings=PostSettings(not_after=day))
    waiting.scan()
    waiting.scan()
    assert "due:" == waiting.site.where("one")
    assert ["one"] == waiting.reads()
    waiting.scan(minutes=60)
    assert "skipped:expired" == waiting.site.where("one")


def test_a_post_that_is_taken_away_is_noticed(waiting: Waiting) -> None:
    """Not being read is not being gone, and gone is gone."""
    waiting.site.remove("one")
    waiting.scan()
    assert ["skipped:gone", "due:"] == [waiting.site.where(name) for name in ("one", "two")]


@pytest.fixture
def shared(tmp_path: Path, database: str) -> Iterator[Waiting]:
    """The same on PostgreSQL, where other daemons may go on from what one has planned."""
    site = Site(tmp_path)
    site.store.close()
    site.url, site.store = database, open_store(database)
    yield Waiting(site)
    site.store.close()


def test_who_starts_goes_on_from_the_last_plan(shared: Waiting) -> None:
    """A new daemon of the same configuration reads nothing again, but for what was edited while none was there."""
    shared.restart()
    assert [] == shared.reads()
    shared.blog.edit("two.md", title="Mended", text_hash="mended")
    shared.restart()
    assert ["two"] == shared.reads()
    shared.scan()
    assert shared.site.text("two").startswith("Mended")
    shared.restart()
    assert [] == shared.reads()


@pytest.mark.parametrize("what", ["held", "anew"])
def test_who_starts_reads_what_a_person_has_touched(shared: Waiting, what: str) -> None:
    """A row that was written by anybody but a plan is planned anew, even if the clock has not moved since."""
    row, now = shared.site.row("one"), shared.site.clock.now
    if what == "held":
        shared.site.store.settle(row.id, [State.DUE], State.HELD, now, reason=Reason.NOT_LIVE)
    else:
        shared.site.store.settle(row.id, [State.DUE], State.DUE, now, renew_words=True)
    shared.restart()
    assert ["one"] == shared.reads()


def test_who_starts_with_another_configuration_reads_everything(shared: Waiting) -> None:
    """What the last plan went by is not what this daemon goes by."""
    shared.site.more = "max_burst = 7\n"
    shared.restart()
    assert ["one", "two"] == shared.reads()
    assert [] == shared.reads()


def test_who_starts_reads_what_time_may_change(shared: Waiting) -> None:
    """The note of a plan names the posts that are to be read all the same."""
    shared.blog.edit("one.md", settings=PostSettings(not_after=shared.site.clock.now + timedelta(hours=5)))
    shared.scan()
    shared.scan()
    shared.restart()
    assert ["one"] == shared.reads()
