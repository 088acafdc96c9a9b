"""Mends mojibake: UTF-8 that was once read in a one-byte encoding. Encoding only: not a quote is straightened. Pure.

A line is changed only where writing it back in the wrong encoding gives well-formed UTF-8. Code is left alone unless
the words around it were damaged too, since a post about mojibake shows some. Nothing is normalised, unescaped or
re-wrapped, so it is safe on a whole file before its front matter is parsed.
"""

from __future__ import annotations

import re
from functools import cache

# What bytes C2-F4 followed by 80-BF look like in the encodings that text is wrongly read in.
_ENCODINGS = ("cp1252", "latin-1", "mac-roman", "cp437", "cp1250")
_C1 = re.compile("[\x80-\x84\x86-\x9f]")
# Damage for certain: general punctuation, emoji and accented letters, read as cp1252. ftfy says the same of them.
_CERTAIN = re.compile("\xe2\u20ac|\xf0\u0178|\xc3[\xa1-\xa4\xa6-\xbf]")
_ASSIGNED = {
    ord(bytes([byte]).decode("cp1252")): byte for byte in range(0x80, 0xA0) if byte not in b"\x81\x8d\x8f\x90\x9d"
}
_TAKEN = re.compile(f"[{''.join(map(chr, _ASSIGNED.values()))}]")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_INLINE_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")


@cache
def _suspect() -> re.Pattern[str]:
    """A cheap sign that a text may be damaged, so that ftfy (72 ms) is imported only then."""
    pairs = []
    for encoding in _ENCODINGS:
        lead = bytes(range(0xC2, 0xF5)).decode(encoding, "ignore")
        trail = bytes(range(0x80, 0xC0)).decode(encoding, "ignore") + "\x80-\x9f"
        pairs.append(f"[{lead}][{trail}]")
    return re.compile("|".join([_C1.pattern, "в[Ђ„]", *pairs]))


def repair(text: str) -> tuple[str, bool]:
    """The text as it was meant, and whether that is another one."""
    if text.isascii() or not _suspect().search(text):
        return text, False
    lines = text.split("\n")
    code = _code_lines(lines)
    mended = [line if in_code else _mend_words(line) for line, in_code in zip(lines, code, strict=True)]
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


def _mend_words(line: str) -> str:
    """Mend what stands outside inline code."""
    pieces: list[str] = []
    position = 0
    for match in _INLINE_CODE.finditer(line):
        pieces += (_mend(line[position : match.start()]), match[0])
        position = match.end()
    pieces.append(_mend(line[position:]))
    return "".join(pieces)


def _mend(line: str) -> str:
    if line.isascii() or not _suspect().search(line):
        return line
    if (meant := _read_back(line)) is not None:
        return _mend(meant)
    from ftfy import TextFixerConfig, fix_encoding

    # The steps that guess (a lost byte, a space for A0) are off: they prove nothing.
    config = TextFixerConfig(
        restore_byte_a0=False, replace_lossy_sequences=False, fix_c1_controls=False, explain=False, unescape_html=False
    )
    return _C1.sub(_windows, str(fix_encoding(line, config)))


def _read_back(line: str) -> str | None:
    """The line written back in cp1252 and read as UTF-8, where it is certainly damaged so: spares ftfy (25 ms)."""
    if not _CERTAIN.search(line) or _TAKEN.search(line):
        return None
    try:
        return line.translate(_ASSIGNED).encode("latin-1").decode("utf-8")
    except UnicodeError:
        return None


def _windows(match: re.Match[str]) -> str:
    """A C1 control in text was a Windows character; 85 is left, being a line break of its own."""
    try:
        return match[0].encode("latin-1").decode("cp1252")
    except UnicodeDecodeError:
        return match[0]
