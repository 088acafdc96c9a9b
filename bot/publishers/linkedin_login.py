"""Logging in at LinkedIn, as an app of one's own, by the code flow.

https://learn.microsoft.com/en-us/linkedin/shared/authentication/authorization-code-flow: `redirect_uri` is one that is
registered with the app, absolute, without a query that counts; a code lives for half an hour; the app proves itself by
its client secret, in the body, never in an address. PKCE is for native apps, and LinkedIn's people must enable it
(.../authorization-code-flow-native), so there is none here.

Whether http://localhost may be registered is written nowhere there. Apps have long done it
(https://github.com/nraboy/ng-cordova-oauth/issues/229); of late some were told that it must be https
(https://github.com/profullstack/mynaposter/releases/tag/v0.3.1). So `redirect` may be either: at one on this machine
the browser's answer is waited for, from any other the person brings the address where the browser ended.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot import oauth
from bot.credentials import Secret
from bot.publishers import code_flow, linkedin_token, sixty_days
from bot.publishers.base import Access

SCOPES = ("openid", "profile", "w_member_social")
PAGE = "w_organization_social"  # what posting as a page takes: …/community-management/shares/posts-api, Permissions
WHERE = "linkedin.com/developers/apps, your app, Auth: Primary client secret"


def login(access: Access, person: code_flow.Person, *, seconds: float = oauth.LOGIN_SECONDS) -> Mapping[str, Secret]:
    """Return a new `access_token` that the person has granted, not yet proven, and the app's `client_secret`.

    Its end, and the refresh token of an app that is given one, are put into `access.vault`. Raises `CredentialError`
    where the person does not grant it within `seconds`, `PublishError` where LinkedIn does not play its part; never
    `Uncertain`.
    """
    app = code_flow.client_id(access)
    secret = code_flow.app_secret(access, person, "client_secret", WHERE)
    redirect, author = str(access.options["redirect"]), str(access.options.get("author") or "")
    question = oauth.Question(
        endpoint=f"{str(access.options['web']).rstrip('/')}/oauth/v2/authorization",
        client_id=app,
        scope=" ".join((*SCOPES, PAGE) if "organization" in author else SCOPES),
        pkce=False,
    )
    grant = oauth.authorize_at(redirect, question, person, oauth.draw(), seconds)
    asked = {
        "grant_type": "authorization_code",
        "code": grant.code,
        "client_id": app,
        "client_secret": secret.reveal(),
        "redirect_uri": redirect,
    }
    given = code_flow.exchange(access, linkedin_token.endpoint(access), asked)
    sixty_days.keep(access.vault, linkedin_token.lasting(access, given))
    return {"access_token": Secret(str(given["access_token"])), "client_secret": secret}
