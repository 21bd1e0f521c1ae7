"""The collections ledger as CSV and as an Excel workbook, with the columns of a 収納簿."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from kiban.kernel.definitions.compile import CompiledService
from kiban.kernel.wareki import format_wareki
from kiban.money.book import DO_LABELS, Line, account_of, label_of, method_labels

MOST = 100_000  # lines of one file

HEADINGS: Mapping[str, Sequence[str]] = {
    "ja": (
        "収納日", "和暦", "領収番号", "受付番号", "納入者", "歳入科目", "内容", "区分", "方法", "収納額", "還付額",
        "累計", "照会番号", "行為の日",
    ),
    "en": (
        "book day", "Japanese era", "receipt", "case", "payer", "heading", "charge", "kind", "method", "taken",
        "given back", "running total", "reference", "day of the act",
    ),
}  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def rows(compiled: CompiledService, lines: Iterable[Line], language: str) -> Iterator[list[object]]:
    """The cells of each line; dates as dates, amounts as integers."""
    methods = method_labels(compiled)
    for line in lines:
        entry = line.entry
        method = methods[entry.method].text(language) if entry.method in methods else entry.method
        yield [
            entry.book_day, format_wareki(entry.book_day), entry.receipt, line.number, line.payer,
            account_of(compiled, entry.charge).text(language), label_of(compiled, entry.charge).text(language),
            DO_LABELS[entry.do].text(language), method, line.taken, line.back, line.running, entry.reference,
            entry.day,
        ]  # fmt: skip


def as_csv(headings: Sequence[str], found: Iterable[Sequence[object]]) -> str:
    """Rows as CSV with a byte order mark, so that spreadsheets read its Japanese; no cell is taken for a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(headings)
    writer.writerows([_plain(cell) for cell in row] for row in found)
    return f"\ufeff{out.getvalue()}"


def as_workbook(title: str, headings: Sequence[str], found: Iterable[Sequence[object]]) -> bytes:
    """Rows as one sheet of an .xlsx workbook. Text stays text, whatever it begins with."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    head = []
    for heading in headings:
        cell = WriteOnlyCell(sheet, value=heading)
        cell.font = Font(bold=True)
        head.append(cell)
    sheet.append(head)
    for row in found:
        sheet.append([_cell(sheet, value) for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _cell(sheet: object, value: object) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, value=value)
    if isinstance(value, str):
        cell.data_type = "s"
    elif isinstance(value, date):
        cell.number_format = "yyyy-mm-dd"
    elif isinstance(value, int):
        cell.number_format = "#,##0"
    return cell
