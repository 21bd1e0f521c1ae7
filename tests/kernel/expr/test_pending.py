"""What is unanswered makes a result pending, unless it is decided without it."""

from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from kiban.kernel.dates import JST, Month
from kiban.kernel.expr import (
    BOOL,
    DATE,
    DATETIME,
    INT,
    MONTH,
    NUMBER,
    PENDING,
    TEXT,
    TIME,
    EvaluationError,
    List,
    Nullable,
    Row,
    Scope,
    compile_expression,
    is_pending,
)

SCOPE = Scope(
    {
        "p": BOOL,
        "q": BOOL,
        "a": INT,
        "b": INT,
        "n": Nullable(INT),
        "t": TEXT,
        "param": Row({"x": INT, "n": Nullable(INT), "deep": Nullable(Row({"y": INT}))}),
        "xs": List(INT, 9),
        "rows": List(Row({"ok": BOOL, "c": INT}), 9),
    }
)


def run(source: str, **env: Any) -> Any:
    return compile_expression(source, SCOPE)(env)


@pytest.mark.parametrize("absent", [{}, {"p": PENDING}])
@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("p", PENDING),
        ("!p", PENDING),
        ("p && q", PENDING),
        ("q && p", PENDING),
        ("p || q", True),
        ("q || p", True),
        ("p && !q", False),
        ("!q && p", False),
        ("p ? 1 : 2", PENDING),
        ("p ? 1 : 1", 1),
        ("q ? 1 : (p ? 2 : 3)", 1),
        ("q ? p : true", PENDING),
        ("p ? q : q", True),
        ("p == q", PENDING),
        ("p == p", PENDING),
        ("has(p)", False),
        ("coalesce(p, q)", True),
        ("[p, q].exists(x, x)", True),
        ("[p, q].all(x, x)", PENDING),
        ("[p, !q].all(x, x)", False),
        ("size([p, q])", 2),
        ("[p, q]", PENDING),
        ("q in [p, q]", True),
        ("!q in [p, q]", PENDING),
        ("{'a': p, 'b': q}.b", True),
        ("{'a': p, 'b': q}", PENDING),
        ("p && 1 / 0 > 0", PENDING),
        ("p ? 1 / 0 : 1", PENDING),
    ],
)
def test_without_an_answer(source: str, value: Any, absent: dict[str, Any]) -> None:
    assert run(source, q=True, **absent) is value or run(source, q=True, **absent) == value


def test_an_error_that_is_not_only_for_a_pending_part_is_an_error() -> None:
    with pytest.raises(EvaluationError):
        run("1 / 0 > 0 && p")
    with pytest.raises(EvaluationError):
        run("q && 1 / 0 > 0", q=True)
    assert run("q && 1 / 0 > 0", q=False) is False


def test_paths() -> None:
    assert run("param.x") is PENDING
    assert run("param.x", param={}) is PENDING
    assert run("param.x", param={"x": 3}) == 3
    assert run("has(param.x)", param={"x": 3}) is True
    assert run("has(param.n)", param={"n": None}) is False
    assert run("has(param.deep.y)", param={"deep": None}) is False
    assert run("has(param.deep.y)") is False
    assert run("coalesce(param.n, a, 5)", param={"n": None}) == 5
    assert run("n == null") is PENDING
    assert run("n == null", n=None) is True
    assert run("n != null && n > 1", n=None) is False


def test_coalesce_of_nothing() -> None:
    assert run("coalesce(n, param.n)", n=None, param={"n": None}) is None
    assert run("coalesce(n, param.n)", n=None) is PENDING
    assert run("coalesce(param.n, n)", n=None) is PENDING
    assert run("coalesce(first(xs), n)", xs=[], n=4) == 4


def test_lists_with_holes() -> None:
    rows = [{"ok": True, "c": 1}, {"c": 2}, {"ok": False, "c": PENDING}]
    assert run("rows.exists(r, r.ok)", rows=rows) is True
    assert run("rows.all(r, r.ok)", rows=rows) is False
    assert run("rows.all(r, r.ok)", rows=rows[:2]) is PENDING
    assert run("rows.exists_one(r, r.ok)", rows=rows) is PENDING
    assert run("rows.exists_one(r, r.ok)", rows=[*rows, rows[0]]) is False
    assert run("rows.filter(r, r.ok)", rows=rows) is PENDING
    assert run("rows.filter(r, r.c < 9)", rows=rows[:2]) is PENDING  # a row of it is not whole
    assert run("size(rows.filter(r, r.c < 9))", rows=rows[:2]) == 2
    assert run("sum(rows.map(r, r.c))", rows=rows) is PENDING
    assert run("sum(rows.map(r, r.c))", rows=rows[:2]) == 3
    assert run("rows.map(r, r.ok, r.c)", rows=rows) is PENDING
    assert run("size(rows)", rows=rows) == 3
    assert run("xs.map(x, x + 1)", xs=[1, PENDING]) is PENDING
    assert run("sum(xs)", xs=[1, PENDING]) is PENDING
    assert run("first(xs) == 1", xs=[1, PENDING]) is True
    assert run("last(xs) == 1", xs=[1, PENDING]) is PENDING
    assert run("xs[1]", xs=[1, PENDING]) is PENDING
    assert run("(xs + [3]).exists(x, x == 3)", xs=[PENDING]) is True


def test_pending_has_no_truth() -> None:
    assert is_pending(PENDING) and not is_pending(None)
    with pytest.raises(TypeError):
        bool(PENDING)


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (BOOL, [True], [1, "true", None]),
        (INT, [3, -1], [True, 1.0, "1", Fraction(1), Decimal(1), None]),
        (NUMBER, [3, Fraction(1, 3), Decimal("0.10")], [True, 0.5, "1", Decimal("NaN"), Decimal("1e400")]),
        (TEXT, ["", "𠮷"], [1, b"a", None]),
        (DATE, [date(2026, 10, 5)], [datetime(2026, 10, 5, tzinfo=JST), "2026-10-05"]),
        (DATETIME, [datetime(2026, 10, 5, tzinfo=JST)], [datetime(2026, 10, 5), date(2026, 10, 5)]),  # noqa: DTZ001
        (TIME, [time(9, 0)], [datetime(2026, 10, 5, tzinfo=JST)]),
        (MONTH, [Month(2026, 10)], [date(2026, 10, 5), "2026-10"]),
        (List(NUMBER), [[1, Decimal("0.5")], (), (1,)], ["abc", 3, [0.5], {1}]),
        (Row({"a": INT}), [{"a": 1}], [[1], "a", {"a": "1"}]),
        (Nullable(INT), [None, 1], [True, "1"]),
        (Nullable(TEXT), [None, "a"], [1]),
    ],
)
def test_only_values_of_the_declared_type_enter(kind: Any, good: list[Any], bad: list[Any]) -> None:
    program = compile_expression("v", Scope({"v": kind}))
    for value in good:
        assert program({"v": value}) == (list(value) if isinstance(value, tuple) else value)
    for value in bad:
        with pytest.raises(EvaluationError) as caught:
            program({"v": value})
        assert caught.value.code == "bad_value" and "v" in caught.value.message


def test_decimals_are_exact() -> None:
    program = compile_expression("v + 0.2 == 0.3", Scope({"v": NUMBER}))
    assert program({"v": Decimal("0.1")}) is True
    assert program({"v": Fraction(1, 10)}) is True
