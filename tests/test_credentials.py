from __future__ import annotations

import copy
import json
import pickle
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.credentials import FileVault, Secret, find, store
from bot.errors import CredentialError
from bot.publishers.base import Vault


class Ring:
    """A keyring in memory, which may fail or take its time."""

    def __init__(self, error: Exception | None = None, seconds: float = 0.0, forgets: bool = False) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self._error, self._seconds, self._forgets = error, seconds, forgets

    def get_password(self, service_name: str, username: str) -> str | None:
        """Return what is kept."""
        self._trouble()
        return self.kept.get((service_name, username))

    def set_password(self, service_name: str, username: str, password: str) -> None:
        """Keep it."""
        self._trouble()
        if not self._forgets:
            self.kept[service_name, username] = password

    def _trouble(self) -> None:
        time.sleep(self._seconds)
        if self._error:
            raise self._error


def table(folder: Path, content: object) -> Path:
    path = folder / "credentials.json"
    path.write_text(json.dumps(content))
    path.chmod(0o600)
    return path


def test_the_first_that_exists_wins(tmp_path: Path) -> None:
    """Environment, named file, systemd, keyring, file: each hides those after it."""
    (tmp_path / "named").write_text("from the named file\n")
    (tmp_path / "my-blog.app_password").write_text("from systemd\r\n")
    ring = Ring()
    ring.kept["posse", "my-blog.app_password"] = "from the keyring"
    table(tmp_path, {"my-blog": {"app_password": "from the table"}})
    env = {
        "POSSE_MY_BLOG_APP_PASSWORD": "from the environment",
        "POSSE_MY_BLOG_APP_PASSWORD_FILE": str(tmp_path / "named"),
        "CREDENTIALS_DIRECTORY": str(tmp_path),
    }
    found = []
    for hide in [*env, "keyring", None]:
        found.append(find("my-blog", "app_password", env=env, state_dir=tmp_path, keyring=ring))
        env.pop(hide or "", None)
        if hide == "keyring":
            ring.kept.clear()
    assert [each.secret.reveal() for each in found] == [
        "from the environment",
        "from the named file",
        "from systemd",
        "from the keyring",
        "from the table",
    ]
    assert [each.origin.split()[0] for each in found] == ["environment", "file", "systemd", "keyring", "file"]


def test_a_missing_secret_says_what_to_type(tmp_path: Path) -> None:
    """The message names account, secret, variable and command."""
    with pytest.raises(CredentialError) as caught:
        find("me", "access_token", env={}, state_dir=tmp_path, keyring=Ring())
    for words in ("account me has no access_token", "POSSE_ME_ACCESS_TOKEN", "posse login me", "credentials.json"):
        assert words in str(caught.value)
    assert "empty" not in str(caught.value)


def test_an_empty_variable_counts_as_missing(tmp_path: Path) -> None:
    """Set but empty is missing, and the message says that it is set."""
    with pytest.raises(CredentialError, match="POSSE_ME_ACCESS_TOKEN is set but empty"):
        find("me", "access_token", env={"POSSE_ME_ACCESS_TOKEN": ""}, state_dir=tmp_path, keyring=Ring())


def test_white_space_around_a_secret_is_none_of_it(tmp_path: Path) -> None:
    """Copied with a blank or a line end, or saved with a BOM; and blanks alone are empty."""
    (tmp_path / "named").write_bytes(b"\xef\xbb\xbf  token \r\n\n")
    for env in ({"POSSE_ME_K": " token\n"}, {"POSSE_ME_K": " ", "POSSE_ME_K_FILE": str(tmp_path / "named")}):
        assert "token" == find("me", "k", env=env, state_dir=tmp_path, keyring=Ring()).secret.reveal()
    with pytest.raises(CredentialError, match="POSSE_ME_K is set but empty"):
        find("me", "k", env={"POSSE_ME_K": " "}, state_dir=tmp_path, keyring=Ring())


