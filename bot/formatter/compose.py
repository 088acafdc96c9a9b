"""A post and an account's rules in, the finished announcement out. Pure: the same input always gives the same words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.formatter import drafts, hashtags, measure, mentions, template, urls, words
from bot.formatter.drafts import Draft
from bot.formatter.rules import Rules
from bot.keys import announcement_key
from bot.links import same_link
from bot.model import Announcement, Card, Media, Part, Post, PostRef, Span, SpanKind
from bot.networks import LinkStyle, Unit

UNDATED = datetime(2000, 1, 1, tzinfo=UTC)
_PLACE = "\ufdd0"  # a noncharacter where the link will stand


@dataclass(frozen=True, slots=True)
class _Text:
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
    target = link or post.url or ""
    warning = own.content_warning or None
    tags = hashtags.hashtags((*post.tags, *extra_tags) or post.categories, rules.aliases)
    reserve = measure.graphemes(warning) if warning and rules.network.unit is Unit.MASTODON else 0
    if own.text:
        made = _authored(own.text, target, rules)
        spans = _spans(made, target, None if rules.network.mentions else set())
    else:
        made = _derived(post, rules, target, tags, reserve)
        spans = _spans(made, target, {handle.casefold().lstrip("@") for handle in rules.mentions.values()})
    part = Part(made.text, _length(made.text, rules) + reserve, spans)
    return Announcement(
        post=PostRef(post.id, post.slug, post.title, post.url or target, post.published),
        account=rules.account,
        network=rules.network.name,
        round=round,
        key=announcement_key(rules.account, post.id, round),
        url=target,
        parts=(part,),
        limit=rules.limit,
        unit=_unit(rules),
        instant=post.published or instant or UNDATED,
        tags=hashtags.for_record(tags, rules.network.record_tags),
        language=own.language or post.language or rules.language,
        visibility=own.visibility or rules.visibility,
        content_warning=warning,
        card=card,
        media=media[: rules.network.images],
        warnings=(*post.warnings, *_warnings(part, rules, target)),
    )


def over_limit(announcement: Announcement, rules: Rules) -> bool:
    """Whether a part is longer than the network takes, in its own unit or in bytes. Only authors' own text can be."""
    return any(_is_over(part.text, part.length, rules) for part in announcement.parts)


def _is_over(text: str, length: int, rules: Rules) -> bool:
    most_bytes = rules.network.byte_limit
    return length > rules.limit or (most_bytes is not None and measure.utf8(text) > most_bytes)


def _length(text: str, rules: Rules) -> int:
    return measure.length(text, rules.network.unit, rules.url_length)


def _unit(rules: Rules) -> str:
    unit = rules.network.unit.value
    return unit if rules.url_length is None else unit.replace("23", str(rules.url_length))


def _warnings(part: Part, rules: Rules, target: str) -> Iterable[str]:
    if part.length > rules.limit:
        yield f"{part.length - rules.limit} over the limit of {rules.limit}"
    elif _is_over(part.text, part.length, rules):
        yield f"{measure.utf8(part.text)} bytes, over the limit of {rules.network.byte_limit} bytes"
    if not target:
        yield "no link: nothing says what the post's URL is"


def _shown(target: str, rules: Rules) -> str:
    return urls.short(target) if rules.network.link_style is LinkStyle.SHORT else target


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


def _derived(post: Post, rules: Rules, target: str, tags: tuple[str, ...], reserve: int) -> _Text:
    """Words taken from the post, as many as fit, in the order of the account's template."""
    asks = drafts.uses(rules.template)
    shown = _shown(target, rules)

    def write(draft: Draft) -> _Text:
        return _placed(template.render(rules.template, _values(draft, post, rules, target), _where(rules)), shown)

    def fits(draft: Draft) -> bool:
        text = write(draft).text
        return not _is_over(text, _length(text, rules) + reserve, rules)

    chosen = drafts.choose(
        words.said(post, rules),
        words.content(post, rules) if asks.content else "",
        tags[: rules.hashtags],
        asks,
        rules.limit,
        fits,
    )
    return write(chosen)


def _where(rules: Rules) -> str:
    return f"accounts.{rules.account}"


def _values(draft: Draft, post: Post, rules: Rules, target: str) -> dict[str, object]:
    return {
        "title": draft.title,
        "summary": draft.summary,
        "content": draft.content,
        "url": _PLACE if target else "",
        "hashtags": " ".join(f"#{tag}" for tag in draft.tags),
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
