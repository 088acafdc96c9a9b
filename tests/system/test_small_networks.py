"""One post to eight networks, as a person would send it: `login`, `check`, `preview`, `post`, and the lost answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers.mail import PASSWORD, USER, MailServer
from tests.servers.strict_discord import StrictDiscord
from tests.servers.strict_linkedin import StrictLinkedIn
from tests.servers.strict_service import StrictService
from tests.servers.strict_slack import StrictSlack
from tests.servers.strict_telegram import CHAT, StrictTelegram
from tests.servers.strict_threads import StrictThreads
from tests.servers.strict_webhook import StrictWebhook
from tests.system.site import SEED, SEED_SLUG, SEED_URL, SEED_WORDS, Site, until


@dataclass
class World:
    """The servers, and a site that announces on all of them."""

    site: Site
    services: dict[str, StrictService]
    mail: MailServer
    secrets: dict[str, str]

    @property
    def counts(self) -> set[int]:
        """How many posts the servers hold, each of them; one number where it is the same everywhere."""
        return {len(self.mail.mails), *(len(service.held) for service in self.services.values())}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Seven servers, and their accounts without a secret yet."""
    with ExitStack() as stack:
        telegram, discord, slack = StrictTelegram(), StrictDiscord(), StrictSlack()
        threads, linkedin, webhook, mail = StrictThreads(), StrictLinkedIn(), StrictWebhook(), MailServer()
        services: dict[str, StrictService] = {
            "telegram": telegram,
            "discord": discord,
            "slack": slack,
            "threads": threads,
            "linkedin": linkedin,
            "hook": webhook,
        }
        for service in services.values():
            stack.enter_context(service)
        stack.enter_context(mail)
        site = Site(tmp_path)
        site.configure(
            f'[accounts.telegram]\nnetwork = "telegram"\nservice = "{telegram.base}"\nchat = "{CHAT}"\n'
            f'[accounts.discord]\nnetwork = "discord"\n[accounts.slack]\nnetwork = "slack"\n'
            f'[accounts.threads]\nnetwork = "threads"\nservice = "{threads.base}"\n'
            f'[accounts.linkedin]\nnetwork = "linkedin"\nservice = "{linkedin.base}"\n'
            f'[accounts.hook]\nnetwork = "webhook"\nurl = "{webhook.url}"\n'
            f'[accounts.letter]\nnetwork = "email"\nto = "all@lists.example.com"\nfrom = "{USER}"\n'
            f'server = "127.0.0.1:{mail.port}"\nsecurity = "none"\n'
        )
        site.write(f"_posts/2024-06-19-{SEED_SLUG}.md", SEED)
        secrets = {name: service.token for name, service in services.items()}
        secrets |= {"discord": discord.url, "slack": slack.url, "letter": PASSWORD}
        yield World(site, services, mail, secrets)


def login(world: World) -> None:
    for name, secret in world.secrets.items():
        done = world.site.posse("login", name, stdin=f"{secret}\n")
        assert 0 == done.code, done.err
        assert secret not in done.out + done.err


def test_one_post_goes_to_all_of_them_once(world: World) -> None:
    """Each is logged in by a line of standard input, proven, and gets the seed once; no secret is shown anywhere."""
    login(world)
    check = world.site.posse("check")
    assert 0 == check.code, check.out + check.err
    assert {0} == world.counts
    first = world.site.posse("post", SEED_SLUG, "--json")
    assert 0 == first.code, first.out + first.err
    assert {"delivered"} == {row["state"] for row in first.json["deliveries"]}
    assert {1} == world.counts
    again = world.site.posse("post", SEED_SLUG)
    assert 0 == again.code, again.err
    assert {1} == world.counts
    for name in ("telegram", "slack", "threads", "linkedin", "hook"):
        assert f"{SEED_WORDS}{SEED_URL}" == world.services[name].held[0]["text"]
    shown = "".join(each.out + each.err for each in (check, first, again))
    assert [] == [secret for secret in world.secrets.values() if secret in shown]


def test_lost_answers_are_found_or_asked_and_a_person_settles_them(world: World) -> None:
    """Threads finds its post; the others ask. LinkedIn's is told as not sent, and the repeat ends in its receipt."""
    login(world)
    for service in world.services.values():
        service.fates = ["drop"]
    world.mail.fates = ["drop"]
    lost = world.site.posse("post", SEED_SLUG)
    assert "slack: follow-black-python-devs-on-juneteenth: no answer; it may be there: only you can see" in lost.err
    assert "only you can see whether it is there: `posse resolve" in lost.out
    rows = {row["account"]: row for row in world.site.posse("run", "--once", "--json").json["deliveries"]}
    rows |= {row["account"]: row for row in world.site.posse("status", "--json").json["deliveries"]}
    assert {1} == world.counts
    expected = dict.fromkeys(world.secrets, "uncertain") | {"threads": "delivered"}
    assert expected == {name: row["state"] for name, row in rows.items()}
    told = world.site.posse("resolve", str(rows["linkedin"]["id"]), "--not-sent")
    assert 0 == told.code, told.err
    world.site.posse("run", "--once")
    status = {row["account"]: row for row in world.site.posse("status", "--json").json["deliveries"]}
    assert "delivered" == status["linkedin"]["state"]
    assert {1} == world.counts


def test_a_thread_whose_answer_is_lost_in_the_middle_is_finished(world: World) -> None:
    """On Threads the look finds the parts that are there, and the rest follows; LinkedIn has no threads: one post."""
    login(world)
    config = world.site.root / "posse.toml"
    text = config.read_text().replace('network = "threads"\n', 'network = "threads"\nthread = true\n')
    text = text.replace('network = "linkedin"\n', 'network = "linkedin"\nthread = true\n')
    config.write_text(text.replace("[guards]\n", '[guards]\ngrace = "1s"\n'))
    body = " ".join(f"Sentence {number} says a few words of its own." for number in range(90))
    world.site.post("long", body=body)
    world.services["threads"].fates = ["", "drop"]
    wished = ("--account", "threads", "--account", "linkedin")
    world.site.posse("post", "long", *wished)
    until(lambda: world.site.posse("post", "long", *wished).code == 0)
    texts = [held["text"] for held in world.services["threads"].held]
    assert len(texts) == len(set(texts)) > 3
    assert all(any(f"Sentence {number} says" in text for text in texts) for number in range(90))
    assert 1 == len(world.services["linkedin"].held)
