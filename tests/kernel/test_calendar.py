from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiban.kernel.calendar import MOST_OPEN_DAYS, Calendar, holidays, shift

NATIONAL = Calendar()
days = st.dates(min_value=date(2015, 1, 1), max_value=date(2032, 12, 31))


@pytest.mark.parametrize(("year", "count"), [(2024, 244), (2025, 241), (2026, 240)])
def test_open_days_of_a_year(year: int, count: int) -> None:
    first = date(year, 1, 1)
    assert (
        sum(
            NATIONAL.is_open(first + timedelta(days=n))
            for n in range(366)
            if (first + timedelta(n)).year == year
        )
        == count
    )


@pytest.mark.parametrize(
    ("day", "ja"),
    [
        (date(2026, 9, 19), "土曜日"),
        (date(2026, 9, 20), "日曜日"),
        (date(2026, 9, 21), "敬老の日"),
        (date(2026, 9, 22), "国民の休日"),
        (date(2026, 9, 23), "秋分の日"),
        (date(2008, 5, 6), "振替休日"),
        (date(2025, 5, 6), "振替休日"),
        (date(2026, 5, 6), "振替休日"),
        (date(2026, 12, 29), "年末年始"),
        (date(2027, 1, 1), "元日"),
        (date(2027, 1, 3), "年末年始"),
        (date(2019, 4, 30), "国民の休日"),
        (date(2019, 5, 1), "天皇の即位の日"),
        (date(2019, 10, 22), "即位礼正殿の儀"),
        (date(2020, 7, 24), "スポーツの日"),
        (date(2021, 8, 9), "振替休日"),
    ],
)
def test_why_offices_are_closed(day: date, ja: str) -> None:
    reason = NATIONAL.closed_reason(day)
    assert reason is not None
    assert (str(reason), reason.predicted) == (ja, False)
    assert reason.en.isascii()


@pytest.mark.parametrize(
    "day", [date(2019, 7, 16), date(2020, 7, 20), date(2020, 10, 12), date(2026, 12, 28), date(2027, 1, 4)]
)
def test_ordinary_days_are_open(day: date) -> None:
    assert NATIONAL.is_open(day)
    assert NATIONAL.closed_reason(day) is None


def test_equinoxes_to_come_are_predictions() -> None:
    announced = Calendar(announced_to=2026)
    assert str(announced.closed_reason(date(2026, 9, 23))) == "秋分の日"
    for day in (date(2027, 3, 21), date(2027, 3, 22), date(2027, 9, 23), date(2032, 9, 21)):
        reason = announced.closed_reason(day)
        assert reason is not None
        assert reason.predicted
        assert reason.ja.endswith("（予測）")
    ordinary = announced.closed_reason(date(2027, 11, 3))
    assert ordinary is not None
    assert not ordinary.predicted


def test_a_body_has_its_own_days() -> None:
    memorial, sunday = date(2027, 6, 23), date(2026, 10, 4)
    body = Calendar(closed=frozenset({memorial}), open_=frozenset({sunday}))
    assert str(body.closed_reason(memorial)) == "団体の閉庁日"
    assert NATIONAL.is_open(memorial)
    assert body.is_open(sunday)
    assert body.closed_reason(sunday) is None
    assert not Calendar(closed=frozenset({sunday}), open_=frozenset({sunday})).is_open(sunday)
    assert Calendar(closed=frozenset({memorial})) == Calendar(closed=frozenset({memorial}))


def test_walking_over_a_long_weekend() -> None:
    friday, thursday = date(2026, 9, 18), date(2026, 9, 24)
    assert NATIONAL.next_open(date(2026, 9, 19)) == thursday
    assert NATIONAL.next_open(thursday) == thursday
    assert NATIONAL.previous_open(thursday) == friday
    assert NATIONAL.add_open(friday, 1) == thursday
    assert NATIONAL.add_open(date(2026, 9, 20), 1) == thursday
    assert NATIONAL.add_open(thursday, -1) == friday
    assert NATIONAL.add_open(date(2026, 9, 20), 0) == date(2026, 9, 20)


@settings(deadline=None)  # the first look into a year reads its holidays
@given(days, st.integers(-40, 40))
def test_open_days_are_counted_one_by_one(day: date, n: int) -> None:
    found = NATIONAL.add_open(day, n)
    low, high = sorted((day, found))
    between = [low + timedelta(days=k) for k in range((high - low).days + 1)]
    counted = sum(NATIONAL.is_open(item) for item in between if item != day)
    assert counted == abs(n)
    assert n == 0 or NATIONAL.is_open(found)


@settings(deadline=None)
@given(days)
def test_a_reason_exactly_for_closed_days(day: date) -> None:
    assert (NATIONAL.closed_reason(day) is None) == NATIONAL.is_open(day)


def test_the_ends_of_the_calendar() -> None:
    assert not NATIONAL.is_open(date(9999, 12, 31))
    with pytest.raises(ValueError, match="outside the calendar"):
        NATIONAL.next_open(date(9999, 12, 31))
    with pytest.raises(ValueError, match="outside the calendar"):
        shift(date(1, 1, 1), -1)
    with pytest.raises(ValueError, match="more than can be counted"):
        NATIONAL.add_open(date(2026, 1, 5), MOST_OPEN_DAYS + 1)


def test_holidays_are_those_of_the_law() -> None:
    assert len(holidays(2026)) == 18
    assert holidays(1947) == {}
