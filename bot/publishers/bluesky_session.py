"""Calls to one account's PDS: XRPC, the kept log-in and its renewal, and what each answer means.

https://docs.bsky.app/docs/api/at-protocol-xrpc-api
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from bot.credentials import Unshown
from bot.errors import PublishError, Rejected, TryLater, Unauthorized, Uncertain
from bot.http import wait_from
from bot.publishers import instants
from bot.publishers.base import Access
from bot.publishers.masking import masked

SESSION_SECONDS = 20.0
CALL_SECONDS = 30.0
UPLOAD_SECONDS = 60.0
EARLY = timedelta(minutes=2)  # an access token is renewed this long before it ends
_STALE = frozenset({"ExpiredToken", "InvalidToken", "AuthMissing"})
_BARRED = frozenset({"AccountTakedown", "AccountSuspended", "AccountDeactivated", "AuthenticationRequired"})


class Answer(Struct, frozen=True):
    """One answer of the server. `data` is None where it is not a JSON object; `error` is the server's name for it."""

    status: int
    data: Mapping[str, Any] | None
    error: str
    words: str
    wait: timedelta | None
    at: datetime

    @property
    def stale(self) -> bool:
        """Whether the token was refused, and nothing done: a new one may help (ExpiredToken comes as a 400)."""
        return self.status in (400, 401) and self.error in _STALE


class Session(Unshown, frozen=True):
    """A log-in. `owner` tells whether it belongs to this handle, service and password; `pds` is where its calls go."""

    owner: str
    did: str
    handle: str
    pds: str
    access: str
    refresh: str


class Xrpc:
    """The account's calls. The log-in is made when a call first needs one, and kept in the vault across runs."""

    def __init__(self, access: Access, call_seconds: float) -> None:
        self._access = access
        self._call_seconds = call_seconds
        self._service = str(access.options["service"]).rstrip("/")
        self._session: Session | None = None
        self.handle = str(access.options["handle"]).removeprefix("@").lower()
        self.host = urlsplit(self._service).netloc

    def ask(self, name: str, **params: str) -> Answer:
        """Make a query without a log-in. Never `Uncertain`."""
        kept = self._kept()
        return self._call("GET", kept.pds if kept else self._service, name, params=params)

    def query(self, name: str) -> Answer:
        """Make a query as the account. Never `Uncertain`."""
        return self._as_account(lambda session: self._call("GET", session.pds, name, token=session.access))

    def put_record(self, body: Mapping[str, Any]) -> Answer:
        """Make the one call that announces, as the account; `body` lacks only its `repo`. `Uncertain` when lost."""
        name = "com.atproto.repo.putRecord"
        return self._as_account(
            lambda session: self._call(
                "POST", session.pds, name, token=session.access, json={"repo": session.did, **body}, safe=False
            )
        )

    def upload(self, data: bytes, mime: str) -> Answer:
        """Upload a blob, as the account. Nothing is announced by it, so never `Uncertain`."""
        name = "com.atproto.repo.uploadBlob"
        headers = {"Content-Type": mime}
        return self._as_account(
            lambda session: self._call(
                "POST", session.pds, name, token=session.access, content=data, headers=headers, seconds=UPLOAD_SECONDS
            )
        )

    def repo(self) -> str:
        """Return the account's DID where a log-in is kept, else its handle: either names its repository."""
        kept = self._kept()
        return kept.did if kept else self.handle

    def error(self, answer: Answer, *, announcing: bool = False) -> PublishError:
        """Return what an answer that is no success means. `announcing`: it answers the call that announces."""
        said = f"{self.host}: {answer.words}"
        if answer.status == 429:
            return TryLater(said, answer.wait)
        if answer.status in (401, 403) or answer.stale or answer.error in _BARRED:
            return Unauthorized(said)
        if 400 <= answer.status < 500 and answer.status != 408:
            return Rejected(said)
        if announcing and not 300 <= answer.status < 400:
            return Uncertain(said)
        return TryLater(said, answer.wait)

    def _as_account(self, send: Callable[[Session], Answer]) -> Answer:
        """Send under the kept log-in; renew it and send again where the token, and so the call, was refused."""
        session = self._open()
        answer = send(session)
        if answer.stale:
            answer = send(self._renew(session))
        return answer

    def _open(self) -> Session:
        session = self._session or self._kept(self._owner())
        if session is None or _ends(session.access) - self._access.clock() < EARLY:
            return self._renew(session)
        self._session = session
        return session

    def _renew(self, used: Session | None) -> Session:
        """Return a log-in that is not `used`: one another process made meanwhile, a refreshed one, or a new one."""
        with self._access.vault.locked():
            owner = self._owner()
            kept = self._kept(owner)
            if kept is None or (used is not None and kept.access == used.access) or self._ended(kept):
                kept = (self._refresh(kept) if kept else None) or self._log_in(owner)
                self._access.vault.write({name: getattr(kept, name) for name in Session.__struct_fields__})
        self._session = kept
        return kept

    def _ended(self, session: Session) -> bool:
        return _ends(session.access) - self._access.clock() < EARLY

    def _refresh(self, kept: Session) -> Session | None:
        """Return the refreshed log-in, None where the server refuses to. Raises `TryLater`."""
        answer = self._call(
            "POST",
            self._service,
            "com.atproto.server.refreshSession",
            token=kept.refresh,
            seconds=SESSION_SECONDS,
        )
        if answer.status in (400, 401, 403):
            return None
        return self._session_of(answer, kept.owner)

    def _log_in(self, owner: str) -> Session:
        """Raises `Unauthorized` for a refused password, `TryLater` for all else."""
        password = self._access.secret("app_password").reveal()
        answer = self._call(
            "POST",
            self._service,
            "com.atproto.server.createSession",
            json={"identifier": self.handle, "password": password},
            seconds=SESSION_SECONDS,
        )
        return self._session_of(answer, owner)

    def _session_of(self, answer: Answer, owner: str) -> Session:
        data = answer.data or {}
        names = ("did", "handle", "accessJwt", "refreshJwt")
        if answer.status == 200 and all(isinstance(data.get(name), str) for name in names):
            pds = endpoint(data.get("didDoc")) or self._service
            did, handle, access, refresh = (str(data[name]) for name in names)
            return Session(owner=owner, did=did, handle=handle, pds=pds, access=access, refresh=refresh)
        error = self.error(answer)
        if isinstance(error, Unauthorized):
            raise Unauthorized(f"{error.message} (type: posse login {self._access.account})")
        raise TryLater(f"{self.host} does not log in: {answer.words}", answer.wait)

    def _kept(self, owner: str | None = None) -> Session | None:
        """Return the kept log-in, None where there is none, or another owner's."""
        values = self._access.vault.read()
        if set(values) != set(Session.__struct_fields__) or (owner is not None and values["owner"] != owner):
            return None
        kept = Session(**values)
        return kept if kept.owner.startswith(self._name_digest()) else None

    def _name_digest(self) -> str:
        return hashlib.sha256(f"{self.handle} {self._service}".encode()).hexdigest()[:16]

    def _owner(self) -> str:
        """Return what changes with handle, service or password; the password cannot be had from it."""
        password = self._access.secret("app_password").reveal().encode()
        salt = f"{self.handle} {self._service}".encode()
        return f"{self._name_digest()}.{hashlib.scrypt(password, salt=salt, n=4096, r=8, p=1, dklen=16).hex()}"

    def _call(
        self,
        method: str,
        base: str,
        name: str,
        *,
        token: str = "",
        headers: Mapping[str, str] | None = None,
        safe: bool = True,
        seconds: float | None = None,
        **body: Any,
    ) -> Answer:
        sent = dict(headers or {}) | ({"Authorization": f"Bearer {token}"} if token else {})
        bound = seconds or self._call_seconds
        answer = self._access.http.send(
            method, f"{base}/xrpc/{name}", headers=sent, safe=safe, timeout=bound, total=bound, **body
        )
        text = answer.text
        if answer.is_error:  # a server, or what stands before it, may repeat what it was sent
            text = masked(text, [token or "", (body.get("json") or {}).get("password") or ""])
        return _read(answer.status_code, answer.headers, text, self._access.clock())


