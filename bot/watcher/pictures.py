"""Gets the pictures of posts, from the site's own folders or over HTTP, and makes them fit. A few at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from bot.errors import PublishError
from bot.formatter.pictures import Picture, Wanted, described
from bot.http import Http
from bot.links import normalise
from bot.model import Media
from bot.watcher import imaging
from bot.watcher import page as html
from bot.watcher.liveness import reason
from bot.watcher.site import Site

THREADS = 4
TOTAL = 60.0  # seconds for all pictures of one call
ONE_REQUEST = 15.0
MOST_BYTES = 50_000_000
_BEAT = 0.25
_HEADERS = {"Accept": "image/avif,image/webp,image/*;q=0.9,*/*;q=0.5"}
# Where generators keep what they copy as it is, below the site's folder; then what they have made of it.
_STATIC = ("", "static", "assets", "content", "public", "src", "source", "src/assets", "src/public", "docs", "_site")
_PREFIXES = ("{static}", "{attach}", "{filename}", "|static|", "|filename|", "@/")  # Pelican, Zola


class _NotThere(Exception):
    """Why a picture cannot be had, in a few words."""


def get(
    wishes: Iterable[Wanted],
    http: Http,
    sites: Mapping[str, Site],
    *,
    allow_private: bool,
    total: float = TOTAL,
    stopping: threading.Event | None = None,
) -> dict[Wanted, Picture]:
    """Get each picture and make it fit; one that cannot be had is a `Picture` without media that says why.

    `sites` is by the names of sources. A picture is looked for on the disk first, below its site's folders only, then
    asked for at its address; hosts that are not public are asked only if `allow_private`.
    """
    asked = list(dict.fromkeys(wishes))
    if not asked:
        return {}
    getter = _Getter(http, sites, allow_private, time.monotonic() + total, stopping or threading.Event(), {})
    pool = ThreadPoolExecutor(min(THREADS, len(asked)), thread_name_prefix="picture")
    try:
        futures = {wish: pool.submit(getter.picture, wish) for wish in asked}
        left: set[Future[Picture]] = set(futures.values())
        while left and getter.left() > 0:
            _, left = wait(left, timeout=min(_BEAT, getter.left()), return_when=FIRST_COMPLETED)
        return {
            wish: future.result() if future.done() else _without(wish, "there was no time left to get it")
            for wish, future in futures.items()
        }
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _without(wish: Wanted, why: str) -> Picture:
    return Picture(None, (f"it goes without its picture {wish.source}: {why}",))


class _Getter(Struct, frozen=True):
    """One call of `get`, from any of its threads. `until` is by the monotonic clock; `kept` holds bytes by address."""

    http: Http
    sites: Mapping[str, Site]
    allow_private: bool
    until: float
    stopping: threading.Event
    kept: dict[str, bytes]

    def left(self) -> float:
        """The seconds that are left, none when the process is to stop."""
        return 0.0 if self.stopping.is_set() else self.until - time.monotonic()

    def picture(self, wish: Wanted) -> Picture:
        """Get one picture and make it fit."""
        try:
            made = imaging.fit(self._bytes(wish), wish.limits)
        except (_NotThere, imaging.BadPicture) as why:
            return _without(wish, str(why))
        media = Media(data=made.data, mime=made.mime, alt="", width=made.width, height=made.height)
        troubles = (f"the picture {wish.source} does not move there: its first frame is sent",) if made.stopped else ()
        return Picture(described(media, wish), troubles)

    def _bytes(self, wish: Wanted) -> bytes:
        if wish.source.startswith("data:"):
            raise _NotThere("it stands in the post itself")
        path = self._on_disk(wish)
        if path is not None:
            return self._read(path)
        address = html.address(wish.url or "", wish.source)
        if address is None or not address.startswith(("http://", "https://")):
            raise _NotThere("there is no such file, and no address to ask for it")
        return self._fetch(normalise(address))

    def _on_disk(self, wish: Wanted) -> Path | None:
        site = self.sites.get(wish.of)
        if site is None:
            return None
        roots = [root.resolve() for root in site.roots()]
        for path in _places(wish, site):
            try:
                found = path.resolve()
                inside = any(found.is_relative_to(root) for root in roots)
                if inside and found.is_file():
                    return found
            except (OSError, ValueError):
                continue
        return None

    def _read(self, path: Path) -> bytes:
        try:
            if path.stat().st_size > MOST_BYTES:
                raise _NotThere(f"it is larger than {MOST_BYTES // 1_000_000} MB")
            return path.read_bytes()
        except OSError as error:
            raise _NotThere(f"it cannot be read: {error.strerror}") from error

    def _fetch(self, address: str) -> bytes:
        if address in self.kept:
            return self.kept[address]
        bound = min(ONE_REQUEST, self.left())
        if bound <= 0:
            raise _NotThere("there was no time left to get it")
        try:
            answer = self.http.fetch(
                address,
                allow_private=self.allow_private,
                timeout=bound,
                total=bound,
                max_bytes=MOST_BYTES,
                headers=_HEADERS,
            )
        except PublishError as error:
            raise _NotThere(reason(error.message)) from error
        if answer.status != 200:
            raise _NotThere(f"{address} answers {answer.status}")
        if not answer.whole:
            raise _NotThere(f"it is larger than {MOST_BYTES // 1_000_000} MB")
        self.kept[address] = answer.body
        return answer.body


def _places(wish: Wanted, site: Site) -> Iterator[Path]:
    """Where the picture may lie: beside its post, then below the site's folders."""
    name = _local(wish)
    if not name:
        return
    if not name.startswith("/") and wish.path:
        yield site.root / PurePosixPath(wish.path).parent / name
    bare = name.lstrip("/")
    names = [bare]
    base = urlsplit(wish.url or "").path.strip("/").partition("/")[0]
    if base and bare.startswith(f"{base}/"):  # a site that lives below a path of its host
        names.append(bare.removeprefix(f"{base}/"))
    for below in names:
        for root in site.roots():
            yield from (root / static / below for static in _STATIC)


def _local(wish: Wanted) -> str:
    """The picture's path as on this site, empty where it is on another host."""
    source = wish.source
    for prefix in _PREFIXES:
        source = source.removeprefix(prefix)
    try:
        parts = urlsplit(source)
        own = urlsplit(wish.url or "")
    except ValueError:
        return ""
    if parts.netloc and parts.netloc.lower() != own.netloc.lower():
        return ""
    if parts.scheme and not parts.netloc:
        return ""
    return unquote(parts.path)
