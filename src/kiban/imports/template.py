"""The workbook of an import: to fill in, and to hand back with what is wrong beside each row."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, Sequence

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from kiban.imports.workbook import NEEDED, NOTES
from kiban.kernel.imports import Column, CompiledImport
from kiban.kernel.values import Codec

TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEADING_ROW = 3
_WIDEST = 40
_HEAD = PatternFill("solid", fgColor="DCE6F2")
_NEEDED = PatternFill("solid", fgColor="F9E0C7")
_WRONG = PatternFill("solid", fgColor="FBD5D5")
_OPEN = Protection(locked=False)
_WORDS = {
    "ja": {
        "how": "記入方法", "codes": "選択肢", "column": "列", "kind": "書き方",
        "help": "説明", "example": "例", "law": "根拠", "author": "取込み",
        "note": "色の付いた行は変えられません。{row}行目から入力してください。1行が1件です。数式は使えません。",
    },
    "en": {
        "how": "How to fill in", "codes": "Choices", "column": "Column",
        "kind": "How", "help": "Explanation", "example": "Example", "law": "Law", "author": "import",
        "note": "Coloured rows can't be changed. Begin in row {row}; one row is one entry. Formulas are not taken.",
    },
}  # fmt: skip
_KINDS = {
    "ja": {
        "date": "日付（2026-10-05、令和8年10月5日、R8.10.5など）", "integer": "整数", "money": "金額（円）",
        "decimal": "数",
        "time": "時刻（17:30）", "choice": "一覧から選ぶ（名称またはコード）", "yes_no": "はい／いいえ",
        "multiple": "いくつでも（「、」で区切る）", "address": "都道府県から番地まで", "kana": "カタカナ",
        "phone": "電話番号",
        "postal_code": "郵便番号（7桁）", "email": "メールアドレス",
    },
    "en": {
        "date": "Date (2026-10-05, 令和8年10月5日)", "integer": "Whole number", "money": "Amount in yen",
        "decimal": "Number", "time": "Time (17:30)", "choice": "Choose from the list (name or code)",
        "yes_no": "はい or いいえ", "multiple": "Several, divided by 、", "address": "From the prefecture on",
        "kana": "Katakana", "phone": "Telephone number", "postal_code": "Postal code", "email": "E-mail address",
    },
}  # fmt: skip

Filled = tuple[int, Mapping[str, str], Mapping[str, str]]
"""A row to hand back: its number in the file that was sent, its cells, and what is wrong by column ("" for the row)."""


def workbook(item: CompiledImport, language: str, filled: Iterable[Filled] | None = None) -> bytes:
    """The workbook as .xlsx. With `filled`: these rows, wrong cells marked, and a last column that says what to do.

    Headings are Japanese in both languages: by them the file is read again.
    """
    words = _WORDS["en" if language == "en" else "ja"]
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = _title(item.word.label.text(language))
    columns = item.columns
    sheet["A1"] = f"{item.word.label.text(language)}　{str(words['note']).format(row=HEADING_ROW + 1)}"
    sheet["A1"].font = Font(bold=True)
    for place, column in enumerate(columns, start=1):
        _head(sheet, place, column, language)
    last = HEADING_ROW
    for _row, cells, wrong in filled or ():
        last += 1
        for place, column in enumerate(columns, start=1):
            cell = sheet.cell(last, place)
            _write(cell, cells.get(column.name, ""))
            if column.name in wrong:
                cell.fill = _WRONG
                cell.comment = Comment(wrong[column.name], str(words["author"]))
        _write(sheet.cell(last, len(columns) + 1), _said(wrong, columns))
    if filled is not None:
        sheet.cell(HEADING_ROW, len(columns) + 1, NOTES).fill = _WRONG
        sheet.column_dimensions[get_column_letter(len(columns) + 1)].width = 60
    _unlock(sheet, len(columns) + (filled is not None), last)
    _choices(book, sheet, columns, HEADING_ROW + item.word.max_rows, language)
    _explained(book, columns, language, words)
    sheet.freeze_panes = f"A{HEADING_ROW + 1}"
    sheet.protection.sheet = True
    for name in ("formatColumns", "formatRows", "insertRows", "deleteRows", "sort", "autoFilter"):
        setattr(sheet.protection, name, False)  # what protection forbids is True: these stay possible
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def headings(item: CompiledImport) -> dict[str, str]:
    """The columns by their headings."""
    return {column.label.ja: column.name for column in item.columns}


def _title(text: str) -> str:
    return re.sub(r"[\[\]:*?/\\']", " ", text)[:31]


def _head(sheet: object, place: int, column: Column, language: str) -> None:
    field = column.field.field
    hint = sheet.cell(HEADING_ROW - 1, place, _kind(column, language))  # type: ignore[attr-defined]
    hint.font, hint.fill, hint.alignment = Font(size=9), _HEAD, Alignment(wrap_text=True, vertical="top")
    cell = sheet.cell(HEADING_ROW, place, field.label.ja + (NEEDED if column.needed else ""))  # type: ignore[attr-defined]
    cell.font, cell.fill = Font(bold=True), _NEEDED if column.needed else _HEAD
    width = min(_WIDEST, max(14, len(field.label.ja) * 2 + 6))
    sheet.column_dimensions[get_column_letter(place)].width = width  # type: ignore[attr-defined]


def _kind(column: Column, language: str) -> str:
    kinds = _KINDS["en" if language == "en" else "ja"]
    field = column.field.field
    example = f"{'e.g. ' if language == 'en' else '例：'}{field.example}" if field.example else ""
    parts = (kinds.get(field.type, ""), example)
    return " ".join(part for part in parts if part)


def _write(cell: object, text: str) -> None:
    """Text as text: nothing that a spreadsheet would take for a formula."""
    cell.value = text or None  # type: ignore[attr-defined]
    if text:
        cell.data_type = "s"  # type: ignore[attr-defined]


def _said(wrong: Mapping[str, str], columns: Sequence[Column]) -> str:
    labels = {column.name: column.label.ja for column in columns}
    return "\n".join(f"{labels[name]}：{text}" if name in labels else text for name, text in wrong.items())


def _unlock(sheet: object, columns: int, last: int) -> None:
    """Below the headings everything may be typed into, as text: 001234 keeps its zeros, 令和8年10月5日 stays."""
    for place in range(1, columns + 1):
        column = sheet.column_dimensions[get_column_letter(place)]  # type: ignore[attr-defined]
        column.protection, column.number_format = _OPEN, "@"
        for row in range(HEADING_ROW + 1, last + 1):
            cell = sheet.cell(row, place)  # type: ignore[attr-defined]
            cell.protection, cell.number_format = _OPEN, "@"


def _choices(book: Workbook, sheet: object, columns: Sequence[Column], end: int, language: str) -> None:
    """A list to choose from for each column of codes; what is typed is checked when the file is read."""
    words = _WORDS["en" if language == "en" else "ja"]
    lists = None
    for place, column in enumerate(columns, start=1):
        texts = _listed(column.field.codec)
        if not texts:
            continue
        if lists is None:
            lists = book.create_sheet(str(words["codes"]))
            lists.protection.sheet = True
        lists.cell(1, place, column.label.ja).font = Font(bold=True)
        for row, text in enumerate(texts, start=2):
            _write(lists.cell(row, place), text)
        letter = get_column_letter(place)
        rule = DataValidation(
            "list", formula1=f"='{lists.title}'!${letter}$2:${letter}${len(texts) + 1}", allow_blank=True,
            errorStyle="warning",
            showErrorMessage=column.field.field.type != "multiple",
        )  # fmt: skip
        rule.add(f"{letter}{HEADING_ROW + 1}:{letter}{end}")
        sheet.add_data_validation(rule)  # type: ignore[attr-defined]


def _listed(codec: Codec) -> list[str]:
    if codec.field.type == "yes_no":
        return ["はい", "いいえ"]
    if codec.field.type not in ("choice", "multiple"):
        return []
    return [item.label.ja for item in codec.items.values() if item.valid_to is None]


def _explained(book: Workbook, columns: Sequence[Column], language: str, words: Mapping[str, object]) -> None:
    sheet = book.create_sheet(str(words["how"]))
    for place, name in enumerate(("column", "kind", "help", "example", "law"), start=1):
        cell = sheet.cell(1, place, str(words[name]))
        cell.font, cell.fill = Font(bold=True), _HEAD
        sheet.column_dimensions[get_column_letter(place)].width = 30
    for row, column in enumerate(columns, start=2):
        field = column.field.field
        texts = (
            field.label.text(language) + (NEEDED if column.needed else ""), _kind(column, language),
            field.help.text(language) if field.help else "", field.example, field.law,
        )  # fmt: skip
        for place, text in enumerate(texts, start=1):
            _write(sheet.cell(row, place), text)
    sheet.protection.sheet = True