def test_a_named_file_that_is_empty_is_told(tmp_path: Path) -> None:
    """It counts as missing; the message names the file."""
    (tmp_path / "named").touch()
    with pytest.raises(CredentialError, match="named, which is empty"):
        find("me", "k", env={"POSSE_ME_K_FILE": str(tmp_path / "named")}, state_dir=tmp_path, keyring=Ring())


@pytest.mark.parametrize("value", ["first\nsecond", "first\r\nsecond", "fir\x00st", "fir\x1bst"])
def test_a_secret_of_two_lines_is_refused_and_not_shown(tmp_path: Path, value: str) -> None:
    """A header cannot hold it, and the library that finds that out would print it."""
    (tmp_path / "named").write_bytes(value.encode())
    with pytest.raises(CredentialError, match="holds more than the k") as caught:
        find("me", "k", env={"POSSE_ME_K_FILE": str(tmp_path / "named")}, state_dir=tmp_path, keyring=Ring())
    assert "first" not in str(caught.value)
    assert "second" not in str(caught.value)


def test_a_named_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """A file that is named but not there is not passed over."""
    env = {"POSSE_ME_ACCESS_TOKEN_FILE": str(tmp_path / "absent")}
    with pytest.raises(CredentialError, match="absent, which cannot be read: No such file"):
        find("me", "access_token", env=env, state_dir=tmp_path, keyring=Ring())


@pytest.mark.parametrize("error", [EOFError(), RuntimeError("locked"), OSError("no D-Bus")])
def test_a_keyring_that_fails_is_not_there(tmp_path: Path, error: Exception) -> None:
    """Whatever a back end raises, the search goes on."""
    table(tmp_path, {"me": {"access_token": "kept"}})
    found = find("me", "access_token", env={}, state_dir=tmp_path, keyring=Ring(error))
    assert found.secret.reveal() == "kept"


def test_the_machine_without_a_keyring(tmp_path: Path) -> None:
    """keyring's own back end for no keyring is passed over."""
    table(tmp_path, {"me": {"access_token": "kept"}})
    assert find("me", "access_token", env={}, state_dir=tmp_path).secret.reveal() == "kept"


def test_a_keyring_that_blocks_is_left_behind(tmp_path: Path) -> None:
    """A locked keyring that waits for a person does not hold up a daemon."""
    table(tmp_path, {"me": {"access_token": "kept"}})
    began = time.monotonic()
    ring = Ring(seconds=3)
    found = find("me", "access_token", env={}, state_dir=tmp_path, keyring=ring, keyring_seconds=0.1)
    assert found.secret.reveal() == "kept"
    assert time.monotonic() - began < 2


