"""The folders of a site that its pictures may lie in. Pure."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

_OF_POSTS = frozenset({"_posts", "posts", "post", "content", "src", "source", "notes", "blog", "articles", "pages"})


class Site(Struct, frozen=True):
    """The folders of one source: its posts' and the configuration's, both absolute."""

    root: Path
    posts: Path | None

    def roots(self) -> tuple[Path, ...]:
        """The folders a picture may lie in: the site's own, the posts' and the configuration's."""
        found = [self.root]
        if self.posts is not None:
            above = self.posts
            while above.name.lower() in _OF_POSTS:
                above = above.parent
            found = [self.posts, above, self.root]
        return tuple(dict.fromkeys(found))
