"""How X counts, held against the published conformance cases of twitter-text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.formatter import measure, x_text

DATA = Path(__file__).parents[1] / "data" / "twitter-text"
# Emoji put together of several count 2 since configuration v3; these cases are of v2, where each part did.
OF_V2 = (
    "Count a mix of single byte single word",
    "Count unicode emoji chars outside the basic multilingual plane with",
)


def cases(name: str, *groups: str) -> list[Any]:
    """The cases of some groups of a file, each named as there."""
    tests = yaml.safe_load((DATA / name).read_text("utf-8"))["tests"]
    return [pytest.param(case, id=f"{group}-{case['description']}") for group in groups for case in tests[group]]


WEIGHTED = [
    case
    for case in cases(
        "validate.yml",
        "WeightedTweetsCounterTest",
        "WeightedTweetsWithDiscountedEmojiCounterTest",
        "UnicodeDirectionalMarkerCounterTest",
    )
    if not (str(case.id).startswith("WeightedTweetsCounterTest") and case.values[0]["description"].startswith(OF_V2))
]


@pytest.mark.parametrize("case", WEIGHTED)
def test_the_weighted_length_is_the_published_one(case: Any) -> None:
    """Every published case of configuration v3 weighs what it should."""
    assert case["expected"]["weightedLength"] == measure.x(case["text"])


def test_the_cases_are_all_there() -> None:
    """Only the two cases of configuration v2 are left out."""
    assert 42 == len(WEIGHTED)


@pytest.mark.parametrize("case", cases("extract.yml", "urls", "tco_urls_with_params"))
def test_the_urls_are_the_published_ones(case: Any) -> None:
    """Every published case holds the URLs that it should."""
    text = case["text"]
    assert case["expected"] == [text[start:end] for start, end in x_text.urls(text)]


@pytest.mark.parametrize("case", cases("extract.yml", "urls_with_indices", "urls_with_directional_markers"))
def test_the_urls_stand_where_they_should(case: Any) -> None:
    """Every published case holds its URLs in their places."""
    assert [url["indices"] for url in case["expected"]] == [list(place) for place in x_text.urls(case["text"])]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("©", 1),
        ("©️", 2),
        ("🏴󠁧󠁢󠁳󠁣󠁴󠁿", 2),
        ("1️⃣", 2),
        ("🇨🇭🇺🇦", 4),
        ("👩🏽‍🚀", 2),
        ("❤️‍🔥", 2),
        ("12", 2),
        ("https://micro.webology.dev/2024/06/19/follow-black-python.html", 23),
        ("https://example.com/日本", 27),
        ("Node.js", 7),
    ],
)
def test_what_the_cases_leave_open(text: str, expected: int) -> None:
    """An emoji weighs 2 however it is put together; a path ends where X ends it."""
    assert expected == measure.x(text)


@pytest.mark.parametrize("text", ["a." * 20000, "https://" + "a." * 20000, "x@a.b" * 9000, "日本" * 20000 + ".com"])
def test_hostile_text_is_read_in_about_linear_time(text: str) -> None:
    """No text makes the reader search the same stretch again and again (the test would hang)."""
    assert measure.x(text) > 0
