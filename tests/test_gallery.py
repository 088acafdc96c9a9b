"""The pictures that a plan waits for, from the scan to the outbox."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace

from bot.formatter.pictures import Picture, Wanted, described
from bot.gallery import Gallery
from bot.model import Media, State
from bot.pipeline import Enqueued, Pipeline
from bot.store import open_store
from tests.test_pipeline import Site

NOTE = "A walk.\n\n![A heron](heron.png)"


class Shelf:
    """Gives every picture that is asked for but those in `lost`, and remembers the asking."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.lost: set[str] = set()

    def __call__(self, wishes: Collection[Wanted]) -> Mapping[Wanted, Picture]:
        """Get pictures."""
        self.asked += sorted(wish.source for wish in wishes)
        made = Media(b"x", "image/png", "", 4, 3)
        return {wish: Picture(described(made, wish)) for wish in wishes if wish.source not in self.lost}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site without a baseline, so that what is written is announced."""
    made = Site(tmp_path)
    made.more = 'baseline = false\nsettle = "0s"\n'
    return made


def scan(site: Site, pipeline: Pipeline) -> Enqueued:
    site.clock.advance(minutes=10)
    return pipeline.enqueue(site.store, site.clock.now)


def waiting(site: Site) -> list[tuple[str, ...]]:
    """The pictures of each row that is due."""
    rows = site.store.deliveries(states=[State.DUE])
    return [tuple(m.source for m in row.announcement.media) for row in rows if row.announcement]


def test_a_picture_is_got_once_and_kept_while_its_post_waits(site: Site) -> None:
    """Scan after scan, until nothing waits for it."""
    shelf = Shelf()
    pipeline = replace(site.pipeline(), gallery=Gallery(shelf))
    site.write("walk", title="", body=NOTE)
    for _ in range(3):
        scan(site, pipeline)
    assert waiting(site) == [("heron.png",)]
    assert shelf.asked == ["heron.png"]


def test_a_picture_that_cannot_be_had_is_asked_for_again_next_time(site: Site) -> None:
    """Within one scan it costs one request, and the post is due without it."""
    shelf = Shelf()
    shelf.lost = {"heron.png"}
    pipeline = replace(site.pipeline(), gallery=Gallery(shelf))
    site.write("walk", title="", body=NOTE)
    scan(site, pipeline)
    scan(site, pipeline)
    assert waiting(site) == [()]
    before = len(shelf.asked)
    shelf.lost = set()
    site.blog.edit("walk.md", body=f"{NOTE} Again.", modified=None)
    scan(site, pipeline)
    scan(site, pipeline)
    assert waiting(site) == [("heron.png",)]
    assert len(shelf.asked) > before


def test_no_picture_is_got_under_the_planning_lock(site: Site) -> None:
    """A slow host must not keep another process from its state."""

    class Watched(Shelf):
        def __call__(self, wishes: Collection[Wanted]) -> Mapping[Wanted, Picture]:
            other = open_store(site.url)  # it waits for a lock that is held, and then gives up
            with other.planning():
                assert other.now() is None
            other.close()
            return super().__call__(wishes)

    shelf = Watched()
    pipeline = replace(site.pipeline(), gallery=Gallery(shelf))
    site.write("walk", title="", body=NOTE)
    scan(site, pipeline)
    scan(site, pipeline)
    assert shelf.asked == ["heron.png"]
    assert waiting(site) == [("heron.png",)]


def test_a_post_whose_pictures_change_all_the_time_waits_for_the_next_scan(site: Site) -> None:
    """What was not asked for is never silently left out."""

    class Restless(Shelf):
        def __call__(self, wishes: Collection[Wanted]) -> Mapping[Wanted, Picture]:
            body = f"A walk.\n\n![A heron](heron-{len(self.asked)}.png)"
            site.blog.edit("walk.md", body=body)
            return super().__call__(wishes)

    shelf = Restless()
    pipeline = replace(site.pipeline(), gallery=Gallery(shelf))
    site.write("walk", title="", body=NOTE)
    scan(site, pipeline)
    scan(site, pipeline)
    assert shelf.asked
    assert waiting(site) == []
