"""How long clerks wait for the pages of the desk: the inbox and a case, in a large city and in a small town.

The product's server with 2 workers on its own embedded PostgreSQL in production mode; the clerks (`bench._desk_load`)
sign in with passwords, look at lists, search, open cases and accept new ones, all at the same time and each with two
seconds to read a page. The city has 300,000 cases (`bench._copies`), of which one in a hundred is new; the town
30. Times are those of whole pages over HTTP on the same machine, 95th percentiles.
"""

from __future__ import annotations

import json
import statistics
import sys
from dataclasses import dataclass

from bench import CannotMeasure, figure
from bench._stand import Stand

NAME = "desk"
SUMMARY = (
    "milliseconds for the pages of the desk while clerks act, in a city with 300,000 cases and a town with 30"
)
_CITY, _TOWN = "131229", "133035"
_INBOX_GOAL, _CASE_GOAL = 150.0, 200.0


@dataclass(frozen=True)
class _Size:
    """Cases and clerks of the city and of the town, the time that is measured and that which a clerk reads a page."""

    cases: int
    clerks: int
    town_cases: int
    town_clerks: int
    seconds: float
    think: float


_SIZES = {"small": _Size(3_000, 10, 30, 2, 10.0, 1.0), "full": _Size(300_000, 50, 30, 2, 120.0, 2.0)}


def run(size: str) -> list[dict[str, object]]:
    """`inbox_p95_ms` and `case_p95_ms` of the city, then of the town, and the pages that were looked at."""
    wanted = _SIZES[size]
    stand = Stand("desk")
    with stand.postgres():
        for body, cases, share in ((_TOWN, wanted.town_cases, "0.7"), (_CITY, wanted.cases, "0.03")):
            stand.python("bench._copies", str(cases), body, share)
        job = json.loads(
            stand.python(
                "bench._desk_seed", f"{_CITY}={wanted.clerks}", f"{_TOWN}={wanted.town_clerks}"
            ).stdout
        )
        with stand.server():
            found = {}
            for seconds in (wanted.seconds / 5, wanted.seconds):  # the first round warms
                said = {**job, "port": stand.port, "seconds": seconds, "think": wanted.think}
                found = json.loads(stand.python("bench._desk_load", input=json.dumps(said).encode()).stdout)
    if found["wrong"] or not found["acts"]:
        raise CannotMeasure(f"{found['acts']} acts; answers that were not right: {found['wrong']}")
    city, town = found["bodies"][_CITY], found["bodies"][_TOWN]
    pages = sum(len(times) for of in (city, town) for times in of.values())
    print(f"{pages} pages in {wanted.seconds:.0f} s, {found['acts']} acts", file=sys.stderr)
    return [
        figure("inbox_p95_ms", _p95(city["inbox"]), "ms", goal=_INBOX_GOAL, at_most=True),
        figure("case_p95_ms", _p95(city["case"]), "ms", goal=_CASE_GOAL, at_most=True),
        figure("town_inbox_p95_ms", _p95(town["inbox"]), "ms", goal=_INBOX_GOAL, at_most=True),
        figure("town_case_p95_ms", _p95(town["case"]), "ms", goal=_CASE_GOAL, at_most=True),
    ]


def _p95(times: list[float]) -> float:
    if len(times) < 2:
        raise CannotMeasure(f"too few pages were looked at: {len(times)}")
    return statistics.quantiles(times, n=20, method="inclusive")[-1]
