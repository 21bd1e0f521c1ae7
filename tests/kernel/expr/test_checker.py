"""Types, names, null and codes: what is accepted with which type, and what is refused where."""

import pytest

from kiban.kernel.expr import (
    BOOL,
    BUILTINS,
    DATE,
    DATETIME,
    INT,
    MONTH,
    NUMBER,
    TEXT,
    Code,
    ExpressionErrors,
    ExpressionProblem,
    Function,
    List,
    Nullable,
    Row,
    Scope,
    Text,
    Type,
    compile_expression,
)

KIND = Code("vehicle_class", frozenset({"large", "small", "motorcycle_small"}))
SCOPE = Scope(
    {
        "period_from": DATE,
        "period_to": DATE,
        "month": MONTH,
        "at": DATETIME,
        "param": Row({"max_days": INT, "fee": Nullable(INT), "deep": Nullable(Row({"flag": BOOL}))}),
        "items": List(Row({"cost": NUMBER, "note": Nullable(TEXT), "kinds": List(KIND, 3)}), 50),
        "kind": KIND,
        "other": Code("colour", frozenset({"red"})),
        "free": Code("free"),
        "reason": Nullable(TEXT),
        "count_": Nullable(INT),
        "flag": BOOL,
        "name": TEXT,
        "short": Text(50),
        "n": INT,
    }
)


def problems(source: str, expect: Type | None = None) -> tuple[ExpressionProblem, ...]:
    with pytest.raises(ExpressionErrors) as caught:
        compile_expression(source, SCOPE, expect)
    return caught.value.problems


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("(period_to - period_from) + 1 <= param.max_days", BOOL),
        ("period_from + 5", DATE),
        ("5 + period_from", DATE),
        ("n / 2", NUMBER),
        ("n * 2 - 1", INT),
        ("n * 0.5", NUMBER),
        ("n % 2", INT),
        ("name + kind", TEXT),
        ("[1, 0.5]", List(NUMBER)),
        ("[1, null]", List(Nullable(INT))),
        ("flag ? 1 : 0.5", NUMBER),
        ("flag ? null : 1", Nullable(INT)),
        ("flag ? 'small' : kind", TEXT),
        ("{'a': 1, 'b': 'x'}", Row({"a": INT, "b": TEXT})),
        ("{'a': 1, 'b': 2}['a']", INT),
        ("{'a': 1, 'b': 2}[name]", Nullable(INT)),
        ("{'large': 1, 'small': 2, 'motorcycle_small': 3}[kind]", INT),
        ("items[0].cost", NUMBER),
        ("items.map(i, i.cost)", List(NUMBER)),
        ("items.filter(i, i.cost > 1)", List(SCOPE.names["items"].item)),  # type: ignore[attr-defined]
        ("items.map(i, i.note != null, i.note)", List(TEXT)),
        ("items.all(i, i.kinds.exists(k, k == 'small'))", BOOL),
        ("sum(items.map(i, i.cost))", NUMBER),
        ("sum([1, 2])", INT),
        ("max(1, 0.5)", NUMBER),
        ("max([1, 2])", INT),
        ("max(items.map(i, i.cost))", Nullable(NUMBER)),
        ("first(items).cost", None),
        ("coalesce(count_, 0)", INT),
        ("coalesce(count_, null)", Nullable(INT)),
        ("count_.coalesce(0) + 1", INT),
        ("round_half_up(n / 3)", INT),
        ("round_half_up(n / 3, 0)", INT),
        ("cut(n / 3, -2)", INT),
        ("cut(n / 3, 2)", NUMBER),
        ("month_of(period_from) == month", BOOL),
        ("date_of(at) <= date('2026-10-05')", BOOL),
        ("size(name) + name.size() + size(items)", INT),
        ("kind in ['small', 'large']", BOOL),
        ("'max_days' in param", BOOL),
        ("param.fee == 5", BOOL),
        ("free == 'anything'", BOOL),
        ("short.split(',').map(x, x.trim()).join('、')", TEXT),
    ],
)
def test_types(source: str, kind: Type | None) -> None:
    if kind is None:
        assert problems(source)[0].code == "maybe_null"
    else:
        assert compile_expression(source, SCOPE).type == kind


