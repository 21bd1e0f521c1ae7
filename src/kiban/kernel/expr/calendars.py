"""Functions on civil dates, months and instants (Asia/Tokyo), and on opening days by the body's calendar."""

import re
from datetime import date, datetime, time, timedelta
from typing import Protocol

from kiban.kernel.dates import JST, Month, days_in_month
from kiban.kernel.expr.problems import Failure
from kiban.kernel.wareki import fiscal_year

MOST_OPEN_DAYS = 3660


class OpeningDays(Protocol):
    """What ``env["calendar"]`` must offer."""

    def is_open(self, day: date, /) -> bool: ...
    def next_open(self, day: date, /) -> date: ...
    def previous_open(self, day: date, /) -> date: ...
    def add_open(self, day: date, n: int, /) -> date: ...


def date_literal(text: str) -> date:
    """``2026-10-05``; ValueError otherwise."""
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) is None:
        raise ValueError("write YYYY-MM-DD")
    return date.fromisoformat(text)


def time_literal(text: str) -> time:
    """``17:00``; ValueError otherwise."""
    if re.fullmatch(r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?", text) is None:
        raise ValueError("write HH:MM")
    return time.fromisoformat(text)


def datetime_literal(text: str) -> datetime:
    """``2026-10-05T17:00``, in Tokyo where it names no offset; ValueError otherwise."""
    form = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[-+][0-9]{2}:[0-9]{2})?"
    if re.fullmatch(form, text) is None:
        raise ValueError("write YYYY-MM-DDTHH:MM")
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=JST)


def days_between(start: date, end: date) -> int:
    """end − start in days."""
    return (end - start).days


def add_days(day: date, days: int) -> date:
    """So many days later; OverflowError outside the calendar."""
    return day + timedelta(days=days)


def add_months(day: date, months: int) -> date:
    """The corresponding day (応当日) so many months later; the last day of the month where there is none."""
    month = plus_months(Month.of(day), months)
    return date(month.year, month.month, min(day.day, days_in_month(month.year, month.month)))


def plus_months(month: Month, months: int) -> Month:
    """So many months later; Failure outside the calendar."""
    try:
        return month.plus(months)
    except ValueError:
        raise Failure("date_range") from None


def weekday(day: date) -> int:
    """1 is Monday, 7 Sunday (行政基本情報データ連携モデル)."""
    return day.isoweekday()


def fiscal_year_of_month(month: Month) -> int:
    """The year in April of which the fiscal year of the month began."""
    return fiscal_year(month.first_day)


def date_of(instant: datetime) -> date:
    """The civil date in Tokyo."""
    return instant.astimezone(JST).date()


def time_of(instant: datetime) -> time:
    """The civil time in Tokyo."""
    return instant.astimezone(JST).time()


def minutes_between(start: datetime, end: datetime) -> int:
    """Whole minutes from start to end, rounded down."""
    return (end - start) // timedelta(minutes=1)


def add_open_days(calendar: OpeningDays, day: date, days: int) -> date:
    """The day so many opening days later (earlier when negative) by the body's calendar."""
    if not -MOST_OPEN_DAYS <= days <= MOST_OPEN_DAYS:
        raise Failure("date_range")
    return calendar.add_open(day, days)
