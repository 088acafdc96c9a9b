"""From what was found of a site to the source that reads its posts."""

from __future__ import annotations

import glob
import os
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.model import Post, Problem
from bot.sites.found import Found, Posts
from bot.watcher import globs
from bot.watcher.markdown import MarkdownSource


def read_all(root: Path, found: Found) -> tuple[list[Post], list[Problem]]:
    """Read every post of a site in `root`, the newest last. Raises `SourceError`."""
    posts: list[Post] = []
    problems: list[Problem] = []
    for part in found.posts:
        if (root / found.base / part.path).is_dir():
            scan = source(part.name, root, found, part).scan({})
            posts += scan.posts
            problems += scan.problems
    return sorted(posts, key=lambda post: (post.published is not None, post.published, post.source_id)), problems


def source(name: str, root: Path, found: Found, part: Posts, *, patterns: tuple[str, ...] = ()) -> MarkdownSource:
    """Return the source of one folder of a site in `root`; ids are relative to `root`. `patterns` replace its own."""
    return MarkdownSource(
        name,
        root / found.base / part.path,
        root=root,
        site_url=found.url,
        permalink=part.permalink,
        timezone=ZoneInfo(found.timezone or "UTC"),
        language=found.language,
        patterns=patterns or part.patterns or globs.DEFAULT,
        exclude=() if patterns else part.ignore,
    )


def read_file(name: str, path: Path, root: Path, found: Found) -> Post | Problem | None:
    """Read one file (absolute) as a post of the site in `root`; None when it is none."""
    inside = [part for part in found.posts if path.is_relative_to(root / found.base / part.path)]
    part = max(inside, key=lambda part: len(part.path), default=None) or found.posts[0]
    if not inside:
        part = Posts(part.name, str(path.parent), part.permalink)
    below = path.relative_to(root / found.base / part.path)
    made = source(name, root, found, part, patterns=("/" + glob.escape(below.as_posix()),))
    return made.look(_id(root / found.base / part.path, root, below))


def _id(folder: Path, root: Path, below: Path) -> str:
    return Path(os.path.relpath(folder / below, root)).as_posix()
