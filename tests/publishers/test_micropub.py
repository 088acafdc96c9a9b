"""Micropub against a real django-indieweb: the contract, the log-in, then what is Micropub's own."""
# ruff: noqa: D102 - the contract says what each hook does

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from bot.errors import CredentialError, Rejected, TooFar, TryLater, Unauthorized, Uncertain
from bot.model import Announcement, Media, Note
from bot.publishers import micropub_entry as entries
from bot.publishers.base import Publisher
from bot.publishers.micropub import Micropub
from bot.publishers.micropub_login import login
from bot.publishers.micropub_page import links
from bot.testing import A_WHILE, CarriesPictures, Copy, LosesAnswers, PublishesOnce, Refuses, access, attempt, raised
from bot.testing import announcement as announce
from tests.servers.indieweb import IndieWeb, consent
from tests.servers.packages import free_port
from tests.servers.proxy import Cut, Proxy
from tests.servers.strict_http import Answer, Request, serve

WRONG_TOKEN = "a-token-that-was-revoked"
POST = "POST /indieweb/micropub"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
MEDIA = (Media(PNG, "image/png", "A cat, asleep", 1, 1), Media(PNG, "image/png", "A dog", 1, 1))


def publisher(token: str, **options: object) -> Micropub:
    """A publisher with these options."""
    return Micropub(access(options, {"access_token": token}))


class OnMicropub(PublishesOnce, Refuses, LosesAnswers):
    """The hooks of a site, however a post is written down."""

    carries = frozenset()
    encoding: str

    @pytest.fixture(autouse=True)
    def _server(self, indieweb: IndieWeb) -> Iterator[None]:
        self.site = indieweb
        self.token = indieweb.token
        with Proxy(indieweb.base) as self.proxy:
            yield

    def at(self, endpoint: str, token: str) -> Publisher:
        return publisher(token, endpoint=endpoint, encoding=self.encoding)

    def make(self) -> Publisher:
        return self.at(f"{self.proxy.base}/indieweb/micropub/", self.site.token)

    def copies(self) -> Sequence[Copy]:
        return [
            Copy(
                remote_id=post["url"],
                text=post["content"][0],
                links=tuple(re.findall(r"https?://\S+", post["content"][0])),
            )
            for post in self.site.posts()
        ]

    def shown(self, announcement: Announcement) -> str:
        return f"{announcement.content_warning}\n\n{announcement.text}"

    def secrets(self) -> Sequence[str]:
        return [self.token, self.site.token, WRONG_TOKEN]

    def unauthorised(self) -> Publisher:
        return self.at(self.site.endpoint, WRONG_TOKEN)

    def unreachable(self) -> Publisher:
        return self.at(f"http://127.0.0.1:{free_port()}/", self.token)

    def limit_rate(self) -> timedelta | None:
        self.site.begin(rate=1)
        assert isinstance(attempt(self.unauthorised(), announce()).error, Unauthorized)  # it counts all the same
        return timedelta(seconds=60)

    def too_long(self) -> Announcement:
        return announce("word " * 2000)

    def losing(self) -> Publisher:
        self.proxy.inject(Cut(), on=POST)
        return self.make()


class TestMicropubJson(OnMicropub):
    """A site that takes JSON keeps the contract of one that must be looked at."""

    encoding = "json"


class TestMicropubForm(OnMicropub, CarriesPictures):
    """The same by a form, with pictures: django-indieweb takes no alt text in JSON."""

    encoding = "form"

    def pictures(self) -> Sequence[tuple[bytes | str, str]]:
        pairs = [pair for post in self.site.posts() for pair in zip(post["photo"], post["mp-photo-alt"], strict=True)]
        with httpx.Client(trust_env=False) as client:
            return [(client.get(url).content, alt) for url, alt in pairs]


def test_pictures_tags_and_copies(indieweb: IndieWeb) -> None:
    """Pictures are uploaded once and stand with their alt text; tags are categories; the site is told to copy it."""
    place = "https://m.example/@me"
    made = publisher(indieweb.token, site=indieweb.base, encoding="form", syndicate_to=(place,))
    words = replace(announce(), media=MEDIA, tags=("IndieWeb", "POSSE"))
    first = next(iter(made.publish(words, ())))
    assert isinstance(first, Note)
    done = attempt(made, words, [first])
    assert done.receipt is not None, done.error
    assert ["photo", "entry"] == [note.kind for note in done.notes]
    (post,) = indieweb.posts()
    assert (["IndieWeb", "POSSE"], [place]) == (post["category"], post["mp-syndicate-to"])
    assert ["A cat, asleep", "A dog"] == post["mp-photo-alt"]
    assert [first.data["url"], done.notes[0].data["url"]] == post["photo"]
    assert () == made.verify().warnings


