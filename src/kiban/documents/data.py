"""What a document's template is given: everything of a case that may stand on paper, as values and as words.

Shape: `document` {name, label, number, code, issued_on, issued_on_text, replaces [{number, issued_on,
issued_on_text}]}, `body` {code, name, prefecture, office, contact}, `case` {number, opened_on, received_on_text},
`values` {field: JSON}, `text` {field: words in Japanese; dates in 和暦}, `parameters`, `clock` {name: YYYY-MM-DD},
`clock_text` {name: 和暦}, `charges` {name: {due, paid, balance}}, `charge_text` {name: the same in words: 1,500円}.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from kiban.kernel.definitions.compile import CompiledProcedure
from kiban.kernel.definitions.local import is_local
from kiban.kernel.definitions.model import Service
from kiban.kernel.environment import view_values
from kiban.kernel.facts import BodyFacts, CaseState, Facts
from kiban.kernel.values import Codec
from kiban.kernel.wareki import format_wareki


def document_data(
    procedure: CompiledProcedure,
    name: str,
    case: CaseState,
    facts: Facts,
    *,
    action: str,
    given: Mapping[str, Any],
    number: str,
    code: str,
    replaces: Sequence[tuple[str, date]] = (),
) -> dict[str, Any]:
    """The data of document `name` as of an act on `case` (the state after it); `given`: its own input (JSON).

    `replaces`: number and day of the documents that this one takes the place of.
    """
    word = procedure.service.documents[name]
    shown: dict[str, tuple[Codec, Any]] = {}
    for field, value in view_values(procedure, case, facts).items():
        codec = procedure.codecs.get(field)
        # A template is the edition's, and papers leave the body.
        if codec is not None and not is_local(field) and field not in procedure.codecs.secret:
            shown[field] = (codec, value)
    for field, stored in given.items():
        codec = procedure.codecs.inputs.get(action, {}).get(field)
        if codec is not None and stored is not None:
            shown[field] = (codec, codec.from_json(stored))
    clocks = {clock: state.on for clock, state in case.clocks.items()}
    charges = {charge: state.as_row() for charge, state in case.charges.items()}
    return {
        "document": {
            "name": name,
            "label": word.label.ja,
            "number": number,
            "code": code,
            "issued_on": facts.today.isoformat(),
            "issued_on_text": format_wareki(facts.today),
            "replaces": [
                {"number": old, "issued_on": on.isoformat(), "issued_on_text": format_wareki(on)}
                for old, on in replaces
            ],
        },
        "body": body_data(facts.body, procedure.service),
        "case": {
            "number": case.number,
            "opened_on": case.opened_on.isoformat(),
            "received_on_text": format_wareki(case.opened_on),
        },
        "values": {field: codec.to_json(value) for field, (codec, value) in shown.items()},
        "text": {field: codec.display(value, "ja", "wareki") for field, (codec, value) in shown.items()},
        "parameters": {
            field: item.codec.to_json(facts.parameters[field])
            for field, item in procedure.parameters.items()
            if facts.parameters.get(field) is not None
        },
        "clock": {clock: on.isoformat() for clock, on in clocks.items()},
        "clock_text": {clock: format_wareki(on) for clock, on in clocks.items()},
        "charges": charges,
        "charge_text": {
            charge: {k: f"{yen:,}円" for k, yen in row.items()} for charge, row in charges.items()
        },
        "extra": {},
    }


def body_data(body: BodyFacts, service: Service) -> dict[str, str]:
    """The body that issues a document: code, name, prefecture, office, contact."""
    contact = service.contact
    return {
        "code": body.code,
        "name": body.name,
        "prefecture": body.prefecture,
        "office": office(body),
        "contact": f"{body.name}　{contact.ja}" if contact else body.name,
    }


def office(body: BodyFacts) -> str:
    """The office that acts for a body (行政庁): 葛飾区長, 北海道知事, 国土交通大臣, 消費者庁長官."""
    if body.kind == "prefecture":
        return f"{body.name}知事"
    if body.kind == "ministry":
        if body.name.endswith("省"):
            return f"{body.name.removesuffix('省')}大臣"
        return f"{body.name}長官" if body.name.endswith("庁") else body.name
    return f"{body.name}長"
