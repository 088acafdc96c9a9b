from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.identity import Identified, Name, Remembered, claims, identify, item_name, names, url_name
from bot.likeness import twins
from bot.model import Post, PostId

NOON = datetime(2024, 6, 19, 12, 0, tzinfo=UTC)
ODD = datetime(2024, 6, 19, 18, 47, 59, tzinfo=UTC)


def post(
    name: str,
    *,
    title: str | None = None,
    text: str | None = None,
    url: str | None = "",
    published: datetime | None = NOON,
    has_time: bool = False,
    urls: tuple[str, ...] = (),
    source: str = "blog",
) -> Post:
    """A post of the blog; every sign it bears differs from that of a post with another name, unless given."""
    return Post(
        source=source,
        source_id=f"{name}.md",
        slug=name,
        url=f"https://example.com/{name}/" if url == "" else url,
        title=f"Title of {name}" if title is None else title,
        body="",
        published=published,
        has_time=has_time,
        urls=urls,
        text_hash=f"text of {name}" if text is None else text,
    )


def _remembered(known: Post) -> Remembered:
    return Remembered(
        id=known.id,
        source=known.source,
        source_id=known.source_id,
        url=known.url,
        title=known.title,
        slug=known.slug,
        published=known.published,
        has_time=known.has_time,
        text_hash=known.text_hash,
    )


@dataclass
class Memory:
    """What a store would remember from scan to scan."""

    owners: dict[Name, PostId] = field(default_factory=dict)
    posts: dict[PostId, Remembered] = field(default_factory=dict)
    standing: dict[str, PostId] = field(default_factory=dict)
    lost: set[PostId] = field(default_factory=set)

    def scan(self, *found: Post, unread: Sequence[str] = (), window: bool = False) -> list[Identified]:
        """Identify `found`; `unread` are the names of posts that are there and were not read."""
        present = {f"{name}.md" for name in unread} | {post.source_id for post in found}
        gone = [] if window else [self.posts[id_] for place, id_ in self.standing.items() if place not in present]
        wanted = {name for post in found for name in names(post)}
        owners = {name: id_ for name, id_ in self.owners.items() if name in wanted}
        named = {id_: self.posts[id_] for id_ in owners.values()}
        former = [self.posts[id_] for id_ in self.lost]
        answers = identify(found, owners, named, frozenset(item_name("blog", place) for place in present), gone, former)
        kept = claims(answers)
        for answer in answers:
            self._remember(answer.post, kept[answer.post.id])
        self.lost = (self.lost | {post.id for post in gone}) - {answer.post.id for answer in answers}
        self.standing = {place: id_ for place, id_ in self.standing.items() if place in present}
        self.standing |= {answer.post.source_id: answer.post.id for answer in answers}
        return answers

    def _remember(self, known: Post, kept: Sequence[Name]) -> None:
        for name in kept:
            if name[0] == "item":
                self.owners[name] = known.id
            else:
                self.owners.setdefault(name, known.id)
        self.posts[known.id] = _remembered(known)

    def ids(self, *found: Post, unread: Sequence[str] = ()) -> list[PostId]:
        """The identities alone."""
        return [answer.post.id for answer in self.scan(*found, unread=unread)]


def assert_same(before: Post, after: Post) -> None:
    """`after`, found where `before` is gone, is the same post, without a doubt, and stays it at the next scan."""
    memory = Memory()
    old = memory.scan(before)[0]
    new = memory.scan(after)[0]
    assert (old.post.id, False, None) == (new.post.id, new.is_new, new.doubt)
    assert old.post.id == memory.scan(after)[0].post.id


def assert_two(before: Post, after: Post) -> None:
    """`after`, found where `before` is gone, is another post, without a doubt."""
    memory = Memory()
    old = memory.scan(before)[0]
    new = memory.scan(after)[0]
    assert old.post.id != new.post.id
    assert (True, None) == (new.is_new, new.doubt)


