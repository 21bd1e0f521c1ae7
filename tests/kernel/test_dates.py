from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiban.kernel.dates import (
    JST,
    DateProblem,
    Month,
    PartialDate,
    parse_date,
    parse_partial_date,
    today_in_tokyo,
)

FIFTH = date(2026, 10, 5)
months = st.builds(Month, st.integers(1, 9999), st.integers(1, 12))


@pytest.mark.parametrize(
    "text",
    [
        "2026-10-05",
        "2026/10/5",
        "2026.10.5",
        "20261005",
        "2026年10月5日",
        "西暦2026年10月5日",
        "R8.10.5",
        "r8.10.5",
        "R08.10.05",
        "R8/10/5",
        "R8-10-5",
        "令8.10.5",
        "令和8年10月5日",
        "令和 8 年 10 月 5 日",
        "㋿8年10月5日",
        "２０２６－１０－０５",
        "２０２６ー１０ー５",
        "２０２６−１０−５",  # U+2212, the minus of other keyboards
        "Ｒ８．１０．５",
        "令和８年１０月５日",
        "　2026-10-05\n",
    ],
)
def test_ways_to_write_a_date(text: str) -> None:
    assert parse_date(text) == FIFTH


def test_the_first_year_of_an_era() -> None:
    assert (
        parse_date("令和元年5月1日")
        == parse_date("令和1年5月1日")
        == parse_date("R元.5.1")
        == date(2019, 5, 1)
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2月30日", "DATE-FORM"),
        ("2026年2月30日", "DATE-CAL"),
        ("2026-02-29", "DATE-CAL"),
        ("R7.2.29", "DATE-CAL"),
        ("2026-13-01", "DATE-CAL"),
        ("20261305", "DATE-CAL"),
        ("0000-01-01", "DATE-CAL"),
        ("S64.1.8", "ERA-RANGE"),
        ("平成33年3月31日", "ERA-RANGE"),
        ("令和0年1月1日", "ERA-RANGE"),
        ("明治5年12月2日", "ERA-RANGE"),
        ("", "DATE-FORM"),
        ("きのう", "DATE-FORM"),
        ("2026-10/05", "DATE-FORM"),
        ("10/05/2026", "DATE-FORM"),
        ("令和八年十月五日", "DATE-FORM"),
        ("2026-10-05T00:00", "DATE-FORM"),
        ("٢٠٢٦-١٠-٠٥", "DATE-FORM"),
        ("2026-10-05" + "0" * 10_000, "DATE-FORM"),
        ("\ud800", "DATE-FORM"),
        ("\x00", "DATE-FORM"),
    ],
)
def test_what_is_not_a_date(text: str, code: str) -> None:
    problem = parse_date(text)
    assert isinstance(problem, DateProblem)
    assert problem.code == code
    assert problem.ja
    assert problem.en
    assert len(problem.ja) < 200


def test_hints() -> None:
    meant = parse_date("S64.1.8")
    assert isinstance(meant, DateProblem)
    assert meant.candidates == (date(1989, 1, 8),)
    assert "平成元年1月8日" in meant.ja
    no_day = parse_date("R7.2.29")
    assert isinstance(no_day, DateProblem)
    assert "28日まで" in no_day.ja


@given(st.text(st.characters(codec=None), max_size=60))
def test_any_text_has_an_answer(text: str) -> None:
    found = parse_date(text)
    assert isinstance(found, date | DateProblem)
    if isinstance(found, DateProblem):
        assert (found.ja + found.en).encode()  # a message can always be sent
    assert isinstance(parse_partial_date(text), PartialDate | DateProblem)


@given(st.dates())
def test_iso_dates_are_read_as_they_are(day: date) -> None:
    assert parse_date(day.isoformat()) == day
    assert parse_date(f"{day.year:04}/{day.month}/{day.day}") == day


@pytest.mark.parametrize(
    ("text", "shown", "earliest", "latest"),
    [
        ("2026-10-05", "2026-10-05", date(2026, 10, 5), date(2026, 10, 5)),
        ("2026-10", "2026-10", date(2026, 10, 1), date(2026, 10, 31)),
        ("R8.2", "2026-02", date(2026, 2, 1), date(2026, 2, 28)),
        ("令和8年10月頃", "2026-10", date(2026, 10, 1), date(2026, 10, 31)),
        ("令和8年（月日不詳）", "2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("2026年", "2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("昭和64年", "1989", date(1989, 1, 1), date(1989, 12, 31)),
        ("不詳", "", None, None),
    ],
)
def test_dates_known_in_part(text: str, shown: str, earliest: date | None, latest: date | None) -> None:
    found = parse_partial_date(text)
    assert isinstance(found, PartialDate)
    assert (str(found), found.earliest, found.latest) == (shown, earliest, latest)
    assert found.as_date() == (earliest if found.precision == "day" else None)


def test_partial_dates_keep_the_words_and_invent_nothing() -> None:
    about = parse_partial_date(" 令和8年10月頃 ")
    assert isinstance(about, PartialDate)
    assert about.written == about.format_ja() == "令和8年10月頃"
    assert PartialDate("month", 2026, 10).format_ja() == "令和8年10月（日不詳）"
    assert PartialDate("year", 2026).format_ja() == "令和8年（月日不詳）"
    assert PartialDate.of(FIFTH).format_ja() == "令和8年10月5日"
    assert PartialDate("unknown").format_ja() == "年月日不詳"
    with pytest.raises(ValueError, match="parts"):
        PartialDate("month", 2026)
    with pytest.raises(ValueError, match="parts"):
        PartialDate("year", 2026, 1)
    with pytest.raises(ValueError, match="day is out of range"):
        PartialDate("day", 2026, 2, 30)


@pytest.mark.parametrize(
    ("text", "code"), [("H40.1", "ERA-RANGE"), ("2026-13", "DATE-CAL"), ("x", "DATE-FORM")]
)
def test_partial_dates_that_cannot_be(text: str, code: str) -> None:
    problem = parse_partial_date(text)
    assert isinstance(problem, DateProblem)
    assert problem.code == code


def test_today_is_that_of_tokyo() -> None:
    assert today_in_tokyo(datetime(2026, 10, 4, 14, 59, tzinfo=UTC)) == date(2026, 10, 4)
    assert today_in_tokyo(datetime(2026, 10, 4, 15, 0, tzinfo=UTC)) == FIFTH
    assert today_in_tokyo(datetime(2026, 10, 5, 0, 0, tzinfo=JST)) == FIFTH
    with pytest.raises(ValueError, match="time zone"):
        today_in_tokyo(datetime(2026, 10, 5))  # noqa: DTZ001


def test_months() -> None:
    october = Month.parse("2026-10")
    assert october == Month.of(FIFTH)
    assert str(october) == "2026-10"
    assert (october.first_day, october.last_day) == (date(2026, 10, 1), date(2026, 10, 31))
    assert october.plus(3) == Month(2027, 1)
    assert october.plus(-10) == Month(2025, 12)
    assert Month(2026, 9) < october < Month(2027, 1)
    assert len({october, Month(2026, 10)}) == 1
    for wrong in ("2026-13", "2026-1", "２０２６-10", ""):
        with pytest.raises(ValueError):
            Month.parse(wrong)


@given(months, st.integers(-20_000, 20_000))
def test_months_add_up(month: Month, n: int) -> None:
    try:
        later = month.plus(n)
    except ValueError:
        assert not 12 <= month.year * 12 + month.month - 1 + n < 120_000
        return
    assert (later.year - month.year) * 12 + later.month - month.month == n
    assert later.plus(-n) == month
