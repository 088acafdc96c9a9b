"""What a page says of itself, from its bytes."""

from __future__ import annotations

import pytest

from bot.watcher import page
from tests.servers.site import html, stub

URL = "https://example.com/2026/a-post/"
HTML = "text/html; charset=utf-8"


def read(head: str = "", body: str = "<h1>A post</h1>", url: str = URL) -> page.Facts:
    return page.read(html(head, body).encode(), HTML, url)


def test_card_comes_from_open_graph() -> None:
    """Open Graph wins over Twitter's tags, the title and the description."""
    facts = read(
        '<title>A post | Site</title><meta name="description" content="plain">'
        '<meta name="twitter:title" content="bird"><meta property="og:title" content="Graph">'
        '<meta property="og:description" content="Words."><meta property="og:image" content="/a b.png">'
        '<meta property="og:image:alt" content="A road">'
    )
    assert facts.title == "Graph"
    assert facts.description == "Words."
    assert facts.image == "https://example.com/a b.png"
    assert facts.image_alt == "A road"


def test_card_falls_back() -> None:
    """Without Open Graph: Twitter's picture, the title element, the description."""
    facts = read(
        '<title>\n A post\n </title><meta name=description content="plain"><meta name="twitter:image" content="t.png">'
    )
    assert (facts.title, facts.description) == ("A post", "plain")
    assert facts.image == "https://example.com/2026/a-post/t.png"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("It&#8217;s &amp; &quot;so&quot;", 'It’s & "so"'),
        ("It&amp;#8217;s", "It’s"),
        ("ðŸ’œ havenâ€™t", "💜 haven’t"),
        ("<em>Two</em>\n  lines\u2028here\u0007", "Two lines here"),
        ("e\u0301", "é"),
    ],
)
def test_words_are_clean(written: str, expected: str) -> None:
    """Entities, mojibake, tags and line breaks do not reach the card."""
    assert read(f"<meta property='og:title' content='{written}'>").title == expected


def test_words_are_bounded() -> None:
    """A title has at most 200 graphemes and a description 300, cut between words."""
    facts = read(
        f'<meta property="og:title" content="{"word " * 900}"><meta name="description" content="{"x" * 9000}">'
    )
    assert len(facts.title) <= 200
    assert facts.title.endswith("word…")
    assert len(facts.description) == 300


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("<title>Grüße</title>".encode(), "text/html; charset=iso-8859-1"),
        ("<title>Grüße</title>".encode("cp1252"), "text/html; charset=iso-8859-1"),
        ("<title>Grüße</title>".encode("cp1252"), "text/html"),
        ("<meta charset=windows-1252><title>Grüße</title>".encode("cp1252"), "text/html"),
        ("\ufeff<title>Grüße</title>".encode("utf-16-le"), "text/html"),
        ("<title>Grüße</title>".encode(), "text/html; charset=no-such-thing"),
        ("<title>Grüße</title>".encode("cp1252"), "text/html; charset=rot13"),
        ("<title>Grüße</title>é".encode()[:-1], "text/html"),
    ],
)
def test_encodings(body: bytes, kind: str) -> None:
    """A page is read in the encoding it is in, whatever it says; one cut within a character too."""
    assert page.read(body, kind, URL).name == "Grüße"


def test_japanese_mail_encoding() -> None:
    """An encoding whose bytes look like ASCII is taken at its word."""
    assert page.read("<title>道</title>".encode("iso-2022-jp"), "text/html; charset=iso-2022-jp", URL).name == "道"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("0; url=https://example.org/b/", "https://example.org/b/"),
        ("0;URL='/b/'", "https://example.com/b/"),
        ("0,/b/", "https://example.com/b/"),
        (" 1.5 ; url = /b/", "https://example.com/b/"),
        ('5;url="../b/?x=1;y=2"', "https://example.com/2026/b/?x=1;y=2"),
        ("30; url=/b/", None),
        ("300", None),
        ("0", None),
        ("0; url=javascript:alert(1)", None),
        ("0; url=http://[", None),
        (".; url=/b/", "https://example.com/b/"),
    ],
)
def test_refresh(content: str, expected: str | None) -> None:
    """A refresh that comes at once is a redirect; a reload, or one that leaves time to read, is none."""
    facts = read(f"<meta http-equiv='Refresh' content='{content.replace(chr(39), '&#39;')}'>")
    assert facts.refresh == expected


