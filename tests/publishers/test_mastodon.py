from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from bot.errors import CredentialError, Rejected, TryLater, Unauthorized, Uncertain
from bot.model import Announcement, Media, Note, Receipt
from bot.publishers.base import Halfway, Publisher
from bot.publishers.mastodon import Mastodon
from bot.testing import MemoryVault, access, announcement, attempt, raised
from tests.servers.strict_mastodon import StrictMastodon

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63606060000000040001f61738550000000049454e44ae426082"
)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def on(server: StrictMastodon, token: str | None = None) -> Mastodon:
    return Mastodon(access({"instance": server.base}, {"access_token": token or server.token}))


def with_pictures(*alts: str) -> Announcement:
    return replace(announcement(), media=tuple(Media(PIXEL, "image/png", alt, 1, 1) for alt in alts))


def uploads(server: StrictMastodon) -> int:
    return sum(path.endswith("/media") for method, path, _ in server.requests if method == "POST")


def test_it_is_a_publisher_and_making_one_asks_for_nothing() -> None:
    """Making a publisher reads no secret, sends nothing, and loads no HTTP library."""
    assert isinstance(Mastodon(access({"instance": "http://127.0.0.1:1"}, {})), Publisher)
    code = "import sys, bot.publishers.mastodon; print({'requests', 'mastodon', 'httpx'} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "set()\n"


def test_a_missing_secret_is_told_when_it_is_needed(strict_mastodon: StrictMastodon) -> None:
    """Without a token, publishing is a `CredentialError` and nothing is sent."""
    publisher = Mastodon(access({"instance": strict_mastodon.base}, {}))
    with pytest.raises(CredentialError):
        attempt(publisher, announcement())
    assert strict_mastodon.requests == []


def test_the_key_of_the_announcement_is_the_servers_key(strict_mastodon: StrictMastodon) -> None:
    """One POST goes out, and its Idempotency-Key is the announcement's key."""
    words = announcement()
    attempt(on(strict_mastodon), words)
    ((method, path, headers),) = strict_mastodon.requests
    assert (method, path) == ("POST", "/api/v1/statuses")
    assert headers["idempotency-key"] == words.key


def test_whose_the_token_is_is_asked_once(strict_mastodon: StrictMastodon) -> None:
    """The account's id is kept for the next run, and asked for anew when the token is another one."""
    vault = MemoryVault()

    def look(token: str) -> list[str]:
        before = len(strict_mastodon.requests)
        made = Mastodon(access({"instance": strict_mastodon.base}, {"access_token": token}, vault=vault))
        list(made.recent(LONG_AGO))
        return [path.rpartition("/")[2] for _, path, _ in strict_mastodon.requests[before:]]

    assert ["verify_credentials", "statuses"] == look(strict_mastodon.token)
    assert ["statuses"] == look(strict_mastodon.token)
    other = strict_mastodon.memory.token("another", "read")
    assert ["verify_credentials", "statuses"] == look(other)
    assert other not in str(vault.read())


def test_the_receipt_is_the_servers_own(strict_mastodon: StrictMastodon) -> None:
    """Id, permalink and time of the receipt are the server's."""
    receipt = attempt(on(strict_mastodon), announcement()).receipt
    (status,) = strict_mastodon.statuses
    assert receipt is not None
    assert (status["id"], status["url"]) == (receipt.remote_id, receipt.url)
    assert datetime.fromisoformat(status["created_at"]) == receipt.at


