"""What a site's page names by links: its Micropub endpoint, and where one logs in. Pure but for `read`.

https://www.w3.org/TR/micropub/#endpoint-discovery and https://indieauth.spec.indieweb.org/#discovery-by-clients
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from bot.errors import Rejected, TryLater
from bot.publishers.base import Access
from bot.publishers.json_calls import in_the_clear
from bot.publishers.masking import host_of

_HEADER = re.compile(r"<([^>]*)>((?:\s*;\s*[\w*-]+\s*=\s*(?:\"[^\"]*\"|[^\s;,]+))*)")
_REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,]+))", re.IGNORECASE)


def read(access: Access, site: str) -> Mapping[str, str]:
    """GET the page and return the address for each `rel` that it names, the first of each.

    Raises `TryLater` or `Rejected` where there is no such page.
    """
    page = access.http.fetch(site, allow_private=True)  # an address of the configuration, not of a stranger's content
    if page.status >= 500 or page.status == 429:
        raise TryLater(f"{host_of(site)} answered {page.status}")
    if page.status >= 400:
        raise Rejected(f"{host_of(site)} answered {page.status}: set `site` to a page that is there")
    found = links(page.headers.get("link", ""), page.body.decode("utf-8", "replace"), page.url)
    return {rel: url for rel, url in found.items() if _may_be_asked(url, page.url)}


def links(header: str, body: str, base: str) -> dict[str, str]:
    """Return the address for each `rel`: of the HTTP header, else of the page's links, relative to `base`."""
    found: dict[str, str] = {}
    for target, params in _HEADER.findall(header):
        rel = _REL.search(params)
        for name in (rel[1] or rel[2]).lower().split() if rel else ():
            found.setdefault(name, _joined(base, target))
    reader = _Links()
    reader.feed(body)
    reader.close()
    for names, target in reader.found:
        for name in names:
            found.setdefault(name, _joined(base, target))
    return found


def _joined(base: str, target: str) -> str:
    try:
        return urljoin(base, target)
    except ValueError:
        return ""


def _may_be_asked(url: str, page: str) -> bool:
    """Whether a token may go there: over https, or, to try it out, from a page on http to its own host or machine."""
    try:
        target, origin = urlsplit(url), urlsplit(page)
    except ValueError:
        return False
    if target.scheme == "https":
        return True
    here = not in_the_clear(url) and not in_the_clear(page)
    return target.scheme == origin.scheme == "http" and (here or target.netloc == origin.netloc)


class _Links(HTMLParser):
    """Collects `<link rel href>` and `<a rel href>` in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[list[str], str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one opening tag."""
        named = dict(attrs)
        href = named.get("href")
        if tag in ("link", "a") and named.get("rel") and href is not None:
            self.found.append(((named["rel"] or "").lower().split(), href))
