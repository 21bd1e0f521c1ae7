"""Grids: cells by row and column, empty is not zero, each problem at its cell."""

from __future__ import annotations

import json
from datetime import date

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiban.kernel.definitions.model import Field
from kiban.kernel.expr import BUILTINS, Scope, compile_expression, is_pending
from tests.kernel.values.support import CONTEXT, make, read

ROWS = {"north": {"label": {"ja": "北", "en": "North"}}, "south": "南"}
COLUMNS = {
    "count": {"label": {"ja": "件数", "en": "Count"}, "type": "integer", "min": 0, "required": "true"},
    "day": {"label": "日", "type": "date"},
    "colour": {"label": "色", "type": "choice", "codes": "colour"},
}
MORE = {"rows": ROWS, "fields": COLUMNS}


def test_cells_are_read_by_their_type() -> None:
    raw = {
        "north": {"count": "１，２００", "day": "令和8年10月5日"},
        "south": {"count": 0, "day": "", "colour": "赤"},
    }
    reading = read("grid", raw, **MORE)
    assert reading.problems == ()
    assert reading.value == {
        "north": {"count": 1200, "day": date(2026, 10, 5)},
        "south": {"count": 0, "colour": "red"},
    }
    field = make("grid", **MORE)
    assert field.to_json(reading.value) == {
        "north": {"count": 1200, "day": "2026-10-05"}, "south": {"count": 0, "colour": "red"},
    }  # fmt: skip
    assert (
        field.display(reading.value) == "北: 件数 1,200, 日 令和8年10月5日（2026-10-05）、南: 件数 0, 色 赤"
    )
    jsonschema.validate(field.to_json(reading.value), field.json_schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"north": {"count": "x"}}, field.json_schema())


def test_each_problem_stands_at_its_cell_and_the_others_are_kept() -> None:
    reading = read(
        "grid",
        {"north": {"count": "many", "day": "2026-10-05"}, "east": {"count": 1}, "south": {"x": 1}},
        **MORE,
    )
    assert [(p.field, p.code) for p in reading.problems] == [
        ("item[east]", "unknown_field"), ("item[north][count]", "invalid"), ("item[south][x]", "unknown_field"),
        ("item[south][count]", "required"),
    ]  # fmt: skip
    assert reading.value == {"north": {"day": date(2026, 10, 5)}}


@pytest.mark.parametrize("raw", [None, "", {}, {"north": {}}, {"north": {"count": ""}, "south": None}])
def test_an_empty_grid_is_not_answered(raw: object) -> None:
    reading = read("grid", raw, **MORE)
    assert (reading.value, reading.problems) == (None, ())


@pytest.mark.parametrize("raw", ["x", [1], {"north": [1], "south": {"count": 1}}, 7])
def test_other_forms_are_problems(raw: object) -> None:
    assert "invalid" in [p.code for p in read("grid", raw, **MORE).problems]


def test_cells_in_expressions() -> None:
    field = make("grid", **MORE)
    names = {"table": field.expr_type}
    total = compile_expression(
        "table.north.count + table.south.count", Scope(names=names, functions=BUILTINS)
    )
    value = read("grid", {"north": {"count": 2}, "south": {"count": 3}}, **MORE).value
    assert total({"table": value}) == 5
    partly = {"north": {"count": 2}}
    assert is_pending(total({"table": partly}))  # empty is not zero
    either = compile_expression("coalesce(table.south.count, 0)", Scope(names=names, functions=BUILTINS))
    assert either({"table": partly}) == 0


def test_a_grid_needs_rows_and_columns_that_fit() -> None:
    from kiban.kernel.definitions.check import _Checker
    from kiban.kernel.definitions.loader import Marks

    def told(**more: object) -> list[str]:
        said = {"name": "table", "label": "表", "type": "grid", **more}
        checker = _Checker.__new__(_Checker)
        checker.marks = Marks()
        return [p.message for p in checker.fields(("fields",), {"table": Field.model_validate(said)})]

    assert len(told()) == 2
    assert "no cell of a grid is a file" in told(rows=ROWS, fields={"a": {"label": "a", "type": "file"}})[0]
    assert told(rows={"value": "x"}, fields={"a": {"label": "a", "type": "text"}}) == [
        "`value` is a reserved name of a row"
    ]
    assert told(rows=ROWS, fields={"a": {"label": "a", "type": "text"}}) == []


@given(
    st.dictionaries(
        st.sampled_from(["north", "south"]),
        st.fixed_dictionaries({"count": st.integers(0, 10**9)}, optional={"day": st.dates(date(1873, 1, 1))}),
        min_size=1,
    )
)
def test_every_grid_survives(value: dict[str, dict[str, object]]) -> None:
    whole = {row: value.get(row, {"count": 0}) for row in ROWS}
    field = make("grid", **MORE)
    stored = json.loads(json.dumps(field.to_json(whole)))
    assert field.from_json(stored) == whole
    assert field.read(stored, CONTEXT, "item").value == whole
