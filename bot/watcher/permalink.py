"""From a pattern such as `/:year/:month/:title/` to the address of a post, as its site generator makes it. Pure.

The placeholders are Jekyll's (https://jekyllrb.com/docs/permalinks/), and of Hugo's those that mean no other thing
there. Jekyll's `:title` is not the post's title: it is the slug (the front matter's, else the file name without its
date), with its case kept and `._~!$&'()+,;=@` let through; `:slug` is the same in lower case, with nothing but letters,
marks, digits and hyphens. The package `regex` is loaded only for a name beyond ASCII words: it knows what a mark is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from urllib.parse import quote

from msgspec import Struct

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

STYLES: Mapping[str, str] = {
    "date": "/:categories/:year/:month/:day/:title.html",
    "pretty": "/:categories/:year/:month/:day/:title/",
    "ordinal": "/:categories/:year/:y_day/:title.html",
    "weekdate": "/:categories/:year/W:week/:short_day/:title.html",
    "none": "/:categories/:title.html",
}
"""Jekyll's built-in styles, which a post's own `permalink` may name too."""

PRESETS: Mapping[str, str] = {
    **STYLES,
    "jekyll": STYLES["date"],
    "hugo": "/:sections/:folders/:slugorfile/",
    "zola": "/:sections/:folders/:slug/",
    "eleventy": "/:sections/:folders/:file/",
    "pelican": "/:plainslug.html",
}
"""What each generator does when it is told nothing."""


class PermalinkError(ValueError):
    """A pattern holds a placeholder that does not exist, or a template that only the generator can fill."""


class UndatedError(PermalinkError):
    """A pattern needs a date, and the post has none."""


class Place(Struct, frozen=True):
    """What placeholders are filled from.

    `slug` is the front matter's, else `name`: the file's name without date and extension (`file` is it with
    its date). `folders` lie between the source's folder and the file, `sections` between the site's content folder and
    the source's. `at` is the post's date in the site's time zone.
    """

    slug: str
    name: str
    title: str = ""
    folders: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    at: datetime | None = None
    file: str = ""


_DATED: dict[str, Callable[[datetime], str]] = {
    "year": lambda at: f"{at.year:04}",
    "short_year": lambda at: f"{at.year % 100:02}",
    "month": lambda at: f"{at.month:02}",
    "i_month": lambda at: f"{at.month}",
    "short_month": lambda at: MONTHS[at.month - 1][:3],
    "long_month": lambda at: MONTHS[at.month - 1],
    "monthname": lambda at: MONTHS[at.month - 1].lower(),
    "day": lambda at: f"{at.day:02}",
    "i_day": lambda at: f"{at.day}",
    "y_day": lambda at: f"{at.timetuple().tm_yday:03}",
    "yearday": lambda at: f"{at.timetuple().tm_yday}",
    "w_year": lambda at: f"{at.isocalendar().year:04}",
    "week": lambda at: f"{at.isocalendar().week:02}",
    "w_day": lambda at: f"{at.isoweekday()}",
    "weekday": lambda at: f"{at.isoweekday() % 7}",
    "weekdayname": lambda at: DAYS[at.weekday()].lower(),
    "short_day": lambda at: DAYS[at.weekday()][:3],
    "long_day": lambda at: DAYS[at.weekday()],
    "hour": lambda at: f"{at.hour:02}",
    "minute": lambda at: f"{at.minute:02}",
    "second": lambda at: f"{at.second:02}",
}
_NAMED: dict[str, Callable[[Place], str]] = {
    "title": lambda place: slugify(place.slug, pretty=True),
    "slug": lambda place: slugify(place.slug),
    "name": lambda place: slugify(place.name),
    "basename": lambda place: slugify(place.name, pretty=True),
    "headline": lambda place: slugify(place.title or place.slug) if place.slug == place.name else slugify(place.slug),
    "slugorfilename": lambda place: slugify(place.slug),
    "slugorcontentbasename": lambda place: slugify(place.slug),
    "slugorfile": lambda place: _as_hugo(place.slug if place.slug != place.name else place.file or place.name),
    "slugortitle": lambda place: _as_hugo(place.slug if place.slug != place.name else place.title or place.slug),
    "fileslug": lambda place: _as_hugo(place.file or place.name),
    "file": lambda place: place.file or place.name,
    "plainslug": lambda place: _as_pelican(place.slug if place.slug != place.name else place.title or place.slug),
    "stem": lambda place: place.name,
    "filename": lambda place: slugify(place.name),
    "contentbasename": lambda place: slugify(place.name),
    "categories": lambda place: _joined(category.lower() for category in place.categories),
    "slugified_categories": lambda place: _joined(slugify(category) for category in place.categories),
    "section": lambda place: next(iter((*place.sections, *place.folders)), ""),
    "sections": lambda place: "/".join(place.sections),
    "folders": lambda place: "/".join(place.folders),
    "path": lambda place: "/".join((*place.folders, place.slug)),
    "output_ext": lambda _: ".html",
}
_PLACEHOLDER = re.compile(r":([a-z_]+)")
_TEMPLATE = re.compile(r"\{\{|\{%|<%|\$\{")
_URL_SAFE = re.compile(r"[A-Za-z0-9/:@!$&'()*+,;=\-._~?#]*")
_STRAY = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SLASHES = re.compile(r"//+")
_PLAIN = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*")


def expand(pattern: str, place: Place) -> str:
    """Return the path that `pattern` makes of `place`: it begins with "/", is percent-encoded and holds no "//".

    A trailing `index.html` is left out, as servers and feeds leave it out. Raises `UndatedError` when the pattern needs
    a date and there is none, `PermalinkError` when it holds what nobody can fill.
    """
    pieces = "".join([_filled(*piece, place, pattern) if piece[0] else piece[1] for piece in _pieces(pattern)])
    path = _SLASHES.sub("/", f"/{pieces}")
    return path.removesuffix("index.html") if path.endswith("/index.html") else path


def pattern_problem(pattern: str) -> str | None:
    """Say what is wrong with a source's `permalink`, None when it can be used: a preset's name, or a pattern."""
    if pattern in PRESETS:
        return None
    if "/" not in pattern or "://" in pattern:
        import difflib

        near = difflib.get_close_matches(pattern, PRESETS, n=1)
        hint = f'; did you mean "{near[0]}"?' if near else ""
        return f'"{pattern}" is neither a pattern such as "/:year/:title/" nor one of {", ".join(PRESETS)}{hint}'
    try:
        expand(pattern, Place(slug="a", name="a", at=datetime(2000, 1, 1)))  # noqa: DTZ001  only its digits are used
    except PermalinkError as error:
        return str(error)
    return None


def slugify(text: str, *, pretty: bool = False) -> str:
    """Do as Jekyll's `slugify` filter in mode "default", or in mode "pretty" with the case kept."""
    if _PLAIN.fullmatch(text):
        return text if pretty else text.lower()
    import regex

    keep = r"\p{M}\p{L}\p{Nd}._~!$&'()+,;=@" if pretty else r"\p{M}\p{L}\p{Nd}"
    slug = str(regex.sub(rf"[^{keep}]+", "-", text)).removeprefix("-").removesuffix("-")
    return slug if pretty else slug.lower()


