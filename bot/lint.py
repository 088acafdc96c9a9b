"""What could be better in the posts, whether or not they are ever announced. Pure: posts in, findings out."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum

from msgspec import Struct

from bot.formatter import plain
from bot.formatter.markdown import tokens
from bot.identity import url_name
from bot.model import BodyFormat, Post, Problem

_EARLIEST = datetime.min.replace(tzinfo=UTC)
_HREF = re.compile(r"""<a\b[^>]*\bhref\s*=\s*["']?(https?://[^"'\s>]+)""", re.IGNORECASE)
_MOJIBAKE = "mojibake"


class Kind(StrEnum):
    """What is found; the value is its name in JSON."""

    UNREADABLE = "unreadable"
    HELD = "held"
    DUPLICATE = "duplicate"
    ADDRESS = "address"
    STRANGER = "unknown_account"
    MOJIBAKE = "mojibake"
    DEAD = "dead_link"
    ALT = "alt"
    TITLE = "title"
    OTHER = "other"


_HEADS: Mapping[Kind, tuple[str, str]] = {
    Kind.UNREADABLE: ("file cannot be read", "files cannot be read"),
    Kind.HELD: ("announcement would be held", "announcements would be held"),
    Kind.DUPLICATE: ("post has another's address", "posts have another's address"),
    Kind.ADDRESS: ("post has no address", "posts have no address"),
    Kind.STRANGER: ("post names an account that there is not", "posts name an account that there is not"),
    Kind.MOJIBAKE: ("post holds mojibake, mended in what goes out", "posts hold mojibake, mended in what goes out"),
    Kind.DEAD: ("link is dead", "links are dead"),
    Kind.ALT: ("picture has no alt text", "pictures have no alt text"),
    Kind.TITLE: ("post has no title", "posts have no title"),
    Kind.OTHER: ("other remark", "other remarks"),
}
_COUNTED = {Kind.TITLE}  # a note needs none, so the number says enough


class Finding(Struct, frozen=True):
    """One thing found in one file. `at` is the post's date, None where it has none."""

    kind: Kind
    path: str
    message: str
    line: int | None = None
    at: datetime | None = None


class Held(Struct, frozen=True):
    """A post whose announcement on an account would wait for a person, and why."""

    post: Post
    account: str
    why: str


def lint(
    posts: Sequence[Post],
    problems: Iterable[Problem] = (),
    held: Iterable[Held] = (),
    dead: Mapping[str, str] | None = None,
    known: Collection[str] | None = None,
) -> list[Finding]:
    """Return everything found, kind by kind, the newest post first.

    `dead` says by link why it is dead; `known` are the accounts and networks that a post may name, None where any may.
    """
    found = [Finding(Kind.UNREADABLE, problem.path, problem.message, problem.line) for problem in problems]
    found += _held(held)
    found += _duplicates(posts)
    for post in posts:
        found += _of_one(post)
        found += _dead(post, dead or {})
        found += _strangers(post, known)
    order = list(Kind)
    found.sort(key=lambda one: one.path)
    found.sort(key=lambda one: one.at or _EARLIEST, reverse=True)
    return sorted(found, key=lambda one: order.index(one.kind))


def summary(found: Sequence[Finding], most: int = 10) -> list[str]:
    """Return lines for a person: each kind with its number, the first `most` of it, and how many more there are."""
    lines = []
    for kind in Kind:
        own = [one for one in found if one.kind is kind]
        if not own:
            continue
        counted = kind in _COUNTED
        lines.append(f"{len(own)} {_HEADS[kind][len(own) != 1]}{'' if counted else ':'}")
        if counted:
            continue
        lines += [f"  {_line(one)}" for one in own[:most]]
        if len(own) > most:
            lines.append(f"  … and {len(own) - most} more (--json has all)")
    return lines


def links(post: Post) -> list[str]:
    """Return the web addresses that a post's body links to, each once, in order."""
    if post.body_format is BodyFormat.HTML:
        return list(dict.fromkeys(_HREF.findall(post.body)))
    found: dict[str, None] = {}
    for token in tokens(post.body):
        for child in token.children or []:
            if child.type == "link_open":
                found[str(child.attrGet("href") or "")] = None
            elif child.type == "html_inline":
                found.update(dict.fromkeys(_HREF.findall(child.content)))
        if token.type == "html_block":
            found.update(dict.fromkeys(_HREF.findall(token.content)))
    return [link for link in found if link.lower().startswith(("http://", "https://"))]


def _of_one(post: Post) -> Iterator[Finding]:
    for warning in post.warnings:
        kind = Kind.MOJIBAKE if warning.startswith(_MOJIBAKE) else Kind.OTHER
        yield _finding(kind if post.url else (Kind.ADDRESS if kind is Kind.OTHER else kind), post, warning)
    if post.url is None and all(warning.startswith(_MOJIBAKE) for warning in post.warnings):
        yield _finding(Kind.ADDRESS, post, "no address: set [site] url and a permalink, or canonical_url in it")
    if not post.title and not plain.heading_title(post.body, post.body_format)[0]:
        yield _finding(Kind.TITLE, post, "no title")
    for block in plain.blocks(post.body, post.body_format):
        for image in block.images:
            if not (image.alt or "").strip():
                yield _finding(Kind.ALT, post, image.source or "a picture without an address")


def _dead(post: Post, dead: Mapping[str, str]) -> list[Finding]:
    if not dead:
        return []
    return [_finding(Kind.DEAD, post, f"{link} ({dead[link]})") for link in links(post) if link in dead]


def _strangers(post: Post, known: Collection[str] | None) -> Iterator[Finding]:
    """What a post says for an account that is not there is said to nobody; a feed may well speak of other tools'."""
    if known is None or post.body_format is BodyFormat.HTML:
        return
    for name in dict.fromkeys([*(post.settings.accounts or ()), *post.settings.per]):
        if name not in known:
            import difflib

            near = difflib.get_close_matches(name, list(known), n=1)
            yield _finding(Kind.STRANGER, post, f'"{name}"' + (f'; did you mean "{near[0]}"?' if near else ""))


def _held(held: Iterable[Held]) -> Iterator[Finding]:
    """One finding for each post and reason, with all the accounts it is about."""
    accounts: dict[tuple[str, str], list[str]] = {}
    posts: dict[tuple[str, str], Post] = {}
    for one in held:
        key = (one.post.source_id, one.why)
        accounts.setdefault(key, []).append(one.account)
        posts[key] = one.post
    for key, names in accounts.items():
        yield _finding(Kind.HELD, posts[key], f"{key[1]} (on {', '.join(names)})")


def _duplicates(posts: Sequence[Post]) -> Iterator[Finding]:
    first: dict[tuple[str, str], Post] = {}
    for post in sorted(posts, key=lambda post: (post.published or _EARLIEST, post.source_id)):
        if post.url is None or post.draft:
            continue
        other = first.setdefault(url_name(post.url), post)
        if other is not post:
            yield _finding(Kind.DUPLICATE, post, f"{post.url} is that of {other.source_id}")


def _finding(kind: Kind, post: Post, message: str) -> Finding:
    return Finding(kind, post.source_id, message, at=post.published)


def _line(one: Finding) -> str:
    return f"{one.path}:{one.line}: {one.message}" if one.line else f"{one.path}: {one.message}"
