"""Bad input, seen from outside: each a clear message and the right exit code, and nothing is lost or sent."""

from __future__ import annotations

import signal
import sqlite3  # noqa: TID251 - to damage a state as others would
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.strict_mastodon import StrictMastodon
from tests.system.site import GUARDS_OFF, JOURNAL, Result, Site, mastodon, until

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site with one post, announced into a folder."""
    made = Site(tmp_path / "site")
    made.post("hello-world")
    made.configure(JOURNAL)
    return made


def says(done: Result, code: int, *words: str) -> None:
    """Check the exit code, the words on stderr, and that no traceback is shown."""
    assert code == done.code, done.err
    for word in words:
        assert word in done.err
    assert "Traceback" not in done.out + done.err


# The configuration: exit code 3


def test_no_configuration_is_said_with_where_it_was_looked_for(site: Site) -> None:
    """Without a posse.toml the folder is named, and how to name another."""
    (site.root / "posse.toml").unlink()
    says(site.posse("posts"), 3, "No posse.toml", str(site.root), "--config")


@pytest.mark.parametrize(
    ("text", "owner"),
    [('baseURL = "https://example.com/"\ntheme = "x"\n', "Hugo"), ('base_url = "https://example.com"\n', "Zola")],
)
def test_the_configuration_of_a_site_generator_is_named_as_such(site: Site, text: str, owner: str) -> None:
    """A config.toml that is Hugo's or Zola's is not read, and the message says whose it is."""
    (site.root / "posse.toml").unlink()
    site.write("config.toml", text)
    says(site.posse("posts"), 3, "config.toml", f"belongs to {owner}, not to posse")


def test_a_named_configuration_that_is_not_there(site: Site) -> None:
    """`--config` and $POSSE_CONFIG are named as what named it."""
    says(site.posse("--config", "other.toml", "posts"), 3, "--config names other.toml")
    site.env["POSSE_CONFIG"] = "third.toml"
    says(site.posse("posts"), 3, "$POSSE_CONFIG names third.toml")


def test_a_toml_error_bears_its_line(site: Site) -> None:
    """The file, the line, and what TOML says."""
    site.write("posse.toml", '[site]\nurl = "https://example.com"\nlanguage = \n')
    says(site.posse("posts"), 3, "posse.toml", "line 3", "is not TOML")


def test_a_configuration_that_is_not_utf8(site: Site) -> None:
    """It is told to save it as UTF-8."""
    (site.root / "posse.toml").write_bytes('[site]\nlanguage = "é"\n'.encode("latin-1"))
    says(site.posse("posts"), 3, "posse.toml", "not UTF-8")


def test_an_unknown_key_is_met_with_a_suggestion(site: Site) -> None:
    """Table, key, line, and the nearest key there is."""
    site.configure(JOURNAL.replace("path", "paht"))
    says(site.posse("posts"), 3, "accounts.journal.paht", 'did you mean "path"?', "line 11")


def test_an_unknown_network_is_met_with_a_suggestion(site: Site) -> None:
    """The nearest network, and all that are known."""
    site.configure('[accounts.m]\nnetwork = "mastodn"\n')
    says(site.posse("posts"), 3, "accounts.m.network", 'did you mean "mastodon"?', "bluesky")


def test_all_problems_are_told_at_once(site: Site) -> None:
    """Four mistakes in four tables are four lines of one message."""
    site.configure('[accounts.m]\nnetwork = "x25"\n', guards='settle = "5 parsecs"\nbaseline = "no"', extra="[colour]")
    done = site.posse("run", "--once")
    says(done, 3, "4 problems", "accounts.m.network", "guards.settle", "guards.baseline", "colour")


def test_a_configuration_that_announces_nothing_says_so(site: Site) -> None:
    """It is no error, since it may be half written; but `check` and `run` do not call it good and no more."""
    site.write("posse.toml", "")
    check, done = site.posse("check"), site.posse("run", "--once")
    says(done, 0, "no source", "posse init", "no account", "[accounts.NAME]")
    assert (0, True, True) == (check.code, "no source" in check.out, "no account" in check.out)


def test_an_unknown_account_is_met_with_a_suggestion(site: Site) -> None:
    """An account that no table describes is a matter of configuration; nothing is sent."""
    says(site.posse("post", "hello-world", "--account", "jurnal"), 3, 'there is no account "jurnal"', '"journal"?')
    assert [] == site.journal()


# Secrets: exit code 3


@pytest.mark.parametrize("given", [None, ""])
def test_a_secret_that_is_missing_loses_nothing(site: Site, strict_mastodon: StrictMastodon, given: str | None) -> None:
    """It says what to type; the delivery stays due; with the variable set the next run sends it, with no other step."""
    site.configure(mastodon(strict_mastodon.base) + JOURNAL)
    if given is not None:
        site.env["POSSE_MASTODON_ACCESS_TOKEN"] = given
    done = site.posse("run", "--once")
    says(done, 3, "POSSE_MASTODON_ACCESS_TOKEN", "posse login mastodon")
    assert (given == "") == ("set but empty" in done.err)
    assert 1 == len(site.journal())
    (row, _) = site.posse("status", "--json").json["deliveries"]
    assert ("due", "mastodon") == (row["state"], row["account"])

    again = site.posse("run", "--once")
    says(again, 0, "POSSE_MASTODON_ACCESS_TOKEN")
    says(site.posse("run", "--once", "--strict"), 3)
    says(site.posse("post", "hello-world"), 3, "posse login mastodon")

    site.env["POSSE_MASTODON_ACCESS_TOKEN"] = strict_mastodon.token
    assert 0 == site.posse("run", "--once").code
    assert 1 == len(strict_mastodon.statuses)
    assert [] == site.posse("status", "--json").json["paused"]


def test_a_secret_that_is_refused_is_replaced(site: Site, strict_mastodon: StrictMastodon) -> None:
    """A wrong token is asked with once; another one is tried by itself."""
    site.configure(mastodon(strict_mastodon.base))
    site.env["POSSE_MASTODON_ACCESS_TOKEN"] = "wrong"
    says(site.posse("run", "--once"), 3, "posse login mastodon")
    says(site.posse("run", "--once"), 0)
    site.env["POSSE_MASTODON_ACCESS_TOKEN"] = strict_mastodon.token
    assert 0 == site.posse("run", "--once").code
    assert 1 == len(strict_mastodon.statuses)


def test_a_pause_of_a_person_outlives_another_secret(site: Site, strict_mastodon: StrictMastodon) -> None:
    """Only `resume` ends what `pause` began."""
    site.configure(mastodon(strict_mastodon.base))
    assert 0 == site.posse("pause", "mastodon").code
    site.env["POSSE_MASTODON_ACCESS_TOKEN"] = strict_mastodon.token
    assert 0 == site.posse("run", "--once").code
    says(site.posse("post", "hello-world"), 5, "paused", "posse resume mastodon")
    assert [] == strict_mastodon.statuses
    assert 0 == site.posse("resume", "mastodon").code
    assert 0 == site.posse("run", "--once").code
    assert 1 == len(strict_mastodon.statuses)


def test_login_with_a_wrong_secret_keeps_nothing(site: Site, strict_mastodon: StrictMastodon) -> None:
    """What is refused is not kept; an empty line is not asked with."""
    site.configure(mastodon(strict_mastodon.base))
    says(site.posse("login", "mastodon", stdin="wrong\n"), 3)
    says(site.posse("login", "mastodon", stdin=""), 3, "nothing was given")
    assert not (site.root / "state" / "credentials.json").exists()


# Sources: exit code 1 for a whole source, a line for a file


def test_a_folder_that_is_missing_stops_only_its_source(site: Site) -> None:
    """Its name is told, the exit code is 1, the other sources go on; the second run tells it without counting it."""
    site.configure(JOURNAL + '[sources.notes]\ntype = "markdown"\npath = "notes"\npermalink = "/n/:title/"\n')
    done = site.posse("run", "--once")
    says(done, 1, "notes")
    assert 1 == len(site.journal())
    says(site.posse("run", "--once"), 0, "notes")
    says(site.posse("run", "--once", "--strict"), 1, "notes")
    says(site.posse("posts"), 1, "notes")
    says(site.posse("preview"), 1, "notes")


def test_a_folder_that_cannot_be_read(site: Site) -> None:
    """A folder without permission is a source that cannot be read: exit 1, named, and nothing counts as gone."""
    assert 0 == site.posse("run", "--once").code
    posts = site.root / "_posts"
    posts.chmod(0)
    try:
        done = bound(site, "run", "--once")
        says(done, 1, "_posts", "ermission")
    finally:
        posts.chmod(0o755)
    (row,) = bound(site, "status", "--json").json["deliveries"]
    assert "delivered" == row["state"]


BOUND = """
import ctypes, os, sys
if os.geteuid() == 0:  # PR_CAPBSET_DROP of CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: what binds a user then binds root
    for capability in (1, 2):
        assert ctypes.CDLL(None).prctl(24, capability, 0, 0, 0) == 0
