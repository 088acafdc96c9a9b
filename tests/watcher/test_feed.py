from __future__ import annotations

import gzip
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.errors import SourceError
from bot.http import Http
from bot.watcher.base import Errand, RemoteSource, Scan
from bot.watcher.feed import FeedSource
from tests.servers.feeds import FeedServer
from tests.watcher.feeds import item, rss

NOW = datetime(2024, 6, 20, 12, 0, tzinfo=UTC)
TWO = rss(item(), item(number=2))


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


@pytest.fixture
def http() -> Iterator[Http]:
    made = Http()
    yield made
    made.close()


class Reader:
    """A feed that is looked at again and again; each look is a new process unless `lasting`."""

    def __init__(
        self, http: Http, address: str | Path, *, lasting: bool = False, every: timedelta | None = None
    ) -> None:
        self.http, self.address, self.lasting, self.every = http, address, lasting, every
        self.source = self.new()
        self.memo: Mapping[str, str] = {}
        self.known: dict[str, str] = {}

    def new(self) -> FeedSource:
        """The source as a new process makes it."""
        return FeedSource("micro", self.address, self.http, timezone=ZoneInfo("UTC"), site_url=None, every=self.every)

    def look(self, at: timedelta = timedelta(0), *, wanted: tuple[str, ...] = (), patient: bool = False) -> Scan:
        """Prepare and scan, and keep what is to be kept."""
        if not self.lasting:
            self.source = self.new()
        known = self.known | dict.fromkeys(wanted, "")
        errand = Errand(NOW + at, self.memo, frozenset(wanted), patient)
        self.memo = self.source.prepare(errand)
        scan = self.source.scan(known)
        self.known |= {post.source_id: post.stamp for post in scan.posts}
        return scan

    def trouble(self, at: timedelta = timedelta(0), *, patient: bool = False) -> str:
        """What a look that fails says."""
        with pytest.raises(SourceError) as caught:
            self.look(at, patient=patient)
        return str(caught.value)


def ids(scan: Scan) -> list[str]:
    return [post.source_id for post in scan.posts]


MINUTE = timedelta(minutes=1)


def test_it_is_a_remote_source_with_a_window(http: Http, server: FeedServer) -> None:
    """What is missing from it is not gone."""
    reader = Reader(http, server.put("/feed", TWO))
    assert isinstance(reader.source, RemoteSource)
    assert reader.look().window


@pytest.mark.parametrize(("etag", "modified"), [('W/"1"', ""), ("", "Wed, 19 Jun 2024 18:47:59 GMT")])
def test_what_has_not_changed_is_not_sent_again(http: Http, server: FeedServer, etag: str, modified: str) -> None:
    """The validators go back as they came; after a 304 everything known is there, unread."""
    reader = Reader(http, server.put("/feed", TWO, etag=etag, modified=modified))
    assert ["tag:1", "tag:2"] == ids(reader.look())
    scan = reader.look(MINUTE)
    assert ([], {"tag:1", "tag:2"}) == (ids(scan), scan.unchanged)
    asked = server.asked[1][1]
    assert (etag or None, modified or None) == (asked.get("if-none-match"), asked.get("if-modified-since"))


