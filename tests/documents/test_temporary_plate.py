"""What the documents of temporary-plate must say, by the card's section 6 and the articles that it names."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from kiban.documents.render import Renderer

from .conftest import SERVICES
from .pdf import boxes, texts

AT = datetime(2026, 10, 2, 10, 0, tzinfo=timezone(timedelta(hours=9)))
DATA: dict[str, Any] = {
    "document": {
        "name": "permit",
        "label": "臨時運行許可証",
        "number": "葛戸第123号",
        "issued_on_text": "令和8年10月2日",
    },
    "body": {"code": "131229", "name": "葛飾区", "office": "葛飾区長", "contact": "見本窓口 03-0000-0000"},
    "case": {"number": "131229-2026-000001", "received_on_text": "令和8年10月2日"},
    "values": {
        "permit_returned": True,
        "rear_plate": True,
        "front_plate": False,
        "outstanding": ["front"],
        "plate": "足立 7001",
    },
    "text": {
        "permit_no": "R08-0001",
        "plate": "足立 7001",
        "plate_count": "2",
        "applicant_name": "𠮷田　髙志",
        "applicant_address": "東京都葛飾区立石五丁目13番1号",
        "vehicle_name": "トヨタ",
        "vehicle_shape": "箱型",
        "chassis_no": "NZE121-0000001",
        "purpose_code": "車検のための回送",
        "route_from": "東京都葛飾区立石",
        "route_via": ["東京都足立区綾瀬", {"address": {"text": "東京都足立区竹の塚"}}],
        "route_to": "東京都足立区南花畑",
        "period_from": "令和8年10月5日",
        "period_to": "令和8年10月9日",
        "permitted_on": "令和8年10月2日",
        "returned_on": "令和8年10月13日",
        "outstanding": "番号標（前面）",
        "demand_count": "2",
        "late_days": "6",
        "lost_on": "令和8年10月12日",
        "reason_code": "保険期間の不足",
        "reason_text": "保険期間が運行の期間を満たしていません。",
        "amount": "1,500円",
        "method": "口座振込",
        "comment": "窓口とオンラインの二重の納付",
    },
    "charge_text": {"fee": {"due": "1,500円", "paid": "1,500円"}},
    "parameters": {"appeal_authority": "東京都知事"},
    "clock": {"return": "2026-10-14"},
    "clock_text": {"return": "令和8年10月14日"},
}
APPEAL = (
    "3か月以内に、東京都知事に対して審査請求",
    "行政不服審査法第82条",
    "6か月以内に、葛飾区を被告として",
    "葛飾区を代表する者は、葛飾区長です",
    "行政事件訴訟法第46条",
)
SAYS: dict[str, tuple[str, ...]] = {
    "permit": (
        "臨時運行許可証",
        "許可番号R08-0001",
        "足立7001",
        "𠮷田髙志",
        "東京都葛飾区立石五丁目13番1号",
        "トヨタ",
        "箱型",
        "NZE121-0000001",
        "車検のための回送",
        "東京都葛飾区立石→東京都足立区綾瀬→東京都足立区竹の塚→東京都足立区南花畑",
        "許可年月日令和8年10月2日",
        "葛飾区長",
        "公印",
        "遵守事項",
        "返納期限",
        "同法第35条第6項",
        "1年以下の拘禁刑若しくは50万円以下の罰金",
        "同法第107条",
        "6か月以下の拘禁刑又は30万円以下の罰金",
        "同法第108条",
    ),
    "plate_receipt": ("受領書", "足立7001", "R08-0001", "2枚", "令和8年10月14日", "受領者署名"),
    "return_receipt": ("返納受領証", "臨時運行許可証、番号標（後面）", "令和8年10月13日", "番号標（前面）"),
    "refusal_notice": ("臨時運行不許可通知書", "保険期間の不足", "満たしていません", *APPEAL),
    "revocation_notice": ("臨時運行許可取消通知書", "直ちに返納してください", "満たしていません", *APPEAL),
    "undo_notice": ("決定の取消通知書", "審査をやり直す", "満たしていません", "効力がありません", *APPEAL),
    "repayment_notice": (
        "過誤納金還付通知書",
        "納付すべき額1,500円",
        "還付する額1,500円",
        "口座振込",
        "二重の納付",
        "R08-0001",
    ),
    "demand_letter": (
        "督促状",
        "（第2回）",
        "6日",
        "番号標（前面）",
        "第35条第6項",
        "同法第108条",
        "令和8年10月14日",
    ),
    "loss_announcement": ("葛飾区告示", "足立7001", "効力を失った", "令和8年10月12日"),
}


@pytest.fixture(scope="module")
def renderer(font_dir: Path) -> Renderer:
    return Renderer(SERVICES / "temporary-plate" / "documents", font_dir=font_dir)


def test_every_document_is_looked_at(renderer: Renderer) -> None:
    assert renderer.names() == sorted(SAYS)


@pytest.mark.parametrize("name", SAYS)
def test_a_document_says_what_it_must(renderer: Renderer, name: str) -> None:
    said = "".join(texts(renderer.render(name, DATA, at=AT)))
    assert [part for part in SAYS[name] if "".join(part.split()) not in said] == []


@pytest.mark.parametrize("name", ["permit", "plate_receipt"])
def test_a_document_names_the_one_that_it_replaces(renderer: Renderer, name: str) -> None:
    earlier = {"number": "ABCD-EFGH-JKMN-5-1", "issued_on": "2026-10-02", "issued_on_text": "令和8年10月2日"}
    data = {**DATA, "document": {**DATA["document"], "replaces": [earlier]}}
    pages = texts(renderer.render(name, data, at=AT))
    assert "令和8年10月2日交付（ABCD-EFGH-JKMN-5-1）の差替え" in "".join("".join(pages).split())
    assert len(pages) == len(texts(renderer.render(name, DATA, at=AT)))


def test_the_announcement_names_nobody(renderer: Renderer) -> None:
    said = "".join(texts(renderer.render("loss_announcement", DATA, at=AT)))
    assert "髙志" not in said
    assert "立石" not in said


@pytest.mark.parametrize(("code", "thing"), [("permit", "臨時運行許可証は"), ("set", "臨時運行許可番号標は")])
def test_the_announcement_names_what_was_lost(renderer: Renderer, code: str, thing: str) -> None:
    data = {**DATA, "values": {**DATA["values"], "lost_items": code}}
    assert f"次の{thing}、亡失の届出" in "".join(texts(renderer.render("loss_announcement", data, at=AT)))


def test_the_permit_has_two_faces_and_its_last_day_is_the_largest_text(renderer: Renderer) -> None:
    pdf = renderer.render("permit", DATA, at=AT)
    assert len(texts(pdf)) == 2
    digits = [(top - bottom, page) for page, char, (_, bottom, _, top) in boxes(pdf) if char == "9"]
    assert max(digits) == max(
        (top - bottom, page) for page, char, (_, bottom, _, top) in boxes(pdf) if char.isdigit()
    )
    assert max(digits)[1] == 0


def test_nothing_left_to_return_is_said_in_words(renderer: Renderer) -> None:
    data = {
        **DATA,
        "values": {**DATA["values"], "outstanding": []},
        "text": {**DATA["text"], "outstanding": ""},
    }
    said = "".join(texts(renderer.render("return_receipt", data, at=AT)))
    assert "未返納の物なし" in said
    assert "残っています" not in said


def test_without_an_appeal_authority_the_reader_is_sent_to_the_office(renderer: Renderer) -> None:
    said = "".join(texts(renderer.render("refusal_notice", {**DATA, "parameters": {}}, at=AT)))
    assert "審査請求をすべき行政庁（末尾の担当にお尋ねください。）に対して" in said


@pytest.mark.parametrize("more", [{}, {"route_to": 100}, {"applicant_name": 30}, {"applicant_address": 66}])
def test_the_permit_is_two_faces_at_the_bounds_of_what_is_not_measured(
    renderer: Renderer, more: dict[str, int]
) -> None:
    lengths = {
        "applicant_name": 33,
        "applicant_address": 66,
        "chassis_no": 30,
        "purpose_code": 66,
        "route_to": 66,
        "plate": 10,
        "vehicle_name": 10,
        "vehicle_shape": 10,
        "period_from": 12,
        "period_to": 12,
        "permitted_on": 12,
    }
    for extra in (0, 1):
        text = {name: "国" * (length + extra) for name, length in {**lengths, **more}.items()}
        body = {"name": "市" * 20, "office": "市" * 20, "contact": "係" * 40}
        pdf = renderer.render(
            "permit", {"text": text, "body": body, "clock_text": {"return": "日" * 12}}, at=AT
        )
        assert len(texts(pdf)) == 2
        assert max(right for _, _, (_, _, right, _) in boxes(pdf)) < 595.3 - 34
