"""Benchmarks of kiban beside its best peers: `python -m bench NAME [--size small|full] [--json]`.

Each module here with NAME, SUMMARY and `run(size) -> list[dict]` is a benchmark. `run` returns figures
{"id", "value", "unit", "goal", "met", "peer", "peer_value", "ratio"}; a figure without a peer has None in the
last three. The goal is for the ratio where there is a peer, for the value where there is none. What can't be
measured here raises CannotMeasure with the remedy.
"""

from __future__ import annotations

from typing import Any


class CannotMeasure(Exception):
    """Something that the measurement needs is absent; the text says what and how to mend it."""


def figure(
    identifier: str,
    value: float,
    unit: str,
    *,
    goal: float,
    at_most: bool = False,
    peer: str | None = None,
    peer_value: float | None = None,
) -> dict[str, Any]:
    """A figure in the form that every benchmark returns.

    `goal` is for value / peer_value where there is a peer, else for the value; `at_most` says that less is
    better. `peer` names the peer with its version.
    """
    ratio = value / peer_value if peer_value else None
    judged = value if ratio is None else ratio
    return {
        "id": identifier,
        "value": _short(value),
        "unit": unit,
        "goal": goal,
        "met": judged <= goal if at_most else judged >= goal,
        "peer": peer,
        "peer_value": None if peer_value is None else _short(peer_value),
        "ratio": None if ratio is None else _short(ratio),
    }


def _short(number: float) -> float:
    """Four significant digits: more is noise."""
    return float(f"{number:.4g}")
