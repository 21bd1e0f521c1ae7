"""The end of a session: told before, and nothing that was typed is lost, with or without a script."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from tests.web.applying import STEPS, apply, attach, begin, pdf
from tests.web.conftest import Pages, form_of

Person = Callable[..., Pages]
Words = Callable[[str], str]


def _sign_out(pages: Pages) -> None:
    del pages.client.cookies[settings.SESSION_COOKIE_NAME]


def _kept(page: str) -> dict[str, Any]:
    found = re.search(r'name="kept" value="([^"]*)"', page.split("<main")[1])
    assert found
    kept = json.loads(html.unescape(found[1]))
    assert isinstance(kept, dict)
    return kept


def _sign_in_again(pages: Pages, page: str, username: str) -> str:
    """Chooses a person on the page that asks to sign in, with what it carries along."""
    data = {"person": username, "next": kept["to"], "kept": json.dumps(kept)} if (kept := _kept(page)) else {}
    return pages.post("/demo/sign-in/", data)


@pytest.fixture
def demo_person(person: Person, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Pages]:
    """Somebody who stands among the people of the demonstration."""
    from kiban.ops import demo

    def make(*roles: str) -> Pages:
        pages = person(*roles)
        assert pages.user is not None
        known = SimpleNamespace(
            username=pages.user.username, kind="staff" if roles else "party", name="見本", note="", body="131229",
            service="temporary-plate", role_label="", key="",
        )  # fmt: skip
        monkeypatch.setattr(demo, "people", lambda: [known])
        return pages

    return make


def test_how_long_it_lasts_is_told_without_making_it_longer(person: Person) -> None:
    resident = person()
    resident.get("/my/")
    said = resident.client.get("/session/").json()
    assert said == {"seconds": pytest.approx(settings.KIBAN_SESSION_IDLE, abs=5), "extendable": True}
    session = resident.client.session
    session["kiban_seen"] -= 3000
    session.save()
    assert resident.client.get("/session/").json()["seconds"] == pytest.approx(600, abs=5)
    assert resident.client.get("/session/").json()["seconds"] == pytest.approx(600, abs=5)
    assert resident.client.post("/session/").json()["seconds"] == pytest.approx(3600, abs=5)


def test_after_eight_hours_it_can_not_go_on(person: Person) -> None:
    resident = person()
    resident.get("/my/")
    session = resident.client.session
    session["kiban_begun"] -= settings.SESSION_COOKIE_AGE - 120
    session.save()
    assert resident.client.post("/session/").json() == {
        "seconds": pytest.approx(120, abs=5),
        "extendable": False,
    }


def test_a_stranger_has_no_session(anybody: Pages) -> None:
    assert anybody.client.get("/session/").json() == {"seconds": 0, "extendable": False}
    assert anybody.client.post("/session/").json()["seconds"] == 0
    assert 'id="session"' not in anybody.get("/")


def test_every_page_of_somebody_signed_in_can_warn(person: Person) -> None:
    page = person().get("/my/")
    assert 'id="session"' in page and f'data-seconds="{settings.KIBAN_SESSION_IDLE}"' in page


def test_a_step_sent_after_the_end_comes_back_as_it_was_typed(demo_person: Person, words: Words) -> None:
    resident = demo_person()
    page = begin(resident)
    where = resident.url
    _sign_out(resident)
    page = resident.fill(page, url=where, applicant_name="𠮷田　髙志", applicant_phone="あ\r\nい")
    assert "入力した内容は残っています" in words(page)
    assert resident.user is not None
    page = _sign_in_again(resident, page, resident.user.username)
    assert "元の画面に戻ります" in words(page)
    assert f'action="{where}"' in page
    page = resident.post(where, form_of(page))
    assert resident.url == where
    assert 'value="𠮷田　髙志"' in page
    assert "あ" in page
    assert "データ" not in page


def test_a_confirmation_sent_after_the_end_is_not_sent_by_itself(demo_person: Person, words: Words) -> None:
    from kiban.access.scope import scope
    from kiban.cases.models import Case

    resident = demo_person()
    page = begin(resident)
    for step, values in STEPS.items():
        page = attach(resident, page) if step == "papers" else page
        page = resident.fill(page, **values)
    where = resident.url
    _sign_out(resident)
    page = resident.post(where, {"do": "send"})
    assert resident.user is not None
    page = _sign_in_again(resident, page, resident.user.username)
    page = resident.post(where, form_of(page))
    assert "入力内容の確認" in words(page)
    with scope("131229"):
        assert not Case.objects.filter(body="131229").exists()


def test_an_act_of_staff_comes_back_as_it_was_typed(
    demo_person: Person, person: Person, words: Words
) -> None:
    resident = person()
    apply(resident)
    case = resident.url.removesuffix("received/").replace("/my/cases/131229/", "/desk/131229/cases/")
    clerk = demo_person("clerk")
    page = clerk.get(f"{case}act/accept/")
    _sign_out(clerk)
    page = clerk.fill(page, url=f"{case}act/accept/", do="send", department="市民課第二係")
    assert clerk.user is not None
    page = _sign_in_again(clerk, page, clerk.user.username)
    page = clerk.post(f"{case}act/accept/", form_of(page))
    assert 'value="市民課第二係"' in page
    assert "受付" in words(clerk.get(case))


def test_chosen_files_are_named(demo_person: Person, words: Words) -> None:
    resident = demo_person()
    page = begin(resident)
    where = resident.url
    _sign_out(resident)
    page = resident.post(where, {**form_of(page), "do": "next", "f.attachments.1.file": pdf("車検証.pdf")})
    assert resident.user is not None
    page = _sign_in_again(resident, page, resident.user.username)
    assert "次のファイルは、もう一度選んでください：車検証.pdf" in words(page)


def test_a_script_is_told_that_it_is_over(person: Person) -> None:
    resident = person()
    begin(resident)
    where = resident.url
    _sign_out(resident)
    answer = resident.client.post(where, {"do": ""}, headers={"HX-Request": "true"})
    assert answer.status_code == 401


def test_the_language_changes_and_what_was_typed_stays(person: Person, words: Words) -> None:
    resident = person()
    page = begin(resident)
    where = resident.url
    page = resident.fill(page, applicant_name="見本 花子", status=422)
    found = re.search(r'name="kept" value="([^"]*)"', page.split("<main")[0])
    assert found  # the page came from a form: the switch carries it along
    page = resident.post("/language/", {"language": "en", "next": where, "kept": html.unescape(found[1])})
    assert "Go on with what you entered" in words(page)
    page = resident.post(where, form_of(page))
    assert '<html lang="en">' in page and 'value="見本 花子"' in page


def test_a_form_that_was_open_while_its_person_signed_in_again_is_not_lost(
    person: Person, words: Words
) -> None:
    resident = person()
    page = begin(resident)
    assert resident.user is not None
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(resident.user)
    data = {**form_of(page), "f.applicant_name": "見本 花子", "csrfmiddlewaretoken": "x" * 64}
    answer = strict.post(resident.url, data, headers={"Origin": "http://testserver"})
    said = answer.content.decode()
    assert answer.status_code == 200
    assert "入力の続きに戻ります" in words(said)
    assert "見本 花子" in said
    assert "x" * 64 not in said
    foreign = strict.post(resident.url, data, headers={"Origin": "http://example.com"})
    assert foreign.status_code == 403
    assert "見本 花子" not in foreign.content.decode()


@pytest.mark.parametrize(
    "kept",
    [
        "", "{", "[]", "null", '{"to": 1}', '{"to": "https://example.com/", "fields": []}', '{"to": "//x/", "fields": []}',
        '{"to": "/nothing/", "fields": []}', '{"to": "/my/", "fields": {}}', '{"to": "/my/", "fields": [["a"]], "files": {}}',
        '{"to": "/my/", "fields": [["a", 1], ["csrfmiddlewaretoken", "b"]]}', "[" * 100_000,
    ],
)  # fmt: skip
def test_what_no_page_has_written_is_not_carried(demo_person: Person, kept: str) -> None:
    resident = demo_person()
    assert resident.user is not None
    page = resident.post("/demo/sign-in/", {"person": resident.user.username, "next": "/my/", "kept": kept})
    assert "example.com" not in page
    assert 'name="csrfmiddlewaretoken">\n' not in page


def test_a_password_is_never_carried(published: None) -> None:
    client = Client()
    answer = client.post("/sign-in/", {"username": "x", "password": "verschwiegen", "next": "/"}, follow=True)
    assert "verschwiegen" not in answer.content.decode()
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(
        "/sign-in/", {"username": "x", "password": "verschwiegen"}, headers={"Origin": "http://testserver"}
    )
    assert "verschwiegen" not in answer.content.decode()


def test_sessions_that_have_ended_are_deleted(published: None) -> None:
    from datetime import timedelta

    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session
    from django.utils import timezone

    from kiban.access import sessions

    for seconds in (-60, 60):
        store = SessionStore()
        store.set_expiry(timezone.now() + timedelta(seconds=seconds))
        store.save()
    assert sessions.forget_old(timezone.now()) == 1
    assert Session.objects.count() == 1
