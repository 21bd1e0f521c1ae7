from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiban.kernel.calendar import Calendar
from kiban.kernel.dates import days_in_month
from kiban.kernel.periods import age_on, attains_on, deadline

NATIONAL = Calendar()
days = st.dates(min_value=date(1990, 1, 1), max_value=date(2060, 12, 31))


@pytest.mark.parametrize(
    ("start", "n", "unit", "end", "rolled"),
    [
        ("2024-04-24", 10, "days", "2024-05-04", "2024-05-07"),
        ("2024-12-19", 10, "days", "2024-12-29", "2025-01-06"),
        ("2025-04-22", 14, "days", "2025-05-06", "2025-05-07"),
        ("2024-02-15", 14, "days", "2024-02-29", "2024-02-29"),
        ("2026-09-05", 14, "days", "2026-09-19", "2026-09-24"),
        ("2026-04-19", 14, "days", "2026-05-03", "2026-05-07"),
        ("2027-12-15", 14, "days", "2027-12-29", "2028-01-04"),
        ("2024-01-31", 1, "months", "2024-02-29", "2024-02-29"),
        ("2024-08-31", 6, "months", "2025-02-28", "2025-02-28"),
        ("2024-02-29", 12, "months", "2025-02-28", "2025-02-28"),
        ("2024-02-29", 1, "years", "2025-02-28", "2025-02-28"),
        ("2024-12-30", 1, "months", "2025-01-30", "2025-01-30"),
        ("2024-01-30", 1, "months", "2024-02-29", "2024-02-29"),  # no 31 February: the end of the month
        ("2018-06-29", 1, "days", "2018-06-30", "2018-07-02"),  # a Saturday rolls too
    ],
)
def test_periods(start: str, n: int, unit: Any, end: str, rolled: str) -> None:
    begin = date.fromisoformat(start)
    assert deadline(begin, n, unit).isoformat() == end
    assert deadline(begin, n, unit, roll="next_open_day", calendar=NATIONAL).isoformat() == rolled


@pytest.mark.parametrize(
    ("start", "n", "unit", "first_day", "end"),
    [
        ("2025-08-01", 1, "years", "include", "2026-07-31"),
        ("2025-08-01", 1, "years", "exclude", "2026-08-01"),
        ("2026-10-05", 5, "days", "include", "2026-10-09"),
        ("2026-10-05", 5, "days", "exclude", "2026-10-10"),
        ("2024-08-31", 1, "months", "include", "2024-09-30"),
        ("2026-09-18", 2, "business_days", "exclude", "2026-09-25"),
        ("2026-09-18", 2, "business_days", "include", "2026-09-24"),
        ("2026-09-19", 1, "business_days", "include", "2026-09-24"),
        ("2026-10-05", 0, "days", "exclude", "2026-10-05"),
    ],
)
def test_whether_the_first_day_counts(start: str, n: int, unit: Any, first_day: Any, end: str) -> None:
    assert deadline(date.fromisoformat(start), n, unit, first_day=first_day).isoformat() == end


@pytest.mark.parametrize(
    ("start", "n", "unit", "end"),
    [
        ("2026-07-31", 1, "months", "2026-06-30"),  # 1月前の応当日, else the end of the month
        ("2026-07-30", 1, "months", "2026-06-30"),
        ("2026-07-15", 3, "months", "2026-04-15"),
        ("2024-02-29", 1, "years", "2023-02-28"),
        ("2026-10-08", 3, "days", "2026-10-05"),
        ("2026-09-24", 5, "business_days", "2026-09-14"),
    ],
)
def test_counting_back(start: str, n: int, unit: Any, end: str) -> None:
    assert deadline(date.fromisoformat(start), n, unit, direction="before").isoformat() == end


def test_counting_back_with_the_first_day_and_a_roll() -> None:
    start = date(2026, 9, 26)
    assert deadline(start, 3, "days", direction="before", first_day="include") == date(2026, 9, 24)
    assert deadline(start, 4, "days", direction="before", roll="previous_open_day") == date(2026, 9, 18)
    assert deadline(start, 4, "days", direction="before", roll="next_open_day") == date(2026, 9, 24)


def test_the_calendar_of_the_body_decides() -> None:
    body = Calendar(closed=frozenset({date(2026, 11, 25)}))
    assert deadline(date(2026, 11, 20), 5, "days", roll="next_open_day", calendar=body) == date(2026, 11, 26)
    assert deadline(date(2026, 11, 24), 1, "business_days", calendar=body) == date(2026, 11, 26)


@pytest.mark.parametrize("n", [-1, 10**7, 10**30])
@pytest.mark.parametrize("unit", ["days", "business_days", "months", "years"])
def test_impossible_periods(n: int, unit: Any) -> None:
    with pytest.raises(ValueError):
        deadline(date(2026, 10, 5), n, unit)


@pytest.mark.parametrize(
    ("birth", "age", "day"),
    [
        ("2018-04-01", 6, "2024-03-31"),
        ("2018-04-02", 6, "2024-04-01"),
        ("2004-02-29", 18, "2022-02-28"),
        ("2004-02-29", 20, "2024-02-28"),
        ("2006-03-01", 18, "2024-02-29"),
        ("1949-12-31", 75, "2024-12-30"),
    ],
)
def test_when_an_age_is_attained(birth: str, age: int, day: str) -> None:
    assert attains_on(date.fromisoformat(birth), age).isoformat() == day


def test_age_at_the_desk_and_age_in_law() -> None:
    birth = date(2004, 2, 29)
    assert age_on(birth, date(2022, 2, 28)) == 17
    assert age_on(birth, date(2022, 3, 1)) == 18
    assert attains_on(birth, 18) <= date(2022, 2, 28)


@given(days, st.integers(0, 120))
def test_an_age_is_attained_the_day_before_it_is_shown(birth: date, age: int) -> None:
    shown = attains_on(birth, age) + timedelta(days=1)
    if age == 0:
        return
    if (birth.month, birth.day) == (2, 29) and days_in_month(shown.year, 2) == 28:
        assert shown == date(shown.year, 3, 1)
    assert age_on(birth, shown) == age
    assert age_on(birth, shown - timedelta(days=1)) == age - 1


@given(days, st.integers(1, 600))
def test_months_end_on_the_corresponding_day_or_at_the_end_of_the_month(start: date, n: int) -> None:
    end = deadline(start, n, "months")
    months = (end.year - start.year) * 12 + end.month - start.month
    assert months == n
    assert end.day == start.day or end.day == days_in_month(end.year, end.month)


@settings(deadline=None)  # the first look into a year reads its holidays
@given(days, st.integers(0, 400), st.integers(0, 400))
def test_a_longer_period_never_ends_earlier(start: date, short: int, more: int) -> None:
    for unit in ("days", "months"):
        one = deadline(start, short, unit, roll="next_open_day")
        assert one <= deadline(start, short + more, unit, roll="next_open_day")
        assert NATIONAL.is_open(one)
        assert one >= deadline(start, short, unit)


@given(days, st.integers(0, 2000))
def test_days_back_and_forth(start: date, n: int) -> None:
    assert deadline(deadline(start, n, "days"), n, "days", direction="before") == start
