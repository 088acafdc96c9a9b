"""What of other people's words, and of addresses, may be shown. Pure, and light: every publisher loads it."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from urllib.parse import quote, urlsplit

_HEADER = re.compile(r"(?i)\b(basic|bearer) [\w+/=.~-]{8,}")  # a proxy's password, too, which we do not know


def masked(text: str, hidden: Collection[str]) -> str:
    """Return `text` without the secrets in it, as they are and as they stand in an address, in JSON or in a header."""
    for secret in filter(None, hidden):
        for spelling in (secret, quote(secret, safe=""), quote(secret), json.dumps(secret)[1:-1]):
            text = text.replace(spelling, "…")
    return _HEADER.sub(r"\1 …", text)


def host_of(url: str) -> str:
    """Return the host and port of an address, for people to read."""
    return urlsplit(url).netloc.rpartition("@")[2]


def origin_of(url: str) -> str:
    """Return the scheme and host of an address, without what may be secret; "elsewhere" where it has none."""
    scheme, host = urlsplit(url).scheme, host_of(url)
    return f"{scheme}://{host}" if scheme and host else "elsewhere"
