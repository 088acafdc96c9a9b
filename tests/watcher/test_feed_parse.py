from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from bot.model import BodyFormat, Image
from bot.watcher.values import Unreadable
from tests.watcher.feeds import all_of, atom, entry, item, one, parsed, rss

JSON_FEED = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "A blog",
    "home_page_url": "https://blog.example/",
    "language": "de",
}


RSS_1 = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>A blog</title></channel>'
    '<item rdf:about="https://blog.example/1/"><title>A title</title><link>https://blog.example/1/</link>'
    "<description>Some words.</description><dc:date>2024-06-19T18:47:59Z</dc:date></item></rdf:RDF>"
)


def json_feed(*items: object, **head: object) -> str:
    return json.dumps({**JSON_FEED, **head, "items": items})


@pytest.mark.parametrize(
    "text",
    [
        rss(item("<pubDate>Wed, 19 Jun 2024 18:47:59 GMT</pubDate>")),
        rss(item("<pubDate>Wed, 19 Jun 2024 18:47:59 GMT</pubDate>")).replace('version="2.0"', 'version="0.92"'),
        atom(entry("<published>2024-06-19T18:47:59Z</published><content>Some words.</content>")),
        RSS_1,
        json_feed(
            {
                "id": "1",
                "url": "https://blog.example/1/",
                "title": "A title",
                "content_html": "Some words.",
                "date_published": "2024-06-19T18:47:59Z",
            }
        ),
    ],
    ids=["rss 2.0", "rss 0.92", "atom", "rss 1.0", "json"],
)
def test_every_format_gives_the_same_post(text: str) -> None:
    """Title, link, words and date are the same from each format."""
    post = one(text)
    assert ("A title", "https://blog.example/1/", "1") == (post.title, post.url, post.slug)
    assert "Some words." in post.body
    assert BodyFormat.HTML is post.body_format
    assert (datetime(2024, 6, 19, 18, 47, 59, tzinfo=UTC), True) == (post.published, post.has_time)
    assert post.modified is None


# Ids and links


def test_an_id_is_not_a_link() -> None:
    """The guid names the entry and the link is the post's; a guid that is a page's address is known as one."""
    post = one(
        rss("<item><title>A</title><link>https://blog.example/a</link><guid>https://blog.example/?p=1</guid></item>")
    )
    assert ("https://blog.example/?p=1", "https://blog.example/a") == (post.source_id, post.url)
    assert "https://blog.example/?p=1" in post.urls


def test_a_guid_that_is_a_permalink_is_the_link() -> None:
    """An item without a link has its guid's, where that is an address."""
    assert "https://blog.example/a" == one(rss("<item><title>A</title><guid>https://blog.example/a</guid></item>")).url
    bare = one(rss("<item><title>A</title><guid>4711</guid></item>"))
    assert (None, ("the entry has no link",)) == (bare.url, bare.warnings)


def test_an_entry_without_an_id_is_known_by_its_link_else_its_words() -> None:
    """The same entry has the same id in every fetch."""
    by_link = one(rss("<item><title>A</title><link>https://blog.example/a</link></item>"))
    assert "https://blog.example/a" == by_link.source_id
    text = rss("<item><title>A</title><pubDate>yesterday</pubDate></item>")
    assert one(text).source_id == one(text).source_id
    assert one(text).source_id != one(text.replace("yesterday", "today")).source_id


def test_an_entry_with_nothing_is_a_problem() -> None:
    """It is numbered, and the others are read."""
    found = all_of(rss("<item></item>", item()))
    assert ["[sources.micro] entry 1"] == [problem.path for problem in found.problems]
    assert 1 == len(found.posts)


def test_many_entries_with_nothing_are_one_line() -> None:
    """Their number is told."""
    (problem,) = all_of(rss("<item></item>" * 10_000)).problems
    assert "[sources.micro] 10000 entries" == problem.path


def test_an_id_that_several_entries_bear_is_none() -> None:
    """Where a generator gives every entry one guid, their links tell them apart; the entry twice is there once."""
    same = "".join(f"<item><guid>site</guid><link>https://blog.example/{n}/</link></item>" for n in (1, 2, 2))
    assert ["https://blog.example/1/", "https://blog.example/2/"] == [
        post.source_id for post in all_of(rss(same)).posts
    ]


