"""Dates and times of day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from tests.kernel.values.support import code_of, make, read, value_of


@pytest.mark.parametrize(
    "raw",
    ["2026-10-05", "2026/10/5", "20261005", "R8.10.5", "令和8年10月5日", "２０２６年１０月５日", "令和８年１０月５日",
     date(2026, 10, 5), datetime.fromisoformat("2026-10-05")],
)  # fmt: skip
def test_dates_as_typed(raw):
    assert value_of("date", raw) == date(2026, 10, 5)


@pytest.mark.parametrize(
    "raw",
    ["2026-02-30", "2026-W41-1", "R7.2.29", "明日", "9" * 500, 20261005, 46300.0, True, ["2026-10-05"], {"y": 2026},
     datetime.fromisoformat("2026-10-05T09:00"), datetime(2026, 10, 5, tzinfo=UTC)],
)  # fmt: skip
def test_not_a_date(raw):
    assert code_of("date", raw) == "invalid"


def test_the_date_meant_is_offered_not_taken():
    reading = read("date", "S64.1.8")
    assert reading.value is None
    assert reading.problems[0].suggest == {"item": "1989-01-08"}


def test_dates_shown():
    field = make("date")
    day = date(2026, 10, 5)
    assert field.display(day) == "令和8年10月5日（2026-10-05）"
    assert field.display(day, style="wareki") == "令和8年10月5日"
    assert field.display(day, style="short") == "R08.10.05"
    assert field.display(day, "en") == "2026-10-05"
    assert field.display(date(1, 1, 1))


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("17:30", time(17, 30)),
        ("１７：３０", time(17, 30)),
        ("9:05", time(9, 5)),
        ("17:30:00", time(17, 30)),
        ("1730", time(17, 30)),
        ("17時30分", time(17, 30)),
        ("17時", time(17)),
        ("午後5時半", time(17, 30)),
        ("午前0時5分", time(0, 5)),
        ("00:00", time()),
        (time(8, 15), time(8, 15)),
    ],
)
def test_times_as_typed(raw, value):
    assert value_of("time", raw) == value


@pytest.mark.parametrize(
    "raw", ["24:00", "9:5", "17:60", "17:30:15", "午後12時", "noon", 17, 17.5, ["17:30"], "9" * 500]
)
def test_not_a_time(raw):
    assert code_of("time", raw) == "invalid"


def test_times_shown():
    assert make("time").display(time(9, 5)) == "09:05"
    assert make("time").to_json(time(9, 5)) == "09:05"
