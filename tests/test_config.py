from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.config import Config, Filter, find, load
from bot.errors import ConfigError, ConfigMissing, Exit
from bot.model import Visibility

GOOD = """\
timezone = "America/Chicago"

[site]
url = "https://example.com/"
language = "en"

[sources.blog]
path = "_posts"
permalink = "/:year/:title/"
accounts = ["toot"]

[accounts.toot]
network = "mastodon"
instance = "https://mastodon.social/"
visibility = "unlisted"
exclude = {tags = ["weeknotes"]}
spacing = "10m"
per_hour = 6
quiet = "22:00-07:00"

[accounts.journal]
network = "local"
path = "journal"

[guards]
settle = "250ms"
max_age = "14d"
since = 2026-01-01

[state]
url = "sqlite:///state/posse.db"
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str | bytes], Path]:
    """Writes a configuration file."""

    def write(text: str | bytes) -> Path:
        path = tmp_path / "posse.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


Write = Callable[[str | bytes], Path]


def problems(path: Path) -> list[tuple[str, int | None, str]]:
    """Where, in which line and what: every problem of a file."""
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert (Exit.SETUP, str(path)) == (caught.value.exit_code, caught.value.path)
    return [(problem.where, problem.line, problem.message) for problem in caught.value.problems]


class TestGood:
    """A file without a problem."""

    def test_values_come_in_their_own_types(self, write: Write, tmp_path: Path) -> None:
        """Durations, times, zones, filters and absolute paths, ready for use."""
        config = load(write(GOOD))
        toot = config.accounts["toot"]
        assert ZoneInfo("America/Chicago") == config.timezone == config.sources["blog"].timezone
        assert ("https://example.com", "https://mastodon.social") == (config.site.url, toot.options["instance"])
        assert (Visibility.UNLISTED, Filter(tags=("weeknotes",))) == (toot.visibility, toot.exclude)
        assert (timedelta(minutes=10), 6, (time(22), time(7))) == (
            toot.pacing.spacing,
            toot.pacing.per_hour,
            toot.pacing.quiet,
        )
        assert (timedelta(milliseconds=250), datetime(2026, 1, 1, 6, tzinfo=UTC)) == (
            config.guards.settle,
            config.guards.since,
        )
        assert tmp_path / "journal" == config.accounts["journal"].options["path"]
        assert (tmp_path / "_posts", tmp_path / "state/posse.db") == (config.sources["blog"].path, config.state.path)

    @pytest.mark.parametrize(
        "change",
        [
            lambda text: b"\xef\xbb\xbf" + text.encode(),
            lambda text: text.replace("\n", "\r\n").encode(),
            lambda text: b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode(),
        ],
        ids=["BOM", "CRLF", "both"],
    )
    def test_as_an_editor_may_save_it(self, write: Write, change: Callable[[str], bytes]) -> None:
        """A BOM and Windows line ends change nothing."""
        plain: Config = load(write(GOOD))
        assert plain == load(write(change(GOOD)))

    @pytest.mark.parametrize("since", ["2026-01-01", "2026-01-01T00:00:00", "'2026-01-01'", "2026-01-01T06:00:00Z"])
    def test_since_is_in_the_zone_of_dates_that_bear_none(self, write: Write, since: str) -> None:
        """A day begins where the person lives, as the days of posts do."""
        config = load(write(GOOD.replace("since = 2026-01-01", f"since = {since}")))
        assert datetime(2026, 1, 1, 6, tzinfo=UTC) == config.guards.since

    def test_an_absolute_state(self, write: Write) -> None:
        """An absolute path stays where it is."""
        config = load(write('[state]\nurl = "sqlite:////var/lib/posse/posse.db"\n'))
        assert Path("/var/lib/posse/posse.db") == config.state.path

    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            ("250ms", timedelta(milliseconds=250)),
            ("5s", timedelta(seconds=5)),
            ("5m", timedelta(minutes=5)),
            ("2h", timedelta(hours=2)),
            ("14d", timedelta(days=14)),
            ("0s", timedelta(0)),
        ],
    )
    def test_durations(self, write: Write, written: str, expected: timedelta) -> None:
        """Every unit that the reference names."""
        assert expected == load(write(f'[guards]\nsettle = "{written}"\n')).guards.settle


class TestProblems:
    """All of them at once, each with its place."""

    def test_every_problem_at_once(self, write: Write) -> None:
        """File, table, key and line of each, in one error; the text shows them all."""
        path = write(
            'timezone = "Mars"\n'
            "[site]\n"
            'ulr = "https://example.com"\n'
            "[sources.blog]\n"
            'permalink = "/:title/"\n'
            "[accounts.toot]\n"
            'network = "mastodont"\n'
            "[accounts.journal]\n"
            'network = "local"\n'
            "[guards]\n"
            'settle = "soon"\n'
            "max_burst = -1\n"
            "[gaurds]\n"
        )
        found = {where: (line, message) for where, line, message in problems(path)}
        assert found.keys() == {
            "timezone",
            "site.ulr",
            "sources.blog.path",
            "accounts.toot.network",
            "accounts.journal.path",
            "guards.settle",
            "guards.max_burst",
            "gaurds",
        }
        lines = {where: line for where, (line, _) in found.items()}
        assert [1, 3, 4, 7, 8, 11, 12, 13] == [lines[where] for where in lines_in_order()]
        with pytest.raises(ConfigError) as caught:
            load(path)
        assert f"{path}: 8 problems" in str(caught.value)
        assert '  line 3: site.ulr: unknown key; did you mean "url"?' in str(caught.value)

    @pytest.mark.parametrize(
        ("text", "where", "line", "said"),
        [
            ("[gaurds]\n", "gaurds", 1, 'unknown key; did you mean "guards"?'),
            ("[guards]\nsetle = '1m'\n", "guards.setle", 2, 'unknown key; did you mean "settle"?'),
            ("[accounts.a]\nnetwork = 'mastodont'\n", "accounts.a.network", 2, 'did you mean "mastodon"?'),
            ("[accounts.a]\nnetwork = 'myspace'\n", "accounts.a.network", 2, "unknown network"),
            ("[accounts.a]\nvisibility = 'public'\n", "accounts.a.network", 1, "is missing: one of mastodon"),
            ("[accounts.a]\nnetwork = 5\n", "accounts.a.network", 2, "must be text in quotes, not a number"),
            ("[accounts.a]\nnetwork = 'mastodon'\n", "accounts.a.instance", 1, "is missing"),
            (
                "[accounts.a]\nnetwork = 'local'\npath = 'x'\ninstanze = 'y'\n",
                "accounts.a.instanze",
                4,
                "unknown key",
            ),
            (
                "[accounts.a]\nnetwork = 'local'\npath = 'x'\nvisibility = 'pubic'\n",
                "accounts.a.visibility",
                4,
                '"pubic" is not one of public, unlisted, private, direct; did you mean "public"?',
            ),
            (
                "[accounts.a]\nnetwork = 'local'\npath = 'x'\nexclude = {tag = ['x']}\n",
                "accounts.a.exclude.tag",
                4,
                'unknown key; did you mean "tags"?',
            ),
            ("[accounts.'a b']\nnetwork = 'local'\npath = 'x'\n", "accounts.a b", 1, "a name is made of"),
            ("[sources.b]\npath = 'x'\naccounts = ['toto']\n", "sources.b.accounts", 3, 'there is no account "toto"'),
            ("[sources]\nb = 'x'\n", "sources.b", 2, "must be a table, not text"),
            ("accounts = 5\n", "accounts", 1, "must be a table, not a number"),
            ("[site]\nurl = 'example.com'\n", "site.url", 2, "begins with https://"),
            ("[site]\nurl = 'http://[::1'\n", "site.url", 2, "Invalid IPv6 URL"),
            ("[guards]\nmax_age = '0s'\n", "guards.max_age", 2, "must be more than zero"),
            ("[guards]\nmax_age = 14\n", "guards.max_age", 2, "must be a duration"),
            ("[guards]\nmax_age = '99999999999999999999d'\n", "guards.max_age", 2, "longer than a hundred years"),
            ("[guards]\nmax_burst = true\n", "guards.max_burst", 2, "must be a whole number, not true or false"),
            ("[guards]\nsince = 'soon'\n", "guards.since", 2, "must be a date such as"),
            ("[guards]\nsince = 0001-01-01T00:00:00+05:00\n", "guards.since", 2, "beyond the years 1 to 9999"),
            ("[guards]\napprove = 'yes'\n", "guards.approve", 2, "must be true or false, not text"),
            ("[state]\nurl = 'mysql://x'\n", "state.url", 2, "is not a store"),
            ("timezone = '../../etc/passwd'\n", "timezone", 1, "is not a time zone"),
            ("timezone = ''\n", "timezone", 1, "is not a time zone"),
            (
                "[accounts.a]\nnetwork = 'local'\npath = 'x'\nquiet = '22-7-3'\n",
                "accounts.a.quiet",
                4,
                "must be hours such as",
            ),
            ("[mentions.'@bob']\nmastodno = '@b@x.y'\n", "mentions.@bob.mastodno", 2, 'did you mean "mastodon"?'),
            ("[tags]\npython = 5\n", "tags", 1, "must be a table of texts"),
        ],
    )
    def test_one_problem(self, write: Write, text: str, where: str, line: int | None, said: str) -> None:
        """Each mistake is one problem, at its key, in a sentence."""
        ((found_where, found_line, message),) = problems(write(text))
        assert (where, line) == (found_where, found_line)
        assert said in message

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("[site]\nurl = \n", 2),
            ("a = 1\na = 2\n", 2),
            ('[site]\nurl = "open\n', 2),
            ("[site\n", 1),
            ("x = [1,\n", 1),
        ],
    )
    def test_a_toml_error_names_its_line(self, write: Write, text: str, line: int) -> None:
        """What is no TOML is one problem, with the line."""
        ((where, found, message),) = problems(write(text))
        assert ("", line) == (where, found)
        assert message.startswith("is not TOML: ")

    def test_a_file_that_is_not_utf8(self, write: Write) -> None:
        """Another encoding is named as what it is."""
        assert [("", None, "is not UTF-8; save it as UTF-8")] == problems(write("[site]\nurl = 'é'".encode("latin-1")))

    def test_a_folder_cannot_be_read(self, tmp_path: Path) -> None:
        """What cannot be read is one problem."""
        assert [("", None, "cannot be read: Is a directory")] == problems(tmp_path)


def lines_in_order() -> list[str]:
    """The keys of `test_every_problem_at_once` by their lines."""
    return [
        "timezone",
        "site.ulr",
        "sources.blog.path",
        "accounts.toot.network",
        "accounts.journal.path",
        "guards.settle",
        "guards.max_burst",
        "gaurds",
    ]


class TestFind:
    """Which file is read."""

    def find(self, folder: Path, given: str | None = None, env: dict[str, str] | None = None) -> Path:
        """Look as a command started in `folder` does."""
        return find(given, env or {}, folder, lambda: folder / "user")

    def missing(self, folder: Path, given: str | None = None, env: dict[str, str] | None = None) -> str:
        """What is said where nothing is found."""
        with pytest.raises(ConfigMissing) as caught:
            self.find(folder, given, env)
        assert Exit.SETUP == caught.value.exit_code
        return str(caught.value)

    def test_the_order(self, tmp_path: Path) -> None:
        """`--config`, then `$POSSE_CONFIG`, then `posse.toml`, then our `config.toml`, then the user's folder."""
        places = ["given.toml", "env.toml", "posse.toml", "config.toml", "user/posse.toml", "user/config.toml"]
        (tmp_path / "user").mkdir()
        for place in places:
            (tmp_path / place).write_text("[accounts]\n")
        found = []
        for place in places:
            given = str(tmp_path / "given.toml") if place == "given.toml" else None
            env = {"POSSE_CONFIG": str(tmp_path / "env.toml")} if place in places[:2] else {}
            found.append(self.find(tmp_path, given, env))
            (tmp_path / place).unlink()
        assert [tmp_path / place for place in places] == found

    def test_a_folder_stands_for_the_file_in_it(self, tmp_path: Path) -> None:
        """`--config FOLDER` is its `posse.toml`."""
        (tmp_path / "posse.toml").touch()
        assert tmp_path / "posse.toml" == self.find(tmp_path / "elsewhere", str(tmp_path))

    @pytest.mark.parametrize(
        ("text", "owner"),
        [
            ('baseURL = "https://example.com/"\n[params]\nx = 1\n', "Hugo"),
            ('base_url = "https://example.com"\ncompile_sass = true\n', "Zola"),
        ],
    )
    def test_a_site_generators_config_is_named(self, tmp_path: Path, text: str, owner: str) -> None:
        """A `config.toml` of Hugo or Zola is not read, and said to be theirs in one sentence."""
        (tmp_path / "config.toml").write_text(text)
        said = self.missing(tmp_path)
        assert f"(The config.toml here belongs to {owner}, not to posse.)" in said
        assert "--config PATH" in said

    @pytest.mark.parametrize(
        "text", ["[accounts]\n", "\ufeff[sources.blog]\npath='x'\n", "[accounts.me]\nnetwork = \n"]
    )
    def test_our_config_toml_is_ours(self, tmp_path: Path, text: str) -> None:
        """A `config.toml` with our tables is read, with a BOM or a slip of the pen too, so that the slip is told of."""
        (tmp_path / "config.toml").write_text(text)
        assert tmp_path / "config.toml" == self.find(tmp_path)

    @pytest.mark.parametrize(("given", "origin"), [("nowhere.toml", "--config"), (None, "$POSSE_CONFIG")])
    def test_a_named_file_that_is_not_there(self, tmp_path: Path, given: str | None, origin: str) -> None:
        """Who names a file is told that it is missing; nothing else is read instead."""
        (tmp_path / "posse.toml").touch()
        said = self.missing(tmp_path, given, {"POSSE_CONFIG": "nowhere.toml"})
        assert f"{origin} names nowhere.toml" in said

    def test_the_users_folder_is_asked_for_only_when_it_comes_to_that(self, tmp_path: Path) -> None:
        """With a file here, nothing is asked of the platform."""
        (tmp_path / "posse.toml").touch()

        def asked() -> Path:
            raise AssertionError("the platform was asked")

        assert tmp_path / "posse.toml" == find(None, {}, tmp_path, asked)


