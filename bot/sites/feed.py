"""What a feed tells of the site it is of."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from bot.errors import SourceError
from bot.http import Http
from bot.model import Post, Problem
from bot.sites.found import Found, Kind, Posts
from bot.watcher import feed_fetch, feed_parse, feed_text
from bot.watcher.feed_entry import Feed, Origin, posts
from bot.watcher.feed_fetch import NoFeed
from bot.watcher.values import Unreadable

_NAME = "blog"


def look(address: str, http: Http, now: datetime) -> tuple[Found, list[Post], list[Problem]]:
    """Read the feed at a web address, or the one that the page there names, or a file; the newest post last.

    Raises `SourceError` with what is there instead.
    """
    try:
        where, feed = _read(address, http, now)
    except (NoFeed, Unreadable) as error:
        raise SourceError(f"{feed_fetch.shown(address)}: {error.message}") from error
    read = posts(feed, Origin(_NAME, ZoneInfo("UTC")))
    home = urlsplit(feed.home)
    found = Found(
        kind=Kind.FEED,
        posts=(Posts(_NAME, where),),
        url=f"{home.scheme}://{home.netloc}" if home.scheme in {"http", "https"} and home.netloc else None,
        language=feed.language.replace("_", "-") or None,
    )
    newest_last = sorted(read.posts, key=lambda post: (post.published is not None, post.published, post.source_id))
    return found, newest_last, list(read.problems)


def _read(address: str, http: Http, now: datetime) -> tuple[str, Feed]:
    if "://" not in address:
        return address, feed_parse.read(_contents(Path(address)), "", None)
    answer = feed_fetch.ask(address, http, now, allow_private=False)
    text = feed_text.decode(answer.body or b"", answer.content_type)
    named = feed_text.feeds_of(text, answer.url) if feed_text.is_page(text) else []
    own = [url for url in named if urlsplit(url).hostname == urlsplit(answer.url).hostname]
    if own:  # better than the page itself, which may be an h-feed
        address = own[0]
        answer = feed_fetch.ask(address, http, now, allow_private=False)
    return answer.moved or address, feed_parse.read(answer.body or b"", answer.content_type, answer.url)


def _contents(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise NoFeed(f"cannot be read ({error.strerror})") from error
