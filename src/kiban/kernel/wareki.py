"""Japanese eras (和暦): conversion, printing, and the fiscal year in an era.

Dates are Asia/Tokyo civil dates (`datetime.date`). Eras are data: every function takes `eras`, so that a new
era is a new row and no new code (住民記録システム標準仕様書 1.3.6).
"""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from kiban.kernel.input_problems import DateProblem


@dataclass(frozen=True, slots=True)
class Era:
    """One era. `start` and `end` are inclusive; `end` is None while the era lasts."""

    code: int
    ja: str
    en: str
    letter: str
    start: date
    end: date | None
    source: str

    @property
    def offset(self) -> int:
        """What is added to a year of this era to get the Gregorian year."""
        return self.start.year - 1

    def holds(self, day: date) -> bool:
        """Whether `day` lies in this era; the days of change to 大正 and to 昭和 lie in two."""
        return self.start <= day and (self.end is None or day <= self.end)


# The first day of 明治 was set in retrospect; nothing depends on it, since lunar dates are not converted.
ERAS: tuple[Era, ...] = (
    Era(1, "明治", "Meiji", "M", date(1868, 1, 25), date(1912, 7, 30), "行政官布告 明治元年9月8日"),
    Era(2, "大正", "Taisho", "T", date(1912, 7, 30), date(1926, 12, 25), "詔書 明治45年7月30日"),
    Era(3, "昭和", "Showa", "S", date(1926, 12, 25), date(1989, 1, 7), "詔書 大正15年12月25日"),
    Era(4, "平成", "Heisei", "H", date(1989, 1, 8), date(2019, 4, 30), "昭和64年政令第1号"),
    Era(5, "令和", "Reiwa", "R", date(2019, 5, 1), None, "平成31年政令第143号"),
)

GREGORIAN_SINCE = date(1873, 1, 1)
"""Meiji 6. Earlier dates were lunar: they are not read or printed in an era (明治5年太政官布告337号)."""


def era(code: int, eras: Sequence[Era] = ERAS) -> Era:
    """The era with this code; KeyError when there is none."""
    for item in eras:
        if item.code == code:
            return item
    raise KeyError(code)


def era_of(day: date, eras: Sequence[Era] = ERAS) -> Era:
    """The era of a day; the later one on a day of change. ValueError before 1873-01-01."""
    if day >= GREGORIAN_SINCE:
        for item in reversed(eras):
            if item.holds(day):
                return item
    raise ValueError(f"no era for {day.isoformat()}: eras are used from {GREGORIAN_SINCE.isoformat()}")


def from_wareki(
    era_code: int, year: int, month: int, day: int, eras: Sequence[Era] = ERAS
) -> date | DateProblem:
    """The civil date of a day written in an era.

    DATE-CAL when the calendar has no such day, ERA-RANGE when the era had not begun or was over; then
    `candidates` holds the date that was probably meant. Nothing is mended by itself.
    """
    try:
        written = era(era_code, eras)
    except KeyError:
        return DateProblem(
            "ERA-RANGE", f"元号コード{era_code}はありません。", f"There is no era with code {era_code}."
        )
    label = f"{written.ja}{year_text(year)}{month}月{day}日"
    if year < 1:
        return DateProblem(
            "ERA-RANGE",
            f"「{written.ja}{year}年」はありません。年は1（元）からです。",
            f"{written.en} {year} does not exist: years begin at 1.",
        )
    found = civil_date(written.offset + year, month, day, label)
    if isinstance(found, DateProblem):
        return found
    if found < GREGORIAN_SINCE:
        return DateProblem(
            "ERA-RANGE",
            f"「{label}」は旧暦の日付のため、西暦に直せません。明治6年1月1日以後の日付を入力してください。",
            f"{written.en} {year}-{month}-{day} is a lunar date; dates from 1873-01-01 can be converted.",
        )
    if written.holds(found):
        return found
    meant = format_wareki(found, eras=eras)
    return DateProblem(
        "ERA-RANGE",
        f"「{label}」は{written.ja}の期間にありません。「{meant}」ではありませんか。",
        f"{written.en} {year}-{month}-{day} is outside that era. Did you mean {found.isoformat()}?",
        (found,),
    )


def civil_date(year: int, month: int, day: int, written: str = "") -> date | DateProblem:
    """The Gregorian date, or DATE-CAL, which quotes `written` and says how long the month is."""
    try:
        return date(year, month, day)
    except (ValueError, OverflowError):
        hint_ja, hint_en = "月と日を確かめてください。", "Please check month and day."
    if 1 <= year <= 9999 and 1 <= month <= 12:
        last = monthrange(year, month)[1]
        hint_ja = f"{year}年{month}月は{last}日までです。"
        hint_en = f"{year}-{month:02} has {last} days."
    return DateProblem(
        "DATE-CAL",
        f"「{written or f'{year}年{month}月{day}日'}」は暦にない日です。{hint_ja}",
        f"{year}-{month}-{day} is not in the calendar. {hint_en}",
    )


def year_text(year: int, gannen: bool = True) -> str:
    """``8年``, and ``元年`` for the year number 1 only (never inside ``31年``)."""
    return "元年" if gannen and year == 1 else f"{year}年"


def wareki_year(day: date, *, gannen: bool = True, eras: Sequence[Era] = ERAS) -> str:
    """``令和8年``; before 1873 the Gregorian year (``西暦1872年``)."""
    if day < GREGORIAN_SINCE:
        return f"西暦{day.year}年"
    found = era_of(day, eras)
    return found.ja + year_text(day.year - found.offset, gannen)


def format_wareki(day: date, gannen: bool = True, *, eras: Sequence[Era] = ERAS) -> str:
    """``令和8年10月5日``; before 1873 ``西暦1872年12月31日``, since such dates are not converted."""
    return f"{wareki_year(day, gannen=gannen, eras=eras)}{day.month}月{day.day}日"


def format_wareki_short(day: date, *, eras: Sequence[Era] = ERAS) -> str:
    """``R08.10.05`` as in JIS X 0301; before 1873 the ISO date."""
    if day < GREGORIAN_SINCE:
        return day.isoformat()
    found = era_of(day, eras)
    return f"{found.letter}{day.year - found.offset:02}.{day.month:02}.{day.day:02}"


def fiscal_year(day: date) -> int:
    """The Gregorian year in which the fiscal year of `day` begins: April (財政法11条, 地方自治法208条)."""
    return day.year if day.month >= 4 else day.year - 1


def wareki_fiscal_year(day: date, *, eras: Sequence[Era] = ERAS) -> tuple[str, int]:
    """Era letter and year of the fiscal year: ``("R", 8)`` from 2026-04-01 to 2027-03-31.

    The whole year bears one name, that of the era at the end of its first calendar year: 2019 is 令和元年度
    from its first day (「改元に伴う元号による年表示の取扱いについて」平成31年4月1日), 1988 is 昭和63年度 to
    its last. ValueError before the fiscal year 1873.
    """
    found = era_of(date(fiscal_year(day), 12, 31), eras)
    return found.letter, fiscal_year(day) - found.offset
