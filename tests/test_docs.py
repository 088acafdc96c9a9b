"""The documentation says what the code does: every key, option and command, and no link into the void."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.cli import COMMANDS
from bot.config import Config, keys, load
from bot.networks import NETWORKS
from tests.system.site import Site

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "config.example.toml"
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]
TABLES: dict[str, Sequence[keys.Key]] = {
    "": keys.TOP,
    "site": keys.SITE,
    "sources.blog": keys.SOURCE,
    "accounts.mastodon": keys.ACCOUNT,
    "guards": keys.GUARDS,
    "schedule": keys.SCHEDULE,
    "state": keys.STATE,
    "notices": keys.NOTICES,
}
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^ *```\s*$", re.DOTALL | re.MULTILINE)


def sections() -> dict[str, str]:
    """The example file's text under each table's header; what stands before the first is under ""."""
    found: dict[str, str] = {"": ""}
    table = ""
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        if header := re.match(r"\[([^\]]+)\]", line):
            table = header[1]
        found[table] = f"{found.get(table, '')}{line}\n"
    return found


def plain(text: str) -> str:
    """Markdown without its links and its line breaks."""
    return re.sub(r"\s+", " ", text)


def fences(language: str) -> Iterator[tuple[str, str]]:
    """The name of the page and the text of every fenced block in `language`."""
    for page, name in zip(PAGES, NAMES, strict=True):
        for indent, found, text in _FENCE.findall(page.read_text(encoding="utf-8")):
            if found == language:
                yield name, re.sub(rf"^{indent}", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize(
    ("table", "key"),
    [
        pytest.param(table, key, id=f"{table}.{key.name}".strip("."))
        for table, wanted in TABLES.items()
        for key in wanted
    ],
)
def test_every_key_stands_in_the_example(table: str, key: keys.Key) -> None:
    """Each configuration key is in its table of the example, set or as a comment, beside or below its sentence."""
    text = sections()[table]
    assert re.search(rf"^(# )?{key.name} = ", text, re.MULTILINE), f"{table}.{key.name}"
    assert key.doc.rstrip(".") in text.replace("\n# ", " "), f"the sentence of {table}.{key.name}"


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_every_option_of_a_network_stands_in_the_example(network: Any) -> None:
    """Each network has an account in the example, with each of its options and its sentence."""
    text = next(part for part in sections().values() if f'network = "{network.name}"' in part)
    for option in network.options:
        assert re.search(rf"^(# )?{option.name} = ", text, re.MULTILINE), option.name
        assert option.doc in text, option.name


def test_the_filters_stand_in_the_example() -> None:
    """`only` names each way to choose posts."""
    (line,) = (line for line in sections()["sources.blog"].splitlines() if line.startswith("# only = "))
    for key in keys.FILTER:
        assert f"{key.name} = " in line


def test_the_example_is_a_sound_configuration() -> None:
    """The bot reads it without a problem."""
    assert isinstance(load(EXAMPLE), Config)


@pytest.mark.parametrize(("table", "wanted"), [*TABLES.items()], ids=[table or "top" for table in TABLES])
def test_what_the_example_sets_is_the_default(table: str, wanted: Sequence[keys.Key]) -> None:
    """A key that has a default is set to it, so that a copied file changes nothing."""
    data = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    for name in filter(None, table.split(".")):
        data = data[name]
    defaults = {key.name: key.default for key in wanted if key.default is not None and key.name != "type"}
    assert defaults == {name: data.get(name) for name in defaults}


def test_what_the_example_sets_of_an_option_is_the_default() -> None:
    """An option of a network that has a default is set to it."""
    accounts = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))["accounts"]
    for account in accounts.values():
        for option in NETWORKS[account["network"]].options:
            if option.default is not None:
                assert option.default == account[option.name]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    """Each command is in the reference, and in a page that a person reads for another reason."""
    reference = (ROOT / "docs/reference/commands.md").read_text(encoding="utf-8")
    assert f"## posse {command}\n" in reference
    told = [
        name
        for page, name in zip(PAGES, NAMES, strict=True)
        if "reference/" not in name
        and re.search(rf"posse( |\\n){command}\b|`{command}`", plain(page.read_text(encoding="utf-8")))
    ]
    assert [] != told


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_somewhere(name: str) -> None:
    """A relative link of a page is a file of the repository."""
    page = ROOT / name
    broken = [
        link
        for link in _LINK.findall(page.read_text(encoding="utf-8"))
        if not re.match(r"[a-z]+:|#", link) and not (page.parent / link.partition("#")[0]).exists()
    ]
    assert [] == broken


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("docs/") and name != "docs/index.md"])
def test_the_index_leads_to_every_page(name: str) -> None:
    """No page can only be found by looking into the folder."""
    assert f"]({name.removeprefix('docs/')})" in (ROOT / "docs/index.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("page", "text"), [*fences("toml")])
def test_every_toml_block_is_sound(page: str, text: str, tmp_path: Path) -> None:
    """A block parses; it, or what it adds to a small configuration, is one that the bot reads without a problem."""
    data = tomllib.loads(text)
    if "sources" not in data:
        text = f'{text}\n[sources.blog]\npath = "_posts"\n'
    if "accounts" not in data:
        text = f'{text}\n[accounts.journal]\nnetwork = "local"\npath = "journal"\n'
    path = tmp_path / "posse.toml"
    path.write_text(text, encoding="utf-8")
    assert isinstance(load(path), Config)


def shown_commands() -> Iterator[tuple[str, list[str]]]:
    """Each command of the first post's steps 3 and 4, and the lines that are shown for it."""
    text = (ROOT / "docs/first-post.md").read_text(encoding="utf-8")
    steps = text[text.index("## 3.") : text.index("## 5.")]
    for block in re.findall(r"```text\n\$ posse (.*?)```", steps, re.DOTALL):
        command, *lines = block.rstrip().split("\n")
        yield command, lines


@pytest.mark.parametrize(("command", "lines"), [*shown_commands()])
def test_what_the_first_post_shows_is_what_one_sees(command: str, lines: list[str], tmp_path: Path) -> None:
    """On a copy of the example site each command writes the lines that the page shows, in their order."""
    site = Site(tmp_path / "site")
    shutil.copytree(ROOT / "examples" / "site", site.root)
    done = site.posse(*command.split())
    assert 0 == done.code, done.err
    seen = done.out.rstrip().replace(str(site.root), "/home/me/site").splitlines()
    assert lines == [line for line in seen if line in lines]


@pytest.mark.parametrize("script", ["make_reference.py", "make_picture.py"])
def test_what_is_made_is_fresh(script: str) -> None:
    """What docs/ derives from the code says what the code says now."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / script), "--check"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (0, "") == (done.returncode, done.stderr)
