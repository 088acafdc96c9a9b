"""Calls to X's API as one account: signed by OAuth 1.0a or borne by OAuth 2, and what each answer means.

https://docs.x.com/x-api/fundamentals/response-codes-and-errors
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from bot.errors import PublishError, Rejected, TryLater, Unauthorized, Uncertain
from bot.http import plain, wait_from
from bot.publishers import instants, x_oauth1
from bot.publishers.base import Access
from bot.publishers.masking import masked
from bot.publishers.x_tokens import Tokens

CALL_SECONDS = 30.0
UPLOAD_SECONDS = 60.0
MOST_SKEW = timedelta(minutes=5)  # a signed request whose timestamp is further off than about this is refused
DUPLICATE = "duplicate content"
# What a 403 says when it is the account or the app that may not, and no other words would be taken either.
_BARRED = ("permission", "suspended", "locked", "not authorized", "enrolled", "scope", "access level")
_BARRED_TYPES = ("oauth1-permissions", "client-forbidden", "unsupported-authentication", "unauthorized")


class Answer(Struct, frozen=True):
    """One answer. `data` is its `data` member, empty where there is none; `body` is None where it is no JSON object.

    `words` are the network's own, without secrets; `kind` is the last part of its problem type.
    """

    status: int
    body: Mapping[str, Any] | None
    words: str
    kind: str
    wait: timedelta | None
    at: datetime | None

    @property
    def data(self) -> Mapping[str, Any]:
        """The `data` member where it is an object."""
        found = (self.body or {}).get("data")
        return found if isinstance(found, Mapping) else {}

    @property
    def duplicate(self) -> bool:
        """Whether X refuses words it has had before (plhery/node-twitter-api-v2#469, akrherz/iembot#163)."""
        return self.status == 403 and DUPLICATE in self.words.lower()


class Api:
    """The account's calls. Making one asks for no secret."""

    def __init__(self, access: Access, call_seconds: float = CALL_SECONDS) -> None:
        self._access = access
        self._seconds = call_seconds
        self._base = str(access.options["api"]).rstrip("/")
        self._tokens = Tokens(access, call_seconds) if access.options.get("auth") == "oauth2" else None
        self._signed: x_oauth1.Keys | None = None
        self.host = urlsplit(self._base).netloc

    def get(self, path: str, **params: str) -> Answer:
        """Ask something. Raises what an answer means that is no success; never `Uncertain`."""
        return self._checked(self._call("GET", path, params=params), announcing=False)

    def make(self, path: str, **body: Any) -> Answer:
        """Do something that announces nothing. Raises as `get` does."""
        return self._checked(self._call("POST", path, safe=True, **body), announcing=False)

    def announce(self, body: Mapping[str, Any]) -> Answer:
        """Make the one call that announces. A refusal of duplicate words comes back; all others are raised."""
        answer = self._call("POST", "/2/tweets", json=body)
        return answer if answer.duplicate else self._checked(answer, announcing=True)

    def user_id(self) -> str:
        """Return the account's number, without asking where it is known: a look at one's own user costs a cent."""
        if self._tokens is None:
            told = self._keys().token.reveal().partition("-")[0]  # "370773112-GmHx…": the token begins with it
            if told.isdigit():
                return told
        elif told := self._tokens.user_id():
            return told
        return self.me()["id"]

    def me(self) -> dict[str, str]:
        """Ask who the account is: `id`, `username`, `name`."""
        found = self.get("/2/users/me").data
        if not found.get("id") or not found.get("username"):
            raise TryLater(f"{self.host} answered, but not with an account")
        known = {name: str(found.get(name, "")) for name in ("id", "username", "name")}
        if self._tokens is not None:
            self._tokens.remember_user(known["id"])
        return known

    def keep_alive(self) -> None:
        """Renew what would die by lying idle."""
        if self._tokens is not None:
            self._tokens.keep_alive()

    def _keys(self) -> x_oauth1.Keys:
        if self._signed is None:
            names = ("api_key", "api_secret", "access_token", "access_token_secret")
            self._signed = x_oauth1.Keys(*(self._access.secret(name) for name in names))
        return self._signed

    def _call(self, method: str, path: str, *, safe: bool = False, **body: Any) -> Answer:
        """Make a call; renew the tokens once and repeat it where they, and so the call, were refused."""
        if self._tokens is None:
            return self._send(method, path, self._signature(method, path, body.get("params") or {}), safe, body)
        used = self._tokens.bearer()
        answer = self._send(method, path, f"Bearer {used.reveal()}", safe, body)
        if answer.status == 401:
            answer = self._send(method, path, f"Bearer {self._tokens.renewed(used).reveal()}", safe, body)
        return answer

    def _signature(self, method: str, path: str, params: Mapping[str, str]) -> str:
        return x_oauth1.authorization(
            self._keys(),
            method,
            self._base + path,
            params,
            seconds=int(self._access.clock().timestamp()),
            nonce=secrets.token_hex(16),
        )

    def _send(self, method: str, path: str, authorization: str, safe: bool, body: Mapping[str, Any]) -> Answer:
        bound = UPLOAD_SECONDS if "files" in body else self._seconds
        answer = self._access.http.send(
            method,
            self._base + path,
            headers={"Authorization": authorization},
            safe=safe,
            timeout=bound,
            total=bound,
            **body,
        )
        return read(answer.status_code, answer.headers, answer.text, self._hidden(authorization), self._access.clock())

    def _hidden(self, authorization: str) -> list[str]:
        """What must not come back in an error's words, should a server repeat what it was sent."""
        keys = self._keys() if self._tokens is None else None
        shown = [keys.key, keys.key_secret, keys.token, keys.token_secret] if keys else []
        return [authorization, authorization.partition(" ")[2], *(secret.reveal() for secret in shown)]

    def _checked(self, answer: Answer, *, announcing: bool) -> Answer:
        if 200 <= answer.status < 300:
            if answer.body is None:
                why = f"{self.host} answered {answer.status}, but not as X's API does"
                raise Uncertain(why) if announcing else TryLater(why)
            return answer
        raise self._error(answer, announcing=announcing)

    def _error(self, answer: Answer, *, announcing: bool) -> PublishError:
        """Return what an answer that is no success means. `announcing`: it answers the call that announces."""
        said = f"{self.host}: {answer.words}"
        login = f"type: posse login {self._access.account}"
        match answer.status:
            case 401 if (off := self._skew(answer)) is not None:
                return TryLater(f"{said} (the clock here is {off} off, and X refuses what is signed so: set it)")
            case 401:
                return Unauthorized(f"{said} ({login})")
            case 402:
                return TryLater(f"{said} (the app has no credits left: buy some at console.x.com)")
            case 403 if answer.kind in _BARRED_TYPES or any(sign in answer.words.lower() for sign in _BARRED):
                return Unauthorized(f"{said} (does the app have Read and write permission? Then {login})")
            case 429:
                return TryLater(said, answer.wait)
            case status if status >= 500:
                return Uncertain(said) if announcing else TryLater(said, answer.wait)
            case status if status < 400 or answer.body is None:
                return Rejected(f"{self.host} does not know X's API (it answered {status}): is `api` right?")
            case _:
                return Rejected(said)

    def _skew(self, answer: Answer) -> str | None:
        """How far the clock is off, in words, where a signature was refused and the server's clock says why."""
        if self._tokens is not None or answer.at is None:
            return None
        off = abs(answer.at - self._access.clock())
        return f"{off.total_seconds() / 60:.0f} minutes" if off > MOST_SKEW else None


def read(status: int, headers: Mapping[str, str], text: str, hidden: list[str], now: datetime) -> Answer:
    """Read an answer; `hidden` stays out of its words."""
    body = _table(text)
    table = body or {}
    listed = table.get("errors")
    first = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], Mapping) else {}
    found = masked(_words(table) or _words(first) or f"answered {status}", hidden)
    kind = str(table.get("type") or first.get("type") or "").rstrip("/").rpartition("/")[2]
    wait = _wait(headers, now) if status in (429, 503) else None
    return Answer(status, body, plain(found), kind, wait, instants.http_date(headers.get("date", "")))


def _words(table: Mapping[str, Any]) -> str:
    for name in ("detail", "error_description", "message", "title", "error"):
        if isinstance(table.get(name), str) and table[name].strip():
            return str(table[name])
    return ""


def _table(text: str) -> Mapping[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, Mapping) else None


def _wait(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """The wait for the limit that is used up: the day's, where that is it, else the quarter of an hour's."""
    named = {name.lower(): value for name, value in headers.items()}
    for day in ("x-user-limit-24hour", "x-app-limit-24hour"):
        if named.get(f"{day}-remaining") == "0" and f"{day}-reset" in named:
            return wait_from({"x-ratelimit-reset": named[f"{day}-reset"]}, now)
    if "x-rate-limit-reset" in named:
        named.setdefault("x-ratelimit-reset", named["x-rate-limit-reset"])
    return wait_from(named, now)
