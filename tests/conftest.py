"""What all tests share: a real PostgreSQL, a real server, a real browser.

Tests commit for real, because the platform's own transaction is the outermost one. Ask for `database` to
use it; what was committed is deleted after the test. Tests of the kernel and the engines need none of this
and load no Django.
"""

from __future__ import annotations

import importlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kiban.ops.testing import TestDatabase, environment_of_tests

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from pytest_django.plugin import DjangoDbBlocker

_TESTS = Path(__file__).resolve().parent
_PURE = (_TESTS / "kernel", _TESTS / "engines")

os.environ.pop("KIBAN_DATABASE_URL", None)
os.environ.update(environment_of_tests())


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Load Django unless only pure tests are run (pytest-django reads this variable after us)."""
    chosen = [Path(str(argument).split("::")[0]).absolute() for argument in config.args]
    if not all(any(path.is_relative_to(pure) for pure in _PURE) for path in chosen):
        os.environ["DJANGO_SETTINGS_MODULE"] = "kiban.ops.settings"
        _ = importlib.import_module("django.conf").settings.DATABASES  # now pytest-django sets Django up
        importlib.import_module("kiban.ops.assets").compile_translations()  # before any process reads them


@pytest.fixture(scope="session")
def test_database() -> Iterator[TestDatabase]:
    """This process's database, migrated; the Django settings point to it from here on."""
    from django.db import connections

    found = TestDatabase()
    connections["default"].settings_dict.update(found.settings())
    yield found
    connections.close_all()
    found.close()


@pytest.fixture(scope="session")
def django_db_setup(test_database: TestDatabase) -> None:
    """Instead of pytest-django's own database: ours is made by the owner role and used as the app role."""


@pytest.fixture
def database(test_database: TestDatabase, django_db_blocker: DjangoDbBlocker) -> Iterator[TestDatabase]:
    """Access to the database as the application has it (role app, row-level security in force)."""
    from django.db import connections

    with django_db_blocker.unblock():
        yield test_database
        for connection in connections.all(initialized_only=True):
            if connection.connection is not None and connection.in_atomic_block:
                connection.close()
    test_database.empty()


@pytest.fixture(scope="session")
def server_url(test_database: TestDatabase) -> Iterator[str]:
    """The address of a real server on the test database (tests that write also ask for `database`)."""
    with serving(test_database, free_port(), f"server-{test_database.slot}.log") as url:
        yield url


def free_port() -> int:
    """A port of this machine that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(test_database: TestDatabase, port: int, log_name: str, **environment: str) -> Iterator[str]:
    """A real server on the test database, with variables of its own; its address. It logs to `run/<log_name>`."""
    url = f"http://localhost:{port}"
    log = Path(os.environ["KIBAN_HOME"]) / "run" / log_name
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "granian", "kiban.ops.wsgi:application", "--interface", "wsgi"),
                *("--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--blocking-threads", "4"),
            ],
            env={**test_database.environment(), "KIBAN_BASE_URL": url, **environment},
            stdout=stream,
            stderr=stream,
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/readyz", process, log)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"The test server did not come up:\n{log.read_text()[-4000:]}")


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Debian's chromium (or any named by KIBAN_CHROMIUM)."""
    named = os.environ.get("KIBAN_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not named:
        pytest.fail("No chromium: run ./kiban test as root once, or install the package chromium.")
    return named


@pytest.fixture(scope="session")
def browser(chromium_path: str) -> Iterator[Browser]:
    """One headless browser for the session; make a context of your own for each test."""
    from playwright.sync_api import sync_playwright

    arguments: list[Any] = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium_path, args=arguments)
        yield found
        found.close()
