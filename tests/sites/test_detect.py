from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import sites
from bot.config import load
from bot.sites import Kind
from bot.sites.source import read_all
from bot.sites.toml import Account, render
from bot.watcher.generators import pelican
from tests.sites.samples import ELEVENTY, GENERATED, HUGO, JEKYLL, PELICAN, Sample, head

NOW = datetime(2026, 11, 23, 4, 30, 15, 250000, tzinfo=UTC)


def urls(root: Path) -> tuple[str | None, ...]:
    posts, problems = read_all(root, sites.detect(root))
    assert [] == problems
    return tuple(post.url for post in reversed(posts))


@pytest.mark.parametrize("sample", GENERATED, ids=lambda sample: sample.kind)
def test_the_generators_own_configuration_is_read(tmp_path: Path, sample: Sample) -> None:
    """Kind, language, time zone and folder come from it, and so do the addresses of the posts."""
    found = sites.detect(sample.lay(tmp_path))
    assert (sample.kind, sample.language) == (found.kind, found.language)
    assert (sample.timezone, sample.source in [part.path for part in found.posts]) == (found.timezone or "UTC", True)
    assert sample.urls == urls(tmp_path)


@pytest.mark.parametrize("sample", GENERATED, ids=lambda sample: sample.kind)
def test_a_site_one_folder_down_is_found(tmp_path: Path, sample: Sample) -> None:
    """The site of a repository may lie in `docs` or the like; its addresses are the same."""
    sample.lay(tmp_path / "docs")
    found = sites.detect(tmp_path)
    assert (sample.kind, "docs", ()) == (found.kind, found.base, found.chores)
    assert sample.urls == urls(tmp_path)


@pytest.mark.parametrize("sample", GENERATED, ids=lambda sample: sample.kind)
def test_what_is_written_loads_and_reads_the_same_posts(tmp_path: Path, sample: Sample) -> None:
    """The configuration is one of ours, with `since` at the moment it was written, to the second."""
    found = sites.detect(sample.lay(tmp_path))
    (tmp_path / "posse.toml").write_text(render(found, [], NOW), encoding="utf-8")
    config = load(tmp_path / "posse.toml")
    assert NOW.replace(microsecond=0) == config.guards.since
    assert (sample.timezone, found.url) == (config.timezone.key, config.site.url)
    assert {part.name: part.permalink for part in found.posts} == {
        name: source.permalink for name, source in config.sources.items()
    }


def test_nothing_of_a_site_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pelican's settings are Python, and are read as text."""
    monkeypatch.chdir(PELICAN.lay(tmp_path))
    assert Kind.PELICAN is sites.detect(tmp_path).kind
    assert not (tmp_path / "was-run").exists()


def test_settings_that_must_be_run_are_left_out() -> None:
    """Only plain values count; the last one holds."""
    text = 'A = 1\nA = "x"\nB = os.environ["B"]\nC = ["posts"]\nD = "d"\nD = f()\n'
    assert {"A": "x", "C": ["posts"]} == pelican.settings(text)
    assert {} == pelican.settings("A = (")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("permalink: ordinal", "/2024/171/a.html"),
        ("permalink: blog/:year/:title", "/blog/2024/a"),
        ("permalink: pretty\ncollections:\n  posts:\n    permalink: /c/:title/", "/c/a/"),
    ],
)
def test_jekylls_permalink(tmp_path: Path, written: str, expected: str) -> None:
    """The generator's own configuration says where pages are, so `permalink` only names it."""
    files = {"_config.yml": f"url: https://a.example\n{written}\n", "_posts/2024-06-19-a.md": head(title="A")}
    (part,) = sites.detect(Sample("", files, (), "").lay(tmp_path)).posts
    assert "jekyll" == part.permalink
    assert (f"https://a.example{expected}",) == urls(tmp_path)


def test_a_folder_of_posts_in_a_folder_is_a_category(tmp_path: Path) -> None:
    """Jekyll's `garden/_posts` makes posts of the category garden; other Markdown files there are none."""
    files = {
        "_config.yml": "url: https://a.example\n",
        "_posts/2024-06-19-a.md": head(title="A"),
        "garden/_posts/2024-06-20-b.md": head(title="B"),
        "garden/page.md": head(title="Page"),
    }
    Sample("", files, (), "").lay(tmp_path)
    assert ("https://a.example/garden/2024/06/20/b.html", "https://a.example/2024/06/19/a.html") == urls(tmp_path)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("uglyURLs = true", "/posts/a.html"),
        ('[permalinks.page]\nposts = "/x/:contentbasename/"', "/x/a/"),
        ('[permalinks]\nposts = "/:sections[1:]/:slug/"', "/title/"),
    ],
)
def test_hugos_permalinks(tmp_path: Path, line: str, expected: str) -> None:
    """Hugo's settings and tokens are followed, whatever they are."""
    files = {"hugo.toml": f'baseURL = "https://a.example"\n{line}\n', "content/posts/a.md": head(title="Title")}
    (part,) = sites.detect(Sample("", files, (), "").lay(tmp_path)).posts
    assert "hugo" == part.permalink
    assert (f"https://a.example{expected}",) == urls(tmp_path)


