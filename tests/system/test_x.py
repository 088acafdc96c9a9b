"""X as a person has it: logging in at a terminal, the cost of a post, a budget, and posting by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
import pytest

from tests.publishers.test_x import keys
from tests.publishers.test_x_login import free_port
from tests.servers import strict_x_auth as app
from tests.servers.consent import consent
from tests.servers.strict_x import StrictX
from tests.system.site import JOURNAL, Site, mastodon
from tests.system.terminal import files_but_the_credentials, terminal
from tests.system.test_login import kept, with_browser


@pytest.fixture
def server() -> Iterator[StrictX]:
    """A strict X, new and empty."""
    with StrictX() as made:
        yield made


@pytest.fixture
def site(tmp_path: Path, server: StrictX) -> Site:
    """A site with an X account, its keys in the environment."""
    made = Site(tmp_path / "site")
    made.root.mkdir()
    made.configure(x(server))
    made.env |= {f"POSSE_X_{name.upper()}": value for name, value in keys(server).items()}
    return made


def x(server: StrictX, more: str = "") -> str:
    """Return the table of an X account."""
    return f'[accounts.x]\nnetwork = "x"\napi = "{server.base}"\nweb = "{server.base}"\n{more}\n'


def no_secret_shows(site: Site, server: StrictX, *texts: str) -> None:
    """No key or token is on the screen, or in any file but those that are for them."""
    auth = server.auth
    secrets = {app.API_SECRET, *auth.tokens.values(), *auth.bearers, *auth.refreshes, *auth.spent}
    files = {name: data for name, data in files_but_the_credentials(site.root).items() if "sessions.json" not in name}
    for secret in secrets:
        assert all(secret not in text for text in texts)
        assert [] == [name for name, data in files.items() if secret.encode() in data]


def test_a_post_goes_out_once(site: Site, server: StrictX) -> None:
    """The preview tells the cost and sends nothing; a second `post` names the link and sends nothing."""
    site.post("first")
    shown = site.posse("preview", "first", "--json").json["plan"][0]
    assert (0.2, 280) == (shown["cost"], shown["limit"])
    assert "cost: $0.200" in site.posse("preview", "first").out
    assert [] == server.posts
    sent = site.posse("post", "first")
    assert 0 == sent.code, sent.err
    assert f"{server.base}/i/status/{server.posts[0]['id']}" in sent.out
    assert 0 == site.posse("post", "first").code
    assert ["First\n\nThe first sentence of first.\n\nhttps://example.com/2026/first/"] == [
        post["raw"] for post in server.posts
    ]
    no_secret_shows(site, server, sent.out, sent.err)


def test_a_budget_holds_what_exceeds_it(site: Site, server: StrictX) -> None:
    """The oldest go while there is money; the rest waits for a word, which `release` and `post` are."""
    site.configure(x(server, "budget = 0.5"))
    for number in range(1, 5):
        site.post(f"number-{number}", day=f"2026-01-0{number}")
    first = site.posse("run", "--once")
    assert 5 == first.code
    assert 2 == len(server.posts)
    held = [row for row in site.posse("status", "--json").json["deliveries"] if row["state"] == "held"]
    assert [("number-3", "budget"), ("number-4", "budget")] == [(row["post"]["slug"], row["reason"]) for row in held]
    assert "$0.200 would exceed the month's budget of $0.50: $0.400 is spent" in held[0]["detail"]
    assert 0 == site.posse("run", "--once").code
    assert 2 == len(server.posts)
    assert 0 == site.posse("release", "number-3").code
    assert 0 == site.posse("run", "--once").code
    preview = site.posse("preview", "number-4").out
    assert "warning: $0.200 would exceed the month's budget" in preview
    assert 0 == site.posse("post", "number-4").code
    assert 4 == len(server.posts)


def test_what_is_posted_by_hand(site: Site, server: StrictX) -> None:
    """It is prepared and never sent; status, preview and notices have words and link; `resolve` closes it."""
    notice = site.root / "notice.txt"
    tell = f"[notices]\ncommand = \"sh -c 'cat >> {notice}'\""
    site.configure(x(server, "manual = true"), extra=tell)
    site.post("first", title="It’s here & now")
    preview = site.posse("preview", "first")
    assert 5 == preview.code
    assert f"\n   {server.base}/intent/post?text=It%E2%80%99s%20here" in preview.out
    run = site.posse("run", "--once")
    assert 5 == run.code
    words = "It’s here & now\n\nThe first sentence of first.\n\nhttps://example.com/2026/first/"
    (row,) = site.posse("status", "--json").json["deliveries"]
    assert ("held", "manual", words) == (row["state"], row["reason"], row["text"])
    link = urlsplit(row["compose_url"])
    assert f"{server.base}/intent/post" == f"{link.scheme}://{link.netloc}{link.path}"
    assert words == parse_qs(link.query)["text"][0]
    status = site.posse("status").out
    for line in (*filter(None, words.split("\n")), row["compose_url"], f"posse resolve {row['id']} --sent URL"):
        assert line in status
        assert line in notice.read_text()
    for command in (["release", "first"], ["release", "--all"], ["post", "first"], ["run", "--once"]):
        site.posse(*command)
    assert [] == server.requests
    assert 0 == site.posse("resolve", str(row["id"]), "--sent", "https://x.com/me/status/1").code
    assert 0 == site.posse("post", "first").code
    assert "https://x.com/me/status/1" in site.posse("links", "first").out
    assert 0 == site.posse("run", "--once").code
    assert [] == server.requests


def test_by_hand_on_any_network(tmp_path: Path) -> None:
    """Mastodon's form is the instance's own; where a network has none, the words are there all the same."""
    site = Site(tmp_path / "site")
    site.configure(mastodon("https://social.example", more="manual = true") + JOURNAL + "manual = true\n")
    site.post("first")
    assert 5 == site.posse("run", "--once").code
    rows = {row["account"]: row for row in site.posse("status", "--json").json["deliveries"]}
    shared = str(rows["mastodon"]["compose_url"])
    assert shared.startswith("https://social.example/share?text=First%0A%0A")
    assert unquote(shared).endswith("https://example.com/2026/first/")
    assert (None, True) == (rows["journal"]["compose_url"], bool(rows["journal"]["text"]))
    assert [] == site.journal()


def test_what_was_by_hand_goes_out_once_it_is_not(site: Site, server: StrictX) -> None:
    """Taking `manual` out of the configuration lets the bot send."""
    site.configure(x(server, "manual = true"))
    site.post("first")
    site.posse("run", "--once")
    site.configure(x(server))
    assert 0 == site.posse("run", "--once").code
    assert 1 == len(server.posts)


def test_a_login_by_browser(site: Site, server: StrictX) -> None:
    """Browser, redirect, proof; the tokens that the proof made are those the first post goes on with."""
    redirect = f"http://127.0.0.1:{free_port()}/callback"
    server.auth.redirects = {redirect}
    site.configure(x(server, f'auth = "oauth2"\nclient_id = "{app.CLIENT}"\nredirect = "{redirect}"'))
    site.env = {}
    site.post("first")
    page = with_browser(site)
    with terminal(site, "login", "x") as at:
        at.sees("[Y/n]")
        at.types("")
        assert 0 == at.ends()
    assert "x: logged in as @myname" in at.seen
    assert ["refresh_token"] == list(kept(site)["x"])
    assert "posse goes on in your terminal" in page.read_text()
    done = site.posse("post", "first")
    assert 0 == done.code, done.err
    assert 1 == len(server.auth.spent)
    checked = site.posse("check")
    assert "refresh token from file" in checked.out
    no_secret_shows(site, server, at.seen, page.read_text(), done.out, done.err, checked.out)


def test_a_login_by_pin(site: Site, server: StrictX) -> None:
    """The app's keys are typed unseen, the PIN is pasted, and all four secrets are kept."""
    site.env = {}
    with terminal(site, "login", "x") as at:
        for secret in (app.API_KEY, app.API_SECRET):
            at.types_hidden(secret)
        shown = consent(at.url(), "authorize").text
        at.sees("paste the code")
        at.types(shown.partition('value="')[2].partition('"')[0])
        at.sees("[Y/n]")
        at.types("")
        assert 0 == at.ends()
    assert {"api_key", "api_secret", "access_token", "access_token_secret"} == set(kept(site)["x"])
    assert "x: logged in as @myname" in at.seen
    no_secret_shows(site, server, at.seen)


