"""The tokens of one account by OAuth 2: an access token of two hours, and a refresh token that works once.

The secret `refresh_token` is the log-in's first one; what has come of it since is in the vault, under its lock, so that
no two processes spend the same. https://docs.x.com/fundamentals/authentication/oauth-2-0/user-access-token
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from msgspec.structs import replace

from bot import oauth
from bot.credentials import Secret, Unshown
from bot.errors import CredentialError, PublishError, Rejected, TryLater, Unauthorized
from bot.http import wait_from
from bot.publishers.base import Access
from bot.publishers.masking import masked

if TYPE_CHECKING:
    import httpx

EARLY = timedelta(minutes=2)  # an access token is renewed this long before it ends
TWO_HOURS = 7200
IDLE = timedelta(days=30)  # how long a refresh token lives unused is published nowhere; people tell of six months


class Session(Unshown, frozen=True):
    """What is kept. `owner` tells from which log-in it has come; `user` is the account's number, empty if unknown."""

    owner: str
    access: str
    refresh: str
    ends: str
    user: str = ""

    def is_over(self, now: datetime) -> bool:
        """Whether its access token has ended, or is about to."""
        return datetime.fromisoformat(self.ends) - now < EARLY


class Tokens:
    """The account's tokens. Nothing is asked for before one is needed."""

    def __init__(self, access: Access, call_seconds: float) -> None:
        self._access = access
        self._seconds = call_seconds
        self._base = str(access.options["api"]).rstrip("/")
        self._session: Session | None = None

    def bearer(self) -> Secret:
        """Return an access token that has not ended."""
        if self._session is None:
            self._session = self._kept(self._owner())
        if self._session is None or self._session.is_over(self._access.clock()):
            self._session = self._renew(self._session)
        return Secret(self._session.access)

    def renewed(self, used: Secret) -> Secret:
        """Return another access token than `used`, which was refused: one that another process got meanwhile, or new.

        Raises `Unauthorized` where there is none to be had.
        """
        self._session = self._renew(self._session if self._session and self._session.access == used.reveal() else None)
        return Secret(self._session.access)

    def keep_alive(self) -> None:
        """Renew tokens that nobody has renewed for long, or that are of unknown age. Raises as `renewed` does."""
        kept = self._kept(self._owner())
        if kept is None or self._access.clock() - datetime.fromisoformat(kept.ends) > IDLE:
            self._session = self._renew(kept)

    def user_id(self) -> str:
        """Return the account's number, empty where it is not known."""
        session = self._session or self._kept(self._owner())
        return session.user if session else ""

    def remember_user(self, number: str) -> None:
        """Keep the account's number."""
        with self._access.vault.locked():
            kept = self._kept(self._owner())
            if kept and kept.user != number:
                self._session = replace(kept, user=number)
                self._keep(self._session)

    def _renew(self, used: Session | None) -> Session:
        with self._access.vault.locked():
            owner = self._owner()
            kept = self._kept(owner)
            if kept is None or (used and kept.access == used.access) or kept.is_over(self._access.clock()):
                spent = kept.refresh if kept else self._access.secret("refresh_token").reveal()
                kept = self._refresh(spent, owner, kept.user if kept else "")
                self._keep(kept)
        return kept

    def _refresh(self, spent: str, owner: str, user: str) -> Session:
        """Spend a refresh token. Raises `Unauthorized` where it is refused, `TryLater` for all else."""
        asked = {"grant_type": "refresh_token", "refresh_token": spent}
        given = exchange(self._access, asked, self._seconds)
        now = self._access.clock()
        ends = now + timedelta(seconds=float(given.get("expires_in") or TWO_HOURS))
        # A server that gives no new one lets the old one be used again (RFC 6749, section 6).
        refresh = str(given.get("refresh_token") or spent)
        return Session(owner, str(given["access_token"]), refresh, ends.isoformat(), user)

    def _kept(self, owner: str) -> Session | None:
        """Return what is kept, None where there is nothing, or another log-in's."""
        values = self._access.vault.read()
        if set(values) != set(Session.__struct_fields__) or values["owner"] != owner:
            return None
        return Session(**values)

    def _keep(self, session: Session) -> None:
        self._access.vault.write({name: getattr(session, name) for name in Session.__struct_fields__})

    def _owner(self) -> str:
        """Return what changes with each log-in; nothing can be had from it."""
        seed = self._access.secret("refresh_token").reveal()
        return hashlib.sha256(f"{self._base}\0{client_id(self._access)}\0{seed}".encode()).hexdigest()[:32]


def client_id(access: Access) -> str:
    """Return the app's client ID. Raises `CredentialError` where the configuration has none."""
    found = str(access.options.get("client_id") or "")
    if not found:
        raise CredentialError(
            f"account {access.account} has no client_id: set it in the configuration (console.x.com, your app, Keys and"
            ' tokens), or leave out auth = "oauth2"'
        )
    return found


def exchange(access: Access, asked: Mapping[str, str], seconds: float) -> Mapping[str, Any]:
    """Ask the token endpoint; return an answer that holds an `access_token`.

    Raises `Unauthorized` where what is given is refused, `TryLater` where nobody answers as it should, `Rejected` where
    the server is of another kind.
    """
    base, client = str(access.options["api"]).rstrip("/"), client_id(access)
    host, secret = urlsplit(base).netloc, _client_secret(access)
    headers, form = {}, {**asked, "client_id": client}
    if secret:  # a confidential client says who it is in the header (RFC 6749, section 2.3.1)
        pair = f"{quote(client, safe='')}:{quote(secret, safe='')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    answer = access.http.send(
        "POST", f"{base}/2/oauth2/token", data=form, headers=headers, safe=True, timeout=seconds, total=seconds
    )
    body = _table(answer)
    if answer.is_success and isinstance(body.get("access_token"), str) and body["access_token"]:
        return body
    hidden = [secret, *headers.values(), *(asked.get(name, "") for name in ("refresh_token", "code", "code_verifier"))]
    raise _error(access, host, answer, body, hidden)


def _error(
    access: Access, host: str, answer: httpx.Response, body: Mapping[str, Any], hidden: list[str]
) -> PublishError:
    status = answer.status_code
    said = body.get("error_description") or body.get("detail") or body.get("error")
    words = oauth.plain(masked(said, hidden)) if isinstance(said, str) and said.strip() else f"HTTP {status}"
    if status in (400, 401, 403) and body:
        return Unauthorized(f"{host}: {words} (type: posse login {access.account})")
    if status == 429 or status >= 500:
        return TryLater(f"{host}: {words}", wait_from(answer.headers, access.clock()))
    return Rejected(f"{host} does not know X's API (it answered {status}): is `api` right?")


def _client_secret(access: Access) -> str:
    try:
        return access.secret("client_secret").reveal()
    except CredentialError:
        return ""  # a public client has none


def _table(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
