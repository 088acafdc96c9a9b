"""Makes a picture small enough for a card. Pure: bytes in, bytes out; Pillow is imported when it is first needed."""

from __future__ import annotations

from bot.model import Thumbnail
from bot.watcher import imaging
from bot.watcher.imaging import BadPicture as BadPicture

MOST_BYTES = 1_000_000  # app.bsky.embed.external#external, thumb: maxSize
MOST_SIDE = 1200
ALT_MOST = 1000
_QUALITIES = (85, 75, 60)


def shrink(data: bytes, alt: str = "") -> Thumbnail:
    """Return the picture upright, at most 1200 pixels a side and 1,000,000 bytes, without what its file says beside it.

    It is a JPEG, or a PNG where it is transparent and small enough; of an animation it is the first frame. Raises
    `BadPicture` as `imaging.reading` does.
    """
    with imaging.reading(data) as opened:
        picture = imaging.upright(opened, MOST_SIDE)
    mime, out, (width, height) = imaging.encode(picture, MOST_BYTES, _QUALITIES)
    return Thumbnail(out, mime, width, height, alt=alt[:ALT_MOST])
