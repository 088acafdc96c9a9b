"""Every command as a script or a person meets it: the shape of its JSON, its options, its flows, its exit codes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.cli import COMMANDS
from tests.servers.strict_mastodon import StrictMastodon
from tests.system.site import GUARDS_OFF, JOURNAL, SEED_SLUG, Result, Site, mastodon

POST = {"id", "slug", "title", "url", "published"}
PLANNED = {
    *("post", "account", "network", "round", "text", "length", "limit", "unit", "parts", "links", "tags", "language"),
    *("visibility", "content_warning", "card", "media", "cost", "warnings"),
}
DELIVERY = {
    *("id", "post", "account", "round", "state", "reason", "detail", "url", "remote_id", "attempts", "error"),
    *("not_before", "updated_at", "text", "compose_url"),
}
LEFT_OUT = {"post", "account", "reason", "detail", "until"}


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site with one post and a draft, announced into a folder."""
    made = Site(tmp_path / "site")
    made.post("hello-world")
    made.post("not-yet", head="draft: true\n")
    made.configure(JOURNAL)
    return made


def rows(done: Result) -> list[dict[str, Any]]:
    """Return the deliveries of a JSON answer, having checked that every key is there and no other."""
    found: list[dict[str, Any]] = done.json["deliveries"]
    for row in found:
        assert set(row) == DELIVERY
        assert set(row["post"]) == POST
    return found


# The shapes of JSON


def test_the_shape_of_preview(site: Site) -> None:
    """Every key of the reference and no other; instants in UTC with a Z; a whole link; the reason for the rest."""
    done = site.posse("preview", "--json")
    assert set(done.json) == {"plan", "left_out", "problems", "failures"}
    (planned,) = done.json["plan"]
    assert set(planned) == PLANNED
    assert set(planned["post"]) == POST
    assert "2026-01-31T06:00:00Z" == planned["post"]["published"]
    assert [{"text": planned["text"], "length": planned["length"]}] == planned["parts"]
    url = "https://example.com/2026/hello-world/"
    assert [{"text": url, "uri": url}] == planned["links"]
    assert set(planned["card"]) == {"url", "title", "description", "image", "alt"}
    assert ("public", None, [], "en") == tuple(
        planned[k] for k in ("visibility", "content_warning", "media", "language")
    )
    (left,) = done.json["left_out"]
    assert (LEFT_OUT, "draft", "not-yet") == (set(left), left["reason"], left["post"]["slug"])


def test_the_shape_of_posts(site: Site) -> None:
    """Newest first, with source, path and a place on each account; problems with path and line."""
    site.write("_posts/2026-01-01-bad.md", "---\ntitle: [\n---\n")
    before = site.posse("posts", "--json").json
    assert set(before) == {"posts", "problems", "failures"}
    assert {"path", "line", "message"} == set(before["problems"][0])
    assert {*POST, "source", "path", "accounts"} == set(before["posts"][0])
    site.posse("run", "--once")
    places = {post["slug"]: post["accounts"]["journal"] for post in site.posse("posts", "--json").json["posts"]}
    assert {"state": None, "reason": "draft", "url": None} == places["not-yet"]
    assert ("delivered", None) == (places["hello-world"]["state"], places["hello-world"]["reason"])
    assert places["hello-world"]["url"].startswith("file://")


def test_a_post_that_came_back_stands_where_it_is(site: Site) -> None:
    """A file that went before its post was sent is `gone`; put back with a later date it waits for that."""
    words = site.post("fickle").read_text("utf-8")
    site.posse("pause", "journal")
    site.posse("run", "--once")
    (site.root / "_posts" / "2026-01-31-fickle.md").unlink()
    site.posse("run", "--once")
    site.write("_posts/2026-01-31-fickle.md", words.replace("date: 2026-01-31", "date: 2099-01-31"))
    for _ in range(2):
        places = {post["slug"]: post["accounts"]["journal"] for post in site.posse("posts", "--json").json["posts"]}
        assert {"state": None, "reason": "future", "url": None} == places["fickle"]
        site.posse("run", "--once")


