"""YAML of any kind read as text, by PyYAML: no number, date or truth value is made of what an author wrote. Pure.

Heavy (yaml): `yaml_text` imports it for what `plain_yaml` cannot read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import yaml

from bot.watcher.values import Unreadable, Value

if TYPE_CHECKING:
    from yaml import SafeLoader as _Loader
else:
    _Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

IS_FAST = hasattr(yaml, "CSafeLoader")
"""Whether libyaml reads, which is ten times faster than Python."""

_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
_NULL, _TEXT = "tag:yaml.org,2002:null", "tag:yaml.org,2002:str"
_SEQ, _MAP = "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"
_UNPRINTABLE = "[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"  # compiled (4 ms) when it is needed
_LONGEST_HEAD, _DEEPEST = 500_000, 5_000
_QUOTES = 'text that holds ": " or begins with one of [ { * & ! | > % @ ` # \' " must stand in quotes'


class _Composer(_Loader):
    """A YAML parser that tells nothing from text, and no more."""

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        if kind is yaml.ScalarNode:
            return _NULL if implicit[0] and value in _NOTHING else _TEXT
        return _SEQ if kind is yaml.SequenceNode else _MAP


def load(text: str) -> dict[str, Value]:
    """Read a table; of a key that is there twice the last one holds. Raises `Unreadable` with the line in `text`."""
    root = _composed(text)
    value = _plain(root, {}) if root is not None else None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Unreadable('the front matter is not a table of "key: value" lines', line=1)
    return value


def _composed(fm: str) -> yaml.Node | None:
    # libyaml's binding recurses in C without a bound: a hostile file could take the process down.
    if len(fm) > _DEEPEST and (len(fm) > _LONGEST_HEAD or sum(map(fm.count, "[{-?")) > _DEEPEST):
        raise Unreadable("the front matter is too long or nested too deeply", line=1)
    composer = _Composer(fm)
    try:
        return composer.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f" (column {mark.column + 1})" if mark else ""
        message = f"the front matter is not valid YAML: {error.problem or error.context}{place}; {_QUOTES}"
        raise Unreadable(message, line=mark.line + 1 if mark else 1) from error
    except yaml.YAMLError as error:
        found = re.search(_UNPRINTABLE, fm)
        what = f"it holds the control character U+{ord(found[0]):04X}" if found else str(error)
        line = fm.count("\n", 0, found.start()) + 1 if found else 1
        raise Unreadable(f"the front matter is not valid YAML: {what}", line=line) from error
    finally:
        composer.dispose()


def _plain(node: yaml.Node, seen: dict[int, Any]) -> Any:
    """Turn a node into a `Value`; an anchored one is built once, so that aliases of aliases cannot explode."""
    if isinstance(node, yaml.ScalarNode):
        return None if node.tag == _NULL else node.value
    if id(node) in seen:
        if seen[id(node)] is None:
            raise Unreadable("the front matter refers to itself", line=node.start_mark.line + 1)
        return seen[id(node)]
    seen[id(node)] = None
    value: Any
    if isinstance(node, yaml.SequenceNode):
        value = [_plain(item, seen) for item in node.value]
    else:
        value = dict(_pairs(node, seen))
    seen[id(node)] = value
    return value


def _pairs(node: yaml.Node, seen: dict[int, Any]) -> Iterator[tuple[str, Any]]:
    merged = [value for key, value in node.value if key.value == "<<"]
    for value in merged:
        built = _plain(value, seen)
        for table in reversed(built if isinstance(built, list) else [built]):
            if isinstance(table, dict):
                yield from table.items()
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise Unreadable("a key of the front matter is a list or a table", line=key.start_mark.line + 1)
        if key.value != "<<":
            yield key.value, _plain(value, seen)