BOTH = """\
[sources.all]
path = "posts"
permalink = "/:title/"
[sources.notes]
path = "posts/no[t]es"
permalink = "/n/:title/"
"""


def test_a_file_in_the_folders_of_two_sources_is_the_inner_ones(write: Callable[[str | bytes], Path]) -> None:
    """It would else be known by two addresses, and announced by both."""
    found = load(write(BOTH)).sources
    assert (("/no[[]t]es",), ()) == (found["all"].ignore, found["notes"].ignore)
    others = load(write(f'{BOTH}patterns = ["*.txt"]\n')).sources
    assert () == others["all"].ignore


def test_two_sources_of_one_folder_are_a_problem(write: Callable[[str | bytes], Path]) -> None:
    """However it is written; not where patterns or what is ignored part them."""
    twice = BOTH.replace("posts/no[t]es", "./posts/../posts")
    with pytest.raises(ConfigError, match=r"sources\.notes\.path: is the folder of sources.all too"):
        load(write(twice))
    load(write(f'{twice}patterns = ["*.txt"]\n'))
    load(write(twice.replace('path = "posts"', 'path = "posts"\nignore = ["a"]') + 'ignore = ["b"]\n'))


def test_a_crontab_line_that_cannot_be_kept_is_a_problem(write: Callable[[str | bytes], Path]) -> None:
    """It is told with all the others, and not when the daemon starts."""
    with pytest.raises(ConfigError) as caught:
        load(write(GOOD + '[schedule]\ncron = "99 * * * *"\n'))

    assert 'schedule.cron: "99" is no minute: use 0 to 59' in str(caught.value)


