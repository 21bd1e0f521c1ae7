"""A form being filled: an action of a procedure at a place, with the raw input so far. Rules live in the kernel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from kiban.access import bodies
from kiban.cases.world import looking
from kiban.kernel.definitions.compile import (
    CompiledAction,
    CompiledField,
    CompiledProcedure,
    CompiledService,
)
from kiban.kernel.definitions.model import Field
from kiban.kernel.environment import base_environment
from kiban.kernel.expr import is_pending
from kiban.kernel.facts import CaseState, Facts
from kiban.kernel.forms import Evaluation, evaluate, run
from kiban.kernel.problems import Problem
from kiban.kernel.values import ReadContext
from kiban.web.forms.paths import head
from kiban.web.forms.posted import Raw, for_evaluation, is_blank
from kiban.web.forms.steps import Step, step_of, steps_of
from kiban.web.forms.widgets import Widget, Widgets
from kiban.web.viewer import Place, body_name


@dataclass(frozen=True)
class SummaryItem:
    """One line of the summary of problems: a link to the field, on this page or on its step."""

    problem: Problem
    label: str
    href: str
    here: bool


@dataclass
class Filling:
    """`compiled` is the edition that counts (the case's own, or the one in force)."""

    place: Place
    compiled: CompiledService
    procedure: CompiledProcedure
    action: str
    case: CaseState | None
    language: str
    raw: Raw = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    upload_problems: list[Problem] = field(default_factory=list)

    @property
    def compiled_action(self) -> CompiledAction:
        return self.procedure.actions[self.action]

    @property
    def fields(self) -> Mapping[str, Field]:
        return {name: item.field for name, item in self.compiled_action.fields.items()}

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        return steps_of(self.procedure, self.action)

    @cached_property
    def facts(self) -> Facts:
        return self.place.facts(self.case, self.compiled)

    @property
    def input(self) -> Raw:
        """What is sent through the door."""
        return for_evaluation(self.raw, self.fields)

    def evaluate(self) -> Evaluation:
        """The form as it stands, warnings included; asks the database for lookups, changes nothing."""
        with looking(self.place.body.code, self.compiled) as world:
            return evaluate(self.procedure, self.action, self.input, self.facts, world, case=self.case)

    def widgets(
        self, names: Sequence[str], evaluation: Evaluation, problems: Iterable[Problem]
    ) -> tuple[Widget, ...]:
        """The widgets of fields, with the problems that may be told now."""
        context = ReadContext(today=self.facts.today, locate=bodies.locate)
        builder = Widgets(self.compiled_action, self.raw, evaluation, context, self.language, body_name)
        return builder.of(names, [*self.upload_problems, *problems])

    def typed_so_far(self, problems: Iterable[Problem]) -> list[Problem]:
        """The problems of fields in which something stands: what is still empty is not wrong while it is typed."""
        return [p for p in problems if not is_blank(self._raw_at(p.field))]

    def _raw_at(self, path: str) -> Any:
        return self.raw.get(head(path))

    def label_at(self, path: str) -> str:
        """The label of the field at a path, with the number of its row."""
        name = head(path)
        item = self.fields.get(name)
        if item is None:
            return ""
        label = item.label.text(self.language)
        rest = path[len(name) :]
        row = item.rows.get(rest[1:].split("]")[0]) if rest.startswith("[") else None
        if row is not None:
            return f"{label} {row.label.text(self.language)}"
        if rest.startswith("[") and "]." in rest:
            number, part = rest[1:].split("].", 1)
            inner = item.fields.get(part)
            label = f"{label} {number}" + (f" {inner.label.text(self.language)}" if inner else "")
        return label


def start_raw(procedure: CompiledProcedure, action: str, case: CaseState | None, facts: Facts) -> Raw:
    """The input to begin with: what the case holds already (as typed), else the field's default."""
    compiled = procedure.actions[action]
    env: dict[str, Any] = base_environment(procedure, case, facts)
    env["input"], env["lookup"] = {}, {}
    raw: Raw = {}
    for name, item in compiled.fields.items():
        if case is not None and name not in compiled.own and case.values.get(name) is not None:
            typed = case.texts.get(name)
            stored = item.codec.to_json(case.values[name])
            raw[name] = typed if typed is not None else _as_typed(item, stored, case.texts)
        elif item.default is not None:
            value = run(item.default, env)
            if not is_pending(value) and value is not None:
                raw[name] = item.codec.to_json(value)
    return raw


def _as_typed(item: CompiledField, stored: Any, texts: Mapping[str, str]) -> Any:
    """The rows of a group with what was typed in them; other values as they are stored."""
    if item.field.type != "group":
        return stored
    return [
        {part: texts.get(f"{item.field.name}[{number}].{part}", value) for part, value in row.items()}
        for number, row in enumerate(stored, start=1)
    ]


def summary_of(
    filling: Filling, problems: Iterable[Problem], widgets: Sequence[Widget], step_url: Any = None
) -> tuple[SummaryItem, ...]:
    """The blocking problems as links. `step_url(step)` gives the page of a field that does not stand here."""
    by_path = {widget.path: widget for widget in _all(widgets)}
    found = []
    for problem in [*filling.upload_problems, *problems]:
        if not problem.blocks:
            continue
        widget = by_path.get(problem.field) or by_path.get(head(problem.field))
        label = filling.label_at(problem.field)
        if label and problem.message.text(filling.language).find(label) >= 0:
            label = ""
        if widget is not None:
            found.append(SummaryItem(problem, label, f"#{widget.first_id}", True))
            continue
        step = step_of(filling.steps, problem.field)
        href = step_url(step) if step is not None and step_url is not None else "#main"
        found.append(SummaryItem(problem, label, href, False))
    return tuple(found)


def reasons_missing(
    warnings: Sequence[Problem], refused: Iterable[Problem], first: int = 1
) -> tuple[SummaryItem, ...]:
    """Links to the reasons that were asked for and not given (inputs `reason-<n>` in the order of `warnings`)."""
    missing = {(problem.field, problem.code) for problem in refused if problem.severity == "warning"}
    return tuple(
        SummaryItem(problem, "", f"#reason-{n}", True)
        for n, problem in enumerate(warnings, start=first)
        if (problem.field, problem.code) in missing
    )


def _all(widgets: Iterable[Widget]) -> Iterable[Widget]:
    for widget in widgets:
        yield widget
        for row in widget.rows:
            yield from _all(row.widgets)
