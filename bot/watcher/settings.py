"""The front matter's `posse` key: what an author asks for one post. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo

from bot.model import PostSettings, Visibility, Words
from bot.watcher import dates, fields
from bot.watcher.values import Unreadable, Value

_KEY = "posse"
_WORDS = ("text", "content_warning", "visibility", "language", "image")
_OWN = (*_WORDS, "accounts", "not_after")
_NONE = PostSettings()


def read(values: Mapping[str, Value], zone: tzinfo) -> PostSettings:
    """Read it. `posse: false` skips the post; `true` and nothing say nothing. A `not_after` day counts to its end.

    Raises `Unreadable` for an unknown key (with the nearest known one) and for a value of the wrong kind.
    """
    if _KEY not in values:
        return _NONE
    table = values[_KEY]
    if not isinstance(table, dict):
        if isinstance(table, list):
            raise Unreadable('"posse" must be false or a table', keys=(_KEY,))
        try:
            return PostSettings(skip=fields.flag(values, _KEY) is False)
        except Unreadable as error:
            raise Unreadable('"posse" must be false or a table of keys such as text', keys=(_KEY,)) from error
    per: dict[str, Words] = {}
    for key, value in table.items():
        if key in _OWN:
            continue
        if not isinstance(value, dict):
            raise _unknown(key, _OWN, (_KEY,))
        for inner in value:
            if inner not in _WORDS:
                raise _unknown(inner, _WORDS, (_KEY, key))
        per[key] = _words(value, (_KEY, key))
    return PostSettings(
        accounts=_accounts(table), not_after=_not_after(table, zone), everywhere=_words(table, (_KEY,)), per=per
    )


def _words(table: Mapping[str, Value], above: tuple[str, ...]) -> Words:
    found = {key: _text(table, key, above) for key in _WORDS}
    visibility = found["visibility"]
    if visibility is not None and visibility not in set(Visibility):
        choices = ", ".join(Visibility)
        message = f'"{".".join(above)}.visibility" must be one of {choices}, and is "{visibility}"'
        raise Unreadable(message, keys=(*above, "visibility"))
    return Words(
        text=found["text"],
        content_warning=found["content_warning"],
        visibility=Visibility(visibility) if visibility is not None else None,
        language=found["language"],
        image=found["image"],
    )


def _text(table: Mapping[str, Value], key: str, above: tuple[str, ...]) -> str | None:
    try:
        return fields.text(table, key) or None
    except Unreadable as error:
        raise Unreadable(f'"{".".join((*above, key))}" must be text', keys=(*above, key)) from error


def _accounts(table: Mapping[str, Value]) -> tuple[str, ...] | None:
    if table.get("accounts") is None:
        return None
    try:
        return fields.names(table, "accounts")
    except Unreadable as error:
        raise Unreadable('"posse.accounts" must be a list of account names', keys=(_KEY, "accounts")) from error


def _not_after(table: Mapping[str, Value], zone: tzinfo) -> datetime | None:
    raw = _text(table, "not_after", (_KEY,))
    if raw is None:
        return None
    try:
        moment = dates.parse(raw, zone)
    except ValueError as error:
        message = f'"posse.not_after": {error}; write 2026-11-27 or 2026-11-27 18:00'
        raise Unreadable(message, keys=(_KEY, "not_after")) from error
    return moment.at if moment.has_time else dates.end_of_day(moment.at, zone)


def _unknown(key: str, known: Iterable[str], above: tuple[str, ...]) -> Unreadable:
    import difflib

    near = difflib.get_close_matches(key, list(known), n=1)
    hint = f'did you mean "{near[0]}"?' if near else f"known are {', '.join(known)}"
    return Unreadable(f'"{".".join((*above, key))}" is no key of the bot; {hint}', keys=(*above, key))