def _as_hugo(text: str) -> str:
    """Do as Hugo makes a path of a name or a title: lower case, its own punctuation kept, no accent taken off."""
    kept = "".join(
        char if char.isalnum() or char in "-_.+~@" or unicodedata.combining(char) else " " if char.isspace() else ""
        for char in text.lower()
    )
    return re.sub(r"[\s-]+", "-", kept.strip()).strip("-")


def _as_pelican(text: str) -> str:
    """Do as Pelican makes a slug: ASCII letters without their accents, in lower case."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode()
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain).strip()).lower()


def encode(text: str) -> str:
    """Percent-encode what may not stand in a URL, and leave what is encoded already."""
    if _URL_SAFE.fullmatch(text):
        return text
    return _STRAY.sub("%25", quote(text, safe="/:@!$&'()*+,;=-._~%?#", errors="replace"))


@lru_cache(maxsize=512)
def _pieces(pattern: str) -> tuple[tuple[str, str], ...]:
    """Cut a pattern up: each piece is a placeholder's name and the text right after it, or ("", text)."""
    if _TEMPLATE.search(pattern):
        raise PermalinkError(f'"{pattern}" holds a template that only the site generator can fill; set canonical_url')
    pieces: list[tuple[str, str]] = []
    end = 0
    for found in _PLACEHOLDER.finditer(pattern):
        pieces += (("", encode(pattern[end : found.start()])), _named(found[1], pattern))
        end = found.end()
    return (*pieces, ("", encode(pattern[end:])))


def _named(key: str, pattern: str) -> tuple[str, str]:
    """Return the placeholder that `key` begins with, and the rest: `:year_in_review` is `:year` and then text."""
    name, rest = key, ""
    while name not in _NAMED and name not in _DATED:
        name, underscore, last = name.rpartition("_")
        rest = f"{underscore}{last}{rest}"
        if not name:
            raise PermalinkError(f'"{pattern}" holds ":{key}", which is no placeholder')
    return name, rest


def _filled(name: str, rest: str, place: Place, pattern: str) -> str:
    if name in _NAMED:
        text = _NAMED[name](place)
        return (text if _PLAIN.fullmatch(text) else quote(text, safe="/@!$&'()*+,;=-._~", errors="replace")) + rest
    if place.at is None:
        raise UndatedError(f'"{pattern}" needs a date')
    return _DATED[name](place.at) + rest


def _joined(parts: Iterable[str]) -> str:
    return "/".join(dict.fromkeys(parts))
