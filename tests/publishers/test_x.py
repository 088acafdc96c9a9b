from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from bot.credentials import Secret
from bot.errors import CredentialError, PublishError, Rejected, TryLater, Unauthorized, Uncertain
from bot.model import Announcement, Media, Note, Receipt
from bot.publishers import x_oauth1
from bot.publishers.base import Halfway
from bot.publishers.x import X
from bot.testing import MemoryVault, access, announcement, attempt, raised
from tests.contracts.test_x import options
from tests.servers import strict_x_auth as app
from tests.servers.strict_http import Answer, Request, serve
from tests.servers.strict_x import StrictX
from tests.servers.test_strict_mastodon import started

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
PICTURE = Media(b"\x89PNG....", "image/png", "A road", 4, 4)


@pytest.fixture
def server() -> Iterator[StrictX]:
    """A strict X, new and empty."""
    with StrictX() as made:
        yield made


def keys(server: StrictX) -> dict[str, str]:
    """The secrets of OAuth 1.0a."""
    token, secret = next(iter(server.auth.tokens.items()))
    return {
        "api_key": app.API_KEY,
        "api_secret": app.API_SECRET,
        "access_token": token,
        "access_token_secret": secret,
    }


def on(server: StrictX, **changed: str) -> X:
    """The account, by its keys."""
    return X(access(options(server.base, **changed), keys(server)))


def with_tokens(server: StrictX, seed: str, vault: MemoryVault, secret: str = "", **changed: Any) -> X:
    """The account, by the tokens of OAuth 2."""
    secrets = {"refresh_token": seed} | ({"client_secret": secret} if secret else {})
    made = options(server.base, auth="oauth2", client_id=app.CLIENT)
    return X(access(made, secrets, vault=vault, **changed))


def receipt(publisher: X, words: Announcement, notes: tuple[Note, ...] = ()) -> Receipt:
    """Publish, and return the receipt that must come of it."""
    result = attempt(publisher, words, notes)
    assert result.receipt is not None, result.error
    return result.receipt


def test_a_signature_is_the_documented_one() -> None:
    """The example of docs.x.com, creating-a-signature, comes out to the letter."""
    signer = x_oauth1.Keys(
        Secret("xvz1evFS4wEEPTGEFPHBog"),
        Secret("kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw"),
        Secret("370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb"),
        Secret("LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE"),
    )
    params = {
        "status": "Hello Ladies + Gentlemen, a signed OAuth request!",
        "include_entities": "true",
        "oauth_consumer_key": "xvz1evFS4wEEPTGEFPHBog",
        "oauth_nonce": "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": "1318622958",
        "oauth_token": "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
        "oauth_version": "1.0",
    }
    url = "https://api.x.com/1.1/statuses/update.json"
    assert "Ls93hJiZbQ3akF3HF3x1Bz8/zU4=" == x_oauth1.signature(signer, "post", url, params)


def test_pictures_go_with_their_words(server: StrictX) -> None:
    """Each is uploaded once and described; a retry takes what is noted; the post bears them."""
    words = replace(announcement(), media=(PICTURE, replace(PICTURE, alt="")))
    server.behaviour.fates = [429]
    first = attempt(on(server), words)
    assert isinstance(first.error, TryLater)
    assert ["media", "alt", "media"] == [note.kind for note in first.notes]
    receipt(on(server), words, first.notes)
    assert ["A road", None] == [held["alt"] for held in server.media.values()]
    assert list(server.media) == server.posts[0]["media"]
    assert 2 == server.requests.count(("POST", "/2/media/upload"))


def test_a_picture_that_is_processed_behind_the_scenes_is_waited_for(server: StrictX) -> None:
    """An animated GIF is uploaded once, asked after, and goes out when it is ready."""
    words = replace(announcement(), media=(replace(PICTURE, data=b"GIF89a...", mime="image/gif"),))
    server.behaviour.slow = 2
    notes: tuple[Note, ...] = ()
    for _ in range(2):
        result = attempt(on(server), words, notes)
        assert isinstance(result.error, TryLater), result.error
        assert timedelta(seconds=1) == result.error.wait
        notes += result.notes
    assert receipt(on(server), words, notes).remote_id == server.posts[0]["id"]
    assert 1 == len(server.media)


def test_a_picture_that_has_expired_is_uploaded_again(server: StrictX) -> None:
    """X drops an upload that is not used within a day."""
    words = replace(announcement(), media=(PICTURE,))
    old = Note("media", {"index": 0, "id": "1", "until": LONG_AGO.isoformat()})
    receipt(on(server), words, (old, Note("alt", {"index": 0, "id": "1"})))
    assert ["A road"] == [held["alt"] for held in server.media.values()]


def test_a_thread_is_one_conversation(server: StrictX) -> None:
    """Each part answers the one before; it goes on where it stopped, and is found whole."""
    words = announcement("One https://example.com/2024/06/19/a-post.html", "Two", "Three")
    server.behaviour.fates = ["", 429]
    first = attempt(on(server), words)
    assert isinstance(first.error, TryLater)
    done = receipt(on(server), words, first.notes)
    assert [None, server.posts[0]["id"], server.posts[1]["id"]] == [post["in_reply_to"] for post in server.posts]
    assert ["One https://example.com/2024/06/19/a-post.html", "Two", "Three"] == [post["raw"] for post in server.posts]
    assert done.parts == getattr(on(server).find(words, LONG_AGO), "parts", None)


