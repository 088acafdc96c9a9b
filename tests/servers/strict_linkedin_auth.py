"""Log-in at the strict LinkedIn: the page of consent, the code, and the refresh token of an approved partner.

https://learn.microsoft.com/en-us/linkedin/shared/authentication/authorization-code-flow and, for partners,
https://learn.microsoft.com/en-us/linkedin/shared/authentication/programmatic-refresh-tokens
"""

from __future__ import annotations

import secrets
import time
from typing import Any
from urllib.parse import parse_qs

from tests.servers.strict_consent import Codes, page
from tests.servers.strict_http import Answer, Refused, Request

CLIENT = "86strictclient"
CLIENT_SECRET = "WPL_AP1.strict-linkedin-secret-that-nobody-knows"
SCOPES = {"openid", "profile", "email", "w_member_social"}
LIFE = 5_184_000  # "By default, access tokens are valid for 60 days"
REFRESH_LIFE = 31_536_000  # "and programmatic refresh tokens are valid for a year"


class Auth:
    """The app. `tokens` maps each living token to when it ends. `partner` says that refresh tokens are given."""

    def __init__(self, tokens: dict[str, float]) -> None:
        self.tokens = tokens
        self.redirects: set[str] = set()
        self.secret = CLIENT_SECRET
        self.partner = False
        self.refreshes: dict[str, float] = {}
        self.refused = False
        self.codes = Codes(1800)  # "the lifespan of an authorization code is 30 minutes"

    def route(self, request: Request) -> Answer | None:
        """Answer a request of the log-in, None for all others."""
        match request.method, request.path:
            case "GET", "/oauth/v2/authorization":
                return self._consent(request)
            case "POST", "/oauth/v2/authorization":
                # "Application is Rejected": user_cancelled_authorize, with a description and the state
                refusal = {
                    "error": "user_cancelled_authorize",
                    "error_description": "The user cancelled the authorization",
                }
                return self.codes.back(request.values, refusal)
            case "POST", "/oauth/v2/accessToken":
                return self._token(request)
        return None

    def _consent(self, request: Request) -> Answer:
        good = (
            request.text("response_type") == "code"
            and request.text("client_id") == CLIENT
            and request.text("redirect_uri") in self.redirects
            and set(request.text("scope").split()) <= SCOPES
        )
        if not good:
            raise Refused(400, "<h1>Bummer, something went wrong.</h1>")
        return page("/oauth/v2/authorization", request.values, "LinkedIn")

    def _token(self, request: Request) -> Answer:
        """Step 3. The secret is in the body: "do not pass it in the URL when making API calls, or URI query-string"."""
        if request.headers.get("Content-Type", "") != "application/x-www-form-urlencoded":
            raise _rejected(400, "invalid_request", 'A required parameter "grant_type" is missing')
        form = {name: found[0] for name, found in parse_qs(request.body.decode()).items()}
        if form.get("client_id") != CLIENT or form.get("client_secret") != self.secret:
            raise _rejected(401, "invalid_client", "Client authentication failed")
        if form.get("grant_type") == "refresh_token":
            return self._refresh(form.get("refresh_token", ""))
        if self.codes.spend(form.get("code", ""), form.get("redirect_uri", "")) is None:
            # https://github.com/d3xt3r2909/linkedin_login/issues/77
            words = (
                "Unable to retrieve access token: appid/redirect uri/code verifier does not match authorization code."
                " Or authorization code expired. Or external member binding exists"
            )
            raise _rejected(400, "invalid_request", words)
        more: dict[str, Any] = {}
        if self.partner:
            refresh = f"AQrefresh{secrets.token_urlsafe(40)}"
            self.refreshes[refresh] = time.time() + REFRESH_LIFE
            more = {"refresh_token": refresh, "refresh_token_expires_in": REFRESH_LIFE}
        return self._given(LIFE, more)

    def _refresh(self, refresh: str) -> Answer:
        """For partners, step 2: the refresh token's life "remains the same as specified in the initial OAuth flow"."""
        left = int(self.refreshes.get(refresh, 0) - time.time())
        if left <= 0 or self.refused:
            raise _rejected(400, "invalid_request", "The provided authorization grant or refresh token is invalid")
        return self._given(min(LIFE, left), {"refresh_token": refresh, "refresh_token_expires_in": left})

    def _given(self, life: int, more: dict[str, Any]) -> Answer:
        token = f"AQlong{secrets.token_urlsafe(60)}"
        self.tokens[token] = time.time() + life
        return Answer(
            200, {"access_token": token, "expires_in": life, "scope": "openid,profile,w_member_social"} | more
        )


def _rejected(status: int, error: str, description: str) -> Refused:
    return Refused(status, {"error": error, "error_description": description})
