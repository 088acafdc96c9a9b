"""YAML read as text: no number, date or truth value is made of what an author wrote. Pure."""

from __future__ import annotations

from bot.watcher import plain_yaml
from bot.watcher.values import Value


def load(text: str) -> dict[str, Value]:
    """Read a table; of a key that is there twice the last one holds. Raises `Unreadable` with the line in `text`."""
    simple = plain_yaml.load(text)
    if simple is not None:
        return simple
    from bot.watcher import yaml_parser

    return yaml_parser.load(text)
