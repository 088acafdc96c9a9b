"""`posse login` at a terminal for Threads and LinkedIn: by a browser, by a pasted address, and all that goes wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.publishers.test_x_login import free_port
from tests.servers import strict_linkedin_auth as linkedin_app
from tests.servers import strict_threads_auth as threads_app
from tests.servers.consent import consent
from tests.servers.strict_linkedin import StrictLinkedIn
from tests.servers.strict_threads import TOKEN, StrictThreads
from tests.system.site import Site
from tests.system.terminal import files_but_the_credentials, terminal
from tests.system.test_login import kept, with_browser

APP = {"threads": threads_app.APP_SECRET, "linkedin": linkedin_app.CLIENT_SECRET}
NETWORKS = ("threads", "linkedin")


@pytest.fixture
def threads() -> Iterator[StrictThreads]:
    """A strict Threads, new and empty."""
    with StrictThreads() as server:
        yield server


@pytest.fixture
def linkedin() -> Iterator[StrictLinkedIn]:
    """A strict LinkedIn whose app has a redirect to a free port of this machine."""
    with StrictLinkedIn() as server:
        server.auth.redirects = {f"http://localhost:{free_port()}/callback"}
        yield server


@pytest.fixture
def site(tmp_path: Path, threads: StrictThreads, linkedin: StrictLinkedIn) -> Site:
    """A site with both accounts, that nobody has logged in to."""
    made = Site(tmp_path / "site")
    made.root.mkdir()
    configure(made, threads, linkedin)
    return made


def configure(site: Site, threads: StrictThreads, linkedin: StrictLinkedIn, app: bool = True) -> None:
    """Write the configuration, with or without the apps that a log-in by browser needs."""
    (redirect,) = linkedin.auth.redirects
    meta = f'client_id = "{threads_app.APP}"' if app else ""
    microsoft = f'client_id = "{linkedin_app.CLIENT}"\nredirect = "{redirect}"' if app else ""
    site.configure(
        f'[accounts.threads]\nnetwork = "threads"\nservice = "{threads.base}"\nweb = "{threads.base}"\n{meta}\n'
        f'[accounts.linkedin]\nnetwork = "linkedin"\nservice = "{linkedin.base}"\nweb = "{linkedin.base}"\n'
        f"{microsoft}\n"
    )


def ended(url: str, answer: str = "authorize") -> str:
    """Press a button at the address, and return where the browser ends: where nobody listens."""
    try:
        return str(consent(url, answer).url)
    except httpx.ConnectError as error:
        return str(error.request.url)


def walk(
    site: Site, name: str, spoils: Callable[[str], str] = str, *, secret: str = "", answer: str = "authorize"
) -> tuple[int, str]:
    """Log in by a pasted address and say yes to the file; return the exit code and what was seen."""
    with terminal(site, "login", name, "--no-browser") as at:
        at.sees("client secret")
        at.types_hidden(secret or APP[name])
        url = at.url()
        at.sees("paste the code")
        at.types(spoils(ended(url, answer)))
        if at.sees_or_ends("[Y/n]"):
            at.types("y")
        return at.ends(), at.seen


def no_secret_shows(site: Site, threads: StrictThreads, linkedin: StrictLinkedIn, *texts: str) -> None:
    """No token or app secret is on the screen, or in any file but those that are for them."""
    secrets = {*APP.values(), *threads.tokens, *threads.auth.short, *linkedin.tokens, *linkedin.auth.refreshes}
    files = {name: data for name, data in files_but_the_credentials(site.root).items() if "sessions.json" not in name}
    for secret in secrets:
        assert all(secret not in text for text in texts)
        assert [] == [name for name, data in files.items() if secret.encode() in data]


def session(site: Site, name: str) -> dict[str, str]:
    """Return what is kept of an account between runs."""
    found: dict[str, str] = json.loads((site.root / "state" / "sessions.json").read_text())[name]
    return found


@pytest.mark.parametrize("name", NETWORKS)
def test_the_address_is_pasted(site: Site, threads: StrictThreads, linkedin: StrictLinkedIn, name: str) -> None:
    """The app's secret is typed unseen, the address pasted; the account's own name and the days left are told."""
    code, seen = walk(site, name)
    assert 0 == code, seen
    assert {"threads": "logged in as @strict", "linkedin": "logged in as Strict Member"}[name] in seen
    assert "the token has 59 days left (until " in seen
    living = threads.tokens if name == "threads" else linkedin.tokens
    token = kept(site)[name]["access_token"]
    assert token in living
    assert TOKEN not in session(site, name).values()
    checked = site.posse("check", "--json")
    told = checked.json["accounts"][name]
    assert (None, True, 59) == (told["error"], told["ends"]["known"], told["ends"]["days"])
    no_secret_shows(site, threads, linkedin, seen, checked.out, checked.err)


def test_what_is_kept_of_an_app(site: Site) -> None:
    """LinkedIn's secret is, for a log-in every sixty days; Threads' is not, for nothing needs it any more."""
    assert 0 == walk(site, "threads")[0]
    assert 0 == walk(site, "linkedin")[0]
    assert {"threads": ["access_token"], "linkedin": ["access_token", "client_secret"]} == {
        name: sorted(found) for name, found in kept(site).items()
    }
    with terminal(site, "login", "linkedin", "--no-browser") as at:
        at.url()
        at.sees("paste the code")
        assert "client secret" not in at.seen


def test_a_browser_brings_the_answer(site: Site, threads: StrictThreads, linkedin: StrictLinkedIn) -> None:
    """LinkedIn sends the browser to this machine, where the answer is waited for."""
    page = with_browser(site)
    with terminal(site, "login", "linkedin") as at:
        at.sees("client secret")
        at.types_hidden(APP["linkedin"])
        at.sees("[Y/n]")
        at.types("")
        assert 0 == at.ends()
    assert "linkedin: logged in as Strict Member" in at.seen
    assert "posse goes on in your terminal" in page.read_text()
    no_secret_shows(site, threads, linkedin, at.seen, page.read_text())


def test_threads_asks_for_the_address_even_where_there_is_a_browser(site: Site) -> None:
    """It registers https addresses only, and nothing listens there: no answer is waited for."""
    site.env["BROWSER"] = "/bin/true"
    with terminal(site, "login", "threads") as at:
        at.sees("client secret")
        at.types_hidden(APP["threads"])
        address = ended(at.url())
        assert address.startswith("https://127.0.0.1:8752/callback?code=")
        assert address.endswith("#_")
        at.sees("paste the code")
        at.types(address)
        at.sees("[Y/n]")
        at.types("y")
        assert 0 == at.ends()


@pytest.mark.parametrize("name", NETWORKS)
def test_the_code_alone_will_do(site: Site, name: str) -> None:
    """Who copies only the code has done enough, be it with Meta's ending."""

    def code(address: str) -> str:
        found = httpx.URL(address).params["code"]
        return f"{found}#_" if name == "threads" else found

    assert 0 == walk(site, name, code)[0]


