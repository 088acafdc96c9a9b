"""What log-ins by the code flow share: the app's ID and secret, and its token endpoint (RFC 6749, 4.1.3, 5 and 6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from bot import oauth
from bot.credentials import Secret
from bot.errors import CredentialError, Unauthorized
from bot.publishers.base import Access
from bot.publishers.json_calls import Answer, Calls
from bot.publishers.masking import host_of

SECONDS = 30.0
_SECRET = frozenset({"client_secret", "refresh_token", "code", "code_verifier"})


class Person(oauth.Person, Protocol):
    """Whoever wants to log in, and can be asked for what no page gives."""

    def ask(self, question: str) -> str:
        """Return what is typed, unseen, without white space around it."""
        ...


def client_id(access: Access) -> str:
    """Return the app's ID. Raises `CredentialError` where the configuration has none."""
    found = str(access.options.get("client_id") or "")
    if not found:
        raise CredentialError(f"account {access.account} has no client_id: set it in the configuration")
    return found


def app_secret(access: Access, person: Person, name: str, where: str) -> Secret:
    """Return one of the app's own secrets: the one that is kept, else the one that the person types.

    `where` says where it is found. Raises `CredentialError` where nothing is typed.
    """
    try:
        return access.secret(name)
    except CredentialError:
        given = person.ask(f"The app's {name.replace('_', ' ')} ({where})")
    if not given:
        raise CredentialError(f"no {name} was given")
    return Secret(given)


def exchange(access: Access, url: str, asked: Mapping[str, str], *, seconds: float = SECONDS) -> Mapping[str, Any]:
    """Post to a token endpoint; return an answer that holds an `access_token`. Raises as `granted` does."""
    hidden = [asked[name] for name in _SECRET & asked.keys()]
    calls = Calls(access, said)
    return granted(calls.send("POST", url, hidden=hidden, data=asked, timeout=seconds, total=seconds), calls, url)


def granted(answer: Answer, calls: Calls, url: str) -> Mapping[str, Any]:
    """Return a token endpoint's answer that holds an `access_token`.

    Raises `Unauthorized` where what was given is refused, `TryLater` where nobody answers as it should, `Rejected`
    where the server is of another kind.
    """
    host = host_of(url)
    if answer.good:
        if isinstance(answer.data.get("access_token"), str) and answer.data["access_token"]:
            return answer.data
        raise calls.unread(answer, host, "a token")
    if answer.status in (400, 401, 403) and said(answer):
        raise Unauthorized(f"{host}: {oauth.plain(said(answer))}")
    raise calls.error(answer, host)


def said(answer: Answer) -> str:
    """Return a token endpoint's words: those of RFC 6749, of Meta's own kind of it, or of its Graph API."""
    error = answer.data.get("error")
    if isinstance(error, Mapping):
        return str(error.get("message") or "")
    return str(answer.data.get("error_description") or answer.data.get("error_message") or error or "")
