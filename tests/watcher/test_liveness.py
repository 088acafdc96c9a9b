"""Asking for pages, over real sockets."""

from __future__ import annotations

import datetime as dt
import io
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from PIL import Image as Pillow

from bot.http import Http
from bot.model import Image, Page
from bot.watcher import liveness
from tests.servers.site import Site, html, picture, stub


@pytest.fixture
def http() -> Iterator[Http]:
    """A client for one test."""
    made = Http()
    yield made
    made.close()


def ask(url: str, http: Http, image: Image | None = None) -> Page:
    images = {url: image} if image else {}
    return liveness.ask([url], http, allow_private=True, images=images)[url]


def test_a_page_that_is_there(site: Site, http: Http) -> None:
    """A page that answers 200 is live, at its own address, after one request."""
    url = site.put("/a/", html("<title>A post</title>"))
    found = ask(url, http)
    assert (found.live, found.detail, found.landing, found.urls, found.warnings) == (True, "", None, (), ())
    assert found.card is not None
    assert (found.card.url, found.card.title) == (url, "A post")
    assert site.asked == ["/a/"]


def test_a_page_that_is_deployed_later(site: Site, http: Http) -> None:
    """A page is not live before it is deployed, and live after."""
    url = site.put("/a/", html(), after=1.0)
    assert ask(url, http).detail == "404"
    time.sleep(1.0)
    assert ask(url, http).live


@pytest.mark.parametrize("status", [401, 403, 404, 410, 429, 500, 503, 204])
def test_other_answers(site: Site, http: Http, status: int) -> None:
    """Only 200 is live; the detail is the status."""
    found = ask(site.put("/a/", html() if status != 204 else "", status=status), http)
    assert (found.live, found.detail, found.card) == (False, str(status), None)


def test_no_server(http: Http) -> None:
    """Where nobody listens there is no answer."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        found = ask(f"http://127.0.0.1:{taken.getsockname()[1]}/a/", http)
    assert not found.live
    assert found.detail.startswith("no answer: ")


def test_a_slow_page(site: Site, http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that does not answer in time is not live."""
    monkeypatch.setattr(liveness, "ONE_REQUEST", 0.3)
    found = ask(site.put("/a/", html(), delay=1.0), http)
    assert not found.live
    assert "in time" in found.detail


def test_a_page_that_breaks_off(site: Site, http: Http) -> None:
    """A connection that ends within the page is no answer."""
    found = ask(site.put("/a/", html(), broken=True), http)
    assert not found.live
    assert found.detail.startswith("no answer: ")


@pytest.mark.parametrize("url", ["http:///a", "ftp://example.com/a", "https://", "no address", "http://[/"])
def test_what_is_no_address(http: Http, url: str) -> None:
    """An address that cannot be asked is not live, and breaks nothing."""
    found = ask(url, http)
    assert not found.live
    assert found.detail


def test_private_address_is_refused(site: Site, http: Http) -> None:
    """Loopback is asked only with allow_private, and the detail names the key."""
    url = site.put("/a/", html())
    found = liveness.ask([url], http, allow_private=False)[url]
    assert found == Page(
        url, live=False, detail="its address is private (127.0.0.1); set allow_private = true in [guards]"
    )
    assert site.asked == []


