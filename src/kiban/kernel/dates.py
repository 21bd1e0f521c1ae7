"""Civil dates as people in Japan write them, months, and dates known only in part.

Everything here is a civil date of Asia/Tokyo. Nothing reads a clock: `today_in_tokyo` is given the instant.
"""

import calendar as gregorian
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Literal, Self

from kiban.kernel.input_problems import DateProblem, shown
from kiban.kernel.wareki import (
    ERAS,
    GREGORIAN_SINCE,
    Era,
    civil_date,
    format_wareki,
    from_wareki,
    wareki_year,
    year_text,
)

JST = timezone(timedelta(hours=9), "JST")
"""Asia/Tokyo. A fixed offset: there is no summer time, and a machine may lack a time zone database."""


def today_in_tokyo(now: datetime) -> date:
    """The civil date in Tokyo at the instant `now`; ValueError when `now` has no time zone."""
    if now.tzinfo is None:
        raise ValueError("an instant without a time zone has no date in Tokyo")
    return now.astimezone(JST).date()


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month, ``2026-10``. Ordered, hashable; ValueError outside 0001-01 … 9999-12."""

    year: int
    month: int

    def __post_init__(self) -> None:
        if not (1 <= self.year <= 9999 and 1 <= self.month <= 12):
            raise ValueError(f"no such month: {self.year}-{self.month}")

    @classmethod
    def of(cls, day: date) -> Self:
        """The month that holds `day`."""
        return cls(day.year, day.month)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``2026-10``; ValueError otherwise."""
        found = re.fullmatch(r"([0-9]{4})-([0-9]{2})", text)
        if found is None:
            raise ValueError(f"not a month: {text!r}")
        return cls(int(found[1]), int(found[2]))

    @property
    def first_day(self) -> date:
        """The first day of the month."""
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        """The last day of the month."""
        return date(self.year, self.month, days_in_month(self.year, self.month))

    def plus(self, months: int) -> Self:
        """The month so many months later (earlier when negative); ValueError outside the calendar."""
        years, month = divmod(self.year * 12 + self.month - 1 + months, 12)
        return type(self)(years, month + 1)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"


def days_in_month(year: int, month: int) -> int:
    """28 … 31."""
    return gregorian.monthrange(year, month)[1]


