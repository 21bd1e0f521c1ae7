"""Durable submits a second through the public API, beside an endpoint that inserts one JSON row.

The product's server with 2 workers on its own embedded PostgreSQL (fsync and synchronous commit on) in production
mode; a load generator in a process of its own on the same machine. Each submit is a distinct valid application of a
resident, with attachments stored before, to one of some 800 bodies. The peer is an endpoint of the same framework,
with the same sign-in and middleware, in the same server and database: it inserts the same JSON as one row. Rounds
alternate; the rates are medians. What the submits leave in the outbox is not done while it is measured.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench import CannotMeasure, figure
from kiban.ops.home import folder, home
from kiban.ops.postgres import Cluster
from kiban.ops.roles import prepare_database
from kiban.ops.supervisor import probe

NAME = "submit"
SUMMARY = "durable submits a second through the API, beside one JSON row; latency at 50 a second"

_SIZES = {
    "small": (3, 6.0, 10.0),
    "full": (7, 15.0, 60.0),
}  # rounds, seconds of a round, seconds at a steady rate
_CONNECTIONS, _RESIDENTS, _RATE = 24, 300, 50
_RATIO_GOAL, _P95_GOAL = 0.4, 100.0
_DATABASE = "kiban_bench"
_REPO = Path(__file__).resolve().parents[1]


class _Stand:
    """A database and a server of this benchmark's own, below KIBAN_HOME/bench-submit."""

    def __init__(self) -> None:
        self.place = home() / "bench-submit"
        self.place.mkdir(parents=True, exist_ok=True)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("KIBAN_")},
            "KIBAN_HOME": str(self.place), "KIBAN_MODE": "production", "KIBAN_DB_ROLE": "app",
            "KIBAN_DATABASE_NAME": _DATABASE, "KIBAN_BEHIND_PROXY": "1", "KIBAN_ALLOWED_HOSTS": "localhost,127.0.0.1",
            "DJANGO_SETTINGS_MODULE": "bench._submit_settings", "PYTHONPATH": f"{_REPO / 'src'}:{_REPO}",
        }  # fmt: skip
        self.port = 0
        self.job: dict[str, Any] = {}

    def python(self, *words: str, role: str = "app", **more: Any) -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run(
            [sys.executable, "-m", *words], env={**self.environment, "KIBAN_DB_ROLE": role}, cwd=_REPO,
            capture_output=True, check=False, **more,
        )  # fmt: skip
        if done.returncode != 0:
            raise CannotMeasure(f"{words[0]} failed:\n{done.stderr.decode(errors='replace')[-2000:]}")
        return done

    @contextlib.contextmanager
    def standing(self) -> Iterator[None]:
        """The database, filled, and the server."""
        with _home(self.place), _postgres(self.place) as cluster:
            with cluster.administrator() as connection:
                connection.execute(f"DROP DATABASE IF EXISTS {_DATABASE} WITH (FORCE)")
            prepare_database(cluster.cluster.superuser(), _DATABASE)
            self.python("kiban.ops.prepare", "schema", role="owner")
            with cluster.administrator(_DATABASE) as connection:
                connection.execute("CREATE TABLE bench_row (id uuid PRIMARY KEY, owner text, data jsonb)")
                connection.execute("GRANT INSERT ON bench_row TO kiban_app")
            self.job = json.loads(self.python("bench._submit_seed", str(_RESIDENTS)).stdout)
            with self._server():
                yield
                self._compare(cluster)

    @contextlib.contextmanager
    def _server(self) -> Iterator[None]:
        from kiban.ops.machine import free_port

        self.port = free_port(18700)
        log = (self.place / "server.log").open("wb")
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
            log.close()

    acknowledged = 0

    def load(self, target: str, seed: int, seconds: float, *, rate: int = 0) -> dict[str, Any]:
        """One round of the load generator. Raises CannotMeasure when an answer was not 201."""
        job = {
            **self.job, "port": self.port, "target": target, "seed": seed, "seconds": seconds, "rate": rate,
            "connections": _CONNECTIONS, "count": int(seconds * 2500),
        }  # fmt: skip
        found: dict[str, Any] = json.loads(
            self.python("bench._submit_load", input=json.dumps(job).encode()).stdout
        )
        if found["wrong"]:
            raise CannotMeasure(f"{target} was refused: {found['wrong'][0]}")
        if target == "submit":
            self.acknowledged += found["done"]
        return found

    def _compare(self, cluster: _Running) -> None:
        with cluster.administrator(_DATABASE) as connection:
            row = connection.execute("SELECT count(*) FROM cases_case").fetchone()
        if row is None or row[0] != self.acknowledged:
            raise CannotMeasure(f"{self.acknowledged} submits were acknowledged, {row} cases are there")


class _Running:
    """A running embedded server."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    def administrator(self, name: str = "postgres") -> Any:
        import psycopg

        return psycopg.connect(**self.cluster.superuser(name).parameters(), autocommit=True)


@contextlib.contextmanager
def _home(place: Path) -> Iterator[None]:
    before = {
        name: os.environ.get(name) for name in ("KIBAN_HOME", "KIBAN_DATABASE_URL", "KIBAN_DATABASE_NAME")
    }
    for name in before:
        os.environ.pop(name, None)
    os.environ["KIBAN_HOME"] = str(place)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@contextlib.contextmanager
def _postgres(place: Path) -> Iterator[_Running]:
    """The product's embedded server with its own settings: durable."""
    cluster = Cluster()
    cluster.create()
    cluster.clear_remains()
    log = (folder("run", 0o711) / "postgres.log").open("ab")
    process = cluster.spawn(log)
    try:
        cluster.wait_ready(process)
        yield _Running(cluster)
    finally:
        pid = cluster.running_pid()
        if pid is not None:
            cluster.stop(pid)
        log.close()


def run(size: str) -> list[dict[str, Any]]:
    """`submit_rate` (1/s) beside the peer, and `submit_p95_ms` at 50 a second."""
    rounds, seconds, steady = _SIZES[size]
    if shutil.disk_usage(home()).free < 2 * 2**30:
        raise CannotMeasure("2 GB of free disk are needed below KIBAN_HOME")
    stand = _Stand()
    ours, peers = [], []
    with stand.standing():
        for target in ("submit", "rows"):
            stand.load(target, 0, min(3.0, seconds))  # both warm
        for number in range(1, rounds + 1):
            for target, rates in (("submit", ours), ("rows", peers)):
                found = stand.load(target, number, seconds)
                rates.append(found["done"] / found["seconds"])
                print(f"round {number} of {rounds}: {target} {rates[-1]:.0f}/s", file=sys.stderr)
        latencies = stand.load("submit", 10_000, steady, rate=_RATE)["latencies"]
    peer = f"one row of JSON, django-ninja {version('django-ninja')} on Django {version('django')}"
    p95 = statistics.quantiles(latencies, n=20, method="inclusive")[-1]
    return [
        figure(
            "submit_rate", statistics.median(ours), "1/s", goal=_RATIO_GOAL, peer=peer,
            peer_value=statistics.median(peers),
        ),
        figure("submit_p95_ms", p95, "ms", goal=_P95_GOAL, at_most=True),
    ]  # fmt: skip
