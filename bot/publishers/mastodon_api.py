"""The requests of Mastodon's API that announce and look: each made once, bounded in time, and judged.

Not through Mastodon.py, which tells a refused connection and a lost answer by the same error, and costs more to import
than all the rest of a run. It proves log-ins: `bot.publishers.mastodon_profile`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from bot.errors import PublishError, Rejected, TryLater, Unauthorized, Uncertain
from bot.http import plain, wait_from
from bot.publishers.base import Access
from bot.publishers.masking import masked, origin_of

NOT_MASTODONS = "that is not Mastodon's: is `instance` a Mastodon server?"
# Words of Mastodon's own answers (app/controllers/api/base_controller.rb, doorkeeper) that are about who asks.
_ABOUT_THE_TOKEN = re.compile(r"scope|token|your login|authenticated|authoriz", re.IGNORECASE)


class Bounds(Struct, frozen=True):
    """How long one call may take, in seconds: to connect or between two bytes, and in all."""

    read: float = 30.0
    total: float = 60.0


class Answer(Struct, frozen=True):
    """What a server said. `headers` have lower-case names; `text` is the body, without our secret."""

    status: int
    headers: Mapping[str, str]
    text: str
    reason: str = ""

    @property
    def data(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None


class Api:
    """One account on one server; `instance` is an http(s) address."""

    def __init__(self, access: Access, bounds: Bounds | None = None) -> None:
        self.access = access
        self.bounds = bounds or Bounds()
        self._base = str(self.access.options["instance"]).rstrip("/")
        self.host = urlsplit(self._base).netloc
        self._token = self.access.secret("access_token").reveal()

    def table(self, method: str, path: str, *, once: bool = False, key: str = "", **request: Any) -> Mapping[str, Any]:
        """Make one request, and return the JSON object that answers it.

        `once` marks the request that cannot be repeated: where its fate is not known it raises `Uncertain`, any other
        request `TryLater`. `key` is its Idempotency-Key. Raises only `PublishError`s.
        """
        data = self._ask(method, path, once, key, request)
        if not isinstance(data, dict):
            raise _fate(f"{self.host} answered with something {NOT_MASTODONS}", once)
        return data

    def rows(self, path: str, **params: Any) -> list[Mapping[str, Any]]:
        """Make one GET, and return the list of JSON objects that answers it."""
        data = self._ask("GET", path, False, "", {"params": params})
        if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
            raise TryLater(f"{self.host} answered with something {NOT_MASTODONS}")
        return data

    def account_id(self) -> str:
        """Ask whose token it is."""
        me = self.table("GET", "/api/v1/accounts/verify_credentials")
        if not me.get("id"):
            raise TryLater(f"{self.host} answered, but not with an account: is `instance` a Mastodon server?")
        return str(me["id"])

    @property
    def mark(self) -> str:
        """What tells this token on this server from every other, and shows neither."""
        return hashlib.sha256(f"{self._base}\n{self._token}".encode()).hexdigest()[:32]

    def _ask(self, method: str, path: str, once: bool, key: str, request: Mapping[str, Any]) -> Any:
        headers = {"Authorization": f"Bearer {self._token}"} | ({"Idempotency-Key": key} if key else {})
        got = self.access.http.send(
            method,
            self._base + path,
            headers=headers,
            timeout=self.bounds.read,
            total=self.bounds.total,
            safe=not once,
            **request,
        )
        named = {name.lower(): value for name, value in got.headers.items()}
        answer = Answer(got.status_code, named, got.text, got.reason_phrase)
        if got.is_success and answer.data is not None:
            return answer.data
        hidden = Answer(got.status_code, named, masked(got.text, [self._token]), got.reason_phrase)
        raise judge(hidden, self.host, self.access.clock(), once=once)


def judge(answer: Answer, host: str, now: datetime, *, once: bool) -> PublishError:
    """Return what an answer means that is no success, or holds no JSON. Pure; see `Api.table` for `once`."""
    status, words = answer.status, _words(answer)
    if status < 300:
        return _fate(f"{host} answered {status} with something {NOT_MASTODONS}", once)
    if status < 400:
        target = origin_of(answer.headers.get("location", ""))  # its query may hold what was sent
        return Rejected(f"{host} sends us on to {target}: set the account's `instance` to where it is now")
    if status == 429:
        return TryLater(f"{host}: {words}", wait_from(answer.headers, now))
    if status in (408, 425):
        return TryLater(f"{host}: {words}")
    if status >= 500:
        return _fate(f"{host}: {words}", once)
    return _refused(answer, host, words, once)


def _refused(answer: Answer, host: str, words: str, once: bool) -> PublishError:
    """Return what an answer from 400 to 499 means."""
    status = answer.status
    about_the_token = (
        "error=" in answer.headers.get("www-authenticate", "") or _ABOUT_THE_TOKEN.search(words) is not None
    )
    if status == 401 or (status in (403, 422) and about_the_token):
        return Unauthorized(f"{host} refuses the access token: {words}")
    if status == 400 and once and "idempotency" in words.lower():
        return Uncertain(f"{host} has met this announcement before: {words}")  # Pixelfed
    if status == 422 and "finished processing" in words:
        return TryLater(f"{host}: {words}", timedelta(seconds=2))
    if status == 404 and not isinstance(answer.data, dict):
        return Rejected(f"{host} does not know the Mastodon API: is `instance` a Mastodon server?")
    return Rejected(f"{host}: {words}")


def _words(answer: Answer) -> str:
    """Return the server's own words, on one line."""
    body = answer.data if isinstance(answer.data, dict) else {}
    said = body.get("error_description") or body.get("error") or body.get("message")
    own = plain(said) if isinstance(said, str) else ""
    return own or f"HTTP {answer.status} {plain(answer.reason)}".strip()


def _fate(message: str, once: bool) -> PublishError:
    return Uncertain(message) if once else TryLater(message)
