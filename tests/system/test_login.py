from __future__ import annotations

import json
import re
import stat
import sys
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from bot.cli.login import can_browse
from tests.servers.consent import consent
from tests.servers.pds import Pds
from tests.servers.strict_http import Answer, Request
from tests.servers.strict_mastodon import StrictMastodon
from tests.system.site import JOURNAL, Site, bluesky, mastodon
from tests.system.terminal import Terminal, files_but_the_credentials, terminal

ROOT = Path(__file__).parents[2]
RING = """
import json, pathlib
from keyring.backend import KeyringBackend

class Keyring(KeyringBackend):
    priority = 1
    _file = pathlib.Path(__file__).with_suffix(".json")

    def _kept(self):
        return json.loads(self._file.read_text()) if self._file.exists() else {}

    def get_password(self, service, username):
        return self._kept().get(f"{service} {username}")

    def set_password(self, service, username, password):
        self._file.write_text(json.dumps({**self._kept(), f"{service} {username}": password}))
"""


@pytest.fixture
def site(tmp_path: Path, strict_mastodon: StrictMastodon) -> Site:
    """A site with a Mastodon account that nobody has logged in to."""
    made = Site(tmp_path / "site")
    made.root.mkdir()
    made.configure(mastodon(strict_mastodon.base))
    return made


@pytest.fixture
def sent(strict_mastodon: StrictMastodon) -> list[dict[str, Any]]:
    """Everything that was sent to the token endpoint."""
    seen: list[dict[str, Any]] = []
    (at,) = [at for at, (_, path, _) in enumerate(strict_mastodon._routes) if path == "/oauth/token"]
    method, path, real = strict_mastodon._routes[at]

    def spy(request: Request) -> Answer:
        seen.append(dict(request.values))
        return real(request)

    strict_mastodon._routes[at] = (method, path, spy)
    return seen


def with_browser(site: Site, answer: str = "authorize") -> Path:
    """Give the site a browser that presses a button; return the file that will hold the page it ends at."""
    browser = site.root.parent / "browser"
    browser.write_text(f'#!/bin/sh\nexec {sys.executable} -m tests.servers.consent "$1"\n')
    browser.chmod(0o755)
    page = site.root.parent / "page.html"
    site.env |= {"BROWSER": str(browser), "CONSENT_ANSWER": answer, "CONSENT_PAGE": str(page)}
    return page


def kept(site: Site) -> Any:
    """Return the credentials file, None where there is none."""
    path = site.root / "state" / "credentials.json"
    if not path.exists():
        return None
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    return json.loads(path.read_text())


def no_secret_shows(site: Site, server: StrictMastodon, sent: list[dict[str, Any]], *texts: str) -> None:
    """No token, verifier or client secret is on the screen, in a page, or in any file but the credentials."""
    secrets = {*server.memory.tokens, *(app["client_secret"] for app in server.memory.apps.values())}
    secrets |= {str(exchange["code_verifier"]) for exchange in sent}
    assert len(secrets) >= 3
    for secret in secrets:
        assert all(secret not in text for text in texts)
        assert [] == [name for name, data in files_but_the_credentials(site.root).items() if secret.encode() in data]


def paste_code(at: Terminal) -> str:
    """Allow it at the address that is shown, and paste the code; return the address."""
    url = at.url()
    shown = re.search(r'value="([^"]*)"', consent(url, "authorize").text)
    assert shown
    at.sees("paste the code")
    at.types(unescape(shown[1]))
    return url


def logged_in(server: StrictMastodon) -> str:
    """Return the token that a login has brought."""
    (token,) = [token for token in server.memory.tokens if token != server.token]
    return token


def test_a_browser_brings_the_answer(site: Site, strict_mastodon: StrictMastodon, sent: list[dict[str, Any]]) -> None:
    """Browser, redirect, proof, the file on the person's word; name and limits are told; no secret shows."""
    page = with_browser(site)
    with terminal(site, "login", "mastodon") as at:
        url = at.url()
        at.sees(f"No keyring works here. Keep it in {site.root}/state/credentials.json, readable by you alone? [Y/n]")
        at.types("")
        assert 0 == at.ends()
    assert {"mastodon": {"access_token": logged_in(strict_mastodon)}} == kept(site)
    assert f"kept in {site.root}/state/credentials.json" in at.seen
    assert "mastodon: logged in as @me@" in at.seen
    assert "mastodon: characters: 500" in at.seen
    assert "posse goes on in your terminal" in page.read_text()
    assert "127.0.0.1" == urlsplit(parse_qs(urlsplit(url).query)["redirect_uri"][0]).hostname
    no_secret_shows(site, strict_mastodon, sent, at.seen, page.read_text())
    checked = site.posse("check", "--json")
    assert 500 == checked.json["accounts"]["mastodon"]["limits"]["characters"]
    no_secret_shows(site, strict_mastodon, sent, checked.out + checked.err)


