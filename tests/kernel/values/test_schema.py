"""The JSON Schema of a type, held against a validator: whatever a codec stores, its schema accepts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from kiban.kernel.values import CODECS
from tests.kernel.values.support import CONTEXT, make
from tests.kernel.values.test_laws import ANYTHING, FIELDS

_VALIDATORS = {name: Draft202012Validator(field.json_schema()) for name, field in FIELDS.items()}
_DIGEST = "5" * 64

# (type, values that are right, values that a client should see refused before it sends them)
_CASES: list[tuple[str, list[Any], list[Any]]] = [
    ("text", ["葛󠄀飾"], [5, "a" * 401]),
    ("integer", [0, -5, 10**15], ["5", 1.5, 10**16]),
    ("decimal", ["0.1", "-12"], [0.1, "x", "1e3"]),
    ("time", ["09:05"], ["9:05", "24:00"]),
    ("choice", ["red"], ["brown", ["red"]]),
    ("multiple", [["a", "b"]], ["a", ["a", "a"], [1]]),
    ("yes_no", [True], ["true"]),
    ("file", [{"name": "a", "sha256": _DIGEST}, {"document": "c1/x"}], [{"name": "a"}, "a", {"path": "/"}]),
    ("address", [{"text": "x", "lg_code": "131229"}], ["x", {"lg_code": "131229"}, {"text": "x", "more": 1}]),
    ("postal_code", ["1240012"], ["124-0012"]),
    ("corporate_number", ["7000012050002"], ["123"]),
    ("group", [[{"text": "a"}], [{}]], [{}, [{"unknown": 1}]]),
]


def test_schemas_are_schemas():
    for name in (*CODECS, "listed"):
        Draft202012Validator.check_schema(FIELDS[name].json_schema())


@pytest.mark.parametrize(("kind", "right", "wrong"), _CASES, ids=[case[0] for case in _CASES])
def test_schemas_accept_the_canonical_form_only(kind, right, wrong):
    for value in right:
        assert _VALIDATORS[kind].is_valid(value), value
    for value in wrong:
        assert not _VALIDATORS[kind].is_valid(value), value


@pytest.mark.parametrize("name", FIELDS)
@given(raw=ANYTHING)
def test_whatever_is_stored_is_valid(name, raw):
    reading = FIELDS[name].read(raw, CONTEXT, "item")
    if reading.value is not None and not reading.problems:
        _VALIDATORS[name].validate(FIELDS[name].to_json(reading.value))


def test_bounds_and_sizes_are_said():
    number = Draft202012Validator(make("integer", min=1, max=5).json_schema())
    assert [number.is_valid(n) for n in (0, 1, 5, 6)] == [False, True, True, False]
    several = Draft202012Validator(make("multiple", max_items=2).json_schema())
    assert [several.is_valid(["a", "b", "c"][:n]) for n in (2, 3)] == [True, False]
    row = make("group", fields={"what": {"label": "何", "type": "text", "required": "true"}}, max_items=1)
    rows = Draft202012Validator(row.json_schema())
    assert [rows.is_valid(v) for v in ([{"what": "a"}], [{}], [{"what": "a"}] * 2)] == [True, False, False]
