"""Where secrets come from, and where what rotates is kept. The only place that knows keyring.

For account NAME and secret KEY, the first of: `POSSE_NAME_KEY`, `POSSE_NAME_KEY_FILE`, the systemd credential
`$CREDENTIALS_DIRECTORY/NAME.KEY`, keyring service `posse` and user `NAME.KEY`, `credentials.json` in the state folder.
An empty one is missing; white space around one is none of it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, Protocol

from msgspec import Struct

from bot.errors import CredentialError
from bot.private_file import PrivateTable

SERVICE = "posse"
CREDENTIALS = "credentials.json"
SESSIONS = "sessions.json"
KEYRING_SECONDS = 5.0


class Unshown(Struct, frozen=True):
    """A record that holds secrets: its repr shows no value, neither Python's nor rich's."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return []


class Secret:
    """A value that shows itself only when it is asked to: not in a repr, a format, JSON or a pickle."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """Return the value."""
        return self.__value

    def __repr__(self) -> str:
        return "Secret(…)"

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.__value == other.reveal()

    def __hash__(self) -> int:
        return hash(self.__value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled or copied to where it could be read")


class Found(Struct, frozen=True):
    """A secret, and where it came from in words for a person."""

    secret: Secret
    origin: str


class Keyring(Protocol):
    """The part of keyring that is used; the module itself is one."""

    def get_password(self, service_name: str, username: str) -> str | None:
        """Return the password, None where there is none."""
        ...

    def set_password(self, service_name: str, username: str, password: str) -> None:
        """Keep the password."""
        ...


def variable(account: str, key: str) -> str:
    """The environment variable of a secret: `POSSE_NAME_KEY`."""
    return "POSSE_" + re.sub(r"[^A-Z0-9]", "_", f"{account}_{key}".upper())


def find(
    account: str,
    key: str,
    *,
    env: Mapping[str, str],
    state_dir: Path,
    keyring: Keyring | None = None,
    keyring_seconds: float = KEYRING_SECONDS,
) -> Found:
    """Return the first secret there is. `keyring` of None is the machine's own, imported only when it is asked.

    Raises `CredentialError` where there is none, where a file that should hold it cannot be read, and where what is
    there is more than a line: libraries show what they cannot send, and a secret is shown by nobody.
    """
    found = (
        _in_variable(account, key, env)
        or _in_named_file(account, key, env)
        or _in_systemd(account, key, env)
        or _in_keyring(account, key, keyring, keyring_seconds)
        or _in_table(account, key, state_dir)
    )
    if found is None:
        raise CredentialError(_missing(account, key, env, state_dir))
    if not found.secret.reveal().isprintable():
        raise CredentialError(
            f"account {account}: {found.origin} holds more than the {key}: a line break, or a character that is no"
            f" text. Keep the {key} there alone, on one line."
        )
    return found


def store(
    account: str,
    key: str,
    value: Secret,
    *,
    state_dir: Path,
    file_allowed: bool = True,
    keyring: Keyring | None = None,
    keyring_seconds: float = KEYRING_SECONDS,
) -> str:
    """Keep a secret in the keyring where that works, else in `credentials.json`; return where, in words.

    Raises `CredentialError` where the keyring does not work and the file is not allowed, or cannot be written.
    """
    origin = store_in_keyring(account, key, value, keyring=keyring, keyring_seconds=keyring_seconds)
    if origin is not None:
        return origin
    if not file_allowed:
        raise CredentialError(
            f"no keyring works here, so {account}.{key} was not kept."
            f" Set {variable(account, key)}, or let it be kept in a file."
        )
    return store_in_file(account, key, value, state_dir=state_dir)


def store_in_keyring(
    account: str,
    key: str,
    value: Secret,
    *,
    keyring: Keyring | None = None,
    keyring_seconds: float = KEYRING_SECONDS,
) -> str | None:
    """Keep a secret in the keyring; return where, in words, and None where no keyring works."""
    name = f"{account}.{key}"

    def keep(ring: Keyring) -> str | None:
        ring.set_password(SERVICE, name, value.reveal())
        return ring.get_password(SERVICE, name)

    kept = _ask_keyring(keep, keyring, keyring_seconds)
    return f"keyring ({SERVICE}, {name})" if kept == value.reveal() else None  # the null back end forgets in silence


def store_in_file(account: str, key: str, value: Secret, *, state_dir: Path) -> str:
    """Keep a secret in `credentials.json`, mode 0600; return where. Raises `CredentialError` where it cannot."""
    table = PrivateTable(state_dir / CREDENTIALS)
    with table.locked():
        accounts = table.read()
        accounts[account] = {**accounts.get(account, {}), key: value.reveal()}
        table.write(accounts)
    return str(table.path)


class FileVault:
    """A `bot.publishers.base.Vault`: one account's share of `sessions.json` in the state folder, mode 0600."""

    def __init__(self, account: str, state_dir: Path) -> None:
        self._account = account
        self._table = PrivateTable(state_dir / SESSIONS)

    def read(self) -> dict[str, str]:
        """Return the kept values, read from the disk each time; empty when there are none."""
        return dict(self._table.read().get(self._account, {}))

    def write(self, values: Mapping[str, str]) -> None:
        """Replace this account's values; those of the others stay. Atomic, and on the disk when it returns."""
        with self._table.writing():
            accounts = self._table.read()
            accounts[self._account] = dict(values)
            self._table.write(accounts)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold this account's lock, across processes and threads. It is not taken twice by one thread."""
        with self._table.locked(self._account):
            yield


