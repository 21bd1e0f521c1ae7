"""Every page of the URL configuration, in a browser: axe, nothing out at the side, English without leftovers, print.

A route that is neither in `PAGES` nor in `NO_PAGES` fails: whoever adds a page adds it here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import BODY, Visitor
from tests.browser.scene import SERVICE, Scene, filled, people
from tests.browser.test_keyboard import Keyboard

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]

_DESK = f"/desk/{BODY}/{SERVICE}/"
_CASES = f"/desk/{BODY}/cases/"
_MINE = f"/my/cases/{BODY}/"
_SET = f"{_DESK}settings/"
_PERMIT = f"{SERVICE}/permit/"

# route → who looks, and at which addresses ({name}: an id of the scene)
PAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "home": ("", ("/",)),
    "procedures": ("", ("/procedures/", "/procedures/?q=%E4%BB%AE")),
    "procedure": ("", (f"/procedures/{_PERMIT}",)),
    "procedure-choose": ("", (f"/procedures/{_PERMIT}body/?q=%E8%91%9B%E9%A3%BE",)),
    "procedure-at-body": ("", (f"/procedures/{_PERMIT}body/{BODY}/",)),
    "bodies": ("", ("/bodies/?q=%E8%91%9B%E9%A3%BE",)),
    "body": ("", (f"/bodies/{BODY}/",)),
    "accessibility": ("", ("/accessibility/",)),
    "privacy": ("", ("/privacy/",)),
    "terms": ("", ("/terms/",)),
    "contact": ("", ("/contact/",)),
    "verify": ("", ("/verify/",)),
    "verify-document": ("", (f"/verify/{BODY}/{{code}}/", f"/verify/{BODY}/0000-0000-0000-0000/")),
    "help": ("", ("/help/?q=%E4%B8%8B%E6%9B%B8%E3%81%8D",)),
    "help-audience": (
        "",
        tuple(f"/help/{who}/" for who in ("resident", "clerk", "administrator", "official")),
    ),
    "help-procedure": ("clerk", (f"/help/procedures/{_PERMIT}",)),
    "sign-in": ("", ("/sign-in/",)),
    "sign-in-link": ("", ("/sign-in/link/00000000-0000-0000-0000-000000000000/x/",)),
    "sign-in-again": ("admin", ("/sign-in/again/",)),
    "apply": ("resident", (f"/apply/{BODY}/{_PERMIT}",)),
    "draft": (
        "resident",
        tuple(f"/drafts/{BODY}/{{draft}}/{step}/" for step in ("applicant", "route", "papers", "review")),
    ),
    "my": ("resident", ("/my/",)),
    "my-claim": ("resident", (f"/my/claim/{BODY}/",)),
    "my-notices": ("resident", ("/my/notices/",)),
    "my-notices-settings": ("resident", ("/my/notices/settings/",)),
    "notices-confirm": ("", ("/notices/confirm/x/",)),
    "my-case": ("resident", (f"{_MINE}{{lent}}/", f"{_MINE}{{new}}/")),
    "my-case-received": ("resident", (f"{_MINE}{{new}}/received/",)),
    "my-case-act": ("resident", (f"{_MINE}{{new}}/act/withdraw/",)),
    "changes": ("", ("/changes/",)),
    "body-changes": ("", (f"/bodies/{BODY}/changes/",)),
    "desk": ("clerk", ("/desk/",)),
    "desk-case": ("clerk", (f"{_CASES}{{lent}}/", f"{_CASES}{{review}}/")),
    "desk-case-act": (
        "clerk",
        (f"{_CASES}{{new}}/act/return_for_correction/", f"{_CASES}{{lent}}/act/return/"),
    ),
    "desk-case-office": ("clerk", (f"{_CASES}{{new}}/office/note/", f"{_CASES}{{new}}/office/hand-over/")),
    "desk-case-received": ("clerk", (f"{_CASES}{{new}}/received/",)),
    "desk-absence": ("clerk", (f"{_DESK}absence/",)),
    "desk-bulk": ("clerk", (f"{_DESK}many/",)),
    "desk-bulk-run": ("clerk", (f"{_DESK}many/{{run}}/",)),
    "operations": ("operator", ("/operations/",)),
    "desk-inbox": ("clerk", (_DESK, f"{_DESK}?show=all")),
    "desk-shared": ("clerk", (f"{_DESK}shared/",)),
    "desk-notices": ("clerk", (f"{_DESK}notices/",)),
    "desk-notices-settings": ("clerk", (f"{_DESK}notices/settings/",)),
    "desk-new": ("clerk", (f"{_DESK}new/permit/",)),
    "desk-figures": ("clerk", (f"{_DESK}figures/",)),
    "desk-registry": ("clerk", (f"{_DESK}registries/plates/", f"{_DESK}registries/permits/")),
    "desk-record": ("clerk", (f"{_DESK}registries/plates/record/?key=%E8%B6%B3%E7%AB%8B%207001",)),
    "desk-effect": ("clerk", (f"{_DESK}effect/",)),
    "money": ("clerk", (f"{_DESK}money/",)),
    "money-standing": ("clerk", (f"{_DESK}money/standing/",)),
    "money-days": ("clerk", (f"{_DESK}money/days/",)),
    "money-day": ("clerk", (f"{_DESK}money/days/2026-10-02/",)),
    "money-statements": ("clerk", (f"{_DESK}money/statements/",)),
    "money-statement": (
        "clerk",
        (f"{_DESK}money/statements/{{statement}}/", f"{_DESK}money/statements/{{raw}}/"),
    ),
    "money-online": ("clerk", (f"{_DESK}money/online/",)),
    "my-case-pay": ("resident", (f"{_MINE}{{approved}}/pay/fee/",)),
    "my-case-payment": ("resident", (f"{_MINE}{{approved}}/payments/{{order}}/",)),
    "demo-payment": ("", ("/demo/payments/{order}/",)),
    "settings": ("admin", (_SET,)),
    "settings-parameter": ("admin", (f"{_SET}parameters/fee/", f"{_SET}parameters/allowed_purposes/")),
    "settings-participation": ("admin", (f"{_SET}participation/",)),
    "settings-closed-days": ("admin", (f"{_SET}closed-days/",)),
    "settings-office": ("admin", (f"{_SET}office/",)),
    "settings-texts": ("admin", (f"{_SET}texts/",)),
    "settings-text": ("admin", (f"{_SET}texts/contact/",)),
    "body-note": ("", tuple(f"/bodies/{BODY}/notes/{name}/" for name in ("privacy", "contact"))),
    "settings-people": ("admin", (f"{_SET}people/",)),
    "settings-fields": ("admin", (f"{_SET}fields/",)),
    "settings-field-new": ("admin", (f"{_SET}fields/permit_application/add/route/",)),
    "settings-imports": ("admin", (f"{_SET}imports/",)),
    "settings-history": ("admin", (f"{_SET}history/",)),
    "settings-webhooks": ("admin", (f"{_SET}webhooks/",)),
    "settings-webhook": ("admin", (f"{_SET}webhooks/{{hook}}/",)),
    "demo-people": ("", ("/demo/",)),
}

# route → why there is nothing to look at
NO_PAGES = {
    **dict.fromkeys(("language", "sign-out", "draft-delete", "demo-sign-in", "demo-clock"), "a form leads on"),
    "session": "for the script",
    "payment-notify": "for the payment service",
    **dict.fromkeys(("sign-in-with", "sign-in-done"), "tests/browser/test_identity.py"),
    **dict.fromkeys(("my-case-files", "desk-case-files"), "the beginning of the addresses of files"),
    **dict.fromkeys(
        (
            "my-case-document", "my-case-file", "desk-case-document", "desk-case-file", "desk-effect-csv",
            "desk-cases-csv", "money-csv", "money-xlsx", "money-sheet", "desk-case-receipt", "settings-import-blank",
            "settings-import-corrections", "money-statement-csv", "my-case-receipt", "demo-statement",
        ),
        "a file",
    ),
    "settings-field": "tests/browser/test_settings.py",
    "settings-import": "tests/web/test_imports.py",
}  # fmt: skip

# Pages that are walked through with Tab alone, from the skip link to the last link of the footer
WALKED = (
    "home", "procedures", "procedure-choose", "help", "help-procedure", "privacy", "contact", "my", "my-notices",
    "my-case", "my-case-act", "desk-inbox", "desk-case", "desk-case-act", "desk-case-office", "desk-notices",
    "desk-registry", "desk-record", "desk-figures", "money", "money-day", "settings", "settings-parameter",
    "settings-participation", "settings-closed-days", "settings-office", "settings-people", "settings-field-new",
    "settings-imports", "settings-webhooks", "operations",
)  # fmt: skip

# Pages that look otherwise before anything has happened
EMPTY = (
    "procedures", "changes", "my", "my-notices", "desk-inbox", "desk-notices", "desk-registry", "desk-figures",
    "desk-effect", "desk-absence", "desk-bulk", "money", "money-standing", "money-days", "money-day", "money-statements", "money-online",
    "settings-closed-days", "settings-history",
    "settings-webhooks", "settings-imports", "settings-fields", "operations",
)  # fmt: skip


def test_every_route_is_looked_at() -> None:
    from kiban.web.urls import urlpatterns

    routes = {str(pattern.name) for pattern in urlpatterns}
    assert sorted(routes - set(PAGES) - set(NO_PAGES)) == []
    assert sorted((set(PAGES) | set(NO_PAGES)) - routes) == []


def _walk(
    visit: Visit, scene: Scene, names: Any, *, width: int, english: bool = False
) -> Iterator[tuple[str, Visitor]]:
    """Each address of the named routes, opened by its person."""
    visitors: dict[str, Visitor] = {}
    for name in names:
        who, addresses = PAGES[name]
        if who not in visitors:
            visitors[who] = visit(width=width, stranger=not who, user=scene.people.get(who), english=english)
        for number, address in enumerate(addresses):
            visitors[who].go(address.format(**scene.plain))
            yield f"{name}-{number}" if number else name, visitors[who]


def _looked(visit: Visit, scene: Scene, names: Any, suffix: str, **how: Any) -> list[str]:
    wrong = []
    for name, visitor in _walk(visit, scene, names, **how):
        try:
            visitor.look(f"{name}-{suffix}")
        except AssertionError as error:
            wrong.append(f"{visitor.page.url} {error}")
    return wrong


def test_filled_on_a_phone(visit: Visit) -> None:
    wrong = _looked(visit, filled(), PAGES, "filled", width=390)
    assert not wrong, "\n".join(wrong)


def test_filled_on_a_desk(visit: Visit) -> None:
    wrong = _looked(visit, filled(), PAGES, "filled", width=1280)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("width", [390, 1280])
def test_empty(visit: Visit, width: int) -> None:
    scene = people()
    wrong = _looked(visit, scene, EMPTY, "empty", width=width)
    assert not wrong, "\n".join(wrong)


def test_with_the_keyboard_alone(visit: Visit) -> None:
    wrong = []
    for name, visitor in _walk(visit, filled(), WALKED, width=1280):
        try:
            _tabs_through(visitor)
        except AssertionError as error:
            wrong.append(f"{name}: {error}")
    assert not wrong, "\n".join(wrong)


def _tabs_through(visitor: Visitor) -> None:
    """Every stop is seen and marked, and the walk reaches the end of the page."""
    keyboard = Keyboard(visitor)
    assert keyboard.tab()["text"] == "本文へ移動する"
    for _ in range(300):
        if keyboard.tab()["text"] == "利用規約":
            return
    raise AssertionError("the end of the page is not reached")


# who, the page, what is typed (selector → text), the button: each is refused and says why
WRONG: dict[str, tuple[str, str, dict[str, str], str]] = {
    "my-claim": ("resident", f"/my/claim/{BODY}/", {}, "main button.button-primary"),
    "my-case-act": ("resident", f"{_MINE}{{lent}}/act/report_loss/", {}, "main .form-foot button"),
    "desk-case-act": ("clerk", f"{_CASES}{{lent}}/act/return/", {}, "main .form-foot button"),
    "desk-case-office": ("clerk", f"{_CASES}{{new}}/office/note/", {}, "main .form-foot button"),
    "desk-hand-over": ("clerk", f"{_CASES}{{new}}/office/hand-over/", {}, "main .form-foot button"),
    "desk-absence": ("admin", f"{_DESK}absence/", {}, "main button.button-primary"),
    "desk-bulk": ("clerk", _DESK, {}, "#many button"),
    "money-day": ("clerk", f"{_DESK}money/days/2026-10-02/", {}, "main button[value=close]"),
    "money": ("clerk", f"{_DESK}money/?from=2026-13-01&to=x", {}, ""),
    "money-statements": ("clerk", f"{_DESK}money/statements/", {}, "main button.button-primary"),
    "money-statement": ("clerk", f"{_DESK}money/statements/{{statement}}/", {}, "main button[value=settle]"),
    "money-columns": ("clerk", f"{_DESK}money/statements/{{raw}}/", {}, "main button[value=columns]"),
    "settings-parameter": ("admin", f"{_SET}parameters/fee/", {}, "main button.button-primary"),
    "settings-participation": ("admin", f"{_SET}participation/", {}, "main button.button-primary"),
    "settings-closed-days": ("admin", f"{_SET}closed-days/", {}, "main button[value=add]"),
    "settings-office": ("admin", f"{_SET}office/", {"#s-email": "x"}, "main button.button-primary"),
    "settings-people": ("admin", f"{_SET}people/", {}, "main button.button-primary"),
    "settings-field-new": ("admin", f"{_SET}fields/permit_application/add/route/", {}, "main button[value=save]"),
    "settings-imports": ("admin", f"{_SET}imports/", {}, "main button.button-primary"),
    "verify": ("resident", "/verify/?number=131229-7K3M", {}, ""),
    "verify-document": ("resident", f"/verify/{BODY}/{{code}}/", {}, "main button.button-primary"),
    "settings-webhooks": ("admin", f"{_SET}webhooks/", {}, "main button.button-primary"),
    "draft": ("resident", f"/drafts/{BODY}/{{draft}}/vehicle/", {}, "main .form-foot button[value=next]"),
}  # fmt: skip


@pytest.mark.parametrize("width", [390, 1280])
def test_wrong(visit: Visit, width: int) -> None:
    scene, wrong = filled(), []
    for name, (who, address, typed, button) in WRONG.items():
        visitor = visit(width=width, user=scene.people[who]).go(address.format(**scene.plain))
        for selector, text in typed.items():
            visitor.page.locator(selector).fill(text)
        if button:
            visitor.page.locator(button).first.click()
            visitor.page.wait_for_load_state()
        try:
            assert visitor.page.locator("main .banner-error, main .problem").count(), (
                f"{name}: nothing is told"
            )
            visitor.look(f"{name}-wrong")
        except AssertionError as error:
            wrong.append(str(error))
        visitor.page.context.close()
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("width", [390, 1280])
def test_signing_in(visit: Visit, width: int, settings: Any) -> None:
    """The page of production, drawn here and shown at the address of the server that runs as a demonstration."""
    from django.test import Client

    settings.MODE = "production"
    client = Client(headers={"Accept-Language": "ja"})
    pages = {
        "sign-in": client.get("/sign-in/?next=/desk/"),
        "sign-in-wrong": client.post("/sign-in/", {"username": "ichiro", "password": "x"}),
        "sign-in-empty": client.post("/sign-in/", {}),
    }
    shown = {"page": b""}
    visitor = visit(width=width, stranger=True)
    visitor.page.route(
        "**/sign-in/",
        lambda route: route.fulfill(body=shown["page"], content_type="text/html; charset=utf-8"),
    )
    for name, answer in pages.items():
        shown["page"] = answer.content
        visitor.go("/sign-in/")
        visitor.see("パスワード")
        visitor.look(name)


@pytest.mark.parametrize("width", [390, 1280])
def test_setting_a_password(visit: Visit, width: int) -> None:
    from urllib.parse import urlsplit

    from kiban.access import passwords

    visitor = visit(width=width, stranger=True)
    visitor.go(urlsplit(passwords.link(people().people["clerk"])).path)
    visitor.look("sign-in-link")
    visitor.page.locator("#password").fill("short")
    visitor.page.locator("main button.button-primary").click()
    visitor.look("sign-in-link-wrong")


@pytest.mark.parametrize("width", [390, 1280])
def test_errors(visit: Visit, width: int) -> None:
    visitor = visit("clerk", width=width)
    visitor.go("/nothing/").look("error-404")
    visitor.go("/?q=%00").look("error-400")
    visitor.go(f"{_DESK}settings/").look("error-403")


_TEXTS = """() => {
  const found = [document.title];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const data = (e) => e.closest('.typed, .law, [lang=ja], textarea, option:not([value=""])[data-name]');
  while (walker.nextNode()) if (!data(walker.currentNode.parentElement)) found.push(walker.currentNode.data);
  for (const e of document.querySelectorAll('[aria-label], [title], [alt], [placeholder]'))
    for (const name of ['aria-label', 'title', 'alt', 'placeholder']) if (e.hasAttribute(name)) found.push(e.getAttribute(name));
  return found.map((text) => text.trim()).filter((text) => /[ぁ-んァ-ヶ一-龠]/.test(text));
}"""
_JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龠々〆ー、。「」（）・]+")


def _data(scene: Scene) -> set[str]:
    """Japanese that is not the program's: names, places, laws, what people typed, what officials have named."""
    from kiban.access.models import User
    from kiban.access.scope import scope
    from kiban.cases.models import Case, Draft
    from kiban.definitions import editions
    from kiban.ops import clock

    texts: set[str] = set(User.objects.values_list("display_name", flat=True))
    with scope(BODY):
        texts |= _strings([case.document for case in Case.objects.filter(body=BODY)])
        texts |= set(Case.objects.filter(body=BODY).values_list("title", flat=True))
    if "resident" in scene.people:
        partition = scene.people["resident"].partition
        with scope(partition):
            texts |= _strings([draft.data for draft in Draft.objects.filter(body=partition)])
    for compiled in editions.catalogue(clock.today()):
        texts |= _strings(
            compiled.service.model_dump(mode="json"), only=("law", "example", "source", "life_events", "unit")
        )
    return {text for text in texts if _JAPANESE.search(text)}


