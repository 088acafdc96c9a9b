from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.errors import TryLater
from bot.links import same_link
from bot.publishers.mastodon import Mastodon
from bot.publishers.mastodon_timeline import sighting
from bot.testing import access, announcement, attempt, raised
from tests.servers.strict_http import Answer, Request, serve
from tests.servers.strict_mastodon import StrictMastodon
from tests.servers.test_strict_mastodon import started

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def on(base: str, token: str = "token") -> Mastodon:
    return Mastodon(access({"instance": base}, {"access_token": token}))


def put(server: StrictMastodon, text: str, **fields: object) -> str:
    """Let the server hold one more status of the account's own; return its id."""
    attempt(on(server.base, server.token), announcement(text, url=f"https://example.com/{len(server.statuses)}"))
    server.memory.statuses[-1].update(fields)
    return str(server.memory.statuses[-1]["id"])


def test_the_timeline_is_paged_to_its_end(strict_mastodon: StrictMastodon) -> None:
    """More statuses than a page holds are all seen once, newest first."""
    ids = [put(strict_mastodon, f"Number {number}") for number in range(95)]
    seen = [item.receipt.remote_id for item in on(strict_mastodon.base, strict_mastodon.token).recent(LONG_AGO)]
    assert list(reversed(ids)) == seen


def test_the_timeline_is_not_read_further_than_asked(strict_mastodon: StrictMastodon) -> None:
    """A page that ends before `since` is the last one asked for, and what is older is not shown."""
    for number in range(60):
        put(strict_mastodon, f"Number {number}")
    for status in strict_mastodon.memory.statuses[:55]:
        status["created_at"] = "2021-01-01T00:00:00.000Z"
    before = len(strict_mastodon.requests)
    seen = list(on(strict_mastodon.base, strict_mastodon.token).recent(datetime(2022, 1, 1, tzinfo=UTC)))
    assert len(seen) == 5
    pages = [path for _, path, _ in strict_mastodon.requests[before:] if path.endswith("/statuses")]
    assert len(pages) == 1


def test_answers_and_boosts_are_no_announcements(strict_mastodon: StrictMastodon) -> None:
    """Only top-level posts of the account's own words are seen."""
    first = put(strict_mastodon, "My own")
    put(strict_mastodon, "To another", in_reply_to_id="1", in_reply_to_account_id="2")
    put(strict_mastodon, "A boost", reblog={"id": "3"})
    seen = [item.receipt.remote_id for item in on(strict_mastodon.base, strict_mastodon.token).recent(LONG_AGO)]
    assert seen == [first]


def test_the_links_of_a_sighting_are_those_in_text_and_card() -> None:
    """Escaped addresses come back whole; hashtags and mentions are no links; the card's address counts."""
    content = (
        '<p>See <a href="https://example.com/?a=1&amp;b=2" class="u-url"><span>example.com</span></a>'
        ' <a href="https://server.example/tags/x" class="mention hashtag" rel="tag">#<span>x</span></a>'
        ' <span class="h-card"><a href="https://server.example/@you" class="u-url mention">@you</a></span></p>'
    )
    status = {"id": "1", "content": content, "card": {"url": "https://example.com/card"}, "created_at": "odd"}
    seen = sighting(status, LONG_AGO)
    assert seen.links == ("https://example.com/?a=1&b=2", "https://example.com/card")
    assert seen.receipt.at == LONG_AGO


def test_a_link_is_found_in_the_spelling_the_server_gave_it(strict_mastodon: StrictMastodon) -> None:
    """The look-up compares links, not text: IDNA, case and escapes may differ."""
    words = announcement("Look: https://bücher.example/%7eme/é", url="https://xn--bcher-kva.example/~me/%C3%A9")
    receipt = attempt(on(strict_mastodon.base, strict_mastodon.token), words).receipt
    found = on(strict_mastodon.base, strict_mastodon.token).find(words, LONG_AGO)
    assert receipt is not None
    assert found == receipt


def test_the_card_is_enough_to_know_a_post(strict_mastodon: StrictMastodon) -> None:
    """Where the text shows no link any more, the card still does."""
    put(strict_mastodon, "https://example.com/0", content="<p>no link</p>")
    strict_mastodon.behaviour.cards = True
    (seen,) = on(strict_mastodon.base, strict_mastodon.token).recent(LONG_AGO)
    assert any(same_link("https://example.com/0", link) for link in seen.links)


def endless(request: Request) -> Answer:
    """Answer every page with the same two statuses, whatever was asked."""
    if request.path.endswith("verify_credentials"):
        return Answer(body={"id": "7", "acct": "me"})
    made = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    return Answer(body=[{"id": number, "created_at": made, "content": "", "url": None} for number in ("9", "8")])


def test_a_timeline_that_cannot_be_paged_is_no_complete_look() -> None:
    """A server that gives the same page again and again ends in `TryLater`, not in a wrong absence."""
    with started(serve(endless)) as base:
        error = raised(lambda: on(base).find(announcement(), LONG_AGO))
    assert isinstance(error, TryLater)


def odd(request: Request) -> Answer:
    """Answer a timeline with something else."""
    return Answer(body={"id": "7"} if request.path.endswith("verify_credentials") else {"error": None})


def test_something_else_than_a_timeline_is_no_absence() -> None:
    """A 200 that is not a list of statuses is `TryLater`."""
    with started(serve(odd)) as base:
        assert isinstance(raised(lambda: on(base).find(announcement(), LONG_AGO)), TryLater)