@pytest.mark.parametrize(
    "source",
    [
        "count_ != null && count_ > 1",
        "null != count_ && count_ > 1",
        "has(count_) && count_ > 1",
        "count_ == null || count_ > 1",
        "!has(count_) || count_ > 1",
        "count_ == null ? false : count_ > 1",
        "has(count_) ? count_ > 1 : false",
        "!(count_ == null || n > 1) && count_ > 1",
        "n > 1 && count_ != null && count_ > 1",
        "(n > 1 && count_ != null) && count_ > 1",
        "count_ == 3 && count_ > 1",
        "count_ in [1, 2] && count_ > 1",
        "(has(count_) || count_ == 4) && count_ > 1",
        "has(param.fee) && param.fee > 1",
        "has(param.deep.flag) && param.deep.flag",
        "param.deep != null && param.deep.flag",
        "has(count_) && count_ != null && count_ > 1",
        "items.all(i, i.note == null || i.note.size() > 1)",
        "coalesce(count_, 0) > 1",
        "count_ == n",
        "reason == 'x'",
    ],
)
def test_null_is_followed_through_conditions(source: str) -> None:
    assert compile_expression(source, SCOPE, BOOL).type == BOOL


@pytest.mark.parametrize(
    ("source", "column"),
    [
        ("count_ > 1", 1),
        ("1 + count_", 5),
        ("-count_ > 1", 2),
        ("count_ != null || count_ > 1", 19),
        ("has(count_) || count_ > 1", 16),
        ("count_ == null && count_ > 1", 19),
        ("(has(count_) || n > 1) && count_ > 1", 27),
        ("has(count_) ? flag : count_ > 1", 22),
        ("(count_ == null && n > 1) || count_ > 1", 30),
        ("param.deep.flag", 1),
        ("reason.size() > 1", 1),
        ("abs(count_) > 1", 5),
        ("items.all(i, i.note.size() > 1)", 14),
        ("items.exists(i, has(i.note)) && items.all(i, i.note.size() > 1)", 46),
    ],
)
def test_null_is_refused_where_a_value_is_needed(source: str, column: int) -> None:
    found = problems(source)
    assert [(p.code, p.column) for p in found] == [("maybe_null", column)]


@pytest.mark.parametrize(
    ("source", "code", "place", "suggestion"),
    [
        ("perod_to > period_from", "unknown_name", (1, 9), "period_to"),
        ("param.maxdays > 1", "unknown_member", (7, 14), "max_days"),
        ("items.all(i, i.csot > 1)", "unknown_member", (16, 20), "cost"),
        ("roundhalfup(1)", "unknown_function", (1, 12), "round_half_up"),
        ("name.siz()", "unknown_function", (6, 9), "size"),
        ("size > 1", "function_not_called", (1, 5), None),
        ("kind == 'smal'", "not_in_list", (9, 15), '"small"'),
        ("'smal' != kind", "not_in_list", (1, 7), '"small"'),
        ("kind in ['small', 'larg']", "not_in_list", (19, 25), '"large"'),
        ("kind == (flag ? 'small' : 'lage')", "not_in_list", (27, 33), '"large"'),
        ("'smal' in items[0].kinds", "not_in_list", (1, 7), '"small"'),
        ("kind == other", "never_equal", (1, 14), None),
        ("name == n", "never_equal", (1, 10), None),
        ("flag == 1", "never_equal", (1, 10), None),
        ("flag + 1", "bad_operands", (1, 9), None),
        ("name > n", "bad_operands", (1, 9), None),
        ("flag < true", "bad_operands", (1, 12), None),
        ("period_to + period_from", "bad_operands", (1, 24), None),
        ("period_to - 0.5", "bad_operands", (1, 16), None),
        ("0.5 % 2", "bad_operands", (1, 8), None),
        ("n in kind", "bad_operands", (1, 10), None),
        ("n in ['a']", "bad_operands", (1, 11), None),
        ("'maxdays' in param", "unknown_member", (1, 10), '"max_days"'),
        ("1 < n < 3", "chained", (1, 10), None),
        ("-name", "bad_operand", (1, 6), None),
        ("!n", "expected_type", (2, 3), None),
        ("n && flag", "expected_type", (1, 2), None),
        ("flag ? 1 : 'a'", "mixed", (1, 15), None),
        ("[1, 'a']", "mixed", (1, 9), None),
        ("n == null", "never_null", (1, 10), None),
        ("n.all(x, true)", "not_a_list", (1, 2), None),
        ("n[0]", "not_a_list", (1, 2), None),
        ("n.max", "not_a_row", (1, 6), None),
        ("items.all(n, true)", "shadowed", (1, 19), None),
        ("items.all(i, items.all(i, true))", "shadowed", (14, 32), None),
        ("size()", "arity", (1, 7), None),
        ("cut(1, 2, 3)", "arity", (1, 13), None),
        ("cut('a')", "expected_type", (5, 8), None),
        ("size(1)", "no_overload", (1, 8), None),
        ("sort(items)", "no_overload", (1, 12), None),
        ("date(name)", "literal_needed", (6, 10), None),
        ("date('2026-02-30')", "bad_literal", (6, 18), None),
        ("date('20261005')", "bad_literal", (6, 16), None),
        ("time('25:00')", "bad_literal", (6, 13), None),
        ("name.matches('(a')", "bad_literal", (14, 18), None),
        ("name.matches('(a)\\\\1')", "bad_literal", (14, 22), None),
        ("name.matches(name)", "literal_needed", (14, 18), None),
    ],
)
def test_refusals(source: str, code: str, place: tuple[int, int], suggestion: str | None) -> None:
    found = problems(source)
    assert [p.code for p in found] == [code]
    assert (found[0].line, found[0].column, found[0].end_column) == (1, *place)
    assert found[0].suggestion == suggestion
    assert found[0].message and any("\u3040" <= letter <= "\u30ff" for letter in found[0].ja)