def test_the_shape_of_what_was_sent(site: Site) -> None:
    """`post`, `run --once` and `status` show deliveries alike."""
    (sent,) = rows(site.posse("post", "hello-world", "--json"))
    assert ("delivered", 1, 1, None) == (sent["state"], sent["round"], sent["attempts"], sent["error"])
    assert sent["remote_id"] == site.journal()[0]["key"]
    site.post("second")
    done = site.posse("run", "--once", "--json")
    assert {"deliveries", "problems", "failures"} == set(done.json)
    assert ["second"] == [row["post"]["slug"] for row in rows(done)]
    status = site.posse("status", "--json")
    assert {"deliveries", "paused", "failures"} <= set(status.json)
    assert {"hello-world", "second"} == {row["post"]["slug"] for row in rows(status)}


def test_the_shape_of_explain_and_check(site: Site) -> None:
    """`explain` has a place for each account; `check` what is known of each."""
    explained = site.posse("explain", "not-yet", "--json").json
    assert {"post", "gone", "accounts"} == set(explained)
    assert {"state", "reason", "detail", "until", "url", "deliveries"} == set(explained["accounts"]["journal"])
    assert "draft" == explained["accounts"]["journal"]["reason"]
    checked = site.posse("check", "--json").json
    assert {"config", "accounts", "posts", "problems", "failures", "warnings"} <= set(checked)
    assert 2 == checked["posts"]


def test_check_reads_posts_that_have_not_changed(site: Site) -> None:
    """A warning of a post that went out long ago is still there."""
    site.seed()
    first = site.posse("check", "--json").json["warnings"]
    assert ["mojibake repaired in title, body"] == [warning["message"] for warning in first]
    site.posse("run", "--once")
    assert first == site.posse("check", "--json").json["warnings"]


# The command line itself


def test_the_configuration_before_and_after_the_command(site: Site) -> None:
    """`--config` is heard in both places, the later one wins; $POSSE_CONFIG comes after both."""
    site.write(
        "other.toml", (site.root / "posse.toml").read_text("utf-8").replace("accounts.journal", "accounts.other")
    )
    assert '"other"' in site.posse("--config", "other.toml", "preview", "--json").out
    assert '"other"' in site.posse("preview", "--json", "--config", "other.toml").out
    assert '"other"' in site.posse("--config", "posse.toml", "preview", "--json", "--config", "other.toml").out
    site.env["POSSE_CONFIG"] = "other.toml"
    assert '"other"' in site.posse("preview", "--json").out
    assert '"journal"' in site.posse("preview", "--json", "--config", "posse.toml").out


def test_paths_are_relative_to_the_configuration(site: Site) -> None:
    """From another folder the same posts, state and journal are used."""
    site.write("elsewhere/empty.txt", "")
    away = Site(site.root / "elsewhere")
    assert 0 == away.posse("--config", "../posse.toml", "run", "--once").code
    assert 1 == len(site.journal())
    assert ["empty.txt"] == [path.name for path in away.root.iterdir()]


def test_results_go_to_stdout_and_all_else_to_stderr(site: Site) -> None:
    """What `--json` prints is JSON alone; `--quiet` silences the rest."""
    done = site.posse("run", "--once", "--json")
    assert json.loads(done.out)["deliveries"]
    assert "1 announcement went out" in done.err
    site.post("second")
    assert "" == site.posse("--quiet", "run", "--once").err
    assert "" == site.posse("run", "--once", "-q").err
    assert 2 == len(site.journal())


def test_verbose_says_more(site: Site) -> None:
    """The configuration, and the reason for each post that is left out."""
    assert "posse.toml" not in site.posse("run", "--once").err
    done = site.posse("-v", "run", "--once")
    assert re.search(r"configuration: .*posse\.toml", done.err)
    assert "journal: not-yet: draft" in done.err


@pytest.mark.parametrize("args", [["posts"], ["preview"], ["status"], ["check"]])
def test_no_colour_in_a_pipe(site: Site, args: list[str]) -> None:
    """Not with --no-color, not with NO_COLOR, not by itself."""
    for env in ({}, {"NO_COLOR": "1"}, {"FORCE_COLOR": "1"}):
        site.env = env
        assert "\x1b" not in site.posse(*args).out
        assert "\x1b" not in site.posse("--no-color", *args).out


