"""Presses a button on a server's page of consent, as a person with a browser does.

`python -m tests.servers.consent URL` with `CONSENT_ANSWER` (`authorize` or `deny`) and `CONSENT_PAGE` (a file for the
page that the browser ends at) in the environment is such a browser.
"""

from __future__ import annotations

import os
import re
import sys
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import httpx


def consent(url: str, answer: str) -> httpx.Response:
    """GET the page, send its form with the button `answer`, and return the page where that ends."""
    with httpx.Client(timeout=10, trust_env=False) as client:
        page = client.get(url)
        page.raise_for_status()
        fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text)
        action = re.search(r'<form method="post" action="([^"]+)">', page.text)
        assert action
        assert f'<button type="submit" name="answer" value="{answer}">' in page.text
        form = {unescape(name): unescape(value) for name, value in fields} | {"answer": answer}
        return client.post(urljoin(url, action[1]), data=form, follow_redirects=True)


if __name__ == "__main__":
    shown = consent(sys.argv[1], os.environ["CONSENT_ANSWER"])
    Path(os.environ["CONSENT_PAGE"]).write_text(shown.text, encoding="utf-8")
