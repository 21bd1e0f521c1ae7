"""Whole numbers, yen, decimals."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from tests.kernel.values.support import code_of, make, read, value_of


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("1200", 1200),
        ("１，２００", 1200),
        ("1,234,567", 1234567),
        ("1,200円", 1200),
        ("¥1,200", 1200),
        ("￥１２００", 1200),
        ("-5", -5),
        ("△5", -5),
        ("−5", -5),
        ("+5", 5),
        ("007", 7),
        (" 3 ", 3),
        (3, 3),
        (3.0, 3),
    ],
)
def test_money_as_typed(raw, value):
    assert value_of("money", raw) == value


@pytest.mark.parametrize(
    "raw",
    ["1.5", 1.5, "1,20", "12,00,000", "1e3", "1.23E+11", "一", "abc", True, [1], {"a": 1}, float("nan"),
     float("inf"), "٣", "5枚", "--5", "円", "9" * 5000, "½"],
)  # fmt: skip
def test_not_a_whole_number(raw):
    assert code_of("money", raw) == "invalid"


def test_scientific_notation_is_named():
    assert "指数表記" in read("integer", "1.23E+11").problems[0].message.ja


def test_the_unit_may_be_typed():
    assert value_of("integer", "3枚", unit="枚") == 3
    assert value_of("integer", "100㎡", unit="㎡") == 100
    assert code_of("integer", "3円", unit="枚") == "invalid"


@pytest.mark.parametrize(
    ("raw", "bounds", "said"),
    [
        (0, {"min": 1}, "1回以上"),
        (9, {"max": 5}, "5回以下"),
        (9, {"min": 1, "max": 5}, "1回から5回まで"),
        (10**15 + 1, {}, "1,000,000,000,000,000回まで"),
        (10**30, {"min": 1}, "1,000,000,000,000,000回まで"),
    ],
)
def test_bounds(raw, bounds, said):
    problem = read("integer", raw, unit="回", **bounds).problems[0]
    assert problem.code == "out_of_range"
    assert said in problem.message.ja


def test_bounds_are_inside():
    assert [value_of("integer", n, min=1, max=5) for n in (1, 5)] == [1, 5]
    assert value_of("money", 10**15) == 10**15


def test_shown():
    assert make("money").display(1234567) == "1,234,567円"
    assert make("money").display(-500, "en") == "-¥500"
    assert make("integer", unit="枚").display(1200) == "1,200枚"
    assert make("integer", unit="km").display(1200, "en") == "1,200 km"


@pytest.mark.parametrize(
    ("raw", "value", "stored"),
    [
        ("0.1", Fraction(1, 10), "0.1"),
        ("１２．５０", Fraction(25, 2), "12.5"),
        ("-1,234.25", Fraction(-4937, 4), "-1234.25"),
        (0.1, Fraction(1, 10), "0.1"),
        (1e-07, Fraction(1, 10**7), "0.0000001"),
        (7, Fraction(7), "7"),
        (Decimal("2.50"), Fraction(5, 2), "2.5"),
    ],
)
def test_decimals_are_exact(raw, value, stored):
    assert value_of("decimal", raw) == value
    assert make("decimal").to_json(value) == stored


@pytest.mark.parametrize("raw", ["1e3", ".5", "5.", "1/3", "x", 5e-324, float("nan"), True, "0." + "1" * 21])
def test_not_a_decimal(raw):
    assert code_of("decimal", raw) == "invalid"


def test_decimal_bounds():
    assert code_of("decimal", "5.01", max=5) == "out_of_range"
    assert code_of("decimal", 1e300) == "out_of_range"


def test_computed_numbers_are_stored_exactly():
    field = make("decimal", unit="kg")
    assert field.from_json(field.to_json(Fraction(1, 3))) == Fraction(1, 3)
    assert field.to_json(5) == "5"
    assert field.display(Fraction(100000, 3)) == "約33,333.333333kg"
    assert field.display(Fraction(-12345, 10)) == "-1,234.5kg"
    assert field.display(Fraction(-1, 2)) == "-0.5kg"
