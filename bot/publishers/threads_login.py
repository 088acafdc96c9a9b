"""Logging in at Threads, as an app of one's own: the code flow by a pasted address, then a token of sixty days.

https://developers.facebook.com/documentation/threads/get-started/get-access-tokens-and-permissions: the window is at
threads.com/oauth/authorize; `redirect_uri` is one that is registered, to the letter; a code lives for an hour and works
once; `#_` stands behind it and is no part of it. The dashboard registers https addresses only
(https://github.com/fbsamples/threads_api/issues/32), where nothing of ours can listen: the browser ends at a page that
is not there, or at the person's own site, and the person brings the address of it.

https://developers.facebook.com/docs/threads/get-started/long-lived-tokens: the code brings a token of one hour, which
is exchanged for one of sixty days. That call takes the app's secret in its query, and the reference knows no other way;
it goes to `service` alone, and nothing of ours shows or keeps an address's query.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot import oauth
from bot.credentials import Secret
from bot.publishers import code_flow, sixty_days, threads_token
from bot.publishers.base import Access
from bot.publishers.json_calls import Calls

SCOPES = ("threads_basic", "threads_content_publish", "threads_read_replies")
WHERE = "developers.facebook.com, your app, App settings, Basic: Threads app secret"


def login(access: Access, person: code_flow.Person, *, seconds: float = oauth.LOGIN_SECONDS) -> Mapping[str, Secret]:
    """Return a new `access_token` that the person has granted, not yet proven; its end is put into `access.vault`.

    Raises `CredentialError` where the person does not grant it, `PublishError` where Threads does not play its part;
    never `Uncertain`. The app's secret is not kept: nothing needs it once there is a token.
    """
    app = code_flow.client_id(access)
    secret = code_flow.app_secret(access, person, "client_secret", WHERE).reveal()
    base, redirect = str(access.options["service"]).rstrip("/"), str(access.options["redirect"])
    question = oauth.Question(
        endpoint=f"{str(access.options['web']).rstrip('/')}/oauth/authorize",
        client_id=app,
        scope=",".join(SCOPES),
        pkce=False,
    )
    grant = oauth.authorize_at(redirect, question, person, oauth.draw(), seconds)
    asked = {
        "client_id": app,
        "client_secret": secret,
        "grant_type": "authorization_code",
        "redirect_uri": redirect,
        "code": grant.code,
    }
    short = str(code_flow.exchange(access, f"{base}/oauth/access_token", asked)["access_token"])
    token, life = _lasting(access, base, secret, short)
    sixty_days.keep(access.vault, threads_token.lasting(access, token, life))
    return {"access_token": Secret(token)}


def _lasting(access: Access, base: str, secret: str, short: str) -> tuple[str, int]:
    """Exchange the token of an hour for one of sixty days; return it, and for how many seconds it lives."""
    calls, url = Calls(access, code_flow.said), f"{base}/access_token"
    answer = calls.send(
        "GET",
        url,
        hidden=(secret, short),
        params={"grant_type": "th_exchange_token", "client_secret": secret},
        headers={"Authorization": f"Bearer {short}"},
    )
    given = code_flow.granted(answer, calls, url)
    seconds = given.get("expires_in")
    return str(given["access_token"]), seconds if isinstance(seconds, int) else int(sixty_days.LIFE.total_seconds())
