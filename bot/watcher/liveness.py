"""Asks for the pages of posts: are they there, where do people land, and what card do they make. One GET for each."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from msgspec import Struct

from bot.errors import PublishError
from bot.http import Http
from bot.http import Page as Answer
from bot.links import normalise
from bot.model import Card, Image, Page, Thumbnail
from bot.watcher import page as html
from bot.watcher import thumbnail

THREADS = 4
TOTAL = 60.0  # seconds for all pages of one call
ONE_REQUEST = 6.0
MOST_HOPS = 5
PAGE_BYTES = 2_000_000
PICTURE_BYTES = 10_000_000
_BEAT = 0.25
_HEADERS = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.5"}


def ask(
    urls: Iterable[str],
    http: Http,
    *,
    allow_private: bool,
    images: Mapping[str, Image] | None = None,
    total: float = TOTAL,
    stopping: threading.Event | None = None,
) -> dict[str, Page]:
    """GET each page, a few at a time, and say what was found; nothing is raised for a page that is not there.

    `images` holds, by URL, a picture that the author chose for the card, its source relative to the page. After
    `total` seconds, or once `stopping` is set, the pages not asked yet are not live, and their detail says so.
    """
    wanted = list(dict.fromkeys(urls))
    if not wanted:
        return {}
    asker = _Asker(http, allow_private, images or {}, time.monotonic() + total, stopping or threading.Event())
    pool = ThreadPoolExecutor(min(THREADS, len(wanted)), thread_name_prefix="page")
    try:
        futures = {url: pool.submit(asker.page, url) for url in wanted}
        _wait(list(futures.values()), asker)
        late = "there was no time left to ask for it; the next look does"
        return {
            url: future.result() if future.done() else Page(url, live=False, detail=late)
            for url, future in futures.items()
        }
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _wait(futures: list[Future[Page]], asker: _Asker) -> None:
    left = set(futures)
    while left and asker.left() > 0:
        _, left = wait(left, timeout=min(_BEAT, asker.left()), return_when=FIRST_COMPLETED)


class _NotThere(Exception):
    """Why a page is not live, in a few words."""


class _Walk(Struct, frozen=True):
    """The way from the address asked to the page people land on: every address, that one last."""

    chain: tuple[str, ...]
    facts: html.Facts


class _Asker(Struct, frozen=True):
    """One call of `ask`, from any of its threads. `until` is by the monotonic clock."""

    http: Http
    allow_private: bool
    images: Mapping[str, Image]
    until: float
    stopping: threading.Event

    def left(self) -> float:
        """The seconds that are left, none when the process is to stop."""
        return 0.0 if self.stopping.is_set() else self.until - time.monotonic()

    def page(self, url: str) -> Page:
        """Ask for one page and what it leads to."""
        try:
            walk = self._walk(url)
        except _NotThere as why:
            return Page(url, live=False, detail=str(why))
        picture, troubles = self._picture(url, walk)
        return Page(
            url,
            live=True,
            landing=None if normalise(walk.chain[-1]) == normalise(url) else walk.chain[-1],
            urls=tuple(_addresses(walk)),
            card=_card(url, walk.facts, picture),
            warnings=(*_warnings(walk), *troubles),
        )

    def _walk(self, url: str) -> _Walk:
        chain = [url]
        while True:
            answer = self._get(chain[-1], PAGE_BYTES)
            chain += answer.chain[1:]
            where = f" at {chain[-1]}" if len(chain) > 1 else ""
            if len(chain) > MOST_HOPS + 1:
                raise _NotThere(f"it redirects more than {MOST_HOPS} times")
            if answer.status != 200:
                raise _NotThere(f"{answer.status}{where}")
            facts = _read(answer)
            if not facts.refresh or normalise(facts.refresh) == normalise(chain[-1]):
                break
            if normalise(facts.refresh) in map(normalise, chain):
                raise _NotThere("it redirects in a circle")
            chain.append(facts.refresh)
        if wrong := html.wrong_landing(url, chain[-1]):
            raise _NotThere(f"it leads to {wrong}: {chain[-1]}")
        if words := html.missing(facts):
            raise _NotThere(f'it answers 200 but says "{words}"{where}')
        if facts.empty:
            raise _NotThere(f"its page is empty{where}")
        return _Walk(tuple(chain), facts)

    def _get(self, url: str, most: int) -> Answer:
        left = self.left()
        if left <= 0:
            raise _NotThere("there was no time left to ask for it; the next look does")
        bound = min(ONE_REQUEST, left)
        try:
            return self.http.fetch(
                url,
                allow_private=self.allow_private,
                timeout=bound,
                total=bound,
                max_bytes=most,
                headers=_HEADERS,
            )
        except PublishError as error:
            raise _NotThere(reason(error.message)) from error

    def _picture(self, url: str, walk: _Walk) -> tuple[Thumbnail | None, list[str]]:
        """The first picture that can be had: the author's own, then the page's; and what was wrong with the others."""
        troubles: list[str] = []
        for address, alt in _pictures(self.images.get(url), walk):
            try:
                answer = self._get(normalise(address), PICTURE_BYTES)
                if answer.status != 200:
                    raise _NotThere(str(answer.status))
                if not answer.whole:
                    raise _NotThere(f"it is larger than {PICTURE_BYTES // 1_000_000} MB")
                return thumbnail.shrink(answer.body, alt), troubles
            except (_NotThere, thumbnail.BadPicture) as why:
                troubles.append(f"the card goes without its picture {address}: {why}")
        return None, troubles


def reason(message: str) -> str:
    """An HTTP error in a few words. Pure."""
    if private := re.search(r"is at (\S+), which is not on the public internet", message):
        return f"its address is private ({private[1]}); set allow_private = true in [guards]"
    if "CERTIFICATE_VERIFY_FAILED" in message:
        why = message.rpartition("certificate verify failed: ")[2].partition(" (_ssl")[0]
        return f"its certificate is not valid: {why}"
    if "redirects more than" in message:
        return f"it redirects more than {MOST_HOPS} times"
    return f"no answer: {message}"


def _read(answer: Answer) -> html.Facts:
    kind = answer.headers.get("content-type", "")
    return html.read(answer.body, kind, answer.url) if html.is_html(kind) else html.Facts()


def _card(url: str, facts: html.Facts, picture: Thumbnail | None) -> Card | None:
    if not (facts.title or facts.description or picture):
        return None
    return Card(url=url, title=facts.title, description=facts.description, thumbnail=picture)


def _pictures(own: Image | None, walk: _Walk) -> Iterator[tuple[str, str]]:
    """Addresses of pictures for the card, each with its alt text, the best first."""
    facts = walk.facts
    address = html.address(walk.chain[-1], own.source) if own else None
    if own and address:
        yield address, own.alt or (facts.image_alt if address == facts.image else "")
    if facts.image and facts.image != address:
        yield facts.image, facts.image_alt


def _addresses(walk: _Walk) -> Iterator[str]:
    """Every other address of the page: those on the way, and the canonical one unless a theme points it at the home."""
    canonical = walk.facts.canonical
    seen = {normalise(walk.chain[0])}
    for address in (*walk.chain, *([canonical] if canonical and _may_be_alias(canonical, walk) else [])):
        if normalise(address) not in seen:
            seen.add(normalise(address))
            yield address


def _may_be_alias(canonical: str, walk: _Walk) -> bool:
    return not html.is_home(canonical) or html.is_home(walk.chain[-1])


def _warnings(walk: _Walk) -> Iterator[str]:
    """What the author should hear. People are where redirects and stubs lead them; a canonical link moves nobody."""
    first, landing, canonical = walk.chain[0], walk.chain[-1], walk.facts.canonical
    if not html.is_same_page(first, landing):
        yield f"it is only a redirect stub; people land on {landing}"
    if canonical and not any(html.is_same_page(canonical, address) for address in walk.chain):
        yield f"its page names another address as the canonical one: {canonical}"
