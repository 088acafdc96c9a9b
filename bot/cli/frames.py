"""Announcements as a person sees them: in a frame on a terminal, in plain lines elsewhere."""

from __future__ import annotations

from bot import report
from bot.cli.options import out, wants_color, wants_looks
from bot.model import Announcement, Media, SpanKind


def show(made: Announcement, note: str = "") -> None:
    """Write one announcement as it will read, with its length, links, card and warnings; `note` says why not now."""
    if wants_looks():
        _framed(made, note)
    else:
        _plain(made, note)


def _head(made: Announcement) -> str:
    again = f", round {made.round}" if made.round > 1 else ""
    return f"{made.account} ({made.network}{again})"


def _length(made: Announcement) -> str:
    return ", ".join(f"{part.length}/{made.limit}" for part in made.parts)


def _facts(made: Announcement) -> list[tuple[str, str]]:
    facts = [("length", f"{_length(made)} {made.unit}")]
    facts += [
        ("link", _link(part.text[span.start : span.end], span.target))
        for part in made.parts
        for span in part.spans
        if span.kind is SpanKind.LINK
    ]
    if made.card:
        about = f" · {made.card.description}" if made.card.description else ""
        picture = " · with a picture" if made.card.thumbnail else ""
        facts.append(("card", " ".join(f"{made.card.title}{about}{picture}".split())))
    facts += [("picture", _picture(medium)) for medium in made.media]
    if made.tags:
        facts.append(("tags", ", ".join(made.tags)))
    if made.content_warning:
        facts.append(("content warning", made.content_warning))
    if made.language:
        facts.append(("language", made.language))
    if made.visibility != "public":
        facts.append(("visibility", made.visibility))
    if made.cost is not None:
        facts.append(("cost", f"${made.cost:.3f}"))
    return facts + [("warning", warning) for warning in made.warnings]


def _picture(medium: Media) -> str:
    alt = medium.alt or ("decorative" if medium.decorative else "no alt text")
    kilobytes = -(-len(medium.data) // 1000)
    kind = medium.mime.removeprefix("image/").upper()
    return f"{medium.source} · {medium.width} × {medium.height} {kind}, {kilobytes} kB · {alt}"


def _link(shown: str, target: str) -> str:
    return target if shown == target else f"{shown} → {target}"


def _plain(made: Announcement, note: str) -> None:
    out(f"── {_head(made)}{f' · {note}' if note else ''}")
    for number, part in enumerate(made.parts, 1):
        if number > 1:
            out(f"   ·· {number} of {len(made.parts)}")
        out(report.indent([part.text], "   "))
    out("   ·")
    for name, value in _facts(made):
        out(f"   {name}: {value}")
    out("")


def _framed(made: Announcement, note: str) -> None:
    from rich.console import Console, Group
    from rich.panel import Panel
    from rich.rule import Rule
    from rich.text import Text

    console = Console(highlight=False, no_color=not wants_color())
    body: list[object] = []
    for part in made.parts:
        text = Text(part.text)
        for span in part.spans:
            text.stylize("cyan underline" if span.kind is SpanKind.LINK else "cyan", span.start, span.end)
        body += ([Rule(style="dim")] if body else []) + [text]
    body.append(Rule(style="dim"))
    if note:
        body.append(Text(note, style="yellow"))
    for name, value in _facts(made):
        body.append(Text(f"{name}: {value}", style="yellow" if name == "warning" else "dim"))
    short = f" · {note.partition(':')[0]}" if note else ""
    title = Text(f"{_head(made)}{short}", style="bold")
    console.print(
        Panel(
            Group(*body),  # type: ignore[arg-type]  # all of them are renderable
            title=title,
            subtitle=_length(made),
            title_align="left",
            subtitle_align="right",
            width=min(console.width, 80),
        )
    )