def test_keyring_is_not_imported_for_the_environment(tmp_path: Path) -> None:
    """A secret in the environment is found without keyring's 95 ms."""
    program = (
        "import sys; from pathlib import Path; from bot.credentials import find;"
        f"find('me', 'k', env={{'POSSE_ME_K': 'x'}}, state_dir=Path({str(tmp_path)!r}));"
        "sys.exit('keyring' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    """The message says what to type."""
    path = table(tmp_path, {"me": {"access_token": "kept"}})
    path.chmod(0o640)
    with pytest.raises(CredentialError, match=f"chmod 600 {path}"):
        find("me", "access_token", env={}, state_dir=tmp_path, keyring=Ring())


@pytest.mark.parametrize("content", [[], {"me": "kept"}, {"me": {"access_token": 1}}])
def test_a_file_that_is_not_ours_is_refused(tmp_path: Path, content: object) -> None:
    """Something else in the file is an error, and its content is not shown."""
    table(tmp_path, content)
    with pytest.raises(CredentialError, match="not a table of accounts"):
        find("me", "access_token", env={}, state_dir=tmp_path, keyring=Ring())


def test_store_prefers_the_keyring(tmp_path: Path) -> None:
    """Where the keyring works no file is written."""
    ring = Ring()
    assert store("me", "k", Secret("v"), state_dir=tmp_path, keyring=ring) == "keyring (posse, me.k)"
    assert list(tmp_path.iterdir()) == []
    assert find("me", "k", env={}, state_dir=tmp_path, keyring=ring).secret.reveal() == "v"


@pytest.mark.parametrize("ring", [Ring(EOFError()), Ring(forgets=True)], ids=["fails", "forgets"])
def test_store_falls_back_to_the_file(tmp_path: Path, ring: Ring) -> None:
    """Where no keyring works the file is written 0600 in a 0700 folder, and other secrets stay in it."""
    folder = tmp_path / "state"
    for account, key in (("me", "a"), ("me", "b"), ("you", "a")):
        origin = store(account, key, Secret(f"{account} {key}"), state_dir=folder, keyring=ring)
    path = folder / "credentials.json"
    assert origin == str(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert json.loads(path.read_text()) == {"me": {"a": "me a", "b": "me b"}, "you": {"a": "you a"}}
    assert find("you", "a", env={}, state_dir=folder, keyring=ring).secret.reveal() == "you a"


def test_store_can_be_forbidden_the_file(tmp_path: Path) -> None:
    """Without a keyring and without leave to write a file nothing is kept, and the message does not hold the secret."""
    with pytest.raises(CredentialError) as caught:
        store("me", "k", Secret("hush"), state_dir=tmp_path, file_allowed=False, keyring=Ring(EOFError()))
    assert "hush" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("show", [str, repr, "{}".format, "{:>20}".format, lambda secret: f"{[secret]}"])
def test_a_secret_does_not_show_itself(show: Callable[[Secret], str]) -> None:
    """Not in a string, a repr, a format or a container."""
    assert "hush" not in show(Secret("hush"))
    assert "Secret(…)" in show(Secret("hush"))


@pytest.mark.parametrize("take", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps])
def test_a_secret_is_not_carried_away(take: Callable[[Secret], object]) -> None:
    """Not into a pickle, a copy or JSON."""
    with pytest.raises(TypeError) as caught:
        take(Secret("hush"))
    assert "hush" not in str(caught.value)


def test_the_vault_keeps_accounts_apart(tmp_path: Path) -> None:
    """Each account has its own values, read anew each time, in one 0600 file."""
    first: Vault = FileVault("first", tmp_path)
    second: Vault = FileVault("second", tmp_path)
    assert first.read() == {}
    first.write({"a": "1"})
    second.write({"b": "2"})
    first.write({"a": "3"})
    assert FileVault("first", tmp_path).read() == {"a": "3"}
    assert second.read() == {"b": "2"}
    assert stat.S_IMODE((tmp_path / "sessions.json").stat().st_mode) == 0o600


def test_the_vault_lock_excludes_others(tmp_path: Path) -> None:
    """Of two that read, add and write under the lock neither loses what the other has written."""

    def add() -> None:
        vault = FileVault("me", tmp_path)
        for _ in range(10):
            with vault.locked():
                count = int(vault.read().get("n", "0"))
                time.sleep(0.001)
                vault.write({"n": str(count + 1)})

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert FileVault("me", tmp_path).read() == {"n": "40"}


def test_the_lock_holds_across_processes(tmp_path: Path) -> None:
    """Another process waits for the lock, and sees what was written under it."""
    program = (
        "from pathlib import Path; from bot.credentials import FileVault;"
        f"vault = FileVault('me', Path({str(tmp_path)!r}))\n"
        "with vault.locked(): print(vault.read())"
    )
    vault = FileVault("me", tmp_path)
    with vault.locked():
        other = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(1)
        vault.write({"a": "1"})
    told, _ = other.communicate(timeout=30)
    assert told == "{'a': '1'}\n"


def test_a_write_that_cannot_be_made_leaves_the_old(tmp_path: Path) -> None:
    """What cannot be written whole changes nothing, and leaves nothing behind."""
    vault = FileVault("me", tmp_path)
    vault.write({"a": "1"})
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UnicodeEncodeError):
        vault.write({"a": "\ud800"})
    assert vault.read() == {"a": "1"}
    assert sorted(tmp_path.iterdir()) == before
