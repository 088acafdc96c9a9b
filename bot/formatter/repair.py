"""Mends mojibake: UTF-8 that was once read in a one-byte encoding. Encoding only: not a quote is straightened. Pure.

A line is changed only where writing it back in the wrong encoding gives well-formed UTF-8. Code is left alone unless
the words around it were damaged too, since a post about mojibake shows some. Nothing is normalised, unescaped or
re-wrapped, so it is safe on a whole file before its front matter is parsed.
"""

from __future__ import annotations

import re
from functools import cache

from bot.formatter.code_spans import outside

# What bytes C2-F4 followed by 80-BF look like in the encodings that text is wrongly read in.
_ENCODINGS = ("cp1252", "latin-1", "mac-roman", "cp437", "cp1250")
_C1 = re.compile("[\x80-\x84\x86-\x9f]")
# Damage for certain: general punctuation, emoji and accented letters, read as cp1252. ftfy says the same of them.
_CERTAIN = re.compile("\xe2\u20ac|\xf0\u0178|\xc3[\xa1-\xa4\xa6-\xbf]")
_UNDEFINED = frozenset(b"\x81\x8d\x8f\x90\x9d")
_ASSIGNED = {ord(bytes([byte]).decode("cp1252")): byte for byte in range(0x80, 0xA0) if byte not in _UNDEFINED}
_TAKEN = re.compile(f"[{''.join(map(chr, _ASSIGNED.values()))}]")
# The quote ” is E2 80 9D, and cp1252 has no 9D: many a program dropped it.
_LOST_QUOTE = re.compile(
    f"\xe2\u20ac(?![{re.escape(bytes(set(range(0x80, 0xC0)) - _UNDEFINED).decode('cp1252'))}\x80-\x9f])"
)
# A word in capitals that ends in Ã, then a quote or dash: Portuguese, where nothing else in the line is damaged.
_CAPITALS = re.compile("(?<=[A-Z\xc0-\xde]{2})\xc3(?=[’”“–—…®™](?![^\\W\\d_]))")
_SHIELD = "\ufdd4"
# Encodings of other scripts, in which ftfy sees no damage; three letters that are one each in UTF-8 are no chance.
_ELSEWHERE = ("cp1251", "cp1250", "cp1253", "cp866")
_PROOF = 3
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")


@cache
def _suspect() -> re.Pattern[str]:
    """A cheap sign that a text may be damaged, so that ftfy (72 ms) is imported only then."""
    pairs = []
    for encoding in _ENCODINGS:
        lead = bytes(range(0xC2, 0xF5)).decode(encoding, "ignore")
        trail = bytes(range(0x80, 0xC0)).decode(encoding, "ignore") + "\x80-\x9f"
        pairs.append(f"[{lead}][{trail}]")
    trail = bytes(set(range(0x80, 0xC0)) - {0x98}).decode("cp1251") + "\x98"
    pairs += (f"[РС][{trail}][РС]", "[ΞΟ][^\\w\\s]|[ΞΟ]\\w[ΞΟ]", "[╨╤][^\\s]")
    return re.compile("|".join([_C1.pattern, "в[Ђ„]", *pairs]))


def repair(text: str) -> tuple[str, bool]:
    """The text as it was meant, and whether that is another one."""
    if text.isascii() or not _suspect().search(text):
        return text, False
    lines = text.split("\n")
    code = _code_lines(lines)
    mended = [line if in_code else outside(line, _mend) for line, in_code in zip(lines, code, strict=True)]
    if mended != lines:
        mended = [_mend(line) for line in lines]
    result = "\n".join(mended)
    return result, result != text


def _code_lines(lines: list[str]) -> list[bool]:
    """Which lines stand in a fenced code block."""
    inside: list[bool] = []
    fence = ""
    for line in lines:
        found = _FENCE.match(line)
        if fence:
            inside.append(True)
            if found and found[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
        else:
            fence = found[1] if found else ""
            inside.append(bool(fence))
    return inside


def _mend(line: str) -> str:
    if line.isascii() or not _suspect().search(line):
        return line
    line = _LOST_QUOTE.sub("\xe2\u20ac\x9d", line)
    if (meant := _read_back(line)) is not None:
        return _mend(meant)
    if (meant := _from_elsewhere(line)) is not None:
        return _mend(meant)
    if not _CERTAIN.search(line):
        line = _CAPITALS.sub(_SHIELD, line)
    from ftfy import TextFixerConfig, fix_encoding

    # The steps that guess (a lost byte, a space for A0) are off: they prove nothing.
    config = TextFixerConfig(
        restore_byte_a0=False, replace_lossy_sequences=False, fix_c1_controls=False, explain=False, unescape_html=False
    )
    return _C1.sub(_windows, str(fix_encoding(line, config))).replace(_SHIELD, "\xc3")


def _read_back(line: str) -> str | None:
    """The line written back in cp1252 and read as UTF-8, where it is certainly damaged so: spares ftfy (25 ms)."""
    if not _CERTAIN.search(line) or _TAKEN.search(line):
        return None
    try:
        return line.translate(_ASSIGNED).encode("latin-1").decode("utf-8")
    except UnicodeError:
        return None


def _from_elsewhere(line: str) -> str | None:
    """The line as it was before it was read in an encoding of another script, where all of it says so."""
    for encoding in _ELSEWHERE:
        try:
            meant = b"".join(_written(char, encoding) for char in line).decode("utf-8")
        except UnicodeError:
            continue
        if sum(not char.isascii() for char in meant) >= _PROOF:
            return meant
    return None


def _written(char: str, encoding: str) -> bytes:
    return char.encode("latin-1" if "\x80" <= char < "\xa0" else encoding)


def _windows(match: re.Match[str]) -> str:
    """A C1 control in text was a Windows character; 85 is left, being a line break of its own."""
    try:
        return match[0].encode("latin-1").decode("cp1252")
    except UnicodeDecodeError:
        return match[0]
