"""`posse` at a real terminal, driven by pexpect: what a person types and sees."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect  # type: ignore[import-untyped]  # it ships no types

from tests.system.site import Site


class Terminal:
    """One run of `posse`. `seen` is everything that it has shown, and that the terminal has echoed."""

    def __init__(self, site: Site, args: tuple[str, ...]) -> None:
        self._log = io.StringIO()
        self._child = pexpect.spawn(
            sys.executable,
            ["-m", "bot", *args],
            cwd=str(site.root),
            env={"TERM": "xterm", **site.environment()},
            encoding="utf-8",
            timeout=30,
        )
        self._child.logfile_read = self._log

    @property
    def seen(self) -> str:
        """The screen so far, line ends as in a file."""
        return self._log.getvalue().replace("\r\n", "\n")

    def sees(self, words: str) -> None:
        """Wait until these words are shown."""
        self._child.expect_exact(words)

    def sees_or_ends(self, words: str) -> bool:
        """Wait until these words are shown, or the run ends; return whether they were."""
        return int(self._child.expect_exact([words, pexpect.EOF])) == 0

    def url(self) -> str:
        """Wait for an address on a line of its own, and return it."""
        self._child.expect(r"(https?://[^\s]+)\r\n")
        found: str = self._child.match.group(1)
        return found

    def types(self, words: str) -> None:
        """Type a line."""
        self._child.sendline(words)

    def types_hidden(self, words: str) -> None:
        """Wait until the echo is off, then type a line."""
        assert self._child.waitnoecho(10), "the terminal would echo it"
        self._child.sendline(words)

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self._child.sendintr()

    def ends(self) -> int:
        """Wait for the end; return the exit code."""
        self._child.expect(pexpect.EOF)
        self._child.close()
        assert self._child.signalstatus is None
        return int(self._child.exitstatus)

    def close(self) -> None:
        """End it, whatever it does."""
        self._child.close(force=True)


@contextmanager
def terminal(site: Site, *args: str) -> Iterator[Terminal]:
    """Run `posse` with these arguments at a terminal of its own."""
    made = Terminal(site, args)
    try:
        yield made
    finally:
        made.close()


def files_but_the_credentials(root: Path) -> dict[str, bytes]:
    """Return every file of a site, save the one where secrets belong."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and path.name != "credentials.json"
    }
