from __future__ import annotations

import base64
import json
import os
import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from msgspec.structs import replace

from bot.errors import Rejected, TryLater, Uncertain
from bot.model import Card, Media, Thumbnail, Visibility
from bot.publishers import local_page
from bot.publishers.local import Local, _write_new
from bot.testing import access, announcement, attempt, raised

NOW = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)


def on(folder: Path, now: datetime = NOW, account: str = "me") -> Local:
    return Local(access({"path": str(folder)}, {}, clock=lambda: now, account=account))


class Page(HTMLParser):
    """The tags of a page with their attributes, and its text; fails on a tag that is closed but not open."""

    VOID = frozenset({"meta", "img", "link", "br", "input"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Check that it closes the innermost one."""
        assert tag == self._open.pop()

    def handle_data(self, data: str) -> None:
        """Gather text."""
        self.text += data

    def values(self, tag: str, name: str) -> list[str | None]:
        """Return one attribute of every such tag."""
        return [attrs.get(name) for found, attrs in self.tags if found == tag]


def page(folder: Path) -> Page:
    return Page((folder / "index.html").read_text("utf-8"))


def test_the_file_has_the_keys_that_are_promised(tmp_path: Path) -> None:
    """One JSON file named by the key, its fields as documented, times in UTC."""
    words = replace(
        announcement(content_warning="Spoilers", visibility=Visibility.UNLISTED, now=NOW),
        card=Card("https://example.com/a", "Title", "Words", Thumbnail(b"\x89PNG", "image/png", 2, 1, "A road")),
        media=(Media(b"\xff\xd8", "image/jpeg", "A bend", 4, 3, "img/a.jpg"),),
    )
    attempt(on(tmp_path), words)
    (file,) = tmp_path.glob("*.json")
    assert file.name == f"{words.key}.json"
    assert json.loads(file.read_text("utf-8")) == {
        "key": words.key,
        "account": "me",
        "text": words.text,
        "url": words.url,
        "post": {
            "id": words.post.id,
            "slug": "a-post",
            "title": "Where the road goes",
            "url": words.url,
            "published": "2026-11-23T12:00:00Z",
        },
        "published_at": "2026-11-23T12:00:00.123456Z",
        "language": "en",
        "content_warning": "Spoilers",
        "visibility": "unlisted",
        "card": {
            "url": "https://example.com/a",
            "title": "Title",
            "description": "Words",
            "thumbnail": {
                "alt": "A road",
                "mime": "image/png",
                "width": 2,
                "height": 1,
                "data": base64.b64encode(b"\x89PNG").decode(),
            },
        },
        "media": [
            {
                "source": "img/a.jpg",
                "alt": "A bend",
                "mime": "image/jpeg",
                "width": 4,
                "height": 3,
                "data": base64.b64encode(b"\xff\xd8").decode(),
            }
        ],
    }


def test_the_permalink_leads_to_the_place_on_the_page(tmp_path: Path) -> None:
    """The receipt's URL is the page's file address with the entry's own anchor, which is there."""
    words = announcement()
    receipt = attempt(on(tmp_path / "my journal"), words).receipt
    assert receipt is not None
    assert receipt.url == f"{(tmp_path / 'my journal' / 'index.html').as_uri()}#{words.key}"
    assert words.key in page(tmp_path / "my journal").values("article", "id")


def test_a_repeat_keeps_the_first_ones_time(tmp_path: Path) -> None:
    """The file that is there is never written over, and its receipt is the first one's."""
    first = attempt(on(tmp_path), announcement()).receipt
    second = attempt(on(tmp_path, NOW + timedelta(days=1)), announcement()).receipt
    assert first == second


def test_a_file_that_appears_in_between_is_kept(tmp_path: Path) -> None:
    """Writing never replaces, even where another process was faster after we had looked."""
    file = tmp_path / "key.json"
    _write_new(file, "theirs", NOW)
    _write_new(file, "ours", NOW)
    assert file.read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [file]


def test_many_at_once_leave_one_file_and_a_full_page(tmp_path: Path) -> None:
    """Eight writers, two with each key: four files, all with the same receipts, and the page shows all four."""
    receipts = []

    def write(number: int) -> None:
        words = announcement(url=f"https://example.com/{number % 4}")
        receipts.append((words.key, attempt(on(tmp_path, NOW + timedelta(seconds=number)), words).receipt))

    writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(receipts) == 8
    assert len({(key, receipt.at) for key, receipt in receipts if receipt}) == 4
    assert len(list(tmp_path.glob("*.json"))) == 4
    assert len(page(tmp_path).values("article", "id")) == 4


def test_nothing_half_written_is_left(tmp_path: Path) -> None:
    """After a publish the folder holds the file, the page and its lock, and no draft."""
    words = announcement()
    attempt(on(tmp_path), words)
    assert {item.name for item in tmp_path.iterdir()} == {f"{words.key}.json", "index.html", ".index.lock"}


@contextmanager
def no_room(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_for_later_and_leaves_nothing(tmp_path: Path) -> None:
    """Where the file cannot be written whole it is not there at all, and it may work later."""
    words = announcement()
    with no_room(64):
        error = attempt(on(tmp_path), words).error
    assert isinstance(error, TryLater)
    assert list(tmp_path.iterdir()) == []
    assert attempt(on(tmp_path), words).receipt is not None


def test_a_page_that_cannot_be_written_leaves_the_announcement_findable(tmp_path: Path) -> None:
    """The file is the truth: without its page the outcome is `Uncertain`, and a look finds it."""
    words = announcement()
    (tmp_path / "index.html").mkdir()
    error = attempt(on(tmp_path), words).error
    assert isinstance(error, Uncertain)
    found = on(tmp_path).find(words, NOW)
    assert found is not None
    assert found.remote_id == words.key


def test_a_folder_that_cannot_be_made_is_for_later() -> None:
    """A place where nobody may make folders is `TryLater`, and says why."""
    error = attempt(on(Path("/proc/nobody-makes-folders-here")), announcement()).error
    assert isinstance(error, TryLater)
    assert "/proc/nobody-makes-folders-here cannot be made" in error.message


@pytest.mark.parametrize("below", ["", "folder"])
def test_a_path_that_is_a_file_is_rejected_with_what_to_do(tmp_path: Path, below: str) -> None:
    """A file in the way is no trouble that passes: the message names the key to set."""
    (tmp_path / "journal").write_text("not a folder")
    publisher = on(tmp_path / "journal" / below)
    for error in (attempt(publisher, announcement()).error, raised(publisher.verify)):
        assert isinstance(error, Rejected)
        assert "set `path` of account me" in error.message


def test_recent_is_this_accounts_newest_first(tmp_path: Path) -> None:
    """Another account's files in the same folder, foreign files and older ones are not shown."""
    for day, account in [(1, "me"), (2, "me"), (3, "other"), (4, "me")]:
        words = announcement(url=f"https://example.com/{day}", account=account)
        attempt(on(tmp_path, NOW + timedelta(days=day), account), words)
    (tmp_path / "foreign.json").write_text('{"key": 1}')
    (tmp_path / "broken.json").write_text("{")
    seen = list(on(tmp_path).recent(NOW + timedelta(days=2)))
    assert [item.links for item in seen] == [("https://example.com/4",), ("https://example.com/2",)]


def test_verify_names_the_folder(tmp_path: Path) -> None:
    """The profile is the folder, and where its page is."""
    profile = on(tmp_path / "new").verify()
    assert profile.name == str(tmp_path / "new")
    assert profile.url == (tmp_path / "new" / "index.html").as_uri()


def test_the_page_says_what_was_announced_and_runs_nothing(tmp_path: Path) -> None:
    """Hostile words are shown as words; addresses are links; nothing is loaded or run from anywhere."""
    text = '<script>alert(1)</script> & "quotes" see https://example.com/?a=1&b=<b>, (https://example.com/x_(y)).'
    words = replace(
        announcement(text, content_warning="<i>Careful</i>"),
        card=Card('https://example.com/"onclick="x', "<b>Title</b>", "", Thumbnail(b"x", "text/html", 1, 1)),
    )
    attempt(on(tmp_path, account='<img src="x">'), replace(words, account='<img src="x">'))
    shown = page(tmp_path)
    assert text in shown.text
    assert "<i>Careful</i>" in shown.text
    assert "<b>Title</b>" in shown.text
    assert {"script", "img", "i", "b", "link", "iframe"} & {tag for tag, _ in shown.tags} == set()
    assert all("onclick" not in attrs for _, attrs in shown.tags)
    links = shown.values("a", "href")
    assert "https://example.com/?a=1&b=" in links
    assert "https://example.com/x_(y)" in links


def test_the_page_is_readable_for_everyone(tmp_path: Path) -> None:
    """It has a language, a title, one main part, headings, machine-readable times, alt texts and a dark dress."""
    words = replace(
        announcement(language="de", now=NOW), media=(Media(b"\xff\xd8", "image/jpeg", "Eine Straße", 4, 3),)
    )
    attempt(on(tmp_path), words)
    shown = page(tmp_path)
    assert shown.values("html", "lang") == ["en"]
    assert "de" in shown.values("p", "lang")
    assert [tag for tag, _ in shown.tags if tag in ("main", "h1", "h2", "title")] == ["title", "h1", "main", "h2"]
    assert shown.values("time", "datetime") == ["2026-11-23T12:00:00.123456Z"]
    assert shown.values("img", "alt") == ["Eine Straße"]
    assert "23 November 2026, 12:00 UTC" in shown.text
    assert "prefers-color-scheme: dark" in shown.text


def test_the_page_shows_the_newest_two_hundred_and_says_so(tmp_path: Path) -> None:
    """A long journal keeps a short page, and the reader is told of the rest."""
    attempt(on(tmp_path), announcement())
    (first,) = tmp_path.glob("*.json")
    entry = json.loads(first.read_text("utf-8"))
    for number in range(local_page.MOST + 50):
        at = NOW - timedelta(minutes=number + 1)
        older = entry | {"key": f"k{number}", "published_at": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")}
        file = tmp_path / f"k{number}.json"
        file.write_text(json.dumps(older))
        os.utime(file, (at.timestamp(), at.timestamp()))
    attempt(on(tmp_path, NOW + timedelta(minutes=1)), announcement(url="https://example.com/newest"))
    shown = page(tmp_path)
    times = shown.values("time", "datetime")
    assert len(times) == local_page.MOST
    assert times == sorted(times, key=str, reverse=True)
    assert times[0] == "2026-11-23T12:01:00.123456Z"
    assert f"The newest {local_page.MOST} of {local_page.MOST + 52} announcements" in shown.text
