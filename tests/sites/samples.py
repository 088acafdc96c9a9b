"""Small sites of every kind, as their generators want them. The addresses are those the generators really make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


def head(**values: str) -> str:
    """Return a post with this front matter."""
    return "---\n" + "".join(f"{key}: {value}\n" for key, value in values.items()) + "---\n\nThe first sentence.\n"


@dataclass(frozen=True)
class Sample:
    """A site: its files, what is made of it, and the addresses of its posts, newest first."""

    kind: str
    files: Mapping[str, str]
    urls: tuple[str, ...]
    source: str
    language: str | None = "en"
    timezone: str = "UTC"
    chores: tuple[str, ...] = field(default=())

    def lay(self, root: Path) -> Path:
        """Write it and return its folder."""
        for name, text in self.files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return root


JEKYLL = Sample(
    "Jekyll",
    {
        "_config.yml": "url: https://blog.example\nbaseurl: /b\ntimezone: Europe/Berlin\nlang: en\npermalink: pretty\n",
        "_posts/2024-06-19-first-one.md": head(title="First"),
        "_posts/2024-06-20-second-one.md": head(title="Second", categories="[Garden]", date="2024-06-20 23:30 +0000"),
    },
    ("https://blog.example/b/garden/2024/06/21/second-one/", "https://blog.example/b/2024/06/19/first-one/"),
    "_posts",
    timezone="Europe/Berlin",
    chores=("_config.yml", "exclude: [posse.toml]"),
)
HUGO = Sample(
    "Hugo",
    {
        "hugo.toml": 'baseURL = "https://blog.example/sub/"\nlanguageCode = "en"\ntimeZone = "Europe/Berlin"\n'
        '[params]\nmainSections = ["posts", "notes"]\n[permalinks]\nnotes = "/n/:year/:month/:slug/"\n',
        "content/posts/2024-06-20-dated_Name.md": head(title="Dated", date="2024-06-20"),
        "content/posts/bundle/index.md": head(title="Bundle", date="2024-06-19", slug="my-slug"),
        "content/notes/n1.md": head(title="A Note here, ünï!", date="2024-07-01"),
        "content/about.md": head(title="About"),
    },
    (
        "https://blog.example/sub/n/2024/07/a-note-here-%C3%BCn%C3%AF/",
        "https://blog.example/sub/posts/2024-06-20-dated_name/",
        "https://blog.example/sub/posts/my-slug/",
    ),
    "content/posts",
    timezone="Europe/Berlin",
)
ZOLA = Sample(
    "Zola",
    {
        "config.toml": 'base_url = "https://blog.example"\ndefault_language = "en"\ncompile_sass = true\n',
        "content/blog/_index.md": '+++\nsort_by = "date"\n+++\n',
        "content/blog/2024-06-19-hello-world.md": '+++\ntitle = "Hello"\n+++\n\nThe first sentence.\n',
    },
    ("https://blog.example/blog/hello-world/",),
    "content/blog",
)
ELEVENTY = Sample(
    "Eleventy",
    {
        "eleventy.config.js": 'export default (c) => { c.setInputDirectory("site"); };\n',
        "site/_data/metadata.js": 'export default {\n  url: "https://blog.example/",\n  language: "en",\n};\n',
        "site/posts/2024-06-20-Dated_Name.md": head(title="Dated", date="2024-06-20"),
        "site/posts/plain-one.md": head(title="Plain", date="2024-06-19"),
    },
    ("https://blog.example/posts/2024-06-20-Dated_Name/", "https://blog.example/posts/plain-one/"),
    "site/posts",
)
ELEVENTY_AT_TOP = Sample(
    "Eleventy",
    {
        "package.json": '{"devDependencies": {"@11ty/eleventy": "^3.0.0"}, "homepage": "https://blog.example"}',
        "blog/blog.json": '{"permalink": "/b/{{ page.date | date: \\"%Y/%m\\" }}/{{ page.fileSlug }}/"}',
        "blog/2024-06-20-one.md": head(title="One", date="2024-06-20"),
    },
    ("https://blog.example/b/2024/06/one/",),
    "blog",
    language=None,
    chores=(".eleventyignore", ".posse/"),
)
PELICAN = Sample(
    "Pelican",
    {
        "pelicanconf.py": 'import os\nSITEURL = ""\nPATH = "content"\nTIMEZONE = "Europe/Paris"\nDEFAULT_LANG = "en"\n'
        'ARTICLE_URL = "posts/{date:%Y}/{date:%b}/{slug}/"\nopen("was-run", "w").close()\n',
        "publishconf.py": 'from pelicanconf import *\nSITEURL = "https://blog.example"\n',
        "content/2024-06-20-art.md": "Title: Mon Article à moi\nDate: 2024-06-20 23:30\n\nSalut.\n",
        "content/pages/about.md": "Title: About\nDate: 2024-06-20\n\nMe.\n",
    },
    ("https://blog.example/posts/2024/Jun/mon-article-a-moi/",),
    "content",
    timezone="Europe/Paris",
)
GENERATED = (JEKYLL, HUGO, ZOLA, ELEVENTY, ELEVENTY_AT_TOP, PELICAN)
