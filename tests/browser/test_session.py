"""The end of a session in a browser: a warning that is read and answered by keyboard, and nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import BODY, Visitor
from tests.browser.scene import SERVICE, Scene, people

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
START = f"/apply/{BODY}/{SERVICE}/permit/"


def _later(visitor: Visitor, seconds: int) -> None:
    """So much time goes by without a page: on the server, where the session stands, and in the browser."""
    from django.contrib.sessions.backends.db import SessionStore

    visitor.settle()  # what is under way counts as a page
    cookie = next(c for c in visitor.page.context.cookies() if c["name"] == "kiban_session")
    session = SessionStore(cookie["value"])
    session["kiban_seen"] -= seconds
    session.save()
    visitor.page.clock.fast_forward(seconds * 1000)


def _begun(visit: Visit, scene: Scene, **how: int) -> Visitor:
    visitor = visit(user=scene.people["resident"], **how)
    visitor.page.clock.install()
    visitor.go(START).press("始める")
    return visitor


@pytest.mark.parametrize("width", [390, 1280])
def test_the_warning_is_answered_by_keyboard(visit: Visit, width: int) -> None:
    visitor = _begun(visit, people(), width=width)
    page, dialog = visitor.page, visitor.page.locator("#session")
    expect(dialog).to_be_hidden()
    visitor.field("applicant_name").fill("見本　花子")
    visitor.field("applicant_phone").focus()
    _later(visitor, 3400)
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("まもなくサインアウトします")
    expect(dialog).to_contain_text("あと約3分です")
    assert page.evaluate("document.activeElement.innerText") == "続ける"
    visitor.look("session-soon")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "サインアウト"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    assert page.evaluate("document.activeElement.name") == "f.applicant_phone"
    assert page.evaluate("fetch('/session/').then((a) => a.json())")["seconds"] > 3500


def test_escape_goes_on(visit: Visit) -> None:
    visitor = _begun(visit, people())
    _later(visitor, 3400)
    expect(visitor.page.locator("#session")).to_be_visible()
    visitor.page.keyboard.press("Escape")
    expect(visitor.page.locator("#session")).to_be_hidden()
    assert visitor.page.evaluate("fetch('/session/').then((a) => a.json())")["seconds"] > 3500


def test_another_window_that_goes_on_keeps_this_one_quiet(visit: Visit) -> None:
    visitor = _begun(visit, people())
    visitor.page.clock.fast_forward(3400 * 1000)  # here nothing happened, on the server something did
    visitor.page.wait_for_timeout(300)
    expect(visitor.page.locator("#session")).to_be_hidden()


def test_what_was_typed_is_there_after_signing_in_again(visit: Visit) -> None:
    scene = people()
    visitor = _begun(visit, scene)
    where = visitor.page.url
    _later(visitor, 3700)
    dialog = visitor.page.locator("#session")
    expect(dialog).to_contain_text("サインアウトしました")
    visitor.look("session-over")
    visitor.page.evaluate("document.querySelector('[name=\"f.applicant_name\"]').value = '𠮷田　髙志'")
    dialog.get_by_role("button", name="サインインして続ける").click()
    visitor.see("入力した内容は残っています")
    visitor.look("sign-in-kept")
    visitor.page.locator(f"button[value='{scene.people['resident'].username}']").click()
    expect(visitor.field("applicant_name")).to_have_value("𠮷田　髙志")
    assert visitor.page.url == where


def test_changing_the_language_keeps_what_was_typed(visit: Visit) -> None:
    visitor = _begun(visit, people())
    visitor.page.evaluate("document.querySelector('[name=\"f.applicant_name\"]').value = '見本　花子'")
    visitor.page.get_by_role("button", name="English").click()
    expect(visitor.page.locator("html")).to_have_attribute("lang", "en")
    expect(visitor.field("applicant_name")).to_have_value("見本　花子")
