from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.errors import SourceError
from bot.watcher.base import Scan, Source
from tests.watcher.folder import ids, source, stamps, write


def test_it_is_a_source(tmp_path: Path) -> None:
    """A checker that knows only the protocol can use it, and making one reads nothing."""
    kept: Source = source(tmp_path / "absent")
    assert kept.name == "blog"


def test_files_without_front_matter(tmp_path: Path) -> None:
    """One is a post named and dated by its file, but not a README, nor in `_posts` without a date in its name."""
    for name in ("2024-06-19-a.md", "b.md", "README.md"):
        write(tmp_path, f"_posts/{name}", "words\n")
        write(tmp_path, f"notes/{name}", "words\n")
    assert ids(source(tmp_path).scan({})) == ["_posts/2024-06-19-a.md"]
    assert ids(source(tmp_path, folder="notes").scan({})) == ["notes/2024-06-19-a.md", "notes/b.md"]


def test_hidden_and_foreign_folders_are_passed_over(tmp_path: Path) -> None:
    """`.git`, `.posse`, `node_modules` and hidden files are not looked into; other endings neither."""
    for path in (".git/a.md", ".posse/a.md", "node_modules/x/a.md", ".a.md", "a.txt", "deep/er/2024-01-01-b.markdown"):
        write(tmp_path, f"_posts/{path}")
    scan = source(tmp_path).scan({})
    assert (ids(scan), scan.problems) == (["_posts/deep/er/2024-01-01-b.markdown"], ())


@pytest.mark.parametrize(
    ("patterns", "exclude", "expected"),
    [
        ((), (), ["a.md", "old/b.md", "old/er/c.md"]),
        (("*.txt",), (), ["d.txt"]),
        (("old/**/*.md",), (), ["old/b.md", "old/er/c.md"]),
        (("old/*.md", "?.txt"), (), ["d.txt", "old/b.md"]),
        ((), ("old/",), ["a.md"]),
        ((), ("old/er/**",), ["a.md", "old/b.md"]),
        ((), ("er", "[!b-z].md"), ["old/b.md"]),
    ],
)
def test_patterns_choose_the_files(
    tmp_path: Path, patterns: tuple[str, ...], exclude: tuple[str, ...], expected: list[str]
) -> None:
    """Patterns and exclusions are relative to the folder, and read as in `.gitignore`; `read` obeys them as well."""
    files = ["a.md", "d.txt", "old/b.md", "old/er/c.md"]
    for path in files:
        write(tmp_path, f"notes/{path}")
    chosen = source(tmp_path, folder="notes", patterns=patterns, exclude=exclude)
    assert ids(chosen.scan({})) == [f"notes/{path}" for path in expected]
    assert [path for path in files if chosen.read(f"notes/{path}")] == expected


def test_a_link_out_of_the_folder_is_one_problem(tmp_path: Path) -> None:
    """Neither a file nor a folder elsewhere is read through a link; a broken one is told too."""
    outside = write(tmp_path, "elsewhere/2024-01-01-x.md")
    write(tmp_path, "_posts/2024-01-01-good.md")
    (tmp_path / "_posts/2024-01-02-x.md").symlink_to(outside)
    (tmp_path / "_posts/more").symlink_to(outside.parent)
    (tmp_path / "_posts/2024-01-03-x.md").symlink_to(tmp_path / "_posts/nowhere.md")
    scan = source(tmp_path).scan({})
    assert ids(scan) == ["_posts/2024-01-01-good.md"]
    assert [found.path for found in scan.problems] == [
        "_posts/2024-01-02-x.md",
        "_posts/2024-01-03-x.md",
        "_posts/more",
    ]
    assert source(tmp_path).read("_posts/2024-01-02-x.md") is None


def test_links_within_the_folder_end(tmp_path: Path) -> None:
    """Loops end, nothing is found twice, and what only a link shows is found by the link."""
    write(tmp_path, "_posts/deep/2024-01-01-a.md")
    write(tmp_path, "_posts/.kept/2024-01-02-b.md")
    (tmp_path / "_posts/deep/loop").symlink_to(tmp_path / "_posts")
    (tmp_path / "_posts/again").symlink_to(tmp_path / "_posts/deep")
    (tmp_path / "_posts/self.md").symlink_to(tmp_path / "_posts/self.md")
    (tmp_path / "_posts/2024-01-02-b.md").symlink_to(tmp_path / "_posts/.kept/2024-01-02-b.md")
    scan = source(tmp_path).scan({})
    assert ids(scan) == ["_posts/2024-01-02-b.md", "_posts/deep/2024-01-01-a.md"]
    assert [found.path for found in scan.problems] == ["_posts/self.md"]


def test_a_name_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    """It can be shown, and kept, without its wrong bytes."""
    write(tmp_path, "_posts/2024-01-01-good.md")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/_posts/2024-01-01-\xe9.md")).write_text("x")
    (found,) = source(tmp_path).scan({}).problems
    assert (found.path, "not UTF-8" in found.message) == ("_posts/2024-01-01-\ufffd.md", True)


