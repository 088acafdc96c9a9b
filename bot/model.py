"""The values every layer shares: posts, announcements, deliveries, receipts. Pure; imports nothing of the project.

All datetimes are aware and in UTC. All text is NFC as the author typed it, without carriage returns.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

from msgspec import Struct, field

PostId = NewType("PostId", str)
DeliveryId = NewType("DeliveryId", int)


class State(StrEnum):
    """Where a delivery stands. `DELIVERED`, `FAILED` and `SKIPPED` are at rest; a person can move them on."""

    DUE = "due"
    SENDING = "sending"
    UNCERTAIN = "uncertain"
    HELD = "held"
    DELIVERED = "delivered"
    FAILED = "failed"
    SKIPPED = "skipped"


class Reason(StrEnum):
    """Why a post is left out, a delivery held or skipped, or how a receipt was come by (`FOUND`)."""

    DRAFT = "draft"
    FUTURE = "future"
    BASELINE = "baseline"
    TOO_OLD = "too_old"
    EXPIRED = "expired"
    OPTED_OUT = "opted_out"
    FILTERED = "filtered"
    DUPLICATE = "duplicate"
    ALREADY_DELIVERED = "already_delivered"
    SETTLING = "settling"
    NOT_LIVE = "not_live"
    BURST = "burst"
    APPROVE = "approve"
    MANUAL = "manual"
    SPACING = "spacing"
    CAP = "cap"
    QUIET = "quiet"
    PAUSED = "paused"
    BUDGET = "budget"
    IDENTITY = "identity"
    LEFTOVER = "leftover"
    ALT_MISSING = "alt_missing"
    INVALID = "invalid"
    GONE = "gone"
    FOUND = "found"
    PERSON = "person"


class BodyFormat(StrEnum):
    """The markup a post's body is written in."""

    MARKDOWN = "markdown"
    HTML = "html"


class Visibility(StrEnum):
    """Mastodon's words for who may see an announcement; other networks map or ignore them."""

    PUBLIC = "public"
    UNLISTED = "unlisted"
    PRIVATE = "private"
    DIRECT = "direct"


class Image(Struct, frozen=True):
    """A picture of a post: `source` is a URL, or a path as the author wrote it; `alt` is None when none was given."""

    source: str
    alt: str | None = None


class Words(Struct, frozen=True):
    """What an author sets in the front matter's `posse` table for one scope: everywhere, one account or one network.

    `skip` keeps the post from that account or network alone.
    """

    text: str | None = None
    content_warning: str | None = None
    visibility: Visibility | None = None
    language: str | None = None
    image: str | None = None
    skip: bool = False


class PostSettings(Struct, frozen=True):
    """The front matter's `posse` key, read. `skip` is `posse: false`; `per` is keyed by account or network name."""

    skip: bool = False
    accounts: tuple[str, ...] | None = None
    not_after: datetime | None = None
    everywhere: Words = Words()
    per: Mapping[str, Words] = field(default_factory=dict)


class Post(Struct, frozen=True):
    """One piece of writing on the site, as a source found it.

    `id` is empty until `identity` has said which post this is. `source_id` names the item within its source (the path
    of a file relative to the configuration, or a feed entry's id). `url` is the canonical URL as the author wrote it,
    None when none can be known; `urls` are the others it is known to have had or to answer at (aliases, redirects).
    `has_time` is False for a date without a time of day. `modified` is the file's time, None for a feed.
    `stamp` lets the source tell an unchanged item without reading it. `text_hash` is of the plain words of the body.
    """

    source: str
    source_id: str
    slug: str
    url: str | None
    title: str
    body: str
    id: PostId = PostId("")
    body_format: BodyFormat = BodyFormat.MARKDOWN
    path: str | None = None
    urls: tuple[str, ...] = ()
    summary: str | None = None
    published: datetime | None = None
    has_time: bool = False
    tags: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    language: str | None = None
    draft: bool = False
    images: tuple[Image, ...] = ()
    settings: PostSettings = PostSettings()
    warnings: tuple[str, ...] = ()
    modified: datetime | None = None
    stamp: str = ""
    text_hash: str = ""
    authors: tuple[str, ...] = ()


class Problem(Struct, frozen=True):
    """Something wrong with one file or entry. `path` is relative to the configuration; `line` counts from 1."""

    path: str
    message: str
    line: int | None = None
    source: str = ""
    source_id: str = ""


class SpanKind(StrEnum):
    """What a stretch of text does."""

    LINK = "link"
    TAG = "tag"
    MENTION = "mention"