def test_the_version(site: Site) -> None:
    """The same from `python -m bot` and both commands."""
    shown = site.posse("--version").out
    assert re.fullmatch(r"posse-bot, version \d+\.\d+\.\d+\n", shown)
    for name in ("posse", "posse-bot"):
        program = Path(sys.executable).parent / name
        assert shown == subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout


def test_shell_completion(site: Site) -> None:
    """The script is written, and commands, options and nothing else are completed."""
    site.env = {"_POSSE_COMPLETE": "bash_source"}
    source = site.posse()
    assert (0, True) == (source.code, "complete -o nosort -F" in source.out)
    site.env = {"_POSSE_COMPLETE": "bash_complete", "COMP_WORDS": "posse pre", "COMP_CWORD": "1"}
    assert "plain,preview\n" == site.posse().out
    site.env = {"_POSSE_COMPLETE": "bash_complete", "COMP_WORDS": "posse run --onc", "COMP_CWORD": "2"}
    assert "plain,--once\n" == site.posse().out


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_every_command_ends_with_an_example(site: Site, name: str) -> None:
    """And the example is of that command."""
    done = site.posse(name, "--help")
    assert 0 == done.code
    assert done.out.rstrip().splitlines()[-1].strip().startswith(f"Example: posse {name}")


def test_no_message_names_a_command_that_does_not_exist() -> None:
    """Every `posse word` in the source is a command."""
    source = "\n".join(path.read_text("utf-8") for path in (Path(__file__).parents[2] / "bot").rglob("*.py"))
    named = set(re.findall(r"`posse ([a-z]+)", source))
    assert named
    assert set() == named - set(COMMANDS)


# A preview is the truth


SHAPES = {
    "plain": ("", "One sentence. And a second one."),
    "summary": ("summary: |\n  Two lines\n  of my own\n", "Body."),
    "tags": ("tags: [black python, IndieWeb, C++]\n", "Words about tags."),
    "own": ("posse:\n  text: |\n    Said in my own words\n    #here\n", "Body."),
    "warning": ("posse: {content_warning: Spoilers, visibility: unlisted, language: de}\n", "Der Mörder war’s."),
    "emoji": ("", "👩‍👩‍👧‍👦 and \U0001f3f3️‍🌈, é as e\u0301, 日本語。"),
    "long": ("", "A rather long sentence that is said again. " * 40),
    "markup": ("", "See [this *page*](https://example.org/a_(b)) and `code` & <b>more</b>."),
}


def test_post_sends_what_preview_shows(site: Site, strict_mastodon: StrictMastodon) -> None:
    """Byte for byte, on two networks, for every shape of post; and the preview itself changes nothing."""
    site.configure(JOURNAL + mastodon(strict_mastodon.base))
    site.env["POSSE_MASTODON_ACCESS_TOKEN"] = strict_mastodon.token
    for slug, (head, body) in SHAPES.items():
        site.post(slug, head=head, body=body)
    site.seed()
    shown: dict[tuple[str, str], dict[str, Any]] = {}
    for slug in (*SHAPES, SEED_SLUG):
        for planned in site.posse("preview", slug, "--json").json["plan"]:
            shown[slug, planned["account"]] = planned
    for slug in (*SHAPES, SEED_SLUG):
        assert 0 == site.posse("post", slug).code
    sent = {row["post"]["slug"]: row for row in site.journal()}
    assert {slug: shown[slug, "journal"]["text"] for slug in sent} == {slug: row["text"] for slug, row in sent.items()}
    texts = {status["text"] for status in strict_mastodon.statuses}
    assert texts == {planned["text"] for (_, account), planned in shown.items() if account == "mastodon"}
    for key in ("content_warning", "visibility", "language"):
        assert {slug: shown[slug, "journal"][key] for slug in sent} == {slug: row[key] for slug, row in sent.items()}
    assert len(SHAPES) + 1 == len(sent) == len(strict_mastodon.statuses)


def test_dry_runs_are_the_preview(site: Site) -> None:
    """`post --dry-run` and `run --dry-run` say what `preview` says, and leave nothing behind."""
    before = sorted(site.root.rglob("*"))
    assert (
        site.posse("preview", "hello-world", "--json").json
        == site.posse("post", "hello-world", "--dry-run", "--json").json
    )
    assert site.posse("preview", "--json").json == site.posse("run", "--dry-run", "--json").json
    assert before == sorted(site.root.rglob("*"))


