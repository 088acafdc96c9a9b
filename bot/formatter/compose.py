"""A post and an account's rules in, the finished announcement out. Pure: the same input always gives the same words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial

from msgspec import Struct

from bot.formatter import drafts, hashtags, measure, mentions, template, threads, urls, words
from bot.formatter.drafts import Draft
from bot.formatter.rules import Rules
from bot.keys import announcement_key
from bot.links import same_link
from bot.model import Announcement, Card, Media, Part, Post, PostRef, Span, SpanKind
from bot.networks import LinkStyle, Unit

UNDATED = datetime(2000, 1, 1, tzinfo=UTC)
_PLACE = "\ufdd0"  # a noncharacter where the link will stand


class _Text(Struct, frozen=True):
    """Finished words; `link` is where the announced link stands in them, None when there is none."""

    text: str
    link: tuple[int, int] | None


def compose(
    post: Post,
    rules: Rules,
    *,
    round: int = 1,
    link: str | None = None,
    card: Card | None = None,
    media: tuple[Media, ...] = (),
    extra_tags: tuple[str, ...] = (),
    instant: datetime | None = None,
) -> Announcement:
    """What is said of `post` on an account: the words of its author, else the beginning of the post, within the limit.

    `link` is announced in place of the post's own; `extra_tags` are those of the same post in another source;
    `instant` is the post's date where it has none of its own. The author's own text is never cut: see `over_limit`.
    Raises `TemplateError` when the account's template cannot be rendered.
    """
    own = words.own(post, rules)
    text, target = own.text or "", link or post.url or ""
    target = _as_written(text, target)
    warning = own.content_warning or None
    tags = hashtags.hashtags((*post.tags, *extra_tags) or post.categories, rules.aliases)
    parts, unsaid = _parts(post, rules, text, target, tags, _reserve(warning, rules))
    return Announcement(
        post=PostRef(post.id, post.slug, post.title, post.url or target, post.published),
        account=rules.account,
        network=rules.network.name,
        round=round,
        key=announcement_key(rules.account, post.id, round),
        url=target,
        parts=parts,
        limit=rules.limit,
        unit=_unit(rules),
        instant=post.published or instant or UNDATED,
        tags=hashtags.for_record(tags, rules.network.record_tags),
        language=own.language or post.language or rules.language,
        visibility=own.visibility or rules.visibility,
        content_warning=warning,
        card=None if media and rules.network.either else card,
        media=media[: rules.most_images or rules.network.images],
        warnings=(*post.warnings, *_warnings(parts, rules, target), *((unsaid,) if unsaid else ())),
    )


def _parts(
    post: Post, rules: Rules, own: str, target: str, tags: tuple[str, ...], reserve: tuple[int, int]
) -> tuple[tuple[Part, ...], str]:
    """The parts, of the author's `own` text or made of the post; and what has to be left unsaid, as a warning."""
    unsaid = ""
    handles: set[str] | None = {handle.casefold().lstrip("@") for handle in rules.mentions.values()}
    if own:
        texts = [_authored(own, target, rules)]
        handles = None if rules.network.mentions else set()
    else:
        texts, unsaid = _thread(post, rules, target, tags, reserve)
        texts = texts or [_derived(post, rules, target, tags, reserve)]
    parts = (
        Part(made.text, _length(made.text, rules) + reserve[min(index, 1)], _spans(made, target, handles))
        for index, made in enumerate(texts)
    )
    return tuple(parts), unsaid


def over_limit(announcement: Announcement, rules: Rules) -> bool:
    """Whether a part is longer than the network takes, in its own unit or in bytes. Only authors' own text can be."""
    return any(_is_over(part.text, part.length, rules) for part in announcement.parts)


def _is_over(text: str, length: int, rules: Rules) -> bool:
    most_bytes = rules.network.byte_limit
    return length > rules.limit or (most_bytes is not None and measure.utf8(text) > most_bytes)


def _length(text: str, rules: Rules) -> int:
    return measure.length(text, rules.unit, rules.url_length)


def _reserve(warning: str | None, rules: Rules) -> tuple[int, int]:
    """What a content warning takes of the first part's limit, and of every later one's.

    Servers that speak Mastodon's API count it with the text of each; where a network knows none, it is in the words.
    """
    if not warning:
        return 0, 0
    if rules.network.unit is Unit.MASTODON:
        most = measure.code_points(warning) if rules.unit is Unit.CODE_POINTS else measure.graphemes(warning)
        return most, most
    return (_length(f"{warning}\n\n", rules), 0) if rules.network.warns else (0, 0)


def _unit(rules: Rules) -> str:
    unit = rules.unit.value
    return unit if rules.url_length is None else unit.replace("23", str(rules.url_length))


def _warnings(parts: Iterable[Part], rules: Rules, target: str) -> Iterable[str]:
    for part in parts:
        if part.length > rules.limit:
            yield f"{part.length - rules.limit} over the limit of {rules.limit}"
        elif _is_over(part.text, part.length, rules):
            yield f"{measure.utf8(part.text)} bytes, over the limit of {rules.network.byte_limit} bytes"
    if not target:
        yield "no link: nothing says what the post's URL is"


def _shown(target: str, rules: Rules) -> str:
    return urls.short(target) if rules.network.link_style is LinkStyle.SHORT else target


def _as_written(text: str, target: str) -> str:
    """The link as the author's own text has it, where that differs by a slash at the end alone."""
    written = (text[slice(*at)] for at in urls.spans(text))
    return next((url for url in written if same_link(url.rstrip("/"), target.rstrip("/"))), target)


