"""Pictures made small, by the real Pillow."""

from __future__ import annotations

import io
import os
import struct
import zlib

import pytest
from PIL import Image

from bot.watcher.thumbnail import MOST_BYTES, BadPicture, shrink
from tests.servers.site import picture


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def test_large_picture_becomes_a_small_jpeg() -> None:
    """It fits 1200 pixels and a million bytes, and shows the same."""
    made = shrink(picture(4000, 2000), "A road")
    image = opened(made.data)
    assert (made.mime, made.width, made.height, made.alt) == ("image/jpeg", 1200, 600, "A road")
    assert (image.format, image.size) == ("JPEG", (1200, 600))
    assert len(made.data) <= MOST_BYTES
    left, right = image.getpixel((5, 300)), image.getpixel((1195, 300))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert abs(left[0] - right[0]) > 200


def test_small_picture_keeps_its_size() -> None:
    """Nothing is blown up."""
    made = shrink(picture(300, 200, "JPEG"))
    assert (made.width, made.height) == opened(made.data).size == (300, 200)


def test_noise_is_made_to_fit() -> None:
    """A picture that compresses badly gets worse, then smaller, until it fits."""
    noise = Image.frombytes("RGB", (1600, 1600), os.urandom(1600 * 1600 * 3))
    out = io.BytesIO()
    noise.save(out, "PNG")
    made = shrink(out.getvalue())
    assert len(made.data) <= MOST_BYTES
    assert made.mime == "image/jpeg"
    assert opened(made.data).size == (made.width, made.height)


def test_orientation_is_applied_and_exif_dropped() -> None:
    """A photo taken upright stands upright, and says nothing of camera or place."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter to the right
    exif[0x010F] = "a camera"
    exif.get_ifd(0x8825)[1] = "N"
    made = shrink(picture(400, 200, "JPEG", exif=exif, comment=b"where I live"))
    image = opened(made.data)
    assert (made.width, made.height) == image.size == (200, 400)
    assert not image.getexif()
    assert b"camera" not in made.data
    assert b"where I live" not in made.data


def test_transparent_picture_stays_png() -> None:
    """Transparency is kept where it fits; an alpha channel that hides nothing is not worth a PNG."""
    hollow = Image.new("RGBA", (500, 300), (255, 0, 0, 0))
    out = io.BytesIO()
    hollow.save(out, "PNG")
    made = shrink(out.getvalue())
    assert made.mime == "image/png"
    assert opened(made.data).mode == "RGBA"
    assert shrink(picture(500, 300, "PNG", "RGBA")).mime == "image/jpeg"


def test_large_transparent_picture_is_laid_on_white() -> None:
    """Where a transparent PNG does not fit, what was transparent turns white, not black."""
    noise = Image.frombytes("RGBA", (1200, 1200), os.urandom(1200 * 1200 * 4))
    noise.paste((0, 0, 0, 0), (0, 0, 200, 200))
    out = io.BytesIO()
    noise.save(out, "PNG")
    made = shrink(out.getvalue())
    corner = opened(made.data).convert("L").getpixel((5, 5))
    assert made.mime == "image/jpeg"
    assert isinstance(corner, (int, float))
    assert corner > 240


@pytest.mark.parametrize(
    ("form", "mode"),
    [
        ("GIF", "P"),
        ("WEBP", "RGB"),
        ("JPEG", "CMYK"),
        ("JPEG", "L"),
        ("PNG", "1"),
        ("PNG", "I;16"),
        ("AVIF", "RGB"),
    ],
)
def test_forms(form: str, mode: str) -> None:
    """Every usual form and colour mode becomes a picture that browsers show."""
    if mode == "I;16":
        out = io.BytesIO()
        Image.frombytes("I;16", (64, 64), struct.pack("<H", 0x8000) * 4096).save(out, form)
        made = shrink(out.getvalue())
        grey = opened(made.data).convert("L").getpixel((9, 9))
        assert isinstance(grey, (int, float))
        assert 120 < grey < 136
    else:
        made = shrink(picture(640, 360, form, mode))
    assert made.mime == "image/jpeg"
    assert opened(made.data).mode == "RGB"


def _png_bomb(side: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((side // 8 + 1) * 64), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no picture"),
        (b"<html>not here</html>", "no picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no picture"),
        (picture(800, 600, "JPEG")[:3000], "damaged"),
        (picture(800, 600, "PNG")[:1500], "damaged"),
        (picture(80, 60, "AVIF")[:400], "damaged"),
        (picture(80, 60, "BMP"), "no picture"),
        (_png_bomb(9_000), "pixels"),
        (_png_bomb(10_000), "pixels"),
        (_png_bomb(60_000), "pixels"),
    ],
)
def test_what_is_no_picture(data: bytes, why: str) -> None:
    """Broken bytes, other things and pixel bombs are refused with a reason, whatever Pillow raises."""
    with pytest.raises(BadPicture, match=why):
        shrink(data)
