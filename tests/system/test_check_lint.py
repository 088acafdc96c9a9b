from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers.site import Site as Web
from tests.system.site import GUARDS_OFF, JOURNAL, Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site with old posts that have each kind of trouble."""
    made = Site(tmp_path / "site")
    made.configure(JOURNAL, guards=f"{GUARDS_OFF}\nallow_private = true")
    for number in range(30):
        made.post(f"picture-{number}", day=f"2025-01-{number + 1:02}", body=f"![](p{number}.png) Words.")
    made.write("_posts/2025-03-01-broken.md", "---\ntitle: [\n---\n")
    made.write("_posts/2025-03-02-entity.md", "---\ntitle: A &amp;nbsp; B\n---\n\nWords {{ unfilled\n")
    return made


def test_old_trouble_is_no_wall_of_text(site: Site) -> None:
    """Each kind has its number and ten lines at most, JSON has all of it, and the exit code is 0."""
    done = site.posse("check")
    assert 0 == done.code, done.err
    assert "30 pictures have no alt text:" in done.out
    assert "… and 20 more (--json has all)" in done.out
    assert "_posts/2025-03-01-broken.md:" in done.out
    assert "YAML is read by" in done.out
    found = site.posse("check", "--json").json
    assert 30 == sum(one["kind"] == "alt" for one in found["lint"])
    assert {"unreadable", "held", "alt"} == {one["kind"] for one in found["lint"]}
    assert found["yaml"] in {"libyaml", "python"}


def test_what_went_out_or_has_not_changed_is_linted_too(site: Site) -> None:
    """A second check, after a run has recorded every post, finds the same."""
    first = site.posse("check", "--json").json["lint"]
    assert site.posse("run", "--once").code in (0, 5)
    again = site.posse("check", "--json").json["lint"]
    assert [one for one in first if one["kind"] != "held"] == [one for one in again if one["kind"] != "held"]


def test_dead_links_are_asked_for_only_when_told_to(site: Site) -> None:
    """`--live` asks each link once; without it nobody is asked; with `--offline` it is a contradiction."""
    with Web() as web:
        gone, good = f"{web.base}/gone", web.put("/good")
        site.post("links", day="2025-04-01", body=f"[a]({gone}) [b]({good}) [c]({gone})")
        assert 0 == site.posse("check").code
        assert [] == web.asked
        done = site.posse("check", "--live")
        assert ["/gone", "/good"] == sorted(web.asked)
    assert "1 link is dead:" in done.out
    assert f"_posts/2025-04-01-links.md: {gone} (404)" in done.out
    assert 2 == site.posse("check", "--live", "--offline").code


def test_two_accounts_that_are_one_are_told(site: Site) -> None:
    """Each is announced on for itself, so whoever follows the one behind them would see everything twice."""
    site.configure(JOURNAL + JOURNAL.replace("journal", "twin", 1) + JOURNAL.replace("journal", "third"))
    accounts = site.posse("check", "--json").json["accounts"]
    warnings = {name: told["warnings"] for name, told in accounts.items()}
    assert {
        "journal": [],
        "twin": ["it is the same as journal: each post goes out twice there"],
        "third": [],
    } == warnings
