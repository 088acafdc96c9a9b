"""Lines for people and JSON for scripts. Pure: values in, text or plain tables out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.formatter.by_hand import words
from bot.model import Announcement, Delivery, Media, Post, PostRef, Problem, Reason, SpanKind, State
from bot.networks import NETWORKS, Guarantee
from bot.planner import LeftOut, Plan, Planned


def instant(value: datetime | None) -> str | None:
    """Return an instant as JSON has it: UTC, whole seconds unless it has a fraction."""
    if value is None:
        return None
    text = value.astimezone(UTC).isoformat()
    return text.replace("+00:00", "Z")


def post_json(post: Post | PostRef) -> dict[str, Any]:
    """Return the five facts that name a post."""
    return {
        "id": post.id,
        "slug": post.slug,
        "title": post.title,
        "url": post.url or None,
        "published": instant(post.published),
    }


def announcement_json(made: Announcement) -> dict[str, Any]:
    """Return an announcement as `preview --json` shows it."""
    card = made.card and {
        "url": made.card.url,
        "title": made.card.title,
        "description": made.card.description,
        "image": bool(made.card.thumbnail),
        "alt": made.card.thumbnail.alt if made.card.thumbnail else None,
    }
    return {
        "post": post_json(made.post),
        "account": made.account,
        "network": made.network,
        "round": made.round,
        "text": made.text,
        "length": max((part.length for part in made.parts), default=0),
        "limit": made.limit,
        "unit": made.unit,
        "parts": [{"text": part.text, "length": part.length} for part in made.parts],
        "links": [
            {"text": part.text[span.start : span.end], "uri": span.target}
            for part in made.parts
            for span in part.spans
            if span.kind is SpanKind.LINK
        ],
        "tags": list(made.tags),
        "language": made.language,
        "visibility": made.visibility,
        "content_warning": made.content_warning,
        "card": card,
        "media": [media_json(medium) for medium in made.media],
        "cost": made.cost,
        "warnings": list(made.warnings),
    }


def media_json(medium: Media) -> dict[str, Any]:
    """Return a picture as it is sent; `alt` is null where there is none, and empty where it is decorative."""
    return {
        "source": medium.source,
        "alt": medium.alt if medium.alt or medium.decorative else None,
        "mime": medium.mime,
        "width": medium.width,
        "height": medium.height,
        "bytes": len(medium.data),
    }


def plan_json(plan: Plan, problems: Sequence[Problem], failures: Mapping[str, str]) -> dict[str, Any]:
    """Return a plan as `preview --json` shows it: what would go out now, and the reason for all the rest."""
    return {
        "plan": [announcement_json(entry.announcement) for entry in plan.sendable()],
        "left_out": [left_out_json(entry) for entry in kept_back(plan)],
        "problems": [problem_json(problem) for problem in problems],
        "failures": failures_json(failures),
    }


def failures_json(failures: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the sources that cannot be read, and why."""
    return [{"source": name, "message": why} for name, why in failures.items()]


def kept_back(plan: Plan) -> list[LeftOut | Planned]:
    """Return everything that would not go out now, waiting and held announcements among it."""
    return [*(entry for entry in plan.planned if entry.hold or entry.wait), *plan.left_out]


def left_out_json(entry: LeftOut | Planned) -> dict[str, Any]:
    """Return one post that is left out on one account, with its words where they are made."""
    found: dict[str, Any] = {
        "post": post_json(entry.post),
        "account": entry.account,
        "reason": str(reason_of(entry)),
        "detail": entry.detail,
        "until": instant(entry.until),
    }
    if isinstance(entry, Planned):
        found["text"] = entry.announcement.text
    return found


def reason_of(entry: LeftOut | Planned) -> str:
    """Return why it does not go out now."""
    return str(entry.reason if isinstance(entry, LeftOut) else entry.hold or entry.wait)


def problem_json(problem: Problem) -> dict[str, Any]:
    """Return one bad file or entry."""
    return {"path": problem.path, "line": problem.line, "message": problem.message}


def problem_line(problem: Problem) -> str:
    """Return one bad file or entry as a line."""
    return f"{problem.path}:{problem.line}: {problem.message}" if problem.line else f"{problem.path}: {problem.message}"


