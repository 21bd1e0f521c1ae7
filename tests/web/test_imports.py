"""The pages of a body's ledgers: download, send, see every wrong cell, confirm, see the cases."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.imports.conftest import LOAN, make_book
from tests.web.conftest import BODY, Pages

Words = Callable[[str], str]
Person = Callable[..., Pages]
IMPORTS = f"/desk/{BODY}/temporary-plate/settings/imports/"


@pytest.fixture
def admin(person: Person) -> Pages:
    return person("body_admin", name="見本 管理")


def _send(
    admin: Pages, content: bytes, name: str = "台帳.xlsx", status: int = 200, which: str = "open_loans"
) -> str:
    return admin.post(IMPORTS, {"import": which, "file": SimpleUploadedFile(name, content)}, status)


def _work() -> None:
    from kiban.imports import work
    from kiban.ops import clock

    while work.run(clock.now(), body=BODY):
        pass


def test_a_ledger_from_the_workbook_to_the_cases(admin: Pages, words: Words) -> None:
    from openpyxl import load_workbook

    page = words(admin.get(IMPORTS))
    assert "貸与中の番号標" in page
    assert "まだファイルを送信していません" in page
    answer = admin.client.get(f"{IMPORTS}open_loans.xlsx")
    assert answer["Content-Type"].startswith("application/vnd.openxmlformats")
    book = load_workbook(io.BytesIO(answer.content))
    for place, value in enumerate(LOAN.values(), start=1):
        book.worksheets[0].cell(4, place).value = value
        book.worksheets[0].cell(5, place).value = value
    out = io.BytesIO()
    book.save(out)
    page = words(_send(admin, out.getvalue()))
    here = admin.url
    assert "確認中" in page
    assert "2行のうち0行" in page
    part = admin.get(here, **{"HX-Request": "true"})
    assert "<html" not in part
    assert 'hx-trigger="every 2s"' in part
    _work()
    page = words(admin.get(here))
    assert "A5 許可番号 A4と同じものです" in page
    assert "取り込める行 1 直すところのある行 1" in page
    assert admin.client.get(f"{here}corrections.xlsx").status_code == 200
    assert "いまはこの操作ができません" in words(admin.post(here, {"do": "confirm"}))
    page = words(admin.post(here, {"do": "confirm-right"}))
    assert "取込みを始めました" in page
    _work()
    page = admin.get(here)
    assert "取り込んだ行 1" in words(page)
    case = re.search(rf'href="(/desk/{BODY}/cases/[^"]+)"', page)
    assert case is not None
    page = words(admin.get(case[1]))
    assert "貸与中" in page
    assert "移行前の台帳から引継ぎ" in page
    assert "台帳の取込み 台帳.xlsx" in words(admin.get(f"/desk/{BODY}/temporary-plate/settings/history/"))
    assert "終わったもの" in words(admin.get(IMPORTS))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.xlsx", b"", "中身がありません"), ("a.xlsx", b"MZ" + bytes(100), "読み取れません"),
        ("a.xls", b"\xd0\xcf\x11\xe0" + bytes(100), "古い形式"), ("あ" * 300 + ".csv", b"a,b\n1,2\n", "見出しの行"),
        ("a.xlsx", make_book([]), "入力された行がありません"), ("a.csv", bytes(10_000_001), "大きすぎます"),
    ],
)  # fmt: skip
def test_wrong_files_are_answered_beside_the_field(
    admin: Pages, words: Words, name: str, content: bytes, told: str
) -> None:
    page = (
        _send(admin, content, name, 422)
        if content
        else admin.post(IMPORTS, {"import": "open_loans", "file": SimpleUploadedFile(name, b"")}, 422)
    )
    assert told in words(page) or "ファイルを選んでください" in words(page)
    assert 'id="s-file-open_loans-problem"' in page


def test_no_file_at_all(admin: Pages, words: Words) -> None:
    assert "ファイルを選んでください" in words(admin.post(IMPORTS, {"import": "open_loans"}, 422))
    admin.post(IMPORTS, {"import": "none"}, 404)
    admin.get(f"{IMPORTS}none.xlsx", 404)
    admin.get(f"{IMPORTS}00000000-0000-7000-8000-000000000000/", 404)


def test_a_file_is_given_up(admin: Pages, words: Words) -> None:
    _send(admin, make_book([LOAN]))
    page = words(admin.post(admin.url, {"do": "cancel"}))
    assert "何も取り込んでいません" in page
    assert "いまはこの操作ができません" in words(admin.post(admin.url, {"do": "cancel"}))


def test_only_administrators_and_only_of_this_body(admin: Pages, person: Person) -> None:
    _send(admin, make_book([LOAN]))
    here = admin.url
    person("clerk").get(IMPORTS, 403)
    person("clerk").get(here, 403)
    other = person("body_admin", body="131211")
    other.get(here, 404)
    other.get(here.replace(BODY, "131211"), 404)
    person().get(IMPORTS, 404)


def test_the_action_of_an_import_is_not_offered(person: Person, admin: Pages, words: Words) -> None:
    assert "/new/permit/" not in admin.get(f"/desk/{BODY}/temporary-plate/")
    admin.get(f"/desk/{BODY}/temporary-plate/new/permit/", 403)
    assert "/new/permit/" in person("clerk").get(f"/desk/{BODY}/temporary-plate/")
