"""What an account's own timeline tells on X: posts with their links unwrapped, as sightings. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.links import same_link
from bot.model import Announcement, Receipt, Sent
from bot.publishers import instants
from bot.publishers.base import Sighting
from bot.publishers.in_parts import words

Post = Mapping[str, Any]
EPOCH_MILLISECONDS = 1288834974657  # of the numbers X gives (github.com/twitter-archive/snowflake)
FIELDS = "created_at,entities,conversation_id"


def instant(post: Post) -> datetime | None:
    """Return when it was made, in UTC: as it says, else by its number; None where neither can be read."""
    return instants.iso(post.get("created_at")) or instant_of(str(post.get("id", "")))


def instant_of(number: str) -> datetime | None:
    """Return when a post of this number was made, in UTC; None for a number that bears no date."""
    if not number.isdigit() or int(number) >> 22 == 0:
        return None
    return instants.epoch(((int(number) >> 22) + EPOCH_MILLISECONDS) / 1000)


def top_level(post: Post) -> bool:
    """Whether it answers nothing: then it has begun its own conversation."""
    return str(post.get("conversation_id") or post["id"]) == str(post["id"])


def links(post: Post) -> tuple[str, ...]:
    """Return every address it links to, as it was before X wrapped it."""
    return tuple(dict.fromkeys(str(found["expanded_url"]) for found in _urls(post)))


def text(post: Post) -> str:
    """Return its words with the addresses as they were before X wrapped them."""
    words = str(post.get("text") or "").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    for found in _urls(post):
        words = words.replace(str(found.get("url") or "\0"), str(found["expanded_url"]))
    return words


def _urls(post: Post) -> list[Mapping[str, Any]]:
    entities = post.get("entities")
    found = entities.get("urls") if isinstance(entities, Mapping) else None
    every = found if isinstance(found, list) else []
    return [each for each in every if isinstance(each, Mapping) and each.get("expanded_url")]


def says(post: Post, announcement: Announcement) -> bool:
    """Whether it is this announcement's first part: by the link, or where the words bear none, by the words."""
    if any(same_link(link, announcement.url) for link in links(post)):
        return True
    return " ".join(text(post).split()).startswith(" ".join(words(announcement, 0).split()))


def thread(first: Post, posts: Sequence[Post]) -> list[Post]:
    """Return `first` and the account's own answers in its conversation, oldest first."""
    answers = [post for post in posts if post is not first and post.get("conversation_id") == first["id"]]
    return [first, *sorted(answers, key=lambda post: int(post["id"]))]


def sent(number: str, web: str, handle: str) -> Sent:
    """Return a post's number and permalink; without a handle it goes by the number alone."""
    return Sent(number, f"{web}/{handle or 'i'}/status/{number}")


def sighting(post: Post, web: str, handle: str, otherwise: datetime) -> Sighting:
    """Return the post as it is seen; `otherwise` stands in for a date that cannot be read."""
    receipt = Receipt((sent(str(post["id"]), web, handle),), instant(post) or otherwise)
    return Sighting(receipt, links(post))