def _strings(value: Any, only: tuple[str, ...] = (), key: str = "") -> set[str]:
    if isinstance(value, str):
        return {value} if not only or key in only else set()
    if isinstance(value, dict):
        return {text for name, item in value.items() for text in _strings(item, only, str(name))}
    if isinstance(value, list | tuple):
        return {text for item in value for text in _strings(item, only, key)}
    return set()


def test_in_english_nothing_of_the_program_is_left_in_japanese(visit: Visit) -> None:
    scene = filled()
    allowed = sorted(_data(scene) | LOCAL, key=len, reverse=True)
    left: dict[str, set[str]] = {}
    for name, visitor in _walk(visit, scene, PAGES, width=1280, english=True):
        for text in visitor.page.evaluate(_TEXTS):
            rest = re.sub(r"（東京都[^）]*）|（[^）]*[都道府県市区町村]）", "", text)
            for known in allowed:
                rest = rest.replace(known, "")
            if re.search(r"[ぁ-んァ-ヶ一-龠]", rest):
                left.setdefault(rest.strip()[:80], set()).add(name)
    assert not left, "\n".join(f"{text!r}: {sorted(names)}" for text, names in left.items())


# What the scene itself has typed, and what stands in the frame on purpose
LOCAL = {
    "日本語", "見本の説明", "警視庁", "北海道警察", "電話で内容を確かめた。", "午後にもう一度かける。", "書き間違えたメモ", "研修",
    "市民課", "総務課", "市民祭", "見本システム", "葛飾区", "東京都", "札幌市", "足立区", "下書き", "国土交通省",
    "2026-10-05 or 令和8年10月5日", "持ち家", "仮", "入金明細", "番号", "決済額", "決済", "日",
}  # fmt: skip

_HIDDEN = ".site-header, .site-footer, .demo-bar, .breadcrumbs, .skip-link, .buttons, .desk-tabs, .filters, .screen-only"


def test_on_paper_there_is_the_content_alone(visit: Visit, tmp_path: Path) -> None:
    scene = filled()
    names = (
        "my-case",
        "my-case-received",
        "desk-case",
        "desk-registry",
        "desk-record",
        "desk-inbox",
        "desk-figures",
        "money",
        "money-day",
    )
    for name, visitor in _walk(visit, scene, names, width=794):  # A4 at 96 dpi
        page = visitor.page
        page.emulate_media(media="print")
        shown = page.evaluate(
            f"() => [...document.querySelectorAll('{_HIDDEN}')].filter((e) => e.checkVisibility()).map((e) => e.outerHTML.slice(0, 120))"
        )
        assert shown == [], name
        assert page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth") <= 0, name
        _painted(visitor, f"{name}-print")
        page.emulate_media(media="screen")


def _painted(visitor: Visitor, name: str) -> None:
    import os

    folder = os.environ.get("KIBAN_PICTURES")
    if folder:
        visitor.page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)
        visitor.page.pdf(path=str(Path(folder) / f"{name}.pdf"), format="A4")
