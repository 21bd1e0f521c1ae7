"""The supervisor with children of the simplest kind: what dies comes back, one at a time per KIBAN_HOME."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import psutil
import pytest

from kiban.ops import supervisor
from kiban.ops.processes import child_setup, kill_group
from kiban.ops.supervisor import AlreadyRunning, Child, Supervisor, take_lock

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def _spawn(command: list[str]) -> Callable[[IO[bytes]], subprocess.Popen[bytes]]:
    def spawn(log: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command, stdout=log, stderr=log, start_new_session=True, preexec_fn=child_setup(signal.SIGTERM)
        )

    return spawn


@pytest.fixture
def watched(kiban_home: Path) -> Iterator[Supervisor]:
    found = Supervisor("127.0.0.1", 1)
    found.state = "running"
    yield found
    for child in found.children.values():
        if child.process is not None:
            kill_group(child.process.pid, signal.SIGKILL)
            child.process.wait()


def _look_until(watched: Supervisor, condition: Callable[[], bool], limit: float = 5.0) -> None:
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        watched._look()
        time.sleep(0.02)


def test_a_killed_child_is_there_again_at_once(watched: Supervisor) -> None:
    child = Child("sleeper", _spawn(SLEEP))
    watched._add(child)
    assert child.process is not None
    first = child.process.pid
    os.kill(first, signal.SIGKILL)
    child.process.wait()
    _look_until(watched, lambda: child.process is not None and child.process.pid != first, limit=1.0)
    assert supervisor.read_status()["children"]["sleeper"] == {"pid": child.process.pid, "restarts": 1}


def test_a_child_that_dies_at_once_is_given_growing_pauses(watched: Supervisor) -> None:
    child = Child("failing", _spawn([sys.executable, "-c", "raise SystemExit(3)"]))
    watched._add(child)
    pauses = []
    for _ in range(4):
        assert child.process is not None
        child.process.wait()
        pauses.append(child.plan_restart())
        child.start()
    assert pauses[0] == 0.0
    assert pauses[1] < pauses[2] < pauses[3] <= 15.0


def test_what_a_dead_child_had_started_goes_with_it(watched: Supervisor) -> None:
    program = (
        "import subprocess, time\np = subprocess.Popen(['sleep', '60'])\n"
        "print(p.pid, flush=True)\ntime.sleep(60)"
    )
    child = Child("parent", _spawn([sys.executable, "-c", program]))
    watched._add(child)
    assert child.process is not None
    deadline = time.monotonic() + 5
    while not (text := child.log_path().read_text().strip()) and time.monotonic() < deadline:
        time.sleep(0.02)
    grandchild, first = int(text), child.process.pid
    os.kill(first, signal.SIGKILL)
    child.process.wait()
    _look_until(watched, lambda: child.process is not None and child.process.pid != first)
    deadline = time.monotonic() + 5
    while not _gone(grandchild):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _gone(pid: int) -> bool:
    """Ended, whether or not somebody has fetched its status yet."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_one_supervisor_per_home(kiban_home: Path) -> None:
    assert not supervisor.is_running()
    with take_lock():
        assert supervisor.is_running()
        with pytest.raises(AlreadyRunning):
            take_lock()
    assert not supervisor.is_running()


def test_the_lock_of_a_killed_supervisor_is_free(kiban_home: Path) -> None:
    program = (
        "import time\nfrom kiban.ops.supervisor import take_lock\n"
        "lock = take_lock()\nprint('held', flush=True)\ntime.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    assert supervisor.is_running()
    holder.kill()
    holder.wait()
    assert not supervisor.is_running()


def test_a_large_log_keeps_one_older_part(kiban_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "_LOG_LIMIT", 10)
    path = kiban_home / "x.log"
    path.parent.mkdir(exist_ok=True)
    path.write_text("0123456789abc")
    supervisor._trim(path)
    assert path.read_text() == "" and path.with_suffix(".log.1").read_text() == "0123456789abc"


def test_a_failed_step_says_why(watched: Supervisor) -> None:
    with pytest.raises(supervisor.PreparationFailed, match=r"schema failed.*prepare.log"):
        watched._prepare("app", "no-such-step", "schema")


def test_of_a_failed_step_only_the_error_is_shown() -> None:
    output = (
        'Traceback (most recent call last):\n  File "x.py", line 1, in f\n    g()\n'
        '  File "y.py", line 2, in g\n    raise Wrong(text)\n    ^^^^^\n'
        "Wrong: service.yaml:3: unknown key\nforms.yaml:7: no such field"
    )
    assert supervisor.last_error(output) == "Wrong: service.yaml:3: unknown key\nforms.yaml:7: no such field"
    assert supervisor.last_error("just words") == "just words"
