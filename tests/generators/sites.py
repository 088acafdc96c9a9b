"""Sites in the odd shapes people really have, for the real generators. Every page holds a mark: its own path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct

LAYOUT = '<html><body><main data-url="{url}">{content}</main></body></html>\n'


class Sample(Struct, frozen=True):
    """A site: `files` as they are; `pages` by path, as the text of their front matter, get a body with a mark."""

    name: str
    files: Mapping[str, str]
    pages: Mapping[str, str]
    sources: tuple[str, ...]
    fence: Callable[[str], str] = lambda matter: f"---\n{matter}\n---\n"

    def lay(self, root: Path) -> Path:
        """Write it and return its folder."""
        for name, text in self.files.items():
            _write(root / name, text)
        for name, matter in self.pages.items():
            head = matter if matter.startswith(("+++", "{", "Title:", "Date:")) else self.fence(matter)
            _write(root / name, f"{head}\nThe first sentence. `MARK {name} KRAM`\n")
        return root


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


_HUGO_LAYOUTS = {
    "layouts/_default/single.html": LAYOUT.format(url="{{ .Permalink }}", content="{{ .Content }}"),
    "layouts/_default/list.html": "<html><body>{{ .Title }}</body></html>\n",
}
_ODD = {
    "a-plain-one.md": "title: Plain\ndate: 2024-06-19",
    "2024-06-20-Dated_Name.md": "title: Dated Name\ndate: 2024-06-20T10:00:00Z",
    "Über uns & mehr.md": "title: Über uns & mehr!\ndate: 2024-06-21",
    "CamelCase.v2.0.md": "title: CamelCase v2.0\ndate: 2024-06-22T23:30:00-05:00",
    "with  two   spaces.md": "title: With  two   spaces\ndate: 2024-06-23 01:30:00",
    "what's+up@home~now.md": "title: What's up — “now”?\ndate: 2024-01-04",
    "日本語.md": "title: 日本語のタイトル\ndate: 2024-12-31T23:59:59Z",
    "emoji-💜.md": 'title: "💜 Emoji / slash"\ndate: 2024-02-29',
    "slugged.md": "title: Slugged\ndate: 2024-03-01\nslug: My Own Slug",
    "slug-accents.md": "title: Slug accents\ndate: 2024-03-02\nslug: été-à-Paris",
    "a--b---c.md": "title: 'a -- b --- c'\ndate: 2024-03-03",
    "C# & F# 100%.md": "title: 'C# & F# 100%'\ndate: 2024-03-04",
    "sub/deep er/Inner.md": "title: Inner\ndate: 2024-03-05",
    "Sub Ünder/x_y.md": "title: x_y\ndate: 2024-03-06",
    "-lead.and.trail-.md": "title: -lead and trail-\ndate: 2024-03-07",
    "bundle/index.md": "title: Bundle\ndate: 2024-03-08",
    "2024-03-09-Big Bundle/index.md": "title: Big Bundle\ndate: 2024-03-09",
    "bundle-slug/index.md": "title: Bundle slug\ndate: 2024-03-10\nslug: bundled",
    "number.md": "title: 2024\ndate: 2024-03-11\nslug: 0123",
}


def _below(folder: str, pages: Mapping[str, str]) -> dict[str, str]:
    return {f"{folder}/{name}": matter for name, matter in pages.items()}


HUGO = (
    Sample(
        "plain",
        {"hugo.toml": 'baseURL = "https://blog.example/"\n', **_HUGO_LAYOUTS},
        {
            **_below("content/posts", _ODD),
            "content/posts/bundle/resource.md": "title: Resource",
            "content/posts/url-slash.md": "title: A\ndate: 2024-04-01\nurl: /Some Where/Else/",
            "content/posts/url-bare.md": "title: B\ndate: 2024-04-02\nurl: some/bare",
            "content/posts/url-html.md": "title: C\ndate: 2024-04-03\nurl: /old/Page.html",
            "content/posts/url-tokens.md": "title: D D\ndate: 2024-04-04\nurl: /:year/:slug/",
            "content/posts/never.md": "title: E\ndate: 2024-04-05\nbuild: {render: never}",
            "content/posts/toml.md": '+++\ntitle = "Toml"\ndate = 2024-04-06T01:00:00+09:00\nslug = "t-o"\n+++\n',
            "content/posts/json.md": '{"title": "Json", "date": "2024-04-07"}\n',
            "content/posts/sub/_index.md": "title: Sub",
            "content/notes/2024/06/note.md": "date: 2024-06-01",
            "content/about.md": "title: About\ndate: 2024-04-08",
        },
        ("content/posts", "content/notes"),
    ),
    Sample(
        "permalinks",
        {
            "hugo.yaml": "baseURL: https://blog.example/sub/\ntimeZone: Europe/Berlin\npermalinks:\n"
            "  posts: /:year/:month/:day/:title/\n  notes: /n/:yearday/:slug\n  files: /f/:filename/\n"
            "  long: /:sections/:monthname/:weekdayname/:weekday/:slugorfilename/\n"
            "  cut: /c/:sections[1:]/:contentbasename/\n  layout: /:06/:1/:2/:section/:slugorcontentbasename/\n"
            "  last: /l/:sections[last]/:sections[:1]/:slug\n",
            **_HUGO_LAYOUTS,
        },
        {
            **{
                path: matter
                for section in ("posts", "notes", "files", "long", "cut", "layout", "last")
                for path, matter in _below(f"content/{section}", _ODD).items()
            },
            "content/other/x.md": "title: X\ndate: 2024-03-01",
            "content/cut/one/two/_index.md": "title: Two",
            "content/cut/one/two/three.md": "title: X\ndate: 2024-03-01",
            "content/last/one/two/_index.md": "title: Two",
            "content/last/one/two/three.md": "title: X\ndate: 2024-03-01",
        },
        tuple(f"content/{name}" for name in ("posts", "notes", "files", "long", "cut", "layout", "last", "other")),
    ),
    Sample(
        "ugly",
        {
            "config.toml": 'baseURL = "https://blog.example"\nuglyURLs = true\nremovePathAccents = true\n'
            '[permalinks.page]\nnotes = "/n/:year/:slug/"\nfiles = "/f/:year/:slug"\n'
            '[permalinks.section]\nposts = "/p/"\n',
            **_HUGO_LAYOUTS,
        },
        {**_below("content/posts", _ODD), **_below("content/notes", _ODD), **_below("content/files", _ODD)},
        ("content/posts", "content/notes", "content/files"),
    ),
    Sample(
        "cased",
        {
            "hugo.json": '{"baseURL": "https://blog.example/", "disablePathToLower": true, "contentDir": "text",'
            ' "uglyURLs": {"notes": true}, "frontmatter": {"date": [":filename", ":default"]}}',
            **_HUGO_LAYOUTS,
        },
        {**_below("text/Posts", _ODD), **_below("text/notes", _ODD)},
        ("text/Posts", "text/notes"),
    ),
    Sample(
        "languages",
        {
            "config/_default/hugo.toml": 'baseURL = "https://blog.example/"\ndefaultContentLanguage = "en"\n',
            "config/_default/languages.toml": "[en]\nweight = 1\n[nn]\nweight = 2\n[pt-BR]\nweight = 3\n",
            "config/_default/permalinks.toml": 'notes = "/:year/:slug/"\n',
            **_HUGO_LAYOUTS,
        },
        {
            "content/posts/one.md": "title: One\ndate: 2024-03-01",
            "content/posts/one.nn.md": "title: Éin\ndate: 2024-03-01",
            "content/posts/two.en.md": "title: Two\ndate: 2024-03-01",
            "content/posts/three.pt-br.md": "title: Três\ndate: 2024-03-01",
            "content/posts/four.xx.md": "title: Four\ndate: 2024-03-01",
            "content/posts/b/index.md": "title: B\ndate: 2024-03-01",
            "content/posts/b/index.nn.md": "title: B nn\ndate: 2024-03-01",
            "content/posts/u.nn.md": "title: U\ndate: 2024-03-01\nurl: /u/v/",
            "content/posts/w.nn.md": "title: W\ndate: 2024-03-01\nurl: w/v/",
            "content/notes/n.nn.md": "title: Ein Note\ndate: 2024-03-01",
        },
        ("content/posts", "content/notes"),
    ),
    Sample(
        "language-folders",
        {
            "hugo.toml": 'baseURL = "https://blog.example/"\ndefaultContentLanguage = "de"\n'
            "defaultContentLanguageInSubdir = true\n"
            '[languages.de]\ncontentDir = "content/de"\n[languages.en]\ncontentDir = "content/english"\n'
            '[languages.en.permalinks]\nposts = "/p/:slug/"\n',
            **_HUGO_LAYOUTS,
        },
        {
            "content/de/posts/eins.md": "title: Eins\ndate: 2024-03-01",
            "content/english/posts/one.md": "title: One One\ndate: 2024-03-01",
            "content/english/posts/two/index.md": "title: Two Two\ndate: 2024-03-01",
        },
        ("content/de/posts", "content/english/posts"),
    ),
    Sample(
        "hosts",
        {
            "hugo.toml": 'defaultContentLanguage = "en"\n'
            '[languages.en]\nbaseURL = "https://en.example/"\n[languages.fr]\nbaseURL = "https://fr.example/x/"\n',
            **_HUGO_LAYOUTS,
        },
        {
            "content/posts/one.md": "title: One\ndate: 2024-03-01",
            "content/posts/one.fr.md": "title: Un\ndate: 2024-03-01",
        },
        ("content/posts",),
    ),
)

_TITLES = {
    "slashes.md": 'title: "a/b\\\\c d"\ndate: 2024-05-09',
    "plus.md": "title: 'C++ & C# @ home ~ x'\ndate: 2024-05-08",
    "turkish.md": "title: İstanbul IĞDIR ΟΔΟΣ\ndate: 2024-05-13",
    "slug-path.md": "title: S\nslug: a/b\ndate: 2024-05-16",
    "page.html.md": "title: H\ndate: 2024-05-17",
    "draft.fr.md": "title: Un\ndate: 2024-05-18",
}
HUGO += (
    Sample(
        "titles",
        {
            "hugo.toml": 'baseURL = "https://blog.example/"\n[permalinks]\nposts = "/p/:year/:title/"\n'
            'notes = "/n/:slug.html"\nfiles = "/f/:slugorcontentbasename"\n'
            "[languages.en]\nweight = 1\n[languages.fr]\ndisabled = true\n",
            **_HUGO_LAYOUTS,
        },
        {
            **_below("content/posts", _TITLES),
            **_below("content/notes", _TITLES),
            **_below("content/files", _TITLES),
            **_below("content/other", _TITLES),
        },
        ("content/posts", "content/notes", "content/files", "content/other"),
    ),
)

_JEKYLL_LAYOUT = {
    "_layouts/page.html": LAYOUT.format(url="{{ page.url | absolute_url }}", content="{{ content }}"),
}
_DEFAULT_LAYOUT = "defaults:\n- scope: {path: ''}\n  values: {layout: page}\n"
_JEKYLL_POSTS = {
    "2024-06-19-plain.md": "title: Plain",
    "2024-06-20-Dated_Name.markdown": "title: Dated\ndate: 2024-06-20 23:30 +0000",
    "2024-06-21-naive.md": "title: Naive\ndate: 2024-06-21 23:30",
    "2024-06-21-naive-seconds.md": "title: Naive\ndate: 2024-06-21 23:30:15",
    "2024-06-21-early.md": "title: Early\ndate: 2024-06-21 01:30:00",
    "2024-06-21-t.md": "title: T\ndate: 2024-06-21T01:30:00",
    "2024-06-21-quoted.md": 'title: Q\ndate: "2024-06-21 01:30:00"',
    "2024-06-22-offset.md": "title: Offset\ndate: 2024-06-22 23:30:00 -0500",
    "2024-06-22-zulu.md": "title: Zulu\ndate: 2024-06-22T03:59:59.000000Z",
    "2024-06-23-other-date.md": "title: Other\ndate: 2023-01-02",
    "2024-6-3-short.md": "title: Short",
    "24-06-05-two-digits.md": "title: Two",
    "2024-06-24-Über uns & mehr.md": "title: Über",
    "2024-06-25-c.2.0.md": "title: Dots",
    "2024-06-26-trail....md": "title: Trail",
    "2024-06-27-what's+up@home~now.md": "title: Now",
    "2024-06-28-日本語.md": "title: 日本語",
    "2024-06-29-emoji-💜.md": "title: Emoji",
    "2024-06-30-slugged.md": "title: Slugged\nslug: My Own_Slug é",
    "2024-07-01-a--b---c-.md": "title: Dashes",
    "2024-07-02-C# & F# 100%.md": "title: Signs",
    "2024-07-03-categories.md": "title: Cats\ncategories: [Big Garden, été & co, C++]",
    "2024-07-04-categories-text.md": "title: Cats\ncategories: One two ONE",
    "2024-07-05-category.md": "title: Cat\ncategory: Single One",
    "2024-07-06-both.md": "title: Both\ncategory: alone\ncategories: one two",
    "2024-07-07-permalink.md": "title: P\npermalink: /over/here/",
    "2024-07-08-permalink-pattern.md": "title: P\npermalink: /over/:year/:title/:slug",
    "2024-07-09-permalink-style.md": "title: P\npermalink: pretty",
    "2024-07-10-permalink-html.md": "title: P\npermalink: some/where.html",
    "sub/2024-07-11-below.md": "title: Below",
    "2024-12-30-week.md": "title: Week",
    "2024-07-13-Title Case.md": "title: Something Else",
    "2024-07-14-number.md": "title: 1\ncategory: 2024",
}
_JEKYLL_STYLES = (
    ("date", ""),
    ("pretty", "permalink: pretty\nbaseurl: /b\ntimezone: Europe/Berlin\n"),
    ("ordinal", "permalink: ordinal\ntimezone: America/Chicago\n"),
    ("weekdate", "permalink: weekdate\ntimezone: Asia/Tokyo\n"),
    ("none", "permalink: none\ntimezone: UTC\n"),
    ("pattern", "permalink: /x/:short_year/:i_month/:i_day/:long_month-:short_month/:slug\ntimezone: UTC\n"),
    ("categories", "permalink: /:slugified_categories/:y_day/:hour:minute:second/:title:output_ext\ntimezone: UTC\n"),
    ("bare", "permalink: blog/:w_year/:week/:w_day/:long_day/:title/\ntimezone: Pacific/Auckland\n"),
)
JEKYLL = (
    *(
        Sample(
            name,
            {"_config.yml": f"url: https://blog.example\n{text}{_DEFAULT_LAYOUT}", **_JEKYLL_LAYOUT},
            {
                **_below("_posts", _JEKYLL_POSTS),
                "garden/Old Roses/_posts/2024-07-12-above.md": "title: Above\ncategories: more",
                "garden/page.md": "title: Page",
            },
            ("_posts", "garden"),
        )
        for name, text in _JEKYLL_STYLES
    ),
    Sample(
        "collections",
        {
            "_config.yml": "url: https://blog.example\npermalink: pretty\ntimezone: Europe/Berlin\ncollections:\n"
            "  notes:\n    output: true\n  recipes:\n    output: true\n    permalink: /r/:path/:name/:title\n"
            "  hidden:\n    output: false\n  posts:\n    output: true\n    permalink: /p/:year/:slug/\n"
            "defaults:\n- scope: {path: ''}\n  values: {layout: page}\n"
            "- scope: {path: _posts/special, type: posts}\n  values: {permalink: '/special/:title/'}\n"
            "- scope: {path: '_posts/glob*'}\n  values: {permalink: '/globbed/:slug/'}\n"
            "- scope: {path: '', type: posts}\n  values: {categories: [dflt]}\n",
            **_JEKYLL_LAYOUT,
        },
        {
            "_posts/2024-06-19-plain.md": "title: Plain",
            "_posts/special/2024-06-20-one.md": "title: One",
            "_posts/glob1/2024-06-20-two.md": "title: Two",
            "_posts/2024-06-19-own.md": "title: Own\npermalink: /:categories/:title",
            "_notes/a-note.md": "title: Note\ndate: 2024-06-19",
            "_notes/2024-06-19-dated.md": "title: Dated",
            "_notes/deep/A Note.md": "title: Deep\ndate: 2024-06-19",
            "_recipes/Soup Hot.md": "title: Soup\ndate: 2024-06-19",
            "_recipes/deep/2024-06-19-Stew.md": "title: Stew",
            "_hidden/x.md": "title: X\ndate: 2024-06-19",
        },
        ("_posts", "_notes", "_recipes", "_hidden"),
    ),
    Sample(
        "scopes",
        {
            "_config.yml": "url: https://blog.example\nbaseurl: b\npermalink: /:collection/:path/\ndefaults:\n"
            "- scope: {path: ''}\n  values: {layout: page}\n"
            "- scope: {path: _posts/news}\n  values: {permalink: '/news/:title.html', category: news}\n"
            "- scope: {path: _posts/off}\n  values: {published: false}\n"
            "- scope: {path: _posts/cats}\n"
            "  values: {categories: [From Defaults, two], permalink: '/c/:categories/:title/'}\n",
            **_JEKYLL_LAYOUT,
        },
        {
            "_posts/2024-06-19-one.md": "title: One",
            "_posts/2024-06-19-index.md": "title: One\npermalink: /x/:title/index.html",
            "_posts/deep/er/2024-06-19-one.md": "title: One",
            "_posts/news/2024-06-19-two.md": "title: Two",
            "_posts/newsletter/2024-06-19-three.md": "title: Three",
            "_posts/off/2024-06-19-four.md": "title: Four",
            "_posts/off/2024-06-19-five.md": "title: Five\npublished: true",
            "_posts/cats/2024-06-19-six.md": "title: Six",
            "_posts/cats/2024-06-19-seven.md": "title: Seven\ncategories: own two",
            "_posts/cats/2024-06-19-eight.md": "title: Eight\ncategory: own",
            "blog/Deep er/_posts/2024-06-19-nine.md": "title: Nine",
        },
        ("_posts", "blog"),
    ),
    Sample(
        "moved",
        {
            "_config.yml": "url: https://blog.example\nsource: src\ncollections_dir: all\n"
            "collections:\n  notes:\n    output: true\n    permalink: /:collection/:title:output_ext\n"
            + _DEFAULT_LAYOUT,
            "src/_layouts/page.html": _JEKYLL_LAYOUT["_layouts/page.html"],
        },
        {
            "src/all/_posts/2024-06-19-plain.md": "title: Plain",
            "src/all/_notes/one.md": "title: One\ndate: 2024-06-19",
            "src/page.md": "title: Page\ndate: 2024-06-19",
            "src/pages/Other Page.md": "title: Page\ndate: 2024-06-19",
        },
        ("src/all/_posts", "src/all/_notes", "src/pages"),
    ),
)

_ELEVENTY_LAYOUT = LAYOUT.format(url="{{ page.url }}", content="{{ content }}")
_ELEVENTY_BASE = {
    "package.json": '{"type": "module", "homepage": "https://blog.example", "dependencies": {"@11ty/eleventy": "3"}}'
}
_ELEVENTY_PAGES = {
    **{name: matter for name, matter in _ODD.items() if "01:30:00" not in matter},
    "spaced.md": "title: Naive\ndate: 2024-06-23T01:30:00Z",
    "perma.md": "title: P\ndate: 2024-04-01\npermalink: /over/here/",
    "perma-index.md": "title: P\ndate: 2024-04-02\npermalink: /over/index/index.html",
    "perma-html.md": "title: P\ndate: 2024-04-03\npermalink: over/page.html",
    "2024-04-04-perma-slug.md": "title: P\npermalink: /s/{{ page.fileSlug }}/",
    "2024-04-05-perma-title.md": "title: Mein Tïtel & more's 'n\npermalink: '/t/{{ title | slugify }}/'",
    "2024-04-05-perma-cyrillic.md": "title: Привет, Мир Ёжик\npermalink: '/t/{{ title | slugify }}/'",
    "2024-04-05-perma-arabic.md": "title: مرحبا بالعالم\npermalink: '/t/{{ title | slugify }}/'",
    "2024-04-05-perma-curly.md": "title: '“It’s” don’t œuvre 5 € ½ 日本'\npermalink: '/t/{{ title | slugify }}/'",
    "2024-04-05-perma-case.md": "title: a bC\npermalink: '/t/{{ title | capitalize | remove: \" \" }}/'",
    "2024-04-06-perma-stem.md": "title: P\npermalink: '{{ page.filePathStem }}.html'",
    "2024-04-07-perma-date.md": "title: P\npermalink: \"/d/{{ page.date | date: '%Y/%m/%d' }}/{{ slug }}/\"\nslug: dd",
    "perma-false.md": "title: P\ndate: 2024-04-08\npermalink: false",
    "sub/sub.md": "title: Same as folder\ndate: 2024-04-09",
    "sub/2024-04-10-sub.md": "title: Same as folder\ndate: 2024-04-10",
    "2024-04-11-folder/index.md": "title: Dated folder",
    "sub/2024-04-12-folder/index.md": "title: Dated folder\npermalink: '/i/{{ page.fileSlug }}/'",
    "modified.md": "title: M\ndate: Last Modified\npermalink: /modified/",
}
_TWINS = ("sub/2024-04-10-sub.md", "2024-04-11-folder/index.md")  # two files would make one page
ELEVENTY = (
    Sample(
        "plain",
        {
            **_ELEVENTY_BASE,
            "eleventy.config.js": "export default (c) => {};\n",
            "_includes/page.html": _ELEVENTY_LAYOUT,
            "posts/posts.json": '{"layout": "page.html"}',
        },
        _below("posts", _ELEVENTY_PAGES),
        ("posts",),
    ),
    Sample(
        "data",
        {
            **_ELEVENTY_BASE,
            "eleventy.config.js": "export default (c) => {}; export const config = { dir: { input: 'src' } };\n",
            "src/_includes/page.html": _ELEVENTY_LAYOUT,
            "src/blog/blog.11tydata.json": '{"layout": "page.html", "permalink": "/b/'
            '{{ page.date | date: \\"%Y/%b\\" }}/{{ page.fileSlug | upcase }}/"}',
            "src/blog/deep/deep.json": '{"permalink": "/deep/{{ title | slugify }}/index.html"}',
            "src/notes/notes.11tydata.js": 'export default { layout: "page.html",'
            ' permalink: "/n/{{ page.fileSlug | slugify }}/" };\n',
            "src/blog/own.11tydata.json": '{"permalink": "/own/data/"}',
        },
        {
            **_below("src/blog", {name: text for name, text in _ELEVENTY_PAGES.items() if name not in _TWINS}),
            **_below(
                "src/notes",
                {
                    name: text
                    for name, text in _ELEVENTY_PAGES.items()
                    if "perma" not in text + name and name not in _TWINS
                },
            ),
            "src/blog/deep/one.md": "title: One One\ndate: 2024-04-09",
            "src/blog/deep/er/two.md": "title: Two\ndate: 2024-04-09",
            "src/blog/own.md": "title: Own\ndate: 2024-04-09",
        },
        ("src/blog", "src/notes"),
    ),
)

_THEME = {
    "theme/templates/article.html": LAYOUT.format(
        url="{{ SITEURL }}/{{ article.url }}", content="{{ article.content }}"
    ),
    **{
        f"theme/templates/{name}.html": "<html></html>\n"
        for name in (
            "index",
            "page",
            "archives",
            "authors",
            "categories",
            "tags",
            "author",
            "category",
            "tag",
            "period_archives",
        )
    },
}
_QUIET = "FEED_ALL_ATOM = CATEGORY_FEED_ATOM = TRANSLATION_FEED_ATOM = AUTHOR_FEED_ATOM = AUTHOR_FEED_RSS = None\n"
_PELICAN_PAGES = {
    "plain.md": "Title: A Plain One\nDate: 2024-06-19 10:00\n",
    "2024-06-20-dated_name.md": "Title: Dated Name\n",
    "accents.md": "Title: Été à l’œuvre: Straße & søn\nDate: 2024-06-21\nCategory: Big Garden\n",
    "cyrillic.md": "Title: Привет, мир\nDate: 2024-06-22\nCategory: Ünder\n",
    "greek.md": "Title: Καλημέρα κόσμε\nDate: 2024-06-22\n",
    "quotes.md": "Title: What's “up” — now?\nDate: 2024-06-23 23:30-05:00\n",
    "slug.md": "Title: Slug\nDate: 2024-06-24\nSlug: My-Own_Slug\n",
    "signs.md": "Title: C# & F# 100% / more_under\nDate: 2024-06-25\nAuthor: Jo Doe\n",
    "dashes.md": "Title: a -- b --- c -\nDate: 2024-06-26\n",
    "markup.md": "Title: Some <em>markup</em> *star*\nDate: 2024-06-27\n",
    "Garden Stuff/inner.md": "Title: Inner\nDate: 2024-06-28\n",
    "garden/deep/er.md": "Title: Deeper\nDate: 2024-06-29\n",
    "garden/own.md": "Title: Own\nDate: 2024-06-30\nCategory: Other\n",
    "french.md": "Title: Bonjour\nDate: 2024-07-01\nLang: fr\n",
    "url.md": "Title: Url\nDate: 2024-07-02\nUrl: else/where/\nSave_as: else/where/index.html\n",
    "hidden.md": "Title: Hidden\nDate: 2024-07-03\nStatus: hidden\n",
    "Base Name.md": "Title: Based\nDate: 2024-07-04\n",
    "emoji.md": "Title: 💜 Emoji 2.0\nDate: 2024-12-31 23:59\n",
    "late.md": "Title: Late\nDate: 2024-07-05T01:30:00Z\n",
}


def _pelican(name: str, settings: str) -> Sample:
    base = 'SITEURL = "https://blog.example/s"\nPATH = "content"\nDEFAULT_LANG = "en"\nTIMEZONE = "Europe/Paris"\n'
    return Sample(
        name,
        {"pelicanconf.py": base + _QUIET + settings, **_THEME},
        _below("content", _PELICAN_PAGES),
        ("content",),
    )


PELICAN = (
    _pelican("plain", ""),
    _pelican(
        "dates",
        'ARTICLE_URL = "posts/{date:%Y}/{date:%b}/{date:%d}/{slug}/"\nARTICLE_SAVE_AS = ARTICLE_URL + "index.html"\n',
    ),
    _pelican(
        "category",
        'ARTICLE_URL = "{category}/{author}/{slug}.html"\nARTICLE_SAVE_AS = ARTICLE_URL\nAUTHOR = "Ann Other"\n'
        'SLUGIFY_SOURCE = "basename"\nDEFAULT_CATEGORY = "All Sorts"\nARTICLE_LANG_URL = "{lang}/{slug}/"\n'
        'ARTICLE_LANG_SAVE_AS = ARTICLE_LANG_URL + "index.html"\n',
    ),
    _pelican(
        "unicode",
        'SLUGIFY_USE_UNICODE = True\nSLUGIFY_PRESERVE_CASE = True\nARTICLE_URL = "{date:%y%m%d-%H%M}/{lang}/{slug}/"\n'
        'ARTICLE_SAVE_AS = ARTICLE_URL + "index.html"\nUSE_FOLDER_AS_CATEGORY = False\n',
    ),
    _pelican(
        "filename",
        'FILENAME_METADATA = r"(?P<date>\\d{4}-\\d{2}-\\d{2})-(?P<slug>.*)"\n'
        'SLUG_REGEX_SUBSTITUTIONS = [(r"[^\\w\\s-]", "-"), (r"[-\\s]+", "-"), (r"e", "3")]\n'
        'PATH_METADATA = r"(?P<category>[^/]+)/.*"\nARTICLE_URL = "{category}/{slug}"\n'
        'ARTICLE_SAVE_AS = "{category}/{slug}.html"\n',
    ),
)