def pasted(site: Site, spoils: Callable[[str], str], answer: str = "authorize") -> tuple[int, str]:
    """Log in by a pasted address, or a PIN; return the exit code and what was seen."""
    with terminal(site, "login", "x", "--no-browser") as at:
        url = at.url()
        try:
            page = consent(url, answer)
            found = page.text.partition('value="')[2].partition('"')[0]
        except httpx.ConnectError as error:  # nobody listens there: what a person sees is the address
            found = str(error.request.url)
        at.sees("paste the code")
        at.types(spoils(found))
        if at.sees_or_ends("[Y/n]"):
            at.types("y")
        return at.ends(), at.seen


@pytest.fixture
def by_tokens(site: Site, server: StrictX) -> Site:
    """The site with its account on OAuth 2, that nobody has logged in to."""
    redirect = f"http://127.0.0.1:{free_port()}/callback"
    server.auth.redirects = {redirect}
    site.configure(x(server, f'auth = "oauth2"\nclient_id = "{app.CLIENT}"\nredirect = "{redirect}"'))
    site.env = {}
    return site


def test_a_login_by_a_pasted_address(by_tokens: Site, server: StrictX) -> None:
    """Without a browser here, the address is pasted at which the person's has ended."""
    code, seen = pasted(by_tokens, str)
    assert 0 == code, seen
    assert ["refresh_token"] == list(kept(by_tokens)["x"])
    assert "x: logged in as @myname" in seen
    no_secret_shows(by_tokens, server, seen)


