from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.servers.pds import Pds
from tests.servers.strict_mastodon import StrictMastodon
from tests.system.site import JOURNAL, SEED_SLUG, SEED_URL, Site, bluesky, mastodon


def test_the_copies_of_a_post_are_listed_and_written(tmp_path: Path, pds: Pds, strict_mastodon: StrictMastodon) -> None:
    """Every permalink by post; the data file holds those on the web, and is touched only when something changed."""
    site = Site(tmp_path)
    me = pds.account()
    site.seed()
    site.post("unsent")
    site.configure(mastodon(strict_mastodon.base) + bluesky(pds.base, me.handle) + JOURNAL)
    site.env |= {"POSSE_MASTODON_ACCESS_TOKEN": strict_mastodon.token, "POSSE_BLUESKY_APP_PASSWORD": me.app_password}
    sent = {row["account"]: row["url"] for row in site.posse("post", SEED_SLUG, "--json").json["deliveries"]}

    (listed,) = site.posse("links", "--json").json["posts"]
    assert SEED_URL == listed["url"]
    assert sent == {link["account"]: link["url"] for link in listed["links"]}
    shown = site.posse("links", SEED_SLUG).out
    assert all(url in shown for url in sent.values())

    file = tmp_path / "_data/syndication.json"
    assert 0 == site.posse("links", "--write", "_data/syndication.json").code
    on_web = [{"account": name, "network": name, "url": sent[name]} for name in ("bluesky", "mastodon")]
    assert {SEED_URL: on_web} == json.loads(file.read_text(encoding="utf-8"))
    before = file.stat()
    assert "nothing has changed" in site.posse("links", "--write", "_data/syndication.json").err
    assert (before.st_ino, before.st_mtime_ns) == (file.stat().st_ino, file.stat().st_mtime_ns)
    file.chmod(0o600)
    assert 0 == site.posse("post", SEED_SLUG, "--again", "--account", "bluesky").code
    assert "written" in site.posse("links", "--write", "_data/syndication.json").err
    assert 3 == len(json.loads(file.read_text(encoding="utf-8"))[SEED_URL])
    assert (0o600, ["syndication.json"]) == (file.stat().st_mode & 0o777, [path.name for path in file.parent.iterdir()])


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        ((), 0, "Nothing has gone out yet."),
        (("unsent",), 0, "It has not gone out yet."),
        (("nowhere",), 4, 'No post is called "nowhere"'),
        (("unsent", "--write", "x.json"), 2, "--write keeps the links of all posts"),
        (("--write", "posse.toml/x.json"), 3, "cannot be written"),
    ],
)
def test_where_there_is_nothing_to_list(tmp_path: Path, args: tuple[str, ...], code: int, words: str) -> None:
    """Nothing sent is said; an unknown post, a contradiction and a file that cannot be written have their codes."""
    site = Site(tmp_path)
    site.post("unsent")
    site.configure(JOURNAL)
    done = site.posse("links", *args)
    assert (code, "", True) == (done.code, done.out, words in done.err), done.err


def test_what_no_reader_of_the_site_could_open_is_left_out_and_told(tmp_path: Path) -> None:
    """A file of this machine is no link for a web site; an empty data file without a word would puzzle."""
    site = Site(tmp_path)
    site.post("hello")
    site.configure(JOURNAL)
    assert 0 == site.posse("post", "hello").code
    done = site.posse("links", "--write", "links.json")
    assert "links.json: written (1 link left out: not an address on the web)" in done.err
    assert {} == json.loads((tmp_path / "links.json").read_text(encoding="utf-8"))
