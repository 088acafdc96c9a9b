"""Every way to say a post, from the fullest to the barest; the first that fits is the one. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from bot.formatter.measure import graphemes
from bot.formatter.sentences import closes_with_colon
from bot.formatter.shorten import cut, prefixes
from bot.formatter.words import DERIVED_MOST, Said

_ENOUGH = 40  # graphemes of a note that are worth keeping beside its hashtags


class Draft(Struct, frozen=True):
    """What a template is filled with, beside the link."""

    title: str = ""
    summary: str = ""
    content: str = ""
    tags: tuple[str, ...] = ()


class Uses(Struct, frozen=True):
    """Which elastic parts a template has a place for."""

    title: bool
    summary: bool
    content: bool


def uses(template: str) -> Uses:
    """What a template asks for."""
    return Uses(*(re.search(rf"\b{name}\b", template) is not None for name in ("title", "summary", "content")))


def choose(
    said: Said, content: str, tags: tuple[str, ...], asks: Uses, most: int, fits: Callable[[Draft], bool]
) -> Draft:
    """The fullest draft that fits; the empty one when none does. `most` is the limit, in graphemes or more."""
    whole = Draft(title=said.title, content=content, tags=tags)
    texts = _texts(said, most) if asks.summary else []
    for draft in _full(whole, texts, content, said, most):
        if fits(draft):
            return draft
    if not (asks.title and said.alone):
        return _cut(said, content, tags, asks, fits)
    return _title_only(said.alone, tags, fits)


def _full(whole: Draft, texts: list[str], content: str, said: Said, most: int) -> Iterator[Draft]:
    """Drafts with words: content goes first, then sentences of the summary, then hashtags for the last sentence."""
    first = texts[0] if texts else ""
    for text in (content, *prefixes(content, most, keep_whole=False)) if content else ():
        yield replace(whole, content=text, summary=first)
    whole = replace(whole, content="")
    for text in texts:
        yield replace(whole, summary=text)
    for count in range(len(whole.tags) - 1, -1, -1) if texts else ():
        yield replace(whole, summary=texts[-1], tags=whole.tags[:count])
    if not texts and said.title and not said.words:
        yield whole


def _texts(said: Said, most: int) -> list[str]:
    """The words in falling length, each of whole sentences."""
    if not said.words:
        return []
    if not said.derived:
        return prefixes(said.words, most, keep_whole=True)
    texts = prefixes(said.words, min(most, DERIVED_MOST), keep_whole=False)
    if said.note and graphemes(said.words) <= most:
        whole = said.words if not closes_with_colon(said.words) else said.words.rstrip(":： ")
        if whole and whole not in texts:
            texts.insert(0, whole)
    return texts


def _cut(said: Said, content: str, tags: tuple[str, ...], asks: Uses, fits: Callable[[Draft], bool]) -> Draft:
    """Where there is no title: the beginning of the words with “…”, with the hashtags if that leaves enough of them."""
    words = said.words if asks.summary else content

    def draft(text: str, with_tags: tuple[str, ...]) -> Draft:
        return Draft(summary=text, tags=with_tags) if asks.summary else Draft(content=text, tags=with_tags)

    made = cut(words, lambda text: graphemes(text) <= DERIVED_MOST and fits(draft(text, tags)))
    if graphemes(made) >= _ENOUGH:
        return draft(made, tags)
    made = cut(words, lambda text: graphemes(text) <= DERIVED_MOST and fits(draft(text, ())))
    return _most_tags(draft(made, ()), tags, fits)


def _title_only(title: str, tags: tuple[str, ...], fits: Callable[[Draft], bool]) -> Draft:
    """The title alone, itself cut when even that is too long."""
    if fits(Draft(title=title)):
        return _most_tags(Draft(title=title), tags, fits)
    return Draft(title=cut(title, lambda text: fits(Draft(title=text))))


def _most_tags(draft: Draft, tags: tuple[str, ...], fits: Callable[[Draft], bool]) -> Draft:
    for count in range(len(tags), 0, -1):
        if fits(replace(draft, tags=tags[:count])):
            return replace(draft, tags=tags[:count])
    return draft
