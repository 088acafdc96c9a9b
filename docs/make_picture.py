"""Makes the README's picture anew: the real `posse preview` of an example post, as a terminal shows it, as SVG.

With --check, says whether the picture still shows what the command writes.
"""

from __future__ import annotations

import html
import io
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

REPOSITORY = Path(__file__).parents[1]
PICTURE = Path(__file__).parent / "images" / "preview.svg"
COMMAND = ["preview", "a-shelf-for-the-seedlings"]
COLUMNS = 84
JOURNAL = '[accounts.journal]\nnetwork = "local"\npath = "journal"\n'
ACCOUNTS = """[accounts.mastodon]
network = "mastodon"
instance = "https://mastodon.social"

[accounts.bluesky]
network = "bluesky"
handle = "me.example.com"
"""


def main() -> None:
    """Write or check the picture."""
    with tempfile.TemporaryDirectory(prefix="posse-picture-") as folder:
        site = Path(folder, "site")
        shutil.copytree(REPOSITORY / "examples" / "site", site)
        config = site / "posse.toml"
        config.write_text(config.read_text(encoding="utf-8").replace(JOURNAL, ACCOUNTS), encoding="utf-8")
        written = in_a_terminal([sys.executable, "-m", "bot", *COMMAND], site)
    picture = svg(f"$ posse {' '.join(COMMAND)}\n\n{written.rstrip()}")
    if "--check" in sys.argv:
        if not PICTURE.exists() or words(PICTURE.read_text(encoding="utf-8")) != words(picture):
            sys.exit("docs/images/preview.svg is stale. Run python docs/make_picture.py.")
        return
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(picture, encoding="utf-8")


def in_a_terminal(command: list[str], folder: Path) -> str:
    """What a command writes to a terminal of `COLUMNS` columns, with its colours."""
    ours, theirs = pty.openpty()
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(REPOSITORY),
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "COLUMNS": str(COLUMNS),
    }
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=theirs, stdin=theirs) as process:  # noqa: S603 - our own command
        os.close(theirs)
        written = bytearray()
        try:
            while piece := os.read(ours, 65536):
                written += piece
        except OSError:  # Linux says EIO where the other end is closed
            pass
    os.close(ours)
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}:\n{written.decode()}")
    return written.decode().replace("\r\n", "\n")


def svg(written: str) -> str:
    """A terminal's output as SVG that loads nothing from anywhere."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.from_ansi(written))
    made = console.export_svg(title="posse preview", unique_id="posse")
    made = re.sub(r"@font-face \{.*?\}\s*", "", made, flags=re.DOTALL)
    return re.sub(r"[ \t]+$", "", made, flags=re.MULTILINE)


def words(picture: str) -> str:
    """The text that an SVG shows, without its white space."""
    shown = "".join(re.findall(r"<text[^>]*>(.*?)</text>", picture, re.DOTALL))
    return re.sub(r"\s", "", html.unescape(shown))


if __name__ == "__main__":
    main()
