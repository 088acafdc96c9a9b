"""Bluesky against a real PDS: the contract, then what is Bluesky's own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest
from msgspec.structs import replace

from bot.credentials import FileVault
from bot.errors import PublishError, Rejected, TryLater, Unauthorized, Uncertain
from bot.http import wait_from
from bot.model import Announcement, Card, Media, Part, Receipt, Span, SpanKind, Thumbnail
from bot.publishers import bluesky_record as records
from bot.publishers.base import Halfway, Publisher, Vault
from bot.publishers.bluesky import Bluesky
from bot.publishers.bluesky_session import CALL_SECONDS, endpoint
from bot.testing import (
    CarriesPictures,
    Copy,
    MemoryVault,
    PublisherContract,
    SendsParts,
    access,
    announcement,
    attempt,
    raised,
)
from tests.servers.pds import Pds, PdsAccount
from tests.servers.proxy import Cut, Hang, Proxy, Reset

pytestmark = pytest.mark.pds

URL = "https://example.com/2024/06/19/a-post.html"
PUT = "POST /xrpc/com.atproto.repo.putRecord"
LOGIN = "POST /xrpc/com.atproto.server.createSession"
REFRESH = "POST /xrpc/com.atproto.server.refreshSession"
UPLOAD = "POST /xrpc/com.atproto.repo.uploadBlob"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cff0"
    "1f0005000201a6cd57e30000000049454e44ae426082"
)


def publisher(
    service: str,
    account: PdsAccount,
    vault: Vault | None = None,
    password: str | None = None,
    seconds: float = CALL_SECONDS,
) -> Bluesky:
    """A publisher for `account` that speaks to `service`."""
    options = {"handle": account.handle, "service": service, "app": "https://bsky.app"}
    return Bluesky(access(options, {"app_password": password or account.app_password}, vault=vault), seconds)


def sent(result: Publisher, words: Announcement) -> Receipt:
    """Publish, and return the receipt that must come of it."""
    done = attempt(result, words)
    assert done.receipt is not None, done.error
    return done.receipt


def with_part(words: Announcement, text: str, *spans: Span) -> Announcement:
    return replace(words, parts=(Part(text, len(text), spans),))


@pytest.fixture
def account(pds: Pds) -> PdsAccount:
    return pds.account()


@pytest.fixture
def proxy(pds: Pds) -> Iterator[Proxy]:
    with Proxy(pds.base) as standing:
        yield standing


class TestBluesky(PublisherContract, CarriesPictures, SendsParts):
    """What every network promises."""

    carries: ClassVar[frozenset[str]] = frozenset({"language"})

    @pytest.fixture(autouse=True)
    def _servers(self, pds: Pds, account: PdsAccount, proxy: Proxy) -> None:
        self.pds, self.account, self.proxy = pds, account, proxy

    def make(self) -> Publisher:
        """A publisher for the account of the test."""
        return publisher(self.pds.base, self.account)

    def copies(self) -> Sequence[Copy]:
        """The account's records, asked of the server itself."""
        held = sorted(self.pds.records(self.account.did), key=lambda record: str(record["value"]["createdAt"]))
        return [
            Copy(
                remote_id=record["uri"],
                text=record["value"]["text"],
                links=tuple(f["features"][0]["uri"] for f in record["value"].get("facets", [])),
                language=record["value"]["langs"][0],
            )
            for record in held
        ]

    def pictures(self) -> Sequence[tuple[bytes | str, str]]:
        """The pictures of all records, with their bytes as the server gives them back."""
        images = [
            image for record in self.pds.records(self.account.did) for image in record["value"]["embed"]["images"]
        ]
        return [(self.pds.blob(self.account.did, image["image"]["ref"]["$link"]), image["alt"]) for image in images]

    def secrets(self) -> Sequence[str]:
        """The right app password and the wrong one."""
        return [self.account.app_password, "wrong-pass-word-here"]

    def unauthorised(self) -> Publisher:
        """The right handle with a wrong password."""
        return publisher(self.pds.base, self.account, password="wrong-pass-word-here")

    def unreachable(self) -> Publisher:
        """Behind a proxy that refuses."""
        self.proxy.refuse()
        return publisher(self.proxy.base, self.account)

    def limit_rate(self) -> timedelta | None:
        """Spend the log-ins of five minutes."""
        address = f"{self.pds.base}/xrpc/com.atproto.server.createSession"
        wrong = {"identifier": self.account.handle, "password": "no"}
        with httpx.Client(trust_env=False, timeout=30) as client, ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: client.post(address, json=wrong), range(30)))
            answer = client.post(address, json=wrong)
        assert answer.status_code == 429
        return wait_from(answer.headers, datetime.now(UTC))

    def too_long(self) -> Announcement:
        """One grapheme more than a record may have."""
        return announcement("x" * 301)

    def losing(self) -> Publisher:
        """Behind a proxy that cuts the answer off."""
        self.proxy.inject(Cut(), on=PUT)
        return publisher(self.proxy.base, self.account)


