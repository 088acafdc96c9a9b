"""Whatever happens, in whatever order: one announcement for each post, account and round, and none silently lost.

The real identity, planner, SQLite outbox and courier work on a model site and model networks. What is left out on
purpose is written down in docs/decisions/exactly-once.md, under "What remains possible".
"""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.config.model import GuardsConfig
from bot.identity import ITEM
from bot.model import PostId, State
from bot.planner import Asked
from tests.model.network import ModelNetwork
from tests.model.site import Written
from tests.model.world import GRACE, LEASE, NETWORKS, START, Crash, Trap, World

CAN_LOOK = [name for name in NETWORKS if name != "blind"]
RENEWED = {"text", "back"}  # with one of these and both names changed, nothing tells which post it is
WITHDRAWN = {"gone", "draft", "opted_out"}

numbers = st.integers(0, 5)
networks = st.sampled_from(sorted(NETWORKS))
fates = st.lists(st.sampled_from(["ok", "lost", "vanished", "late", "later"]), min_size=1, max_size=3)


class Announcing(RuleBasedStateMachine):
    """The world, and all that may happen in it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="posse-machine-")
        self.made = 0
        self.forgiven: set[int] = set()
        self.again = False
        self.lost_state = False
        self.twins = False

    @initialize(baseline=st.booleans(), max_burst=st.sampled_from([2, 1000]))
    def begin(self, baseline: bool, max_burst: int) -> None:
        """A site with a post or two, and the first scan of it."""
        guards = GuardsConfig(
            baseline=baseline, settle=timedelta(0), require_live=False, max_burst=max_burst, grace=GRACE
        )
        self.world = World(Path(self.folder.name), guards)
        self.write(same_text=False, same_title=False)
        self.world.scan()
        self.write(same_text=False, same_title=False)
        self.world.scan()

    # The site

    @rule(same_text=st.booleans(), same_title=st.booleans())
    def write(self, same_text: bool, same_title: bool) -> None:
        """A new post, perhaps from a template: but not in the moment in which another such post goes.

        With the words, the title and the day of one that is gone it would be that one, put back.
        """
        same_title = same_title and not (same_text and any(not post.present for post in self.world.source.posts))
        if same_text or same_title:
            self.twins = True
            self.world.scan()
        n = self.made
        self.made += 1
        written = Written(
            number=n,
            place=f"{n}.md",
            slug=f"post-{n}",
            url=f"https://example.com/{n}/",
            title="Weekly notes" if same_title else f"Title {n}",
            text="A text from a template." if same_text else f"The text of number {n}.",
            date=min(START + timedelta(minutes=n * 7, seconds=n), self._moment(n)),
        )
        written.urls.add(written.url)
        self.world.source.posts.append(written)

    @rule(n=numbers)
    def edit(self, n: int) -> None:
        """Other words under the same name."""
        if (post := self._post(n)) and not {"place", "url"} <= post.changed:
            post.text += " Mended."
            post.change("text")

    @rule(n=numbers)
    def move(self, n: int) -> None:
        """Another file, the same URL."""
        if (post := self._post(n)) and not (post.changed & RENEWED and "url" in post.changed):
            post.place = f"{post.place}-moved"
            post.change("place")

    @rule(n=numbers)
    def rename(self, n: int) -> None:
        """Another slug and URL, without a redirect."""
        if (post := self._post(n)) and not (post.changed & RENEWED and "place" in post.changed):
            self._rename(post)

    @rule(n=numbers, hours=st.integers(-72, 0))
    def redate(self, n: int, hours: int) -> None:
        """Another date, not one to come."""
        if post := self._post(n):
            post.date = self._moment(post.number) + timedelta(hours=hours)
            post.change("date")

    @rule()
    def rebuild(self) -> None:
        """A host rewrites every id and URL in one night."""
        for post in self.world.source.present():
            if not post.changed & RENEWED:
                post.place = f"{post.place}-rebuilt"
                post.change("place")
                self._rename(post)

    @rule(n=numbers)
    def take_away(self, n: int) -> None:
        """The post is gone."""
        if post := self._post(n):
            if self.twins:
                self.world.scan()
            post.present = False

    @rule(n=numbers)
    def bring_back(self, n: int) -> None:
        """It is there again, where it was."""
        post = self.world.source.posts[n % self.made]
        if not post.present and not {"place", "url"} <= post.changed:
            post.present = True
            post.change("back")

    @rule(n=numbers)
    def toggle_draft(self, n: int) -> None:
        """A draft again, or no draft any more."""
        if post := self._post(n):
            post.draft = not post.draft
            post.change()

    # The daemons

    @rule()
    def scan(self) -> None:
        """One look at the site."""
        with self.world.survived():
            self.world.scan()

    @rule()
    def deliver(self) -> None:
        """One round of sending."""
        with self.world.survived():
            self.world.deliver()

    @rule(minutes=st.sampled_from([0, 1, 3, 90]))
    def scan_and_deliver(self, minutes: int) -> None:
        """What a daemon does at its interval."""
        self.world.pass_time(timedelta(minutes=minutes))
        with self.world.survived():
            self.world.scan()
            self.world.deliver()

    @rule(count=st.integers(1, 12), after=st.booleans(), seen=st.booleans(), first=st.booleans())
    def crash(self, count: int, after: bool, seen: bool, first: bool) -> None:
        """Killed before or after any write. Unseen, it held its lease on another machine."""

        def die() -> None:
            raise Crash

        with self.world.survived(seen=seen):
            if first:
                self.world.scan()
            self.world.worker.store.trap = Trap(count, after, die)
            if not first:
                self.world.scan()
            self.world.deliver()

    @rule(count=st.integers(1, 12), after=st.booleans())
    def two_daemons(self, count: int, after: bool) -> None:
        """Another one works between two writes of this one."""
        self.world.worker.store.trap = Trap(count, after, self.world.other_daemon)
        with self.world.survived():
            self.world.scan()
            self.world.deliver()

    @rule(count=st.integers(1, 12), rounds=st.integers(1, 3))
    def late_worker(self, count: int, rounds: int) -> None:
        """It sleeps past its lease before it writes down what it knows, while others go on."""

        def sleep() -> None:
            for _ in range(rounds):
                self.world.pass_time(LEASE + timedelta(seconds=30))
                self.world.other_daemon()

        self.world.worker.store.trap = Trap(count, False, sleep)
        with self.world.survived():
            self.world.scan()
            self.world.deliver()

    @rule(n=numbers)
    def announce_again(self, n: int) -> None:
        """A person wants another round."""
        if (post := self._post(n)) and not post.draft and (id_ := self._ids().get(post.place)):
            self.again = True
            with self.world.survived():
                self.world.scan()
                self.world.scan(asked=Asked(frozenset([id_]), None, again=True))

    # The weather

    @rule(name=networks, coming=fates)
    def weather(self, name: str, coming: list[str]) -> None:
        """What becomes of the next sends."""
        self.world.networks[name].fates[:] = coming

    @rule(name=networks, times=st.integers(1, 2))
    def looks_fail(self, name: str, times: int) -> None:
        """The timeline cannot be read for a while."""
        self.world.networks[name].looks_down = times

    @rule(minutes=st.sampled_from([1, 5, 61, 600]))
    def wait(self, minutes: int) -> None:
        """Time passes."""
        self.world.pass_time(timedelta(minutes=minutes))

    @precondition(lambda self: not self._travelling())
    @rule(minutes=st.sampled_from([-600, -5, 5, 600]))
    def jump(self, minutes: int) -> None:
        """The machine's clock is set."""
        moved = self.world.offset + timedelta(minutes=minutes)
        if abs(moved) <= timedelta(hours=12):
            self.world.offset = moved

    @rule()
    def save(self) -> None:
        """Somebody makes a backup."""
        self.world.save()

    @precondition(lambda self: not self.again and not self._travelling())
    @rule(delete=st.booleans(), looks_down=st.integers(0, 1))
    def lose_state(self, delete: bool, looks_down: int) -> None:
        """The state is deleted, or an old backup is put back; perhaps the timelines are down at that moment."""
        for network in self.world.networks.values():
            network.looks_down = looks_down
        if delete or (self.world.backup and not self.twins):
            for post in self.world.source.posts:
                links = {entry.url for network in self.world.networks.values() for entry in network.entries}
                if (post.urls & links) - {post.url} or "date" in post.changed:
                    self.forgiven.add(post.number)
            self.lost_state = True
            self.world.restore(None if delete else self.world.backup)
            self.world.scan()

    # What must hold

    @invariant()
    def never_twice(self) -> None:
        """A reader sees one announcement for each post, account and round."""
        if not hasattr(self, "world"):
            return
        for name, network in self.world.networks.items():
            if name == "blind" and self.lost_state:
                continue
            for (number, round_), count in self._seen(network).items():
                assert count <= 1 or number in self.forgiven, f"post {number} round {round_} {count} times on {name}"

    @invariant()
    def two_posts_stay_two(self) -> None:
        """No two posts that are there share an identity."""
        if hasattr(self, "world"):
            ids = self._ids()
            known = [ids[post.place] for post in self.world.source.present() if post.place in ids]
            assert len(set(known)) == len(known)

    def teardown(self) -> None:
        """Without faults everything comes to an end that can be told, and what was delivered is there."""
        try:
            if hasattr(self, "world"):
                self._settle()
                self.never_twice()
                self._all_accounted_for()
        finally:
            if hasattr(self, "world"):
                self.world.end(self.world.worker)
            self.folder.cleanup()

    def _settle(self) -> None:
        for network in self.world.networks.values():
            network.fates.clear()
            network.looks_down = 0
        for _ in range(60):
            self.world.scan()
            self.world.deliver()
            open_ = self.world.worker.store.deliveries(states=[State.DUE, State.SENDING, State.UNCERTAIN])
            told = all(row.account == "blind" and row.state is State.UNCERTAIN for row in open_)
            if told and "settling" not in self.world.left_out.values():
                break
            following = None if told else self.world.worker.store.next_time(self.world.clock())
            self.world.pass_time((following - self.world.clock() if following else LEASE) + timedelta(seconds=1))

    def _all_accounted_for(self) -> None:
        ids = self._ids()
        standings = self.world.worker.store.standings(ids.values())
        for post in self.world.source.present():
            assert post.place in ids, f"post {post.number} is not known"
            for name in NETWORKS:
                row = standings.get((ids[post.place], name))
                if row is None:
                    assert self.world.left_out.get((post.place, name)), f"post {post.number} is forgotten on {name}"
                elif row.state is State.DELIVERED:
                    seen = self._seen(self.world.networks[name])
                    assert any(number == post.number for number, _ in seen), f"post {post.number} is not on {name}"
                elif row.state is State.UNCERTAIN:
                    assert name == "blind"
                elif not post.draft:
                    assert row.state in (State.HELD, State.SKIPPED, State.FAILED), f"{post.number} is {row.state}"
                    assert row.reason or row.state is State.FAILED
                    waits = self.world.left_out.get((post.place, name)) == "future"  # the clock was put back
                    assert row.reason not in WITHDRAWN or waits, f"{post.number} is there, and {row.reason} on {name}"

    def _seen(self, network: ModelNetwork) -> Counter[tuple[int, int]]:
        """How often a reader sees each (post, round)."""
        owner = {url: post.number for post in self.world.source.posts for url in post.urls}
        return Counter((owner[entry.url], entry.round) for entry in network.entries)

    def _moment(self, number: int) -> datetime:
        """The present instant, but for each post another: one instant is one post (docs/decisions/identity.md)."""
        return self.world.clock() - timedelta(milliseconds=number)

    def _post(self, n: int) -> Written | None:
        post = self.world.source.posts[n % self.made]
        return post if post.present else None

    def _rename(self, post: Written) -> None:
        post.slug = f"{post.slug}-x"
        post.url = f"https://example.com/{post.number}/{post.version}/"
        post.change("url")

    def _ids(self) -> dict[str, PostId]:
        names = {(ITEM, f"blog\n{post.place}"): post.place for post in self.world.source.present()}
        return {names[name]: id_ for name, id_ in self.world.worker.store.aliases(names).items()}

    def _travelling(self) -> bool:
        return any(network.travelling for network in self.world.networks.values())


LONG = settings.get_current_profile_name() == "long"

TestAnnouncing = Announcing.TestCase
TestAnnouncing.settings = settings(
    max_examples=5000 if LONG else 150,  # 150 take well below a minute
    stateful_step_count=60 if LONG else 30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
