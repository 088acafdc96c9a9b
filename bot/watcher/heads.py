"""The kinds of front matter, as handlers for python-frontmatter. Pure."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import date, datetime, time
from typing import Any

from bot.watcher import yaml_text
from bot.watcher.values import Unreadable

_CLOSING = {
    "---": re.compile(r"^(?:---|\.\.\.)[ \t]*$", re.MULTILINE),
    "+++": re.compile(r"^\+\+\+[ \t]*$", re.MULTILINE),
    ";;;": re.compile(r"^;;;[ \t]*$", re.MULTILINE),
}


class Head:
    """One kind of front matter, as python-frontmatter asks handlers to be: how it opens and closes, how it is read.

    `split` gives the text between the fences and the body; `opening` is how many lines the opening fence takes.
    """

    FM_BOUNDARY: re.Pattern[str]
    opening = 1

    def detect(self, text: str) -> bool:
        """Whether `text` opens in this way."""
        return self.FM_BOUNDARY.match(text) is not None

    def load(self, fm: str) -> dict[str, Any]:
        """Read what stands between the fences. Raises `Unreadable`; lines in errors are those of `fm`, from 1."""
        raise NotImplementedError

    def split(self, text: str) -> tuple[str, str]:
        """Return (front matter, body); raises `Unreadable` when it is opened and never closed."""
        opened = self.FM_BOUNDARY.match(text)
        start = opened.end() if opened else 0
        closed = _CLOSING[text[:3]].search(text, start)
        if closed is None:
            fence = text.partition("\n")[0].strip()
            raise Unreadable(f'the front matter opened with "{fence}" is never closed', line=1)
        return text[start : closed.start()], text[closed.end() :]


class YamlHead(Head):
    """`---` to `---` (or `...`, as Jekyll and Pandoc allow)."""

    FM_BOUNDARY = re.compile(r"---(?:[ \t]*|ya?ml[ \t]*)\n")

    def load(self, fm: str) -> dict[str, Any]:
        """Read YAML. Lines in errors are those of `fm`, from 1."""
        return yaml_text.load(fm)


class TomlHead(Head):
    """`+++` to `+++`, or `---toml` to `---`."""

    FM_BOUNDARY = re.compile(r"(?:\+\+\+[ \t]*|---toml[ \t]*)\n")

    def load(self, fm: str) -> dict[str, Any]:
        """Read TOML. Lines in errors are those of `fm`, from 1."""
        try:
            values = tomllib.loads(fm, parse_float=str)
        except RecursionError as error:
            raise Unreadable("the front matter is nested too deeply", line=1) from error
        except tomllib.TOMLDecodeError as error:
            found = re.search(r"at line (\d+)", str(error))
            line = int(found[1]) if found else fm.count("\n") or 1
            raise Unreadable(f"the front matter is not valid TOML: {error}", line=line) from error
        return {key: _as_written(value) for key, value in values.items()}


class JsonHead(Head):
    """A JSON object at the very start (Hugo), `;;;` to `;;;` (Hexo), or `---json` to `---` (Eleventy)."""

    FM_BOUNDARY = re.compile(r'(?:;;;[ \t]*|---json[ \t]*)\n|(?=\{\s*(?:"[^"\n]*"\s*:|\}))')

    def split(self, text: str) -> tuple[str, str]:
        """Return (the object, body)."""
        if not text.startswith("{"):
            return super().split(text)
        try:
            _, end = json.JSONDecoder().raw_decode(text)
        except (json.JSONDecodeError, RecursionError):
            return text, ""  # `load` tells what is wrong
        return text[:end], text[end:]

    def load(self, fm: str) -> dict[str, Any]:
        """Read JSON. Lines in errors are those of `fm`, from 1."""
        try:
            value = json.loads(fm or "{}", parse_int=str, parse_float=str, parse_constant=str)
        except RecursionError as error:
            raise Unreadable("the front matter is nested too deeply", line=1) from error
        except json.JSONDecodeError as error:
            message = f"the front matter is not valid JSON: {error.msg} (column {error.colno})"
            raise Unreadable(message, line=error.lineno) from error
        if not isinstance(value, dict):
            raise Unreadable("the front matter is not a JSON object", line=1)
        return {key: _as_written(item) for key, item in value.items()}


class ColonHead(Head):
    """Pelican's: `Title: …`, `Date: …` lines with no fence, up to the first empty line."""

    FM_BOUNDARY = re.compile(r"(?=(?:[A-Za-z][\w-]*:.*\n(?:[ \t]+\S.*\n)*)*?(?i:title|date|slug):[ \t])")
    opening = 0

    def split(self, text: str) -> tuple[str, str]:
        """Return (the lines above the first empty one, body)."""
        head, _, body = text.partition("\n\n")
        return f"{head}\n", body

    def load(self, fm: str) -> dict[str, Any]:
        """Read one value a line, an indented line going on with the one before; tags are told apart by commas."""
        values: dict[str, Any] = {}
        for found in re.finditer(r"^([A-Za-z][\w-]*):[ \t]*(.*(?:\n[ \t]+\S.*)*)", fm, re.MULTILINE):
            key, text = found[1].lower(), re.sub(r"\s*\n\s*", " ", found[2]).strip()
            values[key] = [part.strip() for part in text.split(",")] if key == "tags" else text or None
        return values


HEADS: tuple[Head, ...] = (YamlHead(), TomlHead(), JsonHead(), ColonHead())


def _as_written(value: Any) -> Any:
    """Turn what TOML or JSON gives into a `Value`."""
    if isinstance(value, dict):
        return {key: _as_written(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_written(item) for item in value]
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime | date | time) else str(value)
