"""What a document (交付文書) prints: plain JSON for its template, taken at the moment of the act that issues it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from kiban.kernel.definitions.compile import CompiledProcedure
from kiban.kernel.facts import CaseState, Facts
from kiban.kernel.values import Codec
from kiban.kernel.wareki import format_wareki


def _shown(codec: Codec, value: Any) -> str:
    style = "wareki" if codec.field.type == "date" else "full"
    return codec.display(value, "ja", style)  # type: ignore[arg-type]


def paper_data(
    procedure: CompiledProcedure,
    name: str,
    case: CaseState,
    facts: Facts,
    given: Mapping[str, Any] | None = None,
    action: str = "",
) -> dict[str, Any]:
    """The template's data: `values` (JSON) and `text` (as people read them, dates in 和暦) by field name.

    `given` are the act's own inputs (JSON), which stand beside the case's values. Keys: document, body, case, values,
    text, parameters, clock, clock_text, act.
    """
    values: dict[str, Any] = {}
    text: dict[str, str] = {}
    for field, value in case.values.items():
        codec = procedure.codecs.get(field)
        if codec is not None:
            values[field], text[field] = codec.to_json(value), _shown(codec, value)
    inputs = procedure.codecs.inputs.get(action, {})
    for field, stored in (given or {}).items():
        codec = inputs.get(field)
        if codec is not None and stored is not None:
            values.setdefault(field, stored)
            text.setdefault(field, _shown(codec, codec.from_json(stored)))
    word = procedure.service.documents[name]
    on = facts.today
    return {
        "document": {
            "name": name,
            "label": word.label.ja,
            "law": word.law,
            "number": case.number,
            "issued_on": on.isoformat(),
            "issued_on_text": format_wareki(on),
        },
        "service": {"label": procedure.service.label.ja, "law": procedure.service.law},
        "body": {"code": facts.body.code, "name": facts.body.name, "office": office(facts.body.name)},
        "case": {
            "number": case.number,
            "state": case.state,
            "received_on": case.opened_on.isoformat(),
            "received_on_text": format_wareki(case.opened_on),
        },
        "values": values,
        "text": text,
        "parameters": _parameters(procedure, facts),
        "clock": {clock: state.on.isoformat() for clock, state in case.clocks.items()},
        "clock_text": {clock: format_wareki(state.on) for clock, state in case.clocks.items()},
        "charge": {charge: state.as_row() for charge, state in case.charges.items()},
        "act": {"action": action, "department": facts.actor.department},
    }


def office(body_name: str) -> str:
    """The head of a local body as documents name them (地方自治法139条): 東京都知事, 葛飾区長, 大空町長."""
    if body_name.endswith(("都", "道", "府", "県")):
        return f"{body_name}知事"
    return f"{body_name}長" if body_name.endswith(("市", "区", "町", "村")) else body_name


def _parameters(procedure: CompiledProcedure, facts: Facts) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in facts.parameters.items():
        codec = procedure.parameters[name].codec if name in procedure.parameters else None
        if isinstance(value, date):
            found[name] = value.isoformat()
        elif codec is not None and value is not None:
            found[name] = codec.to_json(value)
    return found


def texts_of(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(field, text) of everything that a document prints of a case, for the check of glyphs before it is issued."""
    return [(field, text) for field, text in data["text"].items() if text] + [("body", data["body"]["name"])]
