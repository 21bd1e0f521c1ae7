"""One of a list, several of a list, several texts, yes or no."""

from __future__ import annotations

from datetime import date

import pytest

from kiban.kernel.definitions.model import Field
from kiban.kernel.expr import Code
from kiban.kernel.values import ReadContext, codec
from tests.kernel.values.support import CONTEXT, code_of, make, read, value_of


@pytest.mark.parametrize("raw", ["red", " red ", "赤", "Red", "ＲＥＤ", ["red"], ("red",), ["", "red"]])
def test_choice(raw):
    assert value_of("choice", raw) == "red"


@pytest.mark.parametrize("raw", [["red", "pale"], "red,pale", "赤、淡い", "red\npale"])
def test_several(raw):
    assert code_of("choice", raw) == "several"


def test_a_label_with_a_comma_is_one():
    assert value_of("choice", "青、藍") == "blue"


@pytest.mark.parametrize("raw", ["brown", "淡色", "a" * 500])
def test_not_in_list(raw):
    """A label that two codes share names neither."""
    assert code_of("choice", raw) == "not_in_list"


@pytest.mark.parametrize("raw", [1, True, {"red": 1}, [["red"]], [1]])
def test_other_types(raw):
    assert code_of("choice", raw) == "invalid"


def test_codes_have_their_time():
    assert value_of("choice", "green") == "green"
    assert code_of("choice", "grey") == "not_in_list"
    assert "今は選べません" in read("choice", "灰").problems[0].message.ja
    before = ReadContext(date(2026, 9, 30), CONTEXT.locate)
    assert make("choice").read("grey", before, "item").value == "grey"
    assert make("choice").read("green", before, "item").problems[0].code == "not_in_list"


def test_choices_shown():
    field = make("choice")
    assert field.display("red") == "赤"
    assert field.display("red", "en") == "Red"
    assert field.display("grey") == "灰"
    assert field.display("long-gone") == "long-gone"
    assert field.expr_type == Code("colour", frozenset(field.items))
    assert field.json_schema()["enum"] == list(field.items)


def test_options_of_the_field_itself():
    assert value_of("choice", "はる", options={"spring": "はる", "autumn": "あき"}) == "spring"


def test_a_missing_list_has_no_codes():
    field = codec(Field.model_validate({"name": "x", "label": "x", "type": "choice", "codes": "nowhere"}), {})
    assert field.read("red", CONTEXT, "x").problems[0].code == "not_in_list"
    assert field.expr_type == Code("nowhere", None)


@pytest.mark.parametrize("raw", [["red", "blue"], "red、blue", "赤\n青、藍", "赤,Blue", ["赤", "", "blue"]])
def test_multiple_of_a_list(raw):
    assert value_of("multiple", raw, codes="colour") == ("red", "blue")


def test_multiple_refuses():
    assert code_of("multiple", ["red", "brown"], codes="colour") == "not_in_list"
    assert code_of("multiple", ["red", "赤"], codes="colour") == "invalid"
    assert code_of("multiple", ["red", 1], codes="colour") == "invalid"
    assert code_of("multiple", ["red", "blue"], codes="colour", max_items=1) == "too_long"
    assert code_of("multiple", 5) == "invalid"


def test_multiple_texts_one_in_each_line():
    reading = read("multiple", "足立 7001\r\n\r\n 足立 7002 \n")
    assert reading.value == ("足立 7001", "足立 7002")
    assert reading.text == "足立 7001\r\n\r\n 足立 7002 \n"
    assert read("multiple", "足立 7001\n足立 7002").text is None
    assert value_of("multiple", "a、b") == ("a、b",)
    assert value_of("multiple", ["ａ", "b"], normalise="code") == ("A", "B")


def test_multiple_texts_refused():
    problem = read("multiple", "足立 7001\n足立 7002\n足立 7001").problems[0]
    assert problem.code == "invalid"
    assert "足立 7001" in problem.message.ja
    assert "3件目" in problem.message.ja
    assert code_of("multiple", ["a", "x" * 201]) == "too_long"
    assert code_of("multiple", ["a\x00"]) == "invalid"
    said = read("multiple", [str(n) for n in range(1001)], max_items=1000).problems[0].message
    assert "1,000件以内" in said.ja
    assert "1,001件" in said.ja


def test_multiple_shown():
    assert make("multiple", codes="colour").display(("red", "grey")) == "赤、灰"
    assert make("multiple", codes="colour").display(["red", "grey"], "en") == "Red, Grey"
    assert make("multiple").to_json(["a"]) == ["a"]


@pytest.mark.parametrize("raw", [True, "true", "はい", "yes", "YES", "1", "on", "ｏｎ", " true ", 1])
def test_yes(raw):
    assert value_of("yes_no", raw) is True


@pytest.mark.parametrize("raw", [False, "false", "いいえ", "no", "0", 0])
def test_no(raw):
    assert value_of("yes_no", raw) is False


@pytest.mark.parametrize("raw", ["たぶん", 2, 0.5, [True], {"a": 1}, "t" * 500])
def test_neither(raw):
    assert code_of("yes_no", raw) == "invalid"


def test_yes_no_shown():
    assert [make("yes_no").display(value) for value in (True, False)] == ["はい", "いいえ"]
    assert make("yes_no").display(False, "en") == "No"
