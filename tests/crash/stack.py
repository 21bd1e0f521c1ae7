"""A whole installation in a KIBAN_HOME of its own, whose processes can be killed one by one."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from kiban.ops.home import REPO
from kiban.ops.machine import free_port

VICTIMS = ("server worker", "server", "worker", "postgres", "backend")
WORKERS = 2


class Stack:
    """`up()`, `kill(victim)` (seconds until all runs again), `down()`. In test mode, so that the clock can be set."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="kiban-crash-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.home = self.folder / "home"
        self.home.mkdir(mode=0o711)
        fonts = REPO / ".kiban" / "test" / "fonts"
        if fonts.is_dir():
            shutil.copytree(fonts, self.home / "fonts")
        self.port = free_port(random.randint(19000, 29000))
        plain = {k: v for k, v in os.environ.items() if not k.startswith(("KIBAN_", "DJANGO_"))}
        self.environment = {
            **plain, "KIBAN_HOME": str(self.home), "KIBAN_MODE": "test", "KIBAN_SERVER_WORKERS": str(WORKERS),
            "KIBAN_API_RATE": "500", "PYTHONPATH": f"{REPO / 'src'}{os.pathsep}{REPO}",
        }  # fmt: skip

    def run(self, *arguments: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        """`./kiban ARGUMENTS` of this installation."""
        return self.python("kiban.ops.cli", *arguments, timeout=timeout)

    def python(self, module: str, *arguments: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", module, *arguments], cwd=REPO, env=self.environment, capture_output=True,
            text=True, timeout=timeout, check=False,
        )  # fmt: skip

    def up(self) -> None:
        started = self.run("up", "--port", str(self.port))
        assert started.returncode == 0, started.stdout + started.stderr

    def down(self) -> None:
        self.run("down")
        shutil.rmtree(self.folder, ignore_errors=True)

    def status(self) -> dict[str, Any]:
        """What the supervisor wrote down last."""
        found: dict[str, Any] = json.loads((self.home / "run" / "status.json").read_text(encoding="utf-8"))
        return found

    def pid(self, child: str) -> int:
        return int(self.status()["children"][child]["pid"])

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def whole(self) -> bool:
        """All three children run, the server with all its workers, and it reaches the database."""
        try:
            # A child that is down has no pid: int() says so, where psutil would take this process itself.
            children = {
                name: psutil.Process(int(child["pid"])) for name, child in self.status()["children"].items()
            }
            alive = all(child.status() != psutil.STATUS_ZOMBIE for child in children.values())
            workers = _living(children["server"].children())
        except (psutil.Error, KeyError, TypeError, ValueError):
            return False
        return alive and len(children) == 3 and len(workers) == WORKERS and self.ready()

    def kill(self, victim: str) -> float:
        """SIGKILL; seconds until something else has taken the victim's place and all is whole."""
        # One that fell with an earlier victim may still be on its way back.
        wait(self.whole, limit=60, what="all processes")
        process = self._victim(victim)
        os.kill(process.pid, signal.SIGKILL)
        return wait(
            lambda: not _alive(process) and self.whole(), limit=60, what=f"recovery from a killed {victim}"
        )

    def _victim(self, victim: str) -> psutil.Process:
        if victim in ("server", "worker", "postgres"):
            return psutil.Process(self.pid(victim))
        parent = psutil.Process(self.pid("server" if victim == "server worker" else "postgres"))
        found: list[psutil.Process] = []

        def there() -> bool:
            found[:] = _living(parent.children())
            if victim == "backend":
                found[:] = [child for child in found if "kiban_app" in " ".join(child.cmdline())]
            return bool(found)

        wait(there, limit=20, what=f"a {victim} to kill")
        return random.choice(found)


def wait(condition: Callable[[], bool], *, limit: float, what: str) -> float:
    """Seconds until the condition holds; an AssertionError when it does not in time."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < limit, f"{what}: not within {limit:.0f} seconds"
        time.sleep(0.05)
    return time.monotonic() - began


def _alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _living(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [process for process in processes if _alive(process)]
