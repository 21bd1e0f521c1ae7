"""Applying with the keyboard alone: every stop shows where one is, and nothing needs a mouse."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import BODY, Visitor

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]

_STOP = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  const style = getComputedStyle(e), box = e.getBoundingClientRect();
  return {
    tag: e.tagName, name: e.name || '', id: e.id, type: e.type || '', text: (e.innerText || e.value || '').trim().slice(0, 60),
    ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2, colour: style.outlineColor,
    seen: box.width > 1 && box.height > 1 && box.bottom > 0 && box.top < innerHeight,
  };
}"""


class Keyboard:
    """Hands on a keyboard: each Tab lands on something that can be seen and is marked."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor, self.page = visitor, visitor.page
        self.stops = 0

    def tab(self) -> dict[str, object]:
        self.page.keyboard.press("Tab")
        return self.stop()

    def stop(self) -> dict[str, object]:
        """Where the focus is; it must be seen."""
        found = self.page.evaluate(_STOP)
        if found is None:
            main = self.page.locator("main").inner_text()
            raise AssertionError(f"the focus is nowhere on {self.page.url}: {main[:600]}")
        assert found["ring"], f"no visible focus on {found}"
        assert found["seen"], f"the focus is out of sight on {found}"
        self.stops += 1
        return dict(found)

    def to(self, *, name: str = "", text: str = "", most: int = 80) -> None:
        """Tabs on until a field or a button is reached."""
        for _ in range(most):
            found = self.tab()
            if (name and found["name"] == f"f.{name}") or (text and text == found["text"]):
                return
        raise AssertionError(f"{name or text} is not reached")

    def enter(self, *, here: bool = False) -> None:
        """Presses Enter; unless it leads somewhere on this page, waits for the next one."""
        if here:
            self.page.keyboard.press("Enter")
            return
        with self.page.expect_navigation(wait_until="load"):
            self.page.keyboard.press("Enter")

    def type(self, name: str, text: str) -> None:
        """Reaches a field and types over what stands there."""
        self.to(name=name)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def choose(self, name: str, presses: int) -> None:
        """Reaches radios or a select, and goes down."""
        self.to(name=name)
        for _ in range(presses):
            self.page.keyboard.press("ArrowDown")
        if presses == 0:
            self.page.keyboard.press("Space")


def test_skip_link_comes_first(visit: Visit) -> None:
    visitor = visit(stranger=True).go("/")
    keyboard = Keyboard(visitor)
    assert keyboard.tab()["text"] == "本文へ移動する"
    keyboard.enter(here=True)
    assert visitor.page.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize("width", [390, 1280])
def test_applying_with_the_keyboard_alone(visit: Visit, width: int) -> None:
    visitor = visit(width=width).go(f"/procedures/temporary-plate/permit/body/{BODY}/")
    keyboard = Keyboard(visitor)
    keyboard.to(text="申請へ進む")
    keyboard.enter()
    keyboard.to(text="始める")
    keyboard.enter()
    keyboard.to(name="applicant_name")
    keyboard.enter()  # Enter in a field goes on, as the button does
    visitor.see("件の入力を直してください")
    assert keyboard.stop()["id"] == "summary"
    keyboard.tab()
    keyboard.enter(here=True)  # the first link of the summary leads into its field
    assert keyboard.stop()["name"] == "f.applicant_name"
    visitor.page.keyboard.type("見本　花子")
    keyboard.type("applicant_address", "東京都葛飾区立石五丁目13番1号")
    keyboard.type("applicant_phone", "03-1234-5678")
    keyboard.to(text="次へ")
    visitor.see("市区町村：東京都葛飾区")
    keyboard.enter()
    keyboard.choose("receiver_same", 0)
    keyboard.to(text="次へ")
    keyboard.enter()
    keyboard.type("vehicle_name", "トヨタ")
    keyboard.choose("vehicle_class", 0)
    keyboard.choose("vehicle_shape", 1)
    keyboard.type("chassis_no", "NZE121-0000001")
    keyboard.to(text="次へ")
    keyboard.enter()
    keyboard.choose("purpose_code", 1)
    keyboard.type("route_from", "東京都葛飾区立石")
    keyboard.to(text="主な経由地を追加する")
    keyboard.enter()
    keyboard.type("route_via.1.address", "東京都墨田区吾妻橋")
    keyboard.type("route_to", "東京都足立区南花畑")
    keyboard.to(text="次へ")
    keyboard.enter()
    keyboard.type("period_from", "令和8年10月5日")
    keyboard.type("period_to", "令和8年10月6日")
    keyboard.to(text="次へ")
    keyboard.enter()
    visitor.see("自賠責保険")
    assert keyboard.stops > 60
    keyboard.to(text="保存して中断する")
    keyboard.enter()
    expect(visitor.page).to_have_url(re.compile("/my/$"))


def test_the_desk_with_the_keyboard_alone(visit: Visit) -> None:
    visitor = visit("clerk").go(f"/desk/{BODY}/temporary-plate/")
    keyboard = Keyboard(visitor)
    keyboard.to(text="番号標台帳")
    keyboard.enter()
    keyboard.to(text="番号標を受け入れる")
    keyboard.enter()
    keyboard.type("plates", "足立 7001")
    keyboard.to(text="確認へ進む")
    keyboard.enter()
    keyboard.to(text="異動を起案する")
    keyboard.enter()
    visitor.see("決裁待ち")
    keyboard.to(text="取りやめる")
    keyboard.enter()
    keyboard.type("reason", "誤り")
    keyboard.to(text="取りやめる")
    keyboard.enter()
    visitor.see("取止め")