def test_pictures_in_json() -> None:
    """In JSON a picture is an object with its alt text: https://www.w3.org/TR/micropub/#uploading-a-photo-with-alt-text.

    django-indieweb does not take that.
    """
    posted: list[Request] = []

    def route(request: Request) -> Answer:
        if request.method == "GET":
            return Answer(200, {"media-endpoint": f"{request.base}/media"})
        posted.append(request)
        where = "/photo.png" if request.path == "/media" else "/post"
        return Answer(201, {}, {"Location": f"{request.base}{where}"})

    with server(route) as base:
        done = attempt(publisher("t0ken", endpoint=base), replace(announce(), media=MEDIA))
        assert done.receipt is not None, done.error
        assert f"{base}/post" == done.receipt.url
    assert [PNG] == [file.data for file in posted[0].files.values()]
    alts = ["A cat, asleep", "A dog"]
    photos = [{"value": f"{base}/photo.png", "alt": alt} for alt in alts]
    assert photos == posted[-1].values["properties"]["photo"]


@pytest.mark.parametrize("encoding", ["json", "form"])
def test_an_article_has_a_name(indieweb: IndieWeb, encoding: str) -> None:
    """`kind = "article"` gives the title as its name, and not again in its content."""
    made = publisher(indieweb.token, endpoint=indieweb.endpoint, encoding=encoding, kind="article", destination="d")
    words = announce()
    assert attempt(made, words).receipt is not None
    (post,) = indieweb.posts()
    assert ["Where the road goes"] == post["name"]
    assert words.text == f"Where the road goes\n\n{post['content'][0]}"
    assert made.find(words, datetime.now(UTC) - A_WHILE) is not None


def test_a_site_that_lists_nothing_cannot_be_looked_at(indieweb: IndieWeb) -> None:
    """It is said at the log-in, and a look says that nobody can tell; a post goes out all the same."""
    indieweb.begin(lists=False)
    made = publisher(indieweb.token, site=indieweb.base)
    assert attempt(made, announce()).receipt is not None
    assert isinstance(raised(lambda: made.find(announce(), datetime.now(UTC))), TooFar)
    (warning,) = made.verify().warnings
    assert "posse resolve" in warning


def test_a_place_that_the_server_does_not_know(indieweb: IndieWeb) -> None:
    """`syndicate_to` is held against what the server offers."""
    (warning,) = publisher(indieweb.token, site=indieweb.base, syndicate_to=("nowhere",)).verify().warnings
    assert "nowhere; the server knows https://m.example/@me" in warning


def test_the_list_is_read_in_pages(indieweb: IndieWeb) -> None:
    """A post is found behind more than one page of others."""
    made = publisher(indieweb.token, endpoint=indieweb.endpoint)
    first = announce()
    assert attempt(made, first).receipt is not None
    for number in range(55):
        assert attempt(made, announce(url=f"https://example.com/{number}")).receipt is not None
    seen = list(made.recent(datetime.now(UTC) - A_WHILE))
    assert len(seen) == 56
    assert first.url in seen[-1].links


@dataclass
class Visitor:
    """A person who presses a button of the real page. Without a browser they bring back the address, or the code."""

    browser: bool = True
    action: str = "approve"
    spoils: Callable[[str], str] = str
    shown: list[str] = field(default_factory=list)

    def browse(self, url: str) -> bool:
        self.shown.append(url)
        consent(url, self.action)
        return True

    def paste(self, url: str) -> str:
        self.shown.append(url)
        answer = consent(url, self.action)
        target = answer.headers.get("location") or str(answer.url)
        return self.spoils(target)


@pytest.mark.parametrize(
    "visitor",
    [
        Visitor(),
        Visitor(browser=False),
        Visitor(browser=False, spoils=lambda url: str(re.findall(r"code=([^&]+)", url)[0])),
    ],
    ids=["browser", "pasted address", "pasted code"],
)
def test_the_token_works(indieweb: IndieWeb, visitor: Visitor) -> None:
    """IndieAuth with PKCE gives a token that may post, upload and list."""
    made = access({"site": indieweb.base}, {})
    secret = login(made, visitor, seconds=10)["access_token"]
    (url,) = visitor.shown
    assert "code_challenge_method=S256" in url
    proven = publisher(secret.reveal(), site=indieweb.base)
    assert () == proven.verify().warnings
    assert attempt(proven, announce()).receipt is not None
    assert proven.find(announce(), datetime.now(UTC) - A_WHILE) is not None


