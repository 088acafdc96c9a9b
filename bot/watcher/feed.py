"""A feed as a source of posts: of any format, over HTTP or from a file. `prepare` fetches, `scan` looks."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.errors import SourceError
from bot.http import Http, body_print
from bot.model import Post, Problem
from bot.watcher import feed_fetch, feed_memo, feed_parse
from bot.watcher.base import Errand, Scan
from bot.watcher.feed_entry import Feed, Origin, posts
from bot.watcher.feed_fetch import Answer, NoFeed
from bot.watcher.values import Unreadable

BACK_OFF = timedelta(minutes=5)
LONGEST_BACK_OFF = timedelta(hours=6)
LONGEST_WAIT = timedelta(days=1)
_READER = "2"  # raised whenever the same bytes are to be read in another way
_KEPT = ("of", "hash", "etag", "modified", "ids", "hint", "moved", "problems")
_SLACK = timedelta(seconds=2)  # a schedule that fires a moment early still means this time


class FeedSource:
    """The feed at `address`: a web address, or the path of a file.

    `every` is the least time between two requests of a patient errand. `site_url` is what the relative links of a file
    start from. Of what it read it keeps the posts, so that they can be looked at again without asking.
    """

    def __init__(
        self,
        name: str,
        address: str | Path,
        http: Http,
        *,
        timezone: ZoneInfo,
        language: str | None = None,
        site_url: str | None = None,
        every: timedelta | None = None,
        allow_private: bool = False,
    ) -> None:
        self.name = name
        self._address, self._http = address, http
        self._site_url, self._every, self._allow_private = site_url, every or timedelta(0), allow_private
        settings = "\n".join(map(str, (_READER, address, site_url, timezone.key, language, name)))
        self._of = hashlib.sha256(settings.encode()).hexdigest()[:16]
        self._origin = Origin(name, timezone, language, self._of[:8])
        self.feed: Feed | None = None
        self._posts: dict[str, Post] | None = None
        self._problems: tuple[Problem, ...] = ()
        self._notices: tuple[Problem, ...] = ()
        self._failure: str | None = "it has not been asked for"
        self._memo: dict[str, str] = {}
        self._asked: datetime | None = None

    def prepare(self, errand: Errand) -> Mapping[str, str]:
        """Fetch what has changed; see `RemoteSource`. What went wrong is raised by `scan`."""
        if self._asked != errand.now and errand.memo.get("hash") != self._memo.get("hash"):
            self._posts = None  # another process has read another body since: the state knows of its posts
        memo = dict(errand.memo) if self._posts is None else dict(self._memo)
        if memo.get("of") != self._of:
            memo = {"of": self._of}
        must_read = self._posts is None and _names_one(memo, errand.wanted)
        if self._asked == errand.now and (self._failure or not must_read):
            return self._memo
        self._asked, self._notices = errand.now, ()
        try:
            self._failure = None
            if self._is_to_be_asked(memo, errand, must_read=must_read):
                memo = self._bring(memo, errand.now, must_read=must_read)
        except NoFeed as error:
            memo = self._failed(memo, error.message, errand.now, error.wait)
        except Unreadable as error:
            memo = self._failed(memo, error.message, errand.now, None)
        self._memo = memo
        return memo

    def scan(self, known: Mapping[str, str]) -> Scan:
        """Say what the last errand brought. Raises `SourceError` when it brought nothing."""
        if self._failure:
            raise SourceError(f"[sources.{self.name}] {self._failure}")
        if self._posts is None:
            problems = feed_memo.problems(self._memo, self.name)
            return Scan((), known.keys(), (*self._notices, *problems), window=True)
        found = self._posts.values()
        return Scan(
            tuple(post for post in found if known.get(post.source_id) != post.stamp),
            frozenset(post.source_id for post in found if known.get(post.source_id) == post.stamp),
            (*self._notices, *self._problems),
            window=True,
        )

    def read(self, source_id: str) -> Post | None:
        """Return a post that the last errand brought. None says nothing: it may have left the window."""
        return (self._posts or {}).get(source_id)

    def _is_to_be_asked(self, memo: Mapping[str, str], errand: Errand, *, must_read: bool) -> bool:
        """Whether to ask now. Raises `NoFeed` again while a feed that failed is to be left alone."""
        rest = _instant(memo, "leave")
        if errand.patient:
            rest = max((at for at in (rest, _instant(memo, "back_off")) if at), default=None)
        if "error" in memo and rest and errand.now < rest:
            self._failure = memo["error"]
            return False
        due = _instant(memo, "due")
        return must_read or not (errand.patient and due and errand.now + _SLACK < due)

    def _bring(self, memo: dict[str, str], now: datetime, *, must_read: bool) -> dict[str, str]:
        """Ask, and read what is new. Returns the memo of an errand that went well."""
        answer = self._ask(memo, now, must_read=must_read)
        kept = {key: memo[key] for key in _KEPT if key in memo} | {"etag": answer.etag, "modified": answer.modified}
        if answer.body is not None:
            kept |= self._read(answer, memo) | {"hash": body_print(answer.body)}
        if answer.moved and answer.moved != memo.get("moved"):
            kept["moved"] = answer.moved
            self._tell("url", f"the feed has moved to {feed_fetch.shown(answer.moved)}; change it here")
        hint = max(answer.fresh_for or timedelta(0), timedelta(seconds=float(kept.get("hint") or 0)))
        kept["due"] = (now + max(self._every, min(hint, LONGEST_WAIT))).isoformat()
        return {key: value for key, value in kept.items() if value}

    def _ask(self, memo: Mapping[str, str], now: datetime, *, must_read: bool) -> Answer:
        known = memo.get("hash", "") if not must_read and (self._posts is not None or "ids" in memo) else ""
        if isinstance(self._address, Path):
            body = _contents(self._address)
            return Answer(None if body_print(body) == known else body, url=self._site_url or "", content_type="")
        validators = {} if must_read else {key: memo.get(key, "") for key in ("etag", "modified")}
        return feed_fetch.ask(
            self._address,
            self._http,
            now,
            allow_private=self._allow_private,
            start=memo.get("moved", ""),
            known=known,
            **validators,
        )

    def _read(self, answer: Answer, memo: Mapping[str, str]) -> dict[str, str]:
        """Read a body; return what the memo shall know of it."""
        feed = feed_parse.read(answer.body or b"", answer.content_type, answer.url or None)
        found = posts(feed, self._origin)
        before = memo.get("ids", "")
        trouble = [Problem(f"[sources.{self.name}]", feed.trouble, source=self.name)] if feed.trouble else []
        self.feed, self._problems = feed, (*trouble, *found.problems)
        self._posts = {post.source_id: post for post in found.posts}
        if before and not feed.entries:
            count = len(before.split(" "))
            self._tell("", f"the feed is empty, and held {count} before: nothing counts as gone")
        seconds = feed.every.total_seconds() if feed.every else 0
        hint = {"hint": str(seconds) if seconds else ""}
        return {"ids": " ".join(map(_print, self._posts))} | hint | feed_memo.kept(self._problems)

    def _failed(self, memo: Mapping[str, str], message: str, now: datetime, wait: timedelta | None) -> dict[str, str]:
        """The memo of an errand that failed. The first failure is forgiven; what follows doubles the time between."""
        self._failure = message
        count = int(memo.get("failures", "0")) + 1
        left_out = {"leave", "back_off", "due"} | ({"moved"} if count > 1 else set())  # it may have moved back
        kept = {key: value for key, value in memo.items() if key not in left_out}
        kept |= {"failures": str(count), "error": message}
        if wait:
            kept["leave"] = (now + min(wait, LONGEST_WAIT)).isoformat()
        if count > 1:
            kept["back_off"] = (now + min(BACK_OFF * 2 ** min(count - 2, 10), LONGEST_BACK_OFF)).isoformat()
        return kept

    def _tell(self, key: str, message: str) -> None:
        where = f"sources.{self.name}.{key}" if key else f"[sources.{self.name}]"
        self._notices = (*self._notices, Problem(where, message, source=self.name))


def _contents(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            body = file.read(feed_fetch.LARGEST + 1)
    except OSError as error:
        raise NoFeed(f"{path.name} cannot be read ({error.strerror})") from error
    if len(body) > feed_fetch.LARGEST:
        raise NoFeed(feed_fetch.TOO_LARGE)
    return feed_fetch.unzipped(body)


def _print(source_id: str) -> str:
    return f"{zlib.crc32(source_id.encode('utf-8', 'surrogatepass')):08x}"


def _names_one(memo: Mapping[str, str], wanted: frozenset[str]) -> bool:
    """Whether the feed held one of these at the last look."""
    if not wanted:
        return False
    shown = frozenset(memo.get("ids", "").split(" "))
    return any(_print(id_) in shown for id_ in wanted)


def _instant(memo: Mapping[str, str], key: str) -> datetime | None:
    return datetime.fromisoformat(memo[key]) if key in memo else None
