"""How long one evaluation of an expression takes, from answers to a value, with the call."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bench import CannotMeasure
from bench.peers import python_with
from kiban.kernel.expr import BOOL, DATE, INT, Code, List, Row, Scope, compile_expression

NAME = "expr"
SUMMARY = "microseconds for one evaluation of an expression"
PEER = "cel-python==0.5.0"
DAY = date(2026, 10, 1)
SCOPE = Scope(
    {
        "start": DATE,
        "end": DATE,
        "days": INT,
        "most": INT,
        "kind": Code("kind", frozenset({"a", "b", "c"})),
        "items": List(Row({"cost": INT}), 20),
    }
)
COMPARISON = "start <= end"
RULE = "days >= 1 && days <= most && (kind == 'a' || kind in ['b', 'c']) && items.all(i, i.cost > 0)"


def _answers(n: int) -> dict[str, Any]:
    return {
        "start": DAY + timedelta(days=n % 700),
        "end": DAY + timedelta(days=n % 700 + n % 9),
        "days": n % 9 + 1,
        "most": 9,
        "kind": "abc"[n % 3],
        "items": [{"cost": n + k + 1} for k in range(n % 7)],
    }


def _microseconds(run: Callable[[Mapping[str, Any]], Any], inputs: Sequence[Mapping[str, Any]]) -> float:
    best = float("inf")
    for _round in range(5):
        started = time.perf_counter()
        for one in inputs:
            run(one)
        best = min(best, time.perf_counter() - started)
    return best / len(inputs) * 1e6


def _peer(inputs: Sequence[Mapping[str, Any]]) -> float:
    plain = [{name: one[name] for name in ("days", "most", "kind", "items")} for one in inputs]
    done = subprocess.run(
        [str(python_with("cel", PEER)), str(Path(__file__).with_name("_expr_peer.py"))],
        input=json.dumps({"source": RULE, "inputs": plain}), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise CannotMeasure(f"{PEER} failed: {done.stderr.strip().splitlines()[-1:]}")
    return float(done.stdout)


def run(size: str) -> list[dict[str, Any]]:
    inputs = [_answers(n) for n in range(5_000 if size == "small" else 100_000)]
    comparison = _microseconds(compile_expression(COMPARISON, SCOPE, BOOL), inputs)
    shared = inputs[: 500 if size == "small" else 3000]
    rule = _microseconds(compile_expression(RULE, SCOPE, BOOL), shared)
    peer = _peer(shared)
    return [
        {
            "id": "comparison_us", "value": round(comparison, 3), "unit": "µs", "goal": 0.3,
            "met": comparison <= 0.3, "peer": None, "peer_value": None, "ratio": None,
        },
        {
            "id": "rule_us", "value": round(rule, 3), "unit": "µs", "goal": 3.0, "met": rule <= 3.0,
            "peer": PEER.replace("==", " "), "peer_value": round(peer, 1), "ratio": round(peer / rule, 1),
        },
    ]  # fmt: skip
