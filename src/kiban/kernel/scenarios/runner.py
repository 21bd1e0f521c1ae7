"""Runs scenarios against a driver (the kernel in memory, or the API) and tells each difference."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from kiban.kernel.scenarios.compare import differences
from kiban.kernel.scenarios.model import Actor, Scenario, ScenarioError, moment, rows_of

_CASE = re.compile(r"^c(\d+)$")


@dataclass(slots=True)
class StepResult:
    """What one step brought: problems as {field, code, suggest}, a refusal's code, notices as {to, kind}."""

    refused: str | None = None
    problems: list[dict[str, Any]] = field(default_factory=list)
    notices: list[dict[str, str]] = field(default_factory=list)
    data: Mapping[str, Any] | None = None
    case: str | None = None


class Driver(Protocol):
    """What a scenario is run against. Case references are the driver's own."""

    def begin(self, scenario: Scenario, now: datetime) -> list[str]: ...

    def advance(self, to: datetime) -> list[dict[str, str]]: ...

    def act(self, actor: Actor, step: Mapping[str, Any], case: str | None) -> StepResult: ...

    def receive(self, actor: Actor, step: Mapping[str, Any], case: str | None) -> StepResult: ...

    def compute(self, step: Mapping[str, Any]) -> StepResult: ...

    def read(self, actor: Actor, step: Mapping[str, Any]) -> StepResult: ...

    def set_parameters(self, values: Mapping[str, Any], since: datetime) -> None: ...

    def view(self, case: str | None, keys: Sequence[str]) -> dict[str, Any]: ...

    def sees(self, actor: Actor) -> dict[str, int]: ...

    def fork(self) -> Driver: ...


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as the scenario says."""

    scenario: str
    where: str
    expected: object
    found: object

    def __str__(self) -> str:
        return f"{self.scenario} [{self.where}]\n    expected: {self.expected}\n    found:    {self.found}"


class Run:
    """One scenario on one driver."""

    def __init__(self, scenario: Scenario, driver: Driver) -> None:
        self.scenario, self.driver = scenario, driver
        self.cases: list[str] = []
        self.last = StepResult()
        self.now = moment(str(scenario.given.get("today") or "2026-04-01"))

    def execute(self) -> Iterator[Difference]:
        self.cases = list(self.driver.begin(self.scenario, self.now))
        yield from self._steps(self.scenario.steps, self.scenario.then, "")

    def _steps(
        self, steps: Sequence[Mapping[str, Any]], then: Mapping[str, Any], prefix: str
    ) -> Iterator[Difference]:
        for number, step in enumerate(steps, start=1):
            where = f"{prefix}step {number}" + (f" {step['do']}" if "do" in step else "")
            if "branch" in step:
                yield from self._branches(step["branch"], where)
                continue
            for variant in _repeated(step):
                self._step(variant)
                expected = variant.get("then") or {}
                final = then if number == len(steps) else {}
                yield from self._unexpected(where, {**final, **expected})
                yield from self._compare(expected, where, variant.get("case"))
        yield from self._compare(then, f"{prefix}then")

    def _branches(self, branches: Sequence[Mapping[str, Any]], where: str) -> Iterator[Difference]:
        for number, branch in enumerate(branches, start=1):
            run = copy.copy(self)
            run.driver, run.cases = self.driver.fork(), list(self.cases)
            steps, then = branch.get("steps") or [], branch.get("then") or {}
            yield from run._steps(steps, then, f"{where} branch {number}: ")

    def _step(self, step: Mapping[str, Any]) -> None:
        notices: list[dict[str, str]] = []
        when = step.get("wait") or step.get("date")
        if when:
            self.now = moment(when)
            notices = self.driver.advance(self.now)
        if "wait" in step:
            self.last = StepResult(notices=notices)
            return
        if "set" in step:
            since = moment(step["from"]) if step.get("from") else self.now
            self.driver.set_parameters(step["set"], since)
            self.last = StepResult()
            return
        self.last = self._act(step)

    def _act(self, step: Mapping[str, Any]) -> StepResult:
        case = self._case(step.get("case"))
        if "compute" in step:
            return self.driver.compute(step)
        actor = Actor.parse(str(step.get("as") or "system"))
        if "read" in step:
            return self.driver.read(actor, step)
        if "receive" in step:
            return self.driver.receive(actor, step, case)
        if "do" not in step:
            raise ScenarioError("a step needs one of do, wait, set, receive, compute, read, branch")
        if "file" in step:
            return self._rows(actor, step, case)
        return self._opened(self.driver.act(actor, step, case))

    def _opened(self, result: StepResult) -> StepResult:
        if result.case is not None and result.case not in self.cases:
            self.cases.append(result.case)
        return result

    def _rows(self, actor: Actor, step: Mapping[str, Any], case: str | None) -> StepResult:
        """A file of rows: each is an act of its own; what one is refused for stands under `line[n]`."""
        whole = StepResult()
        for number, row in enumerate(rows_of(self.scenario.folder, str(step["file"])), start=1):
            data = {**(step.get("data") or {}), **row}
            result = self._opened(self.driver.act(actor, {**step, "data": data}, case))
            whole.refused, whole.case = whole.refused or result.refused, result.case or whole.case
            whole.problems += [{**p, "field": f"line[{number}].{p['field']}"} for p in result.problems]
            whole.notices += result.notices
        return whole

    def _case(self, name: object) -> str | None:
        if name is None:
            return self.cases[-1] if self.cases else None
        match = _CASE.match(str(name))
        if match is None or not 0 < int(match[1]) <= len(self.cases):
            raise ScenarioError(f"there is no case `{name}`; {len(self.cases)} are open")
        return self.cases[int(match[1]) - 1]

    def _unexpected(self, where: str, then: Mapping[str, Any]) -> Iterator[Difference]:
        if self.last.refused is not None and "refused" not in then and "problems" not in then:
            said = ", ".join(f"{p['field']} {p['code']}" for p in self.last.problems) or self.last.refused
            yield Difference(self.scenario.name, where, "goes through", f"refused: {said}")

    def _compare(self, then: Mapping[str, Any], where: str, case: object = None) -> Iterator[Difference]:
        """What a `then` says of the step's own case (`case`), or of the one opened last."""
        if not then:
            return
        found: dict[str, Any] = {"refused": self.last.refused, "problems": self.last.problems}
        found["notices"] = self.last.notices
        keys = [key for key in then if key not in ("refused", "problems", "notices", "sees", "cases")]
        if self.last.data is not None and "data" in then:
            found["data"] = self.last.data
            keys.remove("data")
        if keys:
            found.update(self.driver.view(self._case(case), keys))
        for key, expected in then.items():
            if key == "sees":
                yield from self._sees(expected, where)
            elif key == "cases":
                yield from self._cases(expected, where)
            else:
                for path, want, have in differences(expected, found.get(key), key):
                    yield Difference(self.scenario.name, f"{where} {path}", want, have)

    def _sees(self, expected: Mapping[str, Mapping[str, Any]], where: str) -> Iterator[Difference]:
        for name, counts in expected.items():
            seen = self.driver.sees(Actor.parse(name))
            for path, want, have in differences(counts, {k: seen.get(k, 0) for k in counts}, "sees"):
                yield Difference(self.scenario.name, f"{where} {path} {name}", want, have)

    def _cases(self, expected: Mapping[str, Mapping[str, Any]], where: str) -> Iterator[Difference]:
        for name, part in expected.items():
            found = self.driver.view(self._case(name), list(part))
            for key, want in part.items():
                for path, one, other in differences(want, found.get(key), key):
                    yield Difference(self.scenario.name, f"{where} {name}.{path}", one, other)


def _repeated(step: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """`repeat: {field: [values]}` runs a step once per value."""
    repeat = step.get("repeat")
    if not repeat:
        yield step
        return
    for name, values in repeat.items():
        for value in values:
            yield {**step, "data": {**(step.get("data") or {}), name: value}}


def run_scenario(scenario: Scenario, driver: Driver) -> list[Difference]:
    """Every difference of one scenario; a scenario that cannot be run is a difference as well."""
    try:
        return list(Run(scenario, driver).execute())
    except ScenarioError as error:
        return [Difference(scenario.name, f"line {scenario.line}", "a scenario that can be run", str(error))]
