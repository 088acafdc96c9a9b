"""A page of consent with two real buttons, and the codes that it gives: what the strict code flows share (RFC 6749)."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import urlencode

from tests.servers.strict_http import Answer


def page(action: str, values: Mapping[str, Any], title: str) -> Answer:
    """The page; pressed, it posts `values` to `action` with `answer` being `authorize` or `deny`."""
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(str(value))}">' for name, value in values.items()
    )
    return Answer(
        body=f"""<!doctype html><html lang="en"><title>{title}</title><h1>{title}</h1>
<form method="post" action="{action}">{hidden}
<button type="submit" name="answer" value="authorize">Authorize</button>
<button type="submit" name="answer" value="deny">Deny</button></form></html>"""
    )


class Codes:
    """Codes that work once, and for so many seconds."""

    def __init__(self, life: float) -> None:
        self.life = life
        self.given: dict[str, dict[str, Any]] = {}

    def back(self, asked: Mapping[str, Any], refusal: Mapping[str, str], behind: str = "") -> Answer:
        """Send the browser to the redirect URI with a code, or with the refusal; `behind` ends the address."""
        query = dict(refusal)
        if asked.get("answer") != "deny":
            code = secrets.token_urlsafe(32)
            self.given[code] = {**asked, "until": time.time() + self.life}
            query = {"code": code}
        if asked.get("state"):
            query["state"] = str(asked["state"])
        return Answer(302, "", {"Location": f"{asked['redirect_uri']}?{urlencode(query)}{behind}"})

    def spend(self, code: str, redirect: str) -> dict[str, Any] | None:
        """Return what a code was given for, None where it is unknown, spent, too old, or another redirect's."""
        found = self.given.pop(code, None)
        good = found and found["until"] > time.time() and found["redirect_uri"] == redirect
        return found if good else None