REFUSED: list[tuple[str, dict[str, str], Callable[[str], str], str]] = [
    ("threads", {}, lambda _: "a-made-up-code", "Matching code was not found or was already used."),
    ("linkedin", {}, lambda _: "a-made-up-code", "does not match authorization code. Or authorization code expired."),
    ("threads", {"answer": "deny"}, str, "the log-in was refused: Permissions error"),
    ("linkedin", {"answer": "deny"}, str, "the log-in was refused: The user cancelled the authorization"),
    ("threads", {}, lambda url: url.replace("state=", "state=x"), "the answer to another log-in"),
    ("linkedin", {}, lambda url: url.replace("state=", "state=x"), "the answer to another log-in"),
    ("threads", {}, lambda url: url.partition("&state")[0], "the answer to another log-in"),
    ("threads", {"secret": "a-wrong-app-secret"}, str, "Error validating client secret."),
    ("linkedin", {"secret": "a-wrong-app-secret"}, str, "Client authentication failed"),
    ("threads", {}, lambda _: "", "no code was given"),
    ("linkedin", {}, lambda _: "", "no code was given"),
]


@pytest.mark.parametrize(("name", "person", "spoils", "words"), REFUSED)
def test_what_is_refused(
    site: Site,
    threads: StrictThreads,
    linkedin: StrictLinkedIn,
    name: str,
    person: dict[str, str],
    spoils: Callable[[str], str],
    words: str,
) -> None:
    """A wrong code, a no, another log-in's answer, a wrong app secret: told, exit 3, nothing kept, no secret shown."""
    code, seen = walk(site, name, spoils, **person)
    assert 3 == code
    assert words in seen.replace("\n", " ")
    assert f"Nothing was kept. Type `posse login {name}` again" in seen
    assert "a-wrong-app-secret" not in seen
    assert kept(site) is None
    assert not (site.root / "state" / "sessions.json").exists()
    no_secret_shows(site, threads, linkedin, seen)


