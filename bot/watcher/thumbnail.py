"""Makes a picture small enough for a card. Pure: bytes in, bytes out; Pillow is imported when it is first needed."""

from __future__ import annotations

import io
import struct
import threading
import warnings
from typing import TYPE_CHECKING

from bot.model import Thumbnail

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

MOST_BYTES = 1_000_000  # app.bsky.embed.external#external, thumb: maxSize
MOST_SIDE = 1200
MOST_PIXELS = 50_000_000
ALT_MOST = 1000
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")  # what browsers show; every other reader is one more to break
_QUALITIES = (85, 75, 60)
# What Pillow's readers raise on broken bytes; RuntimeError is the AVIF one's.
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, RuntimeError, struct.error)
_ONE_AT_A_TIME = threading.Lock()  # a picture of 50 million pixels takes 200 MB while it is read


class BadPicture(Exception):
    """The bytes are no picture that can be shown; the message says why."""


def shrink(data: bytes, alt: str = "") -> Thumbnail:
    """Return the picture upright, at most 1200 pixels a side and 1,000,000 bytes, without what its file says beside it.

    It is a JPEG, or a PNG where it is transparent and small enough; of an animation it is the first frame. Raises
    `BadPicture` for bytes that are no picture, that are damaged, or that would unfold to more than 50 million pixels.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with (
            _ONE_AT_A_TIME,
            warnings.catch_warnings(action="ignore"),  # they tell of odd metadata, which is dropped
            Image.open(io.BytesIO(data), formats=[*_FORMATS]) as opened,
        ):
            picture = _upright(opened)
    except UnidentifiedImageError as error:
        raise BadPicture("it is no picture that can be read") from error
    except Image.DecompressionBombError as error:
        raise BadPicture(f"it has more than {MOST_PIXELS:,} pixels") from error
    except _BROKEN as error:
        raise BadPicture(f"it is damaged ({error})") from error
    mime, out = _encode(picture)
    return Thumbnail(out[0], mime, *out[1], alt=alt[:ALT_MOST])


def _upright(opened: Picture) -> Picture:
    """The picture turned as its camera held it, small, in RGB or RGBA, and with nothing attached."""
    from PIL import Image, ImageOps

    if opened.width * opened.height > MOST_PIXELS:
        raise BadPicture(f"it has {opened.width} × {opened.height} pixels, more than {MOST_PIXELS:,}")
    opened.draft("RGB", (2 * MOST_SIDE, 2 * MOST_SIDE))
    profile = opened.info.get("icc_profile") if opened.mode in {"RGB", "RGBA"} else None
    picture: Picture = ImageOps.exif_transpose(opened)
    transparent = "A" in picture.getbands() or "transparency" in picture.info
    if picture.mode.startswith("I"):  # 16 bits of grey, which Pillow would clip to 8
        picture = picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    picture = picture.convert("RGBA" if transparent else "RGB")
    if transparent and picture.getchannel("A").getextrema() == (255, 255):
        picture = picture.convert("RGB")
    if max(picture.size) > MOST_SIDE:
        picture.thumbnail((MOST_SIDE, MOST_SIDE), Image.Resampling.LANCZOS)
    picture.info = {"icc_profile": profile} if profile else {}
    return picture


def _encode(picture: Picture) -> tuple[str, tuple[bytes, tuple[int, int]]]:
    """The first form that is small enough: PNG where it is transparent, then JPEG, worse and then smaller."""
    if picture.mode == "RGBA":
        png = _save(picture, "PNG", optimize=True)
        if len(png) <= MOST_BYTES:
            return "image/png", (png, picture.size)
        picture = _on_white(picture)
    while True:
        for quality in _QUALITIES:
            jpeg = _save(picture, "JPEG", quality=quality, optimize=True, progressive=True)
            if len(jpeg) <= MOST_BYTES:
                return "image/jpeg", (jpeg, picture.size)
        picture = picture.resize((max(1, picture.width * 3 // 4), max(1, picture.height * 3 // 4)))


def _on_white(picture: Picture) -> Picture:
    from PIL import Image

    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground


def _save(picture: Picture, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, icc_profile=picture.info.get("icc_profile"), **options)
    return out.getvalue()