class Span(Struct, frozen=True):
    """A stretch `text[start:end]` (code points) of a part. `target`: a URI, a tag without `#`, a handle without `@`."""

    start: int
    end: int
    kind: SpanKind
    target: str


class Part(Struct, frozen=True):
    """One message of an announcement (a thread has several). `length` is in the network's own unit."""

    text: str
    length: int
    spans: tuple[Span, ...] = ()


class Thumbnail(Struct, frozen=True):
    """A picture small enough for its use: raw bytes, MIME type, pixels, and what it shows."""

    data: bytes
    mime: str
    width: int
    height: int
    alt: str = ""


class Card(Struct, frozen=True):
    """The link's preview, for networks where the client makes it."""

    url: str
    title: str
    description: str = ""
    thumbnail: Thumbnail | None = None


class Media(Struct, frozen=True):
    """A picture that goes out with the words. An empty `alt` is none at all, unless it is `decorative`."""

    data: bytes
    mime: str
    alt: str
    width: int
    height: int
    source: str = ""
    decorative: bool = False


class Page(Struct, frozen=True):
    """What one GET of a post's page told. `live` says that it is there; `detail` why it is not.

    `landing` is the address people end at, None when it is `url` itself; `urls` are the others it is known by: all
    that were passed on the way, and the one it names as canonical.
    `card` is made from the page's Open Graph data, None when it has none.
    """

    url: str
    live: bool
    detail: str = ""
    landing: str | None = None
    urls: tuple[str, ...] = ()
    card: Card | None = None
    warnings: tuple[str, ...] = ()


class PostRef(Struct, frozen=True):
    """What an announcement remembers of its post, so that it can be shown without the site."""

    id: PostId
    slug: str
    title: str
    url: str
    published: datetime | None = None


class Announcement(Struct, frozen=True):
    """The finished words for one post on one account, with all that travels with them.

    `key` is 32 lower-case hex digits derived from (account, post, round): the same input always gives the same key.
    `instant` is the post's date, or when it was first seen: the base of derived record keys. `created_at` is set when
    the words freeze, at the first claim, and never changes after. `url` is the link that is announced. `tags` travel
    outside the text. `limit` and `unit` say how `Part.length` was counted. `cost` is in US dollars.
    """

    post: PostRef
    account: str
    network: str
    round: int
    key: str
    url: str
    parts: tuple[Part, ...]
    limit: int
    unit: str
    instant: datetime
    tags: tuple[str, ...] = ()
    language: str | None = None
    visibility: Visibility = Visibility.PUBLIC
    content_warning: str | None = None
    card: Card | None = None
    media: tuple[Media, ...] = ()
    cost: float | None = None
    warnings: tuple[str, ...] = ()
    created_at: datetime | None = None

    @property
    def text(self) -> str:
        """The words of all parts, as a person reads them."""
        return "\n\n".join(part.text for part in self.parts)


class Note(Struct, frozen=True):
    """A step of a publish that is done and must not be done again (an uploaded media id, a sent part)."""

    kind: str
    data: Mapping[str, Any]


class Sent(Struct, frozen=True):
    """One part as the network has it: its own id there and its permalink (None where the network gives none)."""

    remote_id: str
    url: str | None


class Receipt(Struct, frozen=True):
    """Proof that an announcement went out: every part in order, and when (the network's time where it tells)."""

    parts: tuple[Sent, ...]
    at: datetime

    @property
    def remote_id(self) -> str:
        """The first part's id."""
        return self.parts[0].remote_id

    @property
    def url(self) -> str | None:
        """The first part's permalink."""
        return self.parts[0].url


class Delivery(Struct, frozen=True):
    """The store's row that carries one announcement to its end.

    `fence` rises at every claim and never resets. `attempts` counts sends only. `not_before` is when it may next be
    claimed. `claimed_at` is the first claim, `sent_at` the last one that sent. `ended_at` is when the last attempt
    ended, or was given up; `looks` counts complete look-ups since then
    that found nothing.
    """

    id: DeliveryId
    post: PostRef
    account: str
    round: int
    state: State
    reason: Reason | None
    detail: str | None
    announcement: Announcement | None
    notes: tuple[Note, ...]
    receipt: Receipt | None
    fence: int
    attempts: int
    looks: int
    not_before: datetime
    claimed_at: datetime | None
    sent_at: datetime | None
    ended_at: datetime | None
    lease_until: datetime | None
    owner: str | None
    error: str | None
    created_at: datetime
    updated_at: datetime
