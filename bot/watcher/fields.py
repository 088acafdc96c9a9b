"""What front matter says, in the shapes people write it: words, flags, lists of tags, pictures. Pure.

Every function raises `Unreadable` with the key when a value cannot mean what the key is for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.model import Image
from bot.watcher.values import Unreadable, Value

_YES = frozenset({"true", "yes", "on", "y", "1"})
_NO = frozenset({"false", "no", "off", "n", "0"})
_SUMMARIES = ("summary", "excerpt", "description")
_PICTURES = (
    *("image", "images", "cover", "featured_image", "featuredimage", "feature_image", "hero", "header", "og_image"),
    *("thumbnail",),
)
_SOURCES = ("path", "src", "url", "image", "source", "file", "teaser", "overlay_image", "relative")
_ALTS = ("alt", "alttext", "alt_text", "image_alt", "description")


def text(values: Mapping[str, Value], key: str) -> str:
    """Return the text at `key` without the white space around it; "" when it is absent, null or empty."""
    if key not in values:
        return ""
    value = values[key]
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unreadable(f'"{key}" must be text, and is a {_kind(value)}', keys=(key,))
    return value.strip()


def flag(values: Mapping[str, Value], key: str) -> bool | None:
    """Return whether `key` is set to yes or no, None when it is absent or empty."""
    word = text(values, key).lower()
    if not word:
        return None
    if word in _YES or word in _NO:
        return word in _YES
    raise Unreadable(f'"{key}" must be true or false, and is "{word}"', keys=(key,))


def summary(values: Mapping[str, Value]) -> str | None:
    """Return the author's own summary. `excerpt: false` (a theme's switch) is none."""
    for key in _SUMMARIES:
        found = text(values, key)
        if found and found.lower() not in {"true", "false"}:
            return found
    return None


def names(values: Mapping[str, Value], key: str) -> tuple[str, ...]:
    """Return the tags or categories at `key`, each once.

    A list, or text: cut at its commas (Hugo, Pelican) when it has one, else at white space (Jekyll).
    """
    if key not in values:
        return ()
    value = values[key]
    if isinstance(value, str):
        found = value.split(",") if "," in value else value.split()
    elif isinstance(value, list):
        found = [item for item in value if isinstance(item, str)]
        if len(found) != len(value) and len(found) != sum(item is not None for item in value):
            raise Unreadable(f'"{key}" must be a list of words', keys=(key,))
    elif value is None:
        return ()
    else:
        raise Unreadable(f'"{key}" must be a list of words, and is a table', keys=(key,))
    return tuple(dict.fromkeys(filter(None, map(str.strip, found))))


def taxonomy(values: Mapping[str, Value], key: str) -> tuple[str, ...]:
    """Return the names at `key`, or in Zola's `taxonomies` table."""
    table = values.get("taxonomies")
    return names(values, key) or (names(table, key) if isinstance(table, dict) else ())


def images(values: Mapping[str, Value]) -> tuple[Image, ...]:
    """Return the pictures the front matter names, in the order of its usual keys, each once.

    Each is text, a table with a path and perhaps an alt text, or a list of such; `image: false` is none.
    """
    found: dict[str, Image] = {}
    for key in _PICTURES:
        if key not in values:
            continue
        alt = values.get(f"{key}_alt") or values.get(f"{key}alt")
        for image in _pictures(values.get(key), alt if isinstance(alt, str) else None):
            found.setdefault(image.source, image)
    return tuple(found.values())


def _pictures(value: Value, alt: str | None) -> Iterator[Image]:
    if isinstance(value, str):
        if value.strip() and value.strip().lower() not in {"true", "false"}:
            yield Image(value.strip(), alt.strip() if alt is not None else None)
    elif isinstance(value, list):
        for item in value:
            yield from _pictures(item, alt)
    elif isinstance(value, dict):
        own = next((value[key] for key in _ALTS if isinstance(value.get(key), str)), alt)
        for key in _SOURCES:
            if isinstance(value.get(key), str):
                yield from _pictures(value[key], own if isinstance(own, str) else None)
                return


def _kind(value: Value) -> str:
    return "list" if isinstance(value, list) else "table"
