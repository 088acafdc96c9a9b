"""Nostr: events signed before they are sent, so that a repeat is the same event, at several relays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

from bot.errors import PublishError, Rejected, TryLater, Unauthorized, Uncertain
from bot.model import Announcement, Note, Receipt
from bot.publishers import nostr_event as nostr
from bot.publishers import nostr_relay as relays
from bot.publishers.base import Access, Profile, Sighting
from bot.publishers.nostr_event import Event
from bot.publishers.nostr_keys import Keys, encode, read_secret
from bot.publishers.nostr_relay import Fate, Verdict, host

RELAY_SECONDS = 20.0  # for one conversation with one relay; they are spoken to side by side
PAGE = 200
MOST_PAGES = 25

T = TypeVar("T")


class Nostr:
    """One key pair and its relays. An announcement is delivered when `enough` of them have it.

    Notes: `event` with `index` and `event` for each part, signed and not yet sent; `relay` with `url` for each relay
    that has them all.
    """

    def __init__(self, access: Access, seconds: float = RELAY_SECONDS) -> None:
        self._access = access
        self._seconds = seconds
        self._relays = [str(relay).strip() for relay in access.options["relays"]]
        self._enough = int(access.options.get("enough") or (len(self._relays) + 1) // 2)
        self._pair: Keys | None = None
        self._kind = nostr.ARTICLE if access.options.get("kind") == "article" else nostr.NOTE
        self._viewer = str(access.options.get("viewer") or "https://njump.me").rstrip("/")

    def publish(self, announcement: Announcement, notes: Sequence[Note]) -> Iterator[Note | Receipt]:
        """Sign, note, then send to every relay that does not have it yet."""
        self._check()
        signed = {int(note.data["index"]): dict(note.data["event"]) for note in notes if note.kind == "event"}
        if len(signed) < len(announcement.parts):
            for index, event in enumerate(self._signed(announcement)):
                if index in signed:
                    continue
                signed[index] = event
                yield Note("event", {"index": index, "event": event})
        events = [signed[index] for index in sorted(signed)]
        having = {str(note.data["url"]) for note in notes if note.kind == "relay"}
        missing = [relay for relay in self._relays if relay not in having]
        verdicts: list[Verdict] = []
        if len(having) < self._enough:
            verdicts = self._each(lambda relay: relays.deliver(relay, events, self._seconds), missing)
            yield from (Note("relay", {"url": each.relay}) for each in verdicts if each.fate is Fate.HAS)
        if error := self._judge(len(having), verdicts):
            raise error
        yield self._receipt(events)

    def find(self, announcement: Announcement, since: datetime) -> Receipt | None:  # noqa: ARG002 - an id has no age
        """Ask for the events by their ids. None also where too few relays have them: sending again adds the others."""
        self._check()
        events = self._signed(announcement)
        ids = [str(event["id"]) for event in events]
        wanted = {"ids": ids}
        answers = self._look(wanted)
        having = sum({event["id"] for event in found} >= set(ids) for found in answers)
        return self._receipt(events) if having >= min(self._enough, len(answers)) else None

    def recent(self, since: datetime) -> Iterator[Sighting]:
        """The account's own notes (or articles) that say they were made at `since` or later, newest first."""
        self._check()
        seen = {str(event["id"]): event for event in self._mine(since) if not nostr.is_answer(event)}
        for event in sorted(seen.values(), key=lambda event: int(event["created_at"]), reverse=True):
            yield nostr.sighting(event, self._relays, self._viewer)

    def verify(self) -> Profile:
        """Read the key, ask the relays for its profile, and what they say of their limits."""
        self._check()
        public = bytes.fromhex(self._keys().public)
        self._look({"authors": [public.hex()], "kinds": [0], "limit": 1})
        npub = encode("npub", public)
        most = [limit for limit in self._each(self._content_limit) if limit]
        return Profile(
            name=npub,
            url=f"{self._viewer}/{npub}",
            server=f"Nostr, {len(self._relays)} relays" if len(self._relays) > 1 else "Nostr, one relay",
            limits={"characters": min(most)} if most else {},
        )

    def _check(self) -> None:
        """Raises `Rejected` for options that cannot work."""
        where = f"account {self._access.account}"
        wrong = [relay for relay in self._relays if not relay.startswith(("wss://", "ws://"))]
        if wrong or not self._relays:
            raise Rejected(f"`relays` of {where} must be addresses that begin with wss://")
        if self._enough > len(set(self._relays)):
            raise Rejected(f"`enough` of {where} is {self._enough}, and there are {len(set(self._relays))} relays")

    def _keys(self) -> Keys:
        if self._pair is None:
            try:
                self._pair = read_secret(self._access.secret("secret_key").reveal())
            except ValueError as error:
                login = f"posse login {self._access.account}"
                raise Unauthorized(f"the secret key cannot be used: {error} (type: {login})") from None
        return self._pair

    def _signed(self, announcement: Announcement) -> list[dict[str, Any]]:
        return nostr.events(announcement, self._keys(), article=self._kind == nostr.ARTICLE)

    def _receipt(self, events: Sequence[Event]) -> Receipt:
        parts = tuple(nostr.sent(event, self._relays, self._viewer) for event in events)
        return Receipt(parts, nostr.made(events[0]))

    def _judge(self, before: int, verdicts: Sequence[Verdict]) -> PublishError | None:
        """Return what the relays' answers come to, None where it is delivered.

        Where some have it and no more will take it, it is public, and that is all there is to reach.
        """
        having = before + sum(each.fate is Fate.HAS for each in verdicts)
        if having >= self._enough:
            return None
        fates = {each.fate for each in verdicts}
        words = "; ".join(str(each) for each in verdicts if each.fate is not Fate.HAS)
        if having and not fates & {Fate.LATER, Fate.LOST}:
            return None
        if having:
            return TryLater(f"{having} of {self._enough} relays have it: {words}")  # a repeat is the same event
        if Fate.LOST in fates:
            return Uncertain(words)
        if Fate.LATER in fates:
            return TryLater(words)
        return Unauthorized(words) if fates == {Fate.BARS} else Rejected(words)

    def _look(self, wanted: dict[str, Any]) -> list[list[Event]]:
        """Ask every relay; return what each has. Raises `TryLater` where so many are away that they could have it."""
        return self._answers(lambda relay: relays.query(relay, wanted, self._seconds))

    def _answers(self, ask: Callable[[str], T]) -> list[T]:
        def one(relay: str) -> T | TryLater:
            try:
                return ask(relay)
            except TryLater as error:
                return error

        found = self._each(one)
        away = [each for each in found if isinstance(each, TryLater)]
        if len(away) >= self._enough:
            raise TryLater("; ".join(error.message for error in away))
        return [each for each in found if not isinstance(each, TryLater)]

    def _mine(self, since: datetime) -> Iterator[Event]:
        public = self._keys().public
        for found in self._answers(lambda relay: self._timeline(relay, public, since)):
            yield from found

    def _timeline(self, relay: str, public: str, since: datetime) -> list[Event]:
        """Return the account's own events at one relay, read in pages: a relay gives as many as it likes."""
        wanted: dict[str, Any] = {"authors": [public], "kinds": [self._kind], "since": int(since.timestamp())}
        seen: dict[str, Event] = {}
        for _ in range(MOST_PAGES):
            page = relays.query(relay, {**wanted, "limit": PAGE}, self._seconds)
            mine = {str(event["id"]): event for event in page if event["pubkey"] == public}
            if not mine.keys() - seen.keys():
                return list(seen.values())
            seen |= mine
            wanted["until"] = min(int(event["created_at"]) for event in mine.values())
        raise TryLater(f"{host(relay)} cannot be read back to {since:%Y-%m-%d %H:%M}")

    def _each(self, do: Callable[[str], T], chosen: Sequence[str] | None = None) -> list[T]:
        """Do it for every relay side by side, and return what came of each, in their order."""
        names = list(dict.fromkeys(self._relays if chosen is None else chosen))
        with ThreadPoolExecutor(max_workers=len(names), thread_name_prefix="relay") as pool:
            return list(pool.map(do, names))

    def _content_limit(self, relay: str) -> int | None:
        """Return how many characters a relay says that it takes (NIP-11), None where it does not say."""
        parts = urlsplit(relay)
        page = urlunsplit(parts._replace(scheme="https" if parts.scheme == "wss" else "http"))
        try:
            told = self._access.http.send("GET", page, headers={"Accept": "application/nostr+json"}, total=10).json()
            most = told["limitation"]["max_content_length"]
        except (PublishError, ValueError, KeyError, TypeError):
            return None
        return most if type(most) is int and most > 0 else None
