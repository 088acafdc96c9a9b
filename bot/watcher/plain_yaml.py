"""The YAML that most front matter is: one `key: value` on a line, flat lists. Read without a YAML parser. Pure.

A parser takes five times as long. What this reads, it reads as `yaml_text` does; all else it leaves to that.
"""

from __future__ import annotations

import re

from bot.watcher.values import Value

_BAD = "\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff"
_FIRST = rf"[^\s\-?:,\[\]{{}}#&*!|>'\"%@`={_BAD}]"
_PLAIN = rf"{_FIRST}(?:[^\s:#{_BAD}]|:(?=[^\s{_BAD}])|(?<=[^ ])#|\x20++(?=[^\s#]))*+"
_WORD = r"[A-Za-z0-9][\w./+]*+(?:[ -]++[\w./+]++)*+"
_ENTRY = re.compile(
    rf"(?P<key>[A-Za-z_][A-Za-z0-9_-]*+):(?:"
    rf"\x20++(?:(?P<plain>{_PLAIN})|\"(?P<double>[^\"\\{_BAD}]*+)\"|'(?P<single>[^'{_BAD}]*+)'"
    rf"|\[\x20*+(?P<flow>(?:{_WORD}(?:\x20*+,\x20++{_WORD})*+)?)\x20*+\])\x20*+\n"
    rf"|\x20*+\n(?P<block>(?:(?P<indent>\x20*+)-\x20++{_PLAIN}\x20*+\n(?:(?P=indent)-\x20++{_PLAIN}\x20*+\n)*+)?)"
    rf")|(?:\#[^{_BAD}]*+)?\n"
)
_NOTHING = frozenset({"~", "null", "Null", "NULL"})


def load(text: str) -> dict[str, Value] | None:
    """Read a table whose lines all end with a newline; None when only a real parser can tell what it says."""
    values: dict[str, Value] = {}
    end = 0
    for found in _ENTRY.finditer(text):
        if found.start() != end:
            return None
        end = found.end()
        key, plain, double, single, flow, block, _ = found.groups()
        if key is None:
            continue
        if plain is not None:
            plain = plain.rstrip(" ")
            values[key] = None if plain in _NOTHING else plain
        elif flow is not None:
            values[key] = [_scalar(item.strip(" ")) for item in flow.split(",")] if flow else []
        elif block:
            values[key] = [_scalar(line.strip(" ")[1:].strip(" ")) for line in block.rstrip("\n").split("\n")]
        else:
            values[key] = double if double is not None else single
    return values if end == len(text) else None


def _scalar(text: str) -> str | None:
    return None if text in _NOTHING else text
