"""Letters of other scripts in those of ASCII, as the slugs of generators have them. Pure.

The choices are those of Perl's Text::Unidecode for Latin, Greek and Cyrillic; Pelican and Zola follow it.
"""

from __future__ import annotations

import unicodedata

_LATIN = {
    "ß": "ss",
    "ẞ": "Ss",
    "æ": "ae",
    "Æ": "AE",
    "ø": "o",
    "Ø": "O",
    "œ": "oe",
    "Œ": "OE",
    "ł": "l",
    "Ł": "L",
    "đ": "d",
    "Đ": "D",
    "ð": "d",
    "Ð": "D",
    "þ": "th",
    "Þ": "Th",
    "ı": "i",
    "ħ": "h",
    "Ħ": "H",
    "ŋ": "ng",
    "’": "'",
    "‘": "'",
    "“": '"',
    "”": '"',
    "„": ",,",
    "‚": ",",
    "«": "<<",
    "»": ">>",
    "–": "-",
    "—": "--",
    "…": "...",
    "€": "EUR",
    "£": "PS",
    "©": "(c)",
    "®": "(r)",
    "×": "x",
    "·": "*",
    "°": "deg",
    "§": "SS",
    "\u2010": "-",
    "\u2011": "-",
    "\u2012": "-",
    "\u2212": "-",
    "¿": "?",
    "¡": "!",
    "¢": "C/",
    "¥": "Y=",
    "±": "+-",
}
_CYRILLIC = dict(zip("абвгдезийклмнопрстуфыэ", "abvgdeziiklmnoprstufye", strict=True))
_CYRILLIC |= {"ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "'", "ь": "'", "ю": "iu"}
_CYRILLIC |= {"я": "ia", "ё": "io", "й": "i", "є": "ie", "і": "i", "ї": "yi", "ґ": "g'", "ў": "u"}
_GREEK = dict(zip("αβγδεζηικλμνοπρσςτυω", "abgdezeiklmnoprsstuo", strict=True))
_GREEK |= {"φ": "ph", "θ": "th", "ξ": "x", "χ": "kh", "ψ": "ps"}
_CASED = {**_CYRILLIC, **_GREEK}
_TABLE = _LATIN | _CASED | {key.upper(): text.capitalize() for key, text in _CASED.items() if key != "ς"}


def to_ascii(text: str) -> str:
    """Return the text in ASCII; what no table here holds loses its marks, and is left out if that does not do."""
    if text.isascii():
        return text
    out: list[str] = []
    for char in unicodedata.normalize("NFC", text):
        if char in _TABLE:
            out.append(_TABLE[char])
        elif unicodedata.category(char) == "Zs":
            out.append(" ")
        else:
            plain = unicodedata.normalize("NFKD", char)
            out += (_TABLE.get(piece, piece if piece.isascii() else "") for piece in plain)
    return "".join(out)
