"""`posse login` at a terminal: at one's own site by IndieAuth, and with a key of Nostr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers.indieweb import IndieWeb, consent
from tests.servers.relays import StrictRelay
from tests.system.site import Site
from tests.system.terminal import files_but_the_credentials, terminal

SECRET = "7f" * 32


@pytest.fixture
def site(tmp_path: Path, indieweb: IndieWeb, strict_relay: StrictRelay) -> Site:
    """A site with accounts that nobody has logged in to."""
    made = Site(tmp_path / "site")
    made.root.mkdir()
    made.configure(
        f'[accounts.blog]\nnetwork = "micropub"\nsite = "{indieweb.base}"\n'
        f'[accounts.nostr]\nnetwork = "nostr"\nrelays = ["{strict_relay.url}"]\n'
    )
    return made


def kept(site: Site, account: str, key: str) -> str:
    """Return a secret of the credentials file, which shows in no other file."""
    secret = str(json.loads((site.root / "state" / "credentials.json").read_text())[account][key])
    assert [] == [name for name, data in files_but_the_credentials(site.root).items() if secret.encode() in data]
    return secret


def test_a_browser_brings_the_answer(site: Site, indieweb: IndieWeb) -> None:
    """The site's own page of consent, the redirect, the exchange, the proof; the token shows nowhere."""
    browser = site.root.parent / "browser"
    browser.write_text(f'#!/bin/sh\nexec {sys.executable} -m tests.servers.indieweb "$1"\n')
    browser.chmod(0o755)
    site.env["BROWSER"] = str(browser)
    with terminal(site, "login", "blog") as at:
        at.sees("[Y/n]")
        at.types("y")
        assert 0 == at.ends()
    assert "blog: logged in as" in at.seen
    assert kept(site, "blog", "access_token") not in at.seen
    assert [] == indieweb.posts()


def test_the_address_is_pasted(site: Site) -> None:
    """Without a browser here, the person pastes the address at which theirs has ended."""
    with terminal(site, "login", "blog", "--no-browser") as at:
        url = at.url()
        at.sees("paste the code")
        at.types(str(consent(url, "approve").url))
        at.sees("[Y/n]")
        at.types("y")
        assert 0 == at.ends()
    assert kept(site, "blog", "access_token") not in at.seen


def test_a_nostr_key(site: Site) -> None:
    """The key is typed unseen; a mistyped one is told, and not kept."""
    with terminal(site, "login", "nostr") as at:
        at.sees("secret key")
        at.types_hidden("nsec1mistyped")
        assert 3 == at.ends()
    assert "mistyped" in at.seen.replace("nsec1mistyped", "")
    with terminal(site, "login", "nostr") as at:
        at.sees("secret key")
        at.types_hidden(SECRET)
        at.sees("[Y/n]")
        at.types("y")
        assert 0 == at.ends()
    assert "nostr: logged in as npub1" in at.seen
    assert SECRET == kept(site, "nostr", "secret_key")
    assert SECRET not in at.seen


@pytest.mark.parametrize(
    ("spoils", "action", "words"),
    [
        (lambda _: "a-made-up-code", "approve", "Nothing was kept"),
        (lambda url: url.replace("state=", "state=x"), "approve", "the answer to another log-in"),
        (str, "deny", "the log-in was refused"),
        (lambda _: "", "approve", "no code was given"),
    ],
    ids=["a wrong code", "a wrong state", "a no", "nothing"],
)
def test_a_log_in_that_is_refused(site: Site, spoils: Callable[[str], str], action: str, words: str) -> None:
    """Told, exit 3, nothing kept."""
    with terminal(site, "login", "blog", "--no-browser") as at:
        url = at.url()
        at.sees("paste the code")
        at.types(spoils(str(consent(url, action).url)))
        assert 3 == at.ends()
    assert words in at.seen.replace("\n", " ")
    assert "Nothing was kept" in at.seen
    assert "a-made-up-code" not in at.seen.replace("a-made-up-code", "", 1)  # it was echoed as it was typed
    assert not (site.root / "state" / "credentials.json").exists()
