"""Logging in at one's own site by IndieAuth, with PKCE.

https://indieauth.spec.indieweb.org/
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from bot import oauth
from bot.credentials import Secret
from bot.errors import CredentialError, Rejected, TryLater, Unauthorized
from bot.http import wait_from
from bot.publishers import micropub_page as pages
from bot.publishers.base import Access
from bot.publishers.masking import host_of, masked

if TYPE_CHECKING:
    import httpx

SCOPES = "create update media"  # servers let those list posts who may update them


def login(access: Access, person: oauth.Person, *, seconds: float = oauth.LOGIN_SECONDS) -> Mapping[str, Secret]:
    """Return a new `access_token` that the site has granted. Nothing is kept, and the token is not yet proven.

    Raises `CredentialError` where the person does not grant it within `seconds`, or where the site knows no IndieAuth:
    then a token made there by hand is to be pasted. Else `PublishError`; never `Uncertain`.
    """
    site = str(access.options.get("site") or "")
    if not site:
        raise CredentialError("set `site` to log in with a browser, or paste a token with --token")
    authorization, token = _endpoints(access, site)
    attempt = oauth.draw()
    with oauth.Loopback(attempt.state) as loopback:
        # A client on a loopback address is named by that address (6.2.1, 3.2): no server fetches it.
        question = oauth.Question(authorization, client_id=loopback.uri, scope=SCOPES, pkce=True)
        url = question.url(loopback.uri, attempt)
        url = f"{url}&{urlencode({'me': site if urlsplit(site).path else f'{site}/'})}"
        if "?" in authorization:
            url = url.replace(f"{authorization}?", f"{authorization}&", 1)
        came = person.browser and person.browse(url)
        code = loopback.wait(seconds) if came else oauth.carried(person.paste(url), attempt)
        grant = oauth.Grant(code, loopback.uri, attempt.verifier)
        return {"access_token": _exchange(access, token, grant)}


def _endpoints(access: Access, site: str) -> tuple[str, str]:
    """Return where the person is asked and where the code is exchanged: of the site's metadata, else of its links."""
    links = pages.read(access, site)
    found: Mapping[str, Any] = links
    if metadata := links.get("indieauth-metadata"):
        found = _table(access.http.send("GET", metadata, headers={"Accept": "application/json"}))
    endpoints = found.get("authorization_endpoint"), found.get("token_endpoint")
    if not all(isinstance(each, str) and each for each in endpoints):
        raise CredentialError(f"{host_of(site)} names no IndieAuth: make a token there, and paste it with --token")
    return str(endpoints[0]), str(endpoints[1])


def _exchange(access: Access, endpoint: str, grant: oauth.Grant) -> Secret:
    """Exchange the code for a token (5.3)."""
    asked = {
        "grant_type": "authorization_code",
        "code": grant.code,
        "client_id": grant.redirect,
        "redirect_uri": grant.redirect,
        "code_verifier": grant.verifier,
    }
    answer = access.http.send("POST", endpoint, data=asked, headers={"Accept": "application/json"}, safe=True)
    given = _table(answer)
    token = given.get("access_token")
    if answer.is_success and isinstance(token, str) and token:
        return Secret(token)
    said = given.get("error_description") or given.get("error") or f"answered {answer.status_code}"
    words = f"{host_of(endpoint)}: {oauth.plain(masked(str(said), [grant.code, grant.verifier]))}"
    if answer.status_code == 429 or answer.status_code >= 500:
        raise TryLater(words, wait_from(answer.headers, access.clock()))
    if answer.is_success or answer.is_redirect:
        raise Rejected(f"{host_of(endpoint)} does not answer as a token endpoint does")
    raise Unauthorized(words)


def _table(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        body = json.loads(answer.text)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
