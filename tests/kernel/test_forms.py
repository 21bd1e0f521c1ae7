"""Rows of groups: numbered as they were given, required under a condition, with what was typed in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from kiban.kernel.definitions.loader import DefinitionErrors
from kiban.kernel.facts import CaseState
from kiban.kernel.forms import Draft, evaluate
from tests.kernel.conftest import World, facts

SERVICE = """
slug: claims
label: {ja: 経費, en: Claims}
description: {ja: 試験用の架空の業務, en: An invented service for tests}
law: 架空条例1条
in_force: 2026-04-01
ministry: mext
roles: {reader: {label: 利用者, kind: party, reach: own}}
forms:
  claim:
    label: 請求
    sections:
      main:
        label: 請求
        fields:
          strict: {label: 厳格, type: yes_no}
          items:
            label: 明細
            type: group
            when: has(strict)
            fields:
              what: {label: 品目, type: text, required: 'true'}
              cost: {label: 金額, type: money}
              why: {label: 理由, type: text, required: 'strict && item.cost > 100'}
procedures:
  claim:
    label: 請求
    pattern: application
    form: claim
    states: {draft: 作成中, asked: 申込}
    rules:
      - {code: E-COST, at: [ask, mend], each: items, field: cost, check: item.cost <= 500, message: 高すぎます。}
    actions:
      ask: {label: 申し込む, opens: true, from: draft, to: asked, roles: reader, input: [main]}
      mend: {label: 直す, from: asked, roles: reader, input: [main]}
      list:
        label: 並べる
        from: asked
        roles: reader
        fields:
          more:
            label: 追加
            type: group
            fields: {n: {label: 数, type: integer}, note: {label: 注, type: text, required: item.n > 1}}
"""
ROWS: list[dict[str, object]] = [
    {}, {"what": "机", "cost": "６００円", "why": "高い"}, {"what": "", "cost": ""}, {"what": "椅子", "cost": 200},
]  # fmt: skip


@pytest.fixture
def claim(compiled: Callable[[str], Any]) -> Any:
    return compiled(SERVICE).procedures["claim"]


def _ask(claim: Any, rows: object, *, strict: bool = True, action: str = "ask", case: Any = None) -> Any:
    return evaluate(claim, action, {"strict": strict, "items": rows}, facts(), World(), case=case)


def test_rules_and_reading_number_the_rows_alike(claim: Any) -> None:
    made = _ask(claim, [*ROWS, {"what": "棚", "cost": "x", "why": "-"}])
    assert [(p.field, p.code) for p in made.problems] == [
        ("items[5].cost", "invalid"), ("items[4].why", "required"), ("items[2].cost", "E-COST"),
    ]  # fmt: skip


def test_a_part_is_required_under_a_condition_of_its_row_and_of_others(claim: Any) -> None:
    made = _ask(claim, ROWS)
    assert {"items[2].why", "items[4].why"} <= made.required
    (problem,) = (p for p in made.problems if p.code == "required")
    assert problem.message.ja == "「理由」を入力してください。"
    assert not [p for p in _ask(claim, ROWS, strict=False).problems if p.code == "required"]
    assert not [p for p in _ask(claim, [{"what": "机"}]).problems if p.code == "required"], (
        "not known, not asked"
    )


def test_an_input_of_the_act_itself_too(claim: Any) -> None:
    case = CaseState("c", "claim", "asked", {}, date(2026, 11, 20), seq=1)
    made = evaluate(claim, "list", {"more": [{}, {"n": 2}]}, facts(), World(), case=case)
    assert [(p.field, p.code) for p in made.problems] == [("more[2].note", "required")]
    assert made.texts == {}


def test_what_was_typed_in_the_rows_is_kept_until_they_are_given_again(claim: Any) -> None:
    first = _ask(claim, ROWS)
    assert first.texts == {"items[1].cost": "６００円"}
    case = CaseState("c", "claim", "asked", first.values, date(2026, 11, 20), texts=first.texts, seq=1)
    kept = evaluate(claim, "mend", {"strict": True}, facts(), World(), case=case)
    assert kept.texts == first.texts
    assert ("items[1].cost", "E-COST") in [(p.field, p.code) for p in kept.problems]
    again = _ask(claim, [{"what": "机", "cost": 1}], action="mend", case=case)
    assert again.texts == {}
    hidden = Draft(
        claim, claim.actions["mend"], replace(case, values={"items": first.values["items"]}), {"strict": None}, facts(),
        World(),
    )  # fmt: skip
    assert hidden.texts == {} and "items" not in hidden.values


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("required: 'strict && item.cost > 100'", "required: 'item.costs > 100'", "costs"),
        ("required: 'strict && item.cost > 100'", "when: strict", "a part of a group has no `when`"),
        ("{label: 品目, type: text,", "{label: 品目, type: text, pattern: '[a', ", "this pattern can't be read"),
        ("{label: 品目, type: text,", "{label: 品目, type: long_text, pattern: '[a-z]',", "of type `text`"),
        (
            "{label: 品目, type: text,", "{label: 品目, type: text, pattern: '[a-z]', example: あ,",
            "the example `あ` does not have this form",
        ),
    ],
)  # fmt: skip
def test_wrong_parts_and_patterns_are_told(
    compiled: Callable[[str], Any], old: str, new: str, said: str
) -> None:
    assert old in SERVICE
    with pytest.raises(DefinitionErrors, match=said.replace("[", r"\[")):
        compiled(SERVICE.replace(old, new))
