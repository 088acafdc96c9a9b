"""Mojibake is mended where the round trip proves it, and nothing else is touched."""

from __future__ import annotations

import ftfy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.formatter.repair import _read_back, repair

SEED_SHAPED = """---
title: {title}
slug: follow-black-python-devs-on-juneteenth
tags:
---

If you haven{apostrophe}t heard about it, here is why.
"""


def _misread(text: str, encoding: str) -> str:
    return "".join(
        bytes([byte]).decode(encoding) if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else chr(byte)
        for byte in text.encode()
    )


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize(
    "text",
    [
        "💜 Follow Black Python Devs on Juneteenth",
        "If you haven’t heard “about” it — naïve café",
        "São Paulo à noite",
        "Привет, мир",
        "日本語",
        "One line’s\nand’s another",
    ],
)
def test_damage_is_undone(text: str, encoding: str, times: int) -> None:
    """Text that was misread once or twice comes back as it was typed, curly quotes curly."""
    damaged = text
    for _ in range(times):
        damaged = _misread(damaged, encoding)
    assert repair(damaged) == (text, True)


@pytest.mark.parametrize(
    "text",
    [
        "plain ASCII",
        "it’s “fine” — 💜…",
        "São Paulo, IRÃO, naïve, Ã",
        "CAFÉ» «VOILÀ» “SOFÁ” NESTLÉ® AÇÃO…",
        "ещё… «её» — ё",
        "日本語\r\nTom &amp; Jerry\x85e\u0301 ﬁ ｆｕｌｌ",
        "The bytes `Ã©` are an é read wrongly.",
        "```\nâ€™ is mojibake\n```\nA post that talks about it.",
    ],
)
def test_sound_text_is_left_alone(text: str) -> None:
    """Accents, quotes, entities, line breaks and mojibake shown in code stay as they are."""
    assert repair(text) == (text, False)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Привет — «Иван», №5", "cp1251"),
        ("Привет — «Иван», №5", "cp866"),
        ("Łódź, żółć, ęąśźć", "cp1250"),
        ("Καλημέρα κόσμε", "cp1253"),
    ],
)
def test_damage_by_an_encoding_of_another_script_is_undone(text: str, encoding: str) -> None:
    """Where every letter of a line is two of those that UTF-8 makes, it was misread."""
    damaged = "".join(bytes([byte]).decode(encoding, "ignore") or chr(byte) for byte in text.encode())
    assert repair(f"a\n{damaged}") == (f"a\n{text}", True)


@pytest.mark.parametrize(
    "text",
    [
        "РІК — «Різдво», РОСІЯ: «ВСЁ»…",
        "Сё… Рі",
        "ΞΕΝΟΔΟΧΕΙΟ «ΟΛΑ» ΟΧΙ…",
        "╔═╤═╗ ║ ╟─╨─╢",
        "ĂŞI ĂŠTI Ş",
        "“IRMÃ” — PÉ® — SÓ…",
    ],
)
def test_other_scripts_are_left_alone(text: str) -> None:
    """What a person may have typed is not damage."""
    assert repair(text) == (text, False)


@pytest.mark.parametrize(
    ("damaged", "meant"),
    [
        ("He said â€œhello worldâ€ and left.", "He said “hello world” and left."),
        ("â€œhiâ€", "“hi”"),
        ("Ã¢â‚¬Å“lostÃ¢â‚¬ twice", "“lost” twice"),
    ],
)
def test_a_closing_quote_that_lost_its_last_byte_is_mended(damaged: str, meant: str) -> None:
    """Its third byte has no character in cp1252, and many a program drops it: it is no dagger."""
    assert repair(damaged) == (meant, True)


def test_a_sound_word_beside_damage_is_neither_hindrance_nor_harmed() -> None:
    """Damage is undone by runs: a good accent, quote or emoji in the line stays."""
    assert repair("naïve ’ok’ 💜 but donâ€™t, cafÃ©") == ("naïve ’ok’ 💜 but don’t, café", True)


def test_a_whole_file_can_be_parsed_after_repair() -> None:
    """Front matter with C1 control characters, which YAML refuses, is mended with the rest of the file."""
    damaged = SEED_SHAPED.format(title="ð\x9f\x92\x9c Follow", apostrophe="â\x80\x99")
    assert repair(damaged) == (SEED_SHAPED.format(title="💜 Follow", apostrophe="’"), True)


def test_code_is_mended_where_the_words_were_damaged_too() -> None:
    """Damage around it proves that the code was damaged with it."""
    assert repair("donâ€™t `cafÃ©`") == ("don’t `café`", True)


def test_lone_windows_characters_are_decoded() -> None:
    """A C1 control is the Windows character that it was; the line break 85 alone is left."""
    assert repair("It\x92s so") == ("It’s so", True)
    assert repair("日\x85It\x92s") == ("日\x85It’s", True)


_DAMAGED = st.sampled_from("’“”—–…•💜🔧🚲éèêëáàâäíïóöôõøúüñçß£©«»°").map(
    lambda char: char.encode().decode("sloppy-windows-1252")
)


@given(
    st.lists(st.one_of(_DAMAGED, st.sampled_from([*"abc XYZ.,:'\"(-\x85\xa0", "é", "’", "Ã", "â€", "💜"])), max_size=12)
)
def test_the_short_way_says_what_ftfy_says(pieces: list[str]) -> None:
    """What is written back without ftfy is what ftfy makes of it."""
    line = "".join(pieces)
    config = ftfy.TextFixerConfig(
        restore_byte_a0=False, replace_lossy_sequences=False, fix_c1_controls=False, explain=False, unescape_html=False
    )
    short = _read_back(line)
    assert short is None or ftfy.fix_encoding(line, config) == ftfy.fix_encoding(short, config)


def test_the_short_way_is_taken_for_the_usual_damage() -> None:
    """Quotes, emoji and accents read as cp1252 need no ftfy."""
    assert _read_back("ðŸ’œ itâ€™s a cafÃ©") == "💜 it’s a café"
