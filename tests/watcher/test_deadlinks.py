from __future__ import annotations

from bot.http import Http
from bot.watcher import deadlinks
from tests.servers.site import Site


def test_only_what_is_certainly_gone_is_dead() -> None:
    """404, 410 and nobody there are dead; a server that refuses us, is broken, or redirects to a page is not."""
    with Site() as site:
        good = [site.put("/good"), site.put("/shy", status=403), site.put("/busy", status=503)]
        good.append(site.redirect("/moved", "/good"))
        gone = [site.put("/gone", status=410), f"{site.base}/nowhere", "http://127.0.0.1:9/"]
        found = deadlinks.ask([*good, *gone, *gone], Http(), allow_private=True)
    assert (set(gone), 7, 0) == (set(found.dead), found.asked, found.left)
    assert ["410", "404"] == [found.dead[link] for link in gone[:2]]


def test_private_addresses_are_not_asked() -> None:
    """A link to a private address is dead to every reader, and nothing is sent there."""
    with Site() as site:
        found = deadlinks.ask([site.put("/good")], Http(), allow_private=False)
        assert [] == site.asked
    assert "private" in next(iter(found.dead.values()))


def test_there_is_an_end() -> None:
    """What there was no time for is counted, and is not dead."""
    with Site() as site:
        links = [site.put(f"/{number}", delay=0.3) for number in range(40)]
        found = deadlinks.ask(links, Http(), allow_private=True, total=0.5)
    assert 40 == found.asked + found.left
    assert found.left > 0
