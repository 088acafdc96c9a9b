"""Log-in at the strict Mastodon: applications, the code flow with a real form, tokens (doorkeeper)."""

from __future__ import annotations

import base64
import hashlib
import secrets
from html import escape
from typing import Any
from urllib.parse import urlencode

from tests.servers.strict_http import Answer, Refused, Request
from tests.servers.strict_state import Memory

OOB = "urn:ietf:wg:oauth:2.0:oob"
CODE_LIFE = 600  # doorkeeper: authorization_code_expires_in


class OAuth:
    """The routes below /oauth, and the registration of applications."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def register(self, request: Request) -> Answer:
        """app/controllers/api/v1/apps_controller.rb#create."""
        name = request.text("client_name")
        redirects = request.values.get("redirect_uris") or ""
        listed = redirects if isinstance(redirects, list) else str(redirects).split()
        if not name or not listed:
            missing = "Name can't be blank" if not name else "Redirect URI can't be blank"
            raise Refused(422, f"Validation failed: {missing}")
        app = {
            "id": self.memory.new_id(),
            "name": name,
            "client_id": secrets.token_urlsafe(32),
            "client_secret": secrets.token_urlsafe(32),
            "redirect_uri": "\n".join(listed),
            "redirect_uris": listed,
            "scopes": (request.text("scopes") or "read").split(),
            "website": request.text("website") or None,
        }
        self.memory.add_app(app)
        return Answer(body=app)

    def form(self, request: Request) -> Answer:
        """GET /oauth/authorize: a page with an Authorize and a Deny button, as a logged-in person sees it."""
        self._asked(request)
        kept = ("client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge")
        names = (*kept, "code_challenge_method")
        hidden = "".join(
            f'<input type="hidden" name="{name}" value="{escape(request.text(name))}">'
            for name in names
            if request.text(name)
        )
        return Answer(
            body=f"""<!doctype html><html lang="en"><title>Authorization required</title><h1>Authorization required</h1>
<form method="post" action="/oauth/authorize">{hidden}
<button type="submit" name="answer" value="authorize">Authorize</button>
<button type="submit" name="answer" value="deny">Deny</button></form></html>"""
        )

    def decide(self, request: Request) -> Answer:
        """POST /oauth/authorize: on to the redirect URI, or the code on a page where that is `OOB`."""
        asked = self._asked(request)
        redirect = asked["redirect_uri"]
        state = {"state": request.text("state")} if request.text("state") else {}
        if request.text("answer") == "deny":
            query = {"error": "access_denied", "error_description": "The resource owner denied the request."} | state
        else:
            code = secrets.token_urlsafe(32)
            self.memory.codes[code] = asked | {"until": self.memory.now() + CODE_LIFE}
            query = {"code": code} | state
        if redirect == OOB:
            shown = escape(query.get("code") or query["error"])
            return Answer(body=f'<!doctype html><input class="oauth-code" readonly value="{shown}">')
        separator = "&" if "?" in redirect else "?"
        return Answer(302, "", {"Location": f"{redirect}{separator}{urlencode(query)}"})

    def token(self, request: Request) -> Answer:
        """POST /oauth/token: a code, once, by the application that asked, with the same redirect URI and verifier."""
        app = self.memory.apps.get(request.text("client_id"))
        if app is None or app["client_secret"] != request.text("client_secret"):
            raise _error(401, "invalid_client", "Client authentication failed due to unknown client")
        if request.text("grant_type") != "authorization_code":
            raise _error(400, "unsupported_grant_type", "The authorization grant type is not supported")
        code = self.memory.codes.pop(request.text("code"), None)
        if code is None or not self._fits(code, request):
            raise _error(400, "invalid_grant", "The provided authorization grant is invalid, expired, or revoked")
        token = self.memory.token(secrets.token_urlsafe(32), code["scope"])
        made = int(self.memory.now())
        return Answer(
            body={"access_token": token, "token_type": "Bearer", "scope": code["scope"], "created_at": made},
        )

    def metadata(self, request: Request) -> Answer:
        """app/controllers/well_known/oauth_metadata_controller.rb, since 4.3."""
        base = request.base
        return Answer(
            body={
                "issuer": f"{base}/",
                "authorization_endpoint": f"{base}/oauth/authorize",
                "token_endpoint": f"{base}/oauth/token",
                "app_registration_endpoint": f"{base}/api/v1/apps",
                "scopes_supported": ["read", "write", "profile"],
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code"],
                "code_challenge_methods_supported": ["S256"],
            }
        )

    def _asked(self, request: Request) -> dict[str, Any]:
        """Return what is asked for, after doorkeeper's own checks."""
        app = self.memory.apps.get(request.text("client_id"))
        if app is None:
            raise _error(401, "invalid_client", "Client authentication failed due to unknown client")
        redirect = request.text("redirect_uri")
        if redirect not in app["redirect_uris"]:
            raise _error(422, "invalid_redirect_uri", "The redirect uri included is not valid.")
        if request.text("response_type") != "code":
            raise _error(422, "unsupported_response_type", "The response type is not supported")
        scope = request.text("scope") or "read"
        if not all(_within(wanted, app["scopes"]) for wanted in scope.split()):
            raise _error(422, "invalid_scope", "The requested scope is invalid, unknown, or malformed.")
        if request.text("code_challenge") and request.text("code_challenge_method") != "S256":
            raise _error(422, "invalid_code_challenge_method", "The code challenge method must be S256.")
        challenge = request.text("code_challenge")
        return {"client_id": app["client_id"], "redirect_uri": redirect, "scope": scope, "challenge": challenge}

    def _fits(self, code: dict[str, Any], request: Request) -> bool:
        if code["client_id"] != request.text("client_id") or code["redirect_uri"] != request.text("redirect_uri"):
            return False
        if self.memory.now() > code["until"]:
            return False
        if not code["challenge"]:
            return True
        digest = hashlib.sha256(request.text("code_verifier").encode()).digest()
        return bool(code["challenge"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode())


def _within(wanted: str, granted: list[str]) -> bool:
    return wanted in granted or wanted.partition(":")[0] in granted


def _error(status: int, error: str, description: str) -> Refused:
    return Refused(status, {"error": error, "error_description": description})