def test_the_page_s_own_link_is_taken() -> None:
    """Of an Atom entry's links it is the alternate page, and of a FeedBurner item's the one before the counting."""
    links = '<link rel="related" href="https://other.example/"/><link rel="alternate" type="text/html" href="/p/"/>'
    post = one(atom(f"<entry><title>A</title><id>urn:1</id>{links}</entry>"))
    assert "https://blog.example/p/" == post.url
    burner = 'xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"'
    post = one(rss(item("<feedburner:origLink>https://blog.example/own/</feedburner:origLink>"), names=burner))
    assert "https://blog.example/own/" == post.url
    assert "https://blog.example/1/" in post.urls


def test_a_relative_link_starts_from_the_nearest_base() -> None:
    """`xml:base` of the entry, else of the feed, else the feed's own address."""
    relative = '<title>A</title><id>urn:1</id><link href="a/"/>'
    assert "https://blog.example/a/" == one(atom(f"<entry>{relative}</entry>")).url
    based = f'<entry xml:base="https://blog.example/deep/">{relative}</entry>'
    assert "https://blog.example/deep/a/" == one(atom(based)).url
    nowhere = one(atom(f"<entry>{relative}</entry>"), url=None)
    assert (None, ('its link is no web address: "a/"',)) == (nowhere.url, nowhere.warnings)


def test_a_link_is_known_with_and_without_its_slash() -> None:
    """A folder and a feed of one site spell it differently, and mean the same page."""
    assert ("https://blog.example/1",) == one(rss(item())).urls


# Words


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Tom &amp; Jerry", "Tom & Jerry"),
        ("Tom &amp;amp; Jerry", "Tom & Jerry"),
        ("Tom &amp;amp;amp; Jerry", "Tom & Jerry"),
        ("A &lt;em&gt;fine&lt;/em&gt; day", "A fine day"),
        ("<![CDATA[It&#8217;s]]>", "It’s"),
        ("  two\n lines ", "two lines"),
        ("", ""),
    ],
)
def test_a_title_of_rss_is_plain_words(title: str, expected: str) -> None:
    """Entities are read, however often they were escaped; markup is off."""
    assert expected == one(rss(item(title=title))).title


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("<title>The &lt;canvas&gt; element</title>", "The <canvas> element"),
        ('<title type="html">The &amp;lt;canvas&amp;gt; element</title>', "The <canvas> element"),
        ('<title type="html">A &lt;b&gt;bold&lt;/b&gt; one</title>', "A bold one"),
        (
            '<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">A <b>bold</b> &amp; fine one</div></title>',
            "A bold & fine one",
        ),
        ("", ""),
    ],
)
def test_a_title_of_atom_is_what_its_type_says(title: str, expected: str) -> None:
    """Text is taken at its word, HTML and XHTML are read."""
    assert expected == one(atom(entry(title=title))).title


def test_content_and_summary_are_kept_apart() -> None:
    """The content in full is the body, and the author's own summary stays one."""
    post = one(rss(item("<content:encoded><![CDATA[<p>All &amp; more.</p>]]></content:encoded>", body="In short.")))
    assert ("<p>All &amp; more.</p>", "In short.") == (post.body, post.summary)


@pytest.mark.parametrize(
    "short",
    [
        "It was a long",
        "It was a long […]",
        "It was a long &amp;#8230; The post A appeared first on B.",
        "It was a long day by the sea, and the bread &amp;#8230; &lt;a href='/a'&gt;Continue reading&lt;/a&gt;",
        "&lt;style&gt;p {}&lt;/style&gt;It was a long day",
    ],
)
def test_a_summary_that_a_machine_cut_is_none(short: str) -> None:
    """The beginning of the body, shortened, is not the author's summary."""
    whole = (
        "<content:encoded>&lt;p&gt;It was a &lt;b&gt;long&lt;/b&gt; day by the sea, and the bread was gone.&lt;/p&gt;"
    )
    whole += "</content:encoded>"
    assert one(rss(item(whole, body=short))).summary is None


def test_a_summary_alone_is_the_body() -> None:
    """Nothing is both."""
    post = one(rss(item(body="Only this.")))
    assert ("Only this.", None) == (post.body, post.summary)