def test_a_pattern_that_cannot_be_used_is_a_problem(write: Callable[[str | bytes], Path]) -> None:
    """What a pattern may hold the caller knows; a feed has none."""
    with pytest.raises(ConfigError) as caught:
        load(write(GOOD), lambda pattern: f"{pattern}: no")

    assert "line 9: sources.blog.permalink: /:year/:title/: no" in str(caught.value)


def test_a_secret_in_the_file_is_told_where_to_go(write: Callable[[str | bytes], Path]) -> None:
    """It is not merely an unknown key, and its value is never shown."""
    text = GOOD.replace('network = "mastodon"', 'network = "mastodon"\naccess_token = "abc123"')
    with pytest.raises(ConfigError) as caught:
        load(write(text))

    assert "accounts.toot.access_token: is a secret" in str(caught.value)
    assert "`posse login toot`" in str(caught.value)
    assert "abc123" not in str(caught.value)


def test_an_account_without_a_name_is_shown_what_a_table_is(write: Callable[[str | bytes], Path]) -> None:
    """`[accounts]` for `[accounts.mastodon]` is the slip that is made most."""
    with pytest.raises(ConfigError) as caught:
        load(write('[accounts]\nnetwork = "mastodon"\n'))

    assert "accounts.network: must be a table, not text; give it a name, as in [accounts.NAME]" in str(caught.value)


def test_a_generators_file_is_named_as_such_also_when_a_person_names_it(tmp_path: Path) -> None:
    """Hugo's `config.toml` is no posse.toml full of unknown keys."""
    named = tmp_path / "config.toml"
    named.write_text('baseURL = "https://example.org/"\ntitle = "Mine"\n', encoding="utf-8")

    with pytest.raises(ConfigMissing, match="belongs to Hugo, not to posse"):
        find(str(named), {}, tmp_path, lambda: tmp_path)
