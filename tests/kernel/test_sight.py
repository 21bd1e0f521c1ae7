"""What somebody may see of a case follows from the definition, wherever a value stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kiban.kernel.definitions.compile import CompiledProcedure
from kiban.kernel.definitions.loader import DefinitionErrors
from kiban.kernel.sight import sight

SERVICE = """
slug: reading-room
label: {ja: 閲覧室, en: Reading room}
description: {ja: 試験用の架空の業務, en: An invented service for tests}
law: 架空条例1条
in_force: 2026-04-01
ministry: mext
roles:
  reader: {label: 利用者, kind: party, reach: own}
  clerk: {label: 職員}
  chief: {label: 室長}
documents:
  ticket: {label: 入室票, template: ticket.typ}
  memo: {label: 内部の記録, template: memo.typ, readers: [chief]}
forms:
  request:
    label: 申込
    sections:
      main: {label: 申込, fields: {who: {label: 氏名, type: text}, seats: {label: 席数, type: integer}}}
      judgement: {label: 判断, readers: [chief], fields: {verdict: {label: 所見, type: text}}}
procedures:
  visit:
    label: 利用
    pattern: application
    form: request
    states: {draft: 作成中, asked: 申込}
    computed:
      cost: {label: 料金, type: money, value: seats * 100}
      weight: {type: integer, value: seats * 3}
      class: {label: 区分, type: text, value: "'A'", readers: [chief]}
    actions:
      ask: {label: 申し込む, opens: true, from: draft, to: asked, roles: [reader, clerk], input: [main]}
"""
SAID: dict[str, Any] = {
    "before": "draft",
    "changes": {
        "state": "asked",
        "values": {"who": "見本", "verdict": "不可", "cost": 100, "weight": 3, "class": "A"},
        "texts": {"verdict": "不 可"},
        "marks": {"verdict": "unknown", "who": "prefilled"},
        "actors": {"ask": "u1"},
    },
    "input": {"verdict": "不可", "note": "x"},
    "reasons": {"W1@verdict": "内緒", "W1": "可"},
    "problems": [{"field": "verdict", "code": "I1"}, {"field": "who", "code": "I2"}],
    "effects": [
        {"kind": "record", "registry": "r", "key": "k", "set": {"verdict": "不可", "state": "asked"}},
        {"kind": "document", "name": "ticket"},
        {"kind": "document", "name": "memo"},
    ],
    "lookups": {"same": [{"key": "k", "verdict": "不可", "state": "asked"}]},
}


@pytest.fixture
def visit(compiled: Callable[..., Any]) -> CompiledProcedure:
    found: CompiledProcedure = compiled(SERVICE).procedures["visit"]
    return found


@pytest.mark.parametrize(
    ("role", "fields", "computed", "documents", "inside"),
    [
        ("reader", {"who", "seats"}, {"cost"}, {"ticket"}, False),
        ("clerk", {"who", "seats"}, {"cost", "weight"}, {"ticket"}, True),
        ("chief", {"who", "seats", "verdict"}, {"cost", "weight", "class"}, {"ticket", "memo"}, True),
        ("nobody", {"who", "seats"}, {"cost"}, {"ticket"}, False),
    ],
)
def test_roles_see_what_is_for_them(
    visit: CompiledProcedure,
    role: str,
    fields: set[str],
    computed: set[str],
    documents: set[str],
    inside: bool,
) -> None:
    seen = sight(visit, {role})
    assert (seen.fields, seen.computed, seen.documents, seen.inside) == (fields, computed, documents, inside)
    assert seen.hidden == {"who", "seats", "verdict", "cost", "weight", "class"} - fields - computed
    assert (
        seen.only({"who": 1, "verdict": 2, "weight": 3}).keys() == {"who", "verdict", "weight"} & seen.names
    )


def test_a_hidden_value_is_hidden_wherever_it_stands(visit: CompiledProcedure) -> None:
    assert sight(visit, {"chief"}).content(SAID) == SAID
    assert sight(visit, {"clerk"}).content(SAID) == {
        "before": "draft",
        "changes": {
            "state": "asked",
            "values": {"who": "見本", "cost": 100, "weight": 3},
            "texts": {},
            "marks": {"who": "prefilled"},
            "actors": {"ask": "u1"},
        },
        "input": {"note": "x"},
        "reasons": {"W1": "可"},
        "problems": [{"field": "who", "code": "I2"}],
        "effects": [
            {"kind": "record", "registry": "r", "key": "k", "set": {"state": "asked"}},
            {"kind": "document", "name": "ticket"},
        ],
        "lookups": {"same": [{"key": "k", "state": "asked"}]},
    }
    assert sight(visit, {"reader"}).content(SAID) == {}


def test_readers_are_roles(compiled: Callable[..., Any]) -> None:
    with pytest.raises(DefinitionErrors, match="there is no role `cheif`; did you mean chief"):
        compiled(SERVICE.replace("value: \"'A'\", readers: [chief]", "value: \"'A'\", readers: [cheif]"))
