"""A place of a benchmark's own: KIBAN_HOME, the product's embedded PostgreSQL as it is run (durable), its server."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import CannotMeasure
from kiban.ops.home import folder, home
from kiban.ops.machine import free_port
from kiban.ops.postgres import Cluster
from kiban.ops.roles import prepare_database
from kiban.ops.supervisor import probe

DATABASE = "kiban_bench"
_REPO = Path(__file__).resolve().parents[1]


class Stand:
    """Below KIBAN_HOME/bench-<name>: a database of the product in production mode, and what runs on it."""

    def __init__(self, name: str, *, settings: str = "kiban.ops.settings", database: str = DATABASE) -> None:
        self.place = home() / f"bench-{name}"
        self.place.mkdir(parents=True, exist_ok=True, mode=0o711)
        self.database, self.port = database, 0
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("KIBAN_")},
            "KIBAN_HOME": str(self.place), "KIBAN_MODE": "production", "KIBAN_DB_ROLE": "app",
            "KIBAN_DATABASE_NAME": database, "KIBAN_BEHIND_PROXY": "1", "KIBAN_ALLOWED_HOSTS": "localhost,127.0.0.1",
            "DJANGO_SETTINGS_MODULE": settings, "PYTHONPATH": f"{_REPO / 'src'}:{_REPO}",
        }  # fmt: skip

    def python(self, *words: str, role: str = "app", **more: Any) -> subprocess.CompletedProcess[bytes]:
        """One of our modules in a process of its own. Raises CannotMeasure with the end of what it said."""
        done = subprocess.run(
            [sys.executable, "-m", *words], env={**self.environment, "KIBAN_DB_ROLE": role}, cwd=_REPO,
            capture_output=True, check=False, **more,
        )  # fmt: skip
        if done.returncode != 0:
            said = (done.stderr or done.stdout).decode(errors="replace")
            raise CannotMeasure(f"{' '.join(words[:2])} failed:\n{said[-2000:]}")
        return done

    @contextlib.contextmanager
    def postgres(self) -> Iterator[Cluster]:
        """The embedded server with the product's own settings, and an empty database with its schema."""
        with self._at_home():
            cluster = Cluster()
            cluster.create()
            cluster.clear_remains()
            with (folder("run", 0o711) / "postgres.log").open("ab") as log:
                process = cluster.spawn(log)
            try:
                cluster.wait_ready(process)
                self._drop(cluster)
                prepare_database(cluster.superuser(), self.database)
                self.python("kiban.ops.prepare", "schema", role="owner")
                yield cluster
                if self.database == DATABASE:
                    self._drop(cluster)
            finally:
                pid = cluster.running_pid()
                if pid is not None:
                    cluster.stop(pid)

    def administrator(self, cluster: Cluster, name: str = "") -> Any:
        """A connection of the superuser that commits each statement."""
        import psycopg

        return psycopg.connect(**cluster.superuser(name or self.database).parameters(), autocommit=True)

    def _drop(self, cluster: Cluster) -> None:
        with self.administrator(cluster, "postgres") as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {self.database} WITH (FORCE)")

    @contextlib.contextmanager
    def server(self) -> Iterator[None]:
        """The product's server with 2 workers, on `port`."""
        self.port = free_port(18700)
        with (self.place / "server.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "kiban.ops.server", "127.0.0.1", str(self.port)], env=self.environment,
                cwd=_REPO, stdout=log, stderr=log,
            )  # fmt: skip
            try:
                deadline = time.monotonic() + 60
                while not probe(self.port, "/readyz"):
                    if process.poll() is not None or time.monotonic() > deadline:
                        raise CannotMeasure(f"the server did not come up, see {log.name}")
                    time.sleep(0.1)
                yield
            finally:
                process.terminate()
                process.wait(timeout=30)

    @contextlib.contextmanager
    def _at_home(self) -> Iterator[None]:
        names = ("KIBAN_HOME", "KIBAN_DATABASE_URL", "KIBAN_DATABASE_NAME")
        before = {name: os.environ.pop(name, None) for name in names}
        os.environ["KIBAN_HOME"] = str(self.place)
        try:
            yield
        finally:
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value
