"""A server of feeds on loopback, with every header a feed can come with; it remembers what it was asked."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

import brotli


@dataclass
class Feed:
    """What stands at one path. With an `etag` or `modified`, who knows it gets 304."""

    body: bytes
    mime: str = "application/rss+xml"
    status: int = 200
    etag: str = ""
    modified: str = ""
    zipped: str = ""
    headers: dict[str, str] = field(default_factory=dict)


class FeedServer:
    """The server. `asked` holds the path and the headers (in lower case) of every request, in order."""

    def __init__(self) -> None:
        self.feeds: dict[str, Feed] = {}
        self.asked: list[tuple[str, Mapping[str, str]]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"feeds": self}))
        self._server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def put(self, path: str, body: str | bytes = "", **facts: object) -> str:
        """Lay a feed out and return its address."""
        data = body.encode() if isinstance(body, str) else body
        self.feeds[path] = Feed(data, **facts)  # type: ignore[arg-type]
        return self.base + path

    def redirect(self, path: str, to: str, status: int = 301) -> str:
        """Lay a redirect out and return its address."""
        return self.put(path, status=status, headers={"Location": to})

    def paths(self) -> list[str]:
        """The paths asked for, in order."""
        return [path for path, _ in self.asked]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    disable_nagle_algorithm = True
    wbufsize = -1
    feeds: FeedServer

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer as the feed says."""
        asked = {name.lower(): value for name, value in self.headers.items()}
        self.feeds.asked.append((self.path, asked))
        feed = self.feeds.feeds.get(self.path, Feed(b"<title>404</title>", "text/html", 404))
        knows_tag = feed.etag and asked.get("if-none-match") == feed.etag
        knows_date = feed.modified and not feed.etag and asked.get("if-modified-since") == feed.modified
        status, body = (304, b"") if knows_tag or knows_date else (feed.status, feed.body)
        if feed.zipped and body:
            body = brotli.compress(body) if feed.zipped == "br" else gzip.compress(body)
        try:
            self._answer(feed, status, body)
        except ConnectionError:
            self.close_connection = True  # the client has heard enough

    def _answer(self, feed: Feed, status: int, body: bytes) -> None:
        self.send_response(status)
        named = {"Content-Type": feed.mime, "ETag": feed.etag, "Last-Modified": feed.modified} | feed.headers
        if feed.zipped and body:
            named["Content-Encoding"] = feed.zipped
        for name, value in named.items():
            if value:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
