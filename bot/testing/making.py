"""What a publisher's test needs at hand: an announcement, an access, and one attempt to publish."""

from __future__ import annotations

import contextlib
import hashlib
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct, field

from bot.credentials import Secret
from bot.errors import CredentialError, PublishError
from bot.http import Http
from bot.model import Announcement, Note, Part, PostId, PostRef, Receipt, Span, SpanKind, Visibility
from bot.publishers.base import Access, Publisher, Vault


class Attempt(Struct, frozen=True):
    """What one `publish` came to: the notes it yielded, then a receipt or an error."""

    notes: tuple[Note, ...]
    receipt: Receipt | None
    error: PublishError | None


class MemoryVault(Struct):
    """A `Vault` that lives as long as the test."""

    values: dict[str, str] = field(default_factory=dict)

    def read(self) -> dict[str, str]:
        """The kept values."""
        return dict(self.values)

    def write(self, values: Mapping[str, str]) -> None:
        """Replace them."""
        self.values = dict(values)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold nothing: one process is all there is."""
        yield


def access(
    options: Mapping[str, object],
    secrets: Mapping[str, str],
    *,
    account: str = "me",
    vault: Vault | None = None,
    clock: Callable[[], datetime] | None = None,
) -> Access:
    """Return what a publisher is made from, with `secrets` in the open. A secret it lacks is a `CredentialError`."""

    def secret(key: str) -> Secret:
        if key not in secrets:
            raise CredentialError(f"no secret {key} was given to the test")
        return Secret(secrets[key])

    return Access(
        account=account,
        options=options,
        secret=secret,
        vault=vault or MemoryVault(),
        http=Http(),
        clock=clock or (lambda: datetime.now(UTC)),
    )


def attempt(publisher: Publisher, announcement: Announcement, notes: Sequence[Note] = ()) -> Attempt:
    """Publish to the end, as the courier does, and return what came of it."""
    gathered: list[Note] = []
    try:
        for step in publisher.publish(announcement, notes):
            if isinstance(step, Receipt):
                return Attempt(tuple(gathered), step, None)
            gathered.append(step)
    except PublishError as error:
        return Attempt(tuple(gathered), None, error)
    raise AssertionError("publish ended with neither a receipt nor an error")


def by_steps(make: Callable[[], Publisher], announcement: Announcement) -> Receipt:
    """Publish as one does who is killed after every note: another publisher goes on with the notes there are."""
    notes: list[Note] = []
    for _ in range(50):
        step = next(iter(make().publish(announcement, tuple(notes))))
        if isinstance(step, Receipt):
            return step
        notes.append(step)
    raise AssertionError("publish never comes to an end")


def png(shade: int) -> bytes:
    """Return a picture of one grey pixel."""
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(bytes([0, shade]))))
    made = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in (*chunks, (b"IEND", b""))
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(made)


def announcement(
    *texts: str,
    network: str = "test",
    account: str = "me",
    url: str = "https://example.com/2024/06/19/a-post.html",
    round: int = 1,
    now: datetime | None = None,
    language: str | None = "en",
    content_warning: str | None = None,
    visibility: Visibility = Visibility.PUBLIC,
) -> Announcement:
    """Return an announcement of `texts` (one part each; some words and the link where there are none).

    Its key is derived from account, `url` and `round` as a real one is. A span says where the link stands in a part.
    """
    now = now or datetime.now(UTC)
    words = texts or (f"Where the road goes\n\nA few words about it, with “quotes” and 💜.\n\n{url}",)
    parts = tuple(_part(text, url) for text in words)
    return Announcement(
        post=PostRef(PostId(url), slug="a-post", title="Where the road goes", url=url, published=now),
        account=account,
        network=network,
        round=round,
        key=hashlib.sha256(f"{account}\n{url}\n{round}".encode()).hexdigest()[:32],
        url=url,
        parts=parts,
        limit=500,
        unit="graphemes",
        instant=now,
        language=language,
        content_warning=content_warning,
        visibility=visibility,
        created_at=now,
    )


def _part(text: str, url: str) -> Part:
    at = text.find(url)
    spans = (Span(at, at + len(url), SpanKind.LINK, url),) if at >= 0 else ()
    return Part(text, len(text), spans)


def raised(do: Callable[[], object]) -> PublishError | None:
    """Return the error that `do` raises, None where it raises none."""
    try:
        do()
    except PublishError as error:
        return error
    return None