def test_a_token_that_is_also_the_name_of_a_file_stays_a_token(
    strict_mastodon: StrictMastodon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mastodon.py would read the file; the token is used as it is."""
    (tmp_path / strict_mastodon.token).write_text("something else\n")
    monkeypatch.chdir(tmp_path)
    assert on(strict_mastodon).verify().name.startswith("@me@")


def test_after_an_hour_the_server_forgets_the_key(strict_mastodon: StrictMastodon) -> None:
    """A repeat within the hour is one status, later it is a second: why a look comes first."""
    attempt(on(strict_mastodon), announcement())
    strict_mastodon.behaviour.skew = 3590
    attempt(on(strict_mastodon), announcement())
    assert len(strict_mastodon.statuses) == 1
    strict_mastodon.behaviour.skew = 3601
    attempt(on(strict_mastodon), announcement())
    assert len(strict_mastodon.statuses) == 2


def test_a_server_that_refuses_a_repeated_key_has_perhaps_the_first(strict_mastodon: StrictMastodon) -> None:
    """Pixelfed's 400 on a repeated key is `Uncertain`: the earlier attempt may be there, or may have failed."""
    strict_mastodon.behaviour.keys = "refused"
    attempt(on(strict_mastodon), announcement())
    assert isinstance(attempt(on(strict_mastodon), announcement()).error, Uncertain)
    assert len(strict_mastodon.statuses) == 1


def test_pictures_go_up_first_with_their_descriptions(strict_mastodon: StrictMastodon) -> None:
    """Each picture is a note, and the status carries all of them in order, with what they show."""
    result = attempt(on(strict_mastodon), with_pictures("A road", "A “bend” in it"))
    assert result.receipt is not None, result.error
    assert [note.kind for note in result.notes] == ["media", "media", "part"]
    (status,) = strict_mastodon.statuses
    assert [item["description"] for item in status["media_attachments"]] == ["A road", "A “bend” in it"]
    assert [note.data["id"] for note in result.notes[:2]] == [item["id"] for item in status["media_attachments"]]


def test_a_picture_still_in_the_works_is_waited_for_elsewhere(strict_mastodon: StrictMastodon) -> None:
    """The upload is noted, then `TryLater` in two seconds; the next attempt uploads nothing and sends."""
    strict_mastodon.behaviour.polls = 2
    words = with_pictures("A road")
    first = attempt(on(strict_mastodon), words)
    assert isinstance(first.error, TryLater)
    assert first.error.wait == timedelta(seconds=2)
    assert [note.kind for note in first.notes] == ["media"]
    second = attempt(on(strict_mastodon), words, first.notes)
    assert isinstance(second.error, TryLater)
    assert second.notes == ()
    third = attempt(on(strict_mastodon), words, first.notes)
    assert third.receipt is not None, third.error
    assert uploads(strict_mastodon) == 1
    assert len(strict_mastodon.statuses[0]["media_attachments"]) == 1


def test_a_picture_that_the_server_threw_away_goes_up_again(strict_mastodon: StrictMastodon) -> None:
    """Where the picture of an earlier attempt is gone, it is uploaded anew and noted anew."""
    words = with_pictures("A road")
    stale = Note("media", {"index": 0, "id": "12345", "ready": True})
    result = attempt(on(strict_mastodon), words, [stale])
    assert result.receipt is not None, result.error
    assert [note.kind for note in result.notes] == ["media", "part"]
    assert len(strict_mastodon.statuses[0]["media_attachments"]) == 1


def test_a_finished_publish_asks_for_nothing(strict_mastodon: StrictMastodon) -> None:
    """With the notes of a finished attempt, pictures and all, the receipt comes without a request."""
    words = with_pictures("A road")
    first = attempt(on(strict_mastodon), words)
    before = len(strict_mastodon.requests)
    assert attempt(on(strict_mastodon), words, first.notes).receipt == first.receipt
    assert len(strict_mastodon.requests) == before


def thread(server: StrictMastodon) -> Announcement:
    return announcement("One: https://example.com/2024/06/19/a-post.html", "Two", "Three")


def test_several_parts_are_a_thread(strict_mastodon: StrictMastodon) -> None:
    """Each part answers the one before, under a key of its own, and the receipt names all."""
    words = thread(strict_mastodon)
    receipt = attempt(on(strict_mastodon), words).receipt
    assert receipt is not None
    statuses = strict_mastodon.statuses
    assert [status["text"] for status in statuses] == [part.text for part in words.parts]
    assert [status["in_reply_to_id"] for status in statuses] == [None, statuses[0]["id"], statuses[1]["id"]]
    keys = [headers["idempotency-key"] for _, path, headers in strict_mastodon.requests if path == "/api/v1/statuses"]
    assert keys == [f"{words.key}-{index}" for index in range(3)]
    assert [sent.remote_id for sent in receipt.parts] == [status["id"] for status in statuses]


def test_a_thread_goes_on_where_it_stood(strict_mastodon: StrictMastodon) -> None:
    """After a part was refused, the next attempt sends only what is missing, below what is there."""
    strict_mastodon.behaviour.keys = "ignored"
    words = thread(strict_mastodon)
    strict_mastodon.behaviour.fates = ["", "before:500"]
    first = attempt(on(strict_mastodon), words)
    assert isinstance(first.error, Uncertain)
    assert len(first.notes) == 1
    second = attempt(on(strict_mastodon), words, first.notes)
    assert second.receipt is not None, second.error
    assert [status["text"] for status in strict_mastodon.statuses] == [part.text for part in words.parts]
    assert len(second.receipt.parts) == 3


def test_a_whole_thread_is_found(strict_mastodon: StrictMastodon) -> None:
    """A look finds all parts of a thread, by the first one's link and the answers below it."""
    words = thread(strict_mastodon)
    receipt = attempt(on(strict_mastodon), words).receipt
    found = on(strict_mastodon).find(words, LONG_AGO)
    assert isinstance(found, Receipt)
    assert receipt is not None
    assert found.parts == receipt.parts


def test_half_a_thread_is_neither_there_nor_absent(strict_mastodon: StrictMastodon) -> None:
    """Where only the first parts are there, looking says how many; with their notes the rest goes out behind them."""
    words = thread(strict_mastodon)
    strict_mastodon.behaviour.fates = ["", "before:500"]
    attempt(on(strict_mastodon), words)
    error = raised(lambda: on(strict_mastodon).find(words, LONG_AGO))
    assert isinstance(error, Halfway)
    assert "only 1 of 3" in error.message
    strict_mastodon.behaviour.keys = "ignored"
    done = attempt(on(strict_mastodon), words, error.notes)
    assert done.receipt is not None, done.error
    assert [status["text"] for status in strict_mastodon.statuses] == [part.text for part in words.parts]


def test_verify_tells_who_and_the_servers_limits(strict_mastodon: StrictMastodon) -> None:
    """The account is named with its server; the limits are the server's own; nothing is amiss."""
    strict_mastodon.behaviour.characters = 1111
    profile = on(strict_mastodon).verify()
    host = strict_mastodon.base.removeprefix("http://")
    assert profile.name == f"@me@{host}"
    assert profile.url == f"{strict_mastodon.base}/@me"
    pictures = {"media": 4, "alt": 1500, "picture_bytes": 16777216, "picture_pixels": 33177600}
    assert profile.limits == {"characters": 1111, "url_length": 23, **pictures}
    assert profile.warnings == ()


@pytest.mark.parametrize("scopes", ["write:statuses profile", "write:statuses write:media read:accounts"])
def test_a_token_that_cannot_look_is_warned_of(strict_mastodon: StrictMastodon, scopes: str) -> None:
    """Without read:statuses the account works, and the warning names the scope and the command."""
    token = strict_mastodon.memory.token("narrow", scopes)
    (warning,) = on(strict_mastodon, token).verify().warnings
    assert "read:statuses" in warning
    assert "posse login me" in warning
    assert isinstance(raised(lambda: on(strict_mastodon, token).find(announcement(), LONG_AGO)), Unauthorized)


def test_a_token_without_the_right_to_write_is_unauthorised(strict_mastodon: StrictMastodon) -> None:
    """A 403 about scopes is the token's fault, not the announcement's."""
    token = strict_mastodon.memory.token("reader", "read")
    assert isinstance(attempt(on(strict_mastodon, token), announcement()).error, Unauthorized)


@pytest.mark.parametrize(
    ("texts", "characters", "fits"),
    [
        (["x" * 499 + "💜"], 500, True),
        (["x" * 500 + "💜"], 500, False),
        (["x" * 476 + " https://example.com/" + "y" * 200], 500, True),
        (["x" * 477 + " https://example.com/" + "y" * 200], 500, False),
        (["x" * 496 + " @me@example.com"], 500, True),
    ],
)
def test_the_server_counts_as_mastodon_counts(
    strict_mastodon: StrictMastodon, texts: Sequence[str], characters: int, fits: bool
) -> None:
    """Graphemes, 23 for a link, the local part of a mention; over it the server's own words are the reason."""
    strict_mastodon.behaviour.characters = characters
    result = attempt(on(strict_mastodon), announcement(*texts))
    assert fits == (result.receipt is not None)
    if not fits:
        assert isinstance(result.error, Rejected)
        assert "character limit of 500 exceeded" in result.error.message
