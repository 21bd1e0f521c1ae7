"""Keeps PostgreSQL, the server and the worker running, and brings back whichever of them dies.

One supervisor per KIBAN_HOME (a file lock). It starts the database, prepares it, starts the other two, and
then only watches. What it knows stands in KIBAN_HOME/run/status.json; what its children say, in
KIBAN_HOME/logs/.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import select
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from kiban.ops import config, fingerprint
from kiban.ops.home import folder, write_private
from kiban.ops.machine import PostgresError
from kiban.ops.postgres import Cluster
from kiban.ops.processes import child_setup, kill_group
from kiban.ops.roles import prepare_database

_log = logging.getLogger("kiban.supervisor")
_STEADY = 30.0  # seconds after which a child counts as well again
_MAX_PAUSE = 15.0
_PROBE_EVERY = 10.0
_PROBES_LOST = 6
_LOG_LIMIT = 20 * 1024 * 1024

Spawn = Callable[[IO[bytes]], "subprocess.Popen[bytes]"]


class AlreadyRunning(RuntimeError):
    """Another supervisor has this KIBAN_HOME."""


class PreparationFailed(RuntimeError):
    """A step between database and server failed; the text holds the end of its output."""


@dataclass
class Child:
    """A process that shall always run."""

    name: str
    spawn: Spawn
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    due: float = 0.0
    deaths: int = 0
    restarts: int = 0
    lost_probes: int = field(default=0)

    def log_path(self) -> Path:
        return folder("logs") / f"{self.name}.log"

    def start(self) -> None:
        with self.log_path().open("ab") as stream:
            self.process = self.spawn(stream)
        self.started = time.monotonic()
        self.lost_probes = 0

    def ended(self) -> int | None:
        """Exit status when it has ended, else None."""
        return None if self.process is None else self.process.poll()

    def plan_restart(self) -> float:
        """Seconds to wait before it is started again: at once at first, then longer and longer."""
        self.deaths = 1 if time.monotonic() - self.started > _STEADY else self.deaths + 1
        self.restarts += 1
        pause = 0.0 if self.deaths == 1 else min(_MAX_PAUSE, 0.25 * 2.0**self.deaths)
        self.due = time.monotonic() + pause
        return pause


class Supervisor:
    """`run()` until a signal asks to stop."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self.run_folder = folder("run", 0o711)
        self.cluster: Cluster | None = None if config.external_url() else Cluster()
        self.children: dict[str, Child] = {}
        self.stopping = False
        self.state = "starting"
        self.message = ""
        self._lock: IO[str] | None = None
        self._probed = 0.0

    # Life

    def run(self) -> int:
        """Exit status: 0 after an orderly stop, 1 when the start failed."""
        self._lock = take_lock()
        metrics = folder("run", 0o711) / "metrics"  # the processes count together; each start counts anew
        shutil.rmtree(metrics, ignore_errors=True)
        metrics.mkdir(mode=0o700)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(metrics)
        reader, writer = os.pipe()
        for end in (reader, writer):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        try:
            self._start()
            while not self.stopping:
                select.select([reader], [], [], 0.5 if self._pending() else 2.0)
                with contextlib.suppress(BlockingIOError):
                    os.read(reader, 512)
                self._look()
        except (PostgresError, PreparationFailed, config.ConfigurationError, OSError) as error:
            if not self.stopping:
                self._say("failed", str(error))
                _log.error("start failed: %s", error)
                return 1
        finally:
            self._stop()
        return 0

    def _ask_to_stop(self, *_: object) -> None:
        self.stopping = True

    def _start(self) -> None:
        self._say("starting", "database")
        if self.cluster is not None:
            self._start_cluster(self.cluster)
            prepare_database(self.cluster.superuser(), "kiban")
        else:
            owner = config.database("owner")
            prepare_database(owner, owner.name, owner=owner.user)
        stamp = fingerprint.of_installation()
        if not fingerprint.is_prepared(stamp):
            self._prepare("owner", "schema", "schema and services")
            self._prepare("app", "assets", "translations, fonts, static files")
            if config.mode() == "demo":
                self._prepare("app", "demo", "demo data")
            fingerprint.record(stamp)
        self._say("starting", "server")
        self._add(Child("server", self._spawn_server))
        self._add(Child("worker", self._spawn_worker))
        self._wait_for_server()
        self._say("running", "")

    def _start_cluster(self, cluster: Cluster) -> None:
        if cluster.create():
            _log.info("database made", extra={"folder": str(cluster.data)})
        cluster.clear_remains()
        child = Child("postgres", cluster.spawn)
        self._add(child)
        cluster.wait_ready(child.process)

    def _add(self, child: Child) -> None:
        self.children[child.name] = child
        child.start()

    def _prepare(self, role: str, step: str, what: str) -> None:
        self._say("starting", what)
        log = folder("logs") / "prepare.log"
        with log.open("ab") as stream:
            begin = stream.tell()
            process = self._python(["kiban.ops.prepare", step], role, stream)
            while process.poll() is None:
                if self.stopping:
                    kill_group(process.pid, signal.SIGTERM)
                time.sleep(0.05)
        if process.returncode != 0:
            with log.open("rb") as stream:
                stream.seek(begin)
                output = stream.read().decode("utf-8", "replace")
            raise PreparationFailed(f"{what} failed (whole log: {log}):\n{last_error(output)}")

    def _wait_for_server(self) -> None:
        deadline = time.monotonic() + 60
        while not self.stopping:
            if probe(self.port, "/readyz", host=self.host):
                return
            status = self.children["server"].ended()
            if status is not None or time.monotonic() > deadline:
                tail = _tail(self.children["server"].log_path())
                raise PreparationFailed(f"The server does not come up (status {status}):\n{tail}")
            time.sleep(0.05)

    # Watching

    def _pending(self) -> bool:
        return any(child.process is None for child in self.children.values())

    def _look(self) -> None:
        changed = False
        for child in self.children.values():
            status = child.ended()
            if status is not None and child.process is not None:
                kill_group(child.process.pid, signal.SIGKILL)  # its children must not hold port or files
                pause = child.plan_restart()
                _log.error("process ended", extra={"child": child.name, "status": status, "pause": pause})
                child.process = None
                changed = True
            if child.process is None and time.monotonic() >= child.due and not self.stopping:
                changed |= self._restart(child)
        if time.monotonic() - self._probed > _PROBE_EVERY:
            self._probed = time.monotonic()
            self._probe_server()
            for child in self.children.values():
                _trim(child.log_path())
        if changed:
            self._say("running", "")

    def _restart(self, child: Child) -> bool:
        try:
            if child.name == "postgres" and self.cluster is not None:
                self.cluster.clear_remains()
            child.start()
        except (OSError, PostgresError) as error:
            pause = child.plan_restart()
            _log.error("restart failed", extra={"child": child.name, "why": str(error), "pause": pause})
            return False
        _log.info("process started again", extra={"child": child.name, "pid": child.process.pid})  # type: ignore[union-attr]
        return True

    def _probe_server(self) -> None:
        """A server that lives but no longer answers is as bad as a dead one."""
        child = self.children.get("server")
        if child is None or child.process is None:
            return
        if probe(self.port, "/healthz", host=self.host, timeout=8.0):
            child.lost_probes = 0
            return
        child.lost_probes += 1
        if child.lost_probes >= _PROBES_LOST:
            _log.error("server does not answer: restarting it")
            kill_group(child.process.pid, signal.SIGKILL)

    # Children

    def _python(self, module: list[str], role: str, log: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603  (our own modules)
            [sys.executable, "-m", *module],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, "KIBAN_DB_ROLE": role, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
            preexec_fn=child_setup(signal.SIGTERM),
        )

    def _spawn_server(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        return self._python(["kiban.ops.server", self.host, str(self.port)], "app", log)

    def _spawn_worker(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        return self._python(["kiban.ops.worker"], "worker", log)

    # End

    def _stop(self) -> None:
        """Server and worker first, so that what they do is finished; then the database."""
        if self.state != "failed":
            self._say("stopping", "")
        for name in ("server", "worker"):
            child = self.children.get(name)
            if child is not None and child.process is not None:
                _end(child.process, signal.SIGTERM, 20.0)
        postgres = self.children.get("postgres")
        if postgres is not None and postgres.process is not None:
            _end(postgres.process, signal.SIGINT, 60.0)
        if self.state != "failed":
            (self.run_folder / "status.json").unlink(missing_ok=True)

    def _say(self, state: str, message: str) -> None:
        """Write the state where `status` and `up` read it."""
        self.state, self.message = state, message
        children = {
            child.name: {"pid": child.process.pid if child.process else None, "restarts": child.restarts}
            for child in self.children.values()
        }
        status: dict[str, Any] = {
            "state": state,
            "message": message,
            "pid": os.getpid(),
            "host": self.host,
            "port": self.port,
            "mode": config.mode(),
            "children": children,
        }
        write_private(self.run_folder / "status.json", json.dumps(status))


def take_lock() -> IO[str]:
    """The lock of this KIBAN_HOME; AlreadyRunning when another process holds it."""
    stream = (folder("run", 0o711) / "supervisor.lock").open("a+", encoding="utf-8")
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        stream.close()
        raise AlreadyRunning from error
    return stream


def is_running() -> bool:
    """Does a supervisor hold the lock of this KIBAN_HOME?"""
    try:
        take_lock().close()
    except AlreadyRunning:
        return True
    return False


def read_status() -> dict[str, Any]:
    """What the supervisor wrote last; empty when there is nothing."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        found: dict[str, Any] = json.loads((folder("run", 0o711) / "status.json").read_text(encoding="utf-8"))
        return found
    return {}


def probe(port: int, path: str, *, host: str = "127.0.0.1", timeout: float = 3.0) -> bool:
    """Does our server answer 200 here?"""
    target = "127.0.0.1" if host in ("0.0.0.0", "localhost") else host  # noqa: S104
    try:
        with urllib.request.urlopen(f"http://{target}:{port}{path}", timeout=timeout) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _end(process: subprocess.Popen[bytes], number: signal.Signals, patience: float) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)
    try:
        process.wait(timeout=patience)
    except subprocess.TimeoutExpired:
        _log.error("process did not stop in time", extra={"pid": process.pid})
    kill_group(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=5)


def last_error(output: str, *, lines: int = 40) -> str:
    """What a Python program said last: the text of its error without the frames before it."""
    found = output.strip().splitlines()
    frames = [number for number, line in enumerate(found) if line.startswith("  File ")]
    if frames:
        after = found[frames[-1] + 1 :]
        found = [line for line in after if not line.startswith("    ")] or found
    return "\n".join(found[-lines:])


def _trim(path: Path) -> None:
    """Keep one older part of a log that has grown large. The writers append, so the file stays theirs."""
    with contextlib.suppress(OSError):
        if path.stat().st_size > _LOG_LIMIT:
            path.with_suffix(".log.1").write_bytes(path.read_bytes())
            os.truncate(path, 0)


def _tail(path: Path, size: int = 2500) -> str:
    with contextlib.suppress(OSError):
        return path.read_bytes()[-size:].decode("utf-8", "replace")
    return ""
