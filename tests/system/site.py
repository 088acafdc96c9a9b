"""A person's site on disk, and the real `posse` run in it as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SEED = """---
category: micro.blog
date: 2024-06-19T18:47:59.000000Z
layout: post
location: Home @ Lawrence, Kansas United States
slug: follow-black-python-devs-on-juneteenth
title: ðŸ’œ Follow Black Python Devs on Juneteenth
redirect_to: https://micro.webology.dev/2024/06/19/follow-black-python.html
tags:
---

If you havenâ€™t heard about [Black Python Devs](https://blackpythondevs.com), Juneteenth is an excellent day \
to learn about this organization and how to support it.

If you havenâ€™t heard about Black Python Devs, here is a quick overview:

> Black Python Devs was created by its founder.

Originally posted on: https://micro.webology.dev/2024/06/19/follow-black-python.html
"""
SEED_SLUG = "follow-black-python-devs-on-juneteenth"
SEED_URL = "https://micro.webology.dev/2024/06/19/follow-black-python.html"
SEED_WORDS = (
    "💜 Follow Black Python Devs on Juneteenth\n\n"
    "If you haven’t heard about Black Python Devs, Juneteenth is an excellent day to learn about this organization"
    " and how to support it.\n\n"
)

GUARDS_OFF = 'baseline = false\nsettle = "0s"\nrequire_live = false'


@dataclass
class Result:
    """How one run of `posse` ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it wrote on stdout, as JSON."""
        return json.loads(self.out)


@dataclass
class Site:
    """A folder with posts and a configuration; `env` is what `posse` sees beside a bare environment."""

    root: Path
    env: dict[str, str] = field(default_factory=dict)

    def configure(self, accounts: str, *, guards: str = GUARDS_OFF, extra: str = "") -> None:
        """Write `posse.toml`. Posts keep their dates while time goes on, so by itself no age is too old."""
        if "max_age" not in guards:
            guards += '\nmax_age = "36500d"'
        self.write(
            "posse.toml",
            'timezone = "America/Chicago"\n[site]\nurl = "https://example.com"\nlanguage = "en"\n'
            '[sources.blog]\ntype = "markdown"\npath = "_posts"\npermalink = "/:year/:title/"\n'
            f"{accounts}\n[guards]\n{guards}\n{extra}\n",
        )
        (self.root / "_posts").mkdir(exist_ok=True)

    def write(self, path: str, text: str) -> Path:
        """Write a file of the site."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return target

    def post(self, slug: str, *, title: str = "", day: str = "2026-01-31", body: str = "", head: str = "") -> Path:
        """Write a post of the usual shape."""
        title = title or slug.replace("-", " ").capitalize()
        body = body or f"The first sentence of {slug}."
        return self.write(f"_posts/{day}-{slug}.md", f"---\ntitle: {title}\ndate: {day}\n{head}---\n\n{body}\n")

    def seed(self) -> None:
        """Write the post of the first person who uses this."""
        self.write(f"_posts/2024-06-19-{SEED_SLUG}.md", SEED)

    def posse(self, *args: str, stdin: str = "", timeout: float = 120) -> Result:
        """Run `posse` to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "bot", *args],
            cwd=self.root,
            env=self.environment(),
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=timeout,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def start(self, *args: str) -> subprocess.Popen[str]:
        """Start `posse`; its stderr goes to the file `posse.log`."""
        with (self.root / "posse.log").open("a", encoding="utf-8") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "bot", *args],
                cwd=self.root,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                encoding="utf-8",
            )

    def log(self) -> str:
        """Return what started processes have written."""
        return (self.root / "posse.log").read_text(encoding="utf-8")

    def journal(self) -> list[dict[str, Any]]:
        """Return what went out on the `local` network, oldest first."""
        found = [json.loads(path.read_text(encoding="utf-8")) for path in (self.root / "journal").glob("*.json")]
        return sorted(found, key=lambda sent: str(sent["published_at"]))

    def environment(self) -> dict[str, str]:
        """Return all that `posse` sees of the environment."""
        bare = {"PATH": os.environ["PATH"], "HOME": str(self.root), "LANG": "C.UTF-8"}
        here = str(Path(__file__).parents[2])
        keyring = "keyring.backends.fail.Keyring"
        return bare | {"PYTHONPATH": here, "PYTHON_KEYRING_BACKEND": keyring, "PYTHONWARNINGS": "default"} | self.env


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a process as a power cut does."""
    process.send_signal(signal.SIGKILL)
    process.wait(10)


def until(what: object, seconds: float = 20) -> None:
    """Wait until the callable `what` is true; an assertion error after `seconds`."""
    assert callable(what)
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.02)


def mastodon(base: str, name: str = "mastodon", more: str = "") -> str:
    """Return the table of a Mastodon account."""
    return f'[accounts.{name}]\nnetwork = "mastodon"\ninstance = "{base}"\n{more}\n'


def bluesky(base: str, handle: str, name: str = "bluesky", more: str = "") -> str:
    """Return the table of a Bluesky account."""
    return f'[accounts.{name}]\nnetwork = "bluesky"\nhandle = "{handle}"\nservice = "{base}"\n{more}\n'


JOURNAL = '[accounts.journal]\nnetwork = "local"\npath = "journal"\n'