def test_all_problems_are_found_in_the_order_of_the_source() -> None:
    source = "peri > period_to &&\n  kind == 'smal' &&\n  count_ > 1 && n + flag"
    assert [(p.line, p.column, p.code) for p in problems(source)] == [
        (1, 1, "unknown_name"),
        (2, 11, "not_in_list"),
        (3, 3, "maybe_null"),
        (3, 17, "bad_operands"),
    ]


def test_one_mistake_is_reported_once() -> None:
    assert len(problems("items.map(i, i.csot + 1).exists(x, x > 1) && !unknown")) == 2


@pytest.mark.parametrize(
    ("source", "expect", "accepted"),
    [
        ("n", NUMBER, True),
        ("n / 2", INT, False),
        ("kind", TEXT, True),
        ("name", KIND, False),
        ("kind", KIND, True),
        ("kind", Code("wider", KIND.codes | {"bus"} if KIND.codes else None), True),
        ("kind", Code("narrower", frozenset({"small"})), False),
        ("free", KIND, False),
        ("'small'", KIND, True),
        ("'smal'", KIND, False),
        ("flag ? 'small' : 'large'", KIND, True),
        ("flag ? 'small' : kind", KIND, True),
        ("flag ? 'small' : name", KIND, False),
        ("flag ? 'small' : null", Nullable(KIND), True),
        ("flag ? 'small' : null", KIND, False),
        ("['small', 'larg']", List(KIND), False),
        ("['small', kind]", List(KIND), True),
        ("{'k': 'small', 'more': 1}", Row({"k": KIND}), True),
        ("{'k': 'smal'}", Row({"k": KIND}), False),
        ("count_", INT, False),
        ("count_", Nullable(NUMBER), True),
        ("null", Nullable(INT), True),
        ("null", INT, False),
        ("name", Code("open"), True),
        ("[]", List(INT), True),
    ],
)
def test_expected_type(source: str, expect: Type, accepted: bool) -> None:
    if accepted:
        compile_expression(source, SCOPE, expect)
    else:
        assert problems(source, expect)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("period_to > period_from", {"period_to", "period_from"}),
        ("param.max_days > 1", {"param.max_days"}),
        ("has(param.deep.flag)", {"param.deep.flag"}),
        ("param == param", {"param"}),
        ("items.all(i, i.cost > n)", {"items", "items.cost", "n"}),
        ("items.filter(i, i.cost > 1)[0].note", {"items", "items.cost", "items.note"}),
        ("is_open_day(period_to)", {"period_to", "calendar"}),
        ("1 + 1", set()),
    ],
)
def test_names_that_are_used(source: str, names: set[str]) -> None:
    assert compile_expression(source, SCOPE).names == names


def test_engine_functions() -> None:
    def shares(seats: int, votes: list[int]) -> list[int]:
        if not votes:
            raise ValueError("nobody stood")
        return [seats * vote // sum(votes) for vote in votes]

    share = Function("shares", (INT, List(INT)), List(INT), shares, cost=500)
    scope = Scope(SCOPE.names, {**BUILTINS, "shares": share})
    program = compile_expression("shares(n, [60, 40])[0] + 1", scope, INT)
    assert program({"n": 10}) == 7 and program.cost > 500
    with pytest.raises(ExpressionErrors):
        compile_expression("shares(n, ['a'])", scope)
    assert compile_expression("size(shares(1, [1]))", Scope({}, {**BUILTINS, "shares": share}))({}) == 1