class TestStaysTheSame:
    """A post keeps its identity when one thing about it changes, or several."""

    def test_the_file_moved(self) -> None:
        """A file that moved, under the URL it had, is the same post."""
        assert_same(post("a"), replace(post("a"), source_id="2024/06/a.md"))

    def test_the_slug_changed(self) -> None:
        """A new slug, file name and URL under the same title, day and text is the same post."""
        assert_same(post("a", title="T", text="x"), post("b", title="T", text="x"))

    def test_the_url_changed_with_a_redirect(self) -> None:
        """A new URL with the old one among its aliases is the same post, whatever else changed."""
        after = post("b", urls=("https://example.com/a/",), published=NOON + timedelta(days=900))
        assert_same(post("a"), after)

    def test_the_url_changed_without_a_redirect(self) -> None:
        """The same file with a new URL is the same post."""
        assert_same(post("a"), post("a", url="https://example.org/elsewhere/"))

    def test_http_became_https(self) -> None:
        """A site's move to https, file names changed, leaves every post what it was."""
        assert_same(post("a", url="http://example.com/a/"), replace(post("a"), source_id="new.md", text_hash="edited"))

    def test_another_spelling_of_the_url(self) -> None:
        """Percent-encoding, case of the host and the default port make no other post."""
        before = post("a", url="https://EXAMPLE.com:443/caf%c3%a9/")
        assert_same(before, post("b", url="https://example.com/café/"))

    def test_the_date_changed(self) -> None:
        """The same file, re-dated, is the same post."""
        assert_same(post("a"), post("a", published=NOON + timedelta(days=400)))

    def test_the_text_was_edited(self) -> None:
        """The same file with other words is the same post."""
        assert_same(post("a"), post("a", title="Mended", text="mended"))

    def test_redated_and_renamed(self) -> None:
        """A Jekyll file whose date stands in its name and URL, re-dated: title and text prove it."""
        before = post("2024-06-19-a", title="T", text="x")
        assert_same(before, post("2024-09-01-a", title="T", text="x", published=NOON + timedelta(days=74)))

    def test_an_untitled_note_under_a_new_id(self) -> None:
        """A note without a title is known again by its text and day."""
        assert_same(post("a", title="", text="x"), post("b", title="", text="x"))

    def test_an_instant_nobody_rounds(self) -> None:
        """A unique instant with seconds is proof, though words and names are all new."""
        assert_same(post("a", published=ODD, has_time=True), post("b", published=ODD, has_time=True))

    def test_text_edited_and_url_changed_on_the_same_day(self) -> None:
        """Title and day together are proof."""
        assert_same(post("a", title="T"), post("b", title="T"))

    def test_it_came_back_after_it_was_gone(self) -> None:
        """A post that was gone for a while is itself when it is there again."""
        memory = Memory()
        (before,) = memory.ids(post("a"))
        assert memory.ids() == []
        assert [before] == memory.ids(post("a"))

    def test_another_of_the_same_title_and_day_is_a_doubt(self) -> None:
        """A second "Weekly notes" on the day on which the first one was taken away: it is new, and held."""
        memory = Memory()
        (before,) = memory.ids(post("a", title="Weekly notes", text="x"))
        assert memory.ids() == []
        (answer,) = memory.scan(post("b", title="Weekly notes", text="y"))
        assert (True, before) == (answer.is_new, answer.other)
        assert answer.doubt

    def test_every_id_and_url_of_a_feed_changed_in_one_night(self) -> None:
        """235 entries with new ids and new URLs are the same 235 posts, each of them itself."""
        memory = Memory()
        old = [post(f"old-{n}", title=f"T{n}", text=f"x{n}", published=NOON + timedelta(days=n)) for n in range(235)]
        before = memory.ids(*old)
        new = [
            replace(p, source_id=f"urn:{n}", slug=f"n{n}", url=f"https://new.example.org/{n}")
            for n, p in enumerate(old)
        ]
        answers = memory.scan(*reversed(new))
        assert list(reversed(before)) == [answer.post.id for answer in answers]
        assert not any(answer.is_new or answer.doubt or answer.duplicate for answer in answers)

    def test_a_feed_of_notes_changed_ids_urls_and_times(self) -> None:
        """Untitled notes whose host also cut the seconds off are known by text and day."""
        memory = Memory()
        old = [
            post(f"o{n}", title="", text=f"x{n}", published=ODD + timedelta(hours=30 * n), has_time=True)
            for n in range(50)
        ]
        before = memory.ids(*old)
        new = [
            replace(p, source_id=f"n{n}", url=f"https://new.example/{n}", published=p.published.replace(second=0))
            for n, p in enumerate(old)
            if p.published
        ]
        assert before == memory.ids(*new)

    def test_the_same_id_on_any_machine(self) -> None:
        """Without any state the same URL gives the same id."""
        assert Memory().ids(post("a")) == Memory().ids(replace(post("a"), source_id="elsewhere/a.md", title="Other"))