Precision = Literal["day", "month", "year", "unknown"]


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date known to the day, the month, the year, or not at all, with the words as they were written.

    `year`, `month` and `day` are Gregorian and set exactly as far as `precision` says. `written` keeps
    phrases such as 「令和5年頃」 (住民記録システム標準仕様書 1.1.8). No missing part is ever made up: ask
    `earliest` and `latest`, which are None when nothing is known.
    """

    precision: Precision
    year: int | None = None
    month: int | None = None
    day: int | None = None
    written: str = ""

    def __post_init__(self) -> None:
        known = {"day": 3, "month": 2, "year": 1, "unknown": 0}[self.precision]
        parts = (self.year, self.month, self.day)
        if any((part is not None) != (index < known) for index, part in enumerate(parts)):
            raise ValueError(f"a date of precision {self.precision} has {known} parts")
        if self.year is not None:
            date(self.year, self.month or 1, self.day or 1)  # ValueError when the calendar has no such day

    @classmethod
    def of(cls, day: date, written: str = "") -> Self:
        """A date known to the day."""
        return cls("day", day.year, day.month, day.day, written)

    @property
    def earliest(self) -> date | None:
        """The first day that it can be."""
        return None if self.year is None else date(self.year, self.month or 1, self.day or 1)

    @property
    def latest(self) -> date | None:
        """The last day that it can be."""
        if self.year is None:
            return None
        month = self.month or 12
        return date(self.year, month, self.day or days_in_month(self.year, month))

    def as_date(self) -> date | None:
        """The date when it is known to the day."""
        return self.earliest if self.precision == "day" else None

    def __str__(self) -> str:
        """``2026-10-05``, ``2026-10``, ``2026`` or nothing."""
        widths = ((self.year, 4), (self.month, 2), (self.day, 2))
        return "-".join(f"{part:0{width}}" for part, width in widths if part is not None)

    def format_ja(self, eras: Sequence[Era] = ERAS) -> str:
        """The words as written, else ``令和8年10月（日不詳）`` and the like."""
        first = self.earliest
        if self.written or first is None:
            return self.written or "年月日不詳"
        if self.precision == "day":
            return format_wareki(first, eras=eras)
        year = wareki_year(first, eras=eras)
        return f"{year}{first.month}月（日不詳）" if self.precision == "month" else f"{year}（月日不詳）"


_LONGEST = 40
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−ーｰ", "-"))
_WHOLE = (
    re.compile(r"(?P<y>[0-9]{4})(?P<s>[-/.])(?P<m>[0-9]{1,2})(?P=s)(?P<d>[0-9]{1,2})"),
    re.compile(r"(?P<y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})"),
    re.compile(r"(?:西暦)?(?P<y>[0-9]{4})年(?P<m>[0-9]{1,2})月(?P<d>[0-9]{1,2})日"),
)
_ERA_WHOLE = (
    re.compile(r"(?P<y>元|[0-9]{1,3})年(?P<m>[0-9]{1,2})月(?P<d>[0-9]{1,2})日"),
    re.compile(r"(?P<y>元|[0-9]{1,3})(?P<s>[-/.])(?P<m>[0-9]{1,2})(?P=s)(?P<d>[0-9]{1,2})"),
)
_PARTS = re.compile(r"(?P<y>[0-9]{4})(?:[-/.](?P<m>[0-9]{1,2})|年(?:(?P<n>[0-9]{1,2})月)?)?")
_ERA_PARTS = re.compile(r"(?P<y>元|[0-9]{1,3})(?:[-/.](?P<m>[0-9]{1,2})|年(?:(?P<n>[0-9]{1,2})月)?)")
_ABOUT = re.compile(r"(頃|ころ|ごろ|\(?(月日|日)不詳\)?)$")


def parse_date(text: str, eras: Sequence[Era] = ERAS) -> date | DateProblem:
    """Read a date as it is commonly typed, in full-width or half-width characters.

    ``2026-10-05``, ``2026/10/5``, ``2026.10.5``, ``20261005``, ``2026年10月5日``, ``R8.10.5``, ``令8.10.5``,
    ``令和8年10月5日``, ``令和元年5月1日``. Otherwise a problem: DATE-FORM (not understood), DATE-CAL (no such
    day), ERA-RANGE (the era does not hold the day; `candidates` has the date probably meant).
    """
    plain = _plain(text)
    for pattern in _WHOLE:
        found = pattern.fullmatch(plain)
        if found is not None:
            return civil_date(int(found["y"]), int(found["m"]), int(found["d"]))
    era, rest = _split_era(plain, eras)
    if era is not None:
        for pattern in _ERA_WHOLE:
            found = pattern.fullmatch(rest)
            if found is not None:
                return from_wareki(era.code, _era_year(found["y"]), int(found["m"]), int(found["d"]), eras)
    return _not_understood(text)


def parse_partial_date(text: str, eras: Sequence[Era] = ERAS) -> PartialDate | DateProblem:
    """Read a date that may be known only in part.

    Everything that `parse_date` reads, and ``2026-10``, ``2026``, ``令和8年10月頃``, ``R8.10``,
    ``令和8年（月日不詳）``, ``不詳``. `written` keeps the text where it says more than the numbers do.
    Problems as in `parse_date`.
    """
    whole = parse_date(text, eras)
    if isinstance(whole, date):
        return PartialDate.of(whole)
    if whole.code != "DATE-FORM":
        return whole
    plain = _plain(text)
    if plain in ("不詳", "年月日不詳"):
        return PartialDate("unknown", written=text.strip())
    written = text.strip() if _ABOUT.search(plain) else ""
    plain = _ABOUT.sub("", plain)
    era, rest = _split_era(plain, eras)
    found = _PARTS.fullmatch(plain) or (_ERA_PARTS.fullmatch(rest) if era else None)
    if found is None:
        return whole
    year = era.offset + _era_year(found["y"]) if era else int(found["y"])
    month = found["m"] or found["n"]
    return _part(year, int(month) if month else None, written, era)


def _part(year: int, month: int | None, written: str, era: Era | None) -> PartialDate | DateProblem:
    first = civil_date(year, month or 1, 1)
    if isinstance(first, DateProblem):
        return first
    if month is None:
        found = PartialDate("year", first.year, written=written)
    else:
        found = PartialDate("month", first.year, first.month, written=written)
    last = found.latest or first
    if era is None or (last >= max(era.start, GREGORIAN_SINCE) and (era.end is None or first <= era.end)):
        return found
    ja = f"{era.ja}{year_text(year - era.offset)}{'' if month is None else f'{month}月'}"
    return DateProblem(
        "ERA-RANGE",
        f"「{ja}」は{era.ja}の期間にありません。西暦{found}に当たる年月を確かめてください。",
        f"{era.en} {year - era.offset} is outside that era; {found} would be the Gregorian form.",
        (first,),
    )


def _plain(text: str) -> str:
    if len(text) > _LONGEST:
        return ""
    # Before NFKC the long vowel mark and its kin are dashes too; after it, half-width forms have become them.
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text.translate(_DASHES)).translate(_DASHES))


def _split_era(plain: str, eras: Sequence[Era]) -> tuple[Era | None, str]:
    for era in eras:
        for name in (era.ja, era.ja[0], era.letter, era.letter.lower()):
            if plain.startswith(name):
                return era, plain[len(name) :]
    return None, plain


def _era_year(text: str) -> int:
    return 1 if text == "元" else int(text)


def _not_understood(text: str) -> DateProblem:
    quoted = shown(text, _LONGEST)
    return DateProblem(
        "DATE-FORM",
        f"「{quoted}」は日付として読めません。2026-10-05、R8.10.5、令和8年10月5日のように入力してください。",
        f"“{quoted}” is not understood as a date. Write it like 2026-10-05 or R8.10.5.",
    )


__all__ = [
    "JST",
    "DateProblem",
    "Month",
    "PartialDate",
    "Precision",
    "days_in_month",
    "parse_date",
    "parse_partial_date",
    "today_in_tokyo",
]