os.execv(sys.executable, [sys.executable, "-m", "bot", *sys.argv[1:]])
"""


def test_a_folder_that_is_gone(site: Site) -> None:
    """A shell may stand in a folder that somebody else has taken away."""
    gone = site.root / "gone"
    gone.mkdir()
    done = subprocess.run(
        ["sh", "-c", 'rmdir "$PWD" && exec "$0" -m bot posts', sys.executable],
        cwd=gone,
        env=site.environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    says(Result(done.returncode, done.stdout, done.stderr), 3, "The folder you are in is gone")


HOMELESS = """
import os, pwd, sys
pwd.getpwuid = lambda uid: (_ for _ in ()).throw(KeyError(uid))  # a container's user that no list of users knows
del os.environ["HOME"]
from bot.cli import run
sys.exit(run(sys.argv[1:]))
"""


def test_a_user_without_a_home(site: Site) -> None:
    """Without a configuration it is said that there is none; with one all works."""

    def homeless(*args: str) -> Result:
        done = subprocess.run(
            [sys.executable, "-c", HOMELESS, *args],
            cwd=site.root,
            env=site.environment(),
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    says(homeless("run", "--once"), 0)
    (site.root / "posse.toml").unlink()
    says(homeless("posts"), 3, f"No posse.toml in {site.root}. Run `posse init`")


def bound(site: Site, *args: str) -> Result:
    """Run `posse` as one whom permissions bind, also where the tests run as root."""
    done = subprocess.run(
        [sys.executable, "-c", BOUND, *args],
        cwd=site.root,
        env=site.environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def test_a_file_that_is_not_utf8(site: Site) -> None:
    """A problem with path and line; the exit code is 0, and the other posts go out."""
    raw = "---\ntitle: Café\ndate: 2026-01-30\n---\n\nUn café.\n".encode("latin-1")
    (site.root / "_posts" / "2026-01-30-cafe.md").write_bytes(raw)
    done = site.posse("run", "--once", "--json")
    says(done, 0, "_posts/2026-01-30-cafe.md:2", "UTF-8")
    assert 1 == len(site.journal())
    (problem,) = done.json["problems"]
    assert ("_posts/2026-01-30-cafe.md", 2) == (problem["path"], problem["line"])
    says(site.posse("post", "2026-01-30-cafe"), 4, "_posts/2026-01-30-cafe.md:2", "UTF-8")


def test_front_matter_that_is_not_yaml(site: Site) -> None:
    """A problem with path and line; the rest goes on."""
    site.write("_posts/2026-01-30-broken.md", '---\ntitle: "open\ndate: 2026-01-30\n---\n\nBody.\n')
    done = site.posse("run", "--once")
    says(done, 0, "_posts/2026-01-30-broken.md:")
    assert 1 == len(site.journal())


def test_a_file_that_cannot_be_read_answers_to_its_slug(site: Site) -> None:
    """Whoever asks for the post is told why it is none, and not that nobody knows it."""
    site.write("_posts/2026-01-30-broken.md", '---\ntitle: "open\n---\n')
    for command in ("explain", "preview", "post"):
        says(site.posse(command, "broken"), 4, '"broken" cannot be read', "_posts/2026-01-30-broken.md:")


# Templates: exit code 3


@pytest.mark.parametrize("template", ["{{ titel }}", "{{ title", "{% for %}", "{{ title | nope }}", "{{ 1 // 0 }}"])
def test_a_template_error_names_the_account(site: Site, template: str) -> None:
    """The account and what is wrong; nothing is sent."""
    site.configure(f'{JOURNAL}template = "{template}"\n')
    for args in (("preview", "hello-world"), ("post", "hello-world"), ("run", "--once")):
        says(site.posse(*args), 3, "accounts.journal", "line 1", "template")
    check = site.posse("check")
    assert (3, True) == (check.code, "accounts.journal" in check.out)
    assert [] == site.journal()


# Names of posts: exit code 4


def test_an_unknown_post_lists_the_nearest(site: Site) -> None:
    """The nearest slugs are listed, and nothing is sent."""
    for args in (("post", "helo-wrold"), ("preview", "helo-wrold"), ("explain", "helo-wrold"), ("skip", "helo-wrold")):
        says(site.posse(*args), 4, 'No post is called "helo-wrold"', "hello-world")
    assert [] == site.journal()


def test_an_ambiguous_post_lists_the_candidates_with_dates(site: Site) -> None:
    """Each candidate with its date and its path, and nothing is sent."""
    site.post("hello-moon", day="2025-07-01")
    done = site.posse("post", "hello")
    says(done, 4, "2026-01-31  hello-world", "2025-07-01  hello-moon", "_posts/2025-07-01-hello-moon.md")
    assert [] == site.journal()


def test_a_post_that_is_gone(site: Site) -> None:
    """A remembered post whose file is gone: not announced, but where it went is still told."""
    site.posse("post", "hello-world")
    second = site.post("second")
    site.configure(JOURNAL, guards="settle = '0s'\nrequire_live = false")
    assert 0 == site.posse("run", "--once").code
    second.unlink()
    says(site.posse("post", "second"), 4, "no longer on the site")
    (site.root / "_posts" / "2026-01-31-hello-world.md").unlink()
    done = site.posse("post", "hello-world")
    says(done, 0)
    assert "already" in done.out
    assert 1 == len(site.journal())


def test_a_post_whose_source_has_no_posts(site: Site) -> None:
    """It says that there are none."""
    (site.root / "_posts" / "2026-01-31-hello-world.md").unlink()
    says(site.posse("preview", "hello-world"), 4, "hold no posts")


@pytest.mark.parametrize(
    ("head", "reason", "way_out"),
    [
        ("draft: true\n", "draft", "draft: true"),
        ("posse: false\n", "opted_out", "posse: false"),
        ("date: 2099-01-01\n", "future", "wait for its date"),
    ],
)
def test_what_a_wish_does_not_override_names_the_way_out(site: Site, head: str, reason: str, way_out: str) -> None:
    """A draft, a date to come, an opt-out: exit 5 from `post` and `preview`, with what to do; nothing is sent."""
    day = "" if "date" in head else "date: 2026-01-31\n"
    site.write("_posts/2026-01-31-not-yet.md", f"---\ntitle: Not yet\n{day}{head}---\n\nWords.\n")
    for command in ("post", "preview"):
        says(site.posse(command, "not-yet"), 5, reason, way_out)
    assert [] == site.journal()


# The state: exit code 3


def test_a_state_that_is_read_only(site: Site) -> None:
    """By its mode bits, even for root: nothing is sent, and reading still works."""
    assert 0 == site.posse("run", "--once").code
    site.post("second")
    state = site.root / "state" / "posse.db"
    state.chmod(0o400)
    for args in (("run", "--once"), ("post", "second"), ("pause",)):
        says(site.posse(*args), 3, "read-only", "chmod u+w")
    assert 0 == site.posse("status").code
    assert 0 == site.posse("preview").code
    assert 1 == len(site.journal())


def test_a_state_in_a_folder_that_is_read_only(site: Site) -> None:
    """The folder is named."""
    (site.root / "state").mkdir(mode=0o500)
    says(site.posse("run", "--once"), 3, "read-only", f"chmod u+w {site.root / 'state'}")


def test_a_state_beside_which_no_file_can_be_made(site: Site) -> None:
    """Neither on the first run, where its folder cannot be made, nor later: a matter of set-up, and no defect."""
    site.root.chmod(0o500)
    try:
        says(bound(site, "run", "--once"), 3, "Permission denied", str(site.root / "state"), "writable")
    finally:
        site.root.chmod(0o700)
    assert 0 == site.posse("run", "--once").code
    (site.root / "state").chmod(0o500)
    try:
        says(bound(site, "run", "--once"), 3, "chmod u+w", str(site.root / "state"))
    finally:
        (site.root / "state").chmod(0o700)


def test_a_state_that_is_another_programs(site: Site) -> None:
    """A database of another program is left as it is."""
    (site.root / "state").mkdir()
    with sqlite3.connect(site.root / "state" / "posse.db") as other:
        other.execute("CREATE TABLE songs (title TEXT)")
    other.close()
    before = (site.root / "state" / "posse.db").read_bytes()
    for command in ("status", "preview", "run"):
        says(site.posse(command, *(["--once"] if command == "run" else [])), 3, "another program's database")
    assert before == (site.root / "state" / "posse.db").read_bytes()


def test_a_state_that_is_no_database(site: Site) -> None:
    """A text file under the name of the state is left as it is."""
    site.write("state/posse.db", "Dear diary, this is certainly no database.\n" * 20)
    for args in (("status",), ("run", "--once")):
        says(site.posse(*args), 3, "not a posse state file")
    assert "Dear diary" in (site.root / "state" / "posse.db").read_text(encoding="utf-8")


def test_a_state_from_the_future(site: Site) -> None:
    """A newer version's state is not touched; how to update is said."""
    assert 0 == site.posse("run", "--once").code
    with sqlite3.connect(site.root / "state" / "posse.db") as state:
        state.execute("PRAGMA user_version = 999")
    state.close()
    for args in (("status",), ("run", "--once"), ("preview", "hello-world")):
        says(site.posse(*args), 3, "newer posse-bot", "pip install --upgrade")