def test_certificate(tmp_path: Path, http: Http) -> None:
    """A certificate that nobody vouches for is named as the reason."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(tmp_path / "made.pem"))
    with socket.create_server(("127.0.0.1", 0)) as server:

        def shake() -> None:
            for _ in range(2):  # connecting is tried twice
                try:
                    connection, _ = server.accept()
                    context.wrap_socket(connection, server_side=True).close()
                except OSError:
                    connection.close()

        thread = threading.Thread(target=shake, daemon=True)
        thread.start()
        found = ask(f"https://127.0.0.1:{server.getsockname()[1]}/", http)
    assert found.detail == "its certificate is not valid: self-signed certificate"


def _certificate(path: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path.write_bytes(key.private_bytes(pem, form, serialization.NoEncryption()) + made.public_bytes(pem))
    return path


def test_redirect_leads_to_the_landing(site: Site, http: Http) -> None:
    """The page people are redirected to is the landing; all addresses on the way are kept, and a warning names it."""
    url = site.redirect("/a/", "/b/")
    site.redirect("/b/", "/c/?x=1", 302)
    landing = site.put("/c/?x=1", html("<title>Here</title>"))
    found = ask(url, http)
    assert (found.live, found.landing) == (True, landing)
    assert found.urls == (f"{site.base}/b/", landing)
    assert found.warnings == (f"it is only a redirect stub; people land on {landing}",)
    assert found.card is not None
    assert (found.card.url, found.card.title) == (url, "Here")


def test_stub_leads_to_the_landing(site: Site, http: Http) -> None:
    """A page that is only a meta refresh is followed, also over a redirect."""
    url = site.put("/a/", stub("/b/"))
    site.redirect("/b/", "/c/")
    landing = site.put("/c/", html("<title>Here</title>"))
    found = ask(url, http)
    assert (found.live, found.landing, found.urls) == (True, landing, (f"{site.base}/b/", landing))
    assert found.warnings == (f"it is only a redirect stub; people land on {landing}",)


def test_slash_at_the_end_is_no_stub(site: Site, http: Http) -> None:
    """A redirect that only adds a slash is followed without a word."""
    url = site.redirect("/a", "/a/")
    site.put("/a/", html())
    found = ask(url, http)
    assert (found.landing, found.warnings) == (f"{url}/", ())


@pytest.mark.parametrize("stubs", [True, False])
def test_circles_and_long_chains(site: Site, http: Http, stubs: bool) -> None:
    """A page that leads back to itself, or further than five hops, is not live."""
    for number in range(8):
        to = f"/{number + 1}/"
        site.put(f"/{number}/", stub(to)) if stubs else site.redirect(f"/{number}/", to)
    site.put("/8/", html())
    site.put("/x/", stub("/y/")) if stubs else site.redirect("/x/", "/y/")
    site.put("/y/", stub("/x/")) if stubs else site.redirect("/y/", "/x/")
    assert ask(f"{site.base}/0/", http).detail == "it redirects more than 5 times"
    assert not ask(f"{site.base}/x/", http).live
    assert ask(f"{site.base}/3/", http).live


def test_every_hop_must_be_public(site: Site, http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    """A public page that leads to a private one is refused at that hop, by redirect and by stub."""
    from bot import wire

    monkeypatch.setattr(wire, "is_public", lambda address: address == "127.0.0.1")
    for url in (site.redirect("/a/", "http://127.0.0.2:9/"), site.put("/b/", stub("http://127.0.0.2:9/"))):
        found = liveness.ask([url], http, allow_private=False)[url]
        assert found.detail == "its address is private (127.0.0.2); set allow_private = true in [guards]"


def test_soft_404(site: Site, http: Http) -> None:
    """A page that answers 200 to say that it is not there waits, as does one that leads to the home page."""
    site.put("/", html("<title>My site</title>"))
    said = ask(site.put("/a/", html("<title>Page not found | My site</title>")), http)
    home = ask(site.redirect("/b/", "/"), http)
    empty = ask(site.put("/c/", " \n"), http)
    assert (said.live, said.detail) == (False, 'it answers 200 but says "Page not found"')
    assert (home.live, home.detail) == (False, f"it leads to the home page: {site.base}/")
    assert (empty.live, empty.detail) == (False, "its page is empty")


def test_landing_that_is_missing(site: Site, http: Http) -> None:
    """Where a stub leads to a page that is not there, the detail says which."""
    found = ask(site.put("/a/", stub("/b/")), http)
    assert (found.live, found.detail) == (False, f"404 at {site.base}/b/")


def test_canonical_is_an_alias_and_moves_nobody(site: Site, http: Http) -> None:
    """A canonical link elsewhere is another name of the post, and warned about; the page stays where people land."""
    other = "https://me.example.com/a-post/"
    found = ask(site.put("/a/", html(f'<link rel="canonical" href="{other}">')), http)
    assert (found.live, found.landing, found.urls) == (True, None, (other,))
    assert found.warnings == (f"its page names another address as the canonical one: {other}",)


def test_canonical_that_is_the_home_page(site: Site, http: Http) -> None:
    """A theme that calls the home page canonical everywhere does not make all posts one."""
    found = ask(site.put("/a/", html('<link rel="canonical" href="/">')), http)
    assert found.urls == ()
    assert len(found.warnings) == 1


def test_canonical_of_itself(site: Site, http: Http) -> None:
    """A page that names itself, in any spelling, has no other name and no warning."""
    found = ask(site.put("/a/", html(f'<link rel="canonical" href="{site.base.upper()}/a/#x">')), http)
    assert (found.landing, found.urls, found.warnings) == (None, (), ())


def test_other_content(site: Site, http: Http) -> None:
    """A post may be a PDF: it is live, and makes no card."""
    found = ask(site.put("/a.pdf", b"%PDF-1.7", mime="application/pdf"), http)
    assert (found.live, found.card) == (True, None)


def test_huge_page(site: Site, http: Http) -> None:
    """Of a page of 30 MB the beginning is read."""
    found = ask(site.put("/a/", html("<title>Long</title>", "<p>words</p>" * 2_500_000)), http)
    assert found.live
    assert found.card is not None
    assert found.card.title == "Long"


def test_card_with_a_picture(site: Site, http: Http) -> None:
    """The card has the page's title, description, and its picture made small, with its alt text."""
    site.put("/img/a b.png", picture(2400, 1260), mime="image/png")
    head = (
        '<meta property="og:title" content="A post"><meta property="og:description" content="Its words">'
        '<meta property="og:image" content="/img/a b.png"><meta property="og:image:alt" content="A road">'
    )
    site.things["/img/a%20b.png"] = site.things["/img/a b.png"]
    found = ask(site.put("/a/", html(head)), http)
    assert found.card is not None
    assert found.card.description == "Its words"
    made = found.card.thumbnail
    assert made is not None
    assert (made.mime, made.width, made.height, made.alt) == ("image/jpeg", 1200, 630, "A road")
    assert Pillow.open(io.BytesIO(made.data)).size == (1200, 630)
    assert found.warnings == ()


