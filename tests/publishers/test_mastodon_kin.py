"""The kin of Mastodon by the same publisher: told apart, counted and held to what each of them takes."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from bot.config import load
from bot.errors import Rejected, Uncertain
from bot.formatter import measure
from bot.formatter.compose import compose
from bot.model import Media, Post, PostId
from bot.networks import Unit
from bot.publishers import mastodon_kin as kin
from bot.publishers.mastodon import Mastodon
from bot.testing import access, announcement, attempt
from bot.wording import rules_for
from tests.publishers.test_mastodon import PIXEL
from tests.servers.strict_mastodon import StrictMastodon
from tests.system.site import Site, mastodon

PICTURE = Media(PIXEL, "image/png", "A dot", 1, 1)
URL = "https://example.com/2026/" + "a-long-address-" * 5


def on(server: StrictMastodon) -> Mastodon:
    return Mastodon(access({"instance": server.base}, {"access_token": server.token}))


@pytest.mark.parametrize(
    ("flavour", "server", "own"),
    [
        ("mastodon", "Mastodon API 4.4.0", {"url_length": 23}),
        ("gotosocial", "GoToSocial 0.19.1+git-4df3f3a", {"code_points": 1}),
        ("akkoma", "Akkoma 3.13.2", {"whole_urls": 1}),
        ("pixelfed", "Pixelfed 0.12.5", {"code_points": 1, "needs_picture": 1}),
        ("takahe", "Takahē 0.11.0", {"code_points": 1}),
    ],
)
def test_each_is_known_by_what_it_says(
    strict_mastodon: StrictMastodon, flavour: str, server: str, own: dict[str, int]
) -> None:
    """By its version, else by nodeinfo; its limits are its own, and say how it counts."""
    strict_mastodon.becomes(flavour)
    profile = on(strict_mastodon).verify()
    shared = {"characters": 500, "media": 4, "alt": 1500, "picture_bytes": 16777216, "picture_pixels": 33177600}
    assert (profile.server, dict(profile.limits)) == (server, shared | own)


def test_an_old_pleroma_tells_by_version_1(strict_mastodon: StrictMastodon) -> None:
    """Its limit stands in `max_toot_chars`."""
    strict_mastodon.becomes("pleroma")
    strict_mastodon.behaviour.characters = 5000
    profile = on(strict_mastodon).verify()
    assert (profile.server, dict(profile.limits)) == ("Pleroma 2.5.1", {"characters": 5000, "whole_urls": 1})


def test_nodeinfo_is_asked_without_the_token(strict_mastodon: StrictMastodon) -> None:
    """It is for anybody to read, so it gets no secret; Mastodon itself is not asked for it."""
    on(strict_mastodon).verify()
    assert not any("nodeinfo" in path for _, path, _ in strict_mastodon.requests)
    strict_mastodon.becomes("gotosocial")
    on(strict_mastodon).verify()
    asked = [headers for _, path, headers in strict_mastodon.requests if "nodeinfo" in path]
    assert [headers.get("authorization") for headers in asked] == [None, None]


def test_a_server_that_says_nothing_is_taken_for_mastodon() -> None:
    """What cannot be told apart keeps Mastodon's rules."""
    assert kin.software({"version": "0.1"}) == ("", "0.1")
    assert kin.limits({}, "") == {}


@pytest.mark.parametrize("flavour", ["mastodon", "gotosocial", "akkoma", "pleroma", "takahe"])
def test_what_is_composed_for_a_server_is_taken_by_it(
    strict_mastodon: StrictMastodon, tmp_path: Path, flavour: str
) -> None:
    """A post that is shortened for a server's limit fits it, by that server's own count of emoji and addresses."""
    strict_mastodon.becomes(flavour)
    strict_mastodon.behaviour.characters = 300
    limits = on(strict_mastodon).verify().limits
    site = Site(tmp_path)
    site.configure(mastodon(strict_mastodon.base, more="thread = true"))
    config = load(site.root / "posse.toml")
    rules = rules_for(config, config.accounts["mastodon"], limits)
    for body in ("👩‍👩‍👧‍👦 family. " * 30, "Words and words. " * 40):
        warned = replace(Post("b", "a", "a", URL, "", body, id=PostId(body)), language="en")
        for post in (warned, replace(warned, settings=replace(warned.settings, everywhere=_warning("Spoilers 💜")))):
            made = replace(compose(post, rules), created_at=announcement().created_at)
            assert len(made.parts) > 1
            assert max(part.length for part in made.parts) > 200
            done = attempt(on(strict_mastodon), replace(made, key=str(hash((body, made.content_warning)))))
            assert done.receipt is not None, done.error


def _warning(text: str):  # type: ignore[no-untyped-def]
    return replace(Post("b", "a", "a", URL, "", "").settings.everywhere, content_warning=text)


def test_the_unit_is_shown(tmp_path: Path) -> None:
    """Where a server counts code points and URLs in full, the preview says so."""
    site = Site(tmp_path)
    site.configure(mastodon("http://127.0.0.1:9"))
    config = load(site.root / "posse.toml")
    rules = rules_for(config, config.accounts["mastodon"], {"characters": 5000, "code_points": 1, "url_length": 25})
    made = compose(Post("b", "a", "a", URL, "T 💜", "Words.", id=PostId("1")), rules)
    assert (made.unit, made.parts[0].length) == (Unit.CODE_POINTS.value, measure.code_points(made.text))


def test_pixelfed_takes_pictures_alone(strict_mastodon: StrictMastodon) -> None:
    """A status without one is refused, one with goes out, and a repeat under its key is looked for."""
    strict_mastodon.becomes("pixelfed")
    words = announcement()
    refused = attempt(on(strict_mastodon), words).error
    assert isinstance(refused, Rejected)
    assert "Empty statuses" in refused.message
    shown = replace(words, media=(PICTURE,))
    assert attempt(on(strict_mastodon), shown).receipt is not None
    assert isinstance(attempt(on(strict_mastodon), shown).error, Uncertain)
    assert len(strict_mastodon.statuses) == 1


def test_a_post_without_a_picture_is_held_for_pixelfed(strict_mastodon: StrictMastodon, tmp_path: Path) -> None:
    """Once `check` has asked the server, and in a sentence; one with a picture brings it, though it has a title."""
    strict_mastodon.becomes("pixelfed")
    site = Site(tmp_path)
    site.configure(mastodon(strict_mastodon.base))
    site.env["POSSE_MASTODON_ACCESS_TOKEN"] = strict_mastodon.token
    site.post("plain")
    assert site.posse("check").code == 0
    done = site.posse("post", "plain")
    assert done.code == 5
    assert "invalid: this server takes no post without a picture" in done.err
    site.post("shown", body="Look.\n\n![A dot](dot.png)")
    (site.root / "_posts/dot.png").write_bytes(PIXEL)
    assert site.posse("post", "shown").code == 0
    (status,) = strict_mastodon.statuses
    assert [media["description"] for media in status["media_attachments"]] == ["A dot"]


@pytest.mark.parametrize("hours", [2, 7])
def test_pleroma_keeps_its_keys_for_six_hours(strict_mastodon: StrictMastodon, hours: int) -> None:
    """Within them a repeat is harmless."""
    strict_mastodon.becomes("pleroma")
    words = announcement()
    attempt(on(strict_mastodon), words)
    strict_mastodon.behaviour.skew = hours * 3600
    attempt(on(strict_mastodon), words)
    assert len(strict_mastodon.statuses) == (1 if hours < 6 else 2)
