"""`./kiban test`: the checks that CI runs, in the order in which they are quick to fail."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time

from kiban.ops.home import REPO

_LINTERS = (
    ("ruff check", ["-m", "ruff", "check", "."]),
    ("ruff format", ["-m", "ruff", "format", "--check", "."]),
    ("mypy", ["-m", "mypy"]),
    ("import contracts", ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]),
)
# Debian packages of the tests (browser, readers of signed PDF that are not ours, a token): (program, packages).
_PACKAGES = (
    ("chromium", ("chromium",)), ("pdfsig", ("poppler-utils",)), ("qpdf", ("qpdf",)), ("softhsm2-util", ("softhsm2",)),
)  # fmt: skip
_JAPANESE_FONT = ("fc-list", ":lang=ja", "family")


def test(arguments: argparse.Namespace) -> int:
    """Linters, then pytest; ends with pytest's own summary line. Stops at the first linter that fails."""
    whole = not arguments.paths and not arguments.rest
    if whole:
        for name, command in _LINTERS:
            status = _run(name, command)
            if status:
                sys.stdout.write(f"\n{name} failed (exit status {status}); the tests were not run.\n")
                return 1
    _install_packages()
    return _run("tests", ["-m", "pytest", *_pytest_arguments(arguments, whole=whole)])


def _pytest_arguments(arguments: argparse.Namespace, *, whole: bool) -> list[str]:
    selected = [*arguments.paths, *arguments.rest]
    if not arguments.full:
        selected += ["-m", "not full"]
    if whole:
        selected += ["-n", str(min(4, os.cpu_count() or 1)), "--dist", "loadfile"]
        selected += ["--cov", "--cov-report=term:skip-covered", "--durations=10"]
    return selected


def _run(name: str, command: list[str]) -> int:
    sys.stdout.write(f"── {name}\n")
    sys.stdout.flush()
    started = time.monotonic()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("KIBAN_") or k == "KIBAN_CHROMIUM"}
    done = subprocess.run([sys.executable, *command], cwd=REPO, env=environment, check=False)  # noqa: S603
    status = done.returncode
    if name != "tests":
        sys.stdout.write(f"   {'ok' if status == 0 else 'failed'} in {time.monotonic() - started:.1f} s\n")
        sys.stdout.flush()
    return status


def _install_packages() -> None:
    """Where we may (root, Debian), install the browser and a Japanese font that the tests look at."""
    missing = [name for program, names in _PACKAGES if not shutil.which(program) for name in names]
    if not _has_japanese_font():
        missing += ["fontconfig", "fonts-ipafont-gothic"]
    if not missing or os.environ.get("KIBAN_CHROMIUM"):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        sys.stdout.write(f"   Please install for the browser tests: {' '.join(missing)}\n")
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing],
    ):
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)  # noqa: S603


def _has_japanese_font() -> bool:
    if not shutil.which("fc-list"):
        return False
    found = subprocess.run(_JAPANESE_FONT, capture_output=True, text=True, check=False)  # noqa: S603
    return bool(found.stdout.strip())
