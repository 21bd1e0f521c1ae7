"""Hostile input at the pages: every address, every method, every field; always a page in Japanese, never a 500."""

from __future__ import annotations

import html
import re
import uuid
from collections.abc import Callable, Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.hostile.conftest import BODY, DATA, OTHER, SERVICE
from tests.hostile.wire import JAPANESE
from tests.web.applying import START, begin, fill_all, pdf
from tests.web.conftest import Pages, form_of

if TYPE_CHECKING:
    from django.http import HttpResponse

    from kiban.ops.testing import TestDatabase

Person = Callable[..., Pages]
_INSIDE = ("Traceback", "psycopg", "kiban/web", "SELECT ")
_PARTS = [
    "x", "0", "none", "131229", "temporary-plate", "permit", "plates", str(uuid.UUID(int=7)), "%00", "%ED%A0%BD", "%FF",
    "%F0%9F%98%80", "..%2F..%2Fetc", "%3Cscript%3E", "'", "a" * 3000, "__class__", "%E8%A6%8B%E6%9C%AC",
]  # fmt: skip
_QUERIES = [
    "", "q=%00", "q=%ED%A0%BD", "q=" + "x" * 5000, "cursor=x", "cursor=WzFd", "state=%FF", "page=-1", "page=1e9", "due=2026-02-30",
    "year=0", "year=99999999999999", "key=%00", "key=x&key=y", "next=//evil.example", "next=javascript:alert(1)", "problems", "q=%3Cscript%3E",
    "body=..%2F", "from=2026-02-30&to=x", "month=2026-13", "state[]=1", "a=" + "&a=" * 300,
]  # fmt: skip
_TEXTS = [
    "", " 　", "長" * 50_000, "😀", "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a\x00b", "\x1b[31m", "\u202egpj.exe",
    "２０２６－０２－３０", "2026-02-30", "令和8年2月30日", "１２３４５", "NaN", "1e400", "-1", "9" * 400, "[]", "{}", "null", "\ufffd", "on", "葛󠄀",
]  # fmt: skip


@pytest.fixture
def person(database: TestDatabase) -> Iterator[Person]:
    """Signed-in pages of staff with roles, of a resident (no roles) or of a visitor (`anybody=True`)."""
    from kiban.access import actors
    from kiban.access.models import User
    from kiban.definitions.publish import publish_folder
    from kiban.kernel.scenarios.model import moment
    from kiban.ops import clock

    clock.set_clock(moment("2026-10-02T10:00"))
    publish_folder(SERVICE)

    def make(*roles: str, body: str = BODY, anybody: bool = False) -> Pages:
        if anybody:
            return Pages()
        user = User.objects.create_user(
            username=uuid.uuid4().hex, display_name="見本 花子", kind="staff" if roles else "party",
            party=None if roles else uuid.uuid4(),
        )  # fmt: skip
        for role in roles:
            actors.grant(user, body, SERVICE.name, role, date(2026, 4, 1), "市民課")
        return Pages(user)

    yield make
    clock.set_clock(None)


@pytest.fixture
def case(person: Person) -> str:
    """A case that a clerk has entered at the counter."""
    from kiban.access.actors import actor_for
    from kiban.cases import door
    from kiban.definitions import editions
    from kiban.ops import clock

    user = person("clerk").user
    assert user is not None
    actor = actor_for(user, BODY, editions.current(SERVICE.name, clock.today()).service, on=clock.today())
    data = {name: value for name, value in DATA.items() if name != "attachments"}
    made = door.act(
        BODY,
        SERVICE.name,
        "permit",
        None,
        "submit",
        actor,
        data,
        idempotency_key=uuid.uuid4().hex,
        route="test",
    )
    assert made.status == "done", made.refusal
    return made.case_id


def proper(answer: HttpResponse, address: str = "") -> None:
    """A page or an answer that leads on; what is refused is told in Japanese without anything of the inside."""
    assert answer.status_code < 500, (answer.status_code, address)
    if answer.status_code >= 400:
        text = answer.content.decode()
        assert not text or answer.status_code == 405 or JAPANESE.search(text), text[:300]
        assert not any(word in text for word in _INSIDE)
    if answer.status_code in (301, 302, 303):
        assert re.match(r"/(?!/)|\?|\.\./", answer.headers["Location"]), answer.headers["Location"]


def _routes() -> list[str]:
    from django.urls import get_resolver

    def walk(patterns: list[Any], prefix: str) -> Iterator[str]:
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if hasattr(pattern, "url_patterns"):
                yield from walk(pattern.url_patterns, route)
            elif not route.startswith("api/") and "^" not in route:
                yield route

    return sorted(set(walk(list[Any](get_resolver().url_patterns), "")))


