from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.watcher import permalink
from bot.watcher.permalink import PRESETS, PermalinkError, Place, UndatedError

PLACE = Place(
    slug="Follow-them_Now",
    name="Follow-them_Now",
    title="Follow them!",
    folders=("deep",),
    sections=("posts",),
    categories=("Garden", "Small Things"),
    at=datetime(2024, 6, 9, 8, 7, 5, tzinfo=ZoneInfo("America/Chicago")),
)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("/:year/:month/:day/:title/", "/2024/06/09/Follow-them_Now/"),
        ("/:year/:title.html", "/2024/Follow-them_Now.html"),
        ("/:short_year-:i_month-:i_day/:slug", "/24-6-9/follow-them-now"),
        ("/:categories/:title/", "/garden/small%20things/Follow-them_Now/"),
        ("/:slugified_categories/:title/", "/garden/small-things/Follow-them_Now/"),
        ("/:path/", "/deep/Follow-them_Now/"),
        ("/:y_day/:hour:minute:second/", "/161/080705/"),
        ("/:short_month/:long_month/:short_day/:w_day/:week/", "/Jun/June/Sun/7/23/"),
        (":year/:slug/index.html", "/2024/follow-them-now/"),
        ("/blog//:year_in_review/", "/blog/2024_in_review/"),
        (PRESETS["jekyll"], "/garden/small%20things/2024/06/09/Follow-them_Now.html"),
        (PRESETS["hugo"], "/posts/deep/follow-them_now/"),
        (PRESETS["eleventy"], "/posts/deep/Follow-them_Now/"),
        (PRESETS["pelican"], "/follow-them.html"),
        ("/é/%C3%A9/100%/", "/%C3%A9/%C3%A9/100%25/"),
    ],
)
def test_placeholders_are_filled_as_the_generators_do(pattern: str, expected: str) -> None:
    """Each placeholder means what it means to Jekyll, and the path is percent-encoded, with one slash at a time."""
    assert expected == permalink.expand(pattern, PLACE)


def test_empty_categories_leave_no_double_slash() -> None:
    """A placeholder with nothing in it takes its slash along."""
    assert permalink.expand("/:categories/:title/", Place(slug="a", name="a")) == "/a/"


@pytest.mark.parametrize(
    ("slug", "expected"),
    [
        ("crème brûlée", "/cr%C3%A8me-br%C3%BBl%C3%A9e/"),
        ("हिन", "/%E0%A4%B9%E0%A4%BF%E0%A4%A8/"),
    ],
)
def test_letters_beyond_ascii_are_kept_with_their_marks(slug: str, expected: str) -> None:
    """A slug in any script is percent-encoded whole, vowel signs included."""
    assert expected == permalink.expand("/:slug/", Place(slug=slug, name=slug))


def test_a_pattern_that_needs_a_date_says_so() -> None:
    """Without a date, `:year` cannot be filled."""
    with pytest.raises(UndatedError, match="needs a date"):
        permalink.expand("/:year/:title/", Place(slug="a", name="a"))


@pytest.mark.parametrize("pattern", ["/:titel/", "/:yeer_x/", "/{{ title | slugify }}/"])
def test_what_nobody_can_fill_is_refused(pattern: str) -> None:
    """An unknown placeholder or a generator's template is an error, never left in an address."""
    with pytest.raises(PermalinkError):
        permalink.expand(pattern, PLACE)
    assert permalink.pattern_problem(pattern) is not None


@pytest.mark.parametrize("pattern", [*PRESETS, "/:year/:title/", "posts/:slug.html"])
def test_presets_and_patterns_are_in_order(pattern: str) -> None:
    """The name of a generator and every sound pattern pass the check."""
    assert permalink.pattern_problem(pattern) is None


@pytest.mark.parametrize("pattern", ["jekyl", "https://example.com/:title/"])
def test_what_is_neither_is_named(pattern: str) -> None:
    """A misspelt preset, or a whole URL, is told with the names there are."""
    assert "jekyll" in str(permalink.pattern_problem(pattern))