def test_a_thread_of_which_only_the_beginning_is_there(server: StrictX) -> None:
    """A look says which parts are there, so that a publish can go on behind them."""
    words = announcement("One https://example.com/2024/06/19/a-post.html", "Two")
    server.behaviour.fates = ["drop"]
    attempt(on(server), words)
    error = raised(lambda: on(server).find(words, LONG_AGO))
    assert isinstance(error, Halfway)
    receipt(on(server), words, error.notes)
    assert 2 == len(server.posts)


def test_words_without_a_link_are_found_again(server: StrictX) -> None:
    """Where a template leaves out the link, the words tell: a lost answer, sent again, is the post that is there."""
    words = announcement("No link & no <tag>, for it costs $0.20 with one")
    server.behaviour.fates = ["drop"]
    assert isinstance(attempt(on(server), words).error, Uncertain)
    (post,) = server.posts
    assert post["id"] == getattr(on(server).find(words, LONG_AGO), "remote_id", None)
    assert post["id"] == receipt(on(server), words).remote_id


def test_words_that_were_said_long_before_are_refused(server: StrictX) -> None:
    """What X has had before these words were frozen is another post: the person must find others."""
    words = announcement("The same again")
    receipt(on(server), words)
    server.posts[0]["created_at"] = "2024-01-01T00:00:00.000Z"
    error = attempt(on(server), words).error
    assert isinstance(error, Rejected)
    assert "duplicate content" in error.message
    assert "other words" in error.message


def test_a_look_pays_for_no_more_than_it_needs(server: StrictX) -> None:
    """It begins where it is told, leaves out answers, and stops at what it looks for; it asks for no user."""
    for number in range(30):
        receipt(
            on(server), announcement(f"Number {number} https://example.com/{number}", url=f"https://e.com/{number}")
        )
    words = announcement("Number 25 https://example.com/25", url="https://example.com/25")
    assert on(server).find(words, LONG_AGO) is not None
    assert 10 == server.reads
    list(on(server).recent(datetime.now(UTC) + timedelta(hours=1)))
    assert 10 == server.reads
    assert ("GET", "/2/users/me") not in server.requests
    assert 30 == len(list(on(server).recent(LONG_AGO)))


def test_the_timeline_is_paged(server: StrictX) -> None:
    """More posts than a page holds are all seen once, newest first."""
    for number in range(120):
        server.posts.append(
            {
                "id": str(10**18 + number),
                "raw": "",
                "text": "",
                "conversation_id": str(10**18 + number),
                "in_reply_to": None,
                "created_at": "2026-01-01T00:00:00.000Z",
            }
        )
    seen = [sighting.receipt.remote_id for sighting in on(server).recent(LONG_AGO)]
    assert [post["id"] for post in reversed(server.posts)] == seen


@pytest.mark.parametrize(
    ("fate", "kind"),
    [("drop", Uncertain), ("reset", Uncertain), ("garbage", Uncertain), (500, Uncertain), (503, Uncertain)],
)
def test_what_may_have_arrived(server: StrictX, fate: str | int, kind: type[PublishError]) -> None:
    """A lost answer, one that cannot be read, and a server's fault leave open whether it is there."""
    server.behaviour.fates = [fate]
    assert isinstance(attempt(on(server), announcement()).error, kind)


def test_no_credits(server: StrictX) -> None:
    """402 is no refusal of the words: it goes when somebody has paid."""
    server.behaviour.credits = False
    error = attempt(on(server), announcement()).error
    assert isinstance(error, TryLater)
    assert "does not have any credits" in error.message


def test_an_app_that_may_only_read(server: StrictX) -> None:
    """The account is refused, not the words."""
    server.behaviour.may_write = False
    assert isinstance(attempt(on(server), announcement()).error, Unauthorized)


def test_a_token_without_a_scope(server: StrictX) -> None:
    """Likewise where the log-in did not grant it."""
    _, seed = server.auth.grant({"tweet.read", "users.read", "offline.access"})
    error = attempt(with_tokens(server, seed, MemoryVault()), announcement()).error
    assert isinstance(error, Unauthorized)


def test_a_clock_that_is_off(server: StrictX) -> None:
    """A signature that is refused for its time is no refused secret, and the message says so."""
    server.behaviour.off = 3600
    error = attempt(on(server), announcement()).error
    assert isinstance(error, TryLater)
    assert "60 minutes off" in error.message


@pytest.mark.parametrize("answer", [Answer(404, "<!doctype html>Not here"), Answer(302, "", {"Location": "/login"})])
def test_a_server_of_another_kind(answer: Answer) -> None:
    """The message asks whether the address is right."""
    with started(serve(lambda _request: answer)) as base:
        secrets = dict.fromkeys(("api_key", "api_secret", "access_token", "access_token_secret"), "1-k")
        error = attempt(X(access(options(base), secrets)), announcement()).error
    assert isinstance(error, Rejected)
    assert "is `api` right?" in error.message


