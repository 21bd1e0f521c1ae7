"""The office of 葛飾区 (invented people) with an administrator who brings its ledgers along."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "services" / "temporary-plate"
BODY, SERVICE = "131229", "temporary-plate"

LOAN = {
    "許可番号": "R08-0101", "許可の日": "令和8年10月1日", "番号標": "足立 7001", "氏名又は名称": "見本 太郎",
    "住所（所在地）": "東京都葛飾区立石五丁目13番1号", "車名": "トヨタ", "自動車の種別": "普通自動車", "形状": "箱型",
    "車台番号": "nze121-0000001", "運行の目的": "inspect", "運行を始める日": "R8.10.1", "運行を終える日": date(2026, 10, 5),
}  # fmt: skip


class Bringing:
    """An administrator and the edition in force."""

    def __init__(self) -> None:
        from kiban.access import actors
        from kiban.access.models import User
        from kiban.definitions import editions
        from kiban.definitions.publish import publish_folder

        self.compiled = editions.get(publish_folder(FOLDER).id)
        self.user = User.objects.create_user("admin", kind="staff", display_name="見本 管理")
        actors.grant(self.user, BODY, SERVICE, "body_admin", date(2026, 4, 1))

    def item(self, name: str = "open_loans") -> Any:
        from kiban.kernel.imports import imports_of

        return imports_of(self.compiled)[name]

    def send(self, content: bytes, name: str = "open_loans", file: str = "台帳.xlsx") -> Any:
        from kiban.imports import uploads

        return uploads.take(self.item(name), BODY, self.user, file, content)

    def work(self) -> None:
        from kiban.imports import work
        from kiban.ops import clock

        while work.run(clock.now(), body=BODY):
            pass

    def again(self, upload: Any) -> Any:
        from kiban.imports import uploads

        return uploads.find(BODY, SERVICE, upload.id)


@pytest.fixture
def bringing(database: Any) -> Iterator[Bringing]:
    from kiban.kernel.scenarios.model import moment
    from kiban.ops import clock

    clock.set_clock(moment("2026-10-02T10:00"))
    yield Bringing()
    clock.set_clock(None)


@pytest.fixture
def book() -> Callable[..., bytes]:
    """A workbook with a heading and rows (mappings by heading, or lists)."""
    return make_book


def make_book(rows: Sequence[Any], heading: Sequence[str] = tuple(LOAN), before: int = 0) -> bytes:
    from openpyxl import Workbook

    made = Workbook()
    sheet = made.active
    for _ in range(before):
        sheet.append(["様式"])
    sheet.append(list(heading))
    for row in rows:
        sheet.append([row.get(name) for name in heading] if isinstance(row, dict) else list(row))
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()
