"""Pictures made to fit each network, by the real Pillow."""

from __future__ import annotations

import io
import os
from functools import cache

import pytest
from PIL import Image, ImageSequence

from bot.networks import BLUESKY, MASTODON, TELEGRAM, THREADS, Pictures
from bot.watcher.imaging import GIF_PIXELS, BadPicture, Made, fit
from tests.servers.site import picture

SMALL = Pictures(most_bytes=40_000, most_pixels=90_000, most_side=400)


def opened(made: Made) -> Image.Image:
    image = Image.open(io.BytesIO(made.data))
    image.load()
    return image


def animation(form: str, size: tuple[int, int] = (60, 40), count: int = 3, **more: object) -> bytes:
    """A picture whose frames are red, then green, then blue."""
    frames = [Image.new("RGB", size, color) for color in ("red", "lime", "blue")[:count]]
    out = io.BytesIO()
    frames[0].save(out, form, save_all=True, append_images=frames[1:], duration=[100, 200, 300][:count], **more)
    return out.getvalue()


@cache
def large(form: str) -> bytes:
    return picture(2560, 1440, form, "P" if form == "GIF" else "RGB", **({"speed": 10} if form == "AVIF" else {}))


def noise(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.frombytes("RGB", (width, height), os.urandom(width * height * 3)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF", "GIF"])
@pytest.mark.parametrize("limits", [MASTODON.pictures, BLUESKY.pictures, SMALL], ids=["mastodon", "bluesky", "small"])
def test_every_form_fits(form: str, limits: Pictures) -> None:
    """In bytes, pixels and sides; as a form that all networks show; with its own shape."""
    made = fit(large(form), limits)
    image = opened(made)
    assert (image.width, image.height) == (made.width, made.height)
    assert f"image/{(image.format or '').lower()}" == made.mime
    assert made.mime in ("image/jpeg", "image/png")
    assert len(made.data) <= limits.most_bytes
    assert max(image.size) <= limits.most_side
    assert image.width * image.height <= limits.most_pixels
    assert abs(made.width / made.height - 16 / 9) < 0.02


def test_a_picture_that_compresses_badly_fits_bluesky() -> None:
    """At most 2,000,000 bytes."""
    made = fit(noise(2400, 2400), BLUESKY.pictures)
    assert len(made.data) <= 2_000_000
    assert made.mime == "image/jpeg"


def test_a_screenshot_stays_a_png() -> None:
    """What was without loss stays so where it is small enough; so does what is transparent."""
    assert fit(picture(300, 200), MASTODON.pictures).mime == "image/png"
    transparent = fit(picture(300, 200, mode="RGBA"), SMALL)
    assert transparent.width == 300


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "AVIF", "PNG"])
def test_no_place_is_given_away(form: str) -> None:
    """Neither EXIF nor comments nor XMP go along; a photo taken upright stands upright."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "a secret camera"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    made = fit(picture(400, 200, form, exif=exif, xmp=b"<x>a secret place</x>"), MASTODON.pictures)
    assert (made.width, made.height) == (200, 400)
    assert not opened(made).getexif()
    assert b"secret" not in made.data


def test_a_gif_goes_on_moving_where_it_may() -> None:
    """Frame by frame, at its own speed, without its comment; where it may not, the first frame is sent."""
    gif = animation("GIF", comment=b"a secret place", loop=0)
    made = fit(gif, MASTODON.pictures)
    frames = [frame.copy() for frame in ImageSequence.Iterator(opened(made))]
    assert (made.mime, made.stopped, len(frames)) == ("image/gif", False, 3)
    assert [frame.convert("RGB").getpixel((5, 5)) for frame in frames] == [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
    assert [frame.info["duration"] for frame in frames] == [100, 200, 300]
    assert b"secret" not in made.data
    still = fit(gif, BLUESKY.pictures)
    assert (still.mime, still.stopped) == ("image/png", True)
    assert opened(still).convert("RGB").getpixel((5, 5)) == (255, 0, 0)


def test_a_large_gif_is_made_smaller() -> None:
    """Mastodon takes animations of 921,600 pixels at most."""
    made = fit(animation("GIF", (1600, 1200)), MASTODON.pictures)
    assert (made.mime, made.stopped) == ("image/gif", False)
    assert made.width * made.height <= GIF_PIXELS
    assert [frame.info["duration"] for frame in ImageSequence.Iterator(opened(made))] == [100, 200, 300]


@pytest.mark.parametrize("form", ["WEBP", "AVIF", "PNG"])
def test_other_animations_stand_still(form: str) -> None:
    """Their first frame is sent, and it is said."""
    made = fit(animation(form), MASTODON.pictures)
    assert made.stopped
    red, green, blue = opened(made).convert("RGB").getpixel((5, 5))  # type: ignore[misc]
    assert red > 200
    assert max(green, blue) < 60


@pytest.mark.parametrize("data", [b"", b"<svg/>", b"GIF89a", picture(50, 50)[:-40], b"\xff\xd8\xff\xe0" * 9])
def test_what_is_no_picture_is_said_to_be_none(data: bytes) -> None:
    """Nothing but `BadPicture` comes of bytes that cannot be read."""
    with pytest.raises(BadPicture):
        fit(data, MASTODON.pictures)


@pytest.mark.parametrize("limits", [MASTODON.pictures, TELEGRAM.pictures, SMALL], ids=["mastodon", "telegram", "small"])
def test_a_large_photograph_is_made_smaller(limits: Pictures) -> None:
    """A camera's 108 million pixels, held sideways, fit upright: a JPEG is made smaller while it is read."""
    sideways = Image.new("RGB", (12000, 9000), "blue")
    sideways.paste("red", (0, 8900, 12000, 9000))  # the left edge, once it is turned
    exif = Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    sideways.save(out, "JPEG", exif=exif)
    made = fit(out.getvalue(), limits)
    image = opened(made)
    assert abs(made.width / made.height - 3 / 4) < 0.01
    assert max(image.size) >= limits.most_side * 0.5
    assert dict(image.getexif()) == {}
    red, _, blue = image.convert("RGB").getpixel((0, image.height // 2))  # type: ignore[misc]
    assert red > blue


def test_what_a_network_fetches_itself_must_be_as_it_wants_it() -> None:
    """Threads takes JPEG and PNG of at most 8 MB, as they lie on the site."""
    assert fit(large("PNG"), THREADS.pictures).data
    for data in (large("AVIF"), large("WEBP"), animation("GIF"), noise(2000, 1500)):
        with pytest.raises(BadPicture, match="fetched from your site"):
            fit(data, THREADS.pictures)


def test_a_bomb_is_not_unfolded() -> None:
    """A few bytes that would be 400 million pixels are refused by their header."""
    out = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "PNG")
    with pytest.raises(BadPicture, match="pixels"):
        fit(out.getvalue(), MASTODON.pictures)