def endpoint(did_doc: object) -> str | None:
    """Return the PDS that a DID document names: https, on a host with a name, and no other port. Else None.

    An entryway (bsky.social) logs in for many PDSs. What it answers is content, so it may not point the account's
    tokens into a private network.
    """
    services = did_doc.get("service") if isinstance(did_doc, Mapping) else None
    for service in services if isinstance(services, list) else []:
        if isinstance(service, Mapping) and str(service.get("id", "")).endswith("#atproto_pds"):
            return _plain_https(str(service.get("serviceEndpoint", "")))
    return None


def _plain_https(address: str) -> str | None:
    found = re.fullmatch(r"https://([a-z0-9-]+(\.[a-z0-9-]+)+)/?", address, re.IGNORECASE)
    if found is None or found[1].lower().endswith((".localhost", ".local", ".internal")):
        return None
    try:
        ipaddress.ip_address(found[1])
    except ValueError:
        return f"https://{found[1].lower()}"
    return None


def _read(status: int, headers: Mapping[str, str], body: str, now: datetime) -> Answer:
    try:
        data = json.loads(body)
    except ValueError:
        data = None
    if not isinstance(data, Mapping):
        data = None
    error = str((data or {}).get("error") or "") if status >= 400 else ""
    message = str((data or {}).get("message") or "") if status >= 400 else ""
    words = ": ".join(part for part in (error, message[:300]) if part)
    if not words:
        ours = data is not None and status < 300
        words = f"answered {status}" + ("" if ours else ", not as an AT Protocol server does: is `service` right?")
    wait = wait_from(headers, now) if status in (429, 503) else None
    return Answer(status, data, error, words, wait, instants.http_date(headers.get("date", "")) or now)


def _ends(token: str) -> datetime:
    """Return when a JWT says it ends; the end of time where it does not say: then the server will."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return datetime.fromtimestamp(claims["exp"], UTC)
    except (ValueError, IndexError, KeyError, TypeError, OverflowError, OSError):
        return datetime.max.replace(tzinfo=UTC)