def test_a_state_that_is_damaged(site: Site) -> None:
    """A torn file is named, with what to do; nothing is sent on top of it."""
    assert 0 == site.posse("run", "--once").code
    site.post("second")
    state = site.root / "state" / "posse.db"
    whole = state.read_bytes()
    state.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    says(site.posse("run", "--once"), 3, "posse.db", "damaged", "backup")
    assert 1 == len(site.journal())


def test_a_state_that_is_a_folder(site: Site) -> None:
    """It is said that a file is wanted."""
    (site.root / "state" / "posse.db").mkdir(parents=True)
    for args in (("run", "--once"), ("status",)):
        says(site.posse(*args), 3, "this is a folder")


# The command line: exit code 2


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["statsu"], 'Did you mean "status"?'),
        (["frobnicate"], "posse --help"),
        (["post", "hello-world", "--agian"], "--again"),
        (["post"], "POST"),
        (["run", "--wait", "3s"], "--wait goes with --once"),
        (["run", "--strict"], "--strict goes with --once"),
        (["run", "--json"], "--log-format json"),
        (["run", "--once", "--wait", "soon"], "duration"),
        (["resolve", "1"], "--not-sent"),
        (["resolve", "1", "--sent", "https://x.example/1", "--drop"], "say one of"),
        (["resolve", "1", "--sent", "there"], "address"),
        (["resolve", "one", "--drop"], "integer"),
        (["release"], "--all"),
        (["retry", "hello-world", "--all"], "--all"),
    ],
)
def test_a_wrong_command_line(site: Site, args: list[str], words: str) -> None:
    """Exit 2, what is wrong, and what it should be."""
    says(site.posse(*args), 2, words)


