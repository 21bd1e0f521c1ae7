"""Repeating groups."""

from __future__ import annotations

from kiban.kernel.expr import BOOL, Scope, compile_expression, is_pending
from tests.kernel.values.support import CONTEXT, make, read, value_of

PARTS = {
    "what": {"label": {"ja": "品目", "en": "Article"}, "type": "text", "required": "true"},
    "cost": {"label": "金額", "type": "money", "max": 100},
    "bought": {"label": "購入日", "type": "date"},
}


def group(**more):
    return make("group", fields=PARTS, **more)


def paths(raw, **more):
    return {(p.field, p.code) for p in group(**more).read(raw, CONTEXT, "items").problems}


def test_rows_hold_what_is_answered():
    raw = [{"what": " 机 ", "cost": "８０円", "bought": ""}, {"what": "椅子", "bought": "R8.10.5"}]
    value = value_of("group", raw, fields=PARTS)
    assert value == ({"what": "机", "cost": 80}, {"what": "椅子", "bought": value[1]["bought"]})
    assert group().to_json(value) == [{"what": "机", "cost": 80}, {"what": "椅子", "bought": "2026-10-05"}]


def test_empty_rows_are_dropped_and_the_numbers_stay_as_given():
    raw = [{}, {"what": "", "cost": None}, {"what": "机", "cost": "101"}]
    reading = group().read(raw, CONTEXT, "items")
    assert reading.value == ({"what": "机"},)
    assert [(p.field, p.code) for p in reading.problems] == [("items[3].cost", "out_of_range")]


def test_problems_stand_at_their_places():
    assert paths([{"what": "机", "cost": "x"}, {"cost": 1}, {"what": "椅子", "colour": "赤"}, "机", 5]) == {
        ("items[1].cost", "invalid"),
        ("items[2].what", "required"),
        ("items[3].colour", "unknown_field"),
        ("items[4]", "invalid"),
        ("items[5]", "invalid"),
    }


def test_good_parts_stay():
    reading = group().read([{"what": "机", "cost": "x"}], CONTEXT, "items")
    assert reading.value == ({"what": "机"},)


def test_an_unknown_name_is_quoted_safely():
    assert paths([{"what": "机", "\x00" + "a" * 500: 1}]) == {
        ("items[1].<U+0000>" + "a" * 59 + "…", "unknown_field")
    }


def test_too_many_rows():
    rows = [{"what": str(n)} for n in range(4)]
    assert paths([*rows[:3], {}, {}], max_items=3) == set()
    assert paths(rows, max_items=3) == {("items", "too_long")}


def test_not_a_group():
    for raw in ("机", 5, True, {"what": "机"}):
        assert read("group", raw, fields=PARTS).problems[0].code == "invalid"


def test_groups_in_groups():
    fields = {"rows": {"label": "行", "type": "group", "fields": PARTS}}
    field = make("group", fields=fields)
    reading = field.read([{"rows": [{"what": "机", "cost": "x"}]}], CONTEXT, "items")
    assert [p.field for p in reading.problems] == ["items[1].rows[1].cost"]
    assert field.from_json(field.to_json(reading.value)) == reading.value


def test_a_field_that_has_gone_is_passed_over():
    assert group().from_json([{"what": "机", "old": 1}]) == ({"what": "机"},)


def test_shown():
    value = value_of("group", [{"what": "机", "cost": 80}, {"what": "椅子"}], fields=PARTS)
    assert group().display(value) == "机 80円、椅子"
    assert group().display(value, "en") == "机 ¥80; 椅子"


def test_an_absent_part_is_pending_in_expressions():
    scope = Scope(names={"items": group().expr_type})
    cheap = compile_expression("items.all(i, i.cost < 90)", scope, expect=BOOL)
    assert cheap({"items": ({"what": "机", "cost": 80},)}) is True
    assert cheap({"items": ({"what": "机", "cost": 99}, {"what": "椅子"})}) is False
    assert is_pending(cheap({"items": ({"what": "机", "cost": 80}, {"what": "椅子"})}))


def test_what_was_typed_in_a_row_is_kept_under_its_own_number():
    raw = [{}, {"what": "机", "cost": "８０円"}, {"what": " 椅子 ", "cost": 5}]
    reading = group().read(raw, CONTEXT, "items")
    assert reading.texts == {"items[1].cost": "８０円", "items[2].what": " 椅子 "}
    assert reading.places == (2, 3)


def test_what_was_typed_in_a_group_in_a_group():
    field = make("group", fields={"rows": {"label": "行", "type": "group", "fields": PARTS}})
    reading = field.read([{}, {"rows": [{}, {"what": "机", "cost": "８０円"}]}], CONTEXT, "items")
    assert reading.texts == {"items[1].rows[1].cost": "８０円"}


def test_a_part_that_is_required_under_a_condition_says_so_in_the_schema():
    parts = {**PARTS, "why": {"label": "理由", "type": "text", "required": "item.cost > 50"}}
    found = make("group", fields=parts).json_schema()["items"]
    assert found["properties"]["why"]["x-required-when"] == "item.cost > 50"
    assert found["required"] == ["what"]
