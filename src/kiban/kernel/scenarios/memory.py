"""The kernel alone as a scenario driver: cases, records and numbers in memory, clocks fired in order."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from kiban.kernel.calendar import Calendar
from kiban.kernel.decide import decide, fire
from kiban.kernel.definitions.compile import CompiledProcedure, CompiledService
from kiban.kernel.definitions.local import extended, outside
from kiban.kernel.definitions.parameters import resolve
from kiban.kernel.environment import view_values
from kiban.kernel.facts import (
    ActorFacts,
    BodyFacts,
    CaseState,
    Decision,
    DocumentIssue,
    Facts,
    NoticeSent,
    RecordChange,
    Refusal,
)
from kiban.kernel.figures import figure
from kiban.kernel.grants import holding
from kiban.kernel.problems import Problem
from kiban.kernel.scenarios.model import (
    Actor,
    Scenario,
    ScenarioError,
    local_fields,
    moment,
    spelled_out,
)
from kiban.kernel.scenarios.runner import Driver, StepResult
from kiban.kernel.scenarios.world import Locate, MemoryWorld
from kiban.kernel.values import ReadContext

BodySource = Callable[[str], BodyFacts | None]


def problem_json(problem: Problem) -> dict[str, Any]:
    """A problem as scenarios and the API name it."""
    found: dict[str, Any] = {"field": problem.field, "code": problem.code}
    if problem.suggest:
        found["suggest"] = dict(problem.suggest)
    return found


@dataclass(slots=True)
class _Case:
    body: str
    state: CaseState
    procedure: CompiledProcedure
    opener: str
    events: list[str] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)


class MemoryDriver:
    """Runs scenarios of one service on the kernel alone."""

    def __init__(self, service: CompiledService, bodies: BodySource, locate: Locate) -> None:
        self.service, self.bodies, self.locate = service, bodies, locate
        self.cases: dict[str, _Case] = {}
        self.records: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.sequences: Counter[str] = Counter()
        self.own: dict[str, dict[str, list[tuple[date, object]]]] = {}
        self.closed: dict[str, frozenset[date]] = {}
        self.local: dict[str, CompiledService] = {}
        self.participation: dict[str, str] = {}
        self.lookups: Mapping[str, Any] = {}
        self.body = ""
        self.now = moment("2026-04-01")

    # -- given -------------------------------------------------------------------------------------------------

    def begin(self, scenario: Scenario, now: datetime) -> list[str]:
        given = scenario.given
        self.now, self.body = now, str(given.get("body") or "")
        self.participation = dict(given.get("participation") or {})
        self.lookups = given.get("lookups") or {}
        for body, days in (given.get("closed_days") or {}).items():
            self.closed[body] = frozenset(date.fromisoformat(day) for day in days)
        for body, values in (given.get("parameters") or {}).items():
            for name, value in values.items():
                self._set(body, name, value, date.min, bounded=False)
        for body, items in local_fields(given).items():
            for item in items:
                refused = outside(self.service.service, item, 0)
                if refused:
                    raise ScenarioError(f"local field `{item.field.name}`: {refused[0].message.text('en')}")
            self.local[body] = extended(self.service, body, items)
        for record in given.get("records") or []:
            self._record(record)
        return [self._given_case(row) for row in given.get("cases") or []]

    def _set(self, body: str, name: str, value: object, since: date, *, bounded: bool = True) -> None:
        """A body's own value. `given` may stand for another edition, so only a step is held to the bounds."""
        codec = self.service.parameters.get(name)
        if codec is None:
            raise ScenarioError(f"there is no parameter `{name}`")
        _value, problems = codec.read_varied(value) if bounded else codec.read(value)
        if problems:
            raise ScenarioError(f"parameter `{name}`: {problems[0].message.text('en')}")
        self.own.setdefault(body, {}).setdefault(name, []).append((since, value))

    def _record(self, record: Mapping[str, Any]) -> None:
        name, body = str(record["registry"]), str(record.get("body") or self.body)
        registry = self.service.registries.get(name)
        if registry is None:
            raise ScenarioError(f"there is no registry `{name}`")
        for n in range(1, int(record.get("count") or 1) + 1):
            key = str(record["key"])
            key = key.format(n=n) if "count" in record else key
            if str(record.get("absent")).lower() == "true":
                self.records.pop((body, name, key), None)
                continue
            context = ReadContext(self.now.date(), self.locate)
            data = {}
            for f, raw in (record.get("data") or {}).items():
                if f not in registry.codecs:
                    raise ScenarioError(f"registry `{name}` has no field `{f}`")
                value = registry.codecs[f].read(raw, context, f).value
                if value is not None:
                    data[f] = registry.codecs[f].to_json(value)
            self.records[(body, name, key)] = data

    def _given_case(self, row: Mapping[str, Any]) -> str:
        procedure = self._procedure(row)
        context, values = ReadContext(self.now.date(), self.locate), {}
        for name, raw in (row.get("data") or {}).items():
            codec = procedure.codecs.get(name)
            if codec is None:
                raise ScenarioError(f"procedure `{procedure.name}` has no field `{name}`")
            value = codec.read(raw, context, name).value
            if value is not None:
                values[name] = value
        case = CaseState(
            self._next(), procedure.name, str(row.get("state") or "draft"), values, self.now.date()
        )
        self.cases[case.id] = _Case(str(row.get("body") or self.body), case, procedure, "")
        return case.id

    def _next(self) -> str:
        return f"case-{len(self.cases) + 1}"

    def _procedure(self, step: Mapping[str, Any]) -> CompiledProcedure:
        names = self.service.procedures
        name = step.get("procedure")
        if name is None:
            action = step.get("do")
            able = [p for p in names.values() if action in p.actions and p.actions[str(action)].action.opens]
            if len(names) > 1 and len(able) != 1:
                able = [p for p in able if p.procedure.public] or able
            return able[0] if able else next(iter(names.values()))
        if str(name) not in names:
            raise ScenarioError(f"there is no procedure `{name}`")
        return names[str(name)]

    # -- time --------------------------------------------------------------------------------------------------

    def advance(self, to: datetime) -> list[dict[str, str]]:
        notices: list[dict[str, str]] = []
        while due := self._due(to):
            at, case_id, clock = due
            case = self.cases[case_id]
            self.now = max(self.now, at)
            facts, world = self._facts(case.body, None), self._world(case.body)
            decision = fire(case.procedure, case.state, clock, replace(facts, now=at), world)
            if decision is None:
                break
            notices.extend(self._apply(case, decision))
        self.now = to
        return notices

    def _due(self, to: datetime) -> tuple[datetime, str, str] | None:
        due = [
            (clock.fire_at, case_id, name)
            for case_id, case in self.cases.items()
            for name, clock in case.state.clocks.items()
            if clock.fire_at is not None and not clock.fired and clock.fire_at <= to
        ]
        return min(due, default=None)

    # -- acts --------------------------------------------------------------------------------------------------

    def _actor(self, actor: Actor) -> tuple[ActorFacts, str]:
        role = self.service.service.roles.get(actor.role)
        if role is None:
            raise ScenarioError(f"there is no role `{actor.role}`")
        place, _, department = actor.place.partition("/")
        if role.kind == "party":
            identity = actor.place or f"{actor.role}/{actor.person}"
            return ActorFacts(identity, "party", frozenset({actor.role}), identity), self.body
        body = place or self.body
        identity = "system" if role.kind == "system" else f"{actor.person or actor.role}@{body}"
        return ActorFacts(identity, role.kind, frozenset({actor.role}), body, department), body

    def _facts(self, body: str, actor: ActorFacts | None, case: CaseState | None = None) -> Facts:
        known = self.bodies(body)
        if known is None:
            raise ScenarioError(f"there is no body `{body}`")
        on = case.opened_on if case is not None else self.now.date()
        parameters = resolve(self.service.parameters, on, self.own.get(body, {}))
        words = self.service.service.participation
        level = self.participation.get(body) or words.kinds.get(known.kind, words.default)
        system = ActorFacts("system", "system", frozenset({"system"}))
        closed = self.closed.get(body, frozenset())
        return Facts(self.now, known, actor or system, parameters, Calendar(closed=closed), level)  # type: ignore[arg-type]

    def _world(self, body: str) -> MemoryWorld:
        return MemoryWorld(
            body, self.now.date(), self.service, self.records, self.lookups, self.sequences, self.locate
        )

    def act(self, actor: Actor, step: Mapping[str, Any], case: str | None) -> StepResult:
        who, place = self._actor(actor)
        action = str(step["do"])
        known = self.cases.get(case or "")
        procedure = self._procedure(step) if known is None or "procedure" in step else known.procedure
        compiled = procedure.actions.get(action)
        opening = compiled is not None and compiled.action.opens and "case" not in step and (
            known is None or known.state.state not in compiled.action.from_ or known.procedure is not procedure
        )  # fmt: skip
        if opening or known is None:
            return self._open(procedure, action, who, place, step)
        if not self._visible(actor, who, known):
            return StepResult(refused="not_found", case=case)
        facts = self._facts(known.body, who, known.state)
        before = copy.copy(self.sequences)
        decision = decide(
            known.procedure, known.state, action, spelled_out(step.get("data") or {}), facts, self._world(known.body),
            reasons=step.get("reasons") or {},
        )  # fmt: skip
        return self._outcome(known, decision, before, case)

    def _open(
        self, procedure: CompiledProcedure, action: str, who: ActorFacts, place: str, step: Mapping[str, Any]
    ) -> StepResult:
        body = place or self.body
        procedure = self.local.get(body, self.service).procedures[procedure.name]
        before, case_id = copy.copy(self.sequences), self._next()
        decision = decide(
            procedure, None, action, spelled_out(step.get("data") or {}), self._facts(body, who), self._world(body),
            reasons=step.get("reasons") or {}, case_id=case_id, number=case_id,
        )  # fmt: skip
        if isinstance(decision, Refusal):
            return self._outcome(None, decision, before, None)
        case = _Case(body, decision.case, procedure, who.id)
        self.cases[case_id] = case
        return self._outcome(case, decision, before, case_id)

    def _outcome(
        self, case: _Case | None, decision: Decision | Refusal, before: Counter[str], case_id: str | None
    ) -> StepResult:
        if isinstance(decision, Refusal):
            self.sequences = before
            problems = [problem_json(problem) for problem in decision.problems]
            return StepResult(decision.code, problems, case=case_id)
        assert case is not None
        notices = self._apply(case, decision)
        return StepResult(None, [problem_json(p) for p in decision.problems], notices, case=case_id)

    def _apply(self, case: _Case, decision: Decision) -> list[dict[str, str]]:
        case.state = decision.case
        if not decision.action.startswith("clock."):
            case.events.append(decision.action)
        notices = []
        for effect in decision.effects:
            if isinstance(effect, RecordChange):
                data = {**self.records.get((case.body, effect.registry, effect.key), {}), **effect.set}
                kept = {name: value for name, value in data.items() if value is not None}
                self.records[(case.body, effect.registry, effect.key)] = kept
            elif isinstance(effect, DocumentIssue):
                case.documents.append(effect.name)
            elif isinstance(effect, NoticeSent):
                notices.append({"to": effect.to, "kind": effect.name})
        return notices

    # -- the other steps ---------------------------------------------------------------------------------------

    def receive(self, actor: Actor, step: Mapping[str, Any], case: str | None) -> StepResult:
        return self.act(actor, {**step, "do": step["receive"]}, case)

    def compute(self, step: Mapping[str, Any]) -> StepResult:
        raise ScenarioError(f"no engine function is called `{step['compute']}`")

    def read(self, actor: Actor, step: Mapping[str, Any]) -> StepResult:
        name = str(step["read"])
        word = self.service.service.figures.get(name)
        if word is None:
            raise ScenarioError(f"there is no named read `{name}`")
        _who, body = self._actor(actor)
        rows = [
            {"key": key, **data}
            for (b, r, key), data in self.records.items()
            if b == body and r == word.registry
        ]
        return StepResult(data=figure(self.service, word, rows))

    def set_parameters(self, values: Mapping[str, Any], since: datetime) -> None:
        for name, value in values.items():
            self._set(self.body, name, value, since.date())

    # -- looking -----------------------------------------------------------------------------------------------

    def view(self, case: str | None, keys: Sequence[str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if "records" in keys:
            found["records"] = [
                {"registry": registry, "key": key, "data": data}
                for (body, registry, key), data in self.records.items()
            ]
        known = self.cases.get(case or "")
        if known is None:
            return {**found, "documents": [], "events": [], "charges": {}, "clocks": {}, "data": {}}
        facts = self._facts(known.body, None, known.state)
        values = view_values(known.procedure, known.state, facts)
        data = {}
        for name, value in values.items():
            codec = known.procedure.codecs.get(name)
            if codec is not None:
                data[name] = codec.to_json(value)
        return {
            **found,
            "state": known.state.state,
            "data": data,
            "documents": known.documents,
            "events": known.events,
            "charges": {name: charge.due for name, charge in known.state.charges.items()},
            "paid": {name: charge.paid for name, charge in known.state.charges.items()},
            "clocks": {name: clock.on.isoformat() for name, clock in known.state.clocks.items()},
            "parts": {},
            "absent": data,
        }

    def _visible(self, actor: Actor, who: ActorFacts, case: _Case) -> bool:
        reach = self.service.service.roles[actor.role].reach
        if who.kind == "system" or reach == "nation":
            return True
        if reach == "own":
            return who.id == case.opener or case.opener == ""
        if reach == "granted":
            held = [(actor.role, who.place)]
            return holding(case.state.grants, held, self.now.date()) is not None
        return reach == "body" and who.place == case.body

    def sees(self, actor: Actor) -> dict[str, int]:
        who, _place = self._actor(actor)
        seen = [case for case in self.cases.values() if self._visible(actor, who, case)]
        reach = self.service.service.roles[actor.role].reach
        records = [
            key for key in self.records if reach == "nation" or (reach == "body" and key[0] == who.place)
        ]
        return {"cases": len(seen), "parts": 0, "records": len(records)}

    def fork(self) -> Driver:
        other = MemoryDriver(self.service, self.bodies, self.locate)
        other.cases = {key: replace(c, events=list(c.events), documents=list(c.documents))
                       for key, c in self.cases.items()}  # fmt: skip
        other.records = {key: dict(data) for key, data in self.records.items()}
        other.sequences, other.now, other.body = Counter(self.sequences), self.now, self.body
        other.own, other.closed = copy.deepcopy(self.own), dict(self.closed)
        other.participation, other.lookups = dict(self.participation), self.lookups
        return other
