"""Logging in at Mastodon, and the servers that speak its API: an application of its own, then the code flow.

https://docs.joinmastodon.org/methods/apps/ and https://docs.joinmastodon.org/methods/oauth/
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bot import oauth
from bot.credentials import Secret, Unshown
from bot.errors import PublishError, Rejected, TryLater, Unauthorized
from bot.http import wait_from
from bot.publishers.base import Access
from bot.publishers.masking import masked, origin_of

if TYPE_CHECKING:
    import httpx

CLIENT_NAME = "posse-bot"
SCOPES = ("write:statuses", "write:media", "read:statuses", "read:accounts")
PROFILE = "profile"  # since Mastodon 4.3, as is the metadata that names it


class _App(Unshown, frozen=True):
    client_id: str
    client_secret: str


def login(access: Access, person: oauth.Person, *, seconds: float = oauth.LOGIN_SECONDS) -> Mapping[str, Secret]:
    """Return a new `access_token` that the person has granted. Nothing is kept, and the token is not yet proven.

    Raises `CredentialError` where the person does not grant it within `seconds`, `PublishError` where the server does
    not play its part; never `Uncertain`: a lost answer leaves an unused application behind, no more.
    """
    server = _Server(access)
    told = server.metadata()
    scopes = [*SCOPES, PROFILE] if PROFILE in _listed(told, "scopes_supported") else [*SCOPES]
    attempt = oauth.draw()
    with ExitStack() as stack:
        loopback = stack.enter_context(oauth.Loopback(attempt.state)) if person.browser else None
        redirects = [loopback.uri, oauth.OUT_OF_BAND] if loopback else [oauth.OUT_OF_BAND]
        app = server.register(redirects, " ".join(scopes))
        question = oauth.Question(
            endpoint=f"{server.base}/oauth/authorize",
            client_id=app.client_id,
            scope=" ".join(scopes),
            pkce="S256" in _listed(told, "code_challenge_methods_supported"),
        )
        grant = oauth.authorize(question, person, loopback, attempt, seconds)
    return {"access_token": server.exchange(app, grant, question.scope)}


class _Server:
    """The instance's calls that need no token."""

    def __init__(self, access: Access) -> None:
        self.base = str(access.options["instance"]).rstrip("/")
        self._host = urlsplit(self.base).netloc
        self._http = access.http
        self._clock = access.clock

    def metadata(self) -> Mapping[str, Any]:
        """What the server says about its log-in (RFC 8414); empty where it says nothing, as before Mastodon 4.3."""
        answer = self._http.send("GET", f"{self.base}/.well-known/oauth-authorization-server")
        return _table(answer) if answer.status_code == 200 else {}

    def register(self, redirects: list[str], scopes: str) -> _App:
        """Register an application of our name. It can do nothing until somebody grants it something."""
        asked = {"client_name": CLIENT_NAME, "redirect_uris": "\n".join(redirects), "scopes": scopes}
        answer = self._http.send("POST", f"{self.base}/api/v1/apps", data=asked, safe=True)
        given = _table(answer)
        if answer.is_success and given.get("client_id") and given.get("client_secret"):
            return _App(str(given["client_id"]), str(given["client_secret"]))
        raise self._error(answer, [])

    def exchange(self, app: _App, grant: oauth.Grant, scope: str) -> Secret:
        """Exchange the code for a token."""
        asked = {
            "grant_type": "authorization_code",
            "code": grant.code,
            "redirect_uri": grant.redirect,
            "client_id": app.client_id,
            "client_secret": app.client_secret,
            "scope": scope,
        }
        if grant.verifier:
            asked["code_verifier"] = grant.verifier
        answer = self._http.send("POST", f"{self.base}/oauth/token", data=asked, safe=True)
        token = _table(answer).get("access_token")
        if answer.is_success and isinstance(token, str) and token:
            return Secret(token)
        raise self._error(answer, [app.client_secret, grant.code, grant.verifier])

    def _error(self, answer: httpx.Response, hidden: list[str]) -> PublishError:
        """Return what an answer that is no success means. `hidden` stays out of the server's words."""
        status = answer.status_code
        body = _table(answer)
        said = body.get("error_description") or body.get("error")
        words = oauth.plain(masked(said, hidden)) if isinstance(said, str) and said.strip() else f"HTTP {status}"
        if status == 429 or status >= 500:
            return TryLater(f"{self._host}: {words}", wait_from(answer.headers, self._clock()))
        if 300 <= status < 400:
            target = origin_of(answer.headers.get("location", ""))
            return Rejected(f"{self._host} sends us on to {target}: set the account's `instance` to where it is now")
        if status < 300 or not body:
            return Rejected(f"{self._host} does not know the Mastodon API: is `instance` a Mastodon server?")
        return Unauthorized(f"{self._host}: {words}")


def _table(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _listed(told: Mapping[str, Any], name: str) -> list[object]:
    found = told.get(name)
    return found if isinstance(found, list) else []