def test_the_author_s_picture_comes_first(site: Site, http: Http) -> None:
    """A picture of the front matter, relative to the page, wins over Open Graph; a broken one gives way to it."""
    site.put("/a/own.png", picture(300, 200), mime="image/png")
    site.put("/og.png", picture(600, 400), mime="image/png")
    url = site.put("/a/", html('<meta property="og:image" content="/og.png"><title>A post</title>'))
    own = ask(url, http, Image("own.png", "Mine"))
    gone = ask(url, http, Image("gone.png", "Mine"))
    assert own.card is not None
    assert own.card.thumbnail is not None
    assert (own.card.thumbnail.width, own.card.thumbnail.alt, own.warnings) == (300, "Mine", ())
    assert gone.card is not None
    assert gone.card.thumbnail is not None
    assert (gone.card.thumbnail.width, gone.card.thumbnail.alt) == (600, "")
    assert gone.warnings == (f"the card goes without its picture {url}gone.png: 404",)


@pytest.mark.parametrize(
    ("data", "status", "why"),
    [
        (b"", 404, "404"),
        (b"<html>", 200, "it is no picture that can be read"),
        (picture(800, 600, "JPEG")[:2000], 200, "it is damaged"),
        (bytes(10_000_001), 200, "it is larger than 10 MB"),
    ],
)
def test_a_bad_picture_costs_nothing_else(site: Site, http: Http, data: bytes, status: int, why: str) -> None:
    """Without its picture the page is live and the card goes out; a warning says why."""
    image = site.put("/i.jpg", data, status=status, mime="image/jpeg")
    found = ask(site.put("/a/", html('<title>A</title><meta property="og:image" content="/i.jpg">')), http)
    assert found.live
    assert found.card is not None
    assert (found.card.title, found.card.thumbnail) == ("A", None)
    assert found.warnings[0].startswith(f"the card goes without its picture {image}: {why}")


def test_a_slow_picture_costs_nothing_else(site: Site, http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture that does not come in time is done without."""
    monkeypatch.setattr(liveness, "ONE_REQUEST", 0.4)
    site.put("/i.jpg", picture(), delay=1.5)
    found = ask(site.put("/a/", html('<title>A</title><meta property="og:image" content="/i.jpg">')), http)
    assert found.live
    assert "in time" in found.warnings[0]


def test_pictures_must_be_public(site: Site, http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page cannot make the bot ask for a picture within the private network."""
    from bot import wire

    monkeypatch.setattr(wire, "is_public", lambda address: address == "127.0.0.1")
    url = site.put("/a/", html('<title>A</title><meta property="og:image" content="http://127.0.0.2:9/i.png">'))
    found = liveness.ask([url], http, allow_private=False)[url]
    assert found.live
    assert "its address is private (127.0.0.2)" in found.warnings[0]


def test_several_pages_at_once(site: Site, http: Http) -> None:
    """Pages are asked for side by side, four at most, each once."""
    urls = [site.put(f"/{number}/", html(), delay=0.3) for number in range(8)]
    began = time.monotonic()
    found = liveness.ask([*urls, *urls], http, allow_private=True)
    took = time.monotonic() - began
    assert list(found) == urls
    assert all(page.live for page in found.values())
    assert sorted(site.asked) == sorted(f"/{number}/" for number in range(8))
    assert 0.6 <= took < 1.5


def test_total_time_is_bounded(site: Site, http: Http) -> None:
    """When time is up, what was found counts, and the rest says that it was not asked."""
    fast = site.put("/fast/", html())
    slow = [site.put(f"/{number}/", html(), delay=3.0) for number in range(6)]
    began = time.monotonic()
    found = liveness.ask([fast, *slow], http, allow_private=True, total=0.8)
    assert time.monotonic() - began < 1.5
    assert found[fast].live
    assert {found[url].live for url in slow} == {False}
    assert "no time left" in found[slow[-1]].detail


def test_stopping_ends_the_wait(site: Site, http: Http) -> None:
    """A process that is told to stop does not wait for slow pages."""
    stopping = threading.Event()
    threading.Timer(0.3, stopping.set).start()
    url = site.put("/a/", html(), delay=3.0)
    began = time.monotonic()
    found = liveness.ask([url], http, allow_private=True, stopping=stopping)
    assert time.monotonic() - began < 1.5
    assert not found[url].live
