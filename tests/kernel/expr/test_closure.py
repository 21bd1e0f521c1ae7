"""The compiled closure means what the plain walk over the tree means, for random expressions and answers."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from kiban.kernel.expr import (
    INT,
    PENDING,
    DivisionByZero,
    EvaluationError,
    List,
    NumberTooLarge,
    Scope,
    compile_expression,
    unparse,
)

from .reference import Wrong, run
from .strategies import ENVIRONMENTS, SCOPE, typed_trees


def outcome(make: Any) -> Any:
    try:
        value = make()
    except (EvaluationError, Wrong):
        return "wrong"
    return type(value) is bool, value


@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(typed_trees(), ENVIRONMENTS)
def test_closure_agrees_with_the_reference(tree: Any, env: dict[str, Any]) -> None:
    program = compile_expression(unparse(tree), SCOPE, cost_limit=10**9)
    assert outcome(lambda: program(env)) == outcome(lambda: run(program.tree, env))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(typed_trees(), ENVIRONMENTS)
def test_an_answer_never_changes_what_is_decided_without_it(tree: Any, env: dict[str, Any]) -> None:
    """Monotony: what is decided with some answers missing stays when they are given."""
    program = compile_expression(unparse(tree), SCOPE, cost_limit=10**9)
    if any(word in program.source for word in ("has(", "coalesce(")):
        return  # they ask whether it is answered: that may change
    full = {"i": 1, "j": 2, "x": Fraction(1, 3), "p": True, "q": False, "t": "a", "kind": "bus", "n": None}
    full |= {"d": date(2024, 1, 31), "e": date(2024, 2, 1), "xs": [1, 2], "rows": []}
    full |= {"row": {"i": 1, "m": None, "deep": {"p": True}}}
    some = {name: value for name, value in full.items() if env.get(name, PENDING) is not PENDING}
    before = outcome(lambda: program(some))
    if before != "wrong" and before[1] is not PENDING:
        assert before == outcome(lambda: program(full))


def test_deep_nests_compile() -> None:
    scope = Scope({"xs": List(INT, 1), "i": INT})
    source = "i > 0"
    for level in range(25):
        source = f"xs.exists(v{level}, v{level} == {level} || {source})"
    assert compile_expression(source, scope, cost_limit=10**9)({"xs": [99], "i": 1}) is True
    chain = " && ".join(f"(i / {n} > 0 || i == {n})" for n in range(1, 120))
    assert compile_expression(chain, scope)({"i": 5}) is True
    ternary = "i"
    for level in range(50):
        ternary = f"i > {level} ? {level} : {ternary}"
    assert compile_expression(ternary, scope)({"i": -1}) == -1


def test_no_character_of_the_source_reaches_the_compiled_text() -> None:
    scope = Scope({"__import__": INT, "env": INT, "P": INT, "t1": INT})
    source = "__import__ + env + P + t1 + size('\\n    raise SystemExit #')"
    program = compile_expression(source, scope)
    assert program({"__import__": 1, "env": 2, "P": 3, "t1": 4}) == 33
    assert program({"__import__": 1, "env": 2, "P": 3}) is PENDING


@pytest.mark.parametrize(
    ("source", "kind", "place"),
    [
        ("1 +\n  i / (i - 1)", DivisionByZero, (2, 3, 14)),
        ("i % 0", DivisionByZero, (1, 1, 6)),
        ("xs.map(x, 10 / (x - 1))", DivisionByZero, (1, 11, 23)),
        ("i * 1000000000000000000 * 9", NumberTooLarge, (1, 1, 28)),
        ("1 + xs[7]", EvaluationError, (1, 5, 10)),
        ("int(i / 2)", EvaluationError, (1, 1, 11)),
    ],
)
def test_errors_know_their_place(source: str, kind: type, place: tuple[int, int, int]) -> None:
    program = compile_expression(source, Scope({"i": INT, "xs": List(INT)}))
    with pytest.raises(EvaluationError) as caught:
        program({"i": 1, "xs": [1]})
    error = caught.value
    assert type(error) is kind and (error.line, error.column, error.end_column) == place
    assert error.ja and error.message
