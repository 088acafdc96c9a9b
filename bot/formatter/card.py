"""The link's preview made of the post itself, where the client makes it and the page told nothing. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

from bot.formatter.measure import graphemes
from bot.formatter.rules import Rules
from bot.formatter.shorten import capped, cut
from bot.formatter.words import said
from bot.model import Card, Post

TITLE_MOST, DESCRIPTION_MOST = 200, 300


def own_card(post: Post, rules: Rules, link: str) -> Card:
    """Return a card for `link`: the post's title (else its host), and its first words, whole sentences of them."""
    found = said(post, rules)
    title = found.title or found.alone or urlsplit(link).hostname or link
    words = capped(found.words, DESCRIPTION_MOST) or _within(found.words, DESCRIPTION_MOST)
    return Card(url=link, title=_within(title, TITLE_MOST), description=words if words != title else "")


def _within(text: str, most: int) -> str:
    return text if graphemes(text) <= most else cut(text, lambda cut_text: graphemes(cut_text) <= most)
