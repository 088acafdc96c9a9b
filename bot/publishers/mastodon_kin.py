"""Which software answers to Mastodon's API, and what it takes, by what the server says of itself. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# "2.7.2 (compatible; Pleroma 2.5.0)": so say Pleroma, Akkoma, Pixelfed, Friendica, Sharkey and others.
_COMPATIBLE = re.compile(r"\(compatible; ?([^\s;)/]+)[ /]?([^\s;)]*)")
_TAKAHE = re.compile(r"(?i)\btakahe[/ ](\S+)")
_MASTODON = re.compile(r"[1-9]\d*\.\d+")
_NAMES = {"gotosocial": "GoToSocial", "takahe": "Takahē"}

# Those that count a URL in full, and in code points: gotosocial internal/processing/status/common.go; pixelfed's
# validation `max:`; takahe api/views/statuses.py. In graphemes: pleroma lib/pleroma/web/common_api/utils.ex.
_CODE_POINTS = frozenset({"gotosocial", "pixelfed", "takahē"})
_WHOLE_URLS = frozenset({"pleroma", "akkoma", "rebased"})
_NEEDS_PICTURE = frozenset({"pixelfed"})


def software(server: Mapping[str, Any], nodeinfo: Mapping[str, Any] | None = None) -> tuple[str, str]:
    """Name and version, from `/api/v2/instance` or version 1 of it, or from nodeinfo; a name of "" is not known yet."""
    told = nodeinfo.get("software") if nodeinfo else None
    if isinstance(told, Mapping) and told.get("name"):
        name = str(told["name"])
        return _NAMES.get(name.lower(), name[:1].upper() + name[1:]), str(told.get("version") or "")
    version = str(server.get("version") or "")
    if found := _COMPATIBLE.search(version):
        return found[1], found[2]
    if found := _TAKAHE.search(version):
        return "Takahē", found[1]
    if "gotosocial" in str(server.get("source_url") or "").lower():
        return "GoToSocial", version.partition(" ")[0]
    return ("Mastodon", version) if _MASTODON.match(version) else ("", version)


def described(name: str, version: str) -> str:
    """The server as a person reads it."""
    if name in ("", "Mastodon"):
        return f"Mastodon API {version}" if version else ""
    return f"{name} {version}".strip()


def limits(server: Mapping[str, Any], name: str) -> dict[str, int]:
    """What the server tells of its limits, and how its software counts: see `bot.publishers.base.Profile`."""
    configuration = _table(server, "configuration")
    statuses, media = _table(configuration, "statuses"), _table(configuration, "media_attachments")
    kin = name.lower()
    told = {
        "characters": statuses.get("max_characters", server.get("max_toot_chars")),
        "url_length": statuses.get("characters_reserved_per_url"),
        "media": statuses.get("max_media_attachments"),
        "alt": media.get("description_limit"),
        "picture_bytes": media.get("image_size_limit"),
        "picture_pixels": media.get("image_matrix_limit"),
        "code_points": int(kin in _CODE_POINTS),
        "whole_urls": int(kin in _WHOLE_URLS),
        "needs_picture": int(kin in _NEEDS_PICTURE),
    }
    if kin in _CODE_POINTS | _WHOLE_URLS:
        told["url_length"] = None  # GoToSocial and Takahē tell one, and do not keep to it
    return {key: value for key, value in told.items() if type(value) is int and value > 0}


def _table(holder: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = holder.get(key)
    return found if isinstance(found, Mapping) else {}
