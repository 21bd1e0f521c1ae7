"""How many full evaluations of the largest form a core makes in a second; no input is repeated."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from kiban.kernel.calendar import Calendar
from kiban.kernel.dates import JST
from kiban.kernel.definitions.compile import CompiledProcedure, compile_service
from kiban.kernel.definitions.loader import read_folder, read_texts
from kiban.kernel.definitions.parameters import resolve
from kiban.kernel.facts import ActorFacts, BodyFacts, Facts
from kiban.kernel.forms import evaluate
from kiban.kernel.scenarios.model import load_scenarios

NAME = "kernel"
SUMMARY = "full evaluations of a form (reading, computing, rules) a second on one core"
SERVICES = Path(__file__).parent.parent / "services"
GOAL = 5000
DAY = date(2026, 10, 2)


class _Nowhere:
    """A world without records: evaluations are of the form alone."""

    def lookup(self, _request: Any) -> list[Mapping[str, Any]]:
        return []

    def allocate(self, _request: Any) -> None:
        return None

    def number(self, _request: Any) -> str:
        return ""

    def locate(self, _text: str) -> None:
        return None


def largest() -> tuple[CompiledProcedure, str, dict[str, Any], str]:
    """The procedure with the largest opening form that has a scenario: (procedure, action, its input, body)."""
    found = []
    for folder in sorted(SERVICES.iterdir()):
        service = compile_service(read_texts(read_folder(folder)))
        for scenario in load_scenarios(folder / "scenarios.yaml"):
            step = next((step for step in scenario.steps if "do" in step), None)
            if step is None:
                continue
            for procedure in service.procedures.values():
                action = procedure.actions.get(str(step["do"]))
                named = step.get("procedure", procedure.name) == procedure.name
                if named and action and action.action.opens:
                    body = str(scenario.given.get("body"))
                    found.append((len(action.fields), procedure, str(step["do"]), dict(step["data"]), body))
    _size, procedure, action, data, body = max(found, key=lambda item: item[0])
    return procedure, action, data, body


def inputs(
    procedure: CompiledProcedure, action: str, base: dict[str, Any], count: int
) -> Iterator[tuple[date, dict[str, Any]]]:
    """(day, input) pairs that differ in every text and every date, so that nothing can be remembered.

    All dates move together with the day of filing, so that most inputs are right, as in an office.
    """
    fields = procedure.actions[action].fields
    for n in range(count):
        days, varied = timedelta(days=7 * (n % 1000)), dict(base)
        for name, value in base.items():
            kind = fields[name].field.type if name in fields else ""
            if kind == "date":
                varied[name] = (date.fromisoformat(value) + days).isoformat()
            elif kind in ("text", "long_text"):
                varied[name] = f"{value}{n}"
            elif kind == "address":
                varied[name] = {**value, "text": f"{value['text']}{n}番地"}
        yield DAY + days, varied


def run(size: str) -> list[dict[str, Any]]:
    procedure, action, base, body = largest()
    count = 5_000 if size == "small" else 50_000
    facts = {
        day: Facts(
            datetime(day.year, day.month, day.day, 10, tzinfo=JST),
            BodyFacts(body, "試験区", "special_ward"),
            ActorFacts("a", "party", frozenset(procedure.service.roles)),
            resolve(procedure.parameters, day, {}),
            Calendar(),
        )
        for day in {DAY + timedelta(days=7 * n) for n in range(1000)}
    }
    world, varied = _Nowhere(), list(inputs(procedure, action, base, count))
    for day, one in varied[:1000]:
        evaluate(procedure, action, one, facts[day], world)
    started = time.perf_counter()
    for day, one in varied:
        evaluate(procedure, action, one, facts[day], world)
    rate = count / (time.perf_counter() - started)
    return [
        {
            "id": "forms_per_second", "value": round(rate), "unit": "1/s", "goal": GOAL, "met": rate >= GOAL,
            "peer": None, "peer_value": None, "ratio": None,
        }
    ]  # fmt: skip
