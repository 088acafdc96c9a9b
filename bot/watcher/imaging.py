"""Reads pictures and makes them small: bytes in, bytes out. Pure; Pillow is imported when it is first needed."""

from __future__ import annotations

import io
import struct
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec import Struct

from bot.networks import Pictures

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

MOST_PIXELS = 50_000_000
MOST_ON_DISK = 178_000_000  # of a JPEG, whose reader makes it smaller while it reads: what a telephone's camera gives
GIF_PIXELS = 921_600  # mastodon: app/models/concerns/attachmentable.rb, GIF_MATRIX_LIMIT
MOST_FRAMES = 600
LOSSLESS_BYTES = 4_000_000
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")  # what browsers show; every other reader is one more to break
_LOSSLESS = frozenset({"PNG", "GIF"})
# What Pillow's readers raise on broken bytes; RuntimeError is the AVIF one's.
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, RuntimeError, struct.error)
_ONE_AT_A_TIME = threading.Lock()  # a picture of 50 million pixels takes 200 MB while it is read


class BadPicture(Exception):
    """The bytes are no picture that can be shown; the message says why."""


class Made(Struct, frozen=True):
    """A picture as it goes out. `stopped` says that it moved and does not any more."""

    data: bytes
    mime: str
    width: int
    height: int
    stopped: bool = False


def fit(data: bytes, limits: Pictures) -> Made:
    """Return the picture upright and within `limits`, without what its file says beside it (place, camera, comments).

    It is a JPEG; a PNG where it is transparent, or was one and is small enough; a GIF where it moves and may. Raises
    `BadPicture` as `reading` does, and for a file that a network which fetches it itself would not take.
    """
    with reading(data) as opened:
        if limits.fetched and (opened.format not in ("JPEG", "PNG") or len(data) > limits.most_bytes):
            size = f"{limits.most_bytes // 1_000_000} MB"
            raise BadPicture(f"it is fetched from your site, and must be a JPEG or PNG of at most {size} there")
        moves = getattr(opened, "n_frames", 1) > 1
        if moves and limits.animated and opened.format == "GIF" and (gif := _animation(opened, limits.most_bytes)):
            return gif
        lossless = opened.format in _LOSSLESS
        side = min(limits.most_side, max(opened.size))
        picture = upright(opened, side)
        while picture.width * picture.height > limits.most_pixels:
            picture = smaller(picture)
    most = min(limits.most_bytes, LOSSLESS_BYTES)
    mime, out, (width, height) = encode(picture, limits.most_bytes, (90, 80, 65), most if lossless else 0)
    return Made(out, mime, width, height, stopped=moves)


@contextmanager
def reading(data: bytes) -> Iterator[Picture]:
    """Open a picture; what goes wrong inside is raised as `BadPicture`.

    That is for bytes that are no picture, that are damaged, or that would unfold to more than 50 million pixels. A JPEG
    may be larger, to be read by `upright`, unless it is progressive: such a one is held whole.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with (
            _ONE_AT_A_TIME,
            warnings.catch_warnings(action="ignore"),  # they tell of odd metadata, which is dropped
            Image.open(io.BytesIO(data), formats=[*_FORMATS]) as opened,
        ):
            most = MOST_ON_DISK if opened.format == "JPEG" and not opened.info.get("progressive") else MOST_PIXELS
            if opened.width * opened.height > most:
                raise BadPicture(f"it has {opened.width} × {opened.height} pixels, more than {most:,}")
            yield opened
    except UnidentifiedImageError as error:
        raise BadPicture("it is no picture that can be read") from error
    except Image.DecompressionBombError as error:
        raise BadPicture(f"it has more than {MOST_ON_DISK:,} pixels") from error
    except _BROKEN as error:
        raise BadPicture(f"it is damaged ({error})") from error


def upright(opened: Picture, side: int) -> Picture:
    """The picture turned as its camera held it, at most `side` pixels a side, in RGB or RGBA, with nothing attached."""
    from PIL import Image, ImageOps

    _draft(opened, side)
    profile = opened.info.get("icc_profile") if opened.mode in {"RGB", "RGBA"} else None
    picture: Picture = ImageOps.exif_transpose(opened)
    transparent = "A" in picture.getbands() or "transparency" in picture.info
    if picture.mode.startswith("I"):  # 16 bits of grey, which Pillow would clip to 8
        picture = picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    picture = picture.convert("RGBA" if transparent else "RGB")
    if transparent and picture.getchannel("A").getextrema() == (255, 255):
        picture = picture.convert("RGB")
    if max(picture.size) > side:
        picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    picture.info = {"icc_profile": profile} if profile else {}
    return picture


def _draft(opened: Picture, side: int) -> None:
    """Have a JPEG's reader make it 8, 4 or 2 times smaller, where more would be thrown away, or be too much."""
    wanted = 2 * side if opened.width * opened.height <= MOST_PIXELS else side
    for divisor in (8, 4, 2):
        width, height = opened.width // divisor, opened.height // divisor
        enough = min(width, height) >= wanted
        if enough or 4 * width * height > MOST_PIXELS:  # twice as large would be too much
            opened.draft("RGB", (width, height))
            return


def encode(
    picture: Picture, most_bytes: int, qualities: tuple[int, ...], lossless_bytes: int = 0
) -> tuple[str, bytes, tuple[int, int]]:
    """The first form that is small enough, as MIME type, bytes and size: PNG, then JPEG, worse and then smaller.

    PNG is for what is transparent, and for what takes at most `lossless_bytes` so.
    """
    if picture.mode == "RGBA" or lossless_bytes:
        png = _save(picture, "PNG", optimize=True)
        if len(png) <= (min(most_bytes, LOSSLESS_BYTES) if picture.mode == "RGBA" else lossless_bytes):
            return "image/png", png, picture.size
    if picture.mode == "RGBA":
        picture = _on_white(picture)
    while True:
        for quality in qualities:
            jpeg = _save(picture, "JPEG", quality=quality, optimize=True, progressive=True)
            if len(jpeg) <= most_bytes:
                return "image/jpeg", jpeg, picture.size
        picture = smaller(picture)


def smaller(picture: Picture) -> Picture:
    """The picture with three quarters of its pixels a side."""
    made = picture.resize((max(1, picture.width * 3 // 4), max(1, picture.height * 3 // 4)))
    made.info = picture.info
    return made


def _animation(opened: Picture, most_bytes: int) -> Made | None:
    """An animated GIF with its frames alone, None where it is too large or too long to be one."""
    from PIL import Image, ImageSequence

    if getattr(opened, "n_frames", 1) > MOST_FRAMES:
        return None
    out = io.BytesIO()
    size = opened.size
    if size[0] * size[1] <= GIF_PIXELS:
        opened.info.pop("comment", None)
        opened.save(out, "GIF", save_all=True, comment=b"")
    else:
        scale = (GIF_PIXELS / (size[0] * size[1])) ** 0.5
        size = (max(1, int(size[0] * scale)), max(1, int(size[1] * scale)))
        frames, times = [], []
        for frame in ImageSequence.Iterator(opened):
            frames.append(frame.convert("RGBA").resize(size, Image.Resampling.LANCZOS))
            times.append(frame.info.get("duration", 100))
        loop = opened.info.get("loop")
        more = {} if loop is None else {"loop": loop}
        frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=times, disposal=2, **more)
    data = out.getvalue()
    return Made(data, "image/gif", *size) if len(data) <= most_bytes else None


def _on_white(picture: Picture) -> Picture:
    from PIL import Image

    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground


def _save(picture: Picture, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, icc_profile=picture.info.get("icc_profile"), **options)
    return out.getvalue()
