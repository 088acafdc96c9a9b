"""Finds the configuration file, and tells it from a site generator's of the same name."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from bot.errors import ConfigMissing

_OURS = {"sources", "accounts", "guards"}
_THEIRS = {"baseURL", "baseurl", "languageCode", "theme", "base_url", "compile_sass", "build_search_index"}


def find(given: str | None, env: Mapping[str, str], folder: Path, user_folder: Callable[[], Path | None]) -> Path:
    """The file to read: `given`, else `$POSSE_CONFIG`, else `posse.toml` or our `config.toml` in one of the folders.

    `user_folder` is None for one who has no home. Raises `ConfigMissing` with what to type next.
    """
    if named := given or env.get("POSSE_CONFIG"):
        path = Path(named)
        if path.is_dir():
            path = path / "posse.toml"
        if not path.is_file():
            origin = "--config" if given else "$POSSE_CONFIG"
            raise ConfigMissing(f"{origin} names {named}, and there is no such file.")
        if path.name == "config.toml" and _is_a_generators(path):
            raise ConfigMissing(f"{named} belongs to {_owner(path)}, not to posse. `posse init` makes a posse.toml.")
        return path
    foreign = ""
    for path in _places(folder, user_folder):
        if not path.is_file():
            continue
        if path.name == "posse.toml" or _is_ours(path):
            return path
        foreign = f" (The {path.name} here belongs to {_owner(path)}, not to posse.)"
    theirs = user_folder()
    raise ConfigMissing(
        f"No posse.toml in {folder}{f' or {theirs}' if theirs else ''}.{foreign}"
        " Run `posse init` to make one, or name one with --config PATH."
    )


def _places(folder: Path, user_folder: Callable[[], Path | None]) -> Iterator[Path]:
    """Yield where a configuration may stand; the user's folder is asked for only when it comes to that."""
    yield from (folder / "posse.toml", folder / "config.toml")
    if theirs := user_folder():
        yield from (theirs / "posse.toml", theirs / "config.toml")


def _is_ours(path: Path) -> bool:
    """Whether a `config.toml` has our tables; one with a slip in it is ours by its headings, so that it is told of."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError):
        return False
    try:
        return bool(_OURS & set(tomllib.loads(text)))
    except tomllib.TOMLDecodeError:
        return bool(re.search(rf"^\s*\[\s*({'|'.join(sorted(_OURS))})\b", text, re.MULTILINE))


def _is_a_generators(path: Path) -> bool:
    """Whether it is certainly Hugo's or Zola's; any other file that a person names is read, and its slips are told."""
    try:
        return bool(_THEIRS & set(tomllib.loads(path.read_text(encoding="utf-8-sig")))) and not _is_ours(path)
    except (OSError, ValueError):
        return False


def _owner(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "somebody else"
    return "Zola" if re.search(r"^\s*(base_url|compile_sass|build_search_index)\s*=", text, re.MULTILINE) else "Hugo"
