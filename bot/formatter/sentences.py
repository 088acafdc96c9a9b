"""Where sentences end. Errs on the side of too few ends: two sentences taken for one are still whole. Pure."""

from __future__ import annotations

import regex

_SHORT_FORMS = """
al approx apr asst aug ave bros bzw ca capt cf co col corp dec dept dr ed eds eg esp est etc evtl feb fig figs fr
gen gov hon hr inc jan jr jul jun lt ltd mar mr mrs ms mt nov nr oct op prof rep rev sen sep sept sgt sr st usw vgl
vol vs viz ie zb
"""
_ABBREVIATIONS = frozenset(_SHORT_FORMS.split())
_CLOSERS = r"[\"'”’»›)\]}*_」』）】〉》]*"
_END = regex.compile(
    rf"(?P<mark>[.!?…؟۔։।॥።]+){_CLOSERS}(?=\s|$)|(?P<cjk>[。！？｡]+){_CLOSERS}|(?P<line>\n)|(?P<last>$)"
)
_WORD_BEFORE = regex.compile(r"(?:[\p{L}\p{M}]+\.)*[\p{L}\p{M}\p{N}]+$")
_NUMBERED = frozenset(
    ("no", "nos", "nr", "art", "ch", "chap", "sec", "p", "pp", "par", "tab", "abb", "kap", "ver", "v")
)
# What may close a sentence as well as stand in one, and the words that no name goes on with.
_CLOSING = frozenset(("etc", "inc", "ltd", "corp", "al", "usw"))
_NOT_CLOSING = frozenset(("e.g", "i.e", "z.b", "d.h", "u.a", "c.f", "p.ex"))
_STARTERS = """
A After All An And As At Before But For He Her Here His How I If In It Its My No Not Now Our She So Some That The Their
Then There These They This Those We What When Why You Your
"""
_STARTER_NEXT = regex.compile(rf"\s+[\"'“‘(]*(?:{'|'.join(_STARTERS.split())})(?![\w.])")
_NUMBER_NEXT = regex.compile(r"\s+\p{N}")
_LOWER_NEXT = regex.compile(r"\s+[\"'“‘«‹(\[]*\p{Ll}")


def ends(text: str) -> list[int]:
    """The offsets at which a sentence (or a line) of `text` is complete, ascending; the last is that of all of it."""
    lower_starts = text == text.lower()
    found: list[int] = []
    start = 0
    for match in _END.finditer(text):
        end = match.start() if match["line"] else match.end()
        if end <= start or not text[start:end].strip():
            continue
        if match["mark"] and not _closes(text, match.start(), match["mark"], end, start, lower_starts):
            continue
        found.append(end)
        start = end
    return found


def _closes(text: str, at: int, mark: str, end: int, start: int, lower_starts: bool) -> bool:
    """Whether the mark at `at` closes a sentence, not an abbreviation, an initial or a number."""
    if end == len(text) or text[end] == "\n":
        return True
    if not lower_starts and _LOWER_NEXT.match(text, end):
        return False
    if mark != ".":
        return True
    word = _WORD_BEFORE.search(text, start, at)
    if word is None:
        return True
    if word[0].casefold() in _NUMBERED and _NUMBER_NEXT.match(text, end):
        return False
    if _may_close(word[0].casefold()) and _STARTER_NEXT.match(text, end):
        return True
    return not (_abbreviates(word[0]) or (word[0].isdecimal() and len(word[0]) <= 2))


def _may_close(word: str) -> bool:
    return word in _CLOSING or ("." in word and word not in _NOT_CLOSING)


def _abbreviates(word: str) -> bool:
    return "." in word or (len(word) == 1 and word != "I") or word.casefold() in _ABBREVIATIONS


def closes_with_colon(text: str) -> bool:
    """Whether the last sentence of `text` announces something that then does not come."""
    return text.rstrip("\"'”’»)]*_ \n").endswith((":", "："))
