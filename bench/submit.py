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
import shutil
import statistics
import sys
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from bench import CannotMeasure, figure
from bench._stand import Stand
from kiban.ops.postgres import Cluster

NAME = "submit"
SUMMARY = "durable submits a second through the API, beside one JSON row; latency at 50 a second"

_SIZES = {
    "small": (3, 6.0, 10.0),
    "full": (7, 15.0, 60.0),
}  # rounds, seconds of a round, seconds at a steady rate
_CONNECTIONS, _RESIDENTS, _RATE = 24, 300, 50
_RATIO_GOAL, _P95_GOAL = 0.4, 100.0


class _Submits(Stand):
    """A stand with residents who submit, and the table of the peer."""

    def __init__(self) -> None:
        super().__init__("submit", settings="bench._submit_settings")
        self.job: dict[str, Any] = {}

    @contextlib.contextmanager
    def standing(self) -> Iterator[None]:
        """The database, filled, and the server; at the end the cases are counted."""
        with self.postgres() as cluster:
            with self.administrator(cluster) as connection:
                connection.execute("CREATE TABLE bench_row (id uuid PRIMARY KEY, owner text, data jsonb)")
                connection.execute("GRANT INSERT ON bench_row TO kiban_app")
            self.job = json.loads(self.python("bench._submit_seed", str(_RESIDENTS)).stdout)
            with self.server():
                yield
                self._compare(cluster)

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

    def _compare(self, cluster: Cluster) -> None:
        with self.administrator(cluster) as connection:
            row = connection.execute("SELECT count(*) FROM cases_case").fetchone()
        if row is None or row[0] != self.acknowledged:
            raise CannotMeasure(f"{self.acknowledged} submits were acknowledged, {row} cases are there")


def run(size: str) -> list[dict[str, Any]]:
    """`submit_rate` (1/s) beside the peer, and `submit_p95_ms` at 50 a second."""
    rounds, seconds, steady = _SIZES[size]
    stand = _Submits()
    if shutil.disk_usage(stand.place).free < 2 * 2**30:
        raise CannotMeasure("2 GB of free disk are needed below KIBAN_HOME")
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