def test_the_configuration_of_hugo_may_be_a_folder_of_files(tmp_path: Path) -> None:
    """config/_default/hugo.yaml and its parts are read together."""
    files = {
        "config/_default/hugo.yaml": "baseURL: https://a.example/\n",
        "config/_default/permalinks.yaml": "posts: /:year/:slug/\n",
        "content/posts/a.md": head(title="A Title", date="2024-06-19"),
    }
    Sample("", files, (), "").lay(tmp_path)
    assert ("https://a.example/2024/a-title/",) == urls(tmp_path)


def test_what_cannot_be_learnt_is_said_and_left_open(tmp_path: Path) -> None:
    """A site without an address and a permalink nobody else can fill: notes, comments, and it still loads."""
    files = {
        "package.json": '{"dependencies": {"@11ty/eleventy": "3"}}',
        "posts/posts.11tydata.js": 'export default { permalink: "/{{ section | myFilter }}/{{ page.fileSlug }}/" };',
        "posts/a.md": head(title="A"),
    }
    found = sites.detect(Sample("", files, (), "").lay(tmp_path))
    assert (None, None) == (found.url, found.posts[0].permalink)
    text = render(found, [], NOW)
    assert 2 == sum(line.startswith("# To do:") for line in text.splitlines())
    assert {"blog": {"type": "markdown", "path": "posts"}} == tomllib.loads(text)["sources"]


def test_a_broken_configuration_is_told(tmp_path: Path) -> None:
    """What cannot be read is said with the file's name, and nothing is guessed from it."""
    found = sites.detect(Sample("", {"_config.yml": "url: [\n"}, (), "").lay(tmp_path))
    assert (Kind.JEKYLL, None) == (found.kind, found.url)
    assert any(note.startswith("_config.yml cannot be read") for note in found.notes)


def test_an_unknown_time_zone_is_not_written(tmp_path: Path) -> None:
    """A name that no time zone has is said, and UTC stands in."""
    found = sites.detect(Sample("", {"_config.yml": "timezone: Mars/Base\n"}, (), "").lay(tmp_path))
    assert (None, True) == (found.timezone, any("Mars/Base" in note for note in found.notes))


def test_a_folder_without_a_generator(tmp_path: Path) -> None:
    """Markdown files alone are a site also; our own posse.toml or config.toml does not make it another."""
    files = {"notes/a.md": head(title="A"), "config.toml": "[sources.a]\n", "posse.toml": ""}
    found = sites.detect(Sample("", files, (), "").lay(tmp_path))
    assert (Kind.FOLDER, "notes") == (found.kind, found.posts[0].path)


def test_what_needs_to_be_left_alone_is_left_alone(tmp_path: Path) -> None:
    """Nothing is asked of a person who has done it already."""
    jekyll, eleventy = tmp_path / "j", tmp_path / "e"
    JEKYLL.lay(jekyll)
    assert ("exclude: [posse.toml]" in "".join(sites.detect(jekyll).chores)) is True
    (jekyll / "_config.yml").write_text("exclude:\n- posse.toml\n", encoding="utf-8")
    assert () == sites.detect(jekyll).chores
    ELEVENTY.lay(eleventy)
    assert () == sites.detect(eleventy).chores
    (eleventy / "eleventy.config.js").write_text("", encoding="utf-8")
    assert ".posse/" in "".join(sites.detect(eleventy).chores)
    (eleventy / ".eleventyignore").write_text("drafts\n.posse/\n", encoding="utf-8")
    assert () == sites.detect(eleventy).chores


def test_the_site_around_a_file_is_found(tmp_path: Path) -> None:
    """From a post upwards, the nearest generator."""
    HUGO.lay(tmp_path / "site")
    found = sites.surrounding(tmp_path / "site/content/posts/bundle/index.md")
    assert found is not None
    assert (tmp_path / "site", Kind.HUGO) == (found[0], found[1].kind)
    assert sites.surrounding(tmp_path / "elsewhere.md") is None


def test_accounts_are_written_and_need_no_example(tmp_path: Path) -> None:
    """An account that was asked for is active, and odd text stays text."""
    found = sites.detect(JEKYLL.lay(tmp_path))
    data = render(found, [Account("bluesky", "bluesky", {"handle": 'o"d\\d.example'})], NOW)
    assert {"bluesky": {"network": "bluesky", "handle": 'o"d\\d.example'}} == tomllib.loads(data)["accounts"]
    assert "# [accounts.mastodon]" in data
    assert "# [accounts.bluesky]" not in data