def test_plain_text_becomes_paragraphs() -> None:
    """`content_text` is escaped, and its blank lines part paragraphs."""
    post = one(json_feed({"id": 7, "content_text": "a < b\nstill\n\nnext"}))
    assert ("7", "<p>a &lt; b<br>still</p><p>next</p>") == (post.source_id, post.body)


def test_a_body_escaped_twice_is_read() -> None:
    """Tags that would be shown as text are tags."""
    assert "<p>Hello</p>" == one(rss(item(body="&amp;lt;p&amp;gt;Hello&amp;lt;/p&amp;gt;"))).body


def test_an_escaped_section_is_opened() -> None:
    """write.as writes `<![CDATA[…]]>` as text; its marks are no words."""
    assert "A thought." == one(rss(item(body="&lt;![CDATA[A thought.]]&gt;"))).body
    empty = item("<content:encoded>&lt;p&gt;All.&lt;/p&gt;</content:encoded>", body="&lt;![CDATA[]]&gt;")
    assert ("<p>All.</p>", None) == (one(rss(empty)).body, one(rss(empty)).summary)


def test_the_category_of_none_is_none() -> None:
    """WordPress puts a post without a category into one."""
    assert ("soup",) == one(rss(item("<category>Uncategorized</category><category>soup</category>"))).tags


def test_an_untitled_item_has_no_title() -> None:
    """A note stays one."""
    assert "" == one(rss("<item><link>https://blog.example/n/</link><description>A note.</description></item>")).title


def test_pictures_with_their_words() -> None:
    """What is attached comes first, then the first picture of the body; a counting pixel and an emoji are none."""
    body = '&lt;img src="/pixel.gif" width="1" height="1"&gt;&lt;img src="/a.png" alt="A &amp;quot;cat&amp;quot;"&gt;'
    attached = (
        '<enclosure url="/b.jpg" type="image/jpeg" length="9"/><enclosure url="/c.mp3" type="audio/mpeg" length="9"/>'
    )
    expected = (Image("https://blog.example/b.jpg"), Image("/a.png", 'A "cat"'))
    assert expected == one(rss(item(attached, body=body))).images
    found = one(json_feed({"id": "1", "content_text": "a", "image": "/i.png"})).images
    assert (Image("https://blog.example/i.png"),) == found


def test_what_is_said_of_a_picture_is_its_own() -> None:
    """A description is its alternative words; an untitled entry does not take its title from a portrait."""
    names = 'xmlns:media="http://search.yahoo.com/mrss/"'
    described = '<media:description type="plain"><![CDATA[A "cat" & a dog]]></media:description>'
    media = f'<media:content url="/c.jpg" medium="image"><media:title>jo</media:title>{described}</media:content>'
    post = one(rss(item(media, title=""), names=names))
    assert ("", "Some words.", None) == (post.title, post.body, post.summary)
    assert (Image("https://blog.example/c.jpg", 'A "cat" & a dog'),) == post.images


def test_a_picture_in_the_words_starts_from_their_base() -> None:
    """`xml:base` of the content; without one the page is left to say."""
    content = '<content type="html"{}>&lt;img src="a.png" alt="A"&gt;</content>'
    based = content.format(' xml:base="https://blog.example/deep/"')
    assert (Image("https://blog.example/deep/a.png", "A"),) == one(atom(entry(based))).images
    assert (Image("a.png", "A"),) == one(atom(entry(content.format("")))).images


def test_tags_authors_and_languages() -> None:
    """Categories are tags; an entry's own language counts more than the feed's, and that more than the default."""
    post = one(rss(item("<category>a b</category><category>c</category><dc:creator>Jo</dc:creator>")))
    assert (("a b", "c"), ("Jo",), "en") == (post.tags, post.authors, post.language)
    assert "fr" == one(rss(item(), head="<language>fr</language>")).language
    german = '<entry xml:lang="de"><title>A</title><id>urn:1</id></entry>'
    assert "de" == one(atom(german, head="")).language
    assert "pt-BR" == one(json_feed({"id": "1", "content_text": "a", "language": "pt_BR"})).language


