"""What a case was sent back for: said by an act, standing until the case has left the state."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiban.kernel.correction import Asked, asked, standing
from kiban.kernel.definitions.compile import compile_service
from kiban.kernel.definitions.loader import DefinitionErrors, load

SERVICE = """
slug: s
label: s
description: s
law: s
in_force: 2026-04-01
ministry: digital
roles: {applicant: {label: a, kind: party, reach: own}, clerk: {label: c}}
forms:
  f:
    label: f
    sections:
      one: {label: one, fields: {name: {label: 名前, type: text}, day: {label: 日, type: date}}}
      two: {label: two, fields: {inside: {label: 内部, type: text}}}
procedures:
  p:
    label: p
    pattern: application
    form: f
    states: {draft: d, sent: s, back: b}
    actions:
      submit: {label: 出す, opens: true, from: draft, to: sent, roles: applicant, input: [one]}
      again: {label: 直す, from: back, to: sent, roles: applicant, input: [one]}
      send_back:
        label: 返す
        from: sent
        to: back
        roles: clerk
        fields:
          fields: {label: 項目, type: multiple, options_from: form}
          points:
            label: 理由
            type: group
            fields: {field: {label: 項目, type: choice, options_from: form}, reason: {label: 理由, type: text}}
          comment: {label: 全体, type: text}
        correction: {fields: fields, points: points, comment: comment}
"""


@pytest.fixture
def compiled(tmp_path: Path):
    (tmp_path / "service.yaml").write_text(SERVICE, encoding="utf-8")
    return compile_service(load(tmp_path)).procedures["p"]


def test_the_choices_are_the_fields_that_are_filled_in_again(compiled) -> None:
    own = compiled.codecs.inputs["send_back"]
    assert list(own["fields"].items) == ["name", "day"]
    assert own["fields"].items["day"].label.ja == "日"
    assert list(own["points"].parts["field"].items) == ["name", "day"]


def test_what_was_asked_stands_in_the_order_of_the_form(compiled) -> None:
    given = {"fields": ["day"], "comment": "全体", "points": [
        {"field": "day", "reason": "一"}, {"field": "name", "reason": "二"}, {"field": "day", "reason": "三"},
    ]}  # fmt: skip
    found = asked(compiled, "send_back", given)
    assert found is not None
    assert [(point.field, point.reason) for point in found.points] == [("name", "二"), ("day", "一\n三")]
    assert found.comment == "全体"
    assert [point.field for point in found.only({"day"}).points] == ["day"]
    assert asked(compiled, "again", given) is None


def test_it_stands_while_the_case_waits(compiled) -> None:
    acts = [("submit", {}), ("send_back", {"comment": "一"}), ("again", {}), ("send_back", {"comment": "二"})]
    assert standing(compiled, "back", acts) == Asked((), "二")
    assert standing(compiled, "sent", acts) is None


@pytest.mark.parametrize(
    ("wrong", "told"),
    [("points: comment", "group with the parts"), ("points: nothing", "no field of this action `nothing`")],
)
def test_a_wrong_word_is_told(tmp_path: Path, wrong: str, told: str) -> None:
    text = SERVICE.replace("fields: fields, points: points", wrong)
    (tmp_path / "service.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionErrors) as errors:
        compile_service(load(tmp_path))
    assert told in str(errors.value)
