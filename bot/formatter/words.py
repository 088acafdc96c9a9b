"""Whose words stand for a post: the author's own, a summary, or the beginning of the body. Pure."""

from __future__ import annotations

import re
import unicodedata

from msgspec import Struct

from bot.formatter import plain
from bot.formatter.mentions import settle
from bot.formatter.rules import Rules
from bot.model import BodyFormat, Post, Words

DERIVED_MOST = 240
_UNSAYABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\xad\ufdd0-\ufdef\ufeff]")
_SIGNS = re.compile(r"[*_`~\\]")
_ELEMENT = re.compile(r"<(?:p|br|div|a|em|strong|b|i|span|ul|ol|h[1-6])\b[^<>]*>", re.IGNORECASE)


class Said(Struct, frozen=True):
    """What may be said of a post. `title` is empty where the words begin with it; `alone` is the title without words.

    `derived` words have a cap and may not end on a colon; a `note` goes out whole when it fits.
    """

    title: str
    alone: str
    words: str
    derived: bool
    note: bool


def sayable(text: str) -> str:
    """The text without control characters, soft hyphens and noncharacters, in NFC, lines apart by line feeds."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n\n")
    return unicodedata.normalize("NFC", _UNSAYABLE.sub("", lines))


def own(post: Post, rules: Rules) -> Words:
    """What the author sets for this account, each key from the nearest scope: account, network, everywhere."""
    settings = post.settings
    scopes = [settings.per.get(rules.account), settings.per.get(rules.network.name), settings.everywhere]
    there = [scope for scope in scopes if scope is not None]
    return Words(
        text=next((scope.text for scope in there if scope.text and scope.text.strip()), None),
        content_warning=next((scope.content_warning for scope in there if scope.content_warning is not None), None),
        visibility=next((scope.visibility for scope in there if scope.visibility is not None), None),
        language=next((scope.language for scope in there if scope.language), None),
        image=next((scope.image for scope in there if scope.image), None),
    )


def said(post: Post, rules: Rules) -> Said:
    """The title and words of a post that has no words of the author's own for this account."""
    body = sayable(post.body)
    title = _one_line(sayable(post.title), post.body_format)
    if not title:
        title, body = plain.heading_title(body, post.body_format)
    summary = _summary(sayable(post.summary or ""), post.body_format)
    if summary:
        return _untwinned(settle(title, rules.mentions), settle(summary, rules.mentions), derived=False)
    words = plain.before_more(body, post.body_format) or plain.first_prose(body, post.body_format)
    if title and _stands_for(title, plain.first_prose(body, post.body_format)):
        title = ""
    if title:
        return _untwinned(settle(title, rules.mentions), settle(words, rules.mentions), derived=True)
    if not plain.before_more(body, post.body_format):
        words = plain.whole_text(body, post.body_format)
    return Said("", "", settle(words, rules.mentions), derived=True, note=True)


def whole(post: Post, rules: Rules) -> Said:
    """All words of a post, under its title, for a thread; no title where the words begin with it."""
    body = sayable(post.body)
    title = _one_line(sayable(post.title), post.body_format)
    if not title:
        title, body = plain.heading_title(body, post.body_format)
    if title and _stands_for(title, plain.first_prose(body, post.body_format)):
        title = ""
    words = settle(plain.whole_text(body, post.body_format), rules.mentions)
    return _untwinned(settle(title, rules.mentions), words, derived=True)


def content(post: Post, rules: Rules) -> str:
    """All words of the body, for templates that ask for them."""
    return settle(plain.whole_text(sayable(post.body), post.body_format), rules.mentions)


def _one_line(text: str, body_format: BodyFormat) -> str:
    """A line as plain words: beside a body of HTML stars and underscores are no Markdown, but a link of it is one."""
    if body_format is BodyFormat.HTML and "](" not in text and "://" not in text:
        text = _SIGNS.sub(r"\\\g<0>", text)
    return plain.own_words(text)


def _summary(summary: str, body_format: BodyFormat) -> str:
    """The author's summary as plain words, its line breaks kept; a line of dashes is none."""
    if _ELEMENT.search(summary):
        return plain.whole_text(summary, BodyFormat.HTML)
    if summary.isascii() and not plain.fold(summary):
        return ""
    lines = (_one_line(line, body_format) for line in summary.strip().split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _stands_for(title: str, paragraph: str) -> bool:
    """Whether a title is the whole first paragraph, or its beginning cut short by a machine."""
    mine, theirs = plain.fold(title), plain.fold(paragraph)
    if not mine:
        return bool(paragraph) and title == paragraph
    return mine == theirs or (title.endswith(("…", "...")) and " ".join(theirs).startswith(" ".join(mine)))


def _untwinned(title: str, words: str, *, derived: bool) -> Said:
    """Title and words without saying the same twice."""
    mine, theirs = plain.fold(title), plain.fold(words)
    begins = theirs[: len(mine)] == mine if mine else bool(title) and words.startswith(title)
    if begins and words:
        return Said("", title, words, derived, note=False)
    if theirs and mine[: len(theirs)] == theirs:
        words = ""
    return Said(title, title, words, derived, note=False)