def test_what_a_server_repeats_is_not_shown() -> None:
    """An error that repeats what it was sent shows none of it."""

    def echo(request: Request) -> Answer:
        return Answer(400, {"detail": f"bad {request.headers.get('Authorization')} and k-secret", "title": "x"})

    secrets = dict.fromkeys(("api_key", "api_secret", "access_token", "access_token_secret"), "k-secret")
    with started(serve(echo)) as base:
        error = attempt(X(access(options(base), secrets)), announcement()).error
    assert isinstance(error, Rejected)
    assert "k-secret" not in error.message


def test_a_missing_secret_names_itself(server: StrictX) -> None:
    """Nothing is asked of X before the secrets are there."""
    with pytest.raises(CredentialError, match="api_key"):
        attempt(X(access(options(server.base), {})), announcement())
    assert [] == server.requests


def test_permalinks_bear_the_handle_where_it_is_known(server: StrictX) -> None:
    """Else the number alone."""
    words = announcement()
    result = attempt(on(server), words)
    number = server.posts[0]["id"]
    assert result.receipt is not None
    assert f"{server.base}/i/status/{number}" == result.receipt.url
    assert f"{server.base}/myname/status/{number}" == receipt(on(server, handle="@myname"), words, result.notes).url
    assert () == on(server, handle="@MyName").verify().warnings
    assert 1 == len(on(server, handle="another").verify().warnings)


def test_tokens_rotate_and_are_kept(server: StrictX) -> None:
    """The first refresh token is spent once; later runs go on from what is in the vault."""
    _, seed = server.auth.grant()
    vault = MemoryVault()
    receipt(with_tokens(server, seed, vault), announcement(url="https://example.com/1"))
    receipt(with_tokens(server, seed, vault), announcement(url="https://example.com/2"))
    assert [seed] == server.auth.spent
    assert seed not in vault.values.values()
    kept = dict(vault.values)
    later = datetime.now(UTC) + timedelta(hours=3)
    server.behaviour.off = 3 * 3600
    receipt(with_tokens(server, seed, vault, clock=lambda: later), announcement(url="https://example.com/3", now=later))
    assert [seed, kept["refresh"]] == server.auth.spent
    assert kept["access"] != vault.values["access"]


def test_a_token_that_was_revoked_is_renewed(server: StrictX) -> None:
    """A 401 is answered by a refresh, once, and the call made again."""
    _, seed = server.auth.grant()
    vault = MemoryVault()
    receipt(with_tokens(server, seed, vault), announcement(url="https://example.com/1"))
    server.auth.bearers.clear()
    receipt(with_tokens(server, seed, vault), announcement(url="https://example.com/2"))
    assert 2 == len(server.auth.spent)


def test_two_at_once_spend_no_token_of_the_other(server: StrictX, tmp_path: Any) -> None:
    """The daemon and a manual `post` begin together: one refreshes, the other takes what it finds."""
    from bot.credentials import FileVault

    _, seed = server.auth.grant()
    made = [
        X(
            access(
                options(server.base, auth="oauth2", client_id=app.CLIENT),
                {"refresh_token": seed},
                vault=FileVault("x", tmp_path),
            )
        )
        for _ in range(4)
    ]
    names: list[str] = []
    threads = [threading.Thread(target=lambda each=each: names.append(each.verify().name)) for each in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ["@myname"] * 4 == names
    assert [seed] == server.auth.spent


def test_a_new_login_replaces_the_kept_tokens(server: StrictX) -> None:
    """What is in the vault is another log-in's once the secret is another."""
    vault = MemoryVault()
    for url in ("https://example.com/1", "https://example.com/2"):
        _, seed = server.auth.grant()
        receipt(with_tokens(server, seed, vault), announcement(url=url))
        assert seed == server.auth.spent[-1]


def test_a_spent_refresh_token_needs_a_login(server: StrictX) -> None:
    """The message says what to type, and shows no token."""
    error = attempt(with_tokens(server, "spent-long-ago", MemoryVault()), announcement()).error
    assert isinstance(error, Unauthorized)
    assert "posse login me" in error.message
    assert "spent-long-ago" not in error.message


def test_a_confidential_client_says_its_secret(server: StrictX) -> None:
    """With the client secret in the header; without it the app is refused."""
    server.auth.confidential = True
    _, seed = server.auth.grant()
    assert isinstance(attempt(with_tokens(server, seed, MemoryVault()), announcement()).error, Unauthorized)
    receipt(with_tokens(server, seed, MemoryVault(), app.CLIENT_SECRET), announcement())


def test_tokens_need_a_client_id(server: StrictX) -> None:
    """The message says where it is found."""
    made = X(access(options(server.base, auth="oauth2"), {"refresh_token": "seed"}, vault=MemoryVault()))
    with pytest.raises(CredentialError, match="client_id"):
        made.verify()
