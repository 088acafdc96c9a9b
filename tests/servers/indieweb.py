"""A real Micropub and IndieAuth server: PyPI's django-indieweb, in an environment of its own.

`python -m tests.servers.indieweb URL` is a person's browser, which approves.
"""

from __future__ import annotations

import re
import sys
import tempfile
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx

from tests.servers.packages import Running, free_port, installed, listens

PACKAGES = ("django-indieweb==0.6.2",)
SITE = Path(__file__).with_name(
    "indieweb_site.py"
)  # -P: its own folder holds a module that is called as the package is


class IndieWeb:
    """A running site. `base` is its home page, which names its endpoints; `token` may do everything."""

    def __init__(self) -> None:
        python = str(installed("indieweb", *PACKAGES) / "python")
        self._data = tempfile.TemporaryDirectory(prefix="posse-indieweb-")
        port = free_port()
        folder = Path(self._data.name)
        self._running = Running([python, "-P", str(SITE), str(port), str(folder)], folder, lambda: listens(port))
        self.base = f"http://127.0.0.1:{port}"
        self.endpoint = f"{self.base}/indieweb/micropub/"
        self.begin()

    def begin(self, *, rate: int = 0, lists: bool = True) -> None:
        """Forget all posts; take `rate` requests a minute (0: any number); list the posts, or not."""
        params = {"rate": rate, "lists": "yes" if lists else "no"}
        with httpx.Client(trust_env=False, timeout=20) as client:
            self.token: str = client.post(f"{self.base}/_lab/", params=params).json()["token"]

    def posts(self) -> list[dict[str, Any]]:
        """Return every post, oldest first: `url`, and its properties as lists."""
        with httpx.Client(trust_env=False, timeout=20) as client:
            return list(client.get(f"{self.base}/_lab/").json()["posts"])

    def stop(self) -> None:
        """End it, and drop its data."""
        self._running.stop()
        self._data.cleanup()


def consent(url: str, action: str) -> httpx.Response:
    """Do what a person's browser does: log in, read the page of consent, press a button, go where that leads."""
    with httpx.Client(trust_env=False, timeout=20, follow_redirects=True) as client:
        page = client.get(url)
        page.raise_for_status()
        fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text)
        target = re.search(r'<form method="post" action="([^"]+)">', page.text)
        assert target
        form = {unescape(name): unescape(value) for name, value in fields} | {"action": action}
        answer = client.post(urljoin(str(page.url), target[1]), data=form, follow_redirects=False)
        assert answer.is_redirect, answer.text
        try:
            return client.get(answer.headers["location"])
        except httpx.ConnectError:
            return answer  # nobody waits here: the person reads the address


if __name__ == "__main__":
    consent(sys.argv[1], "approve")
