"""One post to twelve accounts whose servers take 300 ms each, as a whole process, against the slowest alone.

And one post to three accounts, of one network and of three, against a bare script that posts to one with Mastodon.py.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.servers.proxy import Delay, Proxy
from tests.servers.strict_mastodon import StrictMastodon
from tests.servers.strict_webhook import StrictWebhook

TWELVE, LATENCY = 12, 0.3
RUNS = 9
SCRIPT = """
import sys
from mastodon import Mastodon
Mastodon(access_token=sys.argv[2], api_base_url=sys.argv[1]).status_post("Hello https://example.com/hello/")
"""
CONFIG = """[site]
url = "https://example.com"
[sources.blog]
path = "_posts"
permalink = "/:title/"
[guards]
baseline = false
settle = "0s"
require_live = false
max_burst = 1000
max_age = "36500d"
"""


def _site(folder: Path, bases: Sequence[str], tokens: Sequence[str], more: str = "") -> dict[str, str]:
    """Write a site with one account for each base, and `more` of them; return the environment of a run."""
    accounts = [
        f'[accounts.a{number}]\nnetwork = "mastodon"\ninstance = "{base}"\n' for number, base in enumerate(bases)
    ]
    (folder / "_posts").mkdir(parents=True)
    (folder / "posse.toml").write_text(CONFIG + "".join(accounts) + more, encoding="utf-8")
    bare = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    return bare | {f"POSSE_A{number}_ACCESS_TOKEN": token for number, token in enumerate(tokens)}


def _write(folder: Path, number: int) -> str:
    """Write one post more; return its slug."""
    slug = f"post-{number}"
    text = f"---\ntitle: Post {number}\ndate: 2026-11-01\n---\n\nBody {number}.\n"
    (folder / "_posts" / f"2026-11-01-{slug}.md").write_text(text, encoding="utf-8")
    return slug


def _run(command: Sequence[str], folder: Path, env: dict[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def _pairs(ours: Callable[[int], float], floor: Callable[[int], float]) -> float:
    """Return the median ratio of paired runs, after one that warms up."""
    ratios = [ours(number) / floor(number) for number in range(RUNS + 1)]
    return statistics.median(ratios[1:])


def _many(count: int, latency: float) -> float:
    """The ratio of a post to `count` accounts to a post to one, each answer `latency` seconds late.

    The one is on a server of its own: on one of theirs the look would find the post, and send nothing.
    """
    posse = str(Path(sys.executable).parent / "posse")
    with ExitStack() as stack:
        servers = [stack.enter_context(StrictMastodon()) for _ in range(count + 1)]
        proxies = [stack.enter_context(Proxy(server.base)) for server in servers]
        for proxy in proxies:
            proxy.inject(Delay(latency), times=None)
        all_of_them = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        one = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        bases, tokens = [proxy.base for proxy in proxies], [server.token for server in servers]
        env_all = _site(all_of_them, bases[1:], tokens[1:])
        env_one = _site(one, bases[:1], tokens[:1])
        return _pairs(
            lambda number: _run([posse, "post", _write(all_of_them, number)], all_of_them, env_all),
            lambda number: _run([posse, "post", _write(one, number)], one, env_one),
        )


def _three() -> float:
    """The ratio of a post to three Mastodons to a bare script's to one."""
    posse = str(Path(sys.executable).parent / "posse")
    with ExitStack() as stack:
        servers = [stack.enter_context(StrictMastodon()) for _ in range(4)]
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        env = _site(folder, [server.base for server in servers[:3]], [server.token for server in servers[:3]])
        script = folder / "bare.py"
        script.write_text(SCRIPT, encoding="utf-8")
        return _pairs(
            lambda number: _run([posse, "post", _write(folder, number)], folder, env),
            lambda _number: _run([sys.executable, str(script), servers[3].base, servers[3].token], folder, env),
        )


def _three_networks() -> float:
    """The ratio of a post to a Mastodon, a webhook and a folder to a bare script's to a Mastodon."""
    posse = str(Path(sys.executable).parent / "posse")
    with ExitStack() as stack:
        ours, other = (stack.enter_context(StrictMastodon()) for _ in range(2))
        hook = stack.enter_context(StrictWebhook())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        more = f'[accounts.hook]\nnetwork = "webhook"\nurl = "{hook.url}"\n'
        more += '[accounts.journal]\nnetwork = "local"\npath = "journal"\n'
        env = _site(folder, [ours.base], [ours.token], more) | {"POSSE_HOOK_SIGNING_SECRET": hook.token}
        script = folder / "bare.py"
        script.write_text(SCRIPT, encoding="utf-8")
        return _pairs(
            lambda number: _run([posse, "post", _write(folder, number)], folder, env),
            lambda _number: _run([sys.executable, str(script), other.base, other.token], folder, env),
        )


def main() -> int:
    """Measure and print; return the exit code."""
    rows = [
        (
            f"one post to {TWELVE} accounts of {LATENCY * 1000:.0f} ms each, against one of them",
            _many(12, LATENCY),
            1.2,
        ),
        ("one post to three Mastodons, against a bare script that posts to one", _three(), 1.5),
        ("one post to a Mastodon, a webhook and a folder, against the same script", _three_networks(), 1.5),
    ]
    print("\n| what | ratio | at most |\n|---|---|---|")  # noqa: T201 - the table is the result
    for what, ratio, limit in rows:
        print(f"| {what} | {ratio:.2f} | {limit} |")  # noqa: T201 - likewise
    return 0 if all(ratio <= limit for _, ratio, limit in rows) else 1
