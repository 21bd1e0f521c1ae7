"""Settlement files of providers and banks (入金明細): read, their columns named, kept without anything else.

Our own layout is a CSV with a header line `reference,amount,date` (照会番号, 金額, 入金日); any other CSV works when
its columns are named once. Cells of columns that were not named are thrown away, and whatever looks like a card
number is masked before anything is kept. All functions run in an open scope and raise SettingRefused with line and
column.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from uuid_utils.compat import uuid7

from kiban.access.changes import SettingRefused, text
from kiban.access.models import User
from kiban.access.scope import current
from kiban.kernel.dates import parse_date
from kiban.kernel.definitions.compile import CompiledService
from kiban.kernel.definitions.model import Label
from kiban.kernel.problems import INVALID, REQUIRED, TOO_LONG, Problem
from kiban.kernel.text import refuse, to_halfwidth_code
from kiban.money.models import Settled, Statement
from kiban.ops import clock

COLUMNS = ("reference", "amount", "day")
LABELS: Mapping[str, Label] = {
    "reference": Label(ja="照会番号", en="Reference"),
    "amount": Label(ja="金額", en="Amount"),
    "day": Label(ja="入金日", en="Date"),
}
_KNOWN: Mapping[str, frozenset[str]] = {
    "reference": frozenset({"reference", "照会番号", "注文番号", "取引番号", "管理番号", "order_id"}),
    "amount": frozenset({"amount", "金額", "入金額", "決済金額", "取引金額"}),
    "day": frozenset({"date", "day", "入金日", "決済日", "取引日", "日付"}),
}
LONGEST = 5 * 1024 * 1024
MOST_ROWS, MOST_CELLS, MOST_TEXT = 20_000, 60, 500
MOST_TOLD = 20
_DIGITS = re.compile(r"(?:\d[ -]?){12,18}\d")
_MASK = "（伏せました）"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a statement: `number` as a person counts them (the header is line 1); `amount` may be negative."""

    number: int
    reference: str
    amount: int
    day: date


def take(compiled: CompiledService, name: str, content: bytes, user: User) -> Statement:
    """Keeps a file. Columns that are known from its header, or from an earlier file like it, are named at once."""
    header, rows = _table(content)
    statement = Statement.objects.create(
        body=current().body, id=uuid7(), service=compiled.service.slug, name=name[:200] or "statement.csv",
        sha256=hashlib.sha256(content).hexdigest(), header=header, rows=rows, by=str(user.id),
        by_name=user.display_name, at=clock.now(),
    )  # fmt: skip
    known = _last_columns(statement) or guess(header)
    if set(known) == set(COLUMNS):
        try:
            return choose(statement, known)
        except SettingRefused:
            return statement  # the page of its columns says what is wrong
    return statement


def guess(header: Sequence[str]) -> dict[str, int]:
    """The columns that a header names, by what they are."""
    plain = [cell.strip().lower() for cell in header]
    return {
        column: place
        for column in COLUMNS
        if (place := next((n for n, cell in enumerate(plain) if cell in _KNOWN[column]), None)) is not None
    }


def choose(statement: Statement, columns: Mapping[str, int]) -> Statement:
    """Names the columns: every line must be readable, then only these columns are kept."""
    missing = [column for column in COLUMNS if column not in columns]
    twice = len(set(columns.values())) < len(columns)
    if missing or twice or not all(0 <= place < len(statement.header) for place in columns.values()):
        words = Label(
            ja="3つの列を、それぞれ別に選んでください。", en="Please choose three different columns."
        )
        raise SettingRefused(*(Problem(name, REQUIRED, words) for name in missing or COLUMNS[:1]))
    order = [columns[column] for column in COLUMNS]
    kept = [[row[place] if place < len(row) else "" for place in order] for row in statement.rows]
    found = _lines(kept)
    statement.header = [statement.header[place] for place in order]
    statement.rows, statement.columns = kept, {column: place for place, column in enumerate(COLUMNS)}
    days = [line.day for line in found]
    statement.from_day, statement.to_day = min(days), max(days)
    rows = Statement.objects.filter(body=statement.body, id=statement.id)
    rows.update(
        header=statement.header, rows=kept, columns=statement.columns, from_day=statement.from_day,
        to_day=statement.to_day,
    )  # fmt: skip
    return statement


def lines(statement: Statement) -> list[Line]:
    """The lines of a statement whose columns are named."""
    return _lines(statement.rows) if statement.columns else []


def of(compiled: CompiledService, most: int = 50) -> list[Statement]:
    """The latest files, without their rows."""
    rows = Statement.objects.filter(body=current().body, service=compiled.service.slug)
    return list(rows.order_by("-at").defer("rows")[:most])


def one(compiled: CompiledService, statement: UUID) -> Statement | None:
    """A file by its id."""
    rows = Statement.objects.filter(body=current().body, service=compiled.service.slug, id=statement)
    return rows.first()


def remove(statement: Statement) -> None:
    """Takes a file away again, as long as nothing was settled with it."""
    if Settled.objects.filter(body=statement.body, statement=statement.id).exists():
        words = Label(
            ja="処理した差異があるため、削除できません。", en="Differences were settled with it: it stays."
        )
        raise SettingRefused(Problem("file", INVALID, words))
    statement.delete()


