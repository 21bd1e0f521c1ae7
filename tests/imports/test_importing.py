"""A ledger with open loans comes in: tried out cell by cell, taken once, each row a case through the one door."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest

from tests.imports.conftest import BODY, LOAN, SERVICE, Bringing

Book = Callable[..., bytes]


def _more(number: int, **changed: Any) -> dict[str, Any]:
    return {**LOAN, "許可番号": f"R08-{number:04}", "番号標": f"足立 {number:04}", **changed}


def _cases() -> list[Any]:
    from kiban.access.scope import scope
    from kiban.cases.models import Case

    with scope(BODY):
        return list(Case.objects.filter(body=BODY).order_by("id"))


def _record(registry: str, key: str) -> Any:
    from kiban.access.scope import scope
    from kiban.registries.models import Record

    with scope(BODY):
        return Record.objects.filter(body=BODY, service=SERVICE, registry=registry, key=key).first()


def _wrong(upload: Any) -> list[tuple[str, str]]:
    from kiban.imports import uploads

    return [(p["cell"], p["code"]) for row in uploads.wrong(upload) for p in row.problems]


def test_open_loans_stand_as_loans(bringing: Bringing, book: Book) -> None:
    from kiban.access.scope import scope
    from kiban.cases import queries
    from kiban.cases.models import Agenda, Charge, Notice
    from kiban.documents.models import Document
    from kiban.imports import uploads

    upload = bringing.send(book([LOAN]))
    bringing.work()
    upload = bringing.again(upload)
    assert (upload.state, _wrong(upload), _cases()) == ("checked", [], [])  # tried out, nothing taken
    uploads.confirm(upload, bringing.user, only_right=False)
    bringing.work()
    assert bringing.again(upload).state == "done"
    (case,) = _cases()
    assert (case.state, case.title, case.party) == ("loaned", "見本 太郎（NZE121-0000001）", "")
    assert case.due_on == date(2026, 10, 13)  # 10月10日（土）から5日以内、閉庁日は翌開庁日
    with scope(BODY):
        state = queries.view(case.id).state  # type: ignore[union-attr]
        assert state.values["period_to"] == date(2026, 10, 5)
        assert state.values["permit_no"] == "R08-0101"
        assert state.values["channel"] == "migrated"
        assert list(state.values["outstanding"]) == ["permit", "front", "rear"]
        assert [Charge.objects.count(), Notice.objects.count(), Document.objects.count()] == [0, 0, 0]
        assert list(Agenda.objects.values_list("clock", flat=True)) == ["return"]
    assert _record("plates", "足立 7001").data == {
        "status": "loaned", "sheets_out": 2, "permit_no": "R08-0101", "due": "2026-10-13",
    }  # fmt: skip
    assert _record("permits", "R08-0101").data["state"] == "loaned"


def test_the_loan_goes_on_like_every_other(bringing: Bringing, book: Book) -> None:
    from kiban.access import actors
    from kiban.access.models import User
    from kiban.cases import clocks, door
    from kiban.imports import uploads
    from kiban.kernel.scenarios.model import moment
    from kiban.ops import clock

    uploads.confirm(_checked(bringing, book([LOAN])), bringing.user, only_right=False)
    bringing.work()
    clock.set_clock(moment("2026-10-14T10:00"))
    clocks.run_due(clock.now(), only=[BODY])
    (case,) = _cases()
    assert case.state == "overdue"
    clerk = User.objects.create_user("clerk", kind="staff", display_name="見本 職員")
    actors.grant(clerk, BODY, SERVICE, "clerk", date(2026, 4, 1))
    actor = actors.actor_for(clerk, BODY, bringing.compiled.service, on=clock.today())
    said = {"permit_returned": True, "front_plate": True, "rear_plate": True, "condition": "good"}
    outcome = door.act(BODY, SERVICE, None, case.id, "return", actor, said, idempotency_key="r", route="test")
    assert outcome.answer["state"] == "returned"
    assert _record("plates", "足立 7001").data["status"] == "in_stock"


def _checked(bringing: Bringing, content: bytes, name: str = "open_loans") -> Any:
    upload = bringing.send(content, name)
    bringing.work()
    return bringing.again(upload)


def test_every_wrong_cell_is_named(bringing: Bringing, book: Book) -> None:
    rows = [
        _more(1, 運行を終える日="令和8年13月1日", 自動車の種別="原付"),
        _more(2),
        _more(2, 番号標="足立 0009"),
        _more(4, **{"氏名又は名称": None, "運行を始める日": date(2026, 10, 6)}),
        _more(5, 許可の日=datetime(2026, 11, 1)),  # noqa: DTZ001
        {"許可番号": "=A1", "番号標": "足立 0006"},
    ]
    upload = _checked(bringing, book(rows))
    told = _wrong(upload)
    heading = list(LOAN)
    letter = lambda name: "ABCDEFGHIJKL"[heading.index(name)]  # noqa: E731
    assert (f"{letter('運行を終える日')}2", "invalid") in told
    assert (f"{letter('自動車の種別')}2", "E-VEHICLE-OUT") in told
    assert (f"{letter('許可番号')}4", "invalid") in told  # stands in row 3 already
    assert (f"{letter('氏名又は名称')}5", "required") in told
    assert (f"{letter('運行を終える日')}5", "E-PERIOD-ORDER") in told
    assert (f"{letter('許可の日')}6", "E-TAKEN-DAY") in told
    assert (f"{letter('許可番号')}7", "invalid") in told  # a formula
    assert (f"{letter('車台番号')}7", "required") in told
    assert not [cell for cell, _code in told if cell.endswith("3")]


def test_lines_of_a_csv_file_are_named_by_their_number(bringing: Bringing) -> None:
    from kiban.imports import uploads

    rows = ["番号標,受入れの日", "足立 7001,平成30年4月2日", "足立 7002,平成30年13月2日", "足立 7001,"]
    upload = _checked(bringing, "\r\n".join(rows).encode("cp932"), "stock")
    assert _wrong(upload) == [("3", "invalid"), ("4", "invalid")]
    assert "2行目と同じもの" in uploads.wrong(upload)[1].problems[0]["ja"]
    assert "line 2" in uploads.wrong(upload)[1].problems[0]["en"]


def test_only_the_right_rows_are_taken_and_the_others_come_back(bringing: Bringing, book: Book) -> None:
    from openpyxl import load_workbook

    from kiban.imports import uploads

    upload = _checked(bringing, book([_more(1), _more(2, 形状="円盤"), _more(3)]))
    with pytest.raises(uploads.WrongState):
        uploads.confirm(upload, bringing.user, only_right=False)
    file = uploads.corrected(bringing.item(), upload, "ja")
    sheet = load_workbook(io.BytesIO(file)).worksheets[0]
    heading = [cell.value for cell in sheet[3]]
    values = [cell.value for cell in sheet[4]]
    assert heading[-1] == "直すところ"
    assert "形状：" in values[-1]
    assert values[heading.index("形状（必須）")] == "円盤"
    uploads.confirm(upload, bringing.user, only_right=True)
    bringing.work()
    assert len(_cases()) == 2
    sheet.cell(4, heading.index("形状（必須）") + 1).value = "箱型"
    out = io.BytesIO()
    sheet.parent.save(out)
    again = _checked(bringing, out.getvalue())
    assert _wrong(again) == []
    uploads.confirm(again, bringing.user, only_right=False)
    bringing.work()
    assert len(_cases()) == 3


def test_a_file_sent_twice_doubles_nothing(bringing: Bringing, book: Book) -> None:
    from kiban.access import actors
    from kiban.access.models import User
    from kiban.imports import uploads

    content = book([_more(1), _more(2)])
    first, second = _checked(bringing, content), _checked(bringing, content)  # both before either is taken
    for upload in (first, second):
        uploads.confirm(upload, bringing.user, only_right=False)
    bringing.work()
    assert len(_cases()) == 2
    other = User.objects.create_user("other", kind="staff", display_name="別の 管理")
    actors.grant(other, BODY, SERVICE, "body_admin", date(2026, 4, 1))
    third = uploads.take(bringing.item(), BODY, other, "again.xlsx", book([_more(1), _more(2), _more(3)]))
    bringing.work()
    third = bringing.again(third)
    stands = uploads.counts(third)
    assert (stands.of("known"), stands.of("right")) == (2, 1)
    changed = _checked(bringing, book([_more(1, 車名="ホンダ")]))
    assert [code for _cell, code in _wrong(changed)] == ["invalid"]
    assert "別の内容で" in uploads.wrong(changed)[0].problems[0]["ja"]


def test_two_administrators_at_once_double_nothing(bringing: Bringing, book: Book) -> None:
    from kiban.access import actors
    from kiban.access.models import User
    from kiban.imports import uploads

    other = User.objects.create_user("other", kind="staff", display_name="別の 管理")
    actors.grant(other, BODY, SERVICE, "body_admin", date(2026, 4, 1))
    content = book([_more(1)])
    mine = bringing.send(content)
    theirs = uploads.take(bringing.item(), BODY, other, "same.xlsx", content)
    bringing.work()
    for upload, user in ((mine, bringing.user), (theirs, other)):
        uploads.confirm(bringing.again(upload), user, only_right=False)
    bringing.work()
    assert len(_cases()) == 1
    told = uploads.wrong(bringing.again(theirs)) + uploads.taken(bringing.again(theirs))
    assert [row.state for row in told] == ["known"]


def test_a_worker_that_died_in_between_goes_on(bringing: Bringing, book: Book, monkeypatch: Any) -> None:
    from kiban.imports import uploads, work
    from kiban.ops import clock

    upload = _checked(bringing, book([_more(n) for n in range(1, 6)]))
    uploads.confirm(upload, bringing.user, only_right=False)
    acted, act = [], work.door.act

    def dying(*args: Any, **more: Any) -> Any:
        if len(acted) == 3:
            raise RuntimeError("killed")
        acted.append(more["idempotency_key"])
        return act(*args, **more)

    monkeypatch.setattr(work.door, "act", dying)
    work.run(clock.now(), body=BODY)
    monkeypatch.undo()
    assert len(_cases()) == 3  # done, but not yet written down
    stuck = bringing.again(upload)
    assert (stuck.state, stuck.problem, stuck.attempts) == ("running", "RuntimeError", 1)
    from datetime import timedelta

    while work.run(clock.now() + timedelta(hours=2), body=BODY):
        pass
    assert len(_cases()) == 5
    assert bringing.again(upload).state == "done"


def test_plates_in_stock(bringing: Bringing, book: Book) -> None:
    from kiban.imports import uploads

    rows = [["足立 7001", "H30.4.2", None], ["足立 7002", None, date(2026, 9, 1)], ["足立 7001", None, None]]
    heading = ["番号標", "受入れの日", "最後に返納された日"]
    upload = _checked(bringing, book(rows, heading), "stock")
    assert _wrong(upload) == [("A4", "invalid")]
    uploads.confirm(upload, bringing.user, only_right=True)
    bringing.work()
    assert _record("plates", "足立 7001").data == {
        "status": "in_stock", "sheets_out": 0, "received_on": "2018-04-02",
    }  # fmt: skip
    assert _record("plates", "足立 7002").data["last_returned_on"] == "2026-09-01"
    upload = _checked(bringing, book([LOAN]))  # one of them is lent: the loan may be taken over
    assert _wrong(upload) == []


def test_who_lost_the_role_takes_nothing(bringing: Bringing, book: Book) -> None:
    from kiban.access.models import RoleGrant
    from kiban.imports import uploads

    upload = _checked(bringing, book([_more(1)]))
    uploads.confirm(upload, bringing.user, only_right=False)
    RoleGrant.objects.all().delete()
    bringing.work()
    assert _cases() == []
    assert [code for _cell, code in _wrong(bringing.again(upload))] == ["not_allowed"]


def test_a_file_is_given_up_and_old_ones_are_forgotten(bringing: Bringing, book: Book) -> None:
    from datetime import timedelta

    from kiban.access.scope import scope
    from kiban.imports import uploads, work
    from kiban.imports.models import UploadRow
    from kiban.ops import clock

    upload = _checked(bringing, book([_more(1)]))
    uploads.cancel(upload, bringing.user)
    with pytest.raises(uploads.WrongState):
        uploads.confirm(upload, bringing.user, only_right=False)
    left = _checked(bringing, book([_more(2)]))
    with scope(BODY):
        assert UploadRow.objects.filter(body=BODY, upload=upload.id).count() == 0
        assert UploadRow.objects.filter(body=BODY, upload=left.id).count() == 1
    assert [found.state for found in uploads.listed(BODY, SERVICE)] == ["checked", "cancelled"]
    with pytest.raises(ValueError, match="only the worker"):
        work.forget_old(clock.now() + timedelta(days=31))
    work.forget_old(clock.now() + timedelta(days=31), body=BODY)
    with scope(BODY):
        assert UploadRow.objects.count() == 0
    assert bringing.again(left).state == "cancelled"


def test_the_template_is_filled_in_and_read_again(bringing: Bringing) -> None:
    from openpyxl import load_workbook

    from kiban.imports import template

    for language in ("ja", "en"):
        made = load_workbook(io.BytesIO(template.workbook(bringing.item(), language)))
        sheet = made.worksheets[0]
        heading = [cell.value for cell in sheet[template.HEADING_ROW]]
        assert [str(h).removesuffix("（必須）") for h in heading] == list(LOAN)
        assert sheet.protection.sheet
        assert sheet["A1"].protection.locked
        assert not sheet.column_dimensions["A"].protection.locked  # everything below, however many rows
        assert sheet.column_dimensions["A"].number_format == "@"
        lists = {str(rule.sqref).split(":")[0] for rule in sheet.data_validations.dataValidation}
        assert lists == {"G4", "H4", "J4"}  # class, shape, purpose
        for place, value in enumerate(LOAN.values(), start=1):
            sheet.cell(4, place).value = value
        out = io.BytesIO()
        made.save(out)
        upload = _checked(bringing, out.getvalue())
        assert _wrong(upload) == []
