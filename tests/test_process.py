from __future__ import annotations

import subprocess
import sys

from bot import process

TELL = "from bot import process; print(process.owner(), flush=True); input()"


def start() -> tuple[subprocess.Popen[str], str]:
    """A process, and its name as an owner."""
    other = subprocess.Popen([sys.executable, "-c", TELL], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout
    return other, other.stdout.readline().strip()


def test_a_living_owner_is_not_dead() -> None:
    """A process that runs is alive, be it ours or another."""
    other, name = start()
    assert [False, False] == [process.is_dead(process.owner()), process.is_dead(name)]
    other.communicate("\n", timeout=10)


def test_a_killed_owner_is_dead_at_once() -> None:
    """A killed process is dead before anybody has waited for it, and after."""
    other, name = start()
    other.kill()
    while other.returncode is None and not process.is_dead(name):
        pass
    assert other.returncode is None
    other.communicate(timeout=10)
    assert process.is_dead(name)


def test_another_process_under_its_number_is_not_it() -> None:
    """A process id that was given out again is another owner."""
    host, pid, birth, chance = process.owner().split("/")
    assert process.is_dead(f"{host}/{pid}/1{birth}/{chance}")


def test_what_cannot_be_told_is_not_dead() -> None:
    """Owners on other hosts, and names that are none, keep their leases."""
    _, pid, birth, chance = process.owner().split("/")
    assert not any(map(process.is_dead, [f"elsewhere/{pid}/{birth}/{chance}", "", "one", "/".join(["x"] * 4)]))


def test_no_two_owners_share_a_name() -> None:
    """Two stores opened in one process are two owners; the process id can be read from both."""
    one, other = process.owner(), process.owner()
    assert one != other
    assert process.pid_of(one) == process.pid_of(other)