@pytest.mark.parametrize(
    ("visitor", "words"),
    [
        (Visitor(action="deny"), "denied"),
        (Visitor(browser=False, spoils=lambda url: re.sub("state=[^&]+", "state=x", url)), "another log-in"),
        (Visitor(browser=False, spoils=lambda _url: " "), "no code"),
    ],
    ids=["denied", "wrong state", "nothing"],
)
def test_a_login_that_fails(indieweb: IndieWeb, visitor: Visitor, words: str) -> None:
    """No, a strange answer and no answer give no token."""
    with pytest.raises(CredentialError, match=words):
        login(access({"site": indieweb.base}, {}), visitor, seconds=5)


def test_a_wrong_code_is_refused_and_not_shown(indieweb: IndieWeb) -> None:
    """The token endpoint's refusal is `Unauthorized`."""
    visitor = Visitor(browser=False, spoils=lambda _url: "n0-such-code")
    with pytest.raises(Unauthorized) as caught:
        login(access({"site": indieweb.base}, {}), visitor, seconds=5)
    assert "n0-such-code" not in str(caught.value)


@contextmanager
def server(route: Callable[[Request], Answer]) -> Iterator[str]:
    """A small site's address."""
    made = serve(route)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{made.server_address[1]}"
    finally:
        made.shutdown()
        made.server_close()


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (Answer(200, "<title>hello</title>"), "names no Micropub endpoint"),
        (Answer(404, "gone"), "answered 404"),
        (Answer(200, '<link rel="micropub" href="http://elsewhere.example/m">'), "names no Micropub endpoint"),
    ],
    ids=["none", "no page", "in the clear"],
)
def test_a_site_without_an_endpoint(page: Answer, words: str) -> None:
    """A page that names no endpoint that a token may go to is refused, and no IndieAuth is told at the log-in."""
    with server(lambda request: page) as base:
        error = attempt(publisher("t0ken", site=base), announce()).error
        assert isinstance(error, Rejected)
        assert words in error.message
        with pytest.raises((CredentialError, Rejected)):
            login(access({"site": base}, {}), Visitor(), seconds=1)


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (Answer(401, {"error": "unauthorized"}), Unauthorized, "unauthorized"),
        (Answer(403, {"error": "insufficient_scope", "scope": "create"}), Unauthorized, "insufficient_scope"),
        (Answer(403, {"error": "forbidden", "error_description": "not you, t0ken"}), Unauthorized, "not you, …"),
        (Answer(400, {"error": "invalid_request", "error_description": "no content"}), Rejected, "no content"),
        (Answer(404, "<h1>Not here</h1>"), Rejected, "404"),
        (Answer(308, {}, {"Location": "https://elsewhere.example/m?x=1"}), Rejected, "elsewhere.example"),
        (Answer(429, {}, {"Retry-After": "7"}), TryLater, "429"),
        (Answer(500, "oops"), Uncertain, "500"),
        (Answer(200, {}), Uncertain, "not where the post is"),
        (Answer(201, {}, fate="drop"), Uncertain, "broke the connection"),
    ],
)
def test_what_an_answer_means(answer: Answer, kind: type[Exception], words: str) -> None:
    """Each answer of https://www.w3.org/TR/micropub/#error-response is one of our errors, without the token."""
    with server(lambda request: answer) as base:
        error = attempt(publisher("t0ken", endpoint=base), announce()).error
    assert isinstance(error, kind), error
    assert words in str(error)
    assert "t0ken" not in str(error)
    if isinstance(error, TryLater):
        assert timedelta(seconds=7) == error.wait


def test_a_server_that_reads_no_json_gets_a_form() -> None:
    """A 415 has made nothing: the same post goes as a form at once."""
    posted: list[Request] = []

    def route(request: Request) -> Answer:
        posted.append(request)
        if request.headers["Content-Type"] == "application/json":
            return Answer(415, "only forms")
        return Answer(201, "", {"Location": "/post"})

    with server(route) as base:
        result = attempt(publisher("t0ken", endpoint=f"{base}/m", encoding="json"), announce())
        assert result.receipt is not None, result.error
        assert f"{base}/post" == result.receipt.url
    assert ["", "entry"] == [request.text("h") for request in posted]