# Dates


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Wed, 19 Jun 2024 18:47:59 GMT", "2024-06-19T18:47:59"),
        ("Wed, 19 Jun 24 18:47 +0000", "2024-06-19T18:47:00"),
        ("Sun, 19 June 2024 13:47:59 CDT", "2024-06-19T18:47:59"),
        ("2024-06-19T18:47:59.123Z", "2024-06-19T18:47:59.123000"),
        ("2024-06-19 13:47:59", "2024-06-19T18:47:59"),
        ("19 Jun 2024", "2024-06-19T05:00:00"),
        ("Wed, 19 Jun 2024 18:47:59 +0000 (UTC)", "2024-06-19T18:47:59"),
        ("Wed,19 Jun 2024 18:47:60 GMT", "2024-06-19T18:47:59"),
        ("Mi, 19 Jun 2024 20:47:59 +0200", "2024-06-19T18:47:59"),
    ],
)
def test_dates_in_their_usual_forms(date: str, expected: str) -> None:
    """RFC 822 with its old years, RFC 3339, and what people write; without an offset, in the source's zone."""
    post = one(rss(item(f"<pubDate>{date}</pubDate>")))
    assert (datetime.fromisoformat(f"{expected}+00:00"), ()) == (post.published, post.warnings)


@pytest.mark.parametrize(
    "date",
    [
        "yesterday",
        "2024-13-45T00:00:00Z",
        "19/06/2024",
        "Mon, 99 Jun 2024 18:47:59 GMT",
        "1970-01-01T00:00:00Z",
        "2024",
    ],
)
def test_a_wrong_date_is_told_and_not_guessed_at(date: str) -> None:
    """The post has no date, and a warning."""
    post = one(rss(item(f"<pubDate>{date}</pubDate>")))
    assert post.published is None
    assert [True] == ["date is not known" in warning for warning in post.warnings]


def test_the_date_of_a_change_stands_in_for_none() -> None:
    """`updated` is not when it was published, and is used where nothing else is said."""
    assert datetime(2024, 6, 20, tzinfo=UTC) == one(atom(entry())).published
    both = one(atom(entry("<published>2024-06-19T00:00:00Z</published>")))
    assert datetime(2024, 6, 19, tzinfo=UTC) == both.published
    assert one(rss(item())).published is None


# Character sets


@pytest.mark.parametrize(
    ("declared", "encoding", "header"),
    [
        ("utf-8", "utf-8", "text/xml; charset=iso-8859-1"),
        ("iso-8859-1", "utf-8", "text/xml"),
        ("utf-8", "latin-1", "text/xml; charset=utf-8"),
        ("utf-8", "utf-8-sig", "application/xml; charset=iso-8859-15"),
        ("utf-16", "utf-16", "text/xml; charset=utf-8"),
        ("windows-1252", "cp1252", "text/xml"),
        ("utf-8", "iso-8859-15", "text/xml; charset=iso-8859-15"),
        ("mac-roman", "mac-roman", "text/xml; charset=iso-8859-1"),
    ],
)
def test_the_bytes_decide_before_what_is_said_of_them(declared: str, encoding: str, header: str) -> None:
    """Header and declaration may both be wrong."""
    text = rss(item(title="Café für alle")).replace("utf-8", declared)
    assert "Café für alle" == one(text.encode(encoding), header).title


def test_mojibake_is_repaired_and_told() -> None:
    """Each entry says where; the others say nothing."""
    found = all_of(rss(item(title="donâ€™t"), item(number=2), item(number=3, body="cafÃ©, itâ€™s"))).posts
    assert ["don’t", "A title", "A title"] == [post.title for post in found]
    assert "café, it’s" == found[2].body
    told = [("mojibake repaired in title",), (), ("mojibake repaired in body",)]
    assert told == [post.warnings for post in found]


# What is no feed, or a broken one


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("Hello", 'not a feed: it begins with "Hello"'),
        ("<!doctype html><title>Log in</title><input type=password>", "a web page, not a feed: it asks for a login"),
        (
            '<html><link rel="alternate" type="application/rss+xml" href="/rss.xml"></html>',
            "it names the feed https://blog.example/rss.xml",
        ),
        ("<?xml version='1.0'?><svg></svg>", "XML of another kind (<svg>)"),
        ('{"a": ', "broken JSON"),
        ('{"items": []}', "its version is not that of a JSON Feed"),
        ('{"version": "https://jsonfeed.org/version/1"}', "no list of items"),
        ("[" * 100_000, "nested too deeply"),
        (rss(item())[:-60], "breaks off"),
    ],
)
def test_what_is_no_feed(text: str, words: str) -> None:
    """One clear line."""
    with pytest.raises(Unreadable) as caught:
        parsed(text)
    assert words in caught.value.message


