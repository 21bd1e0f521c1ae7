"""A body's settings, the effect and coming changes, looked at in a browser at both widths."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.conftest import BODY, WIDTHS, Visitor

Visit = Callable[..., Visitor]
DESK = f"/desk/{BODY}/temporary-plate/"
SETTINGS = f"{DESK}settings/"


@pytest.mark.parametrize("width", WIDTHS.values())
def test_settings(visit: Visit, width: int) -> None:
    admin = visit("body_admin", width=width, name="例示 三郎")
    admin.go(SETTINGS).look("settings")
    admin.go(f"{SETTINGS}parameters/fee/").look("settings-parameter")
    page = admin.page
    page.locator("#s-fee").fill("2000")
    page.get_by_label("適用する日").fill("2027-04-01")
    page.get_by_label("理由（条例、決裁など）").fill("手数料条例の改正")
    admin.press("設定する")
    admin.see("0から1500までの値にしてください")
    admin.look("settings-parameter-wrong")
    page.locator("#s-fee").fill("900")
    admin.press("影響を見る")
    admin.see("例で見る影響")
    admin.look("settings-parameter-effect")
    admin.press("設定する")
    admin.see("値を設定しました")
    admin.look("settings-parameter-set")
    admin.go(f"{SETTINGS}parameters/allowed_purposes/").look("settings-subset")
    for name in ("participation", "closed-days", "office", "people", "history"):
        admin.go(f"{SETTINGS}{name}/").look(f"settings-{name}")
    page.goto(f"{admin.site}{SETTINGS}people/")
    admin.press("役割を付ける")
    admin.look("settings-people-wrong")
    admin.go(f"{DESK}effect/").look("effect-empty")
    admin.go(f"/bodies/{BODY}/changes/").look("changes")
    admin.go("/changes/").look("changes-empty")