def test_a_delivery_that_does_not_exist(site: Site) -> None:
    """`resolve` of an unknown number is exit 4, and says where the numbers are."""
    for number in ("77", "99999999999999999999"):
        says(site.posse("resolve", number, "--drop"), 4, f"no delivery {number}", "posse status")


# What happens around it


@pytest.mark.parametrize("args", [["posts"], ["posts", "--json"], ["preview"], ["--help"], ["status"]])
def test_a_reader_that_goes_away_early(site: Site, args: list[str]) -> None:
    """`| head -c 1`: no traceback, no complaint at exit."""
    for number in range(60):
        site.post(f"post-{number}", body="Long words. " * 400)
    program = f"{sys.executable} -m bot {' '.join(args)} | head -c 1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {program}"],
        cwd=site.root,
        env=site.environment(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert 1 == len(done.stdout)
    assert b"Traceback" not in done.stderr
    assert b"BrokenPipe" not in done.stderr
    assert 0 == done.returncode, done.stderr


def test_ctrl_c_is_130(site: Site, strict_mastodon: StrictMastodon) -> None:
    """Interrupted while it waits: one word, no traceback, 130."""
    site.configure(JOURNAL, guards='baseline = false\nsettle = "1h"\nrequire_live = false')
    process = site.start("run", "--once", "--wait", "2h")
    until(
        lambda: (
            (site.root / "state" / "posse.db.runner").exists()
            and "settling" in site.posse("explain", "hello-world").out
        )
    )
    process.send_signal(signal.SIGINT)
    assert 130 == process.wait(10)
    assert "interrupted" in site.log()
    assert "Traceback" not in site.log()


def test_a_second_run_on_one_state(site: Site) -> None:
    """Exit 6, naming the process that is at work."""
    site.configure(JOURNAL, guards=GUARDS_OFF.replace("0s", "1h"))
    process = site.start("run", "--once", "--wait", "2h")
    try:
        until(lambda: (site.root / "state" / "posse.db.runner").exists())
        says(site.posse("run", "--once"), 6, str(process.pid), "Stop it first")
    finally:
        process.kill()
        process.wait(10)


# Where the output goes


def test_a_full_disk_behind_stdout_is_no_defect(site: Site) -> None:
    """It is said, with exit code 1; what was to be sent has been sent and is recorded."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "bot", "post", "hello-world"],
            cwd=site.root,
            env=site.environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
    says(Result(done.returncode, "", done.stderr), 1, "stdout cannot be written", "No space left")
    assert "Exception ignored" not in done.stderr
    assert "already" in site.posse("post", "hello-world").out
    assert 1 == len(site.journal())


def test_a_full_disk_behind_the_log_stops_nothing(site: Site) -> None:
    """What cannot be told on stderr is not told; the work goes on."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "bot", "-v", "run", "--once"],
            cwd=site.root,
            env=site.environment(),
            stdout=subprocess.DEVNULL,
            stderr=full,
            timeout=60,
            check=False,
        )
    assert (0, 1) == (done.returncode, len(site.journal()))


