"""Applying in steps: drafts, problems beside the fields, groups and files, sending once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.web.applying import START, STEPS, apply, attach, begin, fill_all, pdf
from tests.web.conftest import BODY, Pages

Person = Callable[..., Pages]
Words = Callable[[str], str]


def test_a_stranger_is_asked_to_sign_in_and_comes_back(anybody: Pages) -> None:
    anybody.get(START)
    assert anybody.url == "/demo/"
    assert anybody.answer.request["QUERY_STRING"].endswith(
        "next=%2Fapply%2F131229%2Ftemporary-plate%2Fpermit%2F"
    )


def test_an_application_from_beginning_to_end(person: Person, words: Words) -> None:
    resident = person()
    page = fill_all(resident, begin(resident))
    assert resident.url.endswith("/review/")
    said = words(page)
    assert "𠮷田　髙志" in said  # names keep their exact characters
    assert "令和8年10月5日（2026-10-05）" in said
    assert "車検証.pdf" in said
    page = resident.post(resident.url, {"do": "send"})
    said = words(page)
    assert resident.url.endswith("/received/")
    assert "申請を受け付けました" in said
    number = re.search(r'receipt-number">([^<]+)<', page)
    assert number is not None
    mine = words(resident.get("/my/"))
    assert number[1] in mine
    assert "受付" in mine
    assert "作成中の申請" not in mine  # the draft is gone


def test_a_wrong_field_is_told_beside_it_and_above_and_nothing_is_lost(person: Person, words: Words) -> None:
    resident = person()
    page = begin(resident)
    for step in ("applicant", "receiver", "vehicle", "route"):
        page = resident.fill(page, **STEPS[step])
    page = resident.fill(page, status=422, period_from="2026年2月30日", period_to="令和8年10月6日")
    assert 'id="summary"' in page
    assert 'href="#f-period_from"' in page
    assert 'id="f-period_from-problem-1"' in page
    assert 'aria-invalid="true"' in page
    assert 'value="2026年2月30日"' in page  # as it was typed
    assert 'value="令和8年10月6日"' in page
    assert "（2026-10-06）" in page  # what was understood
    page = resident.get(resident.url)
    assert 'value="2026年2月30日"' in page  # and still there when one comes back


def test_empty_required_fields_are_not_told_before_one_goes_on(person: Person) -> None:
    resident = person()
    page = begin(resident)
    assert 'class="problem"' not in page
    page = resident.fill(page, status=422)
    assert page.count('class="problem"') >= 3
    assert "エラー" in page.split("</title>")[0]


def test_fields_come_and_go_with_what_is_typed(person: Person) -> None:
    resident = person()
    page = begin(resident)
    assert "f-representative" not in page
    data = {"do": "", "on": ["applicant_kind"], "f.applicant_kind": "corporation"}
    part = resident.post(resident.url, data, **{"HX-Request": "true"})
    assert "<html" not in part
    assert 'id="f-representative"' in part
    assert 'class="problem"' not in part


def test_rows_are_added_and_removed_without_scripts(person: Person) -> None:
    resident = person()
    page = begin(resident)
    for step in ("applicant", "receiver", "vehicle"):
        page = resident.fill(page, **STEPS[step])
    page = resident.fill(page, do="add:route_via", **STEPS["route"])
    page = resident.fill(page, do="add:route_via", route_via__1__address="東京都墨田区吾妻橋")
    page = resident.fill(page, do="save", route_via__2__address="周辺")
    assert "市区町村：東京都墨田区" in page
    page = resident.fill(page, status=422)
    assert 'id="f-route_via-2-address-problem-1"' in page
    assert 'href="#f-route_via-2-address"' in page
    page = resident.fill(page, do="remove:route_via:2")
    assert "f-route_via-2-address" not in page
    assert "東京都墨田区吾妻橋" in page


def test_files_are_kept_at_once_and_sniffed(person: Person) -> None:
    resident = person()
    page = _to_papers(resident)
    page = attach(resident, page)
    assert "証明書.pdf" in page
    assert page.count('type="file"') == 0
    page = resident.fill(page, do="unfile:attachments:1:file")
    assert page.count('type="file"') == 1
    page = resident.fill(page, do="save", attachments__1__file=pdf("a.pdf", b"MZ not a pdf"))
    assert "PDF・JPEG・PNGのファイルを選んでください" in page
    page = resident.fill(
        page, do="save", attachments__1__file=pdf("b.pdf", b"%PDF-" + b"0" * (10 * 1024 * 1024))
    )
    assert "10MBを超えています" in page
    assert "車検証.pdf" in page  # the other row kept its file


def test_files_of_others_cannot_be_named(person: Person) -> None:
    import hashlib

    from tests.web.applying import PDF

    attach(one := person(), _to_papers(one))
    other = person()
    page = other.fill(_to_papers(other), do="add:attachments")
    page = other.fill(page, do="save", attachments__1__file=hashlib.sha256(PDF).hexdigest())
    assert "証明書.pdf" not in page


def _to_papers(resident: Pages) -> str:
    page = begin(resident)
    for step, values in STEPS.items():
        if step == "papers":
            return page
        page = resident.fill(page, **values)
    raise AssertionError("unreachable")


def test_a_double_click_opens_one_case(person: Person) -> None:
    resident = person()
    fill_all(resident, begin(resident))
    url = resident.url
    resident.post(url, {"do": "send"})
    first = resident.url
    resident.post(url, {"do": "send"})  # the second click arrives when the draft is gone
    assert resident.url == first
    assert len(_cases()) == 1


def test_the_confirmation_names_what_is_missing_and_links_to_its_step(person: Person) -> None:
    resident = person()
    page = begin(resident)
    review = re.sub(r"/applicant/$", "/review/", resident.url)
    resident.fill(page, do="save", applicant_name="見本 花子")
    page = resident.get(review)
    assert "氏名又は名称" in page
    assert re.search(r'<a href="[^"]*/vehicle/\?problems">', page)
    page = resident.post(review, {"do": "send"}, 422)
    assert _cases() == []
    page = resident.get(re.sub(r"/review/$", "/vehicle/?problems", review))
    assert 'class="problem"' in page


def test_a_draft_can_be_resumed_and_thrown_away(person: Person) -> None:
    resident = person()
    page = begin(resident)
    resident.fill(page, do="leave", applicant_name="見本 花子")
    assert resident.url == "/my/"
    page = resident.get("/my/")
    link = re.search(r'href="(/drafts/[^"]+)"', page)
    assert link is not None
    assert 'value="見本 花子"' in resident.get(link[1])
    discard = re.search(r'action="(/drafts/[^"]+/delete/)"', page)
    assert discard is not None
    assert "下書きを削除しました" in resident.post(discard[1], {})
    resident.get(link[1], 404)


def test_drafts_and_cases_of_others_are_not_there(person: Person) -> None:
    one, other = person(), person()
    page = begin(one)
    draft = one.url
    other.get(draft, 404)
    page = fill_all(one, page)
    one.post(one.url, {"do": "send"})
    case = one.url.removesuffix("received/")
    one.get(case)
    missing = other.get(case, 404)
    never = other.get(re.sub(r"[0-9a-f]{12}/$", "0" * 12 + "/", case), 404)
    assert missing == never  # word for word the same
    assert other.post(f"{case}act/withdraw/", {"do": "send"}, 404) == never


def test_a_body_that_does_not_take_part_sends_back(person: Person) -> None:
    resident = person()
    page = resident.get("/apply/133035/temporary-plate/permit/")
    assert "瑞穂町では、この手続を受け付けていません" in page


def test_the_applicant_may_withdraw(person: Person, words: Words) -> None:
    resident = person()
    apply(resident)
    case = resident.url.removesuffix("received/")
    page = resident.get(case)
    assert "取り下げる" in page
    page = resident.get(f"{case}act/withdraw/")
    assert "状態が「取下げ」になります。" in page
    page = resident.fill(page, do="send", comment="都合により")
    assert "取り下げました" in words(page)
    assert resident.url == case


def test_pages_in_english(person: Person) -> None:
    resident = person(language="en")
    page = begin(resident)
    assert "Kind of applicant" in page
    page = resident.fill(page, status=422)
    assert "Please correct" in page
    assert BODY in resident.url


def _cases() -> list[Any]:
    from kiban.access.scope import scope
    from kiban.cases.models import Case

    with scope(BODY):
        return list(Case.objects.filter(body=BODY))