# What a person's word does


def test_held_ones_are_released_or_skipped(site: Site) -> None:
    """`approve = true` holds everything (5, once); `release` and `skip` decide."""
    site.configure(JOURNAL, guards=GUARDS_OFF + "\napprove = true")
    site.post("second")
    first = site.posse("run", "--once")
    assert 5 == first.code
    assert "posse release hello-world" in first.out
    assert 0 == site.posse("run", "--once").code
    assert 5 == site.posse("run", "--once", "--strict").code
    assert 0 == site.posse("release", "hello-world").code
    assert 0 == site.posse("skip", "second").code
    assert 0 == site.posse("run", "--once", "--strict").code
    assert ["hello-world"] == [sent["post"]["slug"] for sent in site.journal()]
    again = site.posse("release", "hello-world")
    assert (5, True) == (again.code, "delivered" in again.err)
    assert 0 == site.posse("release", "--all").code
    assert "person" == site.posse("explain", "second", "--json").json["accounts"]["journal"]["reason"]
    assert 0 == site.posse("post", "second").code
    assert 2 == len(site.journal())


def test_what_only_a_preview_has_shown_can_be_released(site: Site) -> None:
    """`release` before the first `run` works as after it."""
    site.configure(JOURNAL, guards=GUARDS_OFF + "\napprove = true")
    assert "approve" == site.posse("preview", "--json").json["left_out"][0]["reason"]
    assert 0 == site.posse("release", "hello-world").code
    assert 0 == site.posse("run", "--once").code
    assert 1 == len(site.journal())


def test_a_skipped_post_stays_so(site: Site) -> None:
    """`skip` before it ever went out: no run announces it."""
    assert 0 == site.posse("skip", "hello-world").code
    assert 0 == site.posse("run", "--once").code
    assert [] == site.journal()


def test_a_refused_one_is_mended_and_retried(site: Site, strict_mastodon: StrictMastodon) -> None:
    """Failed (1), then known (0), counted by --strict (1); `retry` sends the words as they are now."""
    site.configure(mastodon(strict_mastodon.base))
    site.env["POSSE_MASTODON_ACCESS_TOKEN"] = strict_mastodon.token
    strict_mastodon.behaviour.characters = 60
    failed = site.posse("run", "--once", "--json")
    assert (1, ["failed"]) == (failed.code, [row["state"] for row in rows(failed)])
    assert 0 == site.posse("run", "--once").code
    assert 1 == site.posse("run", "--once", "--strict").code
    assert [] == strict_mastodon.statuses
    site.post("hello-world", title="Mended", body="Words.")
    assert 0 == site.posse("retry", "--all").code
    assert 0 == site.posse("run", "--once", "--strict").code
    assert "Mended" in strict_mastodon.statuses[0]["text"]


def test_post_gives_a_failed_one_another_try(site: Site, strict_mastodon: StrictMastodon) -> None:
    """`post` after mending sends it, in the same round."""
    site.configure(mastodon(strict_mastodon.base))
    site.env["POSSE_MASTODON_ACCESS_TOKEN"] = strict_mastodon.token
    strict_mastodon.behaviour.characters = 60
    assert 1 == site.posse("post", "hello-world").code
    site.post("hello-world", title="Mended", body="Words.")
    (row,) = rows(site.posse("post", "hello-world", "--json"))
    assert ("delivered", 1) == (row["state"], row["round"])
    assert "Mended" in strict_mastodon.statuses[0]["text"]


def test_trouble_that_came_right_within_one_run_is_none(site: Site, strict_mastodon: StrictMastodon) -> None:
    """A lost request, looked for twice and sent again: with --wait the run ends well, with 0."""
    site.configure(mastodon(strict_mastodon.base), guards=f'{GUARDS_OFF}\ngrace = "1s"')
    site.env["POSSE_MASTODON_ACCESS_TOKEN"] = strict_mastodon.token
    strict_mastodon.behaviour.fates = ["before:drop"]
    done = site.posse("run", "--once", "--wait", "20s", "--json")
    assert (0, ["delivered"]) == (done.code, [row["state"] for row in rows(done)]), done.err
    assert "will be looked for" in done.err
    assert 1 == len(strict_mastodon.statuses)


