"""A small web site on loopback, whose pages a test lays out: absent, deployed later, redirecting, slow, huge, broken.

`with Site() as site:` serves; `site.put("/a/", …)` lays out a page at once, or `after` some seconds.
"""

from __future__ import annotations

import io
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from PIL import Image


@dataclass(frozen=True)
class Thing:
    """What stands at one path, `at` an instant of the monotonic clock and after `misses` requests. `delay`: seconds."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    at: float = 0.0
    misses: int = 0
    broken: bool = False


class Site:
    """The site. `asked` are the paths that were asked for, in order."""

    def __init__(self) -> None:
        self.things: dict[str, Thing] = {}
        self.asked: list[str] = []
        self._server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"site": self}))
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def put(
        self,
        path: str,
        body: str | bytes = "",
        *,
        status: int = 200,
        mime: str = "text/html; charset=utf-8",
        after: float = 0.0,
        misses: int = 0,
        delay: float = 0.0,
        broken: bool = False,
        **headers: str,
    ) -> str:
        """Lay something out and return its address. `broken` promises more bytes than come."""
        data = body.encode() if isinstance(body, str) else body
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        at = time.monotonic() + after
        self.things[path] = Thing(data, status, {"Content-Type": mime} | named, delay, at, misses, broken)
        return self.base + path

    def redirect(self, path: str, to: str, status: int = 301) -> str:
        """Lay out a redirect and return its address."""
        return self.put(path, status=status, Location=to)

    def answer(self, path: str) -> Thing:
        """What is at a path now."""
        self.asked.append(path)
        thing = self.things.get(path)
        if thing is None or thing.at > time.monotonic() or self.asked.count(path) <= thing.misses:
            return Thing(b"<title>404 Not Found</title>", 404, {"Content-Type": "text/html"})
        return thing


def html(head: str = "", body: str = "<h1>A post</h1><p>Its words.</p>") -> str:
    """Return a page."""
    return f'<!doctype html><html><head><meta charset="utf-8">{head}</head><body>{body}</body></html>'


def stub(to: str) -> str:
    """Return the page that jekyll-redirect-from writes where another one has moved from."""
    return (
        f'<!DOCTYPE html><html lang="en-US"><meta charset="utf-8"><title>Redirecting&hellip;</title>'
        f'<link rel="canonical" href="{to}"><script>location="{to}"</script>'
        f'<meta http-equiv="refresh" content="0; url={to}"><meta name="robots" content="noindex">'
        f'<h1>Redirecting&hellip;</h1><a href="{to}">Click here if you are not redirected.</a></html>'
    )


def picture(width: int = 1600, height: int = 900, form: str = "PNG", mode: str = "RGB", **options: object) -> bytes:
    """Return a picture with a gradient, so that its corners differ: red to the right, green downwards."""
    across = Image.linear_gradient("L").rotate(90).resize((width, height))
    down = Image.linear_gradient("L").resize((width, height))
    out = io.BytesIO()
    made = Image.merge("RGB", (across, down, Image.new("L", (width, height), 96))).convert(mode)
    made.save(out, form, **options)
    return out.getvalue()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    site: Site

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer from the site."""
        thing = self.site.answer(self.path)
        if thing.delay:
            time.sleep(thing.delay)
        try:
            self.send_response(thing.status)
            for name, value in thing.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(thing.body) + (1000 if thing.broken else 0)))
            self.end_headers()
            self.wfile.write(thing.body)
        except ConnectionError:
            thing = Thing(b"", broken=True)  # the client has given up: what the test is about
        self.close_connection = thing.broken


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay quiet about a client that broke the connection."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]
