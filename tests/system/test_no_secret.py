"""No secret in any output, log, error or file but those that are for them, on any network, whatever goes wrong."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest

from bot.credentials import variable
from bot.networks import NETWORKS
from tests.contracts.test_mastodon import closed_port
from tests.servers.nasty import FATES, Nasty
from tests.system.site import Site

ENOUGH = 10  # so many characters of a secret in a row give it away
KEY = "7f3c" * 16


@dataclass
class Account:
    """One account: its network, its table but for that, and its secrets by key.

    `silent` are those that its server never hears; `part` is what is secret in an address, where the rest is not.
    """

    network: str
    table: str
    secrets: dict[str, str]
    silent: frozenset[str] = field(default_factory=frozenset)
    part: str = ""

    def hidden(self) -> dict[str, str]:
        """What may not be shown, by key."""
        return {key: self.part or value for key, value in self.secrets.items()}


def secret(name: str) -> str:
    """A secret that is like no other text, with signs that addresses, JSON and shells write in another way."""
    text = hashlib.sha256(name.encode()).hexdigest()
    return f"{text[:9]}+{text[9:18]}/{text[18:27]}%~{text[27:36]}"


def accounts(web: str, mail_port: int) -> dict[str, Account]:
    """An account of each network, and one more where another log-in has other secrets; all on these servers."""
    x = f'api = "{web}"\nweb = "{web}"\n'
    meta = f'service = "{web}"\nweb = "{web}"\nclient_id = "1"\n'
    keys = ("api_key", "api_secret", "access_token", "access_token_secret")
    return {
        "mastodon": Account("mastodon", f'instance = "{web}"', {"access_token": secret("mastodon")}),
        "bluesky": Account(
            "bluesky",
            f'handle = "me.example.com"\nservice = "{web}"',
            {"app_password": "hu5h-a1b2-c3d4-e5f6"},
        ),
        "x": Account(
            "x",
            x,
            {name: secret(f"x{name}") for name in keys},
            frozenset({"api_secret", "access_token_secret"}),  # they sign
        ),
        "xtwo": Account(
            "x",
            f'{x}auth = "oauth2"\nclient_id = "app"',
            {"refresh_token": secret("refresh"), "client_secret": secret("xclient")},
        ),
        "journal": Account("local", 'path = "journal"', {}),
        "micropub": Account("micropub", f'endpoint = "{web}/micropub"', {"access_token": secret("micropub")}),
        "nostr": Account(
            "nostr", f'relays = ["{web.replace("http", "ws")}"]', {"secret_key": KEY}, frozenset({"secret_key"})
        ),
        "matrix": Account(
            "matrix", f'homeserver = "{web}"\nroom = "!id:example.com"', {"access_token": secret("matrix")}
        ),
        "threads": Account(
            "threads",
            meta,
            {"access_token": secret("threads"), "client_secret": secret("meta")},
            frozenset({"client_secret"}),  # it is for the log-in
        ),
        "linkedin": Account(
            "linkedin",
            meta,
            {"access_token": secret("linkedin"), "client_secret": secret("microsoft")},
            frozenset({"client_secret"}),  # it is for the log-in
        ),
        "telegram": Account(
            "telegram", f'service = "{web}"\nchat = "@me"', {"bot_token": "123456789:AAHu5h-telegram_TokenOfABot"}
        ),
        "discord": Account(
            "discord",
            "",
            {"webhook_url": f"{web}/api/webhooks/123456789/Hu5h-discord_TokenOfAChannel"},
            part="Hu5h-discord_TokenOfAChannel",
        ),
        "slack": Account(
            "slack",
            "",
            {"webhook_url": f"{web}/services/T0HU5H/B0SLACK/xHu5hSlackTokenOfAChannel"},
            part="xHu5hSlackTokenOfAChannel",
        ),
        "letter": Account(
            "email",
            f'to = "all@example.com"\nfrom = "me@example.com"\nserver = "127.0.0.1:{mail_port}"\nsecurity = "none"',
            {"password": secret("email")},
        ),
        "hook": Account(
            "webhook",
            f'url = "{web}/hook"',
            {"signing_secret": secret("signing")},
            frozenset({"signing_secret"}),  # it signs
        ),
        "elsewhere": Account(
            "apprise",
            "",
            {"service_url": f"json://me:Hu5hAppriseSecretOfAService@{web.removeprefix('http://')}/"},
            part="Hu5hAppriseSecretOfAService",
        ),
    }


def spellings(text: str) -> set[str]:
    """A secret as it is, and as it stands in addresses, in JSON and in base64."""
    plain = {text, quote(text), quote(text, safe=""), json.dumps(text)[1:-1]}
    return plain | {base64.b64encode(text.encode()).decode().rstrip("=")[: -(-len(text) // 3) * 4 - 4]}


def pieces(text: str) -> set[str]:
    """Every piece of a secret that gives it away, in every spelling."""
    return {each[at : at + ENOUGH] for each in spellings(text) for at in range(max(len(each) - ENOUGH, 0) + 1)}


@dataclass
class World:
    """The site with all accounts, the servers that repeat what they hear, and the secrets, in the environment."""

    site: Site
    nasty: Nasty
    accounts: dict[str, Account]
    outside: dict[str, str]
    shown: dict[str, str] = field(default_factory=dict)

    def run(self, *args: str, stdin: str = "") -> None:
        """Run a command, and keep what it shows."""
        done = self.site.posse(*args, stdin=stdin)
        assert done.code != 70, done.err
        self.shown[" ".join(args)] = done.out + done.err

    def leaks(self) -> list[str]:
        """Where which secret stands that should not."""
        texts = dict(self.shown)
        for path in self.site.root.rglob("*"):
            if path.is_file() and path.name not in {"credentials.json", "sessions.json", "posse.toml"}:
                texts[str(path.relative_to(self.site.root))] = path.read_bytes().decode("utf-8", "replace")
        secrets = {f"{name}.{key}": value for name, one in self.accounts.items() for key, value in one.hidden().items()}
        return [
            f"{name} in {place}: {next(piece for piece in pieces(value) if piece in text)}"
            for name, value in (secrets | self.outside).items()
            for place, text in texts.items()
            if any(piece in text for piece in pieces(value))
        ]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """All networks; notices and the heartbeat too have addresses that are secret."""
    with Nasty().running() as nasty:
        site = Site(tmp_path / "site")
        site.root.mkdir()
        found = accounts(nasty.base, nasty.port)
        write(site, nasty, found)
        site.env |= {
            variable(name, key): value for name, account in found.items() for key, value in account.secrets.items()
        }
        site.post("hello")
        yield World(
            site, nasty, found, {"notices": "NoticeHu5hToken", "heartbeat": "BeatHu5hToken", "feed": "FeedHu5h+Pass"}
        )


def write(site: Site, nasty: Nasty, found: dict[str, Account], web: str = "") -> None:
    """Write the configuration, with every account at its server."""
    web = web or nasty.base
    site.configure(
        "".join(f'[accounts.{name}]\nnetwork = "{one.network}"\n{one.table}\n' for name, one in found.items())
        + f'[sources.feed]\ntype = "feed"\nurl = "{web.replace("//", "//me:FeedHu5hPass@")}/feed?key=FeedHu5hPass"\n',
        extra=f'[notices]\nwebhook = "{web}/services/NoticeHu5hToken"\n'
        f'[schedule]\nheartbeat = "{web}/ping/BeatHu5hToken"\n',
    )


def test_every_network_and_secret_is_here() -> None:
    """A network or a secret that is added to the facts must be added here."""
    here: dict[str, set[str]] = {}
    for account in accounts("http://127.0.0.1:1", 1).values():
        here.setdefault(account.network, set()).update(account.secrets)
    assert {name: {key.name for key in network.secrets} for name, network in NETWORKS.items()} == here


def commands(world: World, *, every: bool = False) -> None:
    """Do what a person does, told as much as can be told; `every` command that speaks of an account, or a few."""
    world.run("check", "-v")
    world.run("post", "hello", "-v")
    world.run("run", "--once", "-v", "--json")
    if every:
        world.run("check", "--json")
        world.run("status", "-v")
        world.run("status", "--json")
        world.run("explain", "hello", "--json")
        world.run("adopt", "-v")
        world.run("state", "export")


@pytest.mark.parametrize("fate", FATES)
def test_a_server_that_repeats_what_it_is_told(world: World, fate: str) -> None:
    """Errors, redirects, pages and broken connections of every network, by every command: nothing is passed on."""
    world.nasty.fate = fate
    commands(world, every=fate in ("refused", "cut"))
    assert [] == world.leaks()
    heard = " ".join(world.nasty.heard)
    unheard = [
        f"{name}.{key}"
        for name, account in world.accounts.items()
        for key, value in account.hidden().items()
        if key not in account.silent and not any(piece in heard for piece in pieces(value))
    ]
    assert [] == unheard, "they never reached a server, so nothing is proven"


def test_a_log_in_that_is_refused(world: World) -> None:
    """Secrets from standard input are not passed on either; nothing is kept."""
    world.site.env = {}
    for name, account in world.accounts.items():
        asked = [key.name for key in NETWORKS[account.network].secrets if key.required and key.name in account.secrets]
        world.run("login", name, "-v", stdin="".join(f"{account.secrets[key]}\n" for key in asked))
    assert [] == world.leaks()
    assert not (world.site.root / "state" / "sessions.json").exists()


def test_nobody_there(world: World) -> None:
    """A machine that is off."""
    port = closed_port()
    found = accounts(f"http://127.0.0.1:{port}", port)
    world.accounts = found
    world.site.env |= {variable(n, key): value for n, one in found.items() for key, value in one.secrets.items()}
    write(world.site, world.nasty, found, f"http://127.0.0.1:{port}")
    commands(world)
    assert [] == world.leaks()


@pytest.mark.parametrize("proxy", ["http://me:ProxyHu5hPass@{}", "htp://me:ProxyHu5hPass@{}"])
def test_a_proxy_with_a_password(world: World, proxy: str) -> None:
    """A proxy that refuses, or whose address is none: its password is no more passed on than the rest."""
    address = proxy.format(world.nasty.base.removeprefix("http://"))
    names = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    world.site.env |= dict.fromkeys(names, address) | {"no_proxy": "", "NO_PROXY": ""}
    world.outside["proxy"] = "ProxyHu5hPass"
    commands(world)
    assert [] == world.leaks()


@pytest.mark.parametrize("password", ["PgHu5hPassword", "Pg@Hu5h:Pass/word", "PgHu5h%zzPassword"])
def test_a_database_with_a_password(tmp_path: Path, password: str) -> None:
    """A database that is off, or whose address nobody can read: the password is in no message and no file."""
    site = Site(tmp_path / "site")
    site.root.mkdir()
    url = f"postgresql://me:{password}@127.0.0.1:{closed_port()}/posse?connect_timeout=1"
    site.configure('[accounts.journal]\nnetwork = "local"\npath = "journal"\n', extra=f'[state]\nurl = "{url}"\n')
    site.post("hello")
    world = World(site, Nasty(), {}, {"database": password})
    for args in (
        ("check", "-v"),
        ("status", "--json"),
        ("post", "hello", "-v"),
        ("run", "--once"),
        ("state", "export"),
    ):
        world.run(*args)
    assert all("postgres" in shown.lower() for shown in world.shown.values()), world.shown
    assert [] == world.leaks()


def test_a_command_for_notices_does_not_show_its_arguments(tmp_path: Path) -> None:
    """Which may hold a token; nor does a webhook show more than its host."""
    site = Site(tmp_path / "site")
    site.root.mkdir()
    for notice in (
        "command = \"sh -c 'exit 7' NoticeHu5hToken\"",
        f'webhook = "http://127.0.0.1:{closed_port()}/NoticeHu5hToken"',
    ):
        site.configure('[accounts.discord]\nnetwork = "discord"\n', extra=f"[notices]\n{notice}\n")
        site.post("hello")
        world = World(site, Nasty(), {}, {"notices": "NoticeHu5hToken"})
        world.run("run", "--once", "-v")
        assert "a notice could not be sent: " in world.shown["run --once -v"]
        assert [] == world.leaks()
