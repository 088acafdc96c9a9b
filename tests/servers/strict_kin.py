"""Where Mastodon's kin differ from it, written from their sources and not from ours. Pure.

GoToSocial: internal/processing/status/common.go counts `len([]rune(text)) + len([]rune(spoiler))`; a URL counts in
full although internal/typeutils/internaltofrontend.go advertises characters_reserved_per_url; Idempotency-Key is known
to middleware/cors.go alone. Pleroma and Akkoma: lib/pleroma/web/common_api/utils.ex counts `String.length` (graphemes)
of text and subject; plugs/idempotency_plug.ex replays answers for six hours. Pixelfed: ApiV1Controller.php validates
`max:` (code points), answers 403 to a status without media, 400 to a repeated key. Takahē: api/views/statuses.py
counts `len(details.status)` and knows no key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import regex

from tests.servers import strict_rules as rules


@dataclass(frozen=True)
class Kin:
    """One software: the version it tells, how it treats keys, and what else it says of itself."""

    version: str
    keys: str = "honoured"
    key_life: int = 3600  # app/services/post_status_service.rb: `redis.setex(idempotency_key, 3_600, @status.id)`
    needs_picture: bool = False
    no_version_2: bool = False
    nodeinfo: str = "mastodon"
    reserved: int | None = rules.URL_LENGTH


FLAVOURS = {
    "mastodon": Kin("4.4.0"),
    "gotosocial": Kin("0.19.1+git-4df3f3a", keys="ignored", nodeinfo="gotosocial", reserved=25),
    "akkoma": Kin("2.7.2 (compatible; Akkoma 3.13.2)", key_life=21600, nodeinfo="akkoma", reserved=None),
    "pleroma": Kin(
        "2.7.2 (compatible; Pleroma 2.5.1)", key_life=21600, nodeinfo="pleroma", no_version_2=True, reserved=None
    ),
    "pixelfed": Kin(
        "3.5.3 (compatible; Pixelfed 0.12.5)", keys="refused", needs_picture=True, nodeinfo="pixelfed", reserved=None
    ),
    "takahe": Kin("takahe/0.11.0", keys="ignored", nodeinfo="takahe"),
}


def length(flavour: str, text: str, spoiler: str) -> int:
    """What a status counts."""
    match flavour:
        case "mastodon":
            return rules.length(text, spoiler)
        case "akkoma" | "pleroma":
            return len(regex.findall(r"\X", (text + spoiler).strip()))
        case "takahe":
            return len(text)
        case _:
            return len(text) + len(spoiler)


def nodeinfo(flavour: str) -> dict[str, Any]:
    """The document at the address that /.well-known/nodeinfo names."""
    kin = FLAVOURS[flavour]
    return {"version": "2.0", "software": {"name": kin.nodeinfo, "version": kin.version}, "protocols": ["activitypub"]}