@pytest.mark.parametrize(
    ("env", "platform", "expected"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({"BROWSER": "w3m"}, "linux", True),
        ({"BROWSER": ""}, "linux", False),
        ({}, "darwin", True),
        ({"SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"}, "darwin", False),
        ({"SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22", "DISPLAY": "localhost:10.0"}, "linux", False),
    ],
)
def test_where_a_browser_can_answer(env: dict[str, str], platform: str, expected: bool) -> None:
    """A display, a Mac, or a browser of one's own choice; never over ssh, whose browser is another machine's."""
    assert expected == can_browse(env, platform)


@pytest.mark.parametrize(
    ("args", "env"),
    [
        (("--no-browser",), {"BROWSER": "/bin/false"}),
        ((), {"BROWSER": "/bin/false", "SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"}),
        ((), {}),
    ],
    ids=["asked for", "over ssh", "no display"],
)
def test_a_code_is_pasted(
    site: Site,
    strict_mastodon: StrictMastodon,
    sent: list[dict[str, Any]],
    args: tuple[str, ...],
    env: dict[str, str],
) -> None:
    """Without a browser here, the address is shown and the code asked for."""
    site.env |= env
    with terminal(site, "login", "mastodon", *args) as at:
        url = paste_code(at)
        at.sees("[Y/n]")
        at.types("y")
        assert 0 == at.ends()
    assert ["urn:ietf:wg:oauth:2.0:oob"] == parse_qs(urlsplit(url).query)["redirect_uri"]
    assert {"mastodon": {"access_token": logged_in(strict_mastodon)}} == kept(site)
    no_secret_shows(site, strict_mastodon, sent, at.seen)


def test_a_browser_that_does_not_start(site: Site, strict_mastodon: StrictMastodon) -> None:
    """Then the code is asked for, for the same application."""
    site.env["BROWSER"] = "/bin/false"
    with terminal(site, "login", "mastodon") as at:
        at.sees("no browser opened")
        paste_code(at)
        at.sees("[Y/n]")
        at.types("y")
        assert 0 == at.ends()
    assert 1 == len(strict_mastodon.memory.apps)
    assert kept(site) is not None


def test_the_person_denies_it(site: Site, strict_mastodon: StrictMastodon) -> None:
    """Deny in the browser: a clear sentence, exit 3, nothing kept."""
    page = with_browser(site, "deny")
    with terminal(site, "login", "mastodon") as at:
        assert 3 == at.ends()
    assert "the log-in was refused: The resource owner denied the request." in at.seen
    assert "Nothing was kept. Type `posse login mastodon` again" in at.seen
    assert "Nothing was changed" in page.read_text()
    assert kept(site) is None
    assert [strict_mastodon.token] == list(strict_mastodon.memory.tokens)


def test_the_person_does_not_want_the_file(site: Site) -> None:
    """No to the file: nothing is kept, exit 3, and the variable that would do instead is named."""
    with terminal(site, "login", "mastodon") as at:
        paste_code(at)
        at.sees("[Y/n]")
        at.types("n")
        assert 3 == at.ends()
    assert "nothing was kept. Set POSSE_MASTODON_ACCESS_TOKEN, or POSSE_MASTODON_ACCESS_TOKEN_FILE" in at.seen
    assert kept(site) is None


def test_a_wrong_code(site: Site) -> None:
    """A code that is none: the server's words, exit 3, nothing kept."""
    with terminal(site, "login", "mastodon") as at:
        at.sees("paste the code")
        at.types("wrong")
        assert 3 == at.ends()
    assert "authorization grant is invalid" in at.seen
    assert kept(site) is None


def test_no_code(site: Site) -> None:
    """Return alone gives up."""
    with terminal(site, "login", "mastodon") as at:
        at.sees("paste the code")
        at.types("")
        assert 3 == at.ends()
    assert "no code was given" in at.seen


def test_it_can_be_interrupted(site: Site) -> None:
    """Ctrl-C while it waits for the browser ends it with 130 at once, without a traceback."""
    site.env["BROWSER"] = "/bin/true"
    with terminal(site, "login", "mastodon") as at:
        at.sees("Waiting for its answer")
        at.interrupt()
        assert 130 == at.ends()
    assert "Traceback" not in at.seen
    assert kept(site) is None


