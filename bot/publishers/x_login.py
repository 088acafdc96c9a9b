"""Logging in at X: by OAuth 2 in a browser that comes back here, or by OAuth 1.0a with a PIN.

https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code and .../oauth-1-0a/pin-based-oauth
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

from bot import oauth
from bot.credentials import Secret
from bot.errors import CredentialError, PublishError, Rejected, TryLater, Unauthorized
from bot.http import wait_from
from bot.publishers import x_oauth1
from bot.publishers.base import Access
from bot.publishers.x_api import CALL_SECONDS
from bot.publishers.x_tokens import client_id, exchange

if TYPE_CHECKING:
    import httpx

SCOPES = ("tweet.read", "tweet.write", "users.read", "media.write", "offline.access")


class Person(oauth.Person, Protocol):
    """Whoever wants to log in, and can be asked for what no page gives."""

    def ask(self, question: str) -> str:
        """Return what is typed, unseen, without white space around it."""
        ...


def login(access: Access, person: Person, *, seconds: float = oauth.LOGIN_SECONDS) -> Mapping[str, Secret]:
    """Return new secrets that the person has granted. Nothing is kept, and they are not yet proven.

    Raises `CredentialError` where the person does not grant it within `seconds`, `PublishError` where X does not play
    its part; never `Uncertain`.
    """
    if access.options.get("auth") == "oauth2":
        return _by_browser(access, person, seconds)
    return _by_pin(access, person)


def _by_browser(access: Access, person: Person, seconds: float) -> Mapping[str, Secret]:
    """The code flow with PKCE. X sends the browser only to an address that is registered, to the letter."""
    redirect = str(access.options["redirect"])
    attempt = oauth.draw()
    question = oauth.Question(
        endpoint=f"{str(access.options['web']).rstrip('/')}/i/oauth2/authorize",
        client_id=client_id(access),
        scope=" ".join(SCOPES),
        pkce=True,
    )
    url = question.url(redirect, attempt)
    code = _redirected(person, url, redirect, attempt, seconds) or _pasted(person, url, attempt)
    asked = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect,
        "code_verifier": attempt.verifier,
    }
    given = exchange(access, asked, CALL_SECONDS)
    if not given.get("refresh_token"):
        raise Unauthorized("X granted no refresh token: does the app have the scope offline.access?")
    return {"refresh_token": Secret(str(given["refresh_token"]))}


def _redirected(person: Person, url: str, redirect: str, attempt: oauth.Attempt, seconds: float) -> str:
    """Return the code that a browser brings to `redirect`; empty where none can."""
    place = urlsplit(redirect)
    if not person.browser or place.hostname != "127.0.0.1":
        return ""
    try:
        loopback = oauth.Loopback(attempt.state, place.port or 80, place.path or "/")
    except OSError as error:
        taken = f"port {place.port} of this machine is taken: free it, or set another `redirect` here and at the app"
        raise CredentialError(taken) from error
    with loopback:
        return loopback.wait(seconds) if person.browse(url) else ""


def _pasted(person: Person, url: str, attempt: oauth.Attempt) -> str:
    """Return the code out of what the person pastes: the address that the browser ended at, or the code alone."""
    given = person.paste(url).strip()
    values = {name: found[0] for name, found in parse_qs(urlsplit(given).query).items()}
    if values.get("error"):
        raise CredentialError(f"the log-in was refused: {oauth.plain(values['error'])}")
    if "://" in given and not secrets.compare_digest(values.get("state", ""), attempt.state):
        raise CredentialError("what was pasted is the answer to another log-in")
    code = values.get("code") or ("" if "://" in given else given)
    if not code:
        raise CredentialError("no code was given")
    return code


def _by_pin(access: Access, person: Person) -> Mapping[str, Secret]:
    """The app's own keys, then a PIN from the page: the account need not be the one that the app belongs to."""
    keys = x_oauth1.Keys(_app(access, person, "api_key"), _app(access, person, "api_secret"))
    asked = _call(access, keys, "/oauth/request_token", oauth_callback="oob")
    base = str(access.options["api"]).rstrip("/")
    pin = person.paste(f"{base}/oauth/authorize?oauth_token={quote(asked['oauth_token'], safe='')}").strip()
    if not pin:
        raise CredentialError("no PIN was given")
    request = x_oauth1.Keys(
        keys.key, keys.key_secret, Secret(asked["oauth_token"]), Secret(asked["oauth_token_secret"])
    )
    granted = _call(access, request, "/oauth/access_token", oauth_verifier=pin)
    return {
        "api_key": keys.key,
        "api_secret": keys.key_secret,
        "access_token": Secret(granted["oauth_token"]),
        "access_token_secret": Secret(granted["oauth_token_secret"]),
    }


def _app(access: Access, person: Person, name: str) -> Secret:
    """One of the app's own keys: the one that is kept, else the one that the person types."""
    try:
        return access.secret(name)
    except CredentialError:
        given = person.ask(f"The app's {name.replace('_', ' ')} (console.x.com, your app, Keys and tokens)")
    if not given:
        raise CredentialError(f"no {name} was given")
    return Secret(given)


def _call(access: Access, keys: x_oauth1.Keys, path: str, **more: str) -> dict[str, str]:
    """Make a call of the log-in; return its `oauth_token` and `oauth_token_secret`."""
    url = str(access.options["api"]).rstrip("/") + path
    header = x_oauth1.authorization(
        keys, "POST", url, {}, seconds=int(access.clock().timestamp()), nonce=secrets.token_hex(16), **more
    )
    answer = access.http.send("POST", url, headers={"Authorization": header}, safe=True)
    found = dict(parse_qsl(answer.text))
    if answer.is_success and found.get("oauth_token") and found.get("oauth_token_secret"):
        return found
    raise _error(access, answer)


def _error(access: Access, answer: httpx.Response) -> PublishError:
    """Return what an answer that is no success means. Its words are not repeated: they may hold what was sent."""
    host, status = urlsplit(str(access.options["api"])).netloc, answer.status_code
    if status == 429 or status >= 500:
        return TryLater(f"{host} answered {status}", wait_from(answer.headers, access.clock()))
    if status in (400, 401, 403):
        return Unauthorized(f"{host} refuses the app's keys or the PIN (it answered {status})")
    return Rejected(f"{host} does not know X's API (it answered {status}): is `api` right?")
