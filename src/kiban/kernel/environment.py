"""The environment of expressions: reserved names and the case's values, as plain mappings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kiban.kernel.definitions.compile import CompiledProcedure
from kiban.kernel.definitions.templates import Show
from kiban.kernel.facts import CaseState, Charge, Facts

_NO_CHARGE = Charge().as_row()


def base_environment(procedure: CompiledProcedure, case: CaseState | None, facts: Facts) -> dict[str, Any]:
    """All names but `input` and `lookup`. An absent name is unanswered; null parameters stand as None."""
    body, actor = facts.body, facts.actor
    env: dict[str, Any] = dict(case.values) if case else {}
    env["param"] = facts.parameters
    env["body"] = {
        "code": body.code, "name": body.name, "kind": body.kind, "prefecture": body.prefecture, "wards": body.wards,
    }  # fmt: skip
    env["actor"] = {
        "id": actor.id, "kind": actor.kind, "roles": tuple(sorted(actor.roles)), "department": actor.department,
    }  # fmt: skip
    env["today"], env["now"], env["calendar"] = facts.today, facts.now, facts.calendar
    env["before"] = case.values if case else {}
    env["case"] = {"opened_on": facts.today}
    env["clock"] = {}
    env["charge"] = dict.fromkeys(procedure.charges, _NO_CHARGE)
    if case is not None:
        env["case"] = {"state": case.state, "number": case.number, "opened_on": case.opened_on, "id": case.id}
        env["clock"] = {name: clock.on for name, clock in case.clocks.items()}
        env["charge"].update({name: charge.as_row() for name, charge in case.charges.items()})
    return env


def shower(procedure: CompiledProcedure) -> Show:
    """Shows values in sentences by the field, parameter or charge that they belong to."""

    def show(path: str, value: object, language: str) -> str | None:
        if value is None:
            return ""
        head, _, rest = path.partition(".")
        if head == "charge" and rest:
            return f"{value:,}円" if language == "ja" else f"¥{value:,}"
        codec = None
        if head == "param":
            parameter = procedure.parameters.get(rest)
            codec = parameter.codec if parameter and parameter.parameter.type != "integer" else None
        elif head == "input":
            codec = next((c[rest] for c in procedure.codecs.inputs.values() if rest in c), None)
        elif not rest:
            codec = procedure.codecs.get(path)
        if codec is None or codec.field.type in ("date", "integer"):
            return None
        return codec.display(value, language)

    return show


def view_values(procedure: CompiledProcedure, case: CaseState, facts: Facts) -> Mapping[str, object]:
    """A case's values as they stand today: what follows from the date is computed anew, nothing is stored."""
    from kiban.kernel.expr import is_pending
    from kiban.kernel.forms import run

    env = base_environment(procedure, case, facts)
    env["input"], env["lookup"] = {}, {}
    values = dict(case.values)
    for name in procedure.order:
        program = procedure.computed.get(name)
        if program is None:
            continue
        value = run(program, env)
        if is_pending(value) or value is None:
            env.pop(name, None)
            values.pop(name, None)
        else:
            env[name] = value
            if name in procedure.codecs.computed:
                values[name] = value
    return values