class TestStayTwo:
    """Two posts stay two."""

    def test_the_same_title_years_apart(self) -> None:
        """Last year's “Year in review”, taken away, is not this year's."""
        assert_two(
            post("a", title="Year in review"), post("b", title="Year in review", published=NOON.replace(year=2026))
        )

    def test_the_same_slug_in_different_years(self) -> None:
        """A slug is used again in another year, under its own URL."""
        old = replace(post("2023/goals"), slug="goals", published=NOON.replace(year=2023))
        assert_two(old, replace(post("2024/goals"), slug="goals"))

    def test_the_same_date_without_a_time(self) -> None:
        """Two posts of one day are two."""
        assert_two(post("a"), post("b"))

    def test_midnight_that_stands_for_a_day(self) -> None:
        """A date without a time is no instant: midnight proves nothing."""
        assert_two(post("a", published=ODD), post("b", published=ODD))

    def test_the_same_emoji_free_title_of_emoji(self) -> None:
        """Titles of nothing but emoji are different titles."""
        assert_two(post("a", title="💜"), post("b", title="🎉"))

    def test_template_text_on_several(self) -> None:
        """Text that several posts share proves nothing."""
        memory = Memory()
        before = memory.ids(*(post(f"w{n}", text="template") for n in range(3)))
        (answer,) = memory.scan(post("w9", text="template", published=NOON + timedelta(days=7)))
        assert answer.post.id not in before
        assert answer.doubt is None

    def test_both_present(self) -> None:
        """Two items present at once are two posts, though all but their names are the same."""
        memory = Memory()
        one, other = memory.ids(post("a", title="T", text="x"), post("b", title="T", text="x"))
        assert one != other
        assert [one, other] == memory.ids(post("a", title="T", text="x"), post("b", title="T", text="x"))

    def test_a_copy_beside_its_unread_original(self) -> None:
        """A copy of a post that is still there, unread because unchanged, is another post."""
        memory = Memory()
        (original,) = memory.ids(post("a", title="T", text="x"))
        (copy,) = memory.scan(post("b", title="T", text="x"), unread=["a"])
        assert original != copy.post.id
        assert copy.is_new

    def test_a_new_file_at_an_old_place(self) -> None:
        """A post moved on; what is written later at its old place is a post of its own, and stays it."""
        memory = Memory()
        (moved,) = memory.ids(post("a"))
        at_home = replace(post("a"), source_id="archive/a.md")
        assert [moved] == memory.ids(at_home)
        late = replace(post("a", url="https://example.com/late/", title="Late", text="late"))
        for _ in range(3):
            home, new = memory.ids(at_home, late)
            assert moved == home
            assert moved != new
        assert memory.ids(late)[0] == new

    def test_links_that_are_no_urls(self) -> None:
        """Two addresses that are no http URL are two names."""
        assert url_name("/posts/a/") != url_name("/posts/b/")


class TestSameUrl:
    """Two items under one URL: one is announced."""

    def test_the_first_by_place_is_the_post(self) -> None:
        """Of two new items under one URL the second is the duplicate of the first, in any order."""
        a, b = post("a"), post("b", url="https://example.com/a/")
        for found in ((a, b), (b, a)):
            answers = {answer.post.source_id: answer for answer in Memory().scan(*found)}
            assert answers["a.md"].duplicate is None
            assert answers["a.md"].post.id == answers["b.md"].duplicate

    def test_the_known_one_is_the_post(self) -> None:
        """The one that bore the URL first is the post, though the other's name sorts before it."""
        memory = Memory()
        (known,) = memory.ids(post("z"))
        late, first = memory.scan(post("a", url="https://example.com/z/"), post("z"))
        assert (known, known, None) == (late.duplicate, first.post.id, first.duplicate)

    def test_the_known_one_need_not_be_read(self) -> None:
        """A post that is there and unread has its URL all the same."""
        memory = Memory()
        (known,) = memory.ids(post("z"))
        (late,) = memory.scan(post("a", url="https://example.com/z/"), unread=["z"])
        assert known == late.duplicate

    def test_a_url_that_is_free_again(self) -> None:
        """Who takes a URL that its post has given up is a duplicate of nobody."""
        memory = Memory()
        memory.scan(post("a"))
        answers = memory.scan(post("a", url="https://example.com/a2/"), post("b", url="https://example.com/a/"))
        assert [None, None] == [answer.duplicate for answer in answers]
        assert answers[0].post.id != answers[1].post.id

    def test_a_copy_that_outlives_its_original(self) -> None:
        """A rename in two steps, copy then delete, is a rename: what remains is the post, and stays it."""
        memory = Memory()
        (original,) = memory.ids(post("a"))
        copy = replace(post("a"), source_id="moved/a.md")
        memory.scan(copy, unread=["a"])
        assert [[original]] * 3 == [memory.ids(copy) for _ in range(3)]


