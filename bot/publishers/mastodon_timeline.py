"""What an account's own timeline tells on Mastodon: statuses as sightings, and the links they bear. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html.parser import HTMLParser
from typing import Any

from bot.model import Receipt, Sent
from bot.publishers import instants
from bot.publishers.base import Sighting

Status = Mapping[str, Any]


def instant(status: Status) -> datetime | None:
    """Return when the server says it was made, in UTC; None where that cannot be read."""
    return instants.iso(status.get("created_at"))


def sent(status: Status) -> Sent:
    """Return the status's id and permalink."""
    url = status.get("url")
    return Sent(remote_id=str(status["id"]), url=str(url) if url else None)


def top_level(status: Status) -> bool:
    """Whether it answers nothing and boosts nothing."""
    return status.get("in_reply_to_id") is None and status.get("reblog") is None


def sighting(status: Status, otherwise: datetime) -> Sighting:
    """Return the status as it is seen; `otherwise` stands in for a date that cannot be read."""
    card = status.get("card")
    links = _links(str(status.get("content") or ""))
    if isinstance(card, Mapping) and card.get("url"):
        links.append(str(card["url"]))
    return Sighting(Receipt((sent(status),), instant(status) or otherwise), tuple(dict.fromkeys(links)))


def thread(first: Status, statuses: Sequence[Status]) -> list[Status]:
    """Return `first` and the chain of the account's own answers below it, oldest first."""
    answers = {str(status.get("in_reply_to_id")): status for status in statuses if status.get("in_reply_to_id")}
    chain = [first]
    while (below := answers.pop(str(chain[-1]["id"]), None)) is not None:
        chain.append(below)
    return chain


class _Anchors(HTMLParser):
    """Collects where links lead, but for mentions and hashtags, which lead to the server's own pages."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one opening tag."""
        named = dict(attrs)
        own = {"mention", "hashtag"} & set((named.get("class") or "").split())
        target = named.get("href")
        if tag == "a" and target and not own:
            self.found.append(target)


def _links(content: str) -> list[str]:
    anchors = _Anchors()
    anchors.feed(content)
    anchors.close()
    return anchors.found
