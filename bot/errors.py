"""Every error of the bot. Each leaf carries its facts, says what to type next, and knows its exit code."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from enum import IntEnum
from typing import NamedTuple


class Exit(IntEnum):
    """The exit codes of the command line (docs/reference/exit-codes.md)."""

    DONE = 0
    TROUBLE = 1
    USAGE = 2
    SETUP = 3
    NOT_FOUND = 4
    NEEDS_PERSON = 5
    BUSY = 6
    DEFECT = 70
    INTERRUPTED = 130


class PosseError(Exception):
    """The root. `exit_code` is what the command line ends with when this reaches it."""

    exit_code: Exit = Exit.TROUBLE


class ConfigProblem(NamedTuple):
    """One thing wrong in a configuration: `where` is `table.key`, `line` from 1 where it is known."""

    where: str
    message: str
    line: int | None = None


class ConfigError(PosseError):
    """The configuration cannot be used; `problems` holds all of them."""

    exit_code = Exit.SETUP

    def __init__(self, path: str, problems: Sequence[ConfigProblem]) -> None:
        self.path = path
        self.problems = tuple(problems)
        lines = [f"{path}: {len(self.problems)} problem{'s' if len(self.problems) != 1 else ''}"]
        for problem in self.problems:
            line = f"line {problem.line}: " if problem.line else ""
            where = f"{problem.where}: " if problem.where else ""
            lines.append(f"  {line}{where}{problem.message}")
        super().__init__("\n".join(lines))


class ConfigMissing(PosseError):
    """No configuration was found where it was looked for."""

    exit_code = Exit.SETUP


class TemplateError(PosseError):
    """A template of the person's own cannot be rendered."""

    exit_code = Exit.SETUP


class CredentialError(PosseError):
    """A secret is missing, empty or unreadable; the message names where it was looked for and how to give it."""

    exit_code = Exit.SETUP


class StateError(PosseError):
    """The state store cannot be opened or used: read-only, foreign, damaged, or from a newer version."""

    exit_code = Exit.SETUP


class StateBusy(PosseError):
    """Another process holds the state."""

    exit_code = Exit.BUSY


class PostNotFound(PosseError):
    """No post answers to the name given, or several do."""

    exit_code = Exit.NOT_FOUND


class NeedsPerson(PosseError):
    """A person must decide first; the message names the command that does."""

    exit_code = Exit.NEEDS_PERSON


class SourceError(PosseError):
    """A whole source cannot be read. Nothing may be concluded from its silence."""


class OutputError(PosseError):
    """What a command found or did cannot be written to stdout: a full disk."""


class LeaseLost(PosseError):
    """Another worker has taken this delivery over; what this one knows must not be written."""


class PublishError(PosseError):
    """A network did not take an announcement. `message` is the network's own words where it gave any."""

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)


class Rejected(PublishError):
    """Refused for good: the same words would be refused again. Certainly not sent."""


class Unauthorized(PublishError):
    """The credentials are refused. Certainly not sent; nothing will be until a person gives others."""

    exit_code = Exit.SETUP


class TryLater(PublishError):
    """Certainly not sent, and may work later; `wait` is what the network asked for, None where it did not say."""

    def __init__(self, message: str, wait: timedelta | None = None) -> None:
        self.wait = wait
        super().__init__(message)


class TooFar(TryLater):
    """A timeline is longer than we are ready to read: no look at it can be complete."""


class Uncertain(PublishError):
    """It may have arrived: only a look at the network's own timeline can tell."""


class PublisherDefect(Exception):
    """A publisher broke, or ended without a receipt. Its announcement is recorded as uncertain, the others went on."""
