"""A folder of Markdown files to read, and what comes of it."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from bot.model import Post, Problem
from bot.watcher.base import Scan
from bot.watcher.markdown import MarkdownSource

CHICAGO = ZoneInfo("America/Chicago")


def source(
    root: Path,
    *,
    folder: str = "_posts",
    site_url: str | None = "https://blog.example",
    permalink: str | None = "/:year/:month/:day/:title/",
    patterns: tuple[str, ...] = (),
    exclude: tuple[str, ...] = (),
) -> MarkdownSource:
    return MarkdownSource(
        "blog",
        root / folder,
        root=root,
        site_url=site_url,
        permalink=permalink,
        timezone=CHICAGO,
        language="en",
        patterns=patterns,
        exclude=exclude,
    )


def write(root: Path, path: str, content: str | bytes = "---\ntitle: A\n---\nbody\n") -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def one(root: Path, content: str | bytes, name: str = "2024-06-19-a-post.md") -> Post:
    """The only post of a folder that holds one file."""
    write(root, f"_posts/{name}", content)
    scan = source(root).scan({})
    assert scan.problems == ()
    (post,) = scan.posts
    return post


def problem(root: Path, content: str | bytes, name: str = "2024-06-19-a-post.md") -> Problem:
    """The only problem of a folder that holds one good file and one bad one."""
    write(root, "_posts/2024-01-01-good.md")
    write(root, f"_posts/{name}", content)
    scan = source(root).scan({})
    assert [post.slug for post in scan.posts] == ["good"]
    (found,) = scan.problems
    return found


def ids(scan: Scan) -> list[str]:
    return [post.source_id for post in scan.posts]


def stamps(scan: Scan) -> dict[str, str]:
    return {post.source_id: post.stamp for post in scan.posts}
