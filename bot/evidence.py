"""Which found posts need no look at the others: their names alone say which they are. Pure.

Whatever else the same scan holds, `identity.identify` says of these posts what is said here. So they can be identified
as they come, and only the rest has to be kept until the whole scan is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from msgspec import Struct
from msgspec.structs import replace

from bot.identity import Identified, Name, derive
from bot.likeness import Remembered
from bot.model import Post, PostId


class Found(Struct, frozen=True):
    """A found post and its names, its place first. `has_more` says that its page told of further addresses."""

    post: Post
    names: Sequence[Name]
    has_more: bool = False

    @property
    def url(self) -> Name | None:
        """The name that its canonical URL gives."""
        return self.names[1] if self.post.url else None


def sort_out(
    found: Sequence[Found],
    owners: Mapping[Name, PostId],
    remembered: Mapping[PostId, Remembered],
    spoken_for: Set[Name],
    *,
    is_first_look: bool,
) -> tuple[list[Identified], list[Found]]:
    """Part found posts into those that are evident, and the rest.

    They come in the order of their source ids, and after all those with a smaller one. `owners` are as before the scan,
    with the place and the canonical URL of each evident post before these. `spoken_for` are the canonical URLs of the
    rest before these. At a first look the store knew of nothing that was or had been there, so nothing can be gone that
    a post may be.
    """
    evident: list[Identified] = []
    rest: list[Found] = []
    here: set[Name] = set()
    for one in found:
        owner = owners.get(one.names[0])
        if one.has_more:
            id_ = None
        elif owner is not None:
            id_ = owner if _stands_still(one, owners, remembered[owner]) else None
        else:
            is_free = is_first_look and not any(name in owners for name in one.names)
            id_ = _new(one) if is_free and here.isdisjoint(one.names) and one.url not in spoken_for else None
        if id_ is None:
            rest.append(one)
        else:
            evident.append(Identified(replace(one.post, id=id_), is_new=owner is None))
        here.update(one.names[:2] if one.url else one.names[:1])
    return evident, rest


def _new(one: Found) -> PostId:
    return derive([one.url[1]] if one.url else one.names[0])


def _stands_still(one: Found, owners: Mapping[Name, PostId], known: Remembered) -> bool:
    """Whether a post is where it was last seen, under a URL that is its own, and bears no name of another."""
    if (known.source, known.source_id) != (one.post.source, one.post.source_id):
        return False
    is_its_own = one.url is None or owners.get(one.url) == known.id
    return is_its_own and all(owners.get(name, known.id) == known.id for name in one.names)
