from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bot.config import load
from bot.model import Delivery, Page, Post, PostId, PostSettings, Reason, State
from bot.pipeline import Enqueued, Pipeline
from bot.planner import Asked
from bot.store import open_read_only, open_store
from tests.fakes import Clock, Folder

CONFIG = """
[site]
url = "https://example.com"
[sources.blog]
path = "."
[accounts.journal]
network = "local"
path = "journal"
[guards]
require_live = false
"""
SECOND = '\n[accounts.second]\nnetwork = "local"\npath = "second"\n'


class Site:
    """A site in memory, its configuration, and a real store."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, Clock()
        self.blog = Folder()
        self.sources = [self.blog]
        self.more = ""
        self.url = f"sqlite:///{folder}/posse.db"
        self.store = open_store(self.url)

    def write(self, name: str, **changes: Any) -> None:
        """A post as written at this moment."""
        post = Post(
            source="blog",
            source_id=f"{name}.md",
            slug=name,
            url=f"https://example.com/{name}/",
            title=f"About {name}",
            body=f"Some words about {name}.",
            published=self.clock.now,
            has_time=True,
            stamp="1",
            text_hash=f"text of {name}",
        )
        self.blog.posts.append(replace(post, **changes))

    def remove(self, name: str) -> Post:
        """Take a post away."""
        (post,) = [post for post in self.blog.posts if post.source_id == f"{name}.md"]
        self.blog.posts.remove(post)
        return post

    def pipeline(self) -> Pipeline:
        """A new pipeline, as every run makes one."""
        path = self.folder / "posse.toml"
        path.write_text(CONFIG + self.more)
        return Pipeline(load(path), self.sources, lambda urls: {})

    def scan(self, *, minutes: float = 10, asked: Asked | None = None) -> Enqueued:
        """One scan, `minutes` after what was before."""
        self.clock.advance(minutes=minutes)
        select = (lambda store, survey: asked) if asked else None
        return self.pipeline().enqueue(self.store, self.clock.now, select)

    def settle(self) -> Enqueued:
        """Scan, let everything settle, and scan again."""
        self.scan()
        return self.scan()

    def row(self, name: str, account: str = "journal") -> Delivery:
        """The row of a post on an account."""
        rows = [row for row in self.store.deliveries() if row.post.slug == name and row.account == account]
        assert len(rows) == 1, rows
        return rows[0]

    def where(self, name: str, account: str = "journal") -> str:
        """Where a post stands; `nowhere` without a row."""
        rows = [row for row in self.store.deliveries() if row.post.slug == name and row.account == account]
        return "; ".join(f"{row.state}:{row.reason or ''}" for row in rows) or "nowhere"

    def text(self, name: str) -> str:
        """The words that would go out."""
        words = self.row(name).announcement
        assert words is not None
        return words.text

    def send(self, name: str) -> None:
        """What the courier does to a due row."""
        from bot.testing_store import receipt_of

        number = self.row(name).id
        taken = self.store.claim("journal", "one", self.clock.now, self.clock.now + timedelta(minutes=2), [number])
        assert taken is not None
        self.store.delivered(taken, receipt_of(name), self.clock.now)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site with two old posts, scanned once."""
    made = Site(tmp_path)
    made.write("old")
    made.write("older", published=made.clock.now - timedelta(days=400))
    made.scan()
    yield made
    made.store.close()


def test_a_first_run_announces_nothing_old(site: Site) -> None:
    """What is there at the first complete scan has its baseline, however young."""
    assert ["skipped:baseline"] * 2 == [site.where("old"), site.where("older")]
    assert {("blog", "journal"): site.clock.now} == site.store.baselines()


def test_a_new_post_is_due_once_it_has_settled(site: Site) -> None:
    """A post written after the first run is due, once."""
    site.write("new")
    site.scan(minutes=1)
    assert site.where("new") == "nowhere"
    assert len(site.scan().made) == 1
    assert site.scan().made == ()
    assert site.where("new") == "due:"
    assert site.text("new").startswith("About new")


def test_a_clock_put_back_keeps_no_post_settling(site: Site) -> None:
    """A post that was seen in what is now the future has settled a moment from now, not when that time has come."""
    site.write("new")
    site.scan(minutes=1)
    site.clock.advance(hours=-10)
    site.blog.edit("new.md", published=site.clock.now)
    site.scan(minutes=1)
    assert site.where("new") == "nowhere"
    site.scan()
    assert site.where("new") == "due:"


def test_an_edit_recomposes_what_nobody_has_claimed(site: Site) -> None:
    """An unclaimed row takes the new words, once they stand."""
    site.write("new")
    site.settle()
    site.blog.edit("new.md", title="Mended", text_hash="mended")
    site.settle()
    assert site.text("new").startswith("Mended")


