"""How networks count. Pure."""

from __future__ import annotations

import unicodedata

import regex

from bot.formatter import urls
from bot.networks import Unit

_GRAPHEME = regex.compile(r"\X")
_EMOJI = regex.compile(r"[\p{Extended_Pictographic}\p{Regional_Indicator}\u20e3]")
# https://github.com/mastodon/mastodon/blob/main/app/models/account.rb (MENTION_RE)
_REMOTE = regex.compile(r"(?<![=/\w])(@[a-z0-9_]+(?:[a-z0-9_.-]+[a-z0-9_]+)?)@[\w.-]*\w", regex.IGNORECASE)
X_URL = 23


def graphemes(text: str) -> int:
    """Extended grapheme clusters: what a reader takes for one character."""
    if text.isascii() and "\r" not in text:
        return len(text)
    return len(_GRAPHEME.findall(text))


def utf8(text: str) -> int:
    """Bytes of UTF-8."""
    return len(text.encode("utf-8", "surrogatepass"))


def code_points(text: str) -> int:
    """Unicode code points."""
    return len(text)


def escaped(text: str) -> int:
    """Code points once `&`, `<` and `>` stand as Slack wants them: its own count is published nowhere, so the safe one.

    https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    return len(text) + 4 * text.count("&") + 3 * (text.count("<") + text.count(">"))


def utf16(text: str) -> int:
    """Code units of UTF-16, by which most that is written in Java or JavaScript counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def mastodon(text: str, url_length: int = 23) -> int:
    """Graphemes, with every http or https URL as `url_length` and `@user@host` as `@user`.

    https://github.com/mastodon/mastodon/blob/main/app/validators/status_length_validator.rb
    """
    pieces: list[str] = []
    position = 0
    for start, end in urls.spans(text):
        pieces += (_REMOTE.sub(r"\1", text[position:start]), "x" * url_length)
        position = end
    pieces.append(_REMOTE.sub(r"\1", text[position:]))
    return graphemes("".join(pieces))


def x(text: str) -> int:
    """X's weighted length (configuration v3): 2 for an emoji and for most scripts beyond Latin, 23 for any URL.

    https://docs.x.com/fundamentals/counting-characters
    """
    from bot.formatter import x_text  # its list of top-level domains takes 17 ms, which only X needs

    text = unicodedata.normalize("NFC", text)
    total = 0
    position = 0
    for start, end in x_text.urls(text):
        total += x_text.weight(text[position:start]) + X_URL
        position = end
    return total + x_text.weight(text[position:])


def threads(text: str) -> int:
    """Characters, with every emoji as its bytes of UTF-8.

    https://developers.facebook.com/docs/threads/reference/publishing
    """
    if text.isascii():
        return len(text)
    return sum(utf8(found) if _EMOJI.search(found) else len(found) for found in _GRAPHEME.findall(text))


def length(text: str, unit: Unit, url_length: int | None) -> int:
    """The length of `text` in `unit`; `url_length` is what a URL counts, None for the unit's own default."""
    match unit:
        case Unit.GRAPHEMES:
            return graphemes(text)
        case Unit.MASTODON:
            return mastodon(text) if url_length is None else mastodon(text, url_length)
        case Unit.CODE_POINTS:
            return code_points(text)
        case Unit.ESCAPED:
            return escaped(text)
        case Unit.UTF16:
            return utf16(text)
        case Unit.X:
            return x(text)
        case Unit.UTF8:
            return utf8(text)
        case Unit.THREADS:
            return threads(text)
