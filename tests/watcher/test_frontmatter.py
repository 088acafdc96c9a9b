from __future__ import annotations

import pytest

from bot.watcher.frontmatter import Matter, cut, line_of, load
from bot.watcher.values import Unreadable, Value


def read(text: str) -> Matter:
    return load(cut(text))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("k: No", "No"),
        ("k: 0123", "0123"),
        ("k: 12:30", "12:30"),
        ("k: 1_000", "1_000"),
        ("k: 2024-06-19", "2024-06-19"),
        ("k: '~'", "~"),
        ("k: ~", None),
        ("k: null", None),
        ("k:", None),
        ("k: [on, 2024, ~]", ["on", "2024", None]),
        ("k: {a: yes}", {"a": "yes"}),
        ("k: !ruby/object:Thing {a: 1}", {"a": "1"}),
        ("k: one\nk: two", "two"),
    ],
)
def test_yaml_comes_out_as_it_was_written(line: str, expected: Value) -> None:
    """No value becomes a number, a truth value or a date; of two equal keys the last holds."""
    assert expected == read(f"---\n{line}\n---\n").values["k"]


@pytest.mark.parametrize(
    "text",
    [
        "---\ntitle: A\n---\nbody",
        "---\ntitle: A\n...\nbody",
        "---  \ntitle: A\n---\t\n\nbody\n",
        "\n\n---\nTitle: A\n---\nbody",
        '+++\ntitle = "A"\n+++\nbody',
        '---toml\ntitle = "A"\n---\nbody',
        '{"title": "A"}\n\nbody',
        '{\n  "title": "A"\n}\nbody',
        ';;;\n{"title": "A"}\n;;;\nbody',
        '---json\n{"title": "A"}\n---\nbody',
        "Title: A\n\nbody",
    ],
)
def test_every_kind_of_front_matter_is_told_from_the_body(text: str) -> None:
    """YAML, TOML, JSON and Pelican's lines give the same title and body."""
    matter = read(text)
    assert (matter.values, matter.body, matter.found) == ({"title": "A"}, "body", True)


def test_toml_and_json_values_come_out_as_text() -> None:
    """Dates, numbers and truth values of typed formats are text too."""
    toml = '+++\nd = 2024-06-19T10:00:00-05:00\nn = 1.50\nf = false\nx = """\n---\n"""\n+++\n'
    assert read(toml).values == {"d": "2024-06-19T10:00:00-05:00", "n": "1.50", "f": "false", "x": "---\n"}
    assert read('{"n": 1.50, "t": true, "z": null}').values == {"n": "1.50", "t": "true", "z": None}


def test_a_file_may_end_at_the_closing_fence() -> None:
    """No newline is needed after the last fence, and the body is empty then."""
    assert ((matter := read("---\ntitle: A\n---")).values, matter.body) == ({"title": "A"}, "")


def test_rules_and_setext_headings_belong_to_the_body() -> None:
    """Only the first fence after the opening one closes."""
    body = "Heading\n---\n\ntext\n\n---\n\nmore"
    assert body == read(f"---\ntitle: A\n---\n{body}\n").body


@pytest.mark.parametrize(
    "text", ["Heading\n---\n\ntext\n---", "{% include a %}\nb", "{: .lead}\nb", "Note: prose.\nMore."]
)
def test_a_text_without_front_matter_is_all_body(text: str) -> None:
    """What only resembles front matter is left in the body."""
    assert Matter({}, text, found=False) == read(text)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("---\ntitle: a: b\n---\n", 2, "must stand in quotes"),
        ("\n---\ndate: x\ntitle: *a*\n---\n", 4, "must stand in quotes"),
        ("---\na: 1\n\tb: 2\n---\n", 3, "tab"),
        ("---\na: x\x08\n---\n", 2, "control character U\\+0008"),
        ("---\n- a\n---\n", 2, "not a table"),
        ("---\na: &a [*a]\n---\n", 2, "refers to itself"),
        ("---\n? [a]\n: b\n---\n", 2, "a key"),
        ("---\ntitle: a\n", 1, "never closed"),
        ("---\nx: " + "[" * 200_000 + "\n---\n", 2, "nested too deeply"),
        ("+++\na = 1\nb = \n+++\n", 3, "not valid TOML"),
        ('{"a": 1,\n "b": }\n', 2, "not valid JSON"),
    ],
)
def test_a_fault_is_told_with_its_line_in_the_file(text: str, line: int, words: str) -> None:
    """Whatever is wrong is one error, with the line an editor shows."""
    with pytest.raises(Unreadable, match=words) as caught:
        read(text)
    assert line == caught.value.line


def test_aliases_of_aliases_do_not_grow() -> None:
    """Nine levels of nine aliases are read at once."""
    levels = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10))
    values = read(f"---\na0: &a0 [x]\n{levels}\n---\n").values
    assert len(values["a9"] or ()) == 9


def test_merge_keys_are_merged() -> None:
    """`<<` brings the keys of another table, which the table's own override."""
    text = "---\nbase: &b {a: 1, c: 2}\nd:\n  <<: *b\n  a: 3\n---\n"
    assert read(text).values["d"] == {"a": "3", "c": "2"}


@pytest.mark.parametrize(
    ("text", "keys", "expected"),
    [
        ("---\ntitle: posse\nposse:\n  text: a\n  mastodon:\n    text: b\n---\n", ("posse", "mastodon", "text"), 6),
        ("---\ntitle: a\nposse: {textt: b}\n---\n", ("posse", "textt"), 3),
        ('+++\ntitle = "a"\n[posse]\nvisibility = "x"\n+++\n', ("posse", "visibility"), 4),
        ('{\n "title": "a",\n "date": "b"\n}\n', ("date",), 3),
    ],
)
def test_the_line_of_a_key_is_found(text: str, keys: tuple[str, ...], expected: int) -> None:
    """A key's line is told in each kind of front matter."""
    assert expected == line_of(read(text), keys)
