"""What front matter holds, and how its faults are told. Pure.

A value comes out as its author wrote it: YAML 1.1 would make `title: No` false, `slug: 0123` 83 and `title: 12:30` 750.
So there are four kinds of value only: nothing, text, lists and tables. Whoever uses one knows what it should be.
"""

from __future__ import annotations

from typing import TypeAlias

Value: TypeAlias = "str | list[Value] | dict[str, Value] | None"


class Unreadable(ValueError):
    """A file is not what a post looks like.

    `line` counts from 1; it is None where `keys` (those of the tables around it first) names the place.
    """

    def __init__(self, message: str, *, line: int | None = None, keys: tuple[str, ...] = ()) -> None:
        self.message = message
        self.line = line
        self.keys = keys
        super().__init__(message)
