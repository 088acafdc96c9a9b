from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.watcher import plain_yaml, yaml_parser

_PIECES = st.sampled_from(
    [
        *("title: ", "a", ":", " ", "#", "- ", "-", "'", '"', "[", "]", ",", "{", "\n", "tags:\n", "  - x\n", "- y\n"),
        *("null", "~", "\t", "é", "💜", "&", "*", "|", ">", "%", "date: 2024-01-01 10:00\n", "0123", "\x85", "\u2028"),
        *("http://x.y/z", "\\", "<<: a\n", "k: [a, b c]\n", "k: 'x'\n", 'k: "y z"\n', "k: v\n", "# c\n", "\n\n"),
    ]
)


@given(st.lists(_PIECES, max_size=9).map("".join))
def test_what_it_reads_it_reads_as_the_parser_does(text: str) -> None:
    """Whatever is written: the same table, or it is left to the parser."""
    found = plain_yaml.load(f"{text}\n")
    if found is not None:
        assert yaml_parser.load(f"{text}\n") == found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("title: It's 12:30, isn't it?\n", {"title": "It's 12:30, isn't it?"}),
        ("tags: [one, two words]\nat: 2024-06-19T18:47Z\n", {"tags": ["one", "two words"], "at": "2024-06-19T18:47Z"}),
        ("tags:\n- one\n- a b\nx:\n  - x\n\n# why\ns: ~\n", {"tags": ["one", "a b"], "x": ["x"], "s": None}),
        ("a: 'x' \nb: \"\"\nc:\n", {"a": "x", "b": "", "c": None}),
        ("title: What is: no\n", None),
        ("posse:\n  text: a\n", None),
        ("a: >\n  folded\n", None),
        ("a: b\n  goes on\n", None),
        ("a: b # why\n", None),
    ],
)
def test_the_usual_shapes(text: str, expected: dict[str, object] | None) -> None:
    """Flat front matter is read here; nested tables, folded text, comments behind a value and riddles are not."""
    assert expected == plain_yaml.load(text)
