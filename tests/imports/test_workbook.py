"""Whatever file is sent: its rows, or words that say why not, in bounded memory and time."""

from __future__ import annotations

import io
import time
import tracemalloc
import zipfile
from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiban.imports.workbook import LIMIT, Unreadable, read
from tests.imports.conftest import make_book

DAY = datetime(2026, 10, 5)  # noqa: DTZ001 - as spreadsheets have it
LABELS = {"番号": "number", "日付": "day", "備考（任意）": "note"}


def _read(content: bytes, most: int = 100):  # type: ignore[no-untyped-def]
    return read(content, LABELS, {"number"}, most)


def _refused(content: bytes, most: int = 100) -> str:
    with pytest.raises(Unreadable) as found:
        _read(content, most)
    assert found.value.message.en
    return str(found.value.message.ja)


def test_cells_are_read_as_somebody_would_type_them() -> None:
    heading = ["番号（必須）", "備考（任意）", "日付"]
    rows = [[1, "あ", DAY], ["001", 2.5, date(2026, 1, 2)], [None, None, None], [True, "  ", "R8.1.2"],
            [123456789012.0, 0.1, None]]  # fmt: skip
    sheet = _read(make_book(rows, heading, before=2))
    assert [(row.row, row.cells) for row in sheet.rows] == [
        (4, {"number": "1", "note": "あ", "day": "2026-10-05"}),
        (5, {"number": "001", "note": "2.5", "day": "2026-01-02"}),
        (7, {"number": "true", "day": "R8.1.2"}),
        (8, {"number": "123456789012", "note": "0.1"}),
    ]
    assert sheet.letters == {"number": "A", "note": "B", "day": "C"}


def test_formulas_and_errors_are_named_with_their_cell() -> None:
    sheet = _read(make_book([["=1+1", "", "#N/A"], ["2", None, None]], ["番号", "備考（任意）", "日付"]))
    first = sheet.rows[0]
    assert "数式" in first.wrong["number"].ja
    assert first.cells == {} or "number" not in first.cells
    assert "エラー" in first.wrong["day"].ja or first.cells.get("day") == "#N/A"
    assert sheet.rows[1].cells == {"number": "2"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_csv_in_the_encodings_of_japan(encoding: str) -> None:
    sheet = _read("番号,日付\r\n1,令和8年1月2日\r\n\r\n2,\r\n".encode(encoding))
    assert [(row.row, row.cells) for row in sheet.rows] == [
        (2, {"number": "1", "day": "令和8年1月2日"}),
        (4, {"number": "2"}),
    ]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "中身がありません"),
        (b"MZ\x90\x00 an executable", "読み取れません"),
        (b"%PDF-1.7 \x00\xff", "読み取れません"),
        (b"\xd0\xcf\x11\xe0" + bytes(500), "古い形式"),
        (b"PK\x03\x04 not a zip", "読み取れません"),
        (bytes(LIMIT + 1), "大きすぎます"),
        ("ちがう,見出し\n1,2\n".encode(), "見出しの行が見つかりません"),
        ("日付,備考（任意）\n1,2\n".encode(), "「番号」の列がありません"),
        ("番号,番号\n1,2\n".encode(), "列が2つあります"),
        ("番号,日付,秘密\n1,2,3\n".encode(), "「秘密」という列は取り込めません"),
        (b"\xff\xfe\x00\x00", "読み取れません"),
        (b'\xe7\x95\xaa\xe5\x8f\xb7\n"' + b"a" * 200_000 + b'"\n', "読み取れません"),
    ],
)  # fmt: skip
def test_what_is_no_ledger_is_refused_in_words(content: bytes, told: str) -> None:
    assert told in _refused(content)


def _zip(parts: dict[str, bytes], base: bytes | None = None) -> bytes:
    out = io.BytesIO(base or b"")
    with zipfile.ZipFile(out, "a" if base else "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_macros_are_refused() -> None:
    assert "マクロ" in _refused(_zip({"xl/vbaProject.bin": b"x"}, make_book([], list(LABELS))))
    assert "読み取れません" in _refused(_zip({"word/document.xml": b"<x/>"}))


def _sheet(rows: str, strings: str = "") -> bytes:
    """A workbook by hand: what no spreadsheet would write."""
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kinds = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    return _zip({
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="{kinds}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kinds}.worksheet+xml"/></Types>'.encode(),
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>'.encode(),
        "xl/workbook.xml": f'<workbook {main} xmlns:r="{relations}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>'.encode(),
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{relations}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'.encode(),
        "xl/worksheets/sheet1.xml": f'{strings}<worksheet {main}><sheetData>{rows}</sheetData></worksheet>'.encode(),
    })  # fmt: skip


HEAD = "".join(
    f'<c r="{c}1" t="inlineStr"><is><t>{label}</t></is></c>' for c, label in zip("ABC", LABELS, strict=True)
)


def test_a_workbook_by_hand_is_read() -> None:
    content = _sheet(f'<row r="1">{HEAD}</row><row r="2"><c r="A2"><v>7</v></c></row>')
    assert _read(content).rows[0].cells == {"number": "7"}


def test_a_million_rows_end_early_and_small() -> None:
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c></row>' for n in range(2, 120_000))
    content = _sheet(f'<row r="1">{HEAD}</row>{rows}')
    assert len(content) < LIMIT
    tracemalloc.start()
    began = time.monotonic()
    told = _refused(content, 5000)
    seconds, (_now, peak) = time.monotonic() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "5,000行まで" in told
    assert peak < 60_000_000
    assert seconds < 10
    rows = "<row><c><v>1</v></c></row>" * 1_000_000
    assert "大きすぎます" in _refused(_sheet(f'<row r="1">{HEAD}</row>{rows}'), 5000)  # not even unpacked


def test_a_bomb_is_not_unpacked() -> None:
    tracemalloc.start()
    told = _refused(_zip({"xl/worksheets/sheet9.xml": bytes(200_000_000)}, make_book([], list(LABELS))))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "大きすぎます" in told
    assert peak < 260_000_000  # the 200 MB are the test's own


def test_entities_are_not_expanded() -> None:
    bomb = '<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    content = _sheet(
        f'<row r="1">{HEAD}</row><row r="2"><c r="A2" t="inlineStr"><is><t>&b;</t></is></c></row>', bomb
    )
    assert "読み取れません" in _refused(content)


def test_a_row_far_below_ends_the_sheet() -> None:
    content = _sheet(
        f'<row r="1">{HEAD}</row><row r="2"><c r="A2"><v>1</v></c></row><row r="1048576"><c r="A1048576"><v>2</v></c></row>'
    )
    began = time.monotonic()
    assert len(_read(content).rows) == 1
    assert time.monotonic() - began < 10


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([b"", b"PK\x03\x04", "番号,日付\n".encode()]))
def test_anything_is_read_or_refused(content: bytes, start: bytes) -> None:
    try:
        _read(start + content)
    except Unreadable as refused:
        assert refused.message.ja


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 6000), st.binary(min_size=1, max_size=30))
def test_a_damaged_workbook_is_read_or_refused(at: int, damage: bytes) -> None:
    whole = make_book([["1", "x", "2026-01-01"]], list(LABELS))
    at %= len(whole)
    try:
        _read(whole[:at] + damage + whole[at + len(damage) :])
    except Unreadable as refused:
        assert refused.message.ja
