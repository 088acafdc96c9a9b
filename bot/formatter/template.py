"""The template of an account: the default by hand, a person's own by Jinja2 in a sandbox. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from bot.errors import TemplateError
from bot.formatter.rules import DEFAULT_TEMPLATE

if TYPE_CHECKING:
    from jinja2 import Template

NAMES = (
    "title",
    "summary",
    "content",
    "url",
    "hashtags",
    "tags",
    "slug",
    "published",
    "language",
    "account",
    "network",
)
_DEFAULT_ORDER = ("title", "summary", "url", "hashtags")


def render(template: str, values: Mapping[str, Any], where: str) -> str:
    """The words that a template makes of `values`, which has every name of `NAMES`; empty parts leave no blank lines.

    Raises `TemplateError` that names `where` and the line.
    """
    if template == DEFAULT_TEMPLATE:
        return "\n\n".join(str(values[name]) for name in _DEFAULT_ORDER if values[name])
    from jinja2 import TemplateError as JinjaError

    try:
        made = _compiled(template).render(values)
    except JinjaError as error:
        raise TemplateError(_sentence(error, where)) from error
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
        raise TemplateError(f"{where}: line {_line(error)} of the template fails: {error}") from error
    return squeezed(made)


def squeezed(text: str) -> str:
    """The text without white space at the ends of lines and without more than one blank line between two."""
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[^\S\n]+\n", "\n", text)).strip()


@cache
def _compiled(template: str) -> Template:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    # Posts are plain text, not HTML: escaping would put entities into them.
    return ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False).from_string(template)


def check_template(template: str, where: str) -> str | None:
    """A sentence on what is wrong with a template of `where`, None when it is sound."""
    if template == DEFAULT_TEMPLATE:
        return None
    from difflib import get_close_matches

    from jinja2 import TemplateError as JinjaError
    from jinja2 import meta
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(autoescape=True)
    try:
        unknown = sorted(meta.find_undeclared_variables(environment.parse(template)) - set(NAMES) - {"range", "dict"})
        _compiled(template)
    except JinjaError as error:
        return _sentence(error, where)
    if not unknown:
        return None
    near = get_close_matches(unknown[0], NAMES, 1)
    hint = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(NAMES)}"
    line = template[: template.index(unknown[0])].count("\n") + 1
    return f"{where}: line {line} of the template names the unknown '{unknown[0]}'; {hint}"


def _sentence(error: Exception, where: str) -> str:
    return f"{where}: line {_line(error)} of the template: {getattr(error, 'message', None) or error}"


def _line(error: BaseException) -> int:
    """The template's line at fault, which Jinja2 writes into the traceback of what fails on rendering."""
    if isinstance(number := getattr(error, "lineno", None), int):
        return number
    line = 1
    trace = error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