def _filled(route: str, case: str, part: str | None = None) -> str:
    """An address of a route: with what exists, or with `part` in every place."""
    known = {"body": BODY, "code": BODY, "service": SERVICE.name, "procedure": "permit", "case": case, "draft": case,
             "document": case, "action": "accept", "registry": "plates", "sha256": "5" * 64, "step": "applicant",
             "user": case, "token": "x-y"}  # fmt: skip
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda m: part or known.get(m[1], "x"), route)


@pytest.mark.parametrize("who", ["anybody", "resident", "clerk", "clerk of another body"])
def test_every_address_with_anything_in_it(person: Person, case: str, who: str) -> None:
    pages = {
        "anybody": lambda: person(anybody=True), "resident": person, "clerk": lambda: person("clerk"),
        "clerk of another body": lambda: person("clerk", body=OTHER),
    }[who]()  # fmt: skip
    routes = _routes()
    assert len(routes) > 30
    for route in routes:
        for part in _PARTS if "<" in route else ("",):
            proper(pages.client.get(address := _filled(route, case, part)), address)
        for query in _QUERIES:
            proper(pages.client.get(address := f"{_filled(route, case)}?{query}"), address)


@pytest.mark.parametrize("who", ["anybody", "resident", "clerk"])
def test_every_address_with_every_method(person: Person, case: str, who: str) -> None:
    pages = person(anybody=True) if who == "anybody" else person("clerk") if who == "clerk" else person()
    for route in _routes():
        if route.startswith(("sign-out", "demo/clock")):
            continue
        for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "HEAD"):
            proper(pages.client.generic(method, _filled(route, case)))
        for kind, raw in (
            ("application/json", b'{"a": "\\ud83d"}'), ("multipart/form-data", b"x"), ("text/plain", b"\x00"),
            ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\n\xff\xfe"),
            ("application/x-www-form-urlencoded", b"%ff=%00&do=%ED%A0%BD&csrfmiddlewaretoken=%00"),
            ("application/x-www-form-urlencoded; charset=utf-7", b"a=b"), ("application/x-www-form-urlencoded; charset=none", b"a=b"),
        ):  # fmt: skip
            proper(pages.client.generic("POST", _filled(route, case), raw, content_type=kind))


def test_a_page_that_one_may_not_see_is_one_that_does_not_exist(person: Person, case: str) -> None:
    nothing = str(uuid.uuid4())
    for pages in (person(), person("clerk", body=OTHER)):
        for path in (f"/desk/{BODY}/cases/%s/", f"/my/cases/{BODY}/%s/", f"/desk/{BODY}/cases/%s/act/accept/",
                     f"/desk/{BODY}/cases/%s/documents/{nothing}/"):  # fmt: skip
            one, other = (pages.client.get(path % name) for name in (case, nothing))
            assert one.status_code == other.status_code == 404, path
            assert _without_nonces(one, case) == _without_nonces(other, nothing), path


def _without_nonces(answer: HttpResponse, name: str) -> str:
    text = answer.content.decode().replace(name, "<case>")
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)


@pytest.mark.parametrize("text", _TEXTS, ids=[repr(text[:24]) for text in _TEXTS])
def test_every_field_of_every_step(person: Person, text: str) -> None:
    """What was typed into each field comes back exactly, escaped; the draft goes on."""
    pages = person()
    begin(pages)
    for step in ("applicant", "receiver", "vehicle", "route", "period", "insurance", "papers"):
        url = re.sub(r"[^/]+/\Z", f"{step}/", pages.url)
        page = pages.get(url)
        data = {name: (text if name.startswith("f.") else value) for name, value in form_of(page).items()}
        for do in ("next", "save", "add:attachments", f"remove:{text[:30]}", text[:30]):
            answer = pages.client.post(url, {**data, "do": do})
            proper(answer)
            shown = answer.content.decode()
            assert "<script>alert" not in shown and "<img src=x" not in shown
    proper(pages.client.post(re.sub(r"[^/]+/\Z", "confirm/", pages.url), {"do": "send"}))


def test_what_was_typed_wrong_is_shown_again(person: Person) -> None:
    pages = person()
    begin(pages)
    typed = "<b>太郎</b>\"'&"
    shown = pages.fill(pages.get(pages.url), status=422, applicant_name=typed, applicant_phone="☎")
    assert html.escape(typed) in shown.replace("&#39;", "&#x27;") and "☎" in shown


