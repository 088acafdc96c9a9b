"""How X reads a text: which stretches it takes for URLs, and what the rest weighs. Pure.

By the rules of twitter-text, configuration v3, without its backtracking: a text is read in about linear time.
https://github.com/twitter/twitter-text: js/src/extractUrlsWithIndices.js and js/src/parseTweet.js
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import regex

MOST_LABEL = 63
MOST_URL = 4096
MOST_TCO_SLUG = 40
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))

_DIRECTION = r"\u202A-\u202E\u061C\u200E\u200F\u2066-\u2069"
_INVALID = r"\uFFFE\uFEFF\uFFFF"
_SPACES = r"\x09-\x0D\x20\x85\xA0\u1680\u180E\u2000-\u200A\u2028\u2029\u202F\u205F\u3000"
_PUNCT = r"!'#%&()*+,\\\-./:;<=>?@\[\]\^_{|}~$"
_IN_HOST = rf"[^{_PUNCT}{_SPACES}{_INVALID}{_DIRECTION}]"
_LABEL = rf"{_IN_HOST}(?:[^!'#%&()*+,\\./:;<=>?@\[\]\^{{|}}~${_SPACES}{_INVALID}{_DIRECTION}]*{_IN_HOST})?"
_HOST = regex.compile(rf"{_LABEL}(?:\.{_LABEL})+")
_SCHEME = regex.compile(rf"(?<![A-Za-z0-9@＠$#＃{_INVALID}])https?://", regex.IGNORECASE)
_NOT_AFTER = frozenset("@＠$#＃\ufffe\ufeff\uffff")
_LATIN = (
    r"\xC0-\xD6\xD8-\xF6\xF8-\xFF\u0100-\u024F\u0253\u0254\u0256\u0257\u0259\u025B\u0263\u0268\u026F\u0272\u0289\u028B"
    r"\u02BB\u0300-\u036F\u1E00-\u1EFF"
)
_ASCII_LABELS = regex.compile(rf"(?:[a-z0-9{_LATIN}-]+\.)+", regex.IGNORECASE)
_PUNYCODE = regex.compile(r"xn--[-0-9a-z]+", regex.IGNORECASE)
_PORT = regex.compile(r":[0-9]+")
_IN_PATH = rf"[a-z\u0400-\u04FF0-9!*';:=+,.$/%#\[\]\-\u2013_~@|&{_LATIN}]"
_PARENS = rf"\((?:{_IN_PATH}+|{_IN_PATH}*\({_IN_PATH}+\){_IN_PATH}*)\)"
_PATH = regex.compile(rf"/(?:{_IN_PATH}++|{_PARENS})*+", regex.IGNORECASE)
_PATH_TAIL = regex.compile(r"[!*';:,.$%\[\]\u2013~@|&]+$")
_QUERY = regex.compile(r"\?[a-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]*[a-z0-9\-_&=#/]", regex.IGNORECASE)
_TCO = regex.compile(
    r"https?://t\.co/([a-z0-9]+)(?:\?[a-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]*[a-z0-9\-_&=#/])?", regex.IGNORECASE
)
_PICTURE = r"\p{Extended_Pictographic}\uFE0F?\p{Emoji_Modifier}?(?:[\U000E0020-\U000E007E]+\U000E007F)?"
_EMOJI = regex.compile(
    r"[0-9#*]\uFE0F?\u20E3|\p{Regional_Indicator}{2}"
    r"|(?=\p{Emoji_Presentation}|\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier}|\u200D\p{Extended_Pictographic}))"
    rf"{_PICTURE}(?:\u200D{_PICTURE})*|\p{{Emoji_Presentation}}\uFE0F?"
)


def weight(text: str) -> int:
    """What a text without URLs weighs: 2 for an emoji, however it is put together, and for what is beyond Latin."""
    if text.isascii() and "\u20e3" not in text:
        return len(text)
    total = position = 0
    for emoji in _EMOJI.finditer(text):
        total += _signs(text[position : emoji.start()]) + 2
        position = emoji.end()
    return total + _signs(text[position:])


def _signs(text: str) -> int:
    return sum(1 if any(first <= ord(sign) <= last for first, last in _LIGHT) else 2 for sign in text)


def urls(text: str) -> Iterator[tuple[int, int]]:
    """Start and end (code points) of all that X makes a link of, in order; also domains without a scheme."""
    position = 0
    schemed, host = _SCHEME.search(text), _HOST.search(text)
    while schemed or host:
        if schemed and (host is None or schemed.start() <= host.start()):
            at = _HOST.match(text, schemed.end())
            found, position = _schemed(text, schemed.start(), at) if at else ([], schemed.end())
        elif host:
            found, position = _bare(text, host, position)
            if schemed and not found:
                position = min(position, schemed.start())
        yield from found
        if schemed and schemed.start() < position:
            schemed = _SCHEME.search(text, position)
        if host and host.start() < position:
            host = _HOST.search(text, position)


_Found = tuple[list[tuple[int, int]], int]


def _schemed(text: str, start: int, host: regex.Match[str]) -> _Found:
    """The URL at `start`, if it is one, and where to read on."""
    domain_end = _domain_end(text, host.start(), host.end())
    if domain_end is None:
        return [], host.end()
    end = _rest_end(text, domain_end)
    if not _is_valid(text[host.start() : domain_end], end - start):
        return [], end
    if short := _TCO.match(text, start, end):
        return ([], end) if len(short[1]) > MOST_TCO_SLUG else ([(start, short.end())], short.end())
    return [(start, end)], end


def _bare(text: str, host: regex.Match[str], floor: int) -> _Found:
    """The domains without a scheme that a run of host characters holds: ASCII only, the last one with its path.

    `floor` is where the URL before it ended: the character before a domain must be none of that.
    """
    start: int = host.start()
    while start < host.end() and not ((start == 0 or start > floor) and _may_follow(text, start)):
        start += 1
    domain_end = _domain_end(text, start, host.end())
    if domain_end is None:
        return [], host.end()
    end = _rest_end(text, domain_end)
    before = text[start - 1 : start]
    if before in tuple("-_./") or not _is_valid(text[start:domain_end], end - start + len("https://")):
        return [], end
    found = list(_ascii_domains(text, start, domain_end))
    if found and end > domain_end and text.startswith("/", domain_end + _port_length(text, domain_end)):
        found[-1] = (found[-1][0], end)
    return found, end


def _may_follow(text: str, start: int) -> bool:
    """Whether a URL may begin here, by the character before it."""
    before = text[start - 1 : start]
    return not before or not ((before.isascii() and before.isalnum()) or before in _NOT_AFTER)


def _ascii_domains(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    position = start
    while labels := _ASCII_LABELS.search(text, position, end):
        dots = [index for index in range(labels.end() - 1, labels.start(), -1) if text[index] == "."]
        ends = (found for dot in dots if (found := _top_level_end(text, dot + 1, end)) is not None)
        position = next(ends, 0)
        if position:
            yield labels.start(), position
        else:
            position = labels.end()


def _domain_end(text: str, start: int, end: int) -> int | None:
    """The end of the longest domain at `start` that closes with a top-level name, None when there is none.

    The label before the top-level name holds no underscore.
    """
    before = end
    for dot in [index for index in range(end - 1, start, -1) if text[index] == "."]:
        found = _top_level_end(text, dot + 1, before)
        label = text[max(text.rfind(".", start, dot) + 1, start) : dot]
        if found is not None and "_" not in label:
            return found
        before = dot
    return None


def _top_level_end(text: str, start: int, end: int) -> int | None:
    """The end of the top-level name at `start`, by the longest that no ASCII letter, digit, @, + or - follows."""
    if match := _PUNYCODE.match(text, start, end):
        return int(match.end())
    names = top_level_names()
    for stop in range(min(end, start + _longest()), start, -1):
        after = text[stop : stop + 1]
        if after and after.isascii() and (after.isalnum() or after in "@+-"):
            continue
        if text[start:stop].casefold() in names:
            return stop
    return None


@cache
def top_level_names() -> frozenset[str]:
    """Every top-level domain that X knows."""
    lines = (files("bot.formatter") / "x_tlds.txt").read_text("utf-8").splitlines()
    return frozenset(name for line in lines if not line.startswith("#") for name in line.split())


@cache
def _longest() -> int:
    return max(map(len, top_level_names()))


def _port_length(text: str, at: int) -> int:
    port = _PORT.match(text, at)
    return len(port[0]) if port else 0


def _rest_end(text: str, end: int) -> int:
    """Past port, path and query; punctuation that ends a sentence stays outside, balanced parentheses inside."""
    end += _port_length(text, end)
    if path := _PATH.match(text, end):
        end = path.end() - len(tail[0]) if (tail := _PATH_TAIL.search(path[0])) else path.end()
    if query := _QUERY.match(text, end):
        end = query.end()
    return end


def _is_valid(domain: str, length: int) -> bool:
    """Whether a domain's labels, as DNS writes them, and the whole URL are short enough."""
    if domain.startswith("xn--") and not list(_ascii_domains(domain, 0, len(domain))):
        return False
    return length <= MOST_URL and all(0 < _dns_length(label) <= MOST_LABEL for label in domain.split("."))


def _dns_length(label: str) -> int:
    if label.isascii() or len(label) > MOST_LABEL:
        return len(label)
    return len("xn--") + len(label.encode("punycode"))
