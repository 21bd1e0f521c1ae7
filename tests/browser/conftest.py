"""A real browser on a real server: people, their contexts at two widths, accessibility, pictures.

`KIBAN_PICTURES` names a folder into which every `look` is painted.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

    from kiban.access.models import User
    from kiban.ops.testing import TestDatabase

REPO = Path(__file__).resolve().parents[2]
FIRST = REPO / "services" / "temporary-plate"
AXE = REPO / "node_modules" / "axe-core" / "axe.min.js"
BODY = "131229"  # 葛飾区
TODAY = "2026-10-02"
WIDTHS = {"phone": 390, "desktop": 1280}
os.environ.setdefault(
    "DJANGO_ALLOW_ASYNC_UNSAFE", "1"
)  # Playwright runs a loop in this thread; the tests use none
_ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]

# What axe can't decide by itself, each looked at and found right: (rule, where) → why.
REVIEWED = {
    (
        "color-contrast",
        ".timeline",
    ): "the line beside the text is drawn by ::before; the text is #4d4d4d or darker on white",
    (
        "color-contrast",
        ".steps",
    ): "the line between the numbers is drawn by ::after, above the text; #4d4d4d or darker on white",
    ("color-contrast", "svg.chart"): "numbers beside the bars, #333 on the white of the page, never on a bar",
    ("color-contrast", ".card-link"): "the link's ::after makes the whole card a target and paints nothing",
}
_AXE = """async (reviewed) => {
  const found = await axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']});
  const short = (item, nodes) => ({rule: item.id, help: item.help, nodes: nodes.map((n) => [n.target.join(' '), n.html.slice(0, 160)]).slice(0, 4)});
  const seen = (item, node) => reviewed.some(([rule, where]) =>
    rule === item.id && document.querySelector(node.target.at(-1))?.closest(where));
  const open = found.incomplete.map((item) => short(item, item.nodes.filter((node) => !seen(item, node))));
  return {wrong: found.violations.map((item) => short(item, item.nodes)), open: open.filter((item) => item.nodes.length)};
}"""


@pytest.fixture(scope="session")
def browser(chromium_path: str) -> Iterator[Browser]:
    """One headless browser for the session."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium_path, args=_ARGUMENTS)
        yield found
        found.close()


@pytest.fixture(scope="session")
def translated() -> None:
    """The Japanese of the program and the fonts of documents, there before the server starts."""
    from kiban.documents import fonts
    from kiban.ops.assets import compile_translations

    compile_translations()
    fonts.install()


@pytest.fixture
def site(database: TestDatabase, translated: None, server_url: str) -> Iterator[str]:
    """The address of the server, with the service published and the clock on a Friday morning."""
    from kiban.definitions.publish import publish_folder
    from kiban.kernel.scenarios.model import moment
    from kiban.ops import clock

    clock.set_clock(moment(f"{TODAY}T10:00"))
    publish_folder(FIRST)
    yield server_url
    clock.set_clock(None)


@dataclass
class Visitor:
    """Somebody with a browser window."""

    page: Page
    site: str
    errors: list[str]

    def go(self, path: str) -> Visitor:
        self.page.goto(self.site + path)
        return self

    def field(self, name: str) -> Any:
        """The input of a field of a form."""
        return self.page.locator(f"[name='f.{name}']")

    def fill(self, **values: str) -> None:
        """Types into fields; chooses where there is something to choose."""
        for name, value in values.items():
            field = self.field(name.replace("__", "."))
            kind = field.first.get_attribute("type") or field.first.evaluate("e => e.tagName")
            if kind in ("radio", "checkbox"):
                self.page.locator(f"[name='f.{name}'][value='{value}']").check()
            elif kind.lower() == "select":
                field.select_option(value)
            else:
                field.fill(value)
                field.blur()
            self.settle()

    def press(self, name: str) -> None:
        """Presses a button or follows a link of the main part by its words."""
        main = self.page.locator("main")
        found = main.get_by_role("button", name=name, exact=True).or_(
            main.get_by_role("link", name=name, exact=True)
        )
        found.locator("visible=true").first.click()
        self.page.wait_for_load_state()

    def settle(self) -> None:
        """Waits until htmx has nothing under way."""
        self.page.wait_for_timeout(200)
        self.page.wait_for_function("() => !document.querySelector('.htmx-request')")

    def see(self, text: str) -> None:
        from playwright.sync_api import expect

        expect(self.page.locator("main")).to_contain_text(text)

    def look(self, name: str) -> None:
        """Paints the page (when pictures are wanted), checks that nothing runs out at the side, and asks axe."""
        folder = os.environ.get("KIBAN_PICTURES")
        width = self.page.viewport_size["width"] if self.page.viewport_size else 0
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=str(Path(folder) / f"{name}-{width}.png"), full_page=True)
        wide = self.page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{name} is {wide} px too wide at {width}"
        self.accessible(name)

    def accessible(self, name: str) -> None:
        """No violation; what axe leaves open is in the reviewed list, place by place."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate(_AXE, list(REVIEWED))
        for what in ("wrong", "open"):
            assert not found[what], f"{name}: {json.dumps(found[what], ensure_ascii=False, indent=1)}"


@pytest.fixture
def visit(site: str, browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """`visit("clerk", width=390)` is a window of a new person with these roles; without roles a resident."""
    contexts: list[BrowserContext] = []
    visitors: list[Visitor] = []

    def make(
        *roles: str, width: int = 1280, name: str = "", stranger: bool = False, user: User | None = None,
        english: bool = False,
    ) -> Visitor:  # fmt: skip
        context = browser.new_context(
            viewport={"width": width, "height": 900}, locale="ja-JP", has_touch=width < 600
        )
        context.set_default_timeout(60_000)
        contexts.append(context)
        if not stranger:
            context.add_cookies(
                [{"name": "kiban_session", "value": _session(user or _user(roles, name)), "url": site}]
            )
        if english:
            context.add_cookies([{"name": "kiban_language", "value": "en", "url": site}])
        page = context.new_page()
        visitor = Visitor(page, site, [])
        page.on(
            "console",
            lambda message: visitor.errors.append(message.text) if message.type == "error" else None,
        )
        page.on("pageerror", lambda error: visitor.errors.append(str(error)))
        visitors.append(visitor)
        return visitor

    yield make
    for context in contexts:
        context.close()
    said = [text for visitor in visitors for text in visitor.errors if "status of 4" not in text]
    assert not said, said


def _user(roles: tuple[str, ...], name: str) -> User:
    from kiban.access import actors
    from kiban.access.models import User

    kind = "staff" if roles else "party"
    user = User.objects.create_user(
        username=f"{kind}-{uuid.uuid4().hex[:8]}", display_name=name or "見本 花子", kind=kind,
        party=None if roles else uuid.uuid4(),
    )  # fmt: skip
    for role in roles:
        actors.grant(user, BODY, "temporary-plate", role, date(2026, 4, 1), "市民課")
    return user


def _session(user: User) -> str:
    from django.test import Client

    client = Client()
    client.force_login(user)
    return str(client.cookies["kiban_session"].value)