def test_a_double_click_on_the_last_page_opens_one_case(person: Person, database: TestDatabase) -> None:
    pages = person()
    fill_all(pages, begin(pages))
    url = pages.url
    first, second = (pages.client.post(url, {"do": "send"}) for _ in range(2))
    assert first.status_code == second.status_code == 302
    assert first.headers["Location"] == second.headers["Location"]
    row = database.administrator.execute("SELECT count(*) FROM cases_case").fetchone()
    assert row == (1,)


@pytest.mark.parametrize("data", [
    {"seq": "x"}, {"seq": "-1"}, {"seq": "9" * 400}, {"seq": "１"}, {"key": ""}, {"key": "x" * 5000}, {"key": "あ"}, {"key": "a\x00"},
    {"reason.E-X": "x" * 5000}, {"reason.W": "\x00"}, {"reason.": "x"}, {"f.department": "\x00"}, {"f.department": ["a", "b"]},
    {"on": ["x"] * 4000}, {"on": "department", "f.department": "x" * 100_000}, {"do": "\ufffd"}, {f"f.{n}": "x" for n in range(4000)},
])  # fmt: skip
def test_an_act_with_anything_in_its_form(person: Person, case: str, data: dict[str, Any]) -> None:
    pages = person("clerk")
    url = f"/desk/{BODY}/cases/{case}/act/accept/"
    form = form_of(pages.get(url))
    proper(pages.client.post(url, {**form, **data}))


def test_too_much(person: Person) -> None:
    pages = person()
    begin(pages)
    for data in ({f"f.x{n}": "" for n in range(6000)}, {"f.applicant_name": "x" * 5_000_000},
                 {f"f.file{n}": pdf() for n in range(30)}):  # fmt: skip
        answer = pages.client.post(pages.url, data)
        proper(answer)
        assert answer.status_code in (400, 413)


@pytest.mark.parametrize(
    "content",
    [b"", b"MZ\x90", b"<svg onload=alert(1)>", b"%PDF", b"GIF89a", b"\x89PNG\r\n", b"x" * 11_000_000],
)
@pytest.mark.parametrize(
    "name", ["a.pdf", "../../x.pdf", "a\x00.pdf", "長" * 300 + ".pdf", "<script>.pdf", ""]
)
def test_files_that_are_none(person: Person, content: bytes, name: str) -> None:
    pages = person()
    begin(pages)
    url = re.sub(r"[^/]+/\Z", "papers/", pages.url)
    page = pages.get(url)
    page = pages.post(url, {**form_of(page), "do": "add:attachments"})
    form = {**form_of(page), "f.attachments.1.kind": "insurance", "do": "next"}
    form["f.attachments.1.file"] = pdf(name or "x", content)
    proper(pages.client.post(url, form))


def test_a_form_without_its_token(person: Person) -> None:
    from django.test import Client

    user = person().user
    assert user is not None
    client = Client(enforce_csrf_checks=True, headers={"Accept-Language": "ja"})
    client.force_login(user)
    answer = client.post(START, {})
    assert answer.status_code == 403
    proper(answer)


_anything = st.text(max_size=30) | st.sampled_from(_TEXTS)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(
    step=st.sampled_from(["applicant", "vehicle", "route", "period", "papers", "confirm"]),
    names=st.lists(st.sampled_from(sorted(DATA)) | st.text(max_size=10), max_size=5),
    values=st.lists(_anything, min_size=5, max_size=5),
    do=st.sampled_from(["next", "back", "save", "send", "leave", "add:attachments", "remove:attachments:1"]) | _anything,
    partial=st.booleans(),
)  # fmt: skip
def test_anything_posted_to_a_step(
    draft: tuple[Pages, str], step: str, names: list[str], values: list[str], do: str, partial: bool
) -> None:
    pages, url = draft
    data: dict[str, Any] = {"on": names, "do": do, "take": f"{names[0]}={values[0]}" if names else ""}
    for name, value in zip(names, values, strict=False):
        data[f"f.{name}"] = value
        data[f"f.{name}.1.kind"] = value
    headers = {"HX-Request": "true"} if partial else {}
    proper(pages.client.post(re.sub(r"[^/]+/\Z", f"{step}/", url), _sendable(data), headers=headers))


@pytest.fixture
def draft(person: Person) -> tuple[Pages, str]:
    pages = person()
    begin(pages)
    return pages, pages.url


def _sendable(data: dict[str, Any]) -> dict[str, Any]:
    """Lone surrogates can't be sent by a browser: they come as U+FFFD."""

    def plain(value: Any) -> Any:
        if isinstance(value, list):
            return [plain(item) for item in value]
        return value.encode("utf-8", "replace").decode()

    return {plain(name): plain(value) for name, value in data.items()}