class TestPlacesSwapped:
    """Files that change names among themselves."""

    def test_two_files_swapped_names(self) -> None:
        """Text and URL go together: each post is found at the other's place, and stays itself."""
        memory = Memory()
        a, b = memory.ids(post("a"), post("b"))
        swapped = (replace(post("b"), source_id="a.md"), replace(post("a"), source_id="b.md"))
        for _ in range(3):
            answers = memory.scan(*swapped)
            assert [b, a] == [answer.post.id for answer in answers]
            assert not any(answer.duplicate or answer.doubt for answer in answers)

    def test_three_files_in_a_ring(self) -> None:
        """The same for three."""
        memory = Memory()
        a, b, c = memory.ids(post("a"), post("b"), post("c"))
        ring = (
            replace(post("b"), source_id="a.md"),
            replace(post("c"), source_id="b.md"),
            replace(post("a"), source_id="c.md"),
        )
        assert [b, c, a] == memory.ids(*ring)

    def test_one_copied_over_another(self) -> None:
        """A file overwritten with a copy of one that is still there is no second of it: it is announced nowhere."""
        memory = Memory()
        a, b = memory.ids(post("a"), post("b"))
        over, original = memory.scan(replace(post("b"), source_id="a.md"), post("b"))
        assert (a, b) == (over.post.id, over.duplicate)
        assert (b, None) == (original.post.id, original.duplicate)

    def test_one_moved_over_another(self) -> None:
        """A file moved over another stays itself at that place, scan after scan."""
        memory = Memory()
        _, b = memory.ids(post("a"), post("b"))
        moved = replace(post("b"), source_id="a.md")
        assert [[b]] * 3 == [memory.ids(moved) for _ in range(3)]


class TestDoubt:
    """Weak or conflicting signs are held for a person."""

    def test_title_alone_in_the_same_weeks(self) -> None:
        """The same title some weeks apart, words and names new: it may be the one that is gone."""
        memory = Memory()
        (old,) = memory.ids(post("a", title="Weeknotes"))
        (new,) = memory.scan(post("b", title="Weeknotes", published=NOON + timedelta(days=20)))
        assert old != new.post.id
        assert old == new.other
        assert new.doubt is not None
        assert '"Weeknotes" of 2024-06-19 (https://example.com/a/)' in new.doubt

    def test_text_alone(self) -> None:
        """The same text under another title on another day may be the one that is gone."""
        memory = Memory()
        (old,) = memory.ids(post("a", text="x"))
        (new,) = memory.scan(post("b", text="x", published=NOON + timedelta(days=300)))
        assert old == new.other
        assert new.doubt

    def test_a_round_instant_alone(self) -> None:
        """An instant on the quarter hour may be anybody's."""
        memory = Memory()
        (old,) = memory.ids(post("a", has_time=True))
        (new,) = memory.scan(post("b", has_time=True))
        assert (old, True) == (new.other, new.is_new)

    def test_two_that_could_be_one(self) -> None:
        """Where two new posts look like the gone one equally, neither is taken for it."""
        memory = Memory()
        memory.scan(post("a", title="T"))
        answers = memory.scan(post("b", title="T"), post("c", title="T"))
        assert all(answer.is_new for answer in answers)
        assert any(answer.doubt for answer in answers)

    def test_place_and_url_disagree(self) -> None:
        """One post's place, another's URL, and words of neither: a person must say."""
        memory = Memory()
        a, b = memory.ids(post("a"), post("b"))
        (answer,) = memory.scan(post("a", url="https://example.com/b/", title="Third", text="third"))
        assert (a, b) == (answer.post.id, answer.other)
        assert answer.doubt


def _made(sketch: tuple[str, str, str, str, int, int]) -> Post:
    name, url, title, text, day, minute = sketch
    return post(
        name,
        url=f"https://example.com/{url}/" if url else None,
        title=title,
        text=text,
        published=NOON + timedelta(days=day, minutes=minute),
        has_time=bool(minute),
    )


_SKETCH = st.tuples(
    st.sampled_from("abcdef"),
    st.sampled_from(["a", "b", "c", "d", ""]),
    st.sampled_from(["", "T", "U", "V"]),
    st.sampled_from(["", "x", "y", "z"]),
    st.integers(0, 3),
    st.sampled_from([0, 0, 7, 15]),
)
_SCANS = st.lists(st.lists(_SKETCH, max_size=6, unique_by=lambda sketch: sketch[0]), min_size=1, max_size=5)
Scans = list[list[tuple[str, str, str, str, int, int]]]


def _told(answers: Sequence[Identified]) -> dict[str, tuple[object, ...]]:
    return {a.post.source_id: (a.post.id, a.is_new, a.doubt, a.other, a.duplicate) for a in answers}


