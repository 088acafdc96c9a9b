"""Logging in at X: by OAuth 2 in a browser that comes back here, or by OAuth 1.0a with a PIN.

https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code and .../oauth-1-0a/pin-based-oauth
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlsplit

from bot import oauth
from bot.credentials import Secret
from bot.errors import CredentialError, PublishError, Rejected, TryLater, Unauthorized
from bot.http import wait_from
from bot.publishers import x_oauth1
from bot.publishers.base import Access
from bot.publishers.code_flow import Person, app_secret
from bot.publishers.x_api import CALL_SECONDS
from bot.publishers.x_tokens import client_id, exchange

if TYPE_CHECKING:
    import httpx

SCOPES = ("tweet.read", "tweet.write", "users.read", "media.write", "offline.access")
WHERE = "console.x.com, your app, Keys and tokens"


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
    question = oauth.Question(
        endpoint=f"{str(access.options['web']).rstrip('/')}/i/oauth2/authorize",
        client_id=client_id(access),
        scope=" ".join(SCOPES),
        pkce=True,
    )
    grant = oauth.authorize_at(redirect, question, person, oauth.draw(), seconds)
    asked = {
        "grant_type": "authorization_code",
        "code": grant.code,
        "redirect_uri": redirect,
        "code_verifier": grant.verifier,
    }
    given = exchange(access, asked, CALL_SECONDS)
    if not given.get("refresh_token"):
        raise Unauthorized("X granted no refresh token: does the app have the scope offline.access?")
    return {"refresh_token": Secret(str(given["refresh_token"]))}


def _by_pin(access: Access, person: Person) -> Mapping[str, Secret]:
    """The app's own keys, then a PIN from the page: the account need not be the one that the app belongs to."""
    keys = x_oauth1.Keys(*(app_secret(access, person, name, WHERE) for name in ("api_key", "api_secret")))
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
