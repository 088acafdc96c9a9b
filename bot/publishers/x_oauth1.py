"""OAuth 1.0a signatures (RFC 5849, HMAC-SHA1), as X wants them. Pure.

https://docs.x.com/fundamentals/authentication/oauth-1-0a/creating-a-signature
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote

from msgspec import Struct, field

from bot.credentials import Secret


class Keys(Struct, frozen=True):
    """The app's key and secret, and the account's token and its secret (empty before there is one)."""

    key: Secret
    key_secret: Secret
    token: Secret = field(default_factory=lambda: Secret(""))
    token_secret: Secret = field(default_factory=lambda: Secret(""))


def authorization(
    keys: Keys, method: str, url: str, params: Mapping[str, str], *, seconds: int, nonce: str, **more: str
) -> str:
    """Return the Authorization header of one request.

    `url` is without a query; `params` are those of query and form together, for a body in JSON or multipart is not
    signed. `seconds` is the present instant of the epoch; `more` are further parameters of the protocol, as
    `oauth_callback`.
    """
    own = {
        "oauth_consumer_key": keys.key.reveal(),
        "oauth_nonce": nonce,
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(seconds),
        "oauth_version": "1.0",
        **more,
    }
    if keys.token.reveal():
        own["oauth_token"] = keys.token.reveal()
    own["oauth_signature"] = signature(keys, method, url, {**params, **own})
    return "OAuth " + ", ".join(f'{_escape(name)}="{_escape(value)}"' for name, value in sorted(own.items()))


def signature(keys: Keys, method: str, url: str, params: Mapping[str, str]) -> str:
    """Return the signature of a request with all these parameters, in base64."""
    pairs = sorted((_escape(name), _escape(value)) for name, value in params.items())
    signed = "&".join(f"{name}={value}" for name, value in pairs)
    base = "&".join(_escape(part) for part in (method.upper(), url, signed))
    secret = f"{_escape(keys.key_secret.reveal())}&{_escape(keys.token_secret.reveal())}"
    return base64.b64encode(hmac.new(secret.encode(), base.encode(), hashlib.sha1).digest()).decode()


def _escape(text: str) -> str:
    return quote(text, safe="-._~")