class TestComesBack:
    """A post that was gone for some scans, and is put back under another name."""

    def _after_a_while(self, before: Post, after: Post) -> tuple[Identified, Identified]:
        memory = Memory()
        old = memory.scan(before)[0]
        memory.scan(post("z", published=NOON + timedelta(days=400)))
        memory.scan(post("z", published=NOON + timedelta(days=400)))
        return old, memory.scan(post("z", published=NOON + timedelta(days=400)), after)[1]

    def test_with_its_date_and_words(self) -> None:
        """With its day, title and text it is the post it was."""
        old, new = self._after_a_while(post("a", title="T", text="x"), post("b", title="T", text="x"))
        assert (old.post.id, False, None) == (new.post.id, new.is_new, new.doubt)

    def test_with_another_date(self) -> None:
        """With its title and text under another date it may be another week's: a person must say."""
        later = post("b", title="T", text="x", published=NOON + timedelta(days=7))
        old, new = self._after_a_while(post("a", title="T", text="x"), later)
        assert new.is_new
        assert old.post.id == new.other

    def test_with_a_templates_text_alone(self) -> None:
        """A post long gone that shared its text, or its title, with a new one is no reason to hold that."""
        for after in (post("b", text="x"), post("b", title="T")):
            later = replace(after, published=NOON + timedelta(days=7))
            old, new = self._after_a_while(post("a", title="T", text="x"), later)
            assert (True, None) == (new.is_new, new.doubt)
            assert old.post.id != new.post.id


class TestTwins:
    """What a window seems to have slid past, while its words, title and day are there under another name."""

    def test_words_title_and_day_are_asked_for(self) -> None:
        """One that differs in any of the three is another post; without dates on either side the day is the same."""
        before = [Memory().scan(post("a", title="T", text="x", published=at))[0].post for at in (NOON, None)]
        known = [_remembered(one) for one in before]
        assert twins([post("b", title="t!", text="x", published=NOON + timedelta(hours=5))], known) == known[:1]
        assert twins([post("b", title="T", text="x", published=None)], known) == known[1:]
        assert twins([post("b", title="T", text="x", published=NOON + timedelta(days=1))], known) == []
        assert twins([post("b", title="T", text="y"), post("b", title="U", text="x")], known) == []


class TestProperties:
    """What holds for every history of a folder."""

    @settings(max_examples=300, deadline=None)
    @given(_SCANS, st.randoms(use_true_random=False))
    def test_the_order_of_items_decides_nothing(self, scans: Scans, chance: random.Random) -> None:
        """However the items of each scan are shuffled, the identities are the same."""
        straight, shuffled = Memory(), Memory()
        for found in ([_made(sketch) for sketch in scan] for scan in scans):
            mixed = list(found)
            chance.shuffle(mixed)
            assert _told(straight.scan(*found)) == _told(shuffled.scan(*mixed))

    @example([
        [("a", "c", "", "", 0, 0), ("b", "c", "", "", 0, 0)],
        [("a", "a", "", "", 0, 0), ("b", "a", "T", "", 0, 0)],
        [("a", "a", "", "", 0, 0), ("c", "b", "T", "", 0, 0)],
        [("a", "a", "", "", 0, 0), ("b", "c", "", "", 0, 0), ("c", "a", "", "", 0, 0)],
    ])  # fmt: skip
    @settings(max_examples=300, deadline=None)
    @given(_SCANS)
    def test_items_of_one_scan_are_different_posts(self, scans: Scans) -> None:
        """No two items that are there at once get one identity."""
        memory = Memory()
        for found in ([_made(sketch) for sketch in scan] for scan in scans):
            ids = memory.ids(*found)
            assert len(found) == len(set(ids))

    @settings(max_examples=300, deadline=None)
    @given(_SCANS)
    def test_a_scan_repeated_changes_nothing(self, scans: Scans) -> None:
        """Nothing moved, nothing changed: every item is the post it was."""
        memory = Memory()
        for found in ([_made(sketch) for sketch in scan] for scan in scans):
            first = memory.ids(*found)
            assert first == memory.ids(*found)

    @settings(max_examples=300, deadline=None)
    @given(_SCANS)
    def test_one_url_is_announced_under_one_identity(self, scans: Scans) -> None:
        """Of the items of a scan that share a URL at most one is no duplicate."""
        memory = Memory()
        for found in ([_made(sketch) for sketch in scan] for scan in scans):
            free = [a.post.url for a in memory.scan(*found) if a.post.url and not a.duplicate]
            assert len(free) == len(set(free))