def test_a_forged_answer_does_not_log_in(site: Site, strict_mastodon: StrictMastodon) -> None:
    """A page elsewhere that sends the browser to us with its own code is refused; the real answer still counts."""
    site.env["BROWSER"] = "/bin/true"
    with terminal(site, "login", "mastodon") as at:
        url = at.url()
        redirect = parse_qs(urlsplit(url).query)["redirect_uri"][0]
        at.sees("Waiting for its answer")
        assert 400 == httpx.get(redirect, params={"code": "theirs", "state": "theirs"}).status_code
        assert 200 == consent(url, "authorize").status_code
        at.sees("[Y/n]")
        at.types("y")
        assert 0 == at.ends()
    assert {"mastodon": {"access_token": logged_in(strict_mastodon)}} == kept(site)


def test_a_keyring_keeps_it(site: Site, strict_mastodon: StrictMastodon, sent: list[dict[str, Any]]) -> None:
    """Where a keyring works it is used, nothing is asked, no file written, and the token is found again."""
    folder = site.root.parent / "ring"
    folder.mkdir()
    (folder / "ring.py").write_text(RING)
    site.env |= {"PYTHONPATH": f"{ROOT}:{folder}", "PYTHON_KEYRING_BACKEND": "ring.Keyring"}
    with terminal(site, "login", "mastodon") as at:
        paste_code(at)
        assert 0 == at.ends()
    assert "access token kept in keyring (posse, mastodon.access_token)" in at.seen
    assert kept(site) is None
    assert {"posse mastodon.access_token": logged_in(strict_mastodon)} == json.loads((folder / "ring.json").read_text())
    assert "access token from keyring" in site.posse("check").out
    no_secret_shows(site, strict_mastodon, sent, at.seen)


def test_a_configuration_elsewhere(site: Site, tmp_path: Path) -> None:
    """With `--config` the file beside that configuration's state is used, wherever one stands."""
    elsewhere = Site(tmp_path / "elsewhere", site.env)
    elsewhere.root.mkdir()
    with terminal(elsewhere, "login", "mastodon", "--config", str(site.root / "posse.toml")) as at:
        paste_code(at)
        at.sees("[Y/n]")
        at.types("y")
        assert 0 == at.ends()
    assert kept(site) is not None
    assert [] == list(elsewhere.root.iterdir())


def test_a_variable_goes_before_what_was_kept(site: Site, strict_mastodon: StrictMastodon) -> None:
    """A login that will not be used because a variable hides it says so."""
    site.env["POSSE_MASTODON_ACCESS_TOKEN"] = "another"
    done = site.posse("login", "mastodon", stdin=strict_mastodon.token)
    assert 0 == done.code
    assert "environment POSSE_MASTODON_ACCESS_TOKEN holds another one, which goes before it" in done.err


def test_a_token_from_standard_input(site: Site, strict_mastodon: StrictMastodon) -> None:
    """Without a terminal the token is read, proven and kept, nothing is asked, and where it is kept is told."""
    done = site.posse("login", "mastodon", stdin=f"{strict_mastodon.token}\n")
    assert (0, True) == (done.code, "logged in as @me@" in done.out)
    assert f"kept in {site.root}/state/credentials.json" in done.err
    assert {"mastodon": {"access_token": strict_mastodon.token}} == kept(site)
    assert strict_mastodon.token not in done.out + done.err
    assert {} == strict_mastodon.memory.apps


def test_a_token_pasted_at_a_terminal(site: Site, strict_mastodon: StrictMastodon) -> None:
    """`--token` asks for one, hidden; no application is registered."""
    with terminal(site, "login", "mastodon", "--token") as at:
        at.sees("mastodon: access token")
        at.types_hidden(strict_mastodon.token)
        at.sees("[Y/n]")
        at.types("y")
        assert 0 == at.ends()
    assert {"mastodon": {"access_token": strict_mastodon.token}} == kept(site)
    assert strict_mastodon.token not in at.seen
    assert {} == strict_mastodon.memory.apps


@pytest.mark.parametrize("given", ["no-such-token", ""])
def test_a_token_that_is_not_proven_is_not_kept(site: Site, strict_mastodon: StrictMastodon, given: str) -> None:
    """Refused or missing: exit 3, what to do, and what was kept before stays."""
    assert 0 == site.posse("login", "mastodon", stdin=strict_mastodon.token).code
    done = site.posse("login", "mastodon", stdin=given)
    assert 3 == done.code
    wanted = "Get a new one on your instance: Preferences" if given else "nothing was given"
    assert wanted in done.err
    assert "Traceback" not in done.err
    assert {"mastodon": {"access_token": strict_mastodon.token}} == kept(site)


def test_an_instance_that_is_none(site: Site, strict_mastodon: StrictMastodon) -> None:
    """A server without the Mastodon API: asked whether it is one, exit 3."""
    strict_mastodon._routes = []
    with terminal(site, "login", "mastodon") as at:
        assert 3 == at.ends()
    assert "does not know the Mastodon API: is `instance` a Mastodon server?" in at.seen.replace("\n", " ")