def test_a_post_without_an_address_has_none_in_json(site: Site) -> None:
    """It is null in every command, and not empty in some."""
    text = (site.root / "posse.toml").read_text(encoding="utf-8")
    site.write("posse.toml", text.replace('url = "https://example.com"\n', ""))
    (listed,) = site.posse("posts", "--json").json["posts"]
    assert (None, None) == (listed["url"], site.posse("explain", "hello-world", "--json").json["post"]["url"])


# --quiet


def test_quiet_still_says_why_the_exit_code_is_not_zero(site: Site) -> None:
    """What is wrong is no chatter: a source that cannot be read, a refusal with its way out, a missing secret."""
    site.configure(JOURNAL + '[sources.notes]\npath = "notes"\npermalink = "/n/:title/"\n')
    for args in (("run", "--once"), ("run", "--once", "--strict"), ("posts",), ("preview",)):
        done = site.posse(*args, "-q")
        says(done, 1, "notes")
        assert 1 == len(done.err.splitlines())
    again = site.posse("run", "--once", "-q")
    assert (0, "") == (again.code, again.err)
    site.configure(JOURNAL + mastodon(NOWHERE))
    site.post("not-yet", head="draft: true\n")
    says(site.posse("-q", "post", "not-yet"), 5, "draft: true")
    says(site.posse("-q", "post", "hello-world"), 3, "posse login mastodon")
    again = site.posse("-q", "post", "hello-world")
    says(again, 3, "`posse login mastodon` lets it go on")
    assert "posse resume" not in again.err


def test_quiet_says_nothing_where_all_is_well(site: Site) -> None:
    """Not even how many went out."""
    for args in (("run", "--once"), ("posts",), ("preview",), ("check",), ("status",), ("explain", "hello-world")):
        done = site.posse(*args, "--quiet")
        assert (0, "") == (done.code, done.err)