def _in_variable(account: str, key: str, env: Mapping[str, str]) -> Found | None:
    name = variable(account, key)
    value = env.get(name, "").strip()
    return Found(Secret(value), f"environment {name}") if value else None


def _in_named_file(account: str, key: str, env: Mapping[str, str]) -> Found | None:
    name = f"{variable(account, key)}_FILE"
    if not env.get(name):
        return None
    value = _read(Path(env[name]), name)
    return Found(Secret(value), f"file {env[name]} ({name})") if value else None


def _in_systemd(account: str, key: str, env: Mapping[str, str]) -> Found | None:
    folder = env.get("CREDENTIALS_DIRECTORY")
    path = Path(folder, f"{account}.{key}") if folder else None
    if path is None or not path.exists():
        return None
    value = _read(path, "CREDENTIALS_DIRECTORY")
    return Found(Secret(value), f"systemd credential {path}") if value else None


def _in_keyring(account: str, key: str, keyring: Keyring | None, seconds: float) -> Found | None:
    name = f"{account}.{key}"
    value = _ask_keyring(lambda ring: ring.get_password(SERVICE, name), keyring, seconds)
    return Found(Secret(value), f"keyring ({SERVICE}, {name})") if value else None


def _in_table(account: str, key: str, state_dir: Path) -> Found | None:
    table = PrivateTable(state_dir / CREDENTIALS)
    value = table.read().get(account, {}).get(key)
    return Found(Secret(value), f"file {table.path}") if value else None


def _read(path: Path, named_by: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise CredentialError(f"{named_by} names {path}, which cannot be read: {reason}") from None


def _ask_keyring(ask: Callable[[Keyring], str | None], keyring: Keyring | None, seconds: float) -> str | None:
    """Return what the keyring says; None where it has no answer, does not work, or takes longer than `seconds`.

    A locked Secret Service waits for a person, and a daemon has none: the thread is left behind.
    """
    answers: list[str | None] = []

    def work() -> None:
        answers.append(_answer(ask, keyring))

    thread = threading.Thread(target=work, name="keyring", daemon=True)
    thread.start()
    thread.join(seconds)
    return answers[0] if answers else None


def _answer(ask: Callable[[Keyring], str | None], given: Keyring | None) -> str | None:
    try:
        if given is not None:
            return ask(given)
        import keyring

        return ask(keyring)
    except Exception:  # noqa: BLE001 - third-party back ends raise anything: KeyringError, EOFError, D-Bus's own
        return None


def _missing(account: str, key: str, env: Mapping[str, str], state_dir: Path) -> str:
    name = variable(account, key)
    file = env.get(f"{name}_FILE")
    empty = [each for each in (name, f"{name}_FILE") if each in env and not env[each].strip()]
    note = f" {' and '.join(empty)} {'is' if len(empty) == 1 else 'are'} set but empty." if empty else ""
    note += f" {name}_FILE names {file}, which is empty." if file else ""
    return (
        f"account {account} has no {key}.{note} Looked in {name}, {name}_FILE,"
        f" $CREDENTIALS_DIRECTORY/{account}.{key}, the keyring and {state_dir / CREDENTIALS}."
        f" Type: posse login {account} (or set {name})"
    )
