"""Reads a sheet of rows from an Excel workbook or a CSV file that somebody sent, whatever it is.

`read(content, labels, needed, most)` gives the rows as text by column, each with its place; cells that can't
be read (a formula, an error of the spreadsheet) as problems of that cell. What is no such file at all raises
`Unreadable`, in words. Memory and time are bounded: a workbook is looked at as a zip archive before any of it is
unpacked, sheets are read row by row, and reading ends where more rows than `most` have been seen.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import openpyxl
from openpyxl.utils import get_column_letter

from kiban.kernel.definitions.model import Label

LIMIT = 10_000_000
"""The largest file that is taken, in bytes."""

_LARGEST_SHEET = 24_000_000  # bytes of one unpacked sheet: about 600,000 cells
_LARGEST_STRINGS = 12_000_000
_LARGEST_PART = 4_000_000
_LARGEST_BOOK = 48_000_000
_MOST_PARTS = 400
_HEADING_WITHIN = 10  # rows in which the heading is looked for
_BLANK_ROWS = 1000  # after so many the sheet counts as ended
_MOST_COLUMNS = 150
_LONGEST_CELL = 5000
NEEDED = "（必須）"
"""What stands behind the heading of a column that must be filled in."""
NOTES = "直すところ"
"""The heading of the column in which a file that came back says what is wrong; it is passed over."""
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"


class Unreadable(ValueError):
    """The file can't be read as a ledger; `message` says why and how to mend it."""

    def __init__(self, ja: str, en: str) -> None:
        self.message = Label(ja=ja, en=en)
        super().__init__(en)


@dataclass(slots=True)
class FoundRow:
    """One row: its number in the sheet (from 1), the text by column, and words for cells that can't be read."""

    row: int
    cells: dict[str, str] = field(default_factory=dict)
    wrong: dict[str, Label] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of a file; `letters` are the columns of a workbook by name (A, B …), empty for CSV."""

    name: str
    letters: Mapping[str, str]
    rows: tuple[FoundRow, ...]


def read(content: bytes, labels: Mapping[str, str], needed: Iterable[str], most: int) -> Sheet:
    """The rows of a file. `labels`: column names by heading; `needed` must be there; at most `most` rows.

    Raises Unreadable.
    """
    if not content:
        raise Unreadable("ファイルの中身がありません。", "The file is empty.")
    if len(content) > LIMIT:
        raise _too_large()
    if content.startswith(_OLD_EXCEL):
        raise Unreadable(
            "古い形式（.xls）か、パスワードの付いたファイルです。パスワードのない.xlsx形式で保存し直してください。",
            "An old workbook (.xls) or one with a password. Please save it as .xlsx without a password.",
        )
    if content.startswith(b"PK"):
        return _workbook(content, labels, set(needed), most)
    return _csv(content, labels, set(needed), most)


def _too_large() -> Unreadable:
    return Unreadable(
        "ファイルが大きすぎます。行を分けて、10MB以内のファイルにしてください。",
        "The file is too large. Please split its rows into files of at most 10 MB.",
    )


def _no_workbook() -> Unreadable:
    return Unreadable(
        "Excel（.xlsx）またはCSVのファイルとして読み取れません。様式をダウンロードして使ってください。",
        "This can't be read as Excel (.xlsx) or CSV. Please use the template.",
    )


# -- Excel -----------------------------------------------------------------------------------------------------------


def _workbook(content: bytes, labels: Mapping[str, str], needed: set[str], most: int) -> Sheet:
    _look_inside(content)
    try:
        with closing(openpyxl.load_workbook(io.BytesIO(content), read_only=True, keep_links=False)) as book:
            return _first_sheet(book, labels, needed, most)
    except Unreadable:
        raise
    except Exception as error:  # a broken file can make zip, XML and the library raise whatever there is
        raise _no_workbook() from error


def _first_sheet(book: Any, labels: Mapping[str, str], needed: set[str], most: int) -> Sheet:
    """The first visible sheet that has the headings."""
    best: Unreadable | None = None
    for sheet in book.worksheets:
        if sheet.sheet_state == "visible":
            try:
                return _sheet(sheet, labels, needed, most)
            except _NoHeading as missing:
                best = best or missing.unreadable
    raise best or _no_workbook()


def _look_inside(content: bytes) -> None:
    """Refuses archives that would unpack to too much, and workbooks with macros, before anything is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise _no_workbook() from error
    names = [part.filename.lower() for part in parts]
    if any(name.endswith("vbaproject.bin") or "macrosheets/" in name for name in names):
        raise Unreadable(
            "マクロの入ったファイルは受け付けられません。マクロのない.xlsx形式で保存し直してください。",
            "Files with macros are not taken. Please save it as .xlsx without macros.",
        )
    if "xl/workbook.xml" not in names:
        raise _no_workbook()
    largest = [(name, part.file_size) for name, part in zip(names, parts, strict=True)]
    if (
        len(parts) > _MOST_PARTS
        or sum(size for _name, size in largest) > _LARGEST_BOOK
        or any(size > _allowed(name) for name, size in largest)
    ):
        raise Unreadable(
            "ファイルの中身が大きすぎます。行を分けるか、不要なシートや書式を取り除いてください。",
            "There is too much in this file. Please split its rows, or remove sheets and formats that are not needed.",
        )


def _allowed(name: str) -> int:
    if name.startswith("xl/worksheets/"):
        return _LARGEST_SHEET
    return _LARGEST_STRINGS if name == "xl/sharedstrings.xml" else _LARGEST_PART


