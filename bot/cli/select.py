"""From the name a person typed to the posts that a plan is asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from bot import lookup, report
from bot.app import App
from bot.errors import PostNotFound
from bot.model import PostId
from bot.pipeline import Select, entries
from bot.planner import Asked, LeftOut, Plan, Planned
from bot.store.base import ReadOnlyStore
from bot.survey import Survey

# Reasons that a person's wish does not override, and the way out of each.
WAYS_OUT = {
    "draft": "publish it first: take `draft: true` (or `published: false`) out of its front matter",
    "future": "wait for its date, or change it",
    "opted_out": "take `posse: false` out of its front matter",
    "invalid": "mend what it says, then try again",
    "leftover": "mend the post, or `posse release {slug}` if the words are meant so",
    "alt_missing": "give the picture an alt text, or `posse release {slug}`",
    "manual": "post it there yourself, then `posse resolve ID --sent URL` (`posse status` shows the ID)",
    "identity": "`posse release {slug}` if it is a new post, `posse skip {slug}` if it is the old one",
    "duplicate": "give it an address of its own, or `posse skip {slug}`",
}


def asked_for(
    names: tuple[str, ...], accounts: frozenset[str] | None, *, again: bool = False, root: Path | None = None
) -> Select:
    """Return the function that finds `names` among the posts. It raises `PostNotFound`.

    A name that is a file, seen from here, is meant as that file, wherever the configuration (in `root`) lies.
    """
    names = tuple(_from_root(name, root) for name in names)

    def select(store: ReadOnlyStore, survey: Survey) -> Asked:
        known = entries(store, survey)
        return Asked(frozenset(_find(name, known, survey).id for name in names), accounts, again)

    return select


def _from_root(name: str, root: Path | None) -> str:
    path = Path(name)
    if root is None or "://" in name or not path.is_file():
        return name
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return name


def _find(name: str, known: Sequence[lookup.Entry], survey: Survey) -> lookup.Entry:
    """Find one post; a file that is there but cannot be read says why."""
    try:
        return lookup.find(name, known)
    except PostNotFound as error:
        wanted = _undated(PurePosixPath(name).stem)
        bad = [problem for problem in survey.problems if _undated(PurePosixPath(problem.path).stem) == wanted]
        if not bad:
            raise
        lines = "\n".join(f"  {report.problem_line(problem)}" for problem in bad)
        raise PostNotFound(f'"{name}" cannot be read:\n{lines}') from error


def _undated(stem: str) -> str:
    """A file's name without the date before it: what its slug would be."""
    return re.sub(r"^\d{4}-\d\d?-\d\d?-", "", stem)


def refusals(plan: Plan) -> list[str]:
    """Return a sentence for everything that a person's wish did not override."""
    lines = []
    judged: list[Planned | LeftOut] = [*plan.planned, *plan.left_out]
    for entry in judged:
        reason = str(entry.reason if isinstance(entry, LeftOut) else entry.hold or "")
        if reason in WAYS_OUT:
            way = WAYS_OUT[reason].format(slug=entry.post.slug)
            lines.append(f"{entry.account}: {entry.post.slug}: {reason}: {entry.detail}. To go on: {way}.")
    return lines


def one(run: App, store: ReadOnlyStore, name: str) -> tuple[PostId, Survey]:
    """Return the one post that answers to `name`, and the survey it was found in. Raises `PostNotFound`."""
    survey, asked = run.pipeline.survey(store, run.clock(), asked_for((name,), None, root=run.config.root))
    return next(iter(asked.posts if asked else ())), survey