def test_an_edit_that_settles_is_not_sent_meanwhile(site: Site) -> None:
    """While a due post is being edited nobody can claim its old words."""
    site.write("new")
    site.settle()
    site.blog.edit("new.md", title="Mend", text_hash="mend")
    site.scan(minutes=1)
    assert site.where("new") == "due:settling"
    assert site.store.claim("journal", "one", site.clock.now, site.clock.now + timedelta(minutes=2)) is None
    site.scan()
    assert site.where("new") == "due:"
    assert site.store.claim("journal", "one", site.clock.now, site.clock.now + timedelta(minutes=2)) is not None


def test_a_waiting_post_whose_page_is_gone_waits_for_a_scan(site: Site) -> None:
    """Nothing sends it until a scan has seen its page again, however long no scan comes."""
    site.write("new")
    site.settle()
    path, now = site.folder / "posse.toml", site.clock.now

    def scan(*, live: bool) -> None:
        path.write_text(CONFIG.replace("require_live = false", "require_live = true"))
        pages = {"https://example.com/new/": Page("https://example.com/new/", live=live)}
        Pipeline(load(path), site.sources, lambda _wanted: pages).enqueue(site.store, now + timedelta(minutes=1))

    def claimed_at(minutes: int) -> Delivery | None:
        at = now + timedelta(minutes=minutes)
        return site.store.claim("journal", "one", at, at + timedelta(minutes=2))

    scan(live=False)
    assert "due:not_live" == site.where("new")
    assert claimed_at(10) is None
    assert claimed_at(600) is None
    scan(live=True)
    assert claimed_at(601) is not None


def test_an_edit_never_announces_again(site: Site) -> None:
    """What went out stays out, though title, text, slug, URL and date change, one by one and at once."""
    site.write("new")
    site.settle()
    site.send("new")
    changes: list[dict[str, Any]] = [
        {"title": "Mended"},
        {"text_hash": "mended"},
        {"url": "https://example.com/elsewhere/"},
        {"published": site.clock.now},
        {"title": "All", "text_hash": "all", "url": "https://example.org/all/", "slug": "all"},
    ]
    for change in changes:
        site.blog.edit("new.md", **change)
        site.settle()
    assert [State.DELIVERED] == [row.state for row in site.store.deliveries() if row.state is not State.SKIPPED]


def test_a_moved_file_is_not_announced_again(site: Site) -> None:
    """A file that moved, with its slug and URL, is the post it was."""
    site.write("new")
    site.settle()
    site.send("new")
    post = site.remove("new")
    site.blog.posts.append(
        replace(post, source_id="2024/renamed.md", slug="renamed", url="https://example.com/2024/renamed/")
    )
    site.settle()
    assert [State.DELIVERED] == [row.state for row in site.store.deliveries() if row.state is not State.SKIPPED]


@pytest.mark.parametrize(
    ("change", "back", "reason"),
    [
        ({"draft": True}, {"draft": False}, "draft"),
        ({"settings": PostSettings(skip=True)}, {"settings": PostSettings()}, "opted_out"),
    ],
)
def test_a_withdrawn_post_is_skipped_and_comes_back(
    site: Site, change: dict[str, Any], back: dict[str, Any], reason: str
) -> None:
    """A due post that becomes a draft, or opts out, is skipped, and due when that ends."""
    site.write("new")
    site.settle()
    site.blog.edit("new.md", **change)
    site.settle()
    assert f"skipped:{reason}" == site.where("new")
    site.blog.edit("new.md", **back)
    site.settle()
    assert site.where("new") == "due:"


def test_a_gone_post_is_skipped_and_comes_back(site: Site) -> None:
    """A due post that is gone is skipped, and due when it is there again."""
    site.write("new")
    site.settle()
    post = site.remove("new")
    site.scan()
    assert site.where("new") == "skipped:gone"
    site.blog.posts.append(post)
    site.settle()
    assert site.where("new") == "due:"


def test_a_post_that_another_was_moved_over_is_gone(site: Site) -> None:
    """`mv b.md a.md`: what stood at a.md is gone, and its due announcement with it."""
    site.write("a")
    site.write("b")
    site.settle()
    moved = site.remove("b")
    site.remove("a")
    site.blog.posts.append(replace(moved, source_id="a.md", stamp="moved"))
    site.scan()
    assert site.where("a") == "skipped:gone"
    assert site.where("b") != "skipped:gone"


def test_a_due_post_that_is_put_off_waits_for_its_date(site: Site) -> None:
    """A date moved ahead is waited for, by the courier too."""
    site.write("new")
    site.settle()
    site.blog.edit("new.md", published=site.clock.now + timedelta(days=2))
    site.scan()
    later = site.clock.now + timedelta(days=1)
    assert site.store.claim("journal", "one", later, later + timedelta(minutes=2)) is None
    site.scan(minutes=3 * 24 * 60)
    assert site.store.claim("journal", "one", site.clock.now, site.clock.now + timedelta(minutes=2)) is not None


