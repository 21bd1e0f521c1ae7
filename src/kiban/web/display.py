"""A case as people read it: its values by section, computed values, deadlines, charges, states as steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from kiban.cases.claims import CLAIM, CLAIM_LABEL
from kiban.kernel import office
from kiban.kernel.definitions.compile import CompiledProcedure
from kiban.kernel.definitions.model import Label, State
from kiban.kernel.facts import SEALED_MARK, CaseState
from kiban.kernel.sight import Sight
from kiban.kernel.values import Codec
from kiban.web.forms.paths import input_id
from kiban.web.forms.posted import is_blank


@dataclass(frozen=True)
class Line:
    """One value: its label, the value in words, what was typed where that differs, rows of a group, a file."""

    name: str
    label: Label
    text: str
    typed: str = ""
    law: str = ""
    rows: tuple[tuple[Line, ...], ...] = ()
    file: Mapping[str, Any] | None = None
    sealed: bool = False

    @property
    def id(self) -> str:
        return input_id(self.name)


@dataclass(frozen=True)
class Part:
    """A section with the lines that have a value."""

    key: str
    label: Label
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Deadline:
    name: str
    label: Label
    law: str
    on: date
    active: bool
    overdue: bool
    days: int


@dataclass(frozen=True)
class Money:
    label: Label
    due: int
    paid: int
    waived: int
    balance: int

    @property
    def excess(self) -> int:
        """What was paid too much (過誤納)."""
        return max(0, -self.balance)


@dataclass(frozen=True)
class Stop:
    """A stop on the way of a case: done, now, or still to come."""

    label: Label
    mark: str


COVERED = Label(ja="（伏せています）", en="(covered)")
"""What stands in the place of a secret value."""


def lines(
    codecs: Mapping[str, Codec],
    names: Iterable[str],
    values: Mapping[str, Any],
    texts: Mapping[str, str],
    language: str,
) -> tuple[Line, ...]:
    """The lines of the named values that are there."""
    return tuple(
        line(codecs[name], name, values[name], texts, language)
        for name in names
        if name in codecs and not is_blank(values.get(name))
    )


def line(codec: Codec, path: str, value: Any, texts: Mapping[str, str], language: str) -> Line:
    """One value as a line; `texts` say what was typed, by path."""
    item = codec.field
    rows: tuple[tuple[Line, ...], ...] = ()
    if item.type == "grid":
        rows = _grid(codec, path, value, language)
    if item.type == "group":
        parts: Mapping[str, Codec] = codec.parts  # type: ignore[attr-defined]
        rows = tuple(
            tuple(
                line(parts[name], f"{path}[{n}].{name}", row[name], texts, language)
                for name in parts
                if row.get(name) is not None
            )
            for n, row in enumerate(value, start=1)
        )
    file = value if item.type == "file" and isinstance(value, Mapping) and value.get("sha256") else None
    text = "" if item.type in ("group", "grid") else codec.display(value, language)
    typed = texts.get(path, "")
    shown_typed = typed if typed and typed not in (text, codec.to_json(value)) else ""
    return Line(path, item.label, text, shown_typed, item.law, rows, file)


def _grid(codec: Codec, path: str, value: Any, language: str) -> tuple[tuple[Line, ...], ...]:
    """The rows of a grid that hold something, each cell a line of its own, the row's name first."""
    parts: Mapping[str, Codec] = codec.parts  # type: ignore[attr-defined]
    return tuple(
        (
            Line(f"{path}[{row.name}]", Label(ja="行", en="Row"), row.label.text(language), law=row.law),
            *(
                line(parts[name], f"{path}[{row.name}][{name}]", value[row.name][name], {}, language)
                for name in parts
                if value[row.name].get(name) is not None
            ),
        )
        for row in codec.field.rows.values()
        if row.name in value
    )


