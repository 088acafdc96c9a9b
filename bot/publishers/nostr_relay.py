"""One relay: events in, answers out, each conversation bounded in time. https://github.com/nostr-protocol/nips, 01."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct
from websockets.exceptions import InvalidHandshake, InvalidMessage, InvalidURI, WebSocketException
from websockets.sync.client import ClientConnection, connect

from bot import __version__
from bot.errors import Rejected, TryLater
from bot.http import plain
from bot.publishers.nostr_event import Event, is_event

MOST_BYTES = 4 * 1024 * 1024
MOST_MESSAGES = 5000
_LATER = ("rate-limited", "error")
_BARRED = ("auth-required", "restricted", "blocked")


class Fate(Enum):
    """What became of events at one relay."""

    HAS = "has"  # they are there
    REFUSES = "refuses"  # the same ones will be refused again
    BARS = "bars"  # this author is refused
    LATER = "later"  # certainly not there, and may be later
    LOST = "lost"  # they may be there


class Verdict(Struct, frozen=True):
    """What one relay made of the events; `words` are its own, or what went wrong."""

    relay: str
    fate: Fate
    words: str = ""

    def __str__(self) -> str:
        return f"{host(self.relay)}: {self.words}"


class _Silence(Exception):
    """The relay did not answer in time, or ended the conversation."""


def host(relay: str) -> str:
    """Return what may be shown of a relay's address: no path and no query, where a token can stand."""
    try:
        return urlsplit(relay).netloc.rpartition("@")[2] or "a relay without a host"
    except ValueError:
        return "an address that cannot be read"


def deliver(relay: str, events: Sequence[Event], seconds: float) -> Verdict:
    """Send events in their order and return what the relay made of them. Raises nothing of ours.

    The first that it does not take ends it. A relay that says nothing is asked whether it has the event.
    """
    until = time.monotonic() + seconds
    sent = False
    try:
        with _open(relay, seconds) as connection:
            for event in events:
                sent = True
                connection.send(json.dumps(["EVENT", event], ensure_ascii=False))
                verdict = _answer_to(connection, relay, event, until)
                if verdict.fate is not Fate.HAS:
                    return verdict
    except TryLater as error:
        return Verdict(relay, Fate.LATER, error.message)
    except Rejected as error:
        return Verdict(relay, Fate.REFUSES, error.message)
    except (_Silence, WebSocketException, OSError) as error:
        words = _words(error)
        return Verdict(relay, Fate.LOST if sent else Fate.LATER, words)
    return Verdict(relay, Fate.HAS)


def query(relay: str, wanted: dict[str, Any], seconds: float) -> list[Event]:
    """Return all that a relay has of what is `wanted`, a NIP-01 filter. Raises `TryLater`, or `Rejected`."""
    until = time.monotonic() + seconds
    try:
        with _open(relay, seconds) as connection:
            return _ask(connection, wanted, until)
    except TryLater as error:
        raise TryLater(f"{host(relay)}: {error.message}") from None
    except Rejected as error:
        raise Rejected(f"{host(relay)}: {error.message}") from None
    except (_Silence, WebSocketException, OSError) as error:
        raise TryLater(f"{host(relay)}: {_words(error)}") from None


@contextmanager
def _open(relay: str, seconds: float) -> Iterator[ClientConnection]:
    """Connect. Raises `TryLater` where the relay cannot be reached, `Rejected` where the address is none of a relay."""
    try:
        connection = connect(
            relay,
            open_timeout=seconds / 2,
            close_timeout=0.5,
            ping_interval=None,
            max_size=MOST_BYTES,
            proxy=None,
            user_agent_header=f"posse-bot/{__version__}",
        )
    except (InvalidURI, UnicodeError, ValueError):
        raise Rejected("it is no address of a relay: wss://…") from None
    except (InvalidHandshake, InvalidMessage) as error:
        raise TryLater(f"it does not speak as a relay does ({plain(str(error))}): is its address right?") from None
    except (OSError, WebSocketException) as error:
        raise TryLater(f"it cannot be reached: {_words(error)}") from None
    with connection:
        yield connection


def _answer_to(connection: ClientConnection, relay: str, event: Event, until: float) -> Verdict:
    """Wait for `OK`; where it does not come, ask for the event."""
    halfway = time.monotonic() + (until - time.monotonic()) / 2
    try:
        for message in _messages(connection, halfway):
            if message[0] == "OK" and len(message) > 2 and message[1] == event["id"]:
                words = plain(str(message[3])) if len(message) > 3 else ""
                return _verdict(relay, message[2] is True, words)
    except _Silence as error:
        if str(error):
            raise
    if any(found["id"] == event["id"] for found in _ask(connection, {"ids": [event["id"]]}, until)):
        return Verdict(relay, Fate.HAS)
    return Verdict(relay, Fate.LOST, "it said neither yes nor no, and does not show the event")


def _verdict(relay: str, taken: bool, words: str) -> Verdict:
    """Return what an `OK` means. Some relays say `false` to a duplicate, which is there all the same."""
    prefix = words.partition(":")[0].strip().lower()
    if taken or prefix == "duplicate":
        return Verdict(relay, Fate.HAS)
    if prefix in _LATER:
        return Verdict(relay, Fate.LATER, words)
    if prefix in _BARRED:
        return Verdict(relay, Fate.BARS, words)
    if "created_at" in words:
        words += " (is this machine's clock right?)"
    return Verdict(relay, Fate.REFUSES, words or "refused, without a reason")


def _ask(connection: ClientConnection, wanted: dict[str, Any], until: float) -> list[Event]:
    connection.send(json.dumps(["REQ", "posse", wanted]))
    found: list[Event] = []
    for message in _messages(connection, until):
        if message[1:2] != ["posse"]:
            continue
        if message[0] == "EVENT" and len(message) > 2 and is_event(message[2]):
            found.append(message[2])
        if message[0] == "EOSE":
            break
        if message[0] == "CLOSED":
            raise _Silence(f"it does not answer that: {plain(' '.join(map(str, message[2:])))}")
    return found


def _messages(connection: ClientConnection, until: float) -> Iterator[list[Any]]:
    """Yield what the relay says, until time is up. Raises `_Silence`, without words where it only says nothing."""
    for _ in range(MOST_MESSAGES):
        left = until - time.monotonic()
        if left <= 0:
            raise _Silence
        try:
            text = connection.recv(timeout=left)
        except TimeoutError:
            raise _Silence from None
        try:
            message = json.loads(text)
        except ValueError:
            continue
        if isinstance(message, list) and message and isinstance(message[0], str):
            yield message
    raise _Silence("it never ends")


def _words(error: BaseException) -> str:
    if isinstance(error, (TimeoutError, socket.timeout)) or (isinstance(error, _Silence) and not str(error)):
        return "no answer in time"
    said = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
    return plain(re.sub(r"\w+://\S+", "…", said)) or type(error).__name__
