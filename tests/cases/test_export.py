"""A body's cases as a file: no cell is a formula, days and numbers are plain, only what the reader may see."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import pytest

from kiban.cases.export import Chosen, safe, write


@pytest.mark.parametrize("text", ["=1+1", "+81", "-1", "@x", "\tx", "\rx"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert safe(text) == f"'{text}"


def test_plain_text_stays() -> None:
    assert [safe(text) for text in ("", "葛飾 太郎", "a=b", "R08-0001")] == [
        "",
        "葛飾 太郎",
        "a=b",
        "R08-0001",
    ]


@pytest.fixture
def rows(database: Any) -> Any:
    from lending_office import BODY, NOW, SERVICE, Office

    from kiban.ops import clock

    clock.set_clock(NOW)
    office = Office()
    office.submit(form={"name": "=HYPERLINK(1)", "purpose": "行事", "code": "A-1"})

    def written(roles: tuple[str, ...], year: int = 2026) -> list[list[str]]:
        out = io.StringIO()
        write(out, Chosen(BODY, office.edition, SERVICE, "request", year), roles, "viewer", "ja")
        return list(csv.reader(io.StringIO(out.getvalue().removeprefix("\ufeff"))))

    yield written
    clock.set_clock(None)


def test_the_file(rows: Any) -> None:
    head, *lines = rows(("clerk",))
    assert head[:6] == ["受付番号", "状態", "受付日", "期限", "氏名", "目的"]
    assert "書類" not in head  # files are no values
    (line,) = lines
    values = dict(zip(head, line, strict=True))
    assert values["氏名"] == "'=HYPERLINK(1)"
    assert values["受付日"] == "2026-10-05"
    assert date.fromisoformat(values["始める日"]) == date(2026, 10, 6)


def test_only_what_the_role_sees_and_only_of_the_year(rows: Any) -> None:
    head, *lines = rows(("approver",))
    assert "氏名" not in head  # the section has other readers
    assert len(lines) == 1
    assert len(rows(("clerk",), 2025)) == 1
