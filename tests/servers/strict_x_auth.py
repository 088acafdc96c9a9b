"""Who may call the strict X: signatures of OAuth 1.0a, tokens of OAuth 2, and both log-ins with a real form."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote, urlencode

from tests.servers.strict_consent import page
from tests.servers.strict_http import Answer, Refused, Request

Route = tuple[str, str, Callable[[Request], Answer]]
API_KEY = "strict-consumer-key"
API_SECRET = "strict-consumer-secret-that-nobody-knows"
CLIENT = "strict-client-id"
CLIENT_SECRET = "strict-client-secret-that-nobody-knows"
CODE_LIFE = 30  # authorization-code: "The auth_code has a time limit of 30 seconds"
ACCESS_LIFE = 7200  # authorization-code: "will only stay valid for two hours"
MOST_SKEW = 300
SCOPES = {"tweet.read", "tweet.write", "users.read", "media.write", "offline.access"}


def problem(status: int, title: str, detail: str) -> dict[str, Any]:
    """x-api/fundamentals/response-codes-and-errors: the error response."""
    return {"title": title, "detail": detail, "type": "about:blank", "status": status}


class Auth:
    """The app, its account, and what was granted. `redirects` are the callback URLs of the app's settings."""

    def __init__(self, user: str, now: Callable[[], float]) -> None:
        self.now = now
        self.user = user
        self.redirects = {"http://127.0.0.1:8750/callback"}
        self.confidential = False
        self.tokens: dict[str, str] = {f"{user}-strict-access-token": "strict-token-secret-that-nobody-knows"}
        self.bearers: dict[str, tuple[float, set[str]]] = {}
        self.refreshes: dict[str, set[str]] = {}
        self.spent: list[str] = []
        self.codes: dict[str, dict[str, Any]] = {}
        self.pins: dict[str, tuple[str, str]] = {}
        self.requested: dict[str, str] = {}
        self._nonces: set[str] = set()

    def routes(self) -> list[Route]:
        """The paths of both log-ins."""
        return [
            ("POST", r"/2/oauth2/token", self.token),
            ("GET", r"/i/oauth2/authorize", self.form),
            ("POST", r"/i/oauth2/authorize", self.decide),
            ("POST", r"/oauth/request_token", self.request_token),
            ("GET", r"/oauth/authorize", self.pin_form),
            ("POST", r"/oauth/authorize", self.pin),
            ("POST", r"/oauth/access_token", self.access_token),
        ]

    def check(self, request: Request, *scopes: str) -> None:
        """Refuse a request that is neither signed by the account nor bears a token with these scopes."""
        given = request.headers.get("Authorization", "")
        if given.startswith("Bearer "):
            until, granted = self.bearers.get(given.removeprefix("Bearer "), (0.0, set()))
            if until <= self.now():
                raise Refused(401, problem(401, "Unauthorized", "Unauthorized"))
            if not set(scopes) <= granted:
                detail = "You are not permitted to perform this action: the scope is missing."
                raise Refused(403, problem(403, "Forbidden", detail))
            return
        self._signed(request, self.tokens)

    def grant(self, scopes: set[str] | None = None) -> tuple[str, str]:
        """Return a new access and refresh token."""
        access, refresh = secrets.token_urlsafe(40), secrets.token_urlsafe(40)
        granted = SCOPES if scopes is None else scopes
        self.bearers[access] = (self.now() + ACCESS_LIFE, granted)
        if "offline.access" in granted:
            self.refreshes[refresh] = granted
        return access, refresh

    def _signed(self, request: Request, tokens: dict[str, str]) -> dict[str, str]:
        """fundamentals/authentication/oauth-1-0a/creating-a-signature, computed from what arrived."""
        given = request.headers.get("Authorization", "")
        header = {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', given)}
        token = header.get("oauth_token", "")
        fresh = abs(int(header.get("oauth_timestamp", "0")) - self.now()) <= MOST_SKEW
        known = header.get("oauth_consumer_key") == API_KEY and (not token or token in tokens)
        unused = header.get("oauth_nonce", "") not in self._nonces
        if not (given.startswith("OAuth ") and fresh and known and unused):
            raise Refused(401, problem(401, "Unauthorized", "Unauthorized"))
        self._nonces.add(header["oauth_nonce"])
        form = request.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded")
        params = dict(request.values) if request.method == "GET" or form else {}
        signed = params | {name: value for name, value in header.items() if name != "oauth_signature"}
        escaped = sorted((quote(name, safe="~"), quote(str(value), safe="~")) for name, value in signed.items())
        joined = "&".join(f"{name}={value}" for name, value in escaped)
        base = f"{request.method}&{quote(request.base + request.path, safe='~')}&{quote(joined, safe='~')}"
        key = f"{quote(API_SECRET, safe='~')}&{quote(tokens.get(token, ''), safe='~')}"
        expected = base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()).decode()
        if header.get("oauth_signature") != expected:
            raise Refused(401, problem(401, "Unauthorized", "Unauthorized"))
        return header

    def form(self, request: Request) -> Answer:
        """authorization-code: the page with its two buttons, for a redirect that is registered, to the letter."""
        scopes = set(request.text("scope").split())
        good = (
            request.text("client_id") == CLIENT
            and request.text("redirect_uri") in self.redirects
            and request.text("response_type") == "code"
            and request.text("code_challenge_method") == "S256"
            and request.text("code_challenge")
            and request.text("state")
            and scopes <= SCOPES
        )
        if not good:
            raise Refused(400, problem(400, "Bad Request", "You weren't able to give access to the App."))
        return page("/i/oauth2/authorize", request.values, "posse wants to access your X account")

    def decide(self, request: Request) -> Answer:
        """On to the redirect URI with a code, or with the refusal."""
        asked = dict(request.values)
        state = {"state": request.text("state")}
        if request.text("answer") == "deny":
            return Answer(
                302, "", {"Location": f"{asked['redirect_uri']}?{urlencode({'error': 'access_denied'} | state)}"}
            )
        code = secrets.token_urlsafe(32)
        self.codes[code] = asked | {"until": self.now() + CODE_LIFE}
        return Answer(302, "", {"Location": f"{asked['redirect_uri']}?{urlencode({'code': code} | state)}"})

    def token(self, request: Request) -> Answer:
        """user-access-token, steps 3 and 5: a code once, a refresh token once; a confidential client by its secret."""
        basic = base64.b64encode(f"{CLIENT}:{CLIENT_SECRET}".encode()).decode()
        if self.confidential and request.headers.get("Authorization") != f"Basic {basic}":
            raise Refused(
                401, {"error": "unauthorized_client", "error_description": "Missing valid authorization header"}
            )
        if not self.confidential and request.text("client_id") != CLIENT:
            raise Refused(
                400, {"error": "invalid_request", "error_description": "Missing required parameter [client_id]."}
            )
        scopes = (
            self._by_code(request) if request.text("grant_type") == "authorization_code" else self._by_refresh(request)
        )
        if scopes is None:
            said = "Value passed for the token was invalid."
            raise Refused(400, {"error": "invalid_request", "error_description": said})
        access, refresh = self.grant(scopes)
        body = {"token_type": "bearer", "expires_in": ACCESS_LIFE, "access_token": access, "scope": " ".join(scopes)}
        return Answer(body=body | ({"refresh_token": refresh} if "offline.access" in scopes else {}))

    def _by_code(self, request: Request) -> set[str] | None:
        code = self.codes.pop(request.text("code"), None)
        digest = hashlib.sha256(request.text("code_verifier").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if code is None or code["until"] < self.now() or code["redirect_uri"] != request.text("redirect_uri"):
            return None
        return set(code["scope"].split()) if code["code_challenge"] == challenge else None

    def _by_refresh(self, request: Request) -> set[str] | None:
        self.spent.append(request.text("refresh_token"))
        return self.refreshes.pop(request.text("refresh_token"), None)

    def request_token(self, request: Request) -> Answer:
        """pin-based-oauth: oauth_callback is `oob`."""
        header = self._signed(request, {})
        if header.get("oauth_callback") != "oob":
            raise Refused(403, "Callback URL not approved for this client application.")
        token, secret = secrets.token_urlsafe(20), secrets.token_urlsafe(20)
        self.requested[token] = secret
        told = {"oauth_token": token, "oauth_token_secret": secret, "oauth_callback_confirmed": "true"}
        return Answer(body=urlencode(told))

    def pin_form(self, request: Request) -> Answer:
        """The page with its two buttons."""
        if request.text("oauth_token") not in self.requested:
            raise Refused(400, "Whoa there! The request token for this page is invalid.")
        return page("/oauth/authorize", {"oauth_token": request.text("oauth_token")}, "Authorize posse?")

    def pin(self, request: Request) -> Answer:
        """The PIN, on a page."""
        number = f"{secrets.randbelow(10**7):07d}"
        self.pins[number] = (request.text("oauth_token"), self.requested[request.text("oauth_token")])
        return Answer(body=f'<!doctype html><input class="oauth-code" readonly value="{number}">')

    def access_token(self, request: Request) -> Answer:
        """obtaining-user-access-tokens, step 3: a PIN once, signed with the request token."""
        header = self._signed(request, self.requested)
        verifier = header.get("oauth_verifier") or request.text("oauth_verifier")
        if self.pins.pop(verifier, ("", ""))[0] != header.get("oauth_token"):
            raise Refused(401, "Invalid request token.")
        token, secret = f"{self.user}-{secrets.token_urlsafe(20)}", secrets.token_urlsafe(30)
        self.tokens[token] = secret
        told = {"oauth_token": token, "oauth_token_secret": secret, "user_id": self.user, "screen_name": "myname"}
        return Answer(body=urlencode(told))