def sections(
    procedure: CompiledProcedure,
    values: Mapping[str, Any],
    texts: Mapping[str, str],
    seen: Sight,
    language: str,
    marks: Mapping[str, str] | None = None,
) -> tuple[Part, ...]:
    """The sections of the form with the values that may be seen; empty sections are left out.

    By `marks` a secret value that is there, and that nobody has asked to see, is shown covered.
    """
    form = procedure.service.forms[procedure.procedure.form]
    found = []
    for section in form.sections.values():
        names = [name for name in section.fields if name in seen.fields]
        part = lines(procedure.codecs.fields, names, values, texts, language)
        part += tuple(
            Line(
                name,
                section.fields[name].label,
                COVERED.text(language),
                law=section.fields[name].law,
                sealed=True,
            )
            for name in names
            if (marks or {}).get(name) == SEALED_MARK and name not in values
        )
        if part:
            found.append(Part(section.name, section.label, part))
    return tuple(found)


def computed(
    procedure: CompiledProcedure, values: Mapping[str, Any], seen: Sight, language: str
) -> tuple[Line, ...]:
    """Computed values that may be seen and have a label."""
    words = procedure.procedure.computed
    names = [name for name, word in words.items() if word.label is not None and name in seen.computed]
    return lines(procedure.codecs.computed, names, values, {}, language)


def deadlines(procedure: CompiledProcedure, case: CaseState, today: date) -> tuple[Deadline, ...]:
    """The clocks that have been started, the earliest first; those without meaning now stand last."""
    found = []
    for name, clock in case.clocks.items():
        word = procedure.procedure.clocks.get(name)
        if word is None or word.notify:
            continue
        active = case.state in word.while_ and not procedure.procedure.states[case.state].final
        days = (clock.on - today).days
        overdue = active and word.kind in ("due", "expires") and days < 0
        label = clock_label(procedure, name)
        found.append(Deadline(name, label, word.law, clock.on, active, overdue, days))
    return tuple(sorted(found, key=lambda item: (not item.active, item.on)))


def clock_label(procedure: CompiledProcedure, name: str) -> Label:
    word = procedure.procedure.clocks.get(name)
    return word.label if word is not None else Label(ja=name)


def charges(procedure: CompiledProcedure, case: CaseState) -> tuple[Money, ...]:
    """The claims of money on a case."""
    return tuple(
        Money(procedure.charge_label(name), charge.due, charge.paid, charge.waived, charge.balance)
        for name, charge in case.charges.items()
    )


def stops(procedure: CompiledProcedure, state: str, *, public: bool) -> tuple[Stop, ...]:
    """The states as steps: of each step number the state of the case, else the first one declared.

    Without step numbers in the definition there are no stops. Final steps that are not the case's own are shown
    as one ("end").
    """
    words = [word for word in procedure.procedure.states.values() if word.step is not None]
    now = procedure.procedure.states[state]
    if not words or now.step is None:
        return ()
    found = []
    for number in sorted({word.step for word in words if word.step is not None}):
        at_step = [word for word in words if word.step == number]
        word = now if now.step == number else at_step[0]
        label = word.label
        if now.step != number and len(at_step) > 1 and all(w.final for w in at_step):
            label = Label(ja="終了", en="End")
        mark = (
            "done"
            if number < now.step or (number == now.step and now.final)
            else "now"
            if now.step == number
            else ""
        )
        found.append(Stop(label, mark))
    if public and found and procedure_starts_before(words, procedure):
        found = found[1:]
    return tuple(found)


def procedure_starts_before(words: list[State], procedure: CompiledProcedure) -> bool:
    """Whether the first step is only what an opening act starts from (a case never stands there)."""
    first = min(word.step or 0 for word in words)
    froms = {name for action in procedure.procedure.actions.values() if action.opens for name in action.from_}
    return all(word.name in froms for word in words if word.step == first)


def state_tone(procedure: CompiledProcedure, case_state: str, overdue: bool) -> str:
    """The look of a state's mark."""
    if overdue:
        return "mark mark-error"
    word = procedure.procedure.states.get(case_state)
    return "mark mark-done" if word is not None and word.final else "mark mark-active"


def act_label(procedure: CompiledProcedure, act: str) -> Label:
    """What an event was, in words: an action, or a clock that fired."""
    if act.startswith("clock."):
        label = clock_label(procedure, act.removeprefix("clock."))
        return Label(ja=f"期限：{label.ja}", en=f"Deadline: {label.text('en')}")
    if act == CLAIM:
        return CLAIM_LABEL
    if act in office.LABELS:
        return office.LABELS[act]
    word = procedure.procedure.actions.get(act)
    return word.label if word is not None else Label(ja=act)