def test_wait_stays_until_it_has_settled(site: Site) -> None:
    """With `settle = "2s"` a run that waits announces what it found unsettled."""
    site.configure(JOURNAL, guards=GUARDS_OFF.replace("0s", "2s"))
    site.post("fresh")
    assert 0 == site.posse("run", "--once", "--wait", "30s").code
    assert {"fresh", "hello-world"} == {sent["post"]["slug"] for sent in site.journal()}


def test_a_run_with_mixed_outcomes(site: Site, strict_mastodon: StrictMastodon) -> None:
    """One account refused for good, one without its secret, one that works: 3 counts; the works go out once."""
    site.configure(JOURNAL + mastodon(strict_mastodon.base) + mastodon(strict_mastodon.base, "other"))
    site.env["POSSE_MASTODON_ACCESS_TOKEN"] = strict_mastodon.token
    strict_mastodon.behaviour.characters = 60
    done = site.posse("run", "--once", "--json")
    assert 3 == done.code
    assert {"journal": "delivered", "mastodon": "failed", "other": "due"} == {
        row["account"]: row["state"] for row in rows(done)
    }
    second = site.posse("run", "--once", "--json")
    assert (0, {"failed", "due"}) == (second.code, {row["state"] for row in rows(second)})
    assert 3 == site.posse("run", "--once", "--strict").code
    assert 1 == len(site.journal())


def test_a_paused_account_keeps_planning(site: Site) -> None:
    """`pause` of one account: the other one sends, the rows wait; `resume` lets them go."""
    site.configure(JOURNAL + '[accounts.second]\nnetwork = "local"\npath = "second"\n')
    assert 0 == site.posse("pause", "second").code
    (planned,) = site.posse("preview", "--json").json["plan"]
    assert "journal" == planned["account"]
    assert 0 == site.posse("run", "--once").code
    (waiting,) = [row for row in rows(site.posse("status", "--json")) if row["account"] == "second"]
    assert "due" == waiting["state"]
    assert [("second", "by you")] == [
        (p["account"], p["reason"]) for p in site.posse("status", "--json").json["paused"]
    ]
    assert 0 == site.posse("resume").code
    assert 0 == site.posse("run", "--once").code
    assert 1 == len(list((site.root / "second").glob("*.json")))
    assert 1 == len(site.journal())


def test_post_on_some_accounts(site: Site) -> None:
    """`--account` twice: on these alone; the third one follows when it is asked for."""
    names = ("one", "two", "three")
    site.configure("".join(f'[accounts.{name}]\nnetwork = "local"\npath = "{name}"\n' for name in names))
    done = site.posse("post", "hello-world", "--account", "one", "--account", "three", "--json")
    assert ["one", "three"] == [row["account"] for row in rows(done)]
    assert [True, False, True] == [(site.root / name).exists() for name in names]
    assert ["one", "two", "three"] == [row["account"] for row in rows(site.posse("post", "hello-world", "--json"))]
    assert [1, 1, 1] == [len(list((site.root / name).glob("*.json"))) for name in names]


def test_two_posts_of_one_at_the_same_time(site: Site, strict_mastodon: StrictMastodon) -> None:
    """Four processes, one announcement; each of them says where it is, with 0."""
    site.configure(mastodon(strict_mastodon.base) + JOURNAL)
    site.env["POSSE_MASTODON_ACCESS_TOKEN"] = strict_mastodon.token
    processes = [site.start("post", "hello-world") for _ in range(4)]
    assert [0] * 4 == [process.wait(60) for process in processes], site.log()
    assert (1, 1) == (len(strict_mastodon.statuses), len(site.journal()))
    assert 4 <= site.log().count(strict_mastodon.statuses[0]["url"])


