"""The static bound: hostile expressions are refused, not run, and the bound holds for what runs."""

import time

import pytest

from kiban.kernel.expr import (
    INT,
    NUMBER,
    TEXT,
    EvaluationError,
    ExpressionErrors,
    List,
    Row,
    Scope,
    Text,
    compile_expression,
)


def nested(depth: int) -> str:
    source = "v1 > 0"
    for level in range(1, depth + 1):
        source = f"xs.all(v{level}, {source})"
    return source


def test_nine_nested_macros_over_ten_items_are_refused_at_once() -> None:
    start = time.perf_counter()
    with pytest.raises(ExpressionErrors) as caught:
        compile_expression(nested(9), Scope({"xs": List(INT, 10)}))
    assert time.perf_counter() - start < 30  # not a speed: without the bound it would not end
    (problem,) = caught.value.problems
    assert problem.code == "cost" and "10000" in problem.message and "3222222222" in problem.message


@pytest.mark.parametrize(
    ("source", "cost"),
    [
        ("n", 1),
        ("n + 1", 3),
        ("xs.all(x, x > 0)", 1 + 1 + 10 * 3),
        ("xs.map(x, x > 0, x + 1)", 1 + 1 + 10 * 6),
        ("xs.all(x, xs.all(y, x == y))", 2 + 10 * (2 + 10 * 3)),
        ("sum(xs)", 1 + 1 + 10),
        ("n in xs", 1 + 2 + 10),
        ("xs == xs", 1 + 2 + 20),
        ("(xs + xs).all(x, true)", 1 + 23 + 20),
        ("t.matches('a')", 2 + 1 + 10),
        ("xs.filter(x, x > 0).map(x, x)", 1 + 32 + 10),
    ],
)
def test_cost(source: str, cost: int) -> None:
    scope = Scope({"n": INT, "xs": List(INT, 10), "t": TEXT})
    assert compile_expression(source, scope).cost == cost


def test_limit_is_the_callers() -> None:
    scope = Scope({"xs": List(INT, 10)})
    source = nested(3)
    assert compile_expression(source, scope).cost > 3000
    with pytest.raises(ExpressionErrors, match="3000"):
        compile_expression(source, scope, cost_limit=3000)


def test_longer_lists_and_texts_than_declared_are_refused_when_run() -> None:
    scope = Scope({"xs": List(INT, 3), "rows": List(Row({"n": INT}), 2), "t": Text(5)})
    for source, env, code in (
        ("size(xs)", {"xs": [1] * 4}, "too_many_items"),
        ("rows.all(r, r.n > 0)", {"rows": [{"n": 1}] * 3}, "too_many_items"),
        ("size(t)", {"t": "123456"}, "value_too_long"),
        ("size(xs)", {"xs": "abc"}, "bad_value"),
    ):
        with pytest.raises(EvaluationError) as caught:
            compile_expression(source, scope)(env)
        assert caught.value.code == code


def test_text_can_not_grow_without_bound() -> None:
    scope = Scope({"xs": List(TEXT, 1000), "t": Text(200_000)})
    with pytest.raises(ExpressionErrors, match="1000000"):
        compile_expression("xs.join(',')", scope)
    with pytest.raises(ExpressionErrors, match="1000000"):
        compile_expression("size(t + t + t + t + t + t)", scope)
    small = Scope({"xs": List(Text(10), 100)})
    assert compile_expression("xs.join(',')", small)({"xs": ["a", "b"]}) == "a,b"


def test_catastrophic_patterns_take_linear_time() -> None:
    program = compile_expression("t.matches('^(a+)+$')", Scope({"t": TEXT}))
    start = time.perf_counter()
    assert program({"t": "a" * 9_999 + "b"}) is False
    assert time.perf_counter() - start < 30  # not a speed: without the bound it would not end


def test_numbers_stay_bounded() -> None:
    scope = Scope({"xs": List(NUMBER, 1000), "n": INT})
    for source, env in (
        ("n * n", {"n": 10**10}),
        ("n + n", {"n": 10**18}),
        ("sum(xs)", {"xs": [10**18] * 2}),
        ("1 / n / n / n / n", {"n": 10**17 + 1}),
    ):
        with pytest.raises(EvaluationError) as caught:
            compile_expression(source, scope)(env)
        assert caught.value.code == "number_too_large"


def test_many_unknown_names_among_many_are_refused_quickly() -> None:
    scope = Scope({f"name_{n}": INT for n in range(2000)})
    start = time.perf_counter()
    with pytest.raises(ExpressionErrors) as caught:
        compile_expression("[" + ",".join(f"nmae{n}" for n in range(450)) + "]", scope)
    assert len(caught.value.problems) == 50
    assert time.perf_counter() - start < 30


def test_a_nearly_full_stack_refuses_and_does_not_break() -> None:
    def deep(levels: int) -> None:
        if levels:
            deep(levels - 1)
        else:
            compile_expression("abs(" * 57 + "1" + ")" * 57, Scope({}))

    for levels in range(0, 900, 100):
        try:
            deep(levels)
        except (ExpressionErrors, RecursionError) as error:
            # Where there is no room at all, the test's own frames fail first.
            assert isinstance(error, ExpressionErrors) or levels > 800
            assert levels > 200
