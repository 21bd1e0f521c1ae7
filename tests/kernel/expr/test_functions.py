"""The functions that every expression may call: examples from the law and laws that hold for all values."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiban.kernel.calendar import Calendar
from kiban.kernel.dates import days_in_month
from kiban.kernel.expr import (
    BUILTINS,
    DATE,
    INT,
    NUMBER,
    TEXT,
    EvaluationError,
    Scope,
    compile_expression,
)
from kiban.kernel.expr.numbers import ceil_at, cut, decimal_text, floor_at, round_half_up

SCOPE = Scope({"x": NUMBER, "y": NUMBER, "n": INT, "m": INT, "d": DATE, "e": DATE, "t": TEXT})


def run(source: str, **env: Any) -> Any:
    return compile_expression(source, SCOPE)(env)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("0.1 + 0.2 == 0.3", True),
        ("1 / 3 * 3 == 1", True),
        ("7 / 2", Fraction(7, 2)),
        ("6 / 2", 3),
        ("-7 % 3", -1),
        ("7 % -3", 1),
        ("round_half_up(2.5)", 3),
        ("round_half_up(-2.5)", -3),
        ("round_half_up(2.4999)", 2),
        ("round_half_up(1.005, 2)", Fraction(101, 100)),
        ("round_half_up(12350, -2)", 12400),
        ("cut(1234.99)", 1234),
        ("cut(-1234.99)", -1234),
        ("cut(12399, -2)", 12300),
        ("ceil_at(1.01)", 2),
        ("ceil_at(-1.99)", -1),
        ("floor_at(-1.01)", -2),
        ("floor_at(1.999, 2)", Fraction(199, 100)),
        ("abs(-3)", 3),
        ("int(4.0)", 4),
        ("int('0042')", 42),
        ("number('12.50')", Fraction(25, 2)),
        ("text(12.50)", "12.5"),
        ("text(-0.05)", "-0.05"),
        ("text(1000)", "1000"),
        ("text(true)", "true"),
        ("text(date('2026-10-05'))", "2026-10-05"),
        ("text(year_month('2026-10'))", "2026-10"),
        ("text(time('09:05'))", "09:05"),
        ("text(datetime('2026-10-05T09:05'))", "2026-10-05T09:05+09:00"),
        ("sum([1, 2, 0.5])", Fraction(7, 2)),
        ("[].sum()", 0),
        ("min([3, 1, 2])", 1),
        ("max(3, 1, 2.5)", 3),
        ("min('b', 'a')", "a"),
        ("max(date('2026-10-05'), date('2026-10-06'))", date(2026, 10, 6)),
        ("count([1, 2])", 2),
        ("first([5, 6])", 5),
        ("last([5, 6])", 6),
        ("first([])", None),
        ("sort([3, 1, 2])", [1, 2, 3]),
        ("distinct([2, 1, 2])", [2, 1]),
        ("[5, 6].index_of(6)", 1),
        ("[5, 6].index_of(7)", -1),
        ("'abc'.index_of('c')", 2),
        ("'13101'.substring(0, 2) + 'abc'.substring(2) + 'abc'.substring(5)", "13c"),
        ("'品川 123'.contains('川')", True),
        ("'abc'.startsWith('ab') && 'abc'.endsWith('bc')", True),
        ("'品川 500 あ 12-34'.matches('^.{2,4} [0-9]{2,3} [あ-ん] [0-9・]{2}-[0-9]{2}$')", True),
        ("'AbC'.lower() + 'AbC'.upper()", "abcABC"),
        ("'　 a '.trim()", "a"),
        ("'ＡＢＣ１２'.nfkc()", "ABC12"),
        ("'a,b'.split(',')", ["a", "b"]),
        ("['a', 'b'].join('・')", "a・b"),
        ("['a', 'b'].join()", "ab"),
        ("size('葛󠄀飾')", 2),
        ("size('𠮷')", 1),
        ("year(date('2026-10-05')) * 100 + month(date('2026-10-05'))", 202610),
        ("day(date('2026-10-05'))", 5),
        ("weekday(date('2026-10-05'))", 1),
        ("weekday(date('2026-10-04'))", 7),
        ("days_between(date('2026-10-05'), date('2026-10-09'))", 4),
        ("date('2026-10-09') - date('2026-10-05')", 4),
        ("add_days(date('2026-10-05'), -5)", date(2026, 9, 30)),
        ("add_months(date('2024-01-31'), 1)", date(2024, 2, 29)),
        ("add_months(date('2024-02-29'), 12)", date(2025, 2, 28)),
        ("text(add_months(year_month('2026-10'), 3))", "2027-01"),
        ("fiscal_year(date('2027-03-31'))", 2026),
        ("fiscal_year(year_month('2027-04'))", 2027),
        ("age_on(date('2004-02-29'), date('2022-02-28'))", 17),
        ("age_on(date('2004-02-29'), date('2022-03-01'))", 18),
        ("attains_on(date('2018-04-01'), 6)", date(2024, 3, 31)),
        ("attains_on(date('2018-04-02'), 6)", date(2024, 4, 1)),
        ("attains_on(date('2004-02-29'), 18)", date(2022, 2, 28)),
        ("attains_on(date('2004-02-29'), 20)", date(2024, 2, 28)),
        ("attains_on(date('2006-03-01'), 18)", date(2024, 2, 29)),
        ("attains_on(date('1949-12-31'), 75)", date(2024, 12, 30)),
        ("wareki(date('2026-10-05'))", "令和8年10月5日"),
        ("text(date_of(datetime('2026-10-05T23:30Z')))", "2026-10-06"),
        ("text(time_of(datetime('2026-10-05T23:30Z')))", "08:30"),
        ("minutes_between(datetime('2026-10-05T09:00'), datetime('2026-10-05T10:30'))", 90),
        ("datetime('2026-10-05T09:00') == datetime('2026-10-05T00:00Z')", True),
        ("year_month('2026-10') < year_month('2026-11')", True),
    ],
)
def test_examples(source: str, value: Any) -> None:
    result = run(source)
    assert result == value and type(result) is type(value)


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("int(1.5)", "not_whole"),
        ("int('１２')", "not_a_number"),
        ("number('1e5')", "not_a_number"),
        ("number('')", "not_a_number"),
        ("text(1 / 3)", "endless_decimal"),
        ("cut(1, 19)", "digits_range"),
        ("'a'.split('')", "empty_separator"),
        ("date('9999-12-31') + 1", "date_range"),
        ("date('2026-10-05') + 1000000000000000000", "date_range"),
        ("add_months(date('2026-10-05'), 1000000000000)", "date_range"),
        ("attains_on(date('2026-10-05'), 1000000000000)", "failed"),
        ("attains_on(date('2026-10-05'), -1)", "failed"),
    ],
)
def test_what_can_not_be_computed(source: str, code: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        run(source)
    assert caught.value.code == code


def test_opening_days_follow_the_calendar_that_is_given() -> None:
    calendar = Calendar(closed=frozenset({date(2026, 10, 5)}))
    day = date(2026, 10, 3)  # a Saturday

    def ask(source: str) -> Any:
        return run(source, d=day, calendar=calendar)

    assert ask("is_open_day(d)") is False
    assert ask("next_open_day(d)") == date(2026, 10, 6)
    assert ask("previous_open_day(d)") == date(2026, 10, 2)
    assert ask("add_open_days(d, 1)") == date(2026, 10, 6)
    with pytest.raises(EvaluationError):
        ask("add_open_days(d, 1000000000)")


def test_more_than_a_thousand_parts_are_refused() -> None:
    assert len(run("t.split(',')", t="," * 999)) == 1000
    with pytest.raises(EvaluationError):
        run("t.split(',')", t="," * 1000)


def test_every_function_is_documented(request: pytest.FixtureRequest) -> None:
    text = (request.config.rootpath / "docs" / "expressions.md").read_text("utf-8")
    assert [name for name in BUILTINS if f"`{name}(" not in text] == []


EXACT = st.fractions(-(10**6), 10**6, max_denominator=10**4)
DIGITS = st.integers(-4, 6)
DAYS = st.dates(date(1900, 1, 1), date(2200, 12, 31))


@given(EXACT, DIGITS)
def test_rounding_laws(x: Fraction, digits: int) -> None:
    unit = Fraction(10) ** -digits
    low, high = floor_at(x, digits), ceil_at(x, digits)
    assert low <= x <= high and high - low in (0, unit)
    assert low % unit == 0 and high % unit == 0
    assert cut(x, digits) == (low if x >= 0 else high)
    near = round_half_up(x, digits)
    assert near in (low, high) and abs(near - x) * 2 <= unit
    assert round_half_up(-x, digits) == -near and cut(-x, digits) == -cut(x, digits)
    if abs(x - low) * 2 == unit:
        assert abs(near) == max(abs(low), abs(high))
    assert round_half_up(near, digits) == near


@given(EXACT)
def test_decimal_text_is_exact(x: Fraction) -> None:
    text = decimal_text(x)
    if text is None:
        assert any(x.denominator % prime == 0 for prime in (3, 7, 11, 13)) or x.denominator > 13
    else:
        assert Fraction(text) == x and "e" not in text.lower()


@given(EXACT, EXACT)
def test_arithmetic_is_exact(x: Fraction, y: Fraction) -> None:
    assert run("x + y - y == x && x * 3 / 3 == x", x=x, y=y) is True
    if y:
        assert run("x / y * y == x", x=x, y=y) is True


@given(st.integers(-1000, 1000), st.integers(-1000, 1000).filter(bool))
def test_remainder_law(n: int, m: int) -> None:
    assert run("cut(n / m) * m + n % m == n && abs(n % m) < abs(m)", n=n, m=m) is True


@given(DAYS, st.integers(-3000, 3000))
def test_days_and_months(day: date, n: int) -> None:
    assert run("(d + n) - n == d && days_between(d, d + n) == n && add_days(d, n) == d + n", d=day, n=n)
    later = run("add_months(d, n)", d=day, n=n % 1200)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == n % 1200
    assert later.day == min(day.day, days_in_month(later.year, later.month))


@given(DAYS, st.integers(0, 120))
def test_ages(birth: date, years: int) -> None:
    attained = run("attains_on(d, n)", d=birth, n=years)
    if years:
        shown = run("age_on(d, e)", d=birth, e=attained + timedelta(days=1))
        assert shown == years
        assert run("age_on(d, e)", d=birth, e=attained) == years - 1


@given(DAYS)
def test_a_fiscal_year_runs_from_april_to_march(day: date) -> None:
    year = run("fiscal_year(d)", d=day)
    assert date(year, 4, 1) <= day <= date(year + 1, 3, 31)
    assert run("fiscal_year(month_of(d))", d=day) == year
