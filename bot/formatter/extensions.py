"""What generators and editors add to Markdown, taken out before a parser that does not know it reads the body. Pure."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from itertools import pairwise

from bot.formatter.code_spans import code
from bot.formatter.sentences import ends

HOLE = "\ufdd2"  # a noncharacter where a template expression stood, or at the end of words that are set apart
_KEPT = "\ufdd3"  # stands, with a number, for code while all else is changed

# No tag holds another: so an unclosed one costs nothing but itself.
_LIQUID = r"\{%(?:(?!\{%).)*?%\}"
_TAGS = rf"(?:\{{\{{<(?:(?!\{{\{{).)*?>\}}\}}|\{{\{{%(?:(?!\{{\{{).)*?%\}}\}}|{_LIQUID})"
_OPENER = re.compile(
    r"\{%-?\s*(?P<tag>\w+)\b(?:(?!\{%).)*?%\}|\{\{[<%]\s*(?P<name>\w[\w./-]*)(?:(?!\{\{).)*?[>%]\}\}", re.DOTALL
)
_CLOSER = re.compile(r"\{%-?\s*end(?P<tag>\w+)\s*-?%\}|\{\{[<%]\s*/\s*(?P<name>[\w./-]+)\s*[>%]\}\}")
_DROPPED = frozenset(("highlight", "raw", "comment", "capture", "mermaid", "math"))
_DROPPED_SHORTCODES = frozenset(("highlight", "mermaid", "math", "gist"))
_LINE_END = re.compile(r"[ \t]*$", re.MULTILINE)
_SHORTCODE = re.compile(_TAGS, re.DOTALL)
_SPOKEN = re.compile(rf"(?<=[\w,;] ){_TAGS}(?= \w|[.,;:!?])", re.DOTALL)  # what it makes is a word of the sentence
_WORDPRESS = re.compile(
    r"\[caption\b[^\]]{0,999}\].{0,999}?\[/caption\]|\[/?(?:caption|gallery|embed|playlist|video|audio)(?:\s[^\]\n]*)?\](?![\[(:])",
    re.DOTALL,
)
_EXPRESSION = re.compile(r"\{\{[^{}]*\}\}")
_ATTRIBUTES = re.compile(r"\{:[^{}\n]*\}")
_PLAIN_ATTRIBUTES = re.compile(
    r"(?<=[)\]*_\ufdd3])\{(?:[#.]|[\w-]+=)[^{}\n]*\}|(?<=\S)[ \t]+\{[#.][\w-][^{}\n]*\}[ \t]*$", re.MULTILINE
)
_LIST_OF_CONTENTS = re.compile(
    r"^ {0,3}(?:(?:[*+-]|1\.)[ \t]+.*\n[ \t]*\{:[^{}\n]*\btoc\b[^{}\n]*\}|\[\[?_?toc_?\]?\])[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_BOX = re.compile(
    r"^(?:!!!|\?\?\?\+?)[ \t]+\w.*(?:\n|\Z)(?P<a>(?:(?: {4}|\t).*(?:\n|\Z)|[ \t]*\n)*)"
    r"|^(?P<fence>:{3,})[ \t]*\{?[\w.](?:.*\n)(?P<b>(?:.*\n){0,99}?)(?P=fence)[ \t]*$",
    re.MULTILINE,
)
_FOOTNOTE = re.compile(
    r"^ {0,3}\[\^[^\]\s]+\]:.*(?:\n(?![ \t]*$| {0,3}\[\^).+)*(?:\n(?:[ \t]*\n)+(?: {4}|\t)\S.*(?:\n(?![ \t]*$).+)*)*",
    re.MULTILINE,
)
_MARK = re.compile(r"<sup\b[^<>]*>\s*<a\b[^<>]*href=[\"']?#[^<>]*>[^<>]*</a>\s*</sup>", re.IGNORECASE)
_ABBREVIATION = re.compile(r"^ {0,3}\*\[[^\]\n]+\]:.*$", re.MULTILINE)
_IMPORT = re.compile(r"^import\s(?:[^'\"\n]+\sfrom\s+)?(['\"])[^'\"\n]+\1;?[ \t]*$", re.MULTILINE)
_EMBED = re.compile(r"!\[\[[^\[\]\n]+\]\]")
_WIKI = re.compile(r"\[\[(?:[^\[\]|\n]+\|)?([^\[\]|\n]+)\]\]")
_MARKED = re.compile(r"(?<![\w=])==(?![=\s])([^=\n]+?)(?<![=\s])==(?![\w=])")
_ADDED = re.compile(r"<sup|[=!?:]{2}|[\[{$]|^import\s", re.MULTILINE)
_FORMULA = re.compile(r"^[ \t]*\$\$.+?\$\$[ \t]*$", re.DOTALL | re.MULTILINE)


def without_generator_markup(body: str) -> str:
    """The body without Liquid, shortcodes (WordPress's too) and attributes; code is as it was.

    An expression leaves `HOLE`; what stands between two tags on lines of their own keeps its words, each block of them
    with a `HOLE` at its end.
    """
    body = _WORDPRESS.sub("", body) if "[" in body else body
    if "{" not in body:
        return body
    return _outside_code(_paired(body, _without_raw), _untemplated)


def commonmark(body: str) -> str:
    """A Markdown body without what only a generator or an editor reads: footnotes, boxes, wiki links, contents."""
    if _ADDED.search(body):
        body = _outside_code(body, _plainer)
    return without_generator_markup(body)


def without_holes(text: str) -> str:
    """The text without the sentences that something is missing from."""
    text = text.rstrip(HOLE)
    if HOLE in text:
        stops = [0, *ends(text)]
        sentences = (text[start:stop] for start, stop in pairwise(stops))
        text = "".join(sentence for sentence in sentences if HOLE not in sentence)
    return text.strip()


def _outside_code(body: str, change: Callable[[str], str]) -> str:
    body = body.replace(_KEPT, "")
    kept: list[str] = []
    pieces, position = [], 0
    for start, end in code(body):
        pieces += [body[position:start], f"{_KEPT}{len(kept)}{_KEPT}"]
        kept.append(body[start:end])
        position = end
    changed = change("".join((*pieces, body[position:])))
    return re.sub(rf"{_KEPT}(\d+){_KEPT}", lambda match: kept[int(match[1])], changed)


def _untemplated(text: str) -> str:
    text = _paired(text, _apart)
    return _ATTRIBUTES.sub("", _EXPRESSION.sub(HOLE, _SHORTCODE.sub("", _SPOKEN.sub(HOLE, text))))


def _plainer(text: str) -> str:
    for pattern in (_LIST_OF_CONTENTS, _FOOTNOTE, _MARK, _ABBREVIATION, _IMPORT, _EMBED, _FORMULA, _PLAIN_ATTRIBUTES):
        text = pattern.sub("", text)
    return _MARKED.sub(r"\1", _WIKI.sub(r"\1", _BOX.sub(_boxed, text)))


def _paired(text: str, change: Callable[[str, re.Match[str], re.Match[str]], str | None]) -> str:
    """The text with what `change` makes of each pair of tags and all between them; None leaves the opening one."""
    closers: dict[str, list[re.Match[str]]] = {}
    for found in _CLOSER.finditer(text):
        closers.setdefault(found["tag"] or f"/{found['name']}", []).append(found)
    pieces: list[str] = []
    position = 0
    for opened in _OPENER.finditer(text) if closers else ():
        behind = closers.get(opened["tag"] or f"/{opened['name']}", [])
        at = bisect_left(behind, opened.end(), key=re.Match.start)
        if opened.start() < position or at == len(behind):
            continue
        if (made := change(text, opened, behind[at])) is not None:
            pieces += (text[position : opened.start()], made)
            position = behind[at].end()
    return "".join((*pieces, text[position:]))


def _without_raw(_: str, opened: re.Match[str], closed: re.Match[str]) -> str | None:  # noqa: ARG001 - as `_paired` asks
    return "\n\n" if opened["tag"] in _DROPPED or opened["name"] in _DROPPED_SHORTCODES else None


def _apart(text: str, opened: re.Match[str], closed: re.Match[str]) -> str | None:
    """What stands between two tags that have their lines to themselves; `lead` is Hugo's word for the first prose."""
    before = text[text.rfind("\n", 0, opened.start()) + 1 : opened.start()]
    if opened["name"] == "lead" or before.strip() or not _LINE_END.match(text, closed.end()):
        return None
    return _marked(text[opened.end() : closed.start()])


def _boxed(match: re.Match[str]) -> str:
    return _marked(match["a"] if match["a"] is not None else match["b"])


def _marked(words: str) -> str:
    """The words of a box, each block of them marked as no prose of the post."""
    lines = [line[4:] if line.startswith("    ") else line.removeprefix("\t") for line in words.split("\n")]
    blocks = re.split(r"\n[ \t]*\n", "\n".join(lines).strip())
    return "\n" + "\n\n".join(block if block.endswith(_KEPT) else block + HOLE for block in blocks if block) + "\n\n"
