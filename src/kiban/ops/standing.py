"""The embedded database for commands that work on a whole installation: used as it runs, or started for a while."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator

from kiban.ops import config, supervisor
from kiban.ops.config import ConfigurationError, Database
from kiban.ops.home import folder
from kiban.ops.postgres import Cluster, binaries


@contextlib.contextmanager
def database() -> Iterator[Database]:
    """The database as one who may read every row: while kiban runs, or started for this command.

    With KIBAN_DATABASE_URL it is KIBAN_DATABASE_ADMIN_URL, a user that bypasses row-level security.
    """
    if config.external_url():
        yield external_administrator()
    elif supervisor.is_running():
        yield Cluster().superuser("kiban")
    else:
        with supervisor.take_lock(), started(Cluster()) as cluster:
            yield cluster.superuser("kiban")


@contextlib.contextmanager
def started(cluster: Cluster) -> Iterator[Cluster]:
    """Starts the server of a cluster and stops it at the end. The lock of KIBAN_HOME is the caller's."""
    cluster.create()
    cluster.clear_remains()
    with (folder("logs") / "postgres.log").open("ab") as log:
        process = cluster.spawn(log)
    try:
        cluster.wait_ready(process)
        yield cluster
    finally:
        cluster.stop(process.pid)
        process.wait(timeout=60)


def external_administrator() -> Database:
    """The user of KIBAN_DATABASE_ADMIN_URL. Raises ConfigurationError when it is not set."""
    url = os.environ.get("KIBAN_DATABASE_ADMIN_URL", "").strip()
    if not url:
        raise ConfigurationError(
            "The database is KIBAN_DATABASE_URL: back it up with its own tools, or name a user that bypasses "
            "row-level security: KIBAN_DATABASE_ADMIN_URL=postgresql://…"
        )
    return config.from_url(url)


def run_program(name: str, database: Database, *arguments: str) -> None:
    """Runs pg_dump or pg_restore. Raises ConfigurationError with the end of what it said."""
    program = binaries() / "bin" / name
    environment = {
        "PATH": "/usr/bin:/bin", "LC_ALL": "C", "PGPASSWORD": database.password,
        **{f"PG{key.upper()}": value for key, value in database.options},
    }  # fmt: skip
    done = subprocess.run(  # noqa: S603  (our own binary)
        [
            str(program), "--host", database.host, "--port", str(database.port), "--username", database.user,
            "--no-password", *arguments,
        ],
        env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise ConfigurationError(f"{name} failed: {done.stderr.strip()[-1500:]}")


def run_module(role: str, *words: str, said: str = "") -> subprocess.CompletedProcess[str]:
    """Runs one of our modules in a process of its own, in a database role; `said` is its standard input."""
    return subprocess.run(  # noqa: S603  (our own module)
        [sys.executable, "-m", *words],
        env={**os.environ, "KIBAN_DB_ROLE": role},
        input=said, capture_output=True, text=True, check=False,
    )  # fmt: skip