def test_a_due_post_that_lost_its_url_is_held(site: Site) -> None:
    """A link that is no longer known is not sent; it goes when the post has one again."""
    site.write("new")
    site.settle()
    site.blog.edit("new.md", url=None)
    site.settle()
    assert site.where("new") == "held:invalid"
    site.blog.edit("new.md", url="https://example.com/new/")
    site.settle()
    assert site.where("new") == "due:"


def test_a_source_that_cannot_be_read_draws_no_line(tmp_path: Path) -> None:
    """After a failed first scan everything is still old at the first good one, and nothing is gone."""
    site = Site(tmp_path)
    site.write("old")
    site.blog.broken = "no such folder"
    done = site.scan()
    assert (("blog",), {}) == (done.newly_failed_sources, site.store.baselines())
    assert site.scan().newly_failed_sources == ()
    site.blog.broken = ""
    site.settle()
    assert site.where("old") == "skipped:baseline"
    site.blog.broken = "no such folder"
    site.scan()
    assert ["old"] == [post.slug for post in site.store.all_posts() if post.gone_at is None]
    site.store.close()


def test_a_second_account_gets_nothing_old(site: Site) -> None:
    """An account added later has its own line: what is there is old for it, what comes is new."""
    site.write("new")
    site.settle()
    site.more = SECOND
    site.scan()
    assert ["due:", "skipped:baseline"] == [site.where("new"), site.where("new", "second")]
    site.write("newer")
    site.settle()
    assert ["due:", "due:"] == [site.where("newer"), site.where("newer", "second")]


def test_a_post_asked_for_first_does_not_make_the_rest_new(tmp_path: Path) -> None:
    """`post` before the first `run` announces that post, and leaves the others their baseline."""
    site = Site(tmp_path)
    site.write("one")
    site.write("other")
    wish = next(iter(site.pipeline().survey(site.store, site.clock.now)[0].known.values())).id
    site.scan(asked=Asked(frozenset({wish})))
    assert ["due:", "nowhere"] == [site.where("one"), site.where("other")]
    site.settle()
    assert ["due:", "skipped:baseline"] == [site.where("one"), site.where("other")]
    site.store.close()


def test_a_doubt_outlives_the_settling(site: Site) -> None:
    """A post that may be one that is gone is held also when it had to settle first."""
    site.remove("old")
    site.write("rewritten", title="About old", published=site.clock.now - timedelta(days=10))
    site.scan(minutes=1)
    assert site.where("rewritten") == "nowhere"
    site.scan()
    site.scan()
    row = site.row("rewritten")
    assert (State.HELD, Reason.IDENTITY) == (row.state, row.reason)
    assert "About old" in (row.detail or "")


def test_a_flood_is_held_and_told_once(site: Site) -> None:
    """More than `max_burst` new posts are held; what is new about it is told the first time."""
    for n in range(11):
        site.write(f"n{n}")
    site.scan(minutes=1)
    assert len(site.scan().newly_held) == 11
    assert site.scan().newly_held == ()
    assert {"held:burst"} == {site.where(f"n{n}") for n in range(11)}


def test_two_sources_of_one_site_are_one_post(site: Site) -> None:
    """The same URL in a folder and in a feed is announced once, with the feed's tags where the file has none."""
    feed = Folder("feed")
    site.sources = [site.blog, feed]
    site.more = '\n[sources.feed]\ntype = "feed"\nurl = "feed.xml"\n'
    site.scan()
    site.write("new")
    feed.posts.append(
        replace(site.blog.posts[-1], source="feed", source_id="urn:1", url="http://example.com/new/", tags=("python",))
    )
    site.settle()
    assert site.where("new") == "due:"
    assert "#python" in site.text("new")
    site.remove("new")
    site.settle()
    assert len([row for row in site.store.deliveries() if row.reason is not Reason.BASELINE]) == 1


def test_a_window_that_slides_on_loses_nothing(tmp_path: Path) -> None:
    """What a feed no longer shows is not gone: it is neither skipped nor taken for a new entry."""
    site = Site(tmp_path)
    site.blog.window = True
    site.scan()
    for n in range(3):
        site.clock.advance(minutes=10)
        site.write(f"n{n}")
    site.settle()
    site.remove("n0")
    site.settle()
    assert ["due:"] * 3 == [site.where(f"n{n}") for n in range(3)]
    site.store.close()


def test_a_preview_is_what_a_scan_would_write(site: Site) -> None:
    """The plan made on a read-only store, with nothing written, is the plan that `enqueue` follows."""
    site.write("new")
    site.scan()
    site.clock.advance(minutes=10)
    pipeline = site.pipeline()
    reader = open_read_only(site.url)
    survey, _ = pipeline.survey(reader, site.clock.now)
    preview = pipeline.plan(reader, survey).plan
    reader.close()
    assert site.where("new") == "nowhere"
    assert preview == pipeline.enqueue(site.store, site.clock.now).outlook.plan
    assert [PostId("")] != [entry.post.id for entry in preview.sendable()]
    assert len(preview.sendable()) == 1
