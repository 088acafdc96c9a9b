from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.servers import strict_rules as rules
from tests.servers.strict_mastodon import StrictMastodon
from tests.servers.strict_oauth import OOB

ROOT = Path(__file__).parents[2]


@contextmanager
def started(server: ThreadingHTTPServer) -> Iterator[str]:
    """Serve in a thread; give the server's address."""
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("text", "spoiler", "expected"),
    [
        ("", "", 0),
        ("e\u0301a", "", 2),
        ("👩‍👩‍👧‍👦 🇫🇷", "", 3),
        ("https://example.com/" + "x" * 300, "", 23),
        ("(https://example.com/a).", "", 26),
        ("example.com", "", 11),
        ("@me@example.com hi", "", 6),
        ("words", "warning", 12),
    ],
)
def test_lengths_are_mastodons(text: str, spoiler: str, expected: int) -> None:
    """Graphemes; 23 for a URL with its scheme; a remote mention's local part; the warning counts."""
    assert expected == rules.length(text, spoiler)


def test_content_is_html_with_links_and_tags() -> None:
    """Text is escaped, paragraphs and line breaks kept, links whole in their href, tags on the server."""
    content = rules.content("a < b\nc\n\nhttps://example.com/?a=1&b=2 #Tag #1", "http://s")
    assert content.startswith("<p>a &lt; b<br />c</p><p><a href=")
    assert 'href="https://example.com/?a=1&amp;b=2"' in content
    assert 'href="http://s/tags/Tag" class="mention hashtag"' in content


def test_requests_are_counted_and_refused(strict_mastodon: StrictMastodon) -> None:
    """When the window's requests are used up, 429 says until when, as an ISO time; the next window is free."""
    strict_mastodon.behaviour.rate = 2
    url = f"{strict_mastodon.base}/api/v2/instance"
    assert [httpx.get(url).status_code for _ in range(3)] == [200, 200, 429]
    refused = httpx.get(url)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", refused.headers["X-RateLimit-Reset"])
    strict_mastodon.behaviour.skew = 300
    assert httpx.get(url).status_code == 200


@pytest.mark.parametrize(
    ("form", "status", "words"),
    [
        ({"status": ""}, 422, "Text can't be blank"),
        ({"status": "hi", "visibility": "secret"}, 422, "Visibility"),
        ({"status": "hi", "in_reply_to_id": "1"}, 404, "does not appear to exist"),
        ({"status": "hi", "media_ids[]": ["1"]}, 422, "Media could not be found"),
        ({"status": "hi", "media_ids[]": ["1", "2", "3", "4", "5"]}, 422, "more than 4"),
    ],
)
def test_what_mastodon_refuses_is_refused(
    strict_mastodon: StrictMastodon, form: dict[str, str], status: int, words: str
) -> None:
    """Bad statuses are refused in Mastodon's words and leave nothing."""
    headers = {"Authorization": f"Bearer {strict_mastodon.token}"}
    answer = httpx.post(f"{strict_mastodon.base}/api/v1/statuses", data=form, headers=headers)
    assert status == answer.status_code
    assert words in answer.json()["error"]
    assert strict_mastodon.statuses == []


def test_json_is_accepted_as_a_form_is(strict_mastodon: StrictMastodon) -> None:
    """The same fields in JSON make the same status."""
    headers = {"Authorization": f"Bearer {strict_mastodon.token}"}
    httpx.post(f"{strict_mastodon.base}/api/v1/statuses", json={"status": "hi", "language": "de"}, headers=headers)
    (status,) = strict_mastodon.statuses
    assert (status["text"], status["language"]) == ("hi", "de")


@pytest.mark.parametrize("redirect", [OOB, "http://127.0.0.1:9/back"])
def test_the_code_flow_ends_in_a_token_once(strict_mastodon: StrictMastodon, redirect: str) -> None:
    """Register, approve in the form, exchange the code with its verifier: a token that works; the code works once."""
    verifier = "v" * 43
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    with httpx.Client(base_url=strict_mastodon.base) as client:
        form = {"client_name": "test", "redirect_uris": redirect, "scopes": "write:statuses profile"}
        app = client.post("/api/v1/apps", data=form).json()
        asked = {
            "client_id": app["client_id"],
            "redirect_uri": redirect,
            "response_type": "code",
            "scope": "write:statuses profile",
            "state": "s",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        page = client.get("/oauth/authorize", params=asked).text
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)">', page))
        approved = client.post("/oauth/authorize", data=fields | {"answer": "authorize"})
        code = (
            re.findall(r'value="([^"]+)"', approved.text)[0]
            if redirect == OOB
            else parse_qs(urlsplit(approved.headers["Location"]).query)["code"][0]
        )
        grant = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": app["client_id"],
            "client_secret": app["client_secret"],
            "redirect_uri": redirect,
            "code_verifier": verifier,
        }
        token = client.post("/oauth/token", data=grant).json()["access_token"]
        me = client.get("/api/v1/accounts/verify_credentials", headers={"Authorization": f"Bearer {token}"})
        assert me.json()["acct"] == "me"
        assert client.post("/oauth/token", data=grant).json()["error"] == "invalid_grant"


def test_as_a_process_it_remembers_what_it_accepted(tmp_path: Path) -> None:
    """Killed and started again with the same file, it still has the status and the key."""
    data = tmp_path / "mastodon.jsonl"
    ids = []
    for _ in range(2):
        command = [sys.executable, "-m", "tests.servers.strict_mastodon", "--data", str(data)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            headers = {"Authorization": f"Bearer {told['token']}", "Idempotency-Key": "k"}
            ids.append(
                httpx.post(f"{told['base']}/api/v1/statuses", data={"status": "hi"}, headers=headers).json()["id"]
            )
            held = httpx.get(f"{told['base']}/_control").json()["statuses"]
            process.kill()
        assert len(held) == 1
    assert ids[0] == ids[1]