def test_a_code_works_once(site: Site) -> None:
    """The address of an earlier log-in bears another state, and its code alone is spent."""
    shown: list[str] = []
    assert 0 == walk(site, "threads", lambda url: shown.append(url) or url)[0]  # type: ignore[func-returns-value]
    assert "another log-in" in walk(site, "threads", lambda _: shown[0])[1]
    assert "already used" in walk(site, "threads", lambda _: str(httpx.URL(shown[0]).params["code"]))[1]


def test_a_port_that_is_taken(site: Site, linkedin: StrictLinkedIn) -> None:
    """Another program that waits at the redirect's port is named, and nothing is sent."""
    import socket

    (redirect,) = linkedin.auth.redirects
    site.env["BROWSER"] = "/bin/true"
    with socket.socket() as other:
        other.bind(("127.0.0.1", httpx.URL(redirect).port or 0))
        other.listen()
        with terminal(site, "login", "linkedin") as at:
            at.sees("client secret")
            at.types_hidden(APP["linkedin"])
            assert 3 == at.ends()
    assert "is taken: free it, or set another `redirect`" in at.seen


def test_without_an_app_the_token_is_asked_for(site: Site, threads: StrictThreads, linkedin: StrictLinkedIn) -> None:
    """As ever; what would let a browser do it is said. Threads tells the token's age by itself, LinkedIn does not."""
    configure(site, threads, linkedin, app=False)
    with terminal(site, "login", "threads") as at:
        at.sees("With `client_id` set in the configuration, threads can be logged in to by a browser.")
        at.sees("threads: access token")
        at.types_hidden(threads.token)
        at.sees("[Y/n]")
        at.types("y")
        assert 0 == at.ends()
    assert "the token has 59 days left" in at.seen
    no_secret_shows(site, threads, linkedin, at.seen)


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([""], "the token has at most 59 days left"),
        (["40"], "the token has 39 days left"),
        (["never", "400", (datetime.now(UTC) + timedelta(days=31)).strftime("%Y-%m-%d")], "the token has 30 days left"),
    ],
)
def test_the_end_of_a_pasted_token(site: Site, linkedin: StrictLinkedIn, answers: list[str], words: str) -> None:
    """It is asked for until it makes sense; who does not know is told so, and is right to type Return."""
    with terminal(site, "login", "linkedin", "--token") as at:
        at.sees("linkedin: access token")
        at.types_hidden(linkedin.token)
        for answer in answers:
            at.sees("when does it end?")
            at.types(answer)
        at.sees("[Y/n]")
        at.types("y")
        assert 0 == at.ends()
    assert words in at.seen
    assert ("a date such as" in at.seen) == (len(answers) > 1)
    days = site.posse("check", "--json").json["accounts"]["linkedin"]["ends"]
    assert (answers != [""]) == days["known"]


def test_a_token_from_standard_input(site: Site, threads: StrictThreads, linkedin: StrictLinkedIn) -> None:
    """Without a terminal one line is read, the app or not, and that its age is unknown is told."""
    for name, server in (("threads", threads), ("linkedin", linkedin)):
        done = site.posse("login", name, stdin=f"{server.token}\n")
        assert 0 == done.code, done.err
        assert {"access_token": server.token} == kept(site)[name]
    assert "linkedin: the token has at most" in done.out
    no_secret_shows(site, threads, linkedin, done.out, done.err)


def test_a_partner_of_linkedin_is_renewed_by_itself(
    site: Site, threads: StrictThreads, linkedin: StrictLinkedIn
) -> None:
    """An app that is given refresh tokens gets a new token before anybody is warned; the post goes out with it."""
    linkedin.auth.partner = True
    assert 0 == walk(site, "linkedin")[0]
    first = kept(site)["linkedin"]["access_token"]
    path = site.root / "state" / "sessions.json"
    sessions = json.loads(path.read_text())
    sessions["linkedin"]["renew"] = datetime.now(UTC).isoformat()
    path.write_text(json.dumps(sessions))
    site.post("hello")
    done = site.posse("post", "hello", "--account", "linkedin")
    assert 0 == done.code, done.err
    assert 1 == len(linkedin.held)
    fresh = session(site, "linkedin")["token"]
    assert fresh in linkedin.tokens
    assert fresh != first
    no_secret_shows(site, threads, linkedin, done.out, done.err)
