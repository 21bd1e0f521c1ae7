"""Closed days of a body (閉庁日): listed beside the national ones, added as a range or from a CSV file, taken back.

A clock that has been counted keeps its day; closed days count for what is counted from then on.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from kiban.access import changes
from kiban.access.changes import SettingRefused
from kiban.access.models import ClosedDay, User
from kiban.kernel.calendar import holidays
from kiban.kernel.definitions.model import Label
from kiban.kernel.problems import Problem
from kiban.ops import clock

MOST = 400
CSV_LIMIT = 200_000
_OPEN = ("1", "open", "開庁", "true")


@dataclass(frozen=True)
class Day:
    """A day with its own rule: closed by the body, open in spite of the national rule, or a national holiday."""

    date: date
    kind: str
    reason: str


def days(body: str, year: int) -> list[Day]:
    """The days of a calendar year that have a rule: national holidays and the body's own."""
    found = [Day(day, "holiday", name) for day, name in holidays(year).items()]
    rows = ClosedDay.objects.filter(body=body, date__year=year)
    found += [Day(row.date, "open" if row.open else "closed", row.reason) for row in rows]
    return sorted(found, key=lambda day: (day.date, day.kind))


def add(
    body: str,
    first: object,
    last: object,
    reason: object,
    user: User,
    *,
    open_: bool = False,
    why: object = "",
) -> int:
    """The body closes (or opens) from a day to a day. Returns how many days. Raises SettingRefused."""
    today = clock.today()
    start = changes.day("first", first, not_before=today)
    end = changes.day("last", last or first, not_before=today)
    assert start is not None
    assert end is not None
    if end < start:
        message = Label(ja="最後の日が最初の日より前になっています。", en="The last day is before the first.")
        raise SettingRefused(Problem("last", "out_of_range", message))
    if (end - start).days >= MOST:
        message = Label(ja=f"一度に{MOST}日までにしてください。", en=f"At most {MOST} days at once.")
        raise SettingRefused(Problem("last", "too_long", message))
    words = changes.text("reason", reason, required=True, most=200)
    rows = [
        Day(start + timedelta(n), "open" if open_ else "closed", words) for n in range((end - start).days + 1)
    ]
    return _put(body, rows, user, changes.text("why", why))


def read_csv(content: bytes) -> list[Day]:
    """Days from a CSV (date, reason[, 開庁]); UTF-8 or Shift_JIS, a heading is passed over. Raises SettingRefused.

    Every wrong line is named.
    """
    if len(content) > CSV_LIMIT:
        raise SettingRefused(
            Problem("file", "too_long", Label(ja="ファイルが大きすぎます。", en="The file is too large."))
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp932", "replace")
    found, problems, today = [], list[Problem](), clock.today()
    for number, row in enumerate(csv.reader(io.StringIO(text)), start=1):
        if not any(cell.strip() for cell in row):
            continue
        try:
            when = changes.day(f"line[{number}]", row[0], not_before=today)
            assert when is not None
            reason = changes.text(f"line[{number}]", row[1] if len(row) > 1 else "", most=200)
            kind = "open" if len(row) > 2 and row[2].strip().lower() in _OPEN else "closed"
            found.append(Day(when, kind, reason))
        except SettingRefused as refused:
            if number == 1 and refused.problems[0].code == "invalid":
                continue  # the heading
            problems += [
                Problem(
                    p.field,
                    p.code,
                    Label(ja=f"{number}行目: {p.message.ja}", en=f"Line {number}: {p.message.en}"),
                )
                for p in refused.problems
            ]
    if not found and not problems:
        message = Label(
            ja="日付の行がありません。「2027-01-04,創立記念日」のように1行に1日を書いてください。",
            en="There is no line with a date. Write a day on each line: 2027-01-04,Founding day",
        )
        problems.append(Problem("file", "required", message))
    if problems:
        raise SettingRefused(*problems[:50])
    return found


def add_csv(body: str, content: bytes, user: User, why: object = "") -> int:
    """Adds the days of a CSV, all or none. Raises SettingRefused."""
    return _put(body, read_csv(content)[: MOST * 5], user, changes.text("why", why))


def remove(body: str, day: object, user: User, why: object = "") -> None:
    """Takes a rule of the body for a coming day back. Raises SettingRefused, LookupError when there is none."""
    when = changes.day("date", day, not_before=clock.today())
    with changes.setting(body, user):
        row = ClosedDay.objects.filter(body=body, date=when).first()
        if row is None:
            raise LookupError(str(when))
        row.delete()
        before = {"open": row.open, "reason": row.reason}
        changes.note(
            "closed_day", str(when), user, from_date=when, before=before, why=changes.text("why", why)
        )


def _put(body: str, rows: Iterable[Day], user: User, why: str) -> int:
    wanted = {row.date: row for row in rows}
    with changes.setting(body, user):
        known = {row.date: row for row in ClosedDay.objects.filter(body=body, date__in=wanted)}
        for when, row in wanted.items():
            old = known.get(when)
            if old is not None and old.open == (row.kind == "open") and old.reason == row.reason:
                continue
            ClosedDay.objects.update_or_create(
                body=body, date=when, defaults={"open": row.kind == "open", "reason": row.reason}
            )
            changes.note(
                "closed_day", str(when), user, from_date=when,
                before={"open": old.open, "reason": old.reason} if old else None,
                after={"open": row.kind == "open", "reason": row.reason}, why=why,
            )  # fmt: skip
    return len(wanted)


__all__ = ["Day", "add", "add_csv", "days", "read_csv", "remove"]