def test_facets_count_bytes(pds: Pds, account: PdsAccount) -> None:
    """A link behind emoji and umlauts stands at its bytes, whole, whatever is shown; so does a tag."""
    text = "💜👨‍👩‍👧 Größe: example.com/2024/06/19/a... #häuser"
    link, tag = text.index("example"), text.index("#")
    spans = (
        Span(tag, len(text), SpanKind.TAG, "häuser"),
        Span(link, text.index(" #"), SpanKind.LINK, URL),
    )
    sent(publisher(pds.base, account), with_part(announcement(), text, *spans))
    (record,) = pds.records(account.did)
    shown = {
        text.encode()[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode(): facet["features"][0]
        for facet in record["value"]["facets"]
    }
    assert shown == {
        "example.com/2024/06/19/a...": {"$type": "app.bsky.richtext.facet#link", "uri": URL},
        "#häuser": {"$type": "app.bsky.richtext.facet#tag", "tag": "häuser"},
    }


def test_a_mention_is_resolved_or_stays_text(pds: Pds, account: PdsAccount) -> None:
    """A handle that exists is mentioned by its DID; one that does not is left as plain text."""
    text = f"@{account.handle} and @nobody.test {URL}"
    at = text.index("@nobody")
    spans = (
        Span(0, at - 5, SpanKind.MENTION, account.handle),
        Span(at, at + 12, SpanKind.MENTION, "nobody.test"),
    )
    sent(publisher(pds.base, account), with_part(announcement(), text, *spans))
    (record,) = pds.records(account.did)
    assert [facet["features"][0]["did"] for facet in record["value"]["facets"]] == [account.did]


def test_a_card_brings_its_picture(pds: Pds, account: PdsAccount) -> None:
    """The card has address, title, description and the uploaded thumbnail; tags travel in the record."""
    card = Card(URL, "A post", "About it", Thumbnail(PNG, "image/png", 1, 1))
    words = replace(announcement(), card=card, tags=("Black Python Devs", "juneteenth"), content_warning="Spoilers")
    done = attempt(publisher(pds.base, account), words)
    assert [note.kind for note in done.notes] == ["blob", "part"]
    (record,) = pds.records(account.did)
    shown = record["value"]["embed"]["external"]
    assert (shown["uri"], shown["title"], shown["description"]) == (URL, "A post", "About it")
    assert ("image/png", len(PNG)) == (shown["thumb"]["mimeType"], shown["thumb"]["size"])
    assert record["value"]["tags"] == ["Black Python Devs", "juneteenth"]
    assert record["value"]["labels"]["values"] == [{"val": "graphic-media"}]


def test_pictures_are_uploaded_once_each(pds: Pds, account: PdsAccount, proxy: Proxy) -> None:
    """A publish that is cut off after the first picture goes on with the second."""
    media = tuple(Media(PNG + bytes([n]), "image/png", f"Picture {n}", 1, 1) for n in range(2))
    words = replace(announcement(), media=media)
    steps = publisher(proxy.base, account).publish(words, [])
    first = next(steps)
    assert not isinstance(first, Receipt)
    assert attempt(publisher(proxy.base, account), words, [first]).receipt is not None
    assert proxy.count(UPLOAD) == 2
    (record,) = pds.records(account.did)
    assert [image["alt"] for image in record["value"]["embed"]["images"]] == ["Picture 0", "Picture 1"]


def test_a_picture_that_is_gone_is_uploaded_again(pds: Pds, account: PdsAccount) -> None:
    """A blob that the server has dropped since it was noted is replaced, and the post goes out."""
    words = replace(announcement(), card=Card(URL, "A post", "", Thumbnail(PNG, "image/png", 1, 1)))
    note = next(publisher(pds.base, account).publish(words, []))
    assert not isinstance(note, Receipt)
    other = pds.account()  # its repository has never seen the blob
    done = attempt(publisher(pds.base, other), words, [note])
    assert done.receipt is not None, done.error
    assert [note.kind for note in done.notes] == ["blob", "part"]


def test_a_thread_replies_to_itself(pds: Pds, account: PdsAccount) -> None:
    """The second part answers the first, the third the second; cut off between them, the rest is added once."""
    words = announcement(f"One {URL}", "Two", "Three")
    steps = publisher(pds.base, account).publish(words, [])
    next(steps)
    half = raised(lambda: publisher(pds.base, account).find(words, words.instant))
    assert isinstance(half, Halfway)
    receipt = attempt(publisher(pds.base, account), words, half.notes).receipt
    assert receipt is not None
    values = sorted((record["value"] for record in pds.records(account.did)), key=lambda value: value["createdAt"])
    uris = [part.remote_id for part in receipt.parts]
    assert [value["text"] for value in values] == [f"One {URL}", "Two", "Three"]
    assert [(value["reply"]["root"]["uri"], value["reply"]["parent"]["uri"]) for value in values[1:]] == [
        (uris[0], uris[0]),
        (uris[0], uris[1]),
    ]
    found = publisher(pds.base, account).find(words, words.instant)
    assert found is not None
    assert receipt.parts == found.parts
    assert len(list(publisher(pds.base, account).recent(words.instant))) == 1


def test_other_words_under_the_same_key_meet_the_first(pds: Pds, account: PdsAccount) -> None:
    """A lost state that composes anew gets the first post's receipt and leaves its words as they are."""
    first = announcement(f"First words {URL}")
    later = replace(
        announcement(f"Other words {URL}"), instant=first.instant, created_at=first.instant + timedelta(hours=1)
    )
    receipt = sent(publisher(pds.base, account), first)
    assert receipt.parts == sent(publisher(pds.base, account), later).parts
    assert [record["value"]["text"] for record in pds.records(account.did)] == [f"First words {URL}"]


def test_another_post_under_the_key_is_no_receipt(pds: Pds, account: PdsAccount) -> None:
    """What stands under the key but links elsewhere is not taken for ours, nor overwritten."""
    words = announcement(f"Ours {URL}")
    pds.call(
        "com.atproto.repo.putRecord",
        token=account.access,
        json={
            "repo": account.did,
            "collection": records.COLLECTION,
            "rkey": records.rkey(words, 0),
            "record": {"$type": records.COLLECTION, "text": "Theirs", "createdAt": "2026-01-01T00:00:00Z"},
        },
    )
    assert isinstance(attempt(publisher(pds.base, account), words).error, Rejected)
    assert isinstance(raised(lambda: publisher(pds.base, account).find(words, words.instant)), Rejected)
    assert [record["value"]["text"] for record in pds.records(account.did)] == ["Theirs"]


@pytest.mark.parametrize("fault", [Cut(), Cut(40), Reset(40)], ids=["no answer", "half an answer", "reset"])
def test_a_lost_announcement_is_uncertain_and_harmless_to_repeat(
    pds: Pds, account: PdsAccount, proxy: Proxy, fault: Cut | Reset
) -> None:
    """However the answer is lost, a repeat ends with one record."""
    words = announcement()
    proxy.inject(fault, on=PUT)
    vault = MemoryVault()
    assert isinstance(attempt(publisher(proxy.base, account, vault), words).error, Uncertain)
    assert sent(publisher(proxy.base, account, vault), words)
    assert len(pds.records(account.did)) == 1


@pytest.mark.parametrize("call", [LOGIN, UPLOAD])
def test_what_is_lost_before_announcing_is_not_uncertain(account: PdsAccount, proxy: Proxy, call: str) -> None:
    """A lost answer of a log-in or an upload is `TryLater`: nothing was announced."""
    words = replace(announcement(), card=Card(URL, "A post", "", Thumbnail(PNG, "image/png", 1, 1)))
    proxy.inject(Cut(), on=call)
    assert isinstance(attempt(publisher(proxy.base, account), words).error, TryLater)
    assert proxy.count(PUT) == 0


def test_one_log_in_serves_many_runs(account: PdsAccount, proxy: Proxy, tmp_path: Path) -> None:
    """A second process goes on with the log-in that the first has kept."""
    for name in ("first", "second"):
        url = f"https://example.com/{name}"
        sent(publisher(proxy.base, account, FileVault("me", tmp_path)), announcement(url=url))
    assert proxy.count(LOGIN) == 1


@pytest.mark.parametrize("how", ["known", "unknown"])
def test_an_expired_token_is_refreshed(pds: Pds, account: PdsAccount, proxy: Proxy, how: str) -> None:
    """A token past its end is renewed before the call, or after ExpiredToken where the clock is wrong."""
    vault = MemoryVault()
    publisher(proxy.base, account, vault).verify()
    vault.values["access"] = pds.token(account.did, expires_in=-60)
    late = publisher(proxy.base, account, vault)
    if how == "unknown":
        early = datetime.now(UTC) - timedelta(hours=1)
        options = {"handle": account.handle, "service": proxy.base, "app": "https://bsky.app"}
        late = Bluesky(access(options, {"app_password": account.app_password}, vault=vault, clock=lambda: early))
    sent(late, announcement())
    assert (proxy.count(LOGIN), proxy.count(REFRESH)) == (1, 1)
    assert proxy.count(PUT) == (1 if how == "known" else 2)
    assert len(pds.records(account.did)) == 1


def test_a_refused_refresh_token_leads_to_a_new_log_in(pds: Pds, account: PdsAccount, proxy: Proxy) -> None:
    """Where the kept tokens are worth nothing any more the app password logs in again."""
    vault = MemoryVault()
    publisher(proxy.base, account, vault).verify()
    vault.values |= {"access": pds.token(account.did, expires_in=-60), "refresh": "not-a-token"}
    sent(publisher(proxy.base, account, vault), announcement())
    assert proxy.count(LOGIN) == 2


def test_a_changed_password_does_not_use_the_kept_log_in(pds: Pds, account: PdsAccount) -> None:
    """The kept log-in belongs to the password it was made with."""
    vault = MemoryVault()
    publisher(pds.base, account, vault).verify()
    assert isinstance(raised(publisher(pds.base, account, vault, password="another").verify), Unauthorized)


def test_two_that_refresh_at_once_spend_one_token(pds: Pds, account: PdsAccount, proxy: Proxy, tmp_path: Path) -> None:
    """Of several runs that find the token expired one refreshes it, and the others take what that one has kept."""
    vault = FileVault("me", tmp_path)
    publisher(proxy.base, account, vault).verify()
    vault.write({**vault.read(), "access": pds.token(account.did, expires_in=-60)})
    errors: list[PublishError | None] = []

    def run() -> None:
        errors.append(raised(publisher(proxy.base, account, FileVault("me", tmp_path)).verify))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == [None] * 4
    assert (proxy.count(LOGIN), proxy.count(REFRESH)) == (1, 1)


def test_verify_names_the_account(pds: Pds, account: PdsAccount) -> None:
    """`verify` tells handle and profile."""
    profile = publisher(pds.base, account).verify()
    assert (f"@{account.handle}", f"https://bsky.app/profile/{account.handle}") == (profile.name, profile.url)
    assert profile.warnings == ()


def test_the_timeline_leaves_out_replies_and_reads_on(pds: Pds, account: PdsAccount) -> None:
    """`recent` reads every page, since an old post's key is far back whenever it is announced."""
    now = datetime.now(UTC)
    old = replace(announcement(), instant=now - timedelta(days=4000))
    for start in (0, 60):
        writes = [
            {
                "$type": "com.atproto.repo.applyWrites#create",
                "collection": records.COLLECTION,
                "value": {"$type": records.COLLECTION, "text": f"{n}", "createdAt": "2020-01-01T00:00:00Z"},
            }
            for n in range(start, start + 60)
        ]
        pds.call("com.atproto.repo.applyWrites", token=account.access, json={"repo": account.did, "writes": writes})
    receipt = sent(publisher(pds.base, account), old)
    (seen,) = publisher(pds.base, account).recent(now - timedelta(minutes=1))
    assert receipt.parts == seen.receipt.parts


def test_what_hangs_is_given_up(account: PdsAccount, proxy: Proxy) -> None:
    """An answer that never comes ends in `Uncertain` when the time for the call is over."""
    vault = MemoryVault()
    publisher(proxy.base, account, vault).verify()
    proxy.inject(Hang(), on=PUT)
    hurried = publisher(proxy.base, account, vault, seconds=0.5)
    assert isinstance(attempt(hurried, announcement()).error, Uncertain)


class _Scripted(BaseHTTPRequestHandler):
    """Logs in anybody, and answers putRecord with `put` (status, headers, body)."""

    put: ClassVar[tuple[int, Mapping[str, str], str]]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        session = {
            "did": "did:plc:x",
            "handle": "me.test",
            "accessJwt": "an-access-token",
            "refreshJwt": "a-refresh-token",
        }
        login: tuple[int, Mapping[str, str], str] = (200, {}, json.dumps(session))
        status, headers, body = self.put if self.path.endswith("putRecord") else login
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body.encode()))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def _error(name: str, message: str = "words") -> str:
    return json.dumps({"error": name, "message": message})


