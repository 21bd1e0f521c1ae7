"""Periods and ages: when a period ends.

The rules are those of 民法140条 to 143条 (the first day is not counted; months and years end on the day
before the corresponding day, 応当日, or on the last day of a month that has none), with the roll to an open
office day that 行政機関の休日に関する法律2条 and 地方自治法4条の2 add. Days are Asia/Tokyo civil dates.
"""

from datetime import date
from typing import Literal

from kiban.kernel.calendar import Calendar, shift
from kiban.kernel.dates import Month

Unit = Literal["days", "business_days", "months", "years"]
Direction = Literal["after", "before"]
FirstDay = Literal["exclude", "include"]
Roll = Literal["none", "next_open_day", "previous_open_day"]

_NATIONAL = Calendar()


def deadline(
    start: date,
    n: int,
    unit: Unit,
    *,
    direction: Direction = "after",
    first_day: FirstDay = "exclude",
    roll: Roll = "none",
    calendar: Calendar = _NATIONAL,
) -> date:
    """The last day of a period of `n` units that begins, or is counted back from, `start`.

    After: 14 days from 5 September end on 19 September, 1 month from 31 January on the last day of February.
    With `first_day="include"` the start is the first day counted (a period that begins at midnight, or an
    age). Before: n days or months back from `start` (3日前まで: `start` − 3; 1月前まで: the 応当日, else the
    end of that month); where n whole days must lie between, ask for n + 1. `roll` moves a closed last day; it
    never moves the start. With n = 0 the period ends on `start`. ValueError when n is negative, too long, or
    leaves the years 1 to 9999.
    """
    last = last_day(start, n, unit, direction=direction, first_day=first_day, calendar=calendar)
    return _rolled(last, roll, calendar)


def last_day(
    start: date,
    n: int,
    unit: Unit,
    *,
    direction: Direction = "after",
    first_day: FirstDay = "exclude",
    calendar: Calendar = _NATIONAL,
) -> date:
    """The last day of the period as the 民法 counts it, before any roll; see `deadline`."""
    if n < 0:
        raise ValueError(f"a period has at least 0 {unit}, not {n}")
    if n == 0:
        return start
    sign = 1 if direction == "after" else -1
    if first_day == "include":
        start = shift(start, -sign)
    if unit == "days":
        return shift(start, sign * n)
    if unit == "business_days":
        return calendar.add_open(start, sign * n)
    months = n * 12 if unit == "years" else n
    return _months_after(start, months) if direction == "after" else _corresponding(start, -months)[0]


def _months_after(start: date, months: int) -> date:
    """民法143条2項: from the day after `start` to the day before the 応当日, or the end of the month."""
    day, exists = _corresponding(shift(start, 1), months)
    return shift(day, -1) if exists else day


def _corresponding(day: date, months: int) -> tuple[date, bool]:
    """The 応当日, and True; the end of the month, and False, when that month has no such day."""
    month = Month.of(day).plus(months)
    if day.day <= month.last_day.day:
        return month.first_day.replace(day=day.day), True
    return month.last_day, False


def _rolled(last: date, roll: Roll, calendar: Calendar) -> date:
    if roll == "none" or calendar.is_open(last):
        return last
    return calendar.next_open(last) if roll == "next_open_day" else calendar.previous_open(last)


def age_on(birth: date, day: date) -> int:
    """The age as people say it and desks show it: one more on each birthday (1 March for 29 February).

    Negative before birth. For what a statute requires, use `attains_on`.
    """
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def attains_on(birth: date, age: int) -> date:
    """The day at whose end a person attains an age in law: the day before the birthday.

    年齢計算ニ関スル法律 with 民法143条: the day of birth counts, and who is born on 29 February attains an
    age on 28 February.
    """
    return last_day(birth, age, "years", first_day="include")
