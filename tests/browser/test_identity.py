"""A resident signs in with an identity provider in a browser, and applies; staff are told what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import BODY, WIDTHS, Visitor
from tests.browser.test_permit import apply, papers
from tests.conftest import free_port, serving
from tests.web.identity.conftest import SECRET, client, row, start_provider

if TYPE_CHECKING:
    from kiban.ops.testing import TestDatabase

__all__ = ["papers"]
pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
NAMES = ("resident-app", "city-staff")
AT_BODY = f"/procedures/temporary-plate/permit/body/{BODY}/"


@pytest.fixture(scope="module")
def server_url(test_database: TestDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that is connected to two providers."""
    port = free_port()
    site = f"http://localhost:{port}"
    started = {name: start_provider([client(name, site)]) for name in NAMES}
    path = tmp_path_factory.mktemp("identity") / "providers.yaml"
    lines = [f"  - {row(name, found.issuer)}\n" for name, (_, found) in started.items()]
    path.write_text("providers:\n" + "".join(lines), encoding="utf-8")
    environment = {"KIBAN_IDENTITY_PROVIDERS": str(path), "KIBAN_SECRET_TRIAL_PROVIDER": SECRET}
    with serving(test_database, port, f"server-identity-{test_database.slot}.log", **environment) as url:
        yield url
    for process, _ in started.values():
        process.terminate()
        process.wait(timeout=10)


def _sign_in(visitor: Visitor, name: str, login: str) -> None:
    """The button, the provider's own page, and back."""
    visitor.press(f"検証用ID（{name}）でサインイン")
    page = visitor.page
    page.locator("input[name=login]").fill(login)
    page.locator("input[name=password]").fill("any")
    page.locator("button[type=submit]").click()
    page.wait_for_url(f"{visitor.site}/**")


@pytest.mark.parametrize("width", WIDTHS.values())
def test_a_resident_signs_in_and_applies(visit: Visit, papers: list[Path], width: int) -> None:
    visitor = visit(width=width, stranger=True).go("/sign-in/?next=/my/notices/settings/")
    visitor.look("providers")
    _sign_in(visitor, "resident-app", "ichiro/見本 一郎")
    assert visitor.page.url == f"{visitor.site}/my/notices/settings/"
    if width == WIDTHS["desktop"]:
        apply(visitor, papers)


@pytest.mark.parametrize("width", WIDTHS.values())
def test_staff_who_are_not_entered_learn_what_to_do(visit: Visit, width: int) -> None:
    visitor = visit(width=width, stranger=True).go("/sign-in/")
    _sign_in(visitor, "city-staff", "taro")
    visitor.see("まだ登録されていません")
    visitor.see("taro")
    visitor.look("identity-unknown")
    visitor.go("/sign-in/with/resident-app/done/?state=x").look("identity-over")


@pytest.mark.parametrize("width", WIDTHS.values())
def test_an_important_act_asks_again(visit: Visit, site: str, width: int) -> None:
    from kiban.access import actors
    from kiban.access.models import User

    user = User.objects.create_user("hanako", "correct horse battery", display_name="見本 花子", kind="staff")
    actors.grant(user, BODY, "temporary-plate", "body_admin", date(2026, 4, 1), "市民課")
    visitor = visit(user=user, width=width).go("/sign-in/again/?next=/desk/")
    visitor.look("again")
    visitor.page.get_by_label("パスワード").fill("wrong")
    visitor.press("確認")
    visitor.look("again-wrong")
    visitor.page.get_by_label("パスワード").fill("correct horse battery")
    visitor.press("確認")
    assert visitor.page.url.startswith(f"{site}/desk/")
