"""`up`, `down`, `reset`, `status`: what a person does with the supervisor."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from typing import Any

from kiban.ops import config, supervisor
from kiban.ops.home import DATA_KEY, folder, home, secret, write_private
from kiban.ops.machine import free_port, port_free
from kiban.ops.postgres import Cluster
from kiban.ops.processes import child_setup

_START_LIMIT = 600.0
_STOP_LIMIT = 120.0
_NEEDED_SPACE = 300 * 1024 * 1024
# What reset deletes. Fonts are a download and hold no data: they stay.
_DATA = ("editions", "files", "keys", "logs", "run", "secrets", "static", "mode")


class ControlError(RuntimeError):
    """What was asked can't be done now; the text says why and what to do."""


def up(arguments: argparse.Namespace) -> int:
    """Start in the background and return when the health check answers."""
    _check_home()
    if supervisor.is_running():
        return _join_running(arguments)
    mode = _choose_mode(production=arguments.production)
    port = _choose_port(arguments.port, arguments.host)
    environment = {
        **os.environ,
        "KIBAN_MODE": mode,
        "KIBAN_BASE_URL": os.environ.get("KIBAN_BASE_URL") or f"http://localhost:{port}",
    }
    environment.pop("KIBAN_DB_ROLE", None)
    _say(f"Starting kiban ({mode}); data in {home()}")
    _say_where_the_database_is()
    process = _launch(arguments.host, port, environment, foreground=arguments.foreground)
    _await_start(process)
    _welcome(mode, port)
    return _stay(process) if arguments.foreground else 0


def start(*, host: str, port: int) -> int:
    """Start in the background as it was started before."""
    return up(argparse.Namespace(host=host, port=port, production=False, foreground=False))


def down(_arguments: argparse.Namespace) -> int:
    """Stop everything; says so when nothing ran."""
    if not supervisor.is_running():
        _say("kiban is not running.")
        return 0
    stop_running()
    _say("kiban has stopped. Its data stays; ./kiban up starts it again.")
    return 0


def reset(arguments: argparse.Namespace) -> int:
    """Delete the data of this KIBAN_HOME after asking."""
    if not home().is_dir():
        _say(f"There is no data in {home()}.")
        return 0
    if not arguments.yes and not _confirmed():
        _say("Nothing was deleted.")
        return 1
    if supervisor.is_running():
        stop_running()
    lock = supervisor.take_lock()
    with lock:
        cluster = Cluster()
        cluster.clear_remains()
        cluster.remove()
        for name in _DATA:
            path = home() / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            (home() / "postgres").rmdir()
    _say(f"The data in {home()} was deleted.")
    if config.external_url():
        _say("The database of KIBAN_DATABASE_URL was not touched: empty it with its own tools.")
    return 0


def status(arguments: argparse.Namespace) -> int:
    """Exit status 0 when all runs, 3 when nothing runs, 1 in between."""
    running = supervisor.is_running()
    found = supervisor.read_status() if running else {}
    if arguments.json:
        _say(json.dumps({"running": running, **found}))
    elif not running:
        _say("kiban is not running.")
    else:
        _say(f"kiban: {found.get('state')} ({found.get('mode')}) {_url(found)}")
        for name, child in found.get("children", {}).items():
            _say(f"  {name:<9} pid {child['pid']}  restarts {child['restarts']}")
    if not running:
        return 3
    return 0 if found.get("state") == "running" else 1


# Starting


def _check_home() -> None:
    try:
        folder("run", 0o711)
        probe = home() / "run" / f".probe-{os.getpid()}"
        write_private(probe, "x" * 4096)
        probe.unlink()
    except OSError as error:
        raise ControlError(
            f"{home()} can't be written ({error.strerror}). Set KIBAN_HOME to a folder of your own, "
            "e.g. KIBAN_HOME=$HOME/.kiban ./kiban up"
        ) from error
    free = shutil.disk_usage(home()).free
    if free < _NEEDED_SPACE:
        raise ControlError(
            f"Only {free // 2**20} MB are free on the disk of {home()}; at least "
            f"{_NEEDED_SPACE // 2**20} MB are needed. Free some space or set KIBAN_HOME to another disk."
        )


def _choose_mode(*, production: bool) -> str:
    asked = os.environ.get("KIBAN_MODE") or ("production" if production else "")
    remembered = config.remembered_mode()
    mode = asked or remembered or "demo"
    if production and mode != "production":
        raise ControlError(f"--production contradicts KIBAN_MODE={mode}.")
    if remembered and remembered != mode:
        raise ControlError(
            f"{home()} was started as {remembered} and can't become {mode}: demo people and real data never "
            "share a database. Use another KIBAN_HOME (or ./kiban reset, which deletes the data)."
        )
    if mode == "production":
        _check_production()
    if not remembered:
        secret(DATA_KEY)  # made with the installation and never later: a lost key must not be replaced unseen
    write_private(home() / "mode", mode + "\n")
    return mode