class _NoHeading(Exception):
    def __init__(self, unreadable: Unreadable) -> None:
        self.unreadable = unreadable


def _sheet(sheet: Any, labels: Mapping[str, str], needed: set[str], most: int) -> Sheet:
    sheet.reset_dimensions()  # what a file says of its own size is not believed
    rows = sheet.iter_rows(max_col=_MOST_COLUMNS)
    columns, at = _heading(([_text(cell)[0] for cell in row] for row in rows), labels, needed)
    found, blank = [], 0
    for number, row in enumerate(rows, start=at + 1):
        one = FoundRow(number)
        for place, name in columns.items():
            if place < len(row):
                text, wrong = _text(row[place])
                _put(one, name, text, wrong)
        blank = 0 if one.cells or one.wrong else blank + 1
        if blank >= _BLANK_ROWS:
            break
        if not blank:
            found.append(one)
            _not_more(found, most)
    letters = {name: get_column_letter(place + 1) for place, name in columns.items()}
    return Sheet(str(sheet.title), letters, tuple(found))


def _text(cell: Any) -> tuple[str, Label | None]:
    """A cell as somebody would type it, or why it can't be read."""
    value, kind = cell.value, getattr(cell, "data_type", "n")
    if value is None:
        return "", None
    if kind == "f":
        return "", Label(
            ja="数式が入っています。計算した値に置き換えてください（コピーして「値の貼り付け」）。",
            en="There is a formula. Please replace it by its value.",
        )
    if kind == "e":
        return "", Label(
            ja=f"表計算のエラー（{value}）です。値を入力し直してください。",
            en=f"An error of the spreadsheet ({value}). Please enter the value.",
        )
    return _plain(value), None


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.strftime("%H:%M")
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{Decimal(repr(value)):f}"
    return str(value)


# -- CSV -------------------------------------------------------------------------------------------------------------


def _csv(content: bytes, labels: Mapping[str, str], needed: set[str], most: int) -> Sheet:
    rows = _csv_rows(_decoded(content))
    try:
        columns, _at = _heading((row for _number, row in rows), labels, needed)
        found = []
        for number, row in rows:
            one = FoundRow(number)
            for place, name in columns.items():
                if place < len(row):
                    _put(one, name, row[place], None)
            if one.cells or one.wrong:
                found.append(one)
                _not_more(found, most)
    except _NoHeading as missing:
        raise missing.unreadable from None
    except csv.Error as error:
        raise _no_workbook() from error
    return Sheet("", {}, tuple(found))


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8-sig", "cp932"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise _no_workbook()


def _csv_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""))
    for row in reader:
        yield reader.line_num, row


# -- both ------------------------------------------------------------------------------------------------------------


def heading_key(text: str) -> str:
    """A heading as it is compared: without blanks and without the mark of what is needed."""
    return re.sub(r"\s", "", text).removesuffix(NEEDED)


def _heading(
    rows: Iterable[list[str]], labels: Mapping[str, str], needed: set[str]
) -> tuple[dict[int, str], int]:
    """The columns by their place, and the number of the row in which the headings stand."""
    known = {heading_key(label): name for label, name in labels.items()}
    for number, row in enumerate(rows, start=1):
        words = {
            place: heading_key(text)
            for place, text in enumerate(row)
            if text.strip() and text.strip() != NOTES
        }
        columns = {place: known[word] for place, word in words.items() if word in known}
        if len(columns) * 2 >= len(known) or needed <= set(columns.values()):
            _whole(words, columns, labels, needed)
            return columns, number
        if number >= _HEADING_WITHIN:
            break
    raise _NoHeading(
        Unreadable(
            f"見出しの行が見つかりません。「{'」「'.join(list(labels)[:3])}」などの見出しのある様式をお使いください。",
            "There is no row of headings. Please use the template.",
        )
    )


def _whole(
    words: Mapping[int, str], columns: Mapping[int, str], labels: Mapping[str, str], needed: set[str]
) -> None:
    given = list(columns.values())
    missing = [label for label, name in labels.items() if name in needed and name not in given]
    if missing:
        raise Unreadable(
            f"「{'」「'.join(missing)}」の列がありません。", f"Columns are missing: {', '.join(missing)}."
        )
    twice = [label for label, name in labels.items() if given.count(name) > 1]
    if twice:
        raise Unreadable(
            f"「{'」「'.join(twice)}」の列が2つあります。", f"Columns stand twice: {', '.join(twice)}."
        )
    unknown = [word[:30] for place, word in words.items() if place not in columns]
    if unknown:
        raise Unreadable(
            f"「{'」「'.join(unknown[:5])}」という列は取り込めません。列を削除するか、見出しを様式のとおりに直してください。",
            f"These columns can't be imported: {', '.join(unknown[:5])}. Please remove them or correct the headings.",
        )


def _put(row: FoundRow, name: str, text: str, wrong: Label | None) -> None:
    if wrong is not None:
        row.wrong[name] = wrong
    elif len(text) > _LONGEST_CELL:
        row.wrong[name] = Label(
            ja=f"{_LONGEST_CELL:,}文字を超えています。", en=f"More than {_LONGEST_CELL:,} characters."
        )
    elif text.strip():
        row.cells[name] = text.strip().replace("\r\n", "\n").replace("_x000D_", "")


def _not_more(found: list[FoundRow], most: int) -> None:
    if len(found) > most:
        raise Unreadable(
            f"行が多すぎます。1つのファイルは{most:,}行までです。分けて取り込んでください。",
            f"At most {most:,} rows in one file. Please split it.",
        )
