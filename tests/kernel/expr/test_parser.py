"""Source → tree → source, and what the parser says about broken sources."""

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from kiban.kernel.expr import ExpressionErrors, ExpressionProblem, parse, unparse
from kiban.kernel.expr.parser import MOST_LEVELS
from kiban.kernel.expr.tree import Node, depth

from .strategies import TREES


def problems(source: str) -> tuple[ExpressionProblem, ...]:
    with pytest.raises(ExpressionErrors) as caught:
        parse(source)
    return caught.value.problems


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(TREES)
def test_unparse_then_parse_gives_the_tree(tree: Node) -> None:
    source = unparse(tree)
    assume(len(source) <= 4000 and depth(tree) <= MOST_LEVELS - 5)
    assert parse(source) == tree
    assert unparse(parse(source)) == source


@pytest.mark.parametrize(
    ("source", "canonical"),
    [
        ("a||b&&c", "a || b && c"),
        ("(a || b) && c", "(a || b) && c"),
        ("a + b * c - d", "a + b * c - d"),
        ("a - (b - c)", "a - (b - c)"),
        ("((a))", "a"),
        ("!(a == b)", "!(a == b)"),
        ("-a.b[1]", "-a.b[1]"),
        ("(-a).abs()", "(-a).abs()"),
        ("a ? b : c ? d : e", "a ? b : c ? d : e"),
        ("(a ? b : c) ? d : e", "(a ? b : c) ? d : e"),
        ("a in ['x', r'\\d']", 'a in ["x", "\\\\d"]'),
        ("a // why\n+ 1", "a + 1"),
        ("items.map(i, i.ok, i.cost).sum()", "items.map(i, i.ok, i.cost).sum()"),
        ("x.coalesce(1)", "coalesce(x, 1)"),
        ("'\\u845b\\U000E0100'", '"葛\U000e0100"'),
        ("{'a': [1,],}", '{"a": [1]}'),
        ("0.10", "0.1"),
        ("(1).text()", "(1).text()"),
        ("row.in2.package", "row.in2.package"),
    ],
)
def test_canonical_form(source: str, canonical: str) -> None:
    assert unparse(parse(source)) == canonical


@pytest.mark.parametrize(
    ("source", "place", "code", "suggestion"),
    [
        ("a = 1", (1, 3, 4), "bad_operator", "=="),
        ("a & b", (1, 3, 4), "bad_operator", "&&"),
        ("a <> b", (1, 3, 5), "bad_operator", "!="),
        ("a and b", (1, 3, 6), "unexpected", "&&"),
        ("not a", (1, 1, 4), "unexpected", "!"),
        ("a ＞ 1", (1, 3, 4), "bad_character", ">"),
        ("a ≧ 1", (1, 3, 4), "bad_character", ">="),
        ("１ + 1", (1, 1, 2), "bad_character", "1"),
        ("金額 > 1", (1, 1, 2), "bad_character", None),
        ("'abc", (1, 1, 5), "open_text", None),
        ("'a\\q'", (1, 3, 5), "bad_escape", None),
        ("'\\ud800'", (1, 1, 9), "bad_character", None),
        ("'\\u0000'", (1, 1, 9), "bad_character", None),
        ("1e9", (1, 1, 4), "bad_number", None),
        ("0x1f", (1, 1, 5), "bad_number", None),
        ("1.5.text()", (1, 1, 9), "bad_number", None),
        ("1. + 2", (1, 1, 3), "bad_number", None),
        ("9999999999999999999", (1, 1, 20), "number_too_large", None),
        ("a +\n  ", (2, 2, 3), "unexpected", None),
        ("(a", (1, 2, 3), "unexpected", None),
        ("a.1", (1, 3, 4), "unexpected", None),
        ("a.in", (1, 3, 5), "unexpected", None),
        ("for + 1", (1, 1, 4), "reserved", None),
        ("xs.all(1, true)", (1, 1, 16), "bad_macro", None),
        ("xs.filter(x)", (1, 1, 13), "bad_macro", None),
        ("has(f(a))", (1, 1, 10), "bad_has", None),
        ("{a: 1}", (1, 2, 3), "row_key", None),
        ("{'a': 1, 'a': 2}", (1, 10, 13), "row_key_twice", None),
        ("", (1, 1, 2), "empty", None),
        ("  // nothing", (1, 1, 2), "empty", None),
    ],
)
def test_problems(source: str, place: tuple[int, int, int], code: str, suggestion: str | None) -> None:
    found = problems(source)[0]
    assert (found.line, found.column, found.end_column) == place
    assert (found.code, found.suggestion) == (code, suggestion)
    assert found.message and found.ja


def test_every_bad_mark_is_reported() -> None:
    assert [p.column for p in problems("a = 1 & b # c")] == [3, 7, 11]


@pytest.mark.parametrize(
    "source",
    [
        "(" * 3000,
        "(" * 1900 + "1" + ")" * 1900,
        "!" * 3999 + "a",
        "-" * 3999 + "1",
        "[" * 3999,
        "a" + "[a" * 1900,
        "a" + ".b" * 1999,
        "a" + "+a" * 1999,
        "a ? " * 900 + "b",
        "a ? b : " * 490 + "c",
        "f(" * 1300 + ")" * 1300,
        "{'a':" * 700,
        "x" * 4001,
        "'" * 3999,
        "\\" * 3999,
        "9" * 3999,
        "𠮷" * 4000,
    ],
)
def test_hostile_sources_are_refused(source: str) -> None:
    assert 1 <= len(problems(source)) <= 50


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=60) | st.text("()[]{}.,?:!-+*/%<>=&|\"'\\ab1 ", max_size=60))
def test_any_text_is_a_tree_or_refused(source: str) -> None:
    try:
        tree = parse(source)
    except ExpressionErrors as refused:
        for found in refused.problems:
            assert found.line >= 1 and 1 <= found.column < found.end_column
    else:
        assert parse(unparse(tree)) == tree
