"""Open and closed days of public offices.

Closed: Saturdays, Sundays, national holidays, 29 December to 3 January (行政機関の休日に関する法律1条; for
local bodies 地方自治法4条の2 and their ordinances, which say the same), and the days a body closes by its own
rule. The rule of today is used for every year. Days are Asia/Tokyo civil dates.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from jpholiday.jpholiday import JPHoliday

EQUINOXES_ANNOUNCED_TO: Final = 2027
"""The last year whose equinox days are fixed by the official almanac (暦要項, 官報, each February for the
next year). Later ones are computed by `jpholiday` and marked as predicted. A parameter of `Calendar`.
"""

MOST_OPEN_DAYS: Final = 4000
"""The longest way that `Calendar.add_open` goes, in open days (some 16 years): a bound on work, not a law."""


@dataclass(frozen=True, slots=True)
class ClosedReason:
    """Why an office is closed on a day. `predicted` when it rests on an equinox that is not announced yet."""

    ja: str
    en: str
    predicted: bool = False

    def __str__(self) -> str:
        return self.ja


_HOLIDAYS_SINCE: Final = date(1948, 7, 20)  # the act's first day, which the library does not know
_SATURDAY: Final = ClosedReason("土曜日", "Saturday")
_SUNDAY: Final = ClosedReason("日曜日", "Sunday")
_YEAR_END: Final = ClosedReason("年末年始", "year-end and New Year closure")
_BODY: Final = ClosedReason("団体の閉庁日", "closed by the body")
_HOLIDAY_EN: Final[Mapping[str, str]] = {
    "元日": "New Year's Day",
    "成人の日": "Coming of Age Day",
    "建国記念の日": "National Foundation Day",
    "天皇誕生日": "Emperor's Birthday",
    "春分の日": "Vernal Equinox Day",
    "昭和の日": "Showa Day",
    "憲法記念日": "Constitution Memorial Day",
    "みどりの日": "Greenery Day",
    "こどもの日": "Children's Day",
    "海の日": "Marine Day",
    "山の日": "Mountain Day",
    "敬老の日": "Respect for the Aged Day",
    "秋分の日": "Autumnal Equinox Day",
    "体育の日": "Health and Sports Day",
    "スポーツの日": "Sports Day",
    "文化の日": "Culture Day",
    "勤労感謝の日": "Labour Thanksgiving Day",
    "国民の休日": "national day off between holidays",
    "振替休日": "substitute holiday",
}


@dataclass(frozen=True, slots=True)
class Calendar:
    """The calendar of one body.

    `closed` are the days it closes beside the national ones, `open_` the days it opens in spite of them; a
    day in both is closed. Methods raise ValueError when they would leave the years 1 to 9999.
    """

    closed: frozenset[date] = frozenset()
    open_: frozenset[date] = frozenset()
    announced_to: int = EQUINOXES_ANNOUNCED_TO
    _closed_days: dict[int, frozenset[date]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def is_open(self, day: date) -> bool:
        """Whether the office is open; a set lookup once the year is known."""
        try:
            return day not in self._closed_days[day.year]
        except KeyError:
            return day not in self._closed_in(day.year)

    def next_open(self, day: date) -> date:
        """The first open day on or after `day`."""
        while not self.is_open(day):
            day = shift(day, 1)
        return day

    def previous_open(self, day: date) -> date:
        """The last open day strictly before `day`."""
        day = shift(day, -1)
        while not self.is_open(day):
            day = shift(day, -1)
        return day

    def add_open(self, day: date, n: int) -> date:
        """The n-th open day after `day`, or before it when n is negative; `day` itself for 0.

        ValueError when n is beyond `MOST_OPEN_DAYS`.
        """
        if abs(n) > MOST_OPEN_DAYS:
            raise ValueError(f"{n} open days are more than can be counted ({MOST_OPEN_DAYS})")
        for _ in range(abs(n)):
            day = self.next_open(shift(day, 1)) if n > 0 else self.previous_open(day)
        return day

    def closed_reason(self, day: date) -> ClosedReason | None:
        """Why the office is closed, or None when it is open."""
        if self.is_open(day):
            return None
        holiday = holidays(day.year).get(day)
        if holiday is not None:
            predicted = day.year > self.announced_to and _rests_on_equinox(day, holiday)
            en = _HOLIDAY_EN.get(holiday, "national holiday")
            if predicted:
                return ClosedReason(f"{holiday}（予測）", f"{en} (predicted)", True)
            return ClosedReason(holiday, en)
        if _is_year_end(day):
            return _YEAR_END
        return {5: _SATURDAY, 6: _SUNDAY}.get(day.weekday(), _BODY)

    def _closed_in(self, year: int) -> frozenset[date]:
        found = (_national_closed_days(year) - self.open_) | {day for day in self.closed if day.year == year}
        self._closed_days[year] = found
        return found


def shift(day: date, days: int) -> date:
    """`day` so many days later; ValueError outside the years 1 to 9999."""
    try:
        return day + timedelta(days=days)
    except OverflowError as error:
        raise ValueError(f"{days} days from {day.isoformat()} is outside the calendar") from error


@lru_cache(maxsize=512)
def holidays(year: int) -> Mapping[date, str]:
    """National holidays (国民の祝日に関する法律2条, 3条) of a year with their Japanese names."""
    source = JPHoliday()  # of its own: the library's shared one can be changed by anybody
    found: dict[date, str] = {}
    for day in _days_of(year):
        if day < _HOLIDAYS_SINCE:
            continue
        try:
            names = source.holidays(day)
        except OverflowError:  # it looks at the day after; 9999-12-31 has none
            continue
        if names:
            found[day] = "振替休日" if names[0].name.endswith("振替休日") else names[0].name
    return found


@lru_cache(maxsize=512)
def _national_closed_days(year: int) -> frozenset[date]:
    ordinary = (day for day in _days_of(year) if day.weekday() >= 5 or _is_year_end(day))
    return frozenset(ordinary) | frozenset(holidays(year))


def _days_of(year: int) -> list[date]:
    first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
    return [date.fromordinal(number) for number in range(first, last + 1)]


def _is_year_end(day: date) -> bool:
    return (day.month == 12 and day.day >= 29) or (day.month == 1 and day.day <= 3)


def _rests_on_equinox(day: date, holiday: str) -> bool:
    if holiday in ("春分の日", "秋分の日"):
        return True
    # A Monday after an equinox on Sunday, or the day between 敬老の日 and the autumnal equinox.
    around = [shift(day, -1), shift(day, 1)]
    derived = holiday in ("振替休日", "国民の休日")
    return derived and any(holidays(other.year).get(other) in ("春分の日", "秋分の日") for other in around)