@pytest.mark.parametrize(
    ("status", "headers", "body", "kind"),
    [
        (200, {}, "<html>", Uncertain),
        (200, {}, "{}", Uncertain),
        (200, {}, "[]", Uncertain),
        (302, {"Location": "/"}, "", TryLater),
        (400, {}, _error("InvalidRequest", "Input/record must have text"), Rejected),
        (400, {}, _error("ExpiredToken"), Unauthorized),
        (400, {}, _error("AccountTakedown"), Unauthorized),
        (401, {}, _error("AuthenticationRequired"), Unauthorized),
        (403, {}, _error("Forbidden"), Unauthorized),
        (408, {}, "", Uncertain),
        (413, {}, _error("PayloadTooLarge"), Rejected),
        (429, {"RateLimit-Reset": "90"}, _error("RateLimitExceeded"), TryLater),
        (500, {}, _error("InternalServerError"), Uncertain),
        (502, {}, "bad gateway", Uncertain),
        (503, {"Retry-After": "90"}, "", Uncertain),
        (400, {}, _error("InvalidRequest", "you sent Bearer an-access-token"), Rejected),
    ],
)
def test_what_an_answer_means(status: int, headers: Mapping[str, str], body: str, kind: type[PublishError]) -> None:
    """Each answer to the announcing call has one meaning, and no token is shown in it."""
    account = PdsAccount("me.test", "did:plc:x", "", "an-app-password", "")
    handler = type("Handler", (_Scripted,), {"put": (status, headers, body)})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        error = attempt(publisher(f"http://127.0.0.1:{server.server_port}", account), announcement()).error
        server.shutdown()
    assert type(error) is kind
    assert "token" not in str(error).replace("ExpiredToken", "")
    if isinstance(error, TryLater) and status == 429:
        assert error.wait == timedelta(seconds=90)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://morel.us-east.host.bsky.network", "https://morel.us-east.host.bsky.network"),
        ("http://pds.example.com", None),
        ("https://10.0.0.1", None),
        ("https://pds.internal", None),
        ("https://localhost", None),
        ("https://pds.example.com:8443/x", None),
    ],
)
def test_only_a_public_pds_is_followed(address: str, expected: str | None) -> None:
    """The PDS that an entryway names is used where it is https on a named public host."""
    services = [{"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": address}]
    assert endpoint({"service": services}) == expected
