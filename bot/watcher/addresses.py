"""Where a post can be read: its canonical URL, and the others it answers at. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import quote, urlsplit, urlunsplit

from msgspec import Struct

from bot.watcher import permalink
from bot.watcher.fields import text
from bot.watcher.generators.base import Made
from bot.watcher.permalink import PermalinkError, Place, UndatedError
from bot.watcher.values import Unreadable, Value

_CANONICAL = ("canonical_url", "canonical", "redirect_to")
_OWN_PAGE = ("url", "permalink")
_FORMER = ("aliases", "redirect_from")
_SWITCHES = frozenset({"", "true", "false"})
_PLACEHOLDER = re.compile(r"/(:[a-z_]+)(?=/|$)")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_IN_PATH = "/:@!$&'()*+,;=-._~"


class Addresses(Struct, frozen=True):
    """The canonical `url` (None when none can be known), the others, and what a person should hear of it."""

    url: str | None
    urls: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def find(
    values: Mapping[str, Value],
    place: Place,
    site_url: str | None,
    pattern: str | None,
    make: Callable[[], Made] | None = None,
) -> Addresses:
    """Return the addresses of a post.

    The canonical one is the first that is set of `canonical_url`, `canonical`, `redirect_to`, `url`, `permalink`, and
    the source's `pattern`; a path is joined to `site_url`. The page's own address is among the others where it is not
    the canonical one, and so are `aliases` and `redirect_from`. Where the site's generator is known, `make` asks it
    for the page and no key or pattern of ours does. Raises `Unreadable` for an address that is none.
    """
    canonical = _canonical(values, site_url)
    page: str | None = None
    warnings: tuple[str, ...] = ()
    made: Made | None = None
    try:
        if make is None or _is_elsewhere(values):
            page = _page(values, place, site_url, pattern)
        else:
            made = _asked(make)
            page = _of(made, made.path, site_url)
    except UndatedError as error:
        warnings = (f"no address: {error}, and the post has none",) if canonical is None else ()
    except Unreadable:
        if canonical is None:
            raise
    url = canonical or page
    former: Iterator[str | None] = _former(values, site_url)
    if made is not None and made.aliases is not None:
        former = (_of(made, alias, site_url) for alias in made.aliases)
    others = dict.fromkeys(address for address in (page, *former) if address and address != url)
    return Addresses(url, tuple(others), warnings)


def _is_elsewhere(values: Mapping[str, Value]) -> bool:
    """Whether the post says itself, with a whole URL, where its page is."""
    return any(isinstance(value := values.get(key), str) and "://" in value for key in _OWN_PAGE)


def _asked(make: Callable[[], Made]) -> Made:
    try:
        return make()
    except UndatedError:
        raise
    except PermalinkError as error:
        raise Unreadable(str(error)) from error


def _of(made: Made, path: str | None, site_url: str | None) -> str | None:
    """Return the address of a path that the generator made; None without a path or a site."""
    base = made.base or site_url
    if path is None or base is None:
        return None
    spelt = path if made.is_encoded else quote(path, safe=_IN_PATH, errors="replace")
    return f"{base.rstrip('/')}/{spelt.lstrip('/')}"


def _canonical(values: Mapping[str, Value], site_url: str | None) -> str | None:
    for key in _CANONICAL:
        if key not in values:
            continue
        value = values[key]
        if isinstance(value, list) and value:
            value = value[0]
        written = text({key: value}, key)
        if written.lower() in _SWITCHES:
            continue
        if not _SCHEME.match(written) and not written.startswith("/"):
            raise Unreadable(f'"{key}" is neither a whole URL nor a path: "{written}"', keys=(key,))
        return _absolute(written, site_url, key)
    return None


def _page(values: Mapping[str, Value], place: Place, site_url: str | None, pattern: str | None) -> str | None:
    """Return the address of the page the generator makes; `permalink: false` is Eleventy's word for no page."""
    for key in _OWN_PAGE:
        if key not in values:
            continue
        written = text(values, key)
        if written.lower() == "false":
            return None
        if written.lower() in _SWITCHES:
            continue
        if _SCHEME.match(written):
            return _absolute(written, site_url, key)
        return _filled(permalink.STYLES.get(written, written), place, site_url, key)
    return _filled(pattern, place, site_url, None) if pattern and site_url else None


def _filled(pattern: str, place: Place, site_url: str | None, key: str | None) -> str | None:
    try:
        path = permalink.expand(pattern, place)
    except UndatedError:
        raise
    except PermalinkError as error:
        raise Unreadable(str(error), keys=(key,) if key else ()) from error
    return f"{site_url.rstrip('/')}{path}" if site_url else None


def _former(values: Mapping[str, Value], site_url: str | None) -> Iterator[str | None]:
    for key in _FORMER:
        if key not in values:
            continue
        value = values[key]
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str) and item.strip().lower() not in _SWITCHES:
                try:
                    address = _absolute(item.strip(), site_url, key)
                except Unreadable:
                    continue  # a redirect that is no address only means one name less to find the post by
                if address:
                    yield address


def _absolute(written: str, site_url: str | None, key: str) -> str | None:
    """Return a valid http(s) URL, percent-encoded where the author's is not; None for a path without a site."""
    if not _SCHEME.match(written):
        if written.startswith("//"):
            written = f"https:{written}"
        elif site_url is None:
            return None
        else:
            written = f"{site_url.rstrip('/')}/{written.lstrip('/')}"
    try:
        parts = urlsplit(written)
        valid = parts.scheme.lower() in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        valid = False
    if not valid or re.search(r"\s", parts.netloc):
        raise Unreadable(f'"{key}" is not a web address: "{written}"', keys=(key,))
    if found := _PLACEHOLDER.search(parts.path):
        raise Unreadable(f'"{key}" still holds the placeholder "{found[1]}": "{written}"', keys=(key,))
    encoded = (permalink.encode(part) for part in (parts.path, parts.query, parts.fragment))
    return urlunsplit((parts.scheme, parts.netloc, *encoded))
