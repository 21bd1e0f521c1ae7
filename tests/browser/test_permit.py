"""The permit from end to end in a browser, at the width of a phone and of a desk."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from kiban.documents import fonts
from tests.browser.conftest import BODY, WIDTHS, Visitor
from tests.documents.pdf import embedded_outlines, outline, texts

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
NAME = "葛\U000e0100城　𠮷髙"  # with an ideographic variation and a character beyond the BMP
DESK = f"/desk/{BODY}/temporary-plate/"


@pytest.fixture
def papers(tmp_path: Path) -> list[Path]:
    """Two files to attach."""
    found = []
    for name in ("自賠責.pdf", "車検証.pdf"):
        path = tmp_path / name
        path.write_bytes(b"%PDF-1.7\n" + name.encode() + b"\n%%EOF\n")
        found.append(path)
    return found


def test_portal(visit: Visit) -> None:
    for width in WIDTHS.values():
        visitor = visit(width=width, stranger=True).go("/")
        visitor.look("home")
        visitor.page.get_by_label("手続の名前やキーワード").fill("仮ナンバー")
        visitor.press("検索")
        visitor.look("search")
        visitor.go("/procedures/?q=ありません").look("search-empty")
        visitor.go("/procedures/?q=仮ナンバー").press("臨時運行許可の申請")
        visitor.look("procedure")
        visitor.press("市区町村を選んで申請する")
        visitor.look("choose-empty")
        visitor.page.get_by_label("名前の一部、読みがな、または郵便番号").press_sequentially("かつしか")
        expect(visitor.page.locator("#found")).to_contain_text("東京都葛飾区")
        visitor.look("choose")
        visitor.press("東京都葛飾区")
        visitor.look("at-body")
        visitor.go("/procedures/temporary-plate/permit/body/133035/").look("at-body-not-taking")
        visitor.go("/bodies/?q=札幌").look("bodies")
        visitor.go("/bodies/131229/").look("body")
        visitor.go("/demo/").look("demo-people")
        visitor.go("/accessibility/").look("accessibility")
        visitor.go("/nothing/").look("not-found")


def apply(visitor: Visitor, papers: list[Path], *, looking: bool = False, twice: bool = False) -> str:
    """A resident applies, with a wrong field first; the address of the case."""
    look = visitor.look if looking else lambda _name: None
    visitor.go(f"/procedures/temporary-plate/permit/body/{BODY}/")
    visitor.press("申請へ進む")
    look("apply")
    visitor.press("始める")
    look("applicant")
    visitor.press("次へ")
    visitor.see("件の入力を直してください")
    expect(visitor.page.locator("#summary")).to_be_focused()
    look("applicant-errors")
    visitor.page.locator("#summary a").first.click()
    assert visitor.page.evaluate("document.activeElement.name").startswith("f.")
    visitor.fill(
        applicant_kind="individual", applicant_name=NAME, applicant_address="東京都葛飾区立石五丁目13番1号",
        applicant_phone="０３－１２３４－５６７８",
    )  # fmt: skip
    visitor.see("市区町村：東京都葛飾区")
    look("applicant-filled")
    visitor.press("次へ")
    visitor.fill(receiver_same="false")
    expect(visitor.field("receiver_name")).to_be_visible()  # comes with the answer
    look("receiver")
    visitor.fill(receiver_same="true")
    expect(visitor.field("receiver_name")).to_have_count(0)
    visitor.press("次へ")
    visitor.fill(
        vehicle_name="トヨタ", vehicle_class="ordinary", vehicle_shape="box", chassis_no="nze121-0000001"
    )
    look("vehicle")
    visitor.press("次へ")
    visitor.fill(purpose_code="inspect", route_from="東京都葛飾区立石", route_to="東京都足立区南花畑")
    visitor.press("主な経由地を追加する")
    visitor.fill(route_via__1__address="東京都墨田区吾妻橋")
    look("route")
    visitor.press("次へ")
    visitor.fill(period_from="令和8年2月30日", period_to="2026-10-06")
    visitor.press("次へ")
    visitor.see("「運行を始める日」")
    expect(visitor.field("period_from")).to_have_value("令和8年2月30日")  # as typed
    expect(visitor.field("period_from")).to_have_attribute("aria-invalid", "true")
    expect(visitor.field("period_to")).to_have_value("2026-10-06")
    look("period-errors")
    visitor.fill(period_from="令和8年10月5日")
    visitor.see("令和8年10月5日（2026-10-05）")
    visitor.press("次へ")
    visitor.fill(
        insurance_exempt="false", insurer="見本損害保険", insurance_no="A-1", insurance_from="2026-10-01",
        insurance_to="2026-11-01",
    )  # fmt: skip
    look("insurance")
    visitor.press("次へ")
    visitor.fill(vehicle_doc_kind="inspection_certificate", vehicle_doc_is_copy="false")
    for number, (kind, path) in enumerate(zip(("insurance", "vehicle_doc"), papers, strict=True), start=1):
        visitor.press("添付書類を追加する")
        visitor.fill(**{f"attachments.{number}.kind": kind})
        visitor.field(f"attachments.{number}.file").set_input_files(str(path))
        expect(visitor.page.locator("main")).to_contain_text(path.name)
    look("papers")
    visitor.press("確認へ進む")
    look("review")
    if twice:
        visitor.page.locator("main").get_by_role("button", name="申請する", exact=True).last.dblclick()
    else:
        visitor.press("申請する")
    visitor.see("申請を受け付けました")
    look("received")
    found = re.search(r"/([0-9a-f-]{36})/received/", visitor.page.url)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_a_permit_from_application_to_return(visit: Visit, papers: list[Path], width: int) -> None:
    resident, clerk = visit(width=width), visit("clerk", width=width, name="例示 一郎")
    both, approver = visit("clerk", "approver", width=width, name="例示 二葉"), visit("approver", width=width)
    clerk.go(DESK).look("inbox-empty")
    clerk.go(f"{DESK}registries/plates/").look("registry-empty")
    _add_plates(clerk, approver)
    case = apply(resident, papers, looking=True)
    resident.go("/my/").look("my")
    resident.go(f"/my/cases/{BODY}/{case}/").look("my-case")
    path = f"/desk/{BODY}/cases/{case}/"

    clerk.go(DESK).look("inbox")
    both.go(path).press("受け付けて審査に回す")
    both.look("act-accept")
    both.press("受け付けて審査に回す")
    both.see("審査中")
    both.press("許可する")
    both.press("許可する")
    both.see("受付した職員とは別の人が決裁してください")  # the same person's decision is refused
    both.look("act-refused")
    approver.go(path).look("case-review")
    approver.press("許可する")
    approver.look("act-approve")
    approver.press("許可する")
    approver.see("許可（受取待ち）")

    clerk.go(path).press("手数料を収納する")
    clerk.fill(amount="750", method="cash")
    clerk.press("手数料を収納する")
    clerk.press("許可証を交付し番号標を貸与する")
    clerk.press("許可証を交付し番号標を貸与する")
    clerk.see("車両確認書類の原本を確認してください")
    clerk.look("act-loan-errors")
    clerk.fill(
        insurance_evidence="paper_original", vehicle_doc_seen="true", receiver_id_kind="drivers_license"
    )
    clerk.press("許可証を交付し番号標を貸与する")
    clerk.see("足立 7001")
    clerk.look("case-loaned")
    _open_permit(clerk)

    resident.go(f"/my/cases/{BODY}/{case}/").look("my-case-loaned")
    clerk.go(f"{DESK}registries/plates/").look("registry")
    clerk.press("足立 7001")
    clerk.look("record")
    clerk.go(f"{DESK}figures/").look("figures")
    clerk.go(path).press("返納を受け付ける")
    clerk.fill(permit_returned="true", front_plate="true", rear_plate="true", condition="good")
    clerk.look("act-return")
    clerk.press("返納を受け付ける")
    clerk.see("返納済")
    clerk.look("case-returned")


def _add_plates(clerk: Visitor, approver: Visitor) -> None:
    clerk.go(f"{DESK}registries/plates/").press("番号標を受け入れる")
    clerk.fill(plates="足立 7001\n足立 7002", received_on="2026-10-01")
    clerk.press("確認へ進む")
    clerk.press("異動を起案する")
    approver.go(clerk.page.url.removeprefix(clerk.site)).press("決裁して台帳に反映する")
    approver.press("決裁して台帳に反映する")
    approver.see("反映済")


def _open_permit(clerk: Visitor) -> None:
    """The permit is a PDF that shows the name, each of its rare characters with the outline that the font has."""
    link = clerk.page.get_by_role("link", name="臨時運行許可証（PDF）").first
    answer = clerk.page.request.get(clerk.site + str(link.get_attribute("href")))
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/pdf"
    pdf = answer.body()
    assert "".join(NAME.split()).replace("\U000e0100", "") in texts(pdf)[0].replace("\U000e0100", "")
    files = [path for folder in fonts.font_paths() for path in folder.rglob("*.ttf")]
    embedded = set().union(*embedded_outlines(pdf).values())
    for cluster in ("𠮷", "髙", "葛\U000e0100"):
        drawn = [path for path in files if _outline(path, cluster) in embedded]
        assert drawn, f"{cluster} is not drawn as any font has it"


def _outline(path: Path, cluster: str) -> object:
    try:
        return outline(path, cluster)
    except (KeyError, AttributeError):
        return None
