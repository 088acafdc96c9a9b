"""Networks of somebody else's: named by `package.module:attribute`, or by an entry point of `posse_bot.networks`."""

from __future__ import annotations

from importlib import import_module

from bot.networks import NETWORKS, Network

GROUP = "posse_bot.networks"


def find_network(name: str) -> Network:
    """Return the facts of a network by its name. Raises `ValueError` with a sentence."""
    if found := NETWORKS.get(name):
        return found
    made = _by_path(name) if ":" in name else _by_entry_point(name)
    if not isinstance(made, Network):
        raise ValueError(f'"{name}" is {type(made).__name__}, not a bot.networks.Network')
    return made


def names() -> list[str]:
    """Return every name that needs no path: the built-in networks, and those of installed packages."""
    from importlib.metadata import entry_points

    return [*NETWORKS, *(point.name for point in entry_points(group=GROUP))]


def _by_path(name: str) -> object:
    module, _, attribute = name.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except Exception as error:
        raise ValueError(f'"{name}" cannot be loaded: {type(error).__name__}: {error}') from error


def _by_entry_point(name: str) -> object:
    from importlib.metadata import entry_points

    for point in entry_points(group=GROUP, name=name):
        try:
            return point.load()
        except Exception as error:
            raise ValueError(f'"{name}" ({point.value}) cannot be loaded: {type(error).__name__}: {error}') from error
    import difflib

    near = difflib.get_close_matches(name, names(), n=1, cutoff=0.6)
    hint = f'; did you mean "{near[0]}"?' if near else ""
    raise ValueError(f'unknown network "{name}"{hint} (known: {", ".join(names())}, or package.module:attribute)')
