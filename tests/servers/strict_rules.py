"""How Mastodon counts and renders a status, written from its sources and not from ours. Pure."""

from __future__ import annotations

from html import escape

import regex

URL_LENGTH = 23  # app/validators/status_length_validator.rb: URL_PLACEHOLDER_CHARS

# app/models/concerns, twitter-text with `extract_url_without_protocol: false`: only addresses with their scheme.
_URL = regex.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?'’)\]}…]", regex.IGNORECASE)
# app/models/account.rb, MENTION_RE: a remote mention counts its local part alone.
_MENTION = regex.compile(r"(?<![\w/=])@([a-z0-9_]+(?:[a-z0-9_.-]+[a-z0-9_]+)?)@[\w.-]+[\w]", regex.IGNORECASE)
# app/models/tag.rb, HASHTAG_RE, without its finer points: a number alone is no tag.
_TAG = regex.compile(r"(?<![\w/])#([\w·]*[\p{L}\p{M}_·][\w·]*)")


def length(text: str, spoiler: str = "") -> int:
    """Return what the status counts: graphemes of the content warning and the text, a URL as 23 characters.

    app/validators/status_length_validator.rb: `combined_text` and `countable_length` (`each_grapheme_cluster.size`).
    """
    countable = _URL.sub("x" * URL_LENGTH, text)
    countable = _MENTION.sub(lambda found: f"@{found[1]}", countable)
    return len(regex.findall(r"\X", spoiler + countable))


def links(text: str) -> list[str]:
    """Return the addresses that become links."""
    return [found[0] for found in _URL.finditer(text)]


def content(text: str, base: str) -> str:
    """Return the status's HTML: app/lib/text_formatter.rb (paragraphs, line breaks, links, hashtags)."""
    paragraphs = regex.split(r"\n{2,}", text)
    return "".join(f"<p>{_inline(paragraph, base)}</p>" for paragraph in paragraphs if paragraph)


def _inline(text: str, base: str) -> str:
    pieces = []
    end = 0
    for found in _URL.finditer(text):
        pieces += [_tags(text[end : found.start()], base), _anchor(found[0])]
        end = found.end()
    return "".join([*pieces, _tags(text[end:], base)]).replace("\n", "<br />")


def _anchor(url: str) -> str:
    """Return the link as app/lib/text_formatter.rb `shortened_link` does: the scheme hidden, 30 characters shown."""
    scheme, _, rest = url.partition("://")
    shown, hidden = rest[:30], rest[30:]
    kind = ' class="ellipsis"' if hidden else ""
    return (
        f'<a href="{escape(url)}" target="_blank" rel="nofollow noopener" translate="no">'
        f'<span class="invisible">{scheme}://</span><span{kind}>{escape(shown)}</span>'
        f'<span class="invisible">{escape(hidden)}</span></a>'
    )


def _tags(text: str, base: str) -> str:
    pieces = []
    end = 0
    for found in _TAG.finditer(text):
        name = found[1]
        pieces.append(escape(text[end : found.start()], quote=False))
        pieces.append(
            f'<a href="{base}/tags/{escape(name)}" class="mention hashtag" rel="tag">#<span>{escape(name)}</span></a>'
        )
        end = found.end()
    return "".join([*pieces, escape(text[end:], quote=False)])