@pytest.mark.parametrize(
    ("spoils", "answer", "words"),
    [
        (lambda _: "a-made-up-code", "authorize", "Value passed for the token was invalid."),
        (lambda url: url.replace("state=", "state=x"), "authorize", "the answer to another log-in"),
        (str, "deny", "the log-in was refused: access_denied"),
        (lambda _: "", "authorize", "no code was given"),
    ],
    ids=["a wrong code", "a wrong state", "a no", "nothing"],
)
def test_a_login_by_tokens_that_is_refused(
    by_tokens: Site, server: StrictX, spoils: Callable[[str], str], answer: str, words: str
) -> None:
    """Told, exit 3, nothing kept, no secret shown."""
    code, seen = pasted(by_tokens, spoils, answer)
    assert (3, True) == (code, words in seen.replace("\n", " ")), seen
    assert "Nothing was kept" in seen
    assert kept(by_tokens) is None
    no_secret_shows(by_tokens, server, seen)


def test_a_pin_that_is_wrong(site: Site, server: StrictX) -> None:
    """The keys of the app are in the environment; the PIN is refused, exit 3, nothing kept."""
    code, seen = pasted(site, lambda _pin: "0000000000")
    assert (3, True) == (code, "refuses the app's keys or the PIN" in seen), seen
    assert kept(site) is None
    no_secret_shows(site, server, seen)


def test_keys_are_read_from_standard_input(site: Site, server: StrictX) -> None:
    """Without a terminal, one line for each; those that are refused are not kept."""
    given, site.env = keys(server), {}
    refused = site.posse("login", "x", stdin="\n".join([*list(given.values())[:3], "wrong"]))
    assert 3 == refused.code
    assert kept(site) is None
    done = site.posse("login", "x", stdin="\n".join(given.values()))
    assert 0 == done.code, done.err
    assert given == kept(site)["x"]
    no_secret_shows(site, server, refused.err, done.out, done.err)


def test_check_tells_where_each_secret_comes_from(site: Site, server: StrictX) -> None:
    """Only those of the chosen log-in are looked for."""
    told = site.posse("check", "--json").json["accounts"]["x"]
    assert list(keys(server)) == list(told["secrets"])
    assert "@myname" == told["name"]
    assert json.dumps(told).count("strict-") == 0
