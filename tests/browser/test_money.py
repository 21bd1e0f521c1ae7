"""A resident pays online in a browser, from the case to the provider and back; the clerk counts the till and closes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import BODY, Visitor
from tests.browser.scene import SERVICE, filled

pytestmark = pytest.mark.browser


def test_paying_online_and_closing_the_day(visit: Callable[..., Visitor]) -> None:
    scene = filled()
    resident = visit(width=390, user=scene.people["resident"])
    resident.go(f"/my/cases/{BODY}/{scene.ids['approved']}/")
    resident.press("オンラインで支払う：手数料 750円")
    resident.press("支払に進む")
    resident.press("決済サービスへ進む")
    resident.see("お金は動きません")
    resident.press("支払う（見本）")
    resident.see("支払を確認し、記録しました")
    resident.look("my-case-payment-paid")
    resident.press("案件に戻る")
    resident.see("納付の記録")
    expect(resident.page.get_by_role("link", name="領収証書（PDF）")).to_be_visible()
    resident.look("my-case-paid")
    assert resident.errors == []

    clerk = visit(width=1280, user=scene.people["clerk"])
    clerk.go(f"/desk/{BODY}/{SERVICE}/money/days/").press("令和8年10月2日（2026-10-02）")
    clerk.page.get_by_label("500円", exact=True).fill("1")
    clerk.page.get_by_label("100円", exact=True).fill("2")
    clerk.press("この日を締める")
    clerk.see("理由")
    clerk.page.get_by_label("50円", exact=True).fill("1")
    clerk.press("この日を締める")
    clerk.see("締め済み")
    clerk.look("money-day-closed")