BOMB = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))


@pytest.mark.parametrize(
    "subset",
    [
        f'<!ENTITY l0 "lol">{BOMB}',
        f'<!ENTITY l0 "{"A" * 50_000}">',
        '<!ENTITY x SYSTEM "file:///etc/passwd">',
        '<!ENTITY % x PUBLIC "a" "http://127.0.0.1/x.dtd"> %x;',
        '<!ENTITY a "]>"><!ENTITY b "&a;&a;&a;&a;">',
        "<!ENTITY a '<b>'><!ENTITY x SYSTEM 'file:///etc/passwd'>",
    ],
)
def test_entities_that_expand_or_reach_out_are_refused(subset: str) -> None:
    """An XML bomb, and a file of the machine's, are one clear line."""
    text = rss(item(title="&l9;&x;")).replace("<rss", f"<!DOCTYPE rss [{subset}]><rss", 1)
    with pytest.raises(Unreadable, match="entities"):
        parsed(text)


def test_a_document_type_of_old_is_let_pass() -> None:
    """RSS 0.91 has one, and some declare a space."""
    old = '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://my.netscape.com/rss.dtd">'
    assert "A title" == one(rss(item()).replace("<rss", f"{old}<rss", 1)).title
    space = '<!DOCTYPE rss [<!ENTITY nbsp "&#160;">]>'
    assert "A title" == one(rss(item(title="A&nbsp;title")).replace("<rss", f"{space}<rss", 1)).title.replace(
        "\xa0", " "
    )


def test_broken_xml_is_read_as_well_as_can_be() -> None:
    """HTML's entities and bare ampersands are mended in silence; a torn element is told with its line."""
    assert "Q&A in <b>" == one(rss(item(title="Q&A in &lt;b>"))).title
    assert "" == parsed(rss(item(title="A&nbsp;title&hellip;"))).trouble
    assert "A title…" == one(rss(item(title="A&nbsp;title&hellip;"))).title
    broken = parsed(rss(item(title="A <b>title")))
    assert "broken XML" in broken.trouble
    assert "line 2" in broken.trouble
    assert 1 == len(broken.entries)


def test_words_before_the_feed_are_passed_over_and_told() -> None:
    """A warning of PHP does not take the feed away; what is before an ordinary one is no trouble."""
    warning = "<br />\n<b>Warning</b>: Undefined variable in <b>/a.php</b> on line <b>3</b><br />\n"
    found = parsed(warning + rss(item()))
    assert 'before the feed stands "Warning : Undefined variable in /a.php on line 3"' in found.trouble
    assert 1 == len(found.entries)
    styled = '<?xml version="1.0"?><!-- a > b --><?xml-stylesheet href="a.xsl"?><!DOCTYPE rss>'
    assert "" == parsed(rss(item()).replace('<?xml version="1.0" encoding="utf-8"?>', styled)).trouble
    with pytest.raises(Unreadable):
        parsed(warning + rss().replace("<rss", '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss', 1))


def test_control_characters_do_not_break_it() -> None:
    """What XML forbids is left out."""
    found = parsed(rss(item(title="A\x0b \x00title")))
    assert ("", "A title") == (found.trouble, found.entries[0].title.value)


def test_what_a_feed_says_of_how_often_to_ask() -> None:
    """`ttl` in minutes, and the syndication module's period."""
    assert timedelta(minutes=90) == parsed(rss(head="<ttl>90</ttl>")).every
    names = 'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
    said = "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>"
    assert timedelta(hours=12) == parsed(rss(head=said, names=names)).every
    assert parsed(rss()).every is None


def test_a_stamp_changes_with_the_entry_alone() -> None:
    """A new build date or a new neighbour changes nothing."""
    before = one(rss(item()))
    after = all_of(rss(item(number=2), item(), head="<lastBuildDate>now</lastBuildDate>")).posts[1]
    assert (before.stamp, before.text_hash) == (after.stamp, after.text_hash)
    assert before.stamp != one(rss(item(title="Another"))).stamp
