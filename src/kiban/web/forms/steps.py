"""The steps of an action's form: one for each section that it asks for, and one for its own fields."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kiban.kernel.definitions.compile import CompiledProcedure
from kiban.kernel.definitions.model import Label
from kiban.web.forms.paths import head

REVIEW = "review"
OWN = "own"


@dataclass(frozen=True)
class Step:
    """One page of a form. `key` is the section's name, or `own`."""

    key: str
    label: Label
    help: Label | None
    law: str
    fields: tuple[str, ...]


def steps_of(procedure: CompiledProcedure, action: str) -> tuple[Step, ...]:
    """The steps in the order of the action's `input`; fields that the action adds stand last."""
    compiled = procedure.actions[action]
    form = procedure.service.forms[procedure.procedure.form]
    found: list[Step] = []
    for section in dict.fromkeys(ref.partition(".")[0] for ref in compiled.action.input):
        word = form.sections.get(section)
        names = tuple(n for n, f in compiled.fields.items() if f.section == section and n not in compiled.own)
        if word is not None and names:
            found.append(Step(section, word.label, word.help, "", names))
    own = tuple(name for name in compiled.fields if name in compiled.own)
    if own:
        found.append(Step(OWN, compiled.action.label, compiled.action.help, compiled.action.law, own))
    return tuple(found)


def step_of(steps: Sequence[Step], path: str) -> Step | None:
    """The step on which the field of a problem's path stands."""
    name = head(path)
    return next((step for step in steps if name in step.fields), None)


def index_of(steps: Iterable[Step], key: str) -> int | None:
    """The place of a step by its key, from 0."""
    return next((place for place, step in enumerate(steps) if step.key == key), None)
