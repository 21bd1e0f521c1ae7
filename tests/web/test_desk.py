"""The desk: inbox, case page, acts by two people, registries, documents, figures; and what others may not see."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from tests.web.applying import apply, fill_all
from tests.web.conftest import BODY, Pages

Person = Callable[..., Pages]
Words = Callable[[str], str]
DESK = f"/desk/{BODY}/temporary-plate/"


@pytest.fixture
def case(person: Person) -> str:
    """A submitted application; the address of its case on the desk."""
    resident = person()
    apply(resident)
    found = re.search(r"/([0-9a-f-]{36})/received/", resident.url)
    assert found is not None
    return f"/desk/{BODY}/cases/{found[1]}/"


def act(pages: Pages, case: str, action: str, status: int = 200, **values: Any) -> str:
    page = pages.get(f"{case}act/{action}/")
    return pages.fill(page, do="send", status=status, **values)


def add_plates(person: Person, *plates: str) -> None:
    """Two people put plates into the register, by its own pages."""
    clerk, approver = person("clerk"), person("approver")
    page = clerk.get(f"{DESK}registries/plates/")
    assert "まだ登録がありません" in page
    clerk.post(f"{DESK}new/plate_stock/", {"set.kind": "add"})
    if clerk.url.startswith("/drafts/"):
        page = clerk.fill(clerk.get(clerk.url), plates="\n".join(plates), received_on="2026-10-01")
        clerk.post(clerk.url, {"do": "send"})
    page = act(approver, clerk.url, "apply")
    assert "反映済" in page


def test_inbox_lists_what_is_open_and_finds_by_name_and_code(person: Person, case: str) -> None:
    clerk = person("clerk")
    assert "𠮷田　髙志（NZE121-0000001）" in clerk.get(DESK)
    for query in ("吉田", "高志", "ｎｚｅ１２１－００００００１", "NZE121-0000001"):
        assert case in clerk.get(f"{DESK}?q={query}"), query
    assert "条件に合う案件はありません" in clerk.get(f"{DESK}?q=佐藤")
    assert case in clerk.get(f"{DESK}?state=permit.submitted")
    assert case not in clerk.get(f"{DESK}?show=mine")
    assert case not in clerk.get(f"{DESK}?show=due")
    assert clerk.get(f"{DESK}?cursor=nonsense&show=zzz&procedure=none&state=x.y")


def test_case_page_shows_data_checks_history_and_what_can_be_done(
    person: Person, case: str, words: Words
) -> None:
    clerk = person("clerk", name="例示 一郎")
    said = words(clerk.get(case))
    assert "０３－１２３４－５６７８" in said  # as typed, beside 03-1234-5678
    assert "03-1234-5678" in said
    assert "道路運送車両法35条3項" in said
    assert "受け付けて審査に回す" in said
    assert "許可する" not in said  # an approver's act
    act(clerk, case, "accept")
    approver = person("approver")
    said = words(approver.get(case))
    assert "市民課 例示 一郎" in said
    assert "近い距離の運行です" not in said or "理由が必要" in said
    assert "許可番号」を付けます" in words(approver.get(f"{case}act/approve/"))
    assert "手数料 750円を請求します" in words(approver.get(f"{case}act/approve/"))


def test_the_same_person_may_not_decide(person: Person, case: str, words: Words) -> None:
    both = person("clerk", "approver")
    act(both, case, "accept")
    assert "受付した職員とは別の人が決裁してください" in words(both.get(case))
    page = act(both, case, "approve", 409)
    assert "受付した職員とは別の人が決裁してください" in words(page)
    assert "審査中" in words(both.get(case))


def test_from_acceptance_to_return(person: Person, case: str, words: Words, printed: None) -> None:
    add_plates(person, "足立 7001", "足立 7002")
    clerk, approver = person("clerk"), person("approver")
    act(clerk, case, "accept")
    assert "許可（受取待ち）" in act(approver, case, "approve")
    assert "手数料が収納されていません" in words(clerk.get(case))
    page = act(clerk, case, "pay", 422, amount="700", method="cash")
    assert "金額が請求の額（750円）と異なります" in page
    assert 'value="700"' in page
    act(clerk, case, "pay", amount="７５０円", method="cash")
    page = act(clerk, case, "loan", 422)
    assert "車両確認書類の原本を確認してください" in page
    page = act(
        clerk, case, "loan", insurance_evidence="paper_original", vehicle_doc_seen="true",
        receiver_id_kind="drivers_license",
    )  # fmt: skip
    assert "貸与中" in page
    assert "足立 7001" in page
    _document(clerk, page, "臨時運行許可証")
    register = words(clerk.get(f"{DESK}registries/plates/"))
    assert "足立 7001 貸与中" in register.replace("状態 ", "")
    record = clerk.get(f"{DESK}registries/plates/record/?key=足立 7001")
    assert case in record  # the case behind the change
    assert "足立 7002" in clerk.get(f"{DESK}registries/plates/?value=in_stock")
    figures = words(clerk.get(f"{DESK}figures/"))
    assert "2026-10 1" in figures
    page = act(
        clerk, case, "return", permit_returned="true", front_plate="true", rear_plate="true", condition="good"
    )
    assert "返納済" in page


def _document(pages: Pages, page: str, name: str) -> None:
    link = re.search(rf'href="([^"]+/documents/[^"]+)">{name}', page)
    assert link is not None
    answer = pages.client.get(link[1])
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")


def test_the_applicant_reads_documents_and_sees_the_office_only(
    person: Person, words: Words, printed: None
) -> None:
    resident = person()
    apply(resident)
    mine = resident.url.removesuffix("received/")
    case = mine.replace("/my/cases/", "/desk/").replace(f"{BODY}/", f"{BODY}/cases/")
    clerk, approver = person("clerk", name="例示 一郎"), person("approver")
    act(clerk, case, "accept")
    act(approver, case, "refuse", reason_code="purpose", reason_text="目的が基準に当たらないため")
    page = resident.get(mine)
    _document(resident, page, "不許可通知書")
    said = words(page)
    assert "例示 一郎" not in said
    assert "市民課" in said
    assert "目的が基準に当たらないため" in said


def test_a_stale_page_is_told_and_keeps_what_was_typed(person: Person, case: str) -> None:
    one, other = person("clerk"), person("clerk")
    page = one.get(f"{case}act/return_for_correction/")
    act(other, case, "accept")
    page = one.fill(page, do="send", status=409, comment="車名を確かめてください")
    assert "他の人が変更しました" in page
    assert "車名を確かめてください</textarea>" in page
    page = one.fill(page, do="send")  # looked at again, sent again
    assert "補正中" in page


def test_correction_and_submission_again(person: Person, words: Words) -> None:
    resident = person()
    apply(resident)
    mine = resident.url.removesuffix("received/")
    case = mine.replace("/my/cases/", "/desk/").replace(f"{BODY}/", f"{BODY}/cases/")
    clerk = person("clerk")
    asked = {"points__1__field": "vehicle_name", "points__1__reason": "車検証の車名と違います"}
    page = act(clerk, case, "return_for_correction", 422, points__1__field="vehicle_name")
    assert "直していただく内容と理由" in words(page)
    page = act(clerk, case, "return_for_correction", fields=["chassis_no"], comment="ご確認ください", **asked)
    for said in (words(page), words(resident.get(mine))):
        assert "直していただく所 ご確認ください 車名 車検証の車名と違います 車台番号" in said
    page = resident.get(f"{mine}act/resubmit/")
    while "/vehicle/" not in resident.url:
        page = resident.fill(page)
    assert "お知らせ： 車検証の車名と違います" in words(page)
    assert "お知らせ： ご確認のうえ、直してください。" in words(page)
    page = resident.get(f"{mine}act/resubmit/")
    assert 'value="𠮷田　髙志"' in page
    assert 'value="０３－１２３４－５６７８"' in page  # as it was typed
    while not resident.url.endswith("/review/"):
        page = resident.fill(page, **({"vehicle_name": "ニッサン"} if "/vehicle/" in resident.url else {}))
    page = resident.post(resident.url, {"do": "send"})
    assert "補正を受け付けました" in words(page)
    assert "直していただく所" not in words(resident.get(mine))
    assert "ニッサン" in words(person("clerk").get(case))


def test_a_warning_asks_for_a_reason(person: Person, case: str, words: Words) -> None:
    from kiban.definitions import editions
    from kiban.ops import clock
    from tests import set_by_body

    compiled = editions.current("temporary-plate", clock.today())
    set_by_body.parameter(compiled, BODY, "min_days_rule", "same_pref", date(2026, 4, 1))
    clerk, approver = person("clerk"), person("approver")
    act(clerk, case, "accept")
    assert "理由が必要" in words(approver.get(case))
    page = act(approver, case, "approve", 422)
    assert 'href="#reason-1"' in page
    data = re.search(r'name="(reason\.[^"]+)"', page)
    assert data is not None
    from tests.web.conftest import form_of

    page = approver.post(approver.url, {**form_of(page), "do": "send", data[1]: "検査場が混み合うため"})
    assert "許可（受取待ち）" in page
    assert "検査場が混み合うため" in words(approver.get(case))


def test_entry_at_the_counter(person: Person, words: Words) -> None:
    clerk = person("clerk")
    clerk.get(f"{DESK}new/permit/")
    page = fill_all(clerk, clerk.post(f"{DESK}new/permit/", {}))
    assert "窓口の方に読み上げるか画面をお見せして" in page
    page = clerk.post(clerk.url, {"do": "send"})
    assert clerk.url.startswith(f"/desk/{BODY}/cases/")
    assert "受付経路 窓口" in words(page)
    case = clerk.url
    clerk.post(f"{case}office/note/", {"text": "本人確認に時間がかかった"})
    copy = words(clerk.get(f"{case}received/"))
    assert "申請者の控え" in copy
    assert "𠮷田　髙志" in copy
    assert "本人確認に時間がかかった" not in copy
    assert "決裁者の判断" not in copy  # a section of the office
    number = re.search(r"受付番号 ([0-9A-Z]{5}-[0-9A-Z]{5})", copy)
    code = re.search(r"登録コード ([0-9A-Z]{5}-[0-9A-Z]{5})", copy)
    assert number is not None and code is not None
    applicant = person()
    claim = f"/my/claim/{BODY}/"
    page = applicant.post(claim, {"number": number[1], "code": "0000-00000"}, 422)
    assert "合う案件がありません" in page and f'value="{number[1]}"' in page
    assert "マイページに登録しました" in applicant.post(claim, {"number": number[1], "code": code[1]})
    assert applicant.url == case.replace("/desk/", "/my/").replace(f"{BODY}/cases/", f"cases/{BODY}/")
    assert number[1] in applicant.get("/my/")
    person().post(claim, {"number": number[1], "code": code[1]}, 422)
    assert "登録コード" not in words(clerk.get(f"{case}received/"))
    clerk.get(claim, 404)
    person().get(f"{case}received/", 404)
    person("clerk", body="131211").get(f"{case}received/", 404)


def test_who_has_no_role_here_finds_nothing(person: Person, case: str, anybody: Pages) -> None:
    elsewhere, resident = person("clerk", body="131211"), person()
    never = elsewhere.get(f"/desk/{BODY}/cases/00000000-0000-0000-0000-000000000000/", 404)
    for path in (case, f"{case}act/accept/", DESK, f"{DESK}registries/plates/", f"{DESK}figures/"):
        assert elsewhere.get(path, 404) == never
        assert resident.get(path, 404) == never
    anybody.get(case)
    assert anybody.url == "/demo/"


def test_a_role_that_does_not_reach_the_cases_sees_none(person: Person, case: str) -> None:
    statistician, police = person("mlit"), person("police")
    for who in (statistician, police):
        assert "𠮷田" not in who.get(DESK)
        assert "𠮷田" not in who.get(f"{DESK}?q=吉田&show=all")
        never = who.get(f"/desk/{BODY}/cases/00000000-0000-0000-0000-000000000000/", 404)
        for path in (case, f"{DESK}registries/plates/", f"{DESK}registries/plates/record/?key=x"):
            assert who.get(path, 404) == never
    statistician.get(DESK)
    assert statistician.url == f"{DESK}figures/"
    police.get(DESK)
    assert police.url == f"{DESK}shared/", "what was granted to it would stand there"
    police.get(f"{DESK}figures/", 404)


def test_who_looked_at_lists_and_registries_is_kept(person: Person, case: str) -> None:
    from kiban.access.scope import scope
    from kiban.cases.models import AccessLog

    clerk = person("clerk")
    clerk.get(DESK)
    clerk.get(f"{DESK}registries/plates/")
    with scope(BODY):
        seen = AccessLog.objects.filter(body=BODY, viewer=str(clerk.user.id)).values_list("what", flat=True)
        assert sorted(seen) == ["list", "registry"]


def test_an_act_of_another_role_is_forbidden(person: Person, case: str) -> None:
    clerk = person("clerk")
    page = clerk.get(f"{case}act/approve/", 403)
    assert "この操作をする権限がありません" in page
    clerk.get(f"{case}act/nothing/", 404)


def test_a_double_click_acts_once(person: Person, case: str, words: Words) -> None:
    from tests.web.conftest import form_of

    clerk = person("clerk")
    page = clerk.get(f"{case}act/accept/")
    data = {**form_of(page), "do": "send"}
    url = clerk.url
    clerk.post(url, data)
    page = clerk.post(url, data)
    assert words(page).count("受け付けて審査に回す →") == 1
