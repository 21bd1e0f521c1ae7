"""Events a second at which projections are folded anew and compared (`kiban rebuild --check`), at three sizes.

The product's own database with real cases (`bench._copies`) in 40 bodies. The command runs as an operator runs it, in a
process of its own, its start included. `growth` is what a further event takes between the two larger sizes over what it
takes between the two smaller ones: 1 is linear.
"""

from __future__ import annotations

import json
import sys
import time

from bench import CannotMeasure, figure
from bench._stand import Stand

NAME = "rebuild"
SUMMARY = "events a second folded and compared by rebuild --check, at three sizes"
_SIZES = {
    "small": (2_500, 5_000, 10_000),
    "full": (26_000, 78_000, 260_000),
}  # cases of some four events each
_BODIES = 40
_GOAL, _GROWTH = 20_000, 1.25


def run(size: str) -> list[dict[str, object]]:
    """`events_per_second` at the largest size and `growth`."""
    taken: list[tuple[int, float]] = []
    stand = Stand("rebuild")
    with stand.postgres():
        for cases in _SIZES[size]:
            held = json.loads(stand.python("bench._copies", str(cases), str(_BODIES)).stdout)
            seconds, said = _rebuild(stand)
            if "no difference" not in said or f"{held['cases']} cases" not in said:
                raise CannotMeasure(f"{held} stand, but rebuild says: {said}")
            taken.append((held["events"], seconds))
            print(
                f"{held['events']} events: {seconds:.1f} s, {held['events'] / seconds:.0f}/s", file=sys.stderr
            )
    small, middle, large = taken
    return [
        figure("events_per_second", large[0] / large[1], "1/s", goal=_GOAL),
        figure("growth", _further(middle, large) / _further(small, middle), "×", goal=_GROWTH, at_most=True),
    ]


def _further(before: tuple[int, float], after: tuple[int, float]) -> float:
    """Seconds for each further event."""
    return (after[1] - before[1]) / (after[0] - before[0])


def _rebuild(stand: Stand) -> tuple[float, str]:
    started = time.perf_counter()
    done = stand.python("kiban.ops.cli", "rebuild", "--check")
    return time.perf_counter() - started, done.stdout.decode().strip().splitlines()[-1]