def test_the_same_bytes_are_not_parsed(http: Http, server: FeedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server without validators sends all of it; its hash is known."""
    reader = Reader(http, server.put("/feed", TWO))
    reader.look()
    monkeypatch.delattr("bot.watcher.feed_parse.read")
    assert {"tag:1", "tag:2"} == reader.look(MINUTE).unchanged


@pytest.mark.parametrize(("new_tag", "expected"), [('"2"', '"2"'), ("", None)])
def test_a_new_validator_of_the_same_bytes_is_kept(
    http: Http, server: FeedServer, new_tag: str, expected: str | None
) -> None:
    """A server that was restarted names the same feed anew, or no more."""
    reader = Reader(http, server.put("/feed", TWO, etag='"1"'))
    reader.look()
    server.put("/feed", TWO, etag=new_tag)
    reader.look(MINUTE)
    reader.look(2 * MINUTE)
    assert ['"1"', expected] == [headers.get("if-none-match") for _, headers in server.asked[1:]]


def test_only_what_changed_is_read(http: Http, server: FeedServer) -> None:
    """A new build of the feed gives the entries that are new or other."""
    reader = Reader(http, server.put("/feed", TWO))
    reader.look()
    server.put(
        "/feed", rss(item(number=3), item(title="Mended"), item(number=2), head="<lastBuildDate>x</lastBuildDate>")
    )
    scan = reader.look(MINUTE)
    assert (["tag:3", "tag:1"], {"tag:2"}) == (ids(scan), scan.unchanged)


def test_what_another_process_has_read_is_not_gone(http: Http, server: FeedServer) -> None:
    """A daemon that is not to ask yet does not go by its own older reading: the state knows of a newer one."""
    url = server.put("/feed", TWO)
    first, second = (Reader(http, url, lasting=True, every=MINUTE * 60) for _ in range(2))
    first.look()
    second.memo, second.known = first.memo, dict(first.known)
    server.put("/feed", rss(item(number=3), item(number=1), item(number=2)))
    assert ["tag:3"] == [id_ for id_ in ids(second.look(10 * MINUTE)) if id_ not in first.known]
    first.memo, first.known = second.memo, dict(second.known)
    assert {"tag:1", "tag:2", "tag:3"} == first.look(20 * MINUTE, patient=True).present()


def test_one_that_is_to_be_read_again_is_there(http: Http, server: FeedServer) -> None:
    """A feed rests, and one of what it held before waits to be sent: it has left the window, and is not gone."""
    reader = Reader(http, server.put("/feed", TWO, etag='"1"'))
    reader.look()
    reader.known["tag:9"] = "old"
    assert {"tag:1", "tag:2", "tag:9"} == reader.look(MINUTE, wanted=("tag:9",)).present()


def test_what_cannot_be_read_is_told_while_the_feed_rests(http: Http, server: FeedServer) -> None:
    """Each look tells it, until the entry is mended; it is not gone meanwhile."""
    reader = Reader(
        http, server.put("/feed", rss(item(), "<item></item>", item("<posse:post>{</posse:post>", number=2)))
    )
    told = [problem.path for problem in reader.look().problems]
    assert ["[sources.micro] entry 2", "[sources.micro] tag:2"] == told
    scan = reader.look(MINUTE)
    assert told == [problem.path for problem in scan.problems]
    assert {"tag:1", "tag:2", ""} == scan.present()
    server.put("/feed", TWO)
    assert () == reader.look(2 * MINUTE).problems
    assert () == reader.look(3 * MINUTE).problems


def test_what_must_be_read_is_asked_for_in_full(http: Http, server: FeedServer) -> None:
    """A post that may still be announced is read although nothing has changed; one that left the feed asks nothing."""
    reader = Reader(http, server.put("/feed", TWO, etag='"1"'))
    reader.look()
    assert ["tag:2"] == ids(reader.look(MINUTE, wanted=("tag:2",)))
    assert "if-none-match" not in server.asked[1][1]
    reader.look(2 * MINUTE, wanted=("tag:gone",))
    assert '"1"' == server.asked[2][1]["if-none-match"]


def test_a_process_that_stays_keeps_what_it_read(http: Http, server: FeedServer) -> None:
    """It reads a post again without asking for the body."""
    reader = Reader(http, server.put("/feed", TWO, etag='"1"'), lasting=True)
    reader.look()
    assert ["tag:2"] == ids(reader.look(MINUTE, wanted=("tag:2",)))
    assert '"1"' == server.asked[1][1]["if-none-match"]
    post = reader.source.read("tag:2")
    assert post is not None
    assert "tag:2" == post.source_id
    assert reader.source.read("tag:3") is None


def test_one_moment_asks_once(http: Http, server: FeedServer) -> None:
    """The looks of one command share what was fetched."""
    reader = Reader(http, server.put("/feed", TWO), lasting=True)
    reader.look()
    reader.look(wanted=("tag:1",))
    assert 1 == len(server.asked)


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_a_compressed_feed_is_read(http: Http, server: FeedServer, coding: str) -> None:
    """A compressed body is the same feed, changed or not; what is not understood is not asked for."""
    reader = Reader(http, server.put("/feed", TWO, zipped=coding))
    assert 2 == len(ids(reader.look()))
    assert "gzip, deflate, br" == server.asked[0][1]["accept-encoding"]
    assert {"tag:1", "tag:2"} == reader.look(MINUTE).unchanged
    server.put("/feed", rss(item(number=3), item(number=1)), zipped=coding)
    assert ["tag:3"] == ids(reader.look(2 * MINUTE))


@pytest.mark.parametrize("header", [{}, {"Content-Encoding": "x-gzip"}])
def test_a_gzip_file_is_read(http: Http, server: FeedServer, tmp_path: Path, header: dict[str, str]) -> None:
    """A feed that is laid out compressed, and sent or kept as it lies."""
    body = gzip.compress(TWO.encode())
    assert 2 == len(ids(Reader(http, server.put("/feed.gz", body, headers=header)).look()))
    (tmp_path / "feed.gz").write_bytes(body)
    assert 2 == len(ids(Reader(http, tmp_path / "feed.gz").look()))
    assert "damaged" in Reader(http, server.put("/bad", b"\x1f\x8b\x08\xff\xff")).trouble()
    assert "breaks off" in Reader(http, server.put("/half", body[:-30])).trouble()
    bomb = gzip.compress(b" " * 50_000_000)
    assert "larger than 20 MB" in Reader(http, server.put("/bomb", bomb)).trouble()


def test_a_304_that_was_not_asked_for_is_no_feed(http: Http, server: FeedServer) -> None:
    """What was never read is not unchanged: no line is drawn between old and new."""
    assert "304" in Reader(http, server.put("/feed", "", status=304)).trouble()


def test_a_permanent_move_is_remembered_and_told_once(http: Http, server: FeedServer) -> None:
    """From then on the new address is asked; a passing one is not remembered."""
    server.put("/new", TWO)
    reader = Reader(http, server.redirect("/old", "/new", 308))
    (told,) = reader.look().problems
    assert ("sources.micro.url", f"the feed has moved to {server.base}/new; change it here") == (
        told.path,
        told.message,
    )
    assert () == reader.look(MINUTE).problems
    assert ["/old", "/new", "/new"] == server.paths()
    server.redirect("/temporary", "/new", 302)
    other = Reader(http, f"{server.base}/temporary")
    assert () == other.look().problems
    other.look(MINUTE)
    assert 2 == server.paths().count("/temporary")


def test_only_what_is_permanent_up_to_there_is_remembered(http: Http, server: FeedServer) -> None:
    """301, then 302: the middle one is the new address."""
    server.put("/c", TWO)
    server.redirect("/b", "/c", 302)
    (told,) = Reader(http, server.redirect("/a", "/b", 301)).look().problems
    assert f"moved to {server.base}/b;" in told.message


def test_a_move_that_leads_nowhere_is_forgotten(http: Http, server: FeedServer) -> None:
    """After two failures the configured address is asked again."""
    server.put("/new", TWO)
    reader = Reader(http, server.redirect("/old", "/new"))
    reader.look()
    del server.feeds["/new"]
    server.put("/old", TWO)
    assert "404" in reader.trouble(MINUTE)
    assert "404" in reader.trouble(2 * MINUTE)
    assert not reader.look(3 * MINUTE).problems


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("/feed", "in a circle"),
        ("http://127.0.0.2:9/feed", "redirects to a private address"),
        ("http://localhost:9/feed", "redirects to a private address"),
        ("http://169.254.169.254/latest/meta-data/", "redirects to a private address"),
        ("http://[::ffff:10.0.0.1]/", "redirects to a private address"),
        ("file:///etc/passwd", "no http(s) address"),
    ],
)
def test_redirects_that_are_not_followed(http: Http, server: FeedServer, target: str, words: str) -> None:
    """The configured host may be private, another that it names may not."""
    assert words in Reader(http, server.redirect("/feed", target)).trouble()


def test_a_long_chain_is_not_followed(http: Http, server: FeedServer) -> None:
    """More than five redirects are a trap."""
    for number in range(9):
        server.redirect(f"/{number}", f"/{number + 1}", 302)
    assert "more than 5 times" in Reader(http, f"{server.base}/0").trouble()


@pytest.mark.parametrize(
    ("status", "words"), [(401, "login"), (403, "403"), (404, "no feed"), (410, "gone for good"), (500, "answers 500")]
)
def test_what_a_server_refuses(http: Http, server: FeedServer, status: int, words: str) -> None:
    """One clear line with the source's name."""
    trouble = Reader(http, server.put("/feed", "x", status=status)).trouble()
    assert trouble.startswith("[sources.micro] ")
    assert words in trouble


def test_nobody_there(http: Http) -> None:
    """A host that does not answer is named."""
    assert "127.0.0.1:9 cannot be reached" in Reader(http, "http://127.0.0.1:9/feed").trouble()


def test_a_body_without_end_is_left(http: Http, server: FeedServer) -> None:
    """50 MB are no feed, also when they travel small."""
    body = b"<rss>" + b" " * 50_000_000
    assert "larger than 20 MB" in Reader(http, server.put("/feed", body)).trouble()
    for coding in ("gzip", "br"):
        assert "larger than 20 MB" in Reader(http, server.put("/zip", body, zipped=coding)).trouble()


def test_the_first_failure_is_forgiven_and_the_next_wait(http: Http, server: FeedServer) -> None:
    """A patient reader asks after 5 minutes, then 10, then 20; an impatient one at once."""
    reader = Reader(http, f"{server.base}/feed")
    asked = []
    for minute in range(41):
        reader.trouble(minute * MINUTE, patient=True)
        asked.append(len(server.asked))
    assert [0, 1, 6, 16, 36] == [asked.index(count) for count in range(1, 6)]
    server.put("/feed", TWO)
    assert "404" in reader.trouble(41 * MINUTE, patient=True)
    assert 2 == len(ids(reader.look(41 * MINUTE)))
    assert "failures" not in reader.memo


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_asks_to_be_left_alone_is(http: Http, server: FeedServer, status: int) -> None:
    """`Retry-After` holds for everyone; what was wrong is still told."""
    reader = Reader(http, server.put("/feed", "", status=status, headers={"Retry-After": "600"}))
    first = reader.trouble()
    assert first == reader.trouble(9 * MINUTE)
    assert 1 == len(server.asked)
    server.put("/feed", TWO)
    assert 2 == len(ids(reader.look(11 * MINUTE)))


def test_how_often_a_feed_wants_to_be_asked_is_heard(http: Http, server: FeedServer) -> None:
    """By a patient reader: `ttl` and max-age, never more often than `every`, at least once a day."""
    for head, age, every, expected in (
        ("<ttl>30</ttl>", "", None, 30),
        ("", "public, max-age=1200", None, 20),
        ("<ttl>30</ttl>", "max-age=60", None, 30),
        ("<ttl>1</ttl>", "", timedelta(minutes=10), 10),
        ("<ttl>90000</ttl>", "", None, 24 * 60),
        ("", "no-cache, max-age=9000", None, 0),
    ):
        reader = Reader(http, server.put("/feed", rss(item(), head=head), headers={"Cache-Control": age}), every=every)
        reader.look(patient=True)
        before = len(server.asked)
        reader.look((expected - 1) * MINUTE if expected else timedelta(0), patient=True)
        assert before + (expected == 0) == len(server.asked), (head, age)
        reader.look(expected * MINUTE, patient=True)
        assert before + 1 + (expected == 0) == len(server.asked), (head, age)


def test_an_empty_feed_that_was_not_is_told(http: Http, server: FeedServer) -> None:
    """Nothing counts as gone."""
    reader = Reader(http, server.put("/feed", TWO))
    reader.look()
    server.put("/feed", rss())
    (told,) = reader.look(MINUTE).problems
    assert "the feed is empty, and held 2 before" in told.message


def test_another_address_forgets_what_was_known(http: Http, server: FeedServer) -> None:
    """The memo of one address says nothing of another."""
    reader = Reader(http, server.put("/a", TWO, etag='"1"'))
    reader.look()
    reader.address = server.put("/b", TWO, etag='"1"')
    reader.look(MINUTE)
    assert "if-none-match" not in server.asked[1][1]


def test_no_secret_of_the_address_is_kept_or_told(http: Http, server: FeedServer) -> None:
    """A password in the address goes to its server, and nowhere else."""
    address = server.put("/feed?key=hush", "", status=500).replace("://", "://me:secret@")
    reader = Reader(http, address)
    told = reader.trouble() + str(reader.memo) + repr(reader.memo)
    assert ("secret" in told, "hush" in told) == (False, False)
    assert server.asked[0][1]["authorization"].startswith("Basic ")


def test_a_file_is_a_feed_also(http: Http, tmp_path: Path) -> None:
    """It is read where it lies; one that is missing is named."""
    path = tmp_path / "feed.xml"
    reader = Reader(http, path)
    assert "feed.xml cannot be read (No such file or directory)" in reader.trouble()
    path.write_text(TWO, encoding="utf-8")
    assert ["tag:1", "tag:2"] == ids(reader.look(MINUTE))
    assert {"tag:1", "tag:2"} == reader.look(2 * MINUTE).unchanged


def test_ten_thousand_entries_are_read_in_good_time(http: Http, server: FeedServer) -> None:
    """A feed that holds a whole life is read, once."""
    reader = Reader(http, server.put("/feed", rss(*(item(number=number) for number in range(10_000)))))
    begin = time.monotonic()
    assert 10_000 == len(ids(reader.look()))
    assert time.monotonic() - begin < 60
