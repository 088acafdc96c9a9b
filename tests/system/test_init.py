from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tests.sites.samples import GENERATED, HUGO, JEKYLL, Sample, head
from tests.system.site import Site
from tests.system.terminal import terminal


@pytest.mark.parametrize("sample", GENERATED, ids=lambda sample: sample.kind)
def test_what_init_writes_works_at_once(tmp_path: Path, sample: Sample) -> None:
    """After `init` in a site of each kind, `check` and `preview` succeed, and every address is the generator's."""
    site = Site(sample.lay(tmp_path))
    made = site.posse("init")
    assert 0 == made.code, made.err
    assert f"{sample.kind}, {len(sample.urls)} post" in made.out
    for words in sample.chores:
        assert words in made.out
    assert 0 == site.posse("check").code
    assert 0 == site.posse("preview").code
    assert list(sample.urls) == [post["url"] for post in site.posse("posts", "--json").json["posts"]]
    assert {"journal"} == set(site.posse("check", "--json").json["accounts"])


def test_init_says_what_it_found_and_what_to_type(tmp_path: Path) -> None:
    """The kind, the number, the newest that is public, and two commands that work as they stand."""
    site = Site(JEKYLL.lay(tmp_path))
    site.write("_posts/2099-01-01-to-come.md", head(title="To come"))
    site.write("_posts/2025-01-01-not-yet.md", head(title="Not yet", draft="true"))
    made = site.posse("init")
    assert 'Jekyll, 4 posts, the newest "Second" of 2024-06-21.' in made.out
    first, second = made.out.rstrip().rpartition("Next:\n")[2].split("\n")
    assert ["posse check", "posse preview second-one"] == [first.strip(), second.strip()]
    assert 0 == site.posse(*second.split()[1:]).code


def test_a_plain_folder_is_told_to_fill_in_its_address_first(tmp_path: Path) -> None:
    """`preview` would refuse without one; and once it is there, it works."""
    site = Site(tmp_path)
    site.write("posts/hello.md", head(title="Hello", date="2024-06-19"))
    made = site.posse("init")
    first = made.out.rpartition("Next:\n")[2].splitlines()[0]
    assert "  fill in posse.toml: without [site] url there is nothing to link to" == first
    assert 5 == site.posse("preview", "hello").code
    written = (site.root / "posse.toml").read_text(encoding="utf-8")
    written = written.replace('# url = "https://example.com"', 'url = "https://example.com"')
    site.write("posse.toml", written.replace('# permalink = "', 'permalink = "'))
    assert 0 == site.posse("preview", "hello").code


def test_nothing_old_goes_out_after_init(tmp_path: Path) -> None:
    """The first run after `init` announces nothing, and the state is where git does not look."""
    site = Site(JEKYLL.lay(tmp_path))
    site.posse("init")
    assert [] == site.posse("run", "--once", "--json").json["deliveries"]
    assert "*\n" == (site.root / ".posse/.gitignore").read_text(encoding="utf-8")
    assert (0o700, True) == ((site.root / ".posse").stat().st_mode & 0o777, (site.root / ".posse/posse.db").exists())


def test_a_post_of_the_day_of_init_is_not_too_old(tmp_path: Path) -> None:
    """A post written after `init` and dated with today's day only is announced."""
    site = Site(JEKYLL.lay(tmp_path))
    site.posse("init")
    site.posse("run", "--once")
    since = tomllib.loads((site.root / "posse.toml").read_text(encoding="utf-8"))["guards"]["since"]
    site.write(f"_posts/{since:%Y-%m-%d}-new.md", head(title="New"))
    reasons = {left["post"]["slug"]: left["reason"] for left in site.posse("preview", "--json").json["left_out"]}
    assert "settling" == reasons["new"]


def test_init_never_overwrites(tmp_path: Path) -> None:
    """A posse.toml that is there stays as it is: exit 2, with what to type instead."""
    site = Site(JEKYLL.lay(tmp_path))
    site.write("posse.toml", "mine = true\n")
    made = site.posse("init")
    assert (2, "") == (made.code, made.out)
    assert "posse.toml is there already" in made.err
    assert "posse check" in made.err
    assert "mine = true\n" == (site.root / "posse.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("nowhere", "does not exist"),
        ("a.md", "is a file; name the folder"),
    ],
)
def test_what_is_no_folder_is_a_usage_error(tmp_path: Path, given: str, words: str) -> None:
    """A file, nothing at all: one sentence, exit 2, nothing written."""
    site = Site(tmp_path)
    site.write("a.md", head(title="A"))
    made = site.posse("init", given)
    assert (2, True) == (made.code, words in made.err)
    assert not (tmp_path / "posse.toml").exists()


def test_another_folder_is_named_in_the_next_step(tmp_path: Path) -> None:
    """`init FOLDER` writes there, and says to go there first."""
    site = Site(tmp_path)
    HUGO.lay(tmp_path / "my site")
    made = site.posse("init", "my site")
    assert (0, True) == (made.code, (tmp_path / "my site/posse.toml").exists())
    assert "cd 'my site'" in made.out


def test_an_empty_folder_gets_a_configuration_that_says_what_is_missing(tmp_path: Path) -> None:
    """No site at all: it still loads, and what a person must fill in is said and stands as a comment."""
    site = Site(tmp_path)
    made = site.posse("init")
    assert (0, True) == (made.code, "To fill in:" in made.out)
    assert "# url = " in (tmp_path / "posse.toml").read_text(encoding="utf-8")
    assert (0, 0) == (site.posse("check").code, site.posse("preview").code)


def test_at_a_terminal_it_asks(tmp_path: Path) -> None:
    """Networks, then what each needs; a wrong answer is asked for again, handle and address may be short."""
    site = Site(tmp_path)
    site.write("posts/a.md", head(title="A", date="2024-01-01"))
    with terminal(site, "init") as at:
        at.sees("The site's address")
        at.types("blog.example")
        at.sees("Where shall posts be announced?")
        at.types("mastodom, bluesky")
        at.sees('There is no network "mastodom"')
        at.types("mastodon bluesky")
        at.sees("mastodon, instance")
        at.types("@me@social.example")
        at.sees("bluesky, handle")
        at.types("@me.example")
        at.sees("posse login mastodon")
        assert 0 == at.ends()
    data = tomllib.loads((tmp_path / "posse.toml").read_text(encoding="utf-8"))
    assert {"url": "https://blog.example"} == data["site"]
    assert {
        "mastodon": {"network": "mastodon", "instance": "https://social.example"},
        "bluesky": {"network": "bluesky", "handle": "me.example"},
    } == data["accounts"]


def test_an_interrupted_init_writes_nothing(tmp_path: Path) -> None:
    """Ctrl-C at a question: exit 130, and the folder is as it was."""
    site = Site(JEKYLL.lay(tmp_path))
    before = sorted(tmp_path.rglob("*"))
    with terminal(site, "init") as at:
        at.sees("Where shall posts be announced?")
        at.interrupt()
        assert 130 == at.ends()
    assert before == sorted(tmp_path.rglob("*"))