def settle(statement: Statement, key: str, why: str, user: User) -> Settled:
    """Says why a difference is right as it is, or what was done about it."""
    reason = text("reason", why, required=True)
    return Settled.objects.create(
        body=statement.body, id=uuid7(), statement=statement.id, key=key, reason=reason, by=str(user.id),
        by_name=user.display_name, at=clock.now(),
    )  # fmt: skip


def settled(statement: Statement) -> dict[str, Settled]:
    """What was said of each difference, the last word."""
    rows = Settled.objects.filter(body=statement.body, statement=statement.id).order_by("at", "id")
    return {row.key: row for row in rows}


def masked(cell: str) -> str:
    """A cell without what looks like the number of a card: 13 to 19 digits whose check digit is right (Luhn)."""
    return _DIGITS.sub(lambda found: _MASK if _luhn(found[0]) else found[0], cell)


def _luhn(digits: str) -> bool:
    plain = [int(digit) for digit in digits if digit.isdigit()][::-1]
    return sum(plain[0::2]) % 10 == -sum(sum(divmod(2 * digit, 10)) for digit in plain[1::2]) % 10


def _last_columns(statement: Statement) -> dict[str, int]:
    """Where the columns stood in the latest file with all of these headings."""
    rows = Statement.objects.filter(body=statement.body, service=statement.service).exclude(id=statement.id)
    for kept in rows.exclude(columns={}).order_by("-at").defer("rows")[:20]:
        if all(heading in statement.header for heading in kept.header):
            return {column: statement.header.index(kept.header[n]) for n, column in enumerate(COLUMNS)}
    return {}


def _table(content: bytes) -> tuple[list[str], list[list[str]]]:
    if not content.strip():
        raise _refused(REQUIRED, "CSVファイルを選んでください。", "Please choose a CSV file.")
    if len(content) > LONGEST:
        raise _refused(TOO_LONG, "ファイルは5MBまでにしてください。", "At most 5 MB, please.")
    plain = _decoded(content)
    delimiter = "\t" if plain.partition("\n")[0].count("\t") > plain.partition("\n")[0].count(",") else ","
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(plain, newline=""), delimiter=delimiter, strict=True):
            if not any(cell.strip() for cell in row):
                continue
            if len(rows) > MOST_ROWS or len(row) > MOST_CELLS or any(len(cell) > MOST_TEXT for cell in row):
                raise _refused(TOO_LONG, "行・列・文字が多すぎます（2万行、60列、1項目500文字まで）。",
                               "Too much: 20,000 lines, 60 columns, 500 characters at most.")  # fmt: skip
            rows.append([masked(cell.strip()) for cell in row])
    except csv.Error:
        raise _refused(INVALID, "CSVとして読めません。", "This can't be read as CSV.") from None
    if len(rows) < 2:
        raise _refused(
            INVALID, "見出しの行と、1行以上の明細が必要です。", "A header and at least one line are needed."
        )
    return rows[0], rows[1:]


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "cp932"):
        try:
            found = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in found or refuse(re.sub(r"[\r\n\t]", " ", found)):
            break
        return found
    raise _refused(INVALID, "文字を読めません（UTF-8又はShift_JISのCSVにしてください）。",
                   "The characters can't be read: UTF-8 or Shift_JIS, please.")  # fmt: skip


def _lines(rows: Iterable[Sequence[str]]) -> list[Line]:
    found, problems = [], list[Problem]()
    for number, (reference, amount, day) in enumerate(rows, start=2):
        yen, on = _amount(amount), _day(day)
        for column, value, raw in (("amount", yen, amount), ("day", on, day)):
            if value is None:
                problems.append(_unreadable(number, column, raw))
        if yen is not None and on is not None:
            found.append(Line(number, to_halfwidth_code(reference), yen, on))
    if problems:
        raise SettingRefused(*problems[:MOST_TOLD])
    return found


def _unreadable(number: int, column: str, raw: str) -> Problem:
    words, shown = LABELS[column], raw[:30]
    ja = f"{number}行目の{words.ja}「{shown}」を読み取れません。"
    return Problem(column, INVALID, Label(ja=ja, en=f"Line {number}: {words.en} “{shown}” can't be read."))


def _amount(raw: str) -> int | None:
    plain = re.sub(r"[,¥\\円 ]", "", to_halfwidth_code(raw))
    return int(plain) if re.fullmatch(r"-?\d{1,12}", plain) else None


def _day(raw: str) -> date | None:
    plain = raw.strip().partition(" ")[0].partition("T")[0]
    if re.fullmatch(r"\d{8}", plain):
        plain = f"{plain[:4]}-{plain[4:6]}-{plain[6:]}"
    found = parse_date(plain) if plain and len(plain) < 40 else None
    return found if isinstance(found, date) else None


def _refused(code: str, ja: str, en: str) -> SettingRefused:
    return SettingRefused(Problem("file", code, Label(ja=ja, en=en)))
