"""Which pictures of a post go with its announcement, and what is wrong with them. Pure: others fetch them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from bot.formatter import plain
from bot.formatter.extensions import HOLE
from bot.formatter.measure import graphemes
from bot.formatter.rules import Rules
from bot.formatter.shorten import cut
from bot.formatter.words import own
from bot.model import Announcement, Image, Media, Post, Reason
from bot.networks import Pictures


class Wanted(Struct, frozen=True):
    """One picture of a post, as its author names it, for a network's limits. `path` and `url` are the post's own."""

    source: str
    path: str | None
    url: str | None
    of: str
    limits: Pictures
    alt: str | None = None


class Picture(Struct, frozen=True):
    """What became of a picture: the one that is sent, or None, and what the author should hear of it."""

    media: Media | None
    troubles: tuple[str, ...] = ()


def wanted(post: Post, rules: Rules) -> tuple[Wanted, ...]:
    """The pictures that the account wants of a post, in order, each once, at most as many as it may bear.

    The one of the post's own settings stands for all others; else those of front matter or feed, then the body's. The
    body's alt text counts where front matter names the same picture without one.
    """
    chosen = _all(post, rules)[: rules.most_images]
    if len(chosen) > 1 and _limits(rules).alone:
        still = replace(_limits(rules), animated=False)
        return tuple(replace(wish, limits=still) for wish in chosen)
    return chosen


def left_out(post: Post, rules: Rules) -> Iterator[str]:
    """Say how many of a post's pictures the network has no place for."""
    count = len(_all(post, rules))
    if count > rules.most_images:
        most = f"no more than {rules.most_images} go with a post there" if rules.most_images else "none go there"
        yield f"{count - rules.most_images} of its {count} pictures stay behind: {most}"


def _all(post: Post, rules: Rules) -> tuple[Wanted, ...]:
    if not _brings(post, rules):
        return ()
    chosen = own(post, rules).image
    inside = plain.images(post.body, post.body_format)
    alts = {image.source: image.alt for image in reversed((*post.images, *inside)) if image.alt}
    images = [Image(chosen)] if chosen else [*post.images, *inside]
    found: dict[str, Wanted] = {}
    for image in images:
        source = image.source.replace(HOLE, "").strip()
        alt = image.alt if image.alt is not None else alts.get(image.source)
        if source:
            found.setdefault(
                source, Wanted(source, post.path, post.url, post.source, _limits(rules), _shortened(alt, rules))
            )
    return tuple(found.values())


def _limits(rules: Rules) -> Pictures:
    return rules.pictures or rules.network.pictures


def _brings(post: Post, rules: Rules) -> bool:
    if rules.images == "notes" and not rules.needs_picture:
        return not post.title and not plain.heading_title(post.body, post.body_format)[0]
    return rules.images != "never"


def _shortened(alt: str | None, rules: Rules) -> str | None:
    most = _limits(rules).alt
    if alt is None or graphemes(alt) <= most:
        return alt
    return cut(alt, lambda text: graphemes(text) <= most)


def described(picture: Media, wish: Wanted) -> Media:
    """The picture with the alt text and the name that its author gave it."""
    alt = (wish.alt or "").strip()
    return replace(picture, alt=alt, source=wish.source, decorative=wish.alt is not None and not alt)


def is_silent(picture: Media) -> bool:
    """Whether nothing says what a picture shows, though it is there to be seen."""
    return not picture.alt and not picture.decorative


def warnings(pictures: Sequence[Picture], rules: Rules) -> Iterator[str]:
    """What the author should hear."""
    for picture in pictures:
        yield from picture.troubles
        if picture.media and is_silent(picture.media):
            yield f"the picture {picture.media.source} has no alt text"
        if picture.media and graphemes(picture.media.alt) >= _limits(rules).alt and picture.media.alt.endswith("…"):
            yield f"the alt text of {picture.media.source} is cut to {_limits(rules).alt} characters"


def lacking(announcement: Announcement, rules: Rules) -> tuple[Reason, str] | None:
    """Why an announcement may not go for want of a picture or of its alt text, None when it may."""
    if rules.needs_picture and not announcement.media:
        return Reason.INVALID, "this server takes no post without a picture, and this post has none that can be sent"
    silent = [picture.source for picture in announcement.media if is_silent(picture)]
    if rules.require_alt and silent:
        return Reason.ALT_MISSING, f"no alt text: {', '.join(silent)}"
    return None
