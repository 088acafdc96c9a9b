"""What the errors of Meta's Graph API mean. Pure.

https://developers.facebook.com/docs/graph-api/guides/error-handling
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.errors import PublishError, TryLater, Unauthorized, Uncertain
from bot.publishers.json_calls import Answer, Calls

TOKEN = frozenset({102, 190})  # expired, revoked, or of somebody who changed the password
PERMISSION = frozenset({3, 10, *range(200, 300)})
RATE = frozenset({4, 17, 32, 341, 613})
NOT_READY = 4279009  # "Media not found": the container is not there yet, so nothing was published


def said(answer: Answer) -> str:
    """Return the server's words: those for people where there are any."""
    error = _error(answer)
    return str(error.get("error_user_msg") or error.get("message") or "")


def meaning(answer: Answer, calls: Calls, host: str, account: str) -> PublishError:
    """Return what an error means: the Graph API says most of it by code, whatever the status."""
    error, words = _error(answer), f"{host}: {said(answer) or f'answered {answer.status}'}"
    code = error.get("code")
    if code in TOKEN or code in PERMISSION:
        return Unauthorized(f"{words} (type: posse login {account})")
    if code in RATE or error.get("error_subcode") == NOT_READY:
        return TryLater(words)
    if error.get("is_transient") is True and answer.status != 429:
        return Uncertain(words) if answer.once else TryLater(words)
    return calls.error(answer, host)


def _error(answer: Answer) -> Mapping[str, Any]:
    error = answer.data.get("error")
    return error if isinstance(error, Mapping) else {}
