from __future__ import annotations

import hashlib

import pytest

from bot.watcher.words import text_hash


@pytest.mark.parametrize("other", ["one two three", "*One* two,\n\nTHREE!", "> one_two_three", "one “two” — three…"])
def test_only_letters_and_digits_count(other: str) -> None:
    """White space, markup, punctuation and case change nothing."""
    assert text_hash(other) == hashlib.sha256(b"onetwothree").hexdigest()


@pytest.mark.parametrize(("one", "other"), [("Straße", "STRASSE"), ("ÉTÉ 1", "été, 1")])
def test_case_is_folded_in_every_script(one: str, other: str) -> None:
    """Two spellings that differ in case only are one."""
    assert text_hash(one) == text_hash(other)


@pytest.mark.parametrize(("one", "other"), [("one", "two"), ("日本", "日本語"), ("a1", "a2")])
def test_other_words_have_another_hash(one: str, other: str) -> None:
    """A letter or a digit more is another text."""
    assert text_hash(one) != text_hash(other)


@pytest.mark.parametrize("body", ["", " \n", "***", "— …"])
def test_no_words_have_no_hash(body: str) -> None:
    """So that empty bodies are not taken for each other."""
    assert text_hash(body) == ""