def _authored(text: str, target: str, rules: Rules) -> _Text:
    """The author's own text, untouched; the link is appended when it is not in it."""
    for start, end in _links(text, target):
        if same_link(text[start:end], target):
            return _Text(text, (start, end))
    if not target:
        return _Text(text, None)
    before = text.rstrip() + "\n\n"
    shown = _shown(target, rules)
    return _Text(before + shown, (len(before), len(before) + len(shown)))


def _links(text: str, target: str) -> list[tuple[int, int]]:
    """Every URL of a text; the announced one also where its host is none that networks know (an IP address)."""
    found = list(urls.spans(text))
    if target:
        exact = (match.span() for match in re.finditer(re.escape(target) + r"(?![\w/?#&=%~-])", text))
        found += (span for span in exact if not any(start < span[1] and span[0] < end for start, end in found))
    return sorted(found)


def _derived(post: Post, rules: Rules, target: str, tags: tuple[str, ...], reserve: tuple[int, int]) -> _Text:
    """Words taken from the post, as many as fit, in the order of the account's template."""
    asks = drafts.uses(rules.template)
    shown = _shown(target, rules)

    def write(draft: Draft) -> _Text:
        return _placed(template.render(rules.template, _values(draft, post, rules, target), _where(rules)), shown)

    def fits(draft: Draft) -> bool:
        text = write(draft).text
        return not _is_over(text, _length(text, rules) + reserve[0], rules)

    chosen = drafts.choose(
        words.said(post, rules),
        words.content(post, rules) if asks.content else "",
        tags[: rules.hashtags],
        asks,
        rules.limit,
        fits,
    )
    return write(chosen)


def _thread(
    post: Post, rules: Rules, target: str, tags: tuple[str, ...], reserve: tuple[int, int]
) -> tuple[list[_Text], str]:
    """All words of the post, in as many messages as the account allows, the first by its template; and what is unsaid.

    Nothing where the account makes no threads, or where the post has no words beside its title.
    """
    said = words.whole(post, rules) if rules.parts > 1 else None
    if said is None or not said.words:
        return [], ""
    asks = drafts.uses(rules.template)
    shown = _shown(target, rules)
    bare = bool(said.title and asks.title) or not (asks.content or asks.summary)

    def first(text: str, kept: tuple[str, ...]) -> _Text:
        filled = {"content": text} if asks.content else {"summary": text}
        draft = Draft(title=said.title, tags=kept, **filled)
        return _placed(template.render(rules.template, _values(draft, post, rules, target), _where(rules)), shown)

    def fits(text: str, taken: int = reserve[1]) -> bool:
        return not _is_over(text, _length(text, rules) + taken, rules)

    def fits_first(text: str, kept: tuple[str, ...]) -> bool:
        return fits(first(text, kept).text, reserve[0]) and bool(not text or asks.content or asks.summary)

    for count in range(min(len(tags), rules.hashtags), -1, -1):
        kept = tags[:count]
        found = threads.split(said.words, partial(fits_first, kept=kept), fits, rules.parts, bare=bare)
        if (found and found[0]) or not count:
            break
    if not found or not fits_first(found[0], kept):
        return [], ""
    return [first(found[0], kept), *(_Text(text, None) for text in found[1:])], _unsaid(said.words, found)


def _unsaid(text: str, found: list[str]) -> str:
    missing = len(text.split()) - sum(len(message.split()) for message in found)
    return f"the thread ends after {len(found)} parts: {missing} words of the post are not said" if missing > 0 else ""


def _where(rules: Rules) -> str:
    return f"accounts.{rules.account}"


def _values(draft: Draft, post: Post, rules: Rules, target: str) -> dict[str, object]:
    unsaid = hashtags.unsaid(draft.tags, f"{draft.title}\n{draft.summary}\n{draft.content}")
    return {
        "title": draft.title,
        "summary": draft.summary,
        "content": draft.content,
        "url": _PLACE if target else "",
        "hashtags": " ".join(f"#{tag}" for tag in unsaid),
        "tags": list(draft.tags),
        "slug": post.slug,
        "published": post.published,
        "language": post.language or rules.language or "",
        "account": rules.account,
        "network": rules.network.name,
    }


def _placed(rendered: str, shown: str) -> _Text:
    """The words with the link in its place, once; where the template has no place for it, at the end."""
    if not shown:
        return _Text(rendered, None)
    before, place, after = rendered.partition(_PLACE)
    if not place:
        before, after = (f"{before.rstrip()}\n\n" if before.strip() else ""), ""
    elif _PLACE in after:
        after = template.squeezed(f"{_PLACE}{after.replace(_PLACE, '')}").removeprefix(_PLACE)
    return _Text(before + shown + after, (len(before), len(before) + len(shown)))


def _spans(made: _Text, target: str, handles: set[str] | None) -> tuple[Span, ...]:
    """What is live in the words: links, hashtags, and mentions of `handles` (None: of anyone), without overlaps."""
    found: list[Span] = []
    if made.link:
        found.append(Span(*made.link, SpanKind.LINK, target))
    _add(found, (Span(*at, SpanKind.LINK, made.text[slice(*at)]) for at in urls.spans(made.text)))
    _add(found, (Span(a, z, SpanKind.MENTION, name) for a, z, name in mentions.spans(made.text, handles)))
    _add(found, (Span(a, z, SpanKind.TAG, name) for a, z, name in hashtags.spans(made.text)))
    return tuple(sorted(found, key=lambda span: span.start))


def _add(found: list[Span], more: Iterable[Span]) -> None:
    found += (span for span in more if not any(span.start < other.end and other.start < span.end for other in found))