@pytest.mark.parametrize(
    "shut", ["<noscript>{}</noscript>", "<template>{}</template>", "<!-- {} -->", "<script>{}</script>"]
)
def test_refresh_that_nobody_follows(shut: str) -> None:
    """A refresh for browsers without scripts, in a template, a comment or a script, is none."""
    assert read(shut.format('<meta http-equiv="refresh" content="0; url=/b/">')).refresh is None


def test_stub_of_jekyll() -> None:
    """The stub that jekyll-redirect-from writes leads to its target."""
    facts = page.read(stub("https://micro.example.com/b.html").encode(), HTML, URL)
    assert facts.refresh == facts.canonical == "https://micro.example.com/b.html"


def test_canonical_heeds_base() -> None:
    """Relative addresses are joined to the base element."""
    facts = read('<base href="https://example.org/x/"><link rel="alternate canonical" href="b/">')
    assert facts.canonical == "https://example.org/x/b/"


def test_title_of_a_drawing_is_not_the_page_s() -> None:
    """An SVG's title and heading are not taken for the page's."""
    facts = read("<title>A post</title>", "<svg><title>logo</title></svg><h1><svg><title>x</title></svg>Head</h1>")
    assert (facts.name, facts.heading) == ("A post", "Head")


@pytest.mark.parametrize(
    ("title", "heading"),
    [
        ("404 Not Found", ""),
        ("Page not found | My site", ""),
        ("My site — 404", ""),
        ("My site", "404"),
        ("My site", "Oops! That page can’t be found."),
        ("Error 404: Page Not Found", ""),
        ("Seite nicht gefunden – Blog", ""),
        ("Page Not Found · GitHub Pages", ""),
        ("My site", "The page you were looking for does not exist."),
    ],
)
def test_soft_404(title: str, heading: str) -> None:
    """A page that says it is not there is known by its title or heading."""
    words = page.missing(read(f"<title>{title}</title>", f"<h1>{heading}</h1>"))
    assert words
    assert words in f"{title}\n{heading}"


@pytest.mark.parametrize(
    "title",
    [
        "How I fixed my 404 pages",
        "Lost and found",
        "404 days of Python",
        "Not found in translation",
        "",
        "Page 404 of my diary",
    ],
)
def test_posts_about_404(title: str) -> None:
    """A post may speak of pages that are not found."""
    assert page.missing(read(f"<title>{title} | Site</title>", f"<h1>{title}</h1>")) == ""


@pytest.mark.parametrize(
    ("asked", "landed", "wrong"),
    [
        ("https://a.com/x/", "https://a.com/", True),
        ("https://a.com/?p=3", "https://a.com/index.html", True),
        ("https://a.com/x/", "https://b.com", True),
        ("https://a.com/x/", "https://a.com/404.html", True),
        ("https://a.com/x/", "https://a.com/wp-login.php?next=x", True),
        ("https://a.com/x/", "https://a.com/y/", False),
        ("https://a.com/x", "https://a.com/?p=3", False),
        ("http://a.com", "https://a.com/", False),
        ("https://a.com/404/", "https://b.com/404/", False),
    ],
)
def test_landing_elsewhere(asked: str, landed: str, wrong: bool) -> None:
    """A redirect to the home page, an error page or a log-in is not the post."""
    assert bool(page.wrong_landing(asked, landed)) is wrong


def test_hostile_markup_ends() -> None:
    """Markup made to hold a parser up is read in a moment, and gives nothing."""
    for bad in (b"<!--" * 400_000, b"<a " * 500_000, b"<" * 1_000_000, b"<title>" * 250_000, b"&" * 1_000_000):
        assert page.read(bad, HTML, URL).refresh is None
