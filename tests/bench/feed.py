"""What a feed that has not changed costs: `prepare` and `scan` against the HTTP exchange alone, in turn, in process."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.http import Http
from bot.watcher.base import Errand
from bot.watcher.feed import FeedSource

ENTRIES, PAIRS, WARM = 1000, 200, 10
LIMIT = 1.3
_SERVER = """
import sys
sys.path.insert(0, sys.argv[1])
from tests.servers.feeds import FeedServer
from tests.watcher.feeds import item, rss
body = "A paragraph of the usual length, which says what there is to say. " * 12
feed = rss(*(item(number=number, body=body) for number in range(int(sys.argv[2]))))
with FeedServer() as server:
    server.put("/304", feed, etag='"1"')
    server.put("/200", feed)
    print(server.base, flush=True)
    sys.stdin.read()
"""


class _Look:
    """One look after another at a feed that rests, each by a source that has read nothing in this process."""

    def __init__(self, url: str, http: Http) -> None:
        self.url, self.http, self.now = url, http, datetime(2024, 6, 19, tzinfo=UTC)
        source = self._source()
        self.memo = dict(source.prepare(Errand(self.now, {})))
        self.known = {post.source_id: post.stamp for post in source.scan({}).posts}

    def _source(self) -> FeedSource:
        return FeedSource("blog", self.url, self.http, timezone=ZoneInfo("UTC"))

    def ours(self) -> None:
        """Fetch and scan."""
        self.now += timedelta(hours=1)
        source = self._source()
        self.memo = dict(source.prepare(Errand(self.now, self.memo)))
        if len(source.scan(self.known).unchanged) != ENTRIES:
            raise SystemExit("the feed has changed")

    def floor(self) -> None:
        """Ask for the same, with the same headers, and read the body."""
        headers = {"If-None-Match": self.memo["etag"]} if "etag" in self.memo else {}
        self.http.fetch(self.url, allow_private=True, max_bytes=20_000_000, headers=headers)


def _timed(work: Callable[[], None]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def main() -> int:
    """Measure, print the table, and return 1 when a ratio is over the limit."""
    print("| feed of 1,000 entries | ms | exchange alone, ms | ratio | limit |\n|---|---|---|---|---|")  # noqa: T201
    root = str(Path(__file__).parents[2])
    within = True
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-c", _SERVER, root, str(ENTRIES)]
        with subprocess.Popen(
            command, cwd=scratch, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        ) as server:
            assert server.stdout is not None
            base = server.stdout.readline().strip()
            for path, what in (("/304", "unchanged: 304"), ("/200", "unchanged: 200 with the same bytes")):
                look = _Look(base + path, Http())
                pairs = [(_timed(look.ours), _timed(look.floor)) for _ in range(PAIRS + WARM)][WARM:]
                ours, floor = (statistics.median(times) * 1000 for times in zip(*pairs, strict=True))
                ratio = statistics.median(one / other for one, other in pairs)
                within = within and ratio <= LIMIT
                print(f"| {what} | {ours:.2f} | {floor:.2f} | {ratio:.2f} | {LIMIT} |")  # noqa: T201
            assert server.stdin is not None
            server.stdin.close()
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
