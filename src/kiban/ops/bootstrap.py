"""First half of `./kiban`: the virtual environment and the npm packages, with the standard library alone.

Run by any Python from 3.11 on, before anything is installed. When what is installed matches the lock files
(a stamp says so) it does nothing but hand over to `kiban.ops.cli` in the virtual environment.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

REPO = Path(__file__).resolve().parents[3]
VENV = REPO / ".venv"
STAMP = VENV / "kiban-stamp"
NODE_MODULES = REPO / "node_modules"
NODE_STAMP = NODE_MODULES / ".kiban-stamp"
NEEDED_SPACE = 1500 * 1024 * 1024
FORMAT = "2"  # raise it when the way of installing changes


class BootstrapError(Exception):
    """What is missing on this machine, and how to mend it."""


def main(arguments: list[str]) -> int:  # noqa: RET503  (execv does not return)
    """Install what the command needs, then become `python -m kiban.ops.cli`."""
    command = arguments[0] if arguments else ""
    with_tests = command == "test"
    needs_assets = command in ("up", "test", "")
    try:
        with _lock():
            _install_python(with_tests)
            if needs_assets:
                _install_npm(with_tests)
    except BootstrapError as error:
        sys.stderr.write(f"kiban: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    python = str(VENV / "bin" / "python")
    os.environ["PYTHONSAFEPATH"] = "1"
    os.execv(python, [python, "-m", "kiban.ops.cli", *(arguments or ["--help"])])  # noqa: S606


@contextlib.contextmanager
def _lock() -> Iterator[None]:
    """One installation at a time. Someone who may only read the folder uses what is installed."""
    try:
        stream = (REPO / ".kiban-install.lock").open("a")
    except PermissionError:
        if _venv_current(False) or _venv_current(True):
            yield
            return
        raise BootstrapError(f"{REPO} belongs to another user. Clone the repository for yourself.") from None
    except OSError as error:
        raise BootstrapError(f"{REPO} can't be written: {error.strerror}.") from error
    with stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


# Python


def _lock_file(with_tests: bool) -> Path:
    return REPO / ("requirements-dev.lock" if with_tests else "requirements.lock")


def _wanted(with_tests: bool) -> str:
    digest = hashlib.sha256(_lock_file(with_tests).read_bytes()).hexdigest()
    return f"{FORMAT} {'dev' if with_tests else 'run'} {digest} {REPO}\n"


def _venv_current(with_tests: bool) -> bool:
    try:
        return STAMP.read_text() == _wanted(with_tests) and (VENV / "bin" / "python").exists()
    except OSError:
        return False


def _install_python(with_tests: bool) -> None:
    # What the tests need contains what running needs: never remove it again for a mere `up`.
    if _venv_current(with_tests) or (not with_tests and _venv_current(True)):
        return
    _check_space()
    if not _works(VENV / "bin" / "python"):
        _make_venv()
    started = time.monotonic()
    lock = _lock_file(with_tests)
    _say(f"Installing the Python packages of {lock.name} …")
    _install_packages(lock)
    site = subprocess.run(  # noqa: S603
        [str(VENV / "bin" / "python"), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    Path(site, "kiban.pth").write_text(f"{REPO / 'src'}\n{REPO}\n", encoding="utf-8")
    STAMP.write_text(_wanted(with_tests))
    _say(f"  done in {time.monotonic() - started:.0f} s")


def _works(python: Path) -> bool:
    if not python.exists():
        return False
    check = "import sys; sys.exit(not ((3, 11) <= sys.version_info[:2] < (3, 14)))"
    return subprocess.run([str(python), "-c", check], check=False).returncode == 0  # noqa: S603


def _make_venv() -> None:
    shutil.rmtree(VENV, ignore_errors=True)
    base = getattr(sys, "_base_executable", sys.executable)
    uv = shutil.which("uv")
    if uv and _quiet([uv, "venv", "--quiet", "--python", base, str(VENV)]).returncode == 0:
        return
    done = _quiet([base, "-m", "venv", str(VENV)])
    if done.returncode == 0:
        return
    # Debian ships Python without ensurepip: an environment without pip will do when there is another pip.
    shutil.rmtree(VENV, ignore_errors=True)
    if _has_pip(base) and _quiet([base, "-m", "venv", "--without-pip", str(VENV)]).returncode == 0:
        return
    shutil.rmtree(VENV, ignore_errors=True)
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    raise BootstrapError(
        f"{base} can't make a virtual environment. Debian, Ubuntu: apt install python{version}-venv\n"
        f"{(done.stderr or done.stdout).strip()[-600:]}"
    )


def _install_packages(lock: Path) -> None:
    python = str(VENV / "bin" / "python")
    options = ["--require-hashes", "-r", str(lock)]
    tried = []
    uv = shutil.which("uv")
    if uv:
        tried.append([uv, "pip", "install", "--quiet", "--python", python, *options])
    pip = ["pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--only-binary", ":all:"]
    base = getattr(sys, "_base_executable", sys.executable)
    if _has_pip(python):
        tried.append([python, "-m", *pip, *options])
    elif _has_pip(base):
        tried.append([base, "-m", "pip", "--python", python, *pip[1:], *options])
    output = "neither pip nor uv is there"
    for command in tried:
        done = _quiet(command)
        if done.returncode == 0:
            return
        output = (done.stderr or done.stdout).strip()[-1500:]
    raise BootstrapError(f"The Python packages could not be installed.{_hint(output)}\n{output}")


def _has_pip(python: str) -> bool:
    return _quiet([python, "-m", "pip", "--version"]).returncode == 0


# npm


def _install_npm(with_tests: bool) -> None:
    lock = REPO / "package-lock.json"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    wanted = [f"{FORMAT} dev {digest}\n"] + ([] if with_tests else [f"{FORMAT} run {digest}\n"])
    with contextlib.suppress(OSError):
        if NODE_STAMP.read_text() in wanted:
            return
    npm = shutil.which("npm")
    if npm is None:
        raise BootstrapError(
            "npm is missing; it brings the style sheets and fonts of the pages (Node.js 20 or newer).\n"
            "  Debian, Ubuntu:  apt install npm        macOS:  brew install node"
        )
    _say("Installing the npm packages of package-lock.json …")
    started = time.monotonic()
    command = [
        npm,
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        *([] if with_tests else ["--omit=dev"]),
    ]
    done = _quiet(command)
    if done.returncode != 0:
        output = (done.stderr or done.stdout).strip()[-1500:]
        raise BootstrapError(f"The npm packages could not be installed.{_hint(output)}\n{output}")
    NODE_STAMP.write_text(wanted[0] if with_tests else wanted[-1])
    _say(f"  done in {time.monotonic() - started:.0f} s")


# Helpers


def _quiet(command: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, cwd=REPO, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError as error:
        return subprocess.CompletedProcess(command, 127, "", str(error))


def _hint(output: str) -> str:
    lowered = output.lower()
    if "no space left" in lowered or "enospc" in lowered:
        return " The disk is full: free at least 1.5 GB and run the command again."
    if any(
        word in lowered for word in ("resolve", "connection", "timed out", "network", "enotfound", "econn")
    ):
        return " The network or the package index can't be reached; run the command again when it can."
    if "no matching distribution" in lowered or "no wheels" in lowered:
        return " There is no package for this kind of machine (supported: Linux and macOS, x86_64 and arm64)."
    return ""


def _check_space() -> None:
    free = shutil.disk_usage(REPO).free
    if free < NEEDED_SPACE:
        raise BootstrapError(
            f"Only {free // 2**20} MB are free on the disk of {REPO}; installing needs "
            f"{NEEDED_SPACE // 2**20} MB. Free some space and run the command again."
        )


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
