"""What a feed's memo keeps of the entries that could not be read, so that a feed that rests tells them still. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from bot.model import Problem

_KEY = "problems"
_MOST, _LONGEST = 50, 500


def kept(problems: Sequence[Problem]) -> dict[str, str]:
    """Return what the memo shall hold of them: the first fifty."""
    told = [[problem.path, problem.message[:_LONGEST], problem.source_id] for problem in problems[:_MOST]]
    return {_KEY: json.dumps(told) if told else ""}


def problems(memo: Mapping[str, str], source: str) -> tuple[Problem, ...]:
    """Return what the last reading could not read."""
    told = json.loads(memo.get(_KEY) or "[]")
    return tuple(Problem(path, message, source=source, source_id=id_) for path, message, id_ in told)