def test_an_unchanged_file_is_not_read_again(tmp_path: Path) -> None:
    """What has its known stamp is only named; a touched, a new and a formerly bad one are read."""
    file = write(tmp_path, "_posts/2024-01-01-a.md")
    write(tmp_path, "_posts/2024-01-02-b.md")
    first = source(tmp_path).scan({})
    assert source(tmp_path).scan(stamps(first)) == Scan((), first.present())
    os.utime(file, ns=(1, 1))
    write(tmp_path, "_posts/2024-01-03-c.md")
    again = source(tmp_path).scan(stamps(first))
    assert ids(again) == ["_posts/2024-01-01-a.md", "_posts/2024-01-03-c.md"]
    assert again.unchanged == {"_posts/2024-01-02-b.md"}


def test_same_size_and_time_do_not_hide_a_change(tmp_path: Path) -> None:
    """A file replaced by a tool that keeps its time is read again."""
    file = write(tmp_path, "_posts/2024-01-01-a.md", "---\ntitle: A\n---\n")
    first = source(tmp_path).scan({})
    kept = file.stat()
    file.write_text("---\ntitle: B\n---\n")
    while file.stat().st_ctime_ns == kept.st_ctime_ns or file.stat().st_mtime_ns != kept.st_mtime_ns:
        os.utime(file, ns=(kept.st_atime_ns, kept.st_mtime_ns))
    assert [post.title for post in source(tmp_path).scan(stamps(first)).posts] == ["B"]


def test_another_configuration_reads_all_again(tmp_path: Path) -> None:
    """A new permalink pattern gives every post a new address at the next scan."""
    write(tmp_path, "_posts/2024-01-01-a.md")
    first = source(tmp_path).scan({})
    (post,) = source(tmp_path, permalink="/:title/").scan(stamps(first)).posts
    assert post.url == "https://blog.example/a/"


def test_one_post_is_read_again(tmp_path: Path) -> None:
    """`read` gives what a scan gives, None when it is gone, and an error when it cannot be read."""
    file = write(tmp_path, "_posts/2024-01-01-a.md")
    (post,) = source(tmp_path).scan({}).posts
    assert source(tmp_path).read(post.source_id) == post
    file.write_text("---\ntitle: a: b\n---\n")
    with pytest.raises(SourceError, match=r"_posts/2024-01-01-a\.md:2: "):
        source(tmp_path).read(post.source_id)
    file.unlink()
    assert source(tmp_path).read(post.source_id) is None


@pytest.mark.parametrize(
    "source_id", ["", "_posts/", "../2024-01-01-x.md", "_posts/../2024-01-01-x.md", "_posts/a.txt"]
)
def test_nothing_outside_is_read_by_name(tmp_path: Path, source_id: str) -> None:
    """An id that is none of this source's is gone."""
    write(tmp_path, "2024-01-01-x.md")
    write(tmp_path, "_posts/a.txt")
    assert source(tmp_path).read(source_id) is None


def test_a_folder_above_the_configuration_and_the_folder_itself(tmp_path: Path) -> None:
    """Ids are relative to the configuration, wherever the folder is."""
    write(tmp_path, "content/2024-01-01-a.md")
    (tmp_path / "bot").mkdir()
    assert ids(source(tmp_path / "bot", folder="../content").scan({})) == ["../content/2024-01-01-a.md"]
    assert ids(source(tmp_path / "content", folder=".").scan({})) == ["2024-01-01-a.md"]


@pytest.mark.parametrize(("folder", "words"), [("absent", "does not exist"), ("file", "is not a folder")])
def test_a_folder_that_cannot_be_read_is_an_error(tmp_path: Path, folder: str, words: str) -> None:
    """Nothing is concluded from a missing folder; the message names the source and the folder."""
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceError, match=rf"\[sources\.blog\].*{folder} {words}"):
        source(tmp_path, folder=folder).scan({})


def test_a_wrong_permalink_is_an_error_of_the_source(tmp_path: Path) -> None:
    """A pattern that no post could fill stops the source, not each post."""
    (tmp_path / "_posts").mkdir()
    with pytest.raises(SourceError, match=":titel"):
        source(tmp_path, permalink="/:titel/").scan({})


def test_the_example_site_is_in_order() -> None:
    """No problem, twelve posts, one draft, one that opts out, and each with an address of its own."""
    root = Path(__file__).parents[2] / "examples" / "site"
    scan = source(root).scan({})
    assert scan.problems == ()
    assert len({post.url for post in scan.posts if post.url}) == 12
    assert [post.slug for post in scan.posts if post.draft] == ["what-the-frost-did"]
    assert [post.slug for post in scan.posts if post.settings.skip] == ["for-the-street-only"]
