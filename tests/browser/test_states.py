"""Pages in the states that a walk does not pass: drafts, entry at the counter, English, no scripts, quick hands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import BODY, WIDTHS, Visitor
from tests.browser.test_permit import DESK, apply

if TYPE_CHECKING:
    from playwright.sync_api import APIResponse, Browser, Route

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
START = f"/apply/{BODY}/temporary-plate/permit/"


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_drafts_and_an_empty_confirmation(visit: Visit, width: int) -> None:
    visitor = visit(width=width).go("/my/")
    visitor.look("my-empty")
    visitor.go(START).press("始める")
    visitor.fill(applicant_kind="corporation")
    expect(visitor.field("corporate_number")).to_be_visible()
    visitor.fill(corporate_number="1234567890123")
    visitor.look("applicant-corporation")
    visitor.go(visitor.page.url.removeprefix(visitor.site).replace("/applicant/", "/review/"))
    visitor.press("申請する")
    visitor.see("件の入力を直してください")
    visitor.look("review-errors")
    visitor.go("/my/").look("my-draft")
    visitor.go(START).look("apply-draft")
    visitor.go("/my/").page.get_by_role("link", name="続きから入力する").click()
    visitor.see("入力内容の確認")  # where it was left
    visitor.page.locator("main").get_by_role("link", name="変更する").first.click()
    expect(visitor.field("corporate_number")).to_have_value("1234567890123")


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_the_counter(visit: Visit, width: int) -> None:
    clerk = visit("clerk", width=width)
    clerk.go(f"{DESK}?q=ありません").look("inbox-no-match")
    clerk.go(f"{DESK}figures/").look("figures-empty")
    clerk.go(DESK).press("新規：臨時運行許可の申請")
    clerk.look("desk-new")
    clerk.press("始める")
    clerk.look("desk-draft")
    clerk.go(f"/desk/{BODY}/cases/00000000-0000-0000-0000-000000000000/").look("desk-not-found")
    nobody = visit("police", width=width).go(DESK)
    nobody.look("inbox-other-role")


def test_the_pages_in_english(visit: Visit) -> None:
    visitor = visit().go("/")
    visitor.page.get_by_role("button", name="English").click()
    visitor.page.wait_for_load_state()
    expect(visitor.page.locator("html")).to_have_attribute("lang", "en")
    visitor.look("home-english")
    visitor.go(START).press("Begin")
    visitor.press("Next")
    visitor.look("applicant-english")
    visitor.go("/my/").look("my-english")


def test_quick_hands_lose_nothing(visit: Visit) -> None:
    """Typing goes on while the server is asked for the fields again and again."""
    visitor = visit().go(START)
    visitor.press("始める")
    keyboard = visitor.page.keyboard
    visitor.field("applicant_name").click()
    for text in ("見本　花子", "東京都葛飾区立石五丁目13番1号", "03-1234-5678"):
        keyboard.type(text, delay=15)
        keyboard.press("Tab")
        visitor.page.wait_for_timeout(120)
    visitor.page.locator("[name='f.applicant_kind'][value='corporation']").check()
    visitor.field("applicant_name").click()
    keyboard.press("End")
    keyboard.type("・追記", delay=60)
    visitor.settle()
    expect(visitor.field("representative")).to_be_visible()
    expect(visitor.field("applicant_name")).to_have_value("見本　花子・追記")
    expect(visitor.field("applicant_address")).to_have_value("東京都葛飾区立石五丁目13番1号")
    expect(visitor.field("applicant_phone")).to_have_value("03-1234-5678")
    assert visitor.page.evaluate("document.activeElement.name") == "f.applicant_name"


def test_a_late_answer_does_not_undo_what_was_typed_since(visit: Visit) -> None:
    """The answer to an older state of the form arrives when a field has been changed again."""
    visitor = visit().go(START)
    visitor.press("始める")
    held: list[tuple[Route, APIResponse]] = []

    def hold(route: Route) -> None:
        if route.request.headers.get("hx-request") and not held:
            held.append((route, route.fetch()))
        else:
            route.continue_()

    visitor.page.route("**/applicant/", hold)
    name, phone = visitor.field("applicant_name"), visitor.field("applicant_phone")
    name.fill("見本")
    phone.focus()
    visitor.page.wait_for_timeout(400)
    assert held
    name.fill("見本　花子")
    phone.focus()
    route, answer = held[0]
    route.fulfill(response=answer)
    visitor.settle()
    expect(name).to_have_value("見本　花子")


def test_a_failing_server_takes_nothing_away(visit: Visit) -> None:
    """An error, or the page that asks to sign in, is not put in the place of the form."""
    visitor = visit().go(START)
    visitor.press("始める")
    visitor.page.route(
        "**/applicant/",
        lambda route: (
            route.fulfill(status=500, body="<p>no</p>")
            if route.request.headers.get("hx-request")
            else route.continue_()
        ),
    )
    visitor.field("applicant_name").fill("見本　花子")
    visitor.field("applicant_phone").focus()
    visitor.settle()
    expect(visitor.field("applicant_name")).to_have_value("見本　花子")
    visitor.page.unroute("**/applicant/")
    visitor.page.context.clear_cookies(name="kiban_session")
    visitor.field("applicant_phone").fill("03-1234-5678")
    visitor.field("applicant_name").focus()
    visitor.settle()
    expect(visitor.field("applicant_phone")).to_have_value("03-1234-5678")
    visitor.errors.clear()  # the browser itself reports the 500


def test_a_double_click_sends_once(visit: Visit, tmp_path: Path) -> None:
    from kiban.access.scope import scope
    from kiban.cases.models import Case

    papers = []
    for name in ("a.pdf", "b.pdf"):
        (tmp_path / name).write_bytes(b"%PDF-1.7\n" + name.encode())
        papers.append(tmp_path / name)
    visitor = visit()
    apply(visitor, papers, twice=True)
    with scope(BODY):
        assert Case.objects.filter(body=BODY, service="temporary-plate", procedure="permit").count() == 1


def test_everything_works_without_scripts(site: str, browser: Browser, visit: Visit) -> None:
    with_scripts = visit()
    cookies = with_scripts.page.context.cookies()
    context = browser.new_context(
        locale="ja-JP", java_script_enabled=False, viewport={"width": 390, "height": 900}
    )
    context.add_cookies([{"name": c["name"], "value": c["value"], "url": site} for c in cookies])
    page = context.new_page()
    page.goto(site + START)
    page.get_by_role("button", name="始める").click()
    page.locator("[name='f.applicant_name']").fill("見本 花子")
    page.locator("main").get_by_role("button", name="次へ").last.click()
    assert page.locator("#summary").is_visible()
    assert page.locator("[name='f.applicant_name']").input_value() == "見本 花子"
    assert (
        page.locator("button[data-calendar]").count() == 0
        or not page.locator("button[data-calendar]").first.is_visible()
    )
    page.goto(page.url.replace("/applicant/", "/route/"))
    page.get_by_role("button", name="主な経由地を追加する").click()
    assert page.locator("[name='f.route_via.1.address']").is_visible()
    context.close()
