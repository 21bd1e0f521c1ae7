"""A body's own fields, its ledgers, and the fields of place and table, looked at in a browser at both widths."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.conftest import BODY, REPO, WIDTHS, Visitor
from tests.imports.conftest import LOAN, make_book

Visit = Callable[..., Visitor]
SETTINGS = f"/desk/{BODY}/temporary-plate/settings/"


@pytest.mark.parametrize("width", WIDTHS.values())
def test_fields_of_the_body(visit: Visit, width: int) -> None:
    admin = visit("body_admin", width=width, name="例示 三郎")
    admin.go(f"{SETTINGS}fields/").look("fields-empty")
    page = admin.page
    page.get_by_role("link", name="項目を加える 目的と経路").click()
    admin.press("設定する")
    admin.look("field-wrong")
    page.get_by_label("質問", exact=True).fill("出発地の目印")
    page.get_by_label("型", exact=True).select_option("choice")
    page.get_by_label("選択肢").fill("看板 | Sign\n建物 | Building")
    page.get_by_label("必須", exact=True).check()
    page.get_by_label("適用する日").fill("2026-10-02")
    page.get_by_label("理由（条例、決裁など）").fill("現地確認のため")
    admin.press("影響を見る")
    admin.look("field-effect")
    admin.press("設定する")
    admin.see("項目を設定しました")
    admin.look("fields")
    page.get_by_role("link", name="出発地の目印").click()
    admin.look("field")


@pytest.mark.parametrize("width", WIDTHS.values())
def test_a_ledger(visit: Visit, width: int) -> None:
    admin = visit("body_admin", width=width, name="例示 三郎")
    admin.go(f"{SETTINGS}imports/").look("imports-empty")
    page = admin.page

    def send(name: str, content: bytes) -> None:
        form = page.locator("form", has=page.locator("input[value=open_loans]"))
        form.locator("input[type=file]").set_input_files(
            {"name": name, "mimeType": "text/plain", "buffer": content}
        )
        form.get_by_role("button", name="送信して確認する").click()
        page.wait_for_load_state()

    send("x.exe", b"MZ\x90\x00")
    admin.look("imports-wrong-file")
    wrong = {**LOAN, "許可番号": "R08-0102", "形状": "円盤", "運行を終える日": "令和8年13月1日"}
    send(
        "貸与中の帳簿.xlsx", make_book([LOAN, wrong, {**LOAN, "許可番号": "R08-0103", "番号標": "足立 7003"}])
    )
    admin.look("import-checking")
    _work()
    admin.see("直すところのある行")  # the page looks again by itself
    admin.look("import-wrong-rows")
    page.get_by_role("button", name="直すところのある行を除いて取り込む").click()
    page.wait_for_load_state()
    _work()
    admin.see("取り込んだ行")
    admin.look("import-done")
    admin.go(f"{SETTINGS}imports/").look("imports")


def _work() -> None:
    from kiban.imports import work
    from kiban.ops import clock

    while work.run(clock.now(), body=BODY):
        pass


@pytest.mark.parametrize("width", WIDTHS.values())
def test_a_place_and_a_table(visit: Visit, width: int) -> None:
    from kiban.definitions.publish import publish_folder

    publish_folder(REPO / "tests" / "services" / "site-survey")
    resident = visit(width=width)
    page = resident.page
    page.context.grant_permissions(["geolocation"], origin=resident.site)
    page.context.set_geolocation({"latitude": 35.7433333, "longitude": 139.8475, "accuracy": 12.4})
    resident.go(f"/apply/{BODY}/site-survey/survey/").look("survey-begin")
    page.locator("form button[type=submit]").last.click()
    page.wait_for_load_state()
    page.locator("[name='f.place.lat']").fill("139.8475")
    page.locator("[name='f.place.lon']").fill("35.7433")
    resident.press("次へ")
    resident.look("place-wrong")
    page.get_by_role("button", name="この端末の位置を使う").click()
    page.wait_for_function("() => document.querySelector(\"[name='f.place.lat']\").value === '35.7433333'")
    resident.settle()
    page.locator("[name='f.name']").fill("見本公園")
    resident.look("place")
    resident.press("次へ")
    first = page.locator("[name='f.damage.house.count']")
    first.focus()
    page.keyboard.type("3")
    page.keyboard.press("Tab")
    resident.settle()
    page.keyboard.type("abc")
    page.keyboard.press("Tab")
    resident.settle()
    page.keyboard.press("ArrowDown")  # a list is chosen from without a mouse
    page.locator("[name='f.damage.road.cost']").fill("500")
    resident.press("次へ")
    resident.look("grid-wrong")
    assert page.locator("[name='f.damage.house.cost']").input_value() == "abc"
    assert page.locator("[name='f.damage.house.state']").input_value() == "part"
    assert page.locator("[name='f.damage.road.count'][aria-invalid=true]").count() == 1
    page.locator("[name='f.damage.house.cost']").fill("1000")
    page.locator("[name='f.damage.road.count']").fill("1")
    resident.settle()
    resident.press("次へ")
    page.locator("[name='f.pin']").fill("ひみつのことば")
    resident.look("secret")
    resident.press("確認へ進む")
    resident.see("誤差13m")
    resident.see("（伏せています）")
    resident.look("survey-review")
