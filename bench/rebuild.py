"""Events a second at which projections are folded anew and compared (`kiban rebuild --check`), at three sizes.

The product's own database with real cases (`bench._copies`), two events each, in 40 bodies. The command runs as an
operator runs it, in a process of its own; its start is measured with no case and taken off. `growth` is the time per
event at the largest size over that at the smallest: 1 is linear.
"""

from __future__ import annotations

import json
import sys
import time

from bench import CannotMeasure, figure
from bench.submit import _home, _postgres, _Stand
from kiban.ops.roles import prepare_database

NAME = "rebuild"
SUMMARY = "events a second folded and compared by rebuild --check, at three sizes"
_SIZES = {"small": (12_500, 25_000, 50_000), "full": (100_000, 300_000, 1_000_000)}  # events
_BODIES = 40
_GOAL, _GROWTH = 20_000, 1.25
_DATABASE = "kiban_bench"


def run(size: str) -> list[dict[str, object]]:
    """`events_per_second` at the largest size and `growth`."""
    stand = _Stand()
    stand.place = stand.place.with_name("bench-ops")
    stand.place.mkdir(parents=True, exist_ok=True)
    stand.environment |= {"KIBAN_HOME": str(stand.place), "DJANGO_SETTINGS_MODULE": "kiban.ops.settings"}
    per_event: list[float] = []
    with _home(stand.place), _postgres(stand.place) as cluster:
        with cluster.administrator() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {_DATABASE} WITH (FORCE)")
        prepare_database(cluster.cluster.superuser(), _DATABASE)
        stand.python("kiban.ops.prepare", "schema", role="owner")
        idle = _rebuild(stand)[0]
        for events in _SIZES[size]:
            held = json.loads(stand.python("bench._copies", str(events // 2), str(_BODIES)).stdout)["events"]
            seconds, said = _rebuild(stand)
            if "no difference" not in said or f"{held // 2} cases" not in said:
                raise CannotMeasure(f"{held} events, but rebuild says: {said}")
            per_event.append((seconds - idle) / held)
            print(f"{held} events: {seconds:.1f} s, {1 / per_event[-1]:.0f}/s", file=sys.stderr)
        with cluster.administrator() as connection:
            connection.execute(f"DROP DATABASE {_DATABASE} WITH (FORCE)")
    return [
        figure("events_per_second", 1 / per_event[-1], "1/s", goal=_GOAL),
        figure("growth", per_event[-1] / per_event[0], "×", goal=_GROWTH, at_most=True),
    ]


def _rebuild(stand: _Stand) -> tuple[float, str]:
    started = time.perf_counter()
    done = stand.python("kiban.ops.cli", "rebuild", "--check")
    return time.perf_counter() - started, done.stdout.decode().strip().splitlines()[-1]