def _check_production() -> None:
    """A production start needs its public address; secrets are made and kept when they are not given."""
    given = os.environ.get("KIBAN_BASE_URL", "")
    wrong = []
    if not given.startswith("https://"):
        wrong.append("KIBAN_BASE_URL: the public address, https://…")
    key = os.environ.get("KIBAN_SECRET_DJANGO_SECRET_KEY")
    if key is not None and len(key) < 50:
        wrong.append("KIBAN_SECRET_DJANGO_SECRET_KEY: at least 50 random characters, or leave it out")
    if wrong:
        raise ControlError(
            f"--production needs these variables (in the environment or in {home() / 'kiban.env'}):\n  "
            + "\n  ".join(wrong)
        )


def _choose_port(asked: int | None, host: str) -> int:
    if asked is not None:
        if not port_free(asked, host):
            raise ControlError(
                f"Port {asked} is taken by another program. Port {free_port(asked + 1, host)} is free: "
                f"./kiban up --port {free_port(asked + 1, host)}"
            )
        return asked
    port = free_port(8000, host)
    if port != 8000:
        _say(f"Port 8000 is taken by another program: using {port}.")
    return port


def _say_where_the_database_is() -> None:
    if config.external_url():
        _say("  database: KIBAN_DATABASE_URL")
        return
    cluster = Cluster()
    if cluster.moved:
        _say(f"  database in {cluster.root}: its user ({cluster.account.name}) can't pass through {home()}")


def _launch(
    host: str, port: int, environment: dict[str, str], *, foreground: bool
) -> subprocess.Popen[bytes]:
    with (folder("logs") / "supervisor.log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603  (our own module)
            [sys.executable, "-m", "kiban.ops.supervise", host, str(port)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            cwd="/",
            start_new_session=True,
            preexec_fn=child_setup(signal.SIGTERM if foreground else None),
        )


def _await_start(process: subprocess.Popen[bytes] | None) -> None:
    """Print each step; return when the supervisor says `running`."""
    deadline = time.monotonic() + _START_LIMIT
    shown = ""
    while time.monotonic() < deadline:
        found = supervisor.read_status()
        if process is None or found.get("pid") == process.pid:
            if found.get("state") == "running":
                return
            if found.get("state") == "failed":
                raise ControlError(f"The start failed: {found.get('message')}")
            if found.get("message") and found["message"] != shown:
                shown = found["message"]
                _say(f"  … {shown}")
        if process is not None and process.poll() is not None:
            log = home() / "logs" / "supervisor.log"
            raise ControlError(f"The supervisor ended with status {process.returncode}: see {log}")
        time.sleep(0.1)
    raise ControlError(f"Not started after {_START_LIMIT:.0f} seconds: see {home() / 'logs'}")


def _join_running(arguments: argparse.Namespace) -> int:
    _await_start(None)
    found = supervisor.read_status()
    if arguments.port is not None and arguments.port != found["port"]:
        raise ControlError(f"kiban already runs on port {found['port']}; ./kiban down stops it first.")
    if arguments.production and found["mode"] != "production":
        raise ControlError(f"kiban already runs as {found['mode']}; ./kiban down stops it first.")
    _say("kiban is running already.")
    _welcome(found["mode"], found["port"])
    return 0


def _welcome(mode: str, port: int) -> None:
    url = os.environ.get("KIBAN_BASE_URL", "").rstrip("/") or f"http://localhost:{port}"
    _say(f"\n  {url}/")
    if mode == "production":
        _say("  The first administrator: ./kiban admin create --help · Is all well? ./kiban doctor")
    if mode == "demo":
        _say(f"  {url}/demo/    demo people to try it as (demo data only: nothing here is real)")
    _say("\n  ./kiban status · ./kiban down · logs in " + str(home() / "logs"))


def _stay(process: subprocess.Popen[bytes]) -> int:
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: process.send_signal(signal.SIGTERM))
    try:
        return process.wait()
    except KeyboardInterrupt:
        _say("\nStopping …")
        process.send_signal(signal.SIGTERM)
        return process.wait(timeout=_STOP_LIMIT)


# Stopping


def stop_running() -> None:
    """Ask the supervisor to stop and wait until it has. Raises ControlError."""
    pid = supervisor.read_status().get("pid")
    if not isinstance(pid, int):
        raise ControlError(f"Something holds the lock in {home() / 'run'} but says nothing; try again.")
    try:
        os.kill(pid, signal.SIGTERM)
    except PermissionError as error:
        raise ControlError(f"kiban was started by another user (pid {pid}), who must stop it.") from error
    except ProcessLookupError:
        pass
    deadline = time.monotonic() + _STOP_LIMIT
    while supervisor.is_running():
        if time.monotonic() > deadline:
            raise ControlError(f"kiban did not stop in {_STOP_LIMIT:.0f} seconds: see {home() / 'logs'}")
        time.sleep(0.05)


def _confirmed() -> bool:
    if not sys.stdin.isatty():
        raise ControlError("reset deletes all data: confirm with --yes.")
    sys.stdout.write(f"Delete all data in {home()}? Type yes: ")
    sys.stdout.flush()
    return sys.stdin.readline().strip() == "yes"


def _url(found: dict[str, Any]) -> str:
    return f"http://localhost:{found.get('port')}/"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
