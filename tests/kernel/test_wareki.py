from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiban.kernel.dates import DateProblem, parse_date
from kiban.kernel.wareki import (
    ERAS,
    Era,
    era,
    era_of,
    fiscal_year,
    format_wareki,
    format_wareki_short,
    from_wareki,
    wareki_fiscal_year,
    wareki_year,
)

era_days = st.dates(min_value=date(1873, 1, 1), max_value=date(2200, 12, 31))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ((3, 60, 7, 7), date(1985, 7, 7)),
        ((3, 64, 1, 7), date(1989, 1, 7)),
        ((4, 31, 4, 30), date(2019, 4, 30)),
        ((5, 1, 5, 1), date(2019, 5, 1)),
        ((1, 45, 7, 30), date(1912, 7, 30)),
        ((2, 1, 7, 30), date(1912, 7, 30)),
        ((2, 15, 12, 25), date(1926, 12, 25)),
        ((3, 1, 12, 25), date(1926, 12, 25)),
        ((1, 6, 1, 1), date(1873, 1, 1)),
    ],
)
def test_days_that_an_era_holds(written: tuple[int, int, int, int], expected: date) -> None:
    assert from_wareki(*written) == expected


@pytest.mark.parametrize(
    ("written", "candidate"),
    [
        ((3, 64, 1, 8), date(1989, 1, 8)),
        ((4, 31, 5, 1), date(2019, 5, 1)),
        ((4, 33, 3, 31), date(2021, 3, 31)),
        ((2, 15, 12, 26), date(1926, 12, 26)),
        ((5, 1, 4, 30), date(2019, 4, 30)),
    ],
)
def test_days_outside_an_era_are_refused_with_what_was_probably_meant(
    written: tuple[int, int, int, int], candidate: date
) -> None:
    problem = from_wareki(*written)
    assert isinstance(problem, DateProblem)
    assert problem.code == "ERA-RANGE"
    assert list(problem.candidates) == [candidate]
    assert format_wareki(problem.candidates[0]) in problem.ja


@pytest.mark.parametrize("written", [(5, 7, 2, 29), (5, 8, 13, 1), (5, 8, 2, 30), (5, 99999, 1, 1)])
def test_days_that_no_calendar_has(written: tuple[int, int, int, int]) -> None:
    problem = from_wareki(*written)
    assert isinstance(problem, DateProblem)
    assert problem.code == "DATE-CAL"


@pytest.mark.parametrize("written", [(9, 1, 1, 1), (5, 0, 1, 1), (5, -3, 1, 1), (1, 5, 12, 2)])
def test_eras_and_years_that_do_not_exist(written: tuple[int, int, int, int]) -> None:
    problem = from_wareki(*written)
    assert isinstance(problem, DateProblem)
    assert problem.code == "ERA-RANGE"


@given(era_days)
def test_every_day_survives_the_way_into_its_era_and_back(day: date) -> None:
    found = era_of(day)
    assert from_wareki(found.code, day.year - found.offset, day.month, day.day) == day
    assert parse_date(format_wareki(day)) == day
    assert parse_date(format_wareki(day, gannen=False)) == day
    assert parse_date(format_wareki_short(day)) == day


def test_the_first_year_is_gannen_and_only_the_first() -> None:
    assert format_wareki(date(2019, 5, 1)) == "令和元年5月1日"
    assert format_wareki(date(2019, 5, 1), gannen=False) == "令和1年5月1日"
    assert format_wareki(date(2019, 4, 30)) == "平成31年4月30日"
    assert format_wareki(date(2029, 1, 11)) == "令和11年1月11日"
    assert wareki_year(date(2026, 10, 5)) == "令和8年"
    assert format_wareki_short(date(2026, 10, 5)) == "R08.10.05"


def test_lunar_dates_are_not_converted() -> None:
    assert format_wareki(date(1872, 12, 31)) == "西暦1872年12月31日"
    with pytest.raises(ValueError, match="no era"):
        era_of(date(1872, 12, 31))


def test_the_day_of_a_change_of_era_prints_in_the_later_one() -> None:
    assert format_wareki(date(1912, 7, 30)) == "大正元年7月30日"
    assert format_wareki(date(1926, 12, 25)) == "昭和元年12月25日"


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 4, 1), ("R", 8)),
        (date(2027, 3, 31), ("R", 8)),
        (date(2027, 4, 1), ("R", 9)),
        (date(2026, 3, 31), ("R", 7)),
        (date(2019, 4, 1), ("R", 1)),
        (date(2019, 3, 31), ("H", 30)),
        (date(1989, 3, 31), ("S", 63)),
    ],
)
def test_fiscal_years(day: date, expected: tuple[str, int]) -> None:
    assert wareki_fiscal_year(day) == expected


def test_a_new_era_is_a_row() -> None:
    reiwa = Era(5, "令和", "Reiwa", "R", date(2019, 5, 1), date(2040, 4, 30), "")
    eras = (*ERAS[:-1], reiwa, Era(6, "新元", "Shingen", "N", date(2040, 5, 1), None, "an invented era"))
    assert format_wareki(date(2040, 5, 1), eras=eras) == "新元元年5月1日"
    assert parse_date("N1.5.1", eras) == date(2040, 5, 1)
    problem = parse_date("R22.5.1", eras)
    assert isinstance(problem, DateProblem)
    assert problem.candidates == (date(2040, 5, 1),)


def test_eras_follow_each_other_without_a_gap() -> None:
    for earlier, later in pairwise(ERAS):
        assert earlier.end is not None
        assert (later.start - earlier.end).days in (0, 1)
    assert era(5).letter == "R"
    assert fiscal_year(date(2026, 3, 31)) == 2025
