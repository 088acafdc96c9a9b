"""Reads the configuration file. All problems are reported together."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.config import keys, sources, values
from bot.config.model import (
    AccountConfig,
    Config,
    Filter,
    GuardsConfig,
    NoticesConfig,
    Pacing,
    ScheduleConfig,
    SiteConfig,
    SourceConfig,
    StateConfig,
)
from bot.config.third_party import find_network
from bot.errors import ConfigError, ConfigProblem
from bot.model import Visibility
from bot.networks import NETWORKS, Kind, Network

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def load(path: Path, pattern_problem: Callable[[str], str | None] = lambda _pattern: None) -> Config:
    """Read `path`. Raises `ConfigError` with every problem in it.

    `pattern_problem` says what is wrong with a `permalink`: the sources know, which are above the configuration.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
        data = tomllib.loads(text.replace("\r\n", "\n"))
    except OSError as error:
        raise ConfigError(str(path), [ConfigProblem("", f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), [ConfigProblem("", "is not UTF-8; save it as UTF-8")]) from error
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        line = int(found[1]) if found else len(text.splitlines())
        raise ConfigError(str(path), [ConfigProblem("", f"is not TOML: {error}", line)]) from error
    return _Reader(path, text, data, pattern_problem).config()


class _Table:
    """One table being read: takes keys one by one, collects what is wrong, and in the end what nobody asked for."""

    def __init__(self, reader: _Reader, where: str, data: object) -> None:
        self.reader, self.where = reader, where
        if not isinstance(data, dict):
            top = where.partition(".")[0]
            named = f"; give it a name, as in [{top}.NAME]" if top in {"accounts", "sources"} else ""
            reader.problem(where, f"must be a table, not {values.kind(data)}{named}")
            data = {}
        self.data: dict[str, Any] = data

    def at(self, key: str) -> str:
        return f"{self.where}.{key}" if self.where else key

    def take(self, key: keys.Key) -> Any:
        raw = self.data.get(key.name, key.default)
        if raw is None:
            return None
        try:
            value = key.read(raw)
        except ValueError as error:
            self.reader.problem(self.at(key.name), str(error))
            return key.read(key.default) if key.default is not None else None
        if key.choices and value not in key.choices:
            near = _nearest(value, key.choices)
            self.reader.problem(self.at(key.name), f'"{value}" is not one of {", ".join(key.choices)}{near}')
            return key.read(key.default) if key.default is not None else None
        return value

    def take_all(self, wanted: Sequence[keys.Key]) -> dict[str, Any]:
        return {key.name: self.take(key) for key in wanted}

    def close(self, known: Sequence[str]) -> None:
        for name in self.data:
            if name not in known:
                self.reader.problem(self.at(name), f"unknown key{_nearest(name, known)}")


def _nearest(name: str, known: Sequence[str]) -> str:
    import difflib

    found = difflib.get_close_matches(str(name), list(known), n=1, cutoff=0.6)
    return f'; did you mean "{found[0]}"?' if found else ""


def _names(wanted: Sequence[keys.Key]) -> list[str]:
    return [key.name for key in wanted]


class _Reader:
    """Reads one file's tables into a `Config`."""

    def __init__(
        self, path: Path, text: str, data: dict[str, Any], pattern_problem: Callable[[str], str | None]
    ) -> None:
        self.path, self.text, self.data, self.pattern_problem = path, text, data, pattern_problem
        self.root = path.absolute().parent
        self.problems: list[ConfigProblem] = []

    def problem(self, where: str, message: str) -> None:
        self.problems.append(ConfigProblem(where, message, _line_of(self.text, where)))

    def config(self) -> Config:
        top = _Table(self, "", self.data)
        zone: ZoneInfo = top.take(keys.TOP[0])
        site = SiteConfig(**self._simple("site", keys.SITE))
        accounts = {name: self._account(name, data) for name, data in self._named("accounts")}
        found_sources = {name: self._source(name, data, site, zone, accounts) for name, data in self._named("sources")}
        config = Config(
            path=self.path,
            root=self.root,
            timezone=zone,
            site=site,
            sources=sources.apart(found_sources, self.problem),
            accounts={name: account for name, account in accounts.items() if account is not None},
            guards=self._guards(zone),
            schedule=ScheduleConfig(**self._simple("schedule", keys.SCHEDULE)),
            state=self._state(),
            notices=NoticesConfig(**self._simple("notices", keys.NOTICES)),
            tag_aliases={k.casefold(): v for k, v in self._texts("tags").items()},
            mentions=self._mentions(accounts),
        )
        top.close(
            [
                *_names(keys.TOP),
                "site",
                "sources",
                "accounts",
                "guards",
                "schedule",
                "state",
                "notices",
                "tags",
                "mentions",
            ]
        )
        if self.problems:
            raise ConfigError(str(self.path), self.problems)
        return config

    def _guards(self, zone: ZoneInfo) -> GuardsConfig:
        found = self._simple("guards", keys.GUARDS)
        try:
            found["since"] = found["since"] and values.instant(found["since"], zone)
        except ValueError as error:
            self.problem("guards.since", str(error))
        return GuardsConfig(**found)

    def _simple(self, name: str, wanted: Sequence[keys.Key]) -> dict[str, Any]:
        table = _Table(self, name, self.data.get(name, {}))
        table.close(_names(wanted))
        return table.take_all(wanted)

    def _named(self, name: str) -> list[tuple[str, Any]]:
        table = _Table(self, name, self.data.get(name, {}))
        for key in table.data:
            if not _NAME.fullmatch(key):
                self.problem(table.at(key), "a name is made of letters, digits, - and _")
        return list(table.data.items())

    def _texts(self, name: str) -> dict[str, str]:
        try:
            return values.text_table(self.data.get(name, {}))
        except ValueError as error:
            self.problem(name, str(error))
            return {}

    def _mentions(self, accounts: Mapping[str, object]) -> dict[str, dict[str, str]]:
        table = _Table(self, "mentions", self.data.get("mentions", {}))
        found = {}
        for name, data in table.data.items():
            try:
                found[name.lstrip("@").casefold()] = {
                    key: handle.lstrip("@") for key, handle in values.text_table(data).items()
                }
            except ValueError as error:
                self.problem(table.at(name), f"{error}: account or network = handle")
                continue
            for key in found[name.lstrip("@").casefold()]:
                if key not in accounts and key not in NETWORKS:
                    near = _nearest(key, [*accounts, *NETWORKS])
                    self.problem(f"mentions.{name}.{key}", f"is neither an account nor a network{near}")
        return found

    def _filter(self, table: _Table, name: str) -> Filter | None:
        if name not in table.data:
            return None
        inner = _Table(self, table.at(name), table.data[name])
        inner.close(_names(keys.FILTER))
        return Filter(**inner.take_all(keys.FILTER))

    def _source(
        self, name: str, data: Any, site: SiteConfig, zone: ZoneInfo, accounts: Mapping[str, object]
    ) -> SourceConfig:
        table = _Table(self, f"sources.{name}", data)
        found = table.take_all(keys.SOURCE)
        table.close([*_names(keys.SOURCE), "only", "exclude"])
        is_feed = found["type"] == "feed"
        if not is_feed and found["permalink"] and (wrong := self.pattern_problem(found["permalink"])):
            self.problem(table.at("permalink"), wrong)
        url = None
        if isinstance(data, dict):
            url = sources.address(data, found, self.root, lambda key, why: self.problem(table.at(key), why))
        for account in found["accounts"] or ():
            if account not in accounts:
                self.problem(
                    table.at("accounts"), f'there is no account "{account}"{_nearest(account, list(accounts))}'
                )
        return SourceConfig(
            name=name,
            type=found["type"],
            timezone=found["timezone"] or zone,
            path=self.root / found["path"] if found["path"] else None,
            url=url if is_feed else None,
            site_url=site.url if is_feed else url or site.url,
            permalink=found["permalink"],
            language=found["language"] or site.language,
            patterns=found["patterns"],
            ignore=found["ignore"],
            accounts=found["accounts"],
            only=self._filter(table, "only"),
            exclude=self._filter(table, "exclude"),
            every=found["every"],
        )

    def _account(self, name: str, data: Any) -> AccountConfig | None:
        table = _Table(self, f"accounts.{name}", data)
        named = table.take(keys.ACCOUNT[0])
        if not named:
            if isinstance(data, dict) and "network" not in data:
                self.problem(table.at("network"), f"is missing: one of {', '.join(NETWORKS)}")
            return None
        try:
            network = find_network(named)
        except ValueError as error:
            self.problem(table.at("network"), str(error))
            return None
        found = table.take_all(keys.ACCOUNT[1:])
        options = self._options(table, network)
        secrets = {secret.name for secret in network.secrets} & table.data.keys()
        for secret in sorted(secrets):
            self.problem(table.at(secret), f"is a secret, and never stands here: take it out and `posse login {name}`")
        known = [*_names(keys.ACCOUNT), *(option.name for option in network.options), "only", "exclude"]
        table.close([*known, *secrets])
        return AccountConfig(
            name=name,
            network=network,
            options=options,
            template=found["template"],
            visibility=Visibility(found["visibility"]),
            language=found["language"],
            hashtags=found["hashtags"],
            links=found["links"],
            only=self._filter(table, "only"),
            exclude=self._filter(table, "exclude"),
            pacing=Pacing(found["spacing"] or timedelta(0), found["per_hour"], found["quiet"]),
            on_uncertain=found["on_uncertain"],
            manual=found["manual"],
            budget=found["budget"],
            images=found["images"],
            require_alt=found["require_alt"],
            thread=found["thread"],
            thread_parts=found["thread_parts"],
        )

    def _options(self, table: _Table, network: Network) -> dict[str, Any]:
        found = {}
        for option in network.options:
            key = keys.Key(
                option.name, keys.OPTION_READERS[option.kind], option.default, option.doc, choices=option.choices
            )
            value = table.take(key)
            if value is None and option.required and option.name not in table.data:
                self.problem(table.at(option.name), f"is missing: {option.doc[0].lower()}{option.doc[1:].rstrip('.')}")
            if option.kind is Kind.PATH and value is not None:
                value = self.root / value
            found[option.name] = value
        return found

    def _state(self) -> StateConfig:
        found = self._simple("state", keys.STATE)
        try:
            url = values.state_url(found["url"], self.root)
        except ValueError as error:
            self.problem("state.url", str(error))
            url = ""
        return StateConfig(url=url, lease=found["lease"])


def _line_of(text: str, where: str) -> int | None:
    """The line of `table.key` in the TOML text, else of its table, as far as a search can tell."""
    table, _, key = where.rpartition(".")
    current = ""
    header_line = None
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[+\s*([^\]]+?)\s*\]+", line):
            current = re.sub("[\"']", "", header[1])
            if current == where:
                header_line = number
        elif current == table and re.match(rf'\s*"?{re.escape(key)}"?\s*[=.]', line):
            return number
    return header_line or (_line_of(text, table) if table else None)