def delivery_json(delivery: Delivery) -> dict[str, Any]:
    """Return a delivery as `post`, `run --once` and `status` show it; one to be posted by hand with words and link."""
    by_hand, link = delivery.state == "held" and delivery.reason is Reason.MANUAL, delivery.detail or ""
    return {
        "id": delivery.id,
        "post": post_json(delivery.post),
        "account": delivery.account,
        "round": delivery.round,
        "state": str(delivery.state),
        "reason": str(delivery.reason) if delivery.reason else None,
        "detail": delivery.detail,
        "url": delivery.receipt.url if delivery.receipt else None,
        "remote_id": delivery.receipt.remote_id if delivery.receipt else None,
        "attempts": delivery.attempts,
        "error": delivery.error,
        "text": words(delivery.announcement) if by_hand and delivery.announcement else None,
        "compose_url": link if by_hand and link.startswith("http") else None,
        "not_before": instant(delivery.not_before),
        "updated_at": instant(delivery.updated_at),
    }


def delivery_lines(deliveries: Iterable[Delivery], most: int = 10) -> Iterator[str]:
    """Return a line for each delivery; of those that wait alike on one account at most `most`, and how many more."""
    alike: Counter[tuple[str, State, Reason | None]] = Counter()
    for delivery in deliveries:
        if delivery.state in (State.HELD, State.DUE):
            kind = (delivery.account, delivery.state, delivery.reason)
            alike[kind] += 1
            if alike[kind] > most:
                continue
        yield delivery_line(delivery)
    for (account, state, reason), number in alike.items():
        if number > most:
            why = f": {reason}" if reason else ""
            way = "\n           `posse release --all` lets all go that are held" if state is State.HELD else ""
            yield f"{state:<9}  {account}: {number - most:,} more like the last{why}; `--json` names them{way}"


def delivery_line(delivery: Delivery) -> str:
    """Return a delivery as a line: where it stands, what it is, and what to do about it."""
    name = delivery.post.title or delivery.post.slug
    again = f" (round {delivery.round})" if delivery.round > 1 else ""
    head = f"{delivery.state:<9}  {delivery.account}: {name}{again}"
    if delivery.receipt:
        return f"{head}\n           {delivery.receipt.url or delivery.receipt.remote_id}"
    tail = delivery.error or delivery.detail
    reason = f"{delivery.reason}" if delivery.reason else ""
    if delivery.reason is Reason.MANUAL and delivery.announcement:
        head += f"\n{indent([words(delivery.announcement)], ' ' * 13)}"
    why = ": ".join(part for part in (reason, tail) if part)
    lines = [head] + ([f"           {why}"] if why else [])
    if next_step := advice(delivery):
        lines.append(f"           {next_step}")
    return "\n".join(lines)


def advice(delivery: Delivery) -> str:
    """Return the command that resolves a delivery that waits for a person."""
    slug = delivery.post.slug or delivery.post.id
    if delivery.state == "held" and delivery.reason is Reason.MANUAL:
        return (
            f"post it there yourself, then `posse resolve {delivery.id} --sent URL`;"
            f" `posse skip {slug}` never announces it"
        )
    if delivery.state == "held" and delivery.reason is Reason.INVALID:
        return f"mend the post and it goes by itself; `posse skip {slug}` never announces it"
    looks = "only you can see whether it is there" if is_blind(delivery) else "it is looked for; or say what you see"
    commands = {
        "held": f"`posse release {slug}` lets it go, `posse skip {slug}` never announces it",
        "failed": f"`posse retry {slug}` tries again, `posse skip {slug}` gives it up",
        "uncertain": f"{looks}: `posse resolve {delivery.id} --sent URL | --not-sent`",
    }
    return commands.get(delivery.state, "")


def is_blind(delivery: Delivery) -> bool:
    """Whether nobody but a person can look for it: its network shows a program nothing."""
    facts = NETWORKS.get(delivery.announcement.network) if delivery.announcement else None
    return facts is not None and facts.guarantee is Guarantee.ASK


def count(number: int, noun: str) -> str:
    """Return "1 post", "2 posts"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def until_line(until: datetime | None, zone: Any) -> str:
    """Return " until 2026-01-31 14:05" in the person's zone, or nothing."""
    return f" until {until.astimezone(zone):%Y-%m-%d %H:%M:%S}" if until else ""


def indent(lines: Iterable[str], by: str = "  ") -> str:
    """Return lines moved to the right."""
    return "\n".join(f"{by}{line}" if line else "" for text in lines for line in text.split("\n"))
