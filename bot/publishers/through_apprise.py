"""Everything else, through Apprise (the extra `posse-bot[apprise]`): https://github.com/caronc/apprise.

Apprise says yes or no, and not why: a no may be a refusal, a fault before, or an answer that got lost. So every no is
uncertain, and a person is asked. There is no id, no permalink and no look, and a service that cuts long words does so.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from bot.errors import Unauthorized, Uncertain
from bot.model import Announcement, Note, Receipt
from bot.publishers.base import Access, Profile, Sighting
from bot.publishers.in_parts import Json, in_one, part

_MISSING = "Apprise is not installed: pip install 'posse-bot[apprise]'"


class ThroughApprise:
    """One service, as one of Apprise's addresses names it. A whole announcement is one message.

    Notes: `part`, when it is sent.
    """

    def __init__(self, access: Access) -> None:
        self._access = access

    def publish(self, announcement: Announcement, notes: Sequence[Note]) -> Iterator[Note | Receipt]:
        """Send it."""
        yield from in_one(notes, lambda: self._announce(announcement))

    def find(self, announcement: Announcement, since: datetime) -> Receipt | None:
        """Not possible."""
        raise NotImplementedError("Apprise only sends")

    def recent(self, since: datetime) -> Iterator[Sighting]:
        """Not possible."""
        raise NotImplementedError("Apprise only sends")

    def verify(self) -> Profile:
        """Read the address: nothing more can be proven without sending."""
        with _silence():
            (service,) = self._service()
        name = str(service.service_name)
        return Profile(
            name=f"{name}, through Apprise",
            url=None,
            server="Apprise",
            warnings=("only the first post will prove it: Apprise asks nobody before",),
        )

    def _announce(self, announcement: Announcement) -> Json:
        with _silence():
            service = self._service()
            warning = f"{announcement.content_warning}\n\n" if announcement.content_warning else ""
            went = service.notify(body=warning + announcement.text, body_format="text")
        if not went:
            raise Uncertain("Apprise cannot say that it went out, and does not say why")
        return part(0, announcement.key, None, self._access.clock())

    def _service(self) -> Any:
        """Return an Apprise that knows one service. Raises `Unauthorized` where there is none, or no Apprise."""
        try:
            import apprise
        except ImportError:
            raise Unauthorized(_MISSING) from None
        asset = apprise.AppriseAsset(
            app_id="posse-bot", app_desc="posse-bot", async_mode=False, storage_mode=apprise.PersistentStoreMode.MEMORY
        )
        service = apprise.Apprise(asset=asset)
        added = service.add(self._access.secret("service_url").reveal().strip())
        if not added or len(service) != 1:
            raise Unauthorized(f"service_url is none of Apprise's addresses (type: posse login {self._access.account})")
        return service


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Let Apprise log nothing meanwhile: its lines may hold the address."""
    logger = logging.getLogger("apprise")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)
