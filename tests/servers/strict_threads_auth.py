"""Log-in at the strict Threads: the authorization window, the code, and the two exchanges.

https://developers.facebook.com/documentation/threads/get-started/get-access-tokens-and-permissions and
https://developers.facebook.com/docs/threads/get-started/long-lived-tokens
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

from tests.servers.strict_consent import Codes, page
from tests.servers.strict_http import Answer, Refused, Request

APP = "990602627938098"
APP_SECRET = "strict-threads-app-secret-that-nobody-knows"
REDIRECT = "https://127.0.0.1:8752/callback"
SCOPES = {
    "threads_basic",
    "threads_content_publish",
    "threads_read_replies",
    "threads_manage_replies",
    "threads_manage_insights",
}
LIFE = 5_184_000
HOUR = timedelta(hours=1)


class Auth:
    """The app. `tokens` maps each living token to when it was made; `short` are those that live for an hour."""

    def __init__(self, tokens: dict[str, datetime]) -> None:
        self.tokens = tokens
        self.short: dict[str, datetime] = {}
        self.redirects = {REDIRECT}
        self.secret = APP_SECRET
        self.codes = Codes(3600)  # "Authorization codes are valid for 1 hour and can only be used once."

    def route(self, request: Request) -> Answer | None:
        """Answer a request of the log-in, None for all others."""
        match request.method, request.path:
            case "GET", "/oauth/authorize":
                return self._window(request)
            case "POST", "/oauth/authorize":
                # "redirect_uri?error=access_denied&error_reason=user_denied…"; "#_ will be appended to the end of the
                # redirect URI, but it is not part of the code itself"
                refusal = {
                    "error": "access_denied",
                    "error_code": "200",
                    "error_description": "Permissions error",
                    "error_reason": "user_denied",
                }
                return self.codes.back(request.values, refusal, "#_")
            case "POST", "/oauth/access_token":
                return self._exchange(request)
            case "GET", "/access_token":
                return self._lengthen(request)
        return None

    def knows(self, token: str) -> bool:
        """Whether it lives: for an hour, or for sixty days."""
        now = datetime.now(UTC)
        return token in self.tokens or (token in self.short and now - self.short[token] < HOUR)

    def _window(self, request: Request) -> Answer:
        # Parameters: "All parameters except state are required", "threads_basic is required", and the redirect URI
        # "exactly matches one of the base URIs in your list"
        scopes = set(request.text("scope").replace(" ", ",").split(","))
        if request.text("redirect_uri") not in self.redirects:
            # https://github.com/fbsamples/threads_api/issues/13
            words = (
                "URL Blocked: This redirect failed because the redirect URI is not whitelisted in the app's settings."
            )
            raise Refused(400, {"error_message": words, "error_code": 1349168})
        known = request.text("client_id") == APP and request.text("response_type") == "code"
        if not known or "threads_basic" not in scopes or not scopes <= SCOPES:
            raise Refused(400, {"error_message": "Invalid parameters", "error_code": 100})
        return page("/oauth/authorize", request.values, "Threads")

    def _exchange(self, request: Request) -> Answer:
        """Step 2: a code for a token of an hour."""
        form = {name: found[0] for name, found in parse_qs(request.body.decode()).items()}
        if form.get("client_id") != APP or form.get("client_secret") != self.secret:
            raise _rejected("Error validating client secret.")
        if form.get("grant_type") != "authorization_code":
            raise _rejected("Invalid grant_type")
        if self.codes.spend(form.get("code", ""), form.get("redirect_uri", "")) is None:
            raise _rejected("Matching code was not found or was already used.")
        token = f"THAAshort{secrets.token_urlsafe(30)}"
        self.short[token] = datetime.now(UTC)
        return Answer(200, {"access_token": token, "user_id": 17841405793187218})

    def _lengthen(self, request: Request) -> Answer:
        """long-lived-tokens: "a valid (unexpired) short-lived" one, and "Your Threads app's secret", in the query."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ") or request.text("access_token")
        if request.text("grant_type") != "th_exchange_token" or request.text("client_secret") != self.secret:
            raise Refused(400, {"error": {"message": "Error validating client secret.", "code": 1}})
        made = self.short.pop(token, None)
        if made is None or datetime.now(UTC) - made > HOUR:
            raise Refused(400, {"error": {"message": "Session key invalid.", "type": "OAuthException", "code": 452}})
        fresh = f"THAAlong{secrets.token_urlsafe(40)}"
        self.tokens[fresh] = datetime.now(UTC)
        return Answer(200, {"access_token": fresh, "token_type": "bearer", "expires_in": LIFE})


def _rejected(message: str) -> Refused:
    """The token endpoint's own kind of error."""
    return Refused(400, {"error_type": "OAuthException", "code": 400, "error_message": message})