@pytest.mark.parametrize("args", [(), ("--token",)])
def test_an_instance_that_is_down(site: Site, args: tuple[str, ...]) -> None:
    """Nobody listens: told, exit 3, nothing kept."""
    site.configure(mastodon("http://127.0.0.1:9"))
    with terminal(site, "login", "mastodon", *args) as at:
        if args:
            at.sees("access token")
            at.types_hidden("some-token")
        assert 3 == at.ends()
    assert "127.0.0.1:9 cannot be reached" in at.seen
    assert "Nothing was kept" in at.seen
    assert kept(site) is None


@pytest.mark.parametrize("instance", ["http://social.example", "http://192.0.2.1", "http://127.0.0.1.example:80"])
def test_no_login_in_the_clear(site: Site, instance: str) -> None:
    """http:// to another machine is refused before anything is asked or sent."""
    site.configure(mastodon(instance))
    done = site.posse("login", "mastodon", stdin="secret-token")
    assert 3 == done.code
    assert f"accounts.mastodon.instance: {instance} would carry the login over the network" in done.err
    assert kept(site) is None


def test_a_login_lifts_the_pause(site: Site, strict_mastodon: StrictMastodon) -> None:
    """A refused token pauses the account; a login lets the waiting post go, even with the same token."""
    assert 0 == site.posse("login", "mastodon", stdin=strict_mastodon.token).code
    scopes = strict_mastodon.memory.tokens.pop(strict_mastodon.token)
    site.post("hello")
    site.posse("post", "hello")
    strict_mastodon.memory.tokens[strict_mastodon.token] = scopes
    site.posse("run", "--once")
    assert [] == strict_mastodon.statuses, "it was not paused"
    assert 0 == site.posse("login", "mastodon", stdin=strict_mastodon.token).code
    done = site.posse("run", "--once")
    assert 0 == done.code, done.err
    assert 1 == len(strict_mastodon.statuses)


def test_a_folder_needs_no_login(site: Site) -> None:
    """`local` says so, at a terminal and without."""
    site.configure(JOURNAL)
    done = site.posse("login", "journal")
    assert (0, "journal: A folder needs no login\n") == (done.code, done.out)
    with terminal(site, "login", "journal") as at:
        assert 0 == at.ends()
    assert done.out == at.seen


def test_an_account_that_is_not_there(site: Site) -> None:
    """A misspelt account is told with the nearest one, exit 3."""
    done = site.posse("login", "mastodn")
    assert (3, True) == (done.code, 'did you mean "mastodon"?' in done.err)


def test_an_app_password(site: Site, pds: Pds) -> None:
    """Asked for hidden, proven on the real PDS, kept; it shows on no screen and in no other file."""
    me = pds.account()
    site.configure(bluesky(pds.base, me.handle))
    with terminal(site, "login", "bluesky") as at:
        at.sees("App passwords")
        at.sees("bluesky: app password")
        at.types_hidden(me.app_password)
        at.sees("[Y/n]")
        at.types("y")
        assert 0 == at.ends()
    assert f"logged in as @{me.handle}" in at.seen or f"logged in as {me.handle}" in at.seen
    assert {"bluesky": {"app_password": me.app_password}} == kept(site)
    assert me.app_password not in at.seen
    files = files_but_the_credentials(site.root)
    assert [] == [name for name, data in files.items() if me.app_password.encode() in data]


def test_the_main_password_is_warned_of(site: Site, pds: Pds) -> None:
    """What is shaped like no app password is used only on the person's word; the default is no."""
    me = pds.account()
    site.configure(bluesky(pds.base, me.handle))
    with terminal(site, "login", "bluesky") as at:
        at.sees("bluesky: app password")
        at.types_hidden(me.password)
        at.sees("app passwords look like xxxx-xxxx-xxxx-xxxx, and this does not")
        at.sees("[y/N]")
        at.types("")
        assert 3 == at.ends()
    assert kept(site) is None
    assert me.password not in at.seen
    piped = site.posse("login", "bluesky", stdin=me.password)
    assert (0, True) == (piped.code, "xxxx-xxxx-xxxx-xxxx" in piped.err)


def test_a_wrong_app_password(site: Site, pds: Pds) -> None:
    """Refused by the PDS: exit 3, where to get one, nothing kept."""
    site.configure(bluesky(pds.base, pds.account().handle))
    done = site.posse("login", "bluesky", stdin="abcd-efgh-ijkl-mnop")
    assert 3 == done.code
    assert "Get a new one in Bluesky: Settings" in done.err
    assert kept(site) is None
    assert "abcd-efgh" not in done.err