@pytest.mark.parametrize("config", [Answer(200, {}), Answer(400, {"error": "invalid_request"}), Answer(404, "no")])
@pytest.mark.parametrize("count", [1, 2])
def test_without_a_media_endpoint_pictures_go_in_the_post(config: Answer, count: int) -> None:
    """As files of a form, with their alt text: https://www.w3.org/TR/micropub/#uploading-files."""
    posted: list[Request] = []

    def route(request: Request) -> Answer:
        if request.method == "GET":
            return config
        posted.append(request)
        return Answer(202, "", {"Location": f"{request.base}/post"})

    with server(route) as base:
        words = replace(announce(), media=MEDIA[:count])
        assert attempt(publisher("t0ken", endpoint=f"{base}/m", encoding="json"), words).receipt is not None
    (request,) = posted
    assert words.text == request.text("content")
    assert [media.alt for media in MEDIA[:count]] == request.values["mp-photo-alt"]
    field = "photo" if count == 1 else "photo[]"
    assert request.body.count(f'name="{field}"; filename='.encode()) == count
    assert request.body.count(PNG) == count


def test_an_endpoint_on_another_port_of_this_machine() -> None:
    """To try it out, a page on loopback may name an endpoint on another of its ports."""
    with server(lambda _request: Answer(201, "", {"Location": "/post"})) as there:
        link = {"Link": f'<{there}/m>; rel="micropub"'}
        with server(lambda _request: Answer(200, "<title>me</title>", link)) as base:
            result = attempt(publisher("t0ken", site=f"{base}/", encoding="form"), announce())
    assert result.receipt is not None, result.error
    assert f"{there}/post" == result.receipt.url


def item(number: int, made: str) -> dict[str, Any]:
    """A listed post, made at an hour of one day."""
    url = f"https://site.example/{number}"
    text = {"html": f'<p>see <a href="https://example.com/{number}?a=1&amp;b=2">it</a></p>'}
    return {"type": ["h-entry"], "properties": {"url": [url], "content": [text], "published": [made]}}


@pytest.mark.parametrize("order", ["cursor", "oldest first", "whole"])
def test_lists_of_other_servers(order: str) -> None:
    """By cursor or by offset, newest or oldest first: all that is newer is seen, newest first."""
    items = [item(number, f"2026-01-01T{number:02}:00:00+00:00") for number in range(6)]
    listed = items if order == "oldest first" else items[::-1]

    def route(request: Request) -> Answer:
        if order == "cursor":
            at = int(request.text("after") or 0)
            paging = {"after": str(at + 2)} if at + 2 < len(listed) else {}
            return Answer(200, {"items": listed[at : at + 2], "paging": paging})
        at = int(request.text("offset") or 0)
        return Answer(200, {"items": listed[at : at + (6 if order == "whole" else 2)]})

    with server(route) as base:
        seen = list(publisher("t0ken", endpoint=base).recent(datetime(2026, 1, 1, 2, tzinfo=UTC)))
    assert [f"https://example.com/{number}?a=1&b=2" for number in (5, 4, 3, 2)] == [each.links[0] for each in seen]


def test_a_list_that_goes_no_further_is_no_look() -> None:
    """A server that shows its newest posts alone cannot say that an older one is not there."""
    with server(lambda request: Answer(200, {"items": [item(1, "2026-01-02T00:00:00Z")]})) as base:
        error = raised(lambda: list(publisher("t0ken", endpoint=base).recent(datetime(2026, 1, 1, tzinfo=UTC))))
    assert isinstance(error, TooFar)


@pytest.mark.parametrize(
    ("header", "body", "expected"),
    [
        ('<https://a.example/m>; rel="micropub"', "", "https://a.example/m"),
        ('</m>; type="x"; rel="other micropub", </n>; rel=micropub', "", "https://me.example/m"),
        (
            "</n>; rel=me",
            '<a rel="me" href="/x"></a><LINK REL="Micropub x" HREF="m?a&amp;b">',
            "https://me.example/m?a&b",
        ),
        ("", "<link rel=micropub>", None),
    ],
)
def test_discovery(header: str, body: str, expected: str | None) -> None:
    """The HTTP header goes before the page's links, relative to the page."""
    assert expected == links(header, body, "https://me.example/about").get("micropub")


def test_what_is_empty_is_not_sent() -> None:
    """A note without tags or pictures has its content alone."""
    words = announce("Hello https://example.com/2024/06/19/a-post.html")
    assert {"h": "entry", "content": words.text} == entries.as_form(words, [], entries.Manner())
    assert {"content": [words.text]} == entries.as_json(words, [], entries.Manner())["properties"]