@pytest.mark.parametrize(
    ("args", "state", "sent"),
    [
        (["--sent", "https://example.social/@me/1"], "delivered", 0),
        (["--not-sent"], "delivered", 1),
        (["--drop"], "skipped", 0),
    ],
)
def test_an_uncertain_one_is_resolved(
    site: Site, strict_mastodon: StrictMastodon, args: list[str], state: str, sent: int
) -> None:
    """A person's word ends the doubt: it was sent, it was not, or never mind."""
    site.configure(mastodon(strict_mastodon.base))
    site.env["POSSE_MASTODON_ACCESS_TOKEN"] = strict_mastodon.token
    strict_mastodon.behaviour.fates = ["before:500"]
    done = site.posse("post", "hello-world", "--json")
    (row,) = rows(done)
    assert (1, "uncertain") == (done.code, row["state"])
    assert 0 == site.posse("resolve", str(row["id"]), *args).code
    assert 0 == site.posse("run", "--once").code
    assert state == rows_of(site, "hello-world")[0]["state"]
    assert sent == len(strict_mastodon.statuses)
    assert 5 == site.posse("resolve", str(row["id"]), "--not-sent").code


def rows_of(site: Site, post: str) -> list[dict[str, Any]]:
    """Return all deliveries of a post, as `explain` has them."""
    places = site.posse("explain", post, "--json").json["accounts"].values()
    return [row for place in places for row in place["deliveries"]]


def test_explain_says_why(site: Site) -> None:
    """Settling until when, a draft, an old one, an opt-out: each with its reason, and sent ones with their link."""
    site.configure(JOURNAL, guards='baseline = false\nrequire_live = false\nsettle = "1h"')
    assert re.search(r"settling .*until \d{4}-\d\d-\d\d \d\d:\d\d", site.posse("explain", "hello-world").out)
    assert "draft" in site.posse("explain", "not-yet").out
    assert 0 == site.posse("post", "hello-world").code
    assert "delivered file://" in site.posse("explain", "hello-world").out


def test_posts_gives_the_reason_of_each(site: Site) -> None:
    """baseline, draft, future, opted_out, filtered: one each."""
    site.configure(
        JOURNAL + 'exclude = {tags = ["weeknotes"]}\n', guards='settle = "0s"\nrequire_live = false\nmax_age = "20d"'
    )
    site.posse("run", "--once")
    site.post("later", day="2099-01-01")
    site.post("never", day="2026-11-20", head="posse: false\n")
    site.post("weekly", day="2026-11-20", head="tags: [weeknotes]\n")
    site.post("ancient", day="2019-01-01")
    for _ in range(2):
        found = {
            post["slug"]: (post["accounts"]["journal"]["state"], post["accounts"]["journal"]["reason"])
            for post in site.posse("posts", "--json").json["posts"]
        }
        assert ("skipped", "baseline") == found["hello-world"]
        reasons = {slug: reason for slug, (_, reason) in found.items()}
        assert ("draft", "future", "opted_out", "filtered", "too_old") == tuple(
            reasons[slug] for slug in ("not-yet", "later", "never", "weekly", "ancient")
        )
        site.posse("run", "--once")
    assert [] == site.journal()


def test_json_may_stand_before_the_command(site: Site) -> None:
    """As every global option may; a command that has no table to show takes no notice."""
    site.configure(JOURNAL)
    for args in (("posts",), ("preview",), ("run", "--once"), ("status",), ("check", "--offline"), ("links",)):
        before, after = site.posse("--json", *args), site.posse(*args, "--json")
        assert before.json.keys() == after.json.keys()
    assert (0, "") == ((done := site.posse("--json", "pause")).code, done.out)


def test_post_says_what_preview_would_have_warned_of(site: Site) -> None:
    """A page that is not live is a warning and no more, told once for all accounts; what is there already has none."""
    other = '[accounts.other]\nnetwork = "local"\npath = "other"\n'
    site.configure(JOURNAL + other, guards='settle = "0s"\nallow_private = true')
    text = (site.root / "posse.toml").read_text(encoding="utf-8")
    site.write("posse.toml", text.replace("https://example.com", "http://127.0.0.1:9"))
    shown = site.posse("preview", "hello-world").out
    done = site.posse("post", "hello-world")
    assert (0, 1) == (done.code, len(site.journal()))
    (line,) = done.err.splitlines()
    assert line.startswith("journal, other: warning: its page: ")
    assert line.removeprefix("journal, other: ") in shown
    assert "" == site.posse("post", "hello-world").err
