from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.formatter.code_spans import code, outside


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a `b` c", ["`b`"]),
        ("a ``b ` c`` d", ["``b ` c``"]),
        ("a ` b `` c ` d", ["` b `` c `"]),
        ("a `` b ` c", []),
        ("```py\nx = 1\n```\nWords `y`.", ["```py\nx = 1\n```", "`y`"]),
        ("~~~\n```\n~~~~\nWords.", ["~~~\n```\n~~~~"]),
        ("```\nnever closed\n\nto the end", ["```\nnever closed\n\nto the end"]),
        ("```\na\n``` b\n```\nWords.", ["```\na\n``` b\n```"]),
        ("``` a ``` is a span", ["``` a ```"]),
        ("    ```\n    code by its indent\n", []),
        ("", []),
    ],
)
def test_code_is_found_as_commonmark_has_it(text: str, found: list[str]) -> None:
    """Blocks by their fences, spans by runs of backticks of one length; what is never closed is text, or to the end."""
    assert found == [text[start:end] for start, end in code(text)]


@given(st.text(alphabet="`~ \na", max_size=60))
def test_all_else_is_changed(text: str) -> None:
    """What is changed and what is code make up the text, each piece once and in its order."""
    assert text == outside(text, lambda piece: piece)
    spans = list(code(text))
    assert all(start < end for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
