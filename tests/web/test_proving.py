"""Important acts ask again who somebody is: by password, with their provider, or as a person of the demonstration."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

import pytest

from tests.web.conftest import BODY, Pages, form_of

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

    from kiban.access.models import User

SECRET = "correct horse battery"
PEOPLE = f"/desk/{BODY}/temporary-plate/settings/people/"
GIVEN = {
    "username": "jiro",
    "display_name": "例示 二郎",
    "role": "clerk",
    "from": "2026-10-05",
    "why": "異動",
}
Words = Callable[[str], str]


@pytest.fixture
def admin(published: None) -> User:
    from kiban.access import actors
    from kiban.access.models import User

    user = User.objects.create_user("hanako", SECRET, display_name="見本 花子", kind="staff")
    actors.grant(user, BODY, "temporary-plate", "body_admin", date(2026, 4, 1), "市民課")
    return user


def _a_while_ago(pages: Pages) -> None:
    """As if the last sign-in were longer ago than a proof lasts."""
    session = pages.client.session
    session["kiban_proved"] -= 11 * 60
    session.save()


def _given() -> bool:
    from kiban.access.models import RoleGrant

    return RoleGrant.objects.filter(user__username="jiro").exists()


def test_who_has_just_signed_in_is_not_asked(admin: User) -> None:
    Pages(admin).post(PEOPLE, GIVEN)
    assert _given()


def test_later_the_password_is_asked_for_and_the_form_waits(admin: User, words: Words) -> None:
    pages = Pages(admin)
    _a_while_ago(pages)
    pages.get(PEOPLE)  # looking is free
    asked = pages.post(PEOPLE, GIVEN, 403)
    assert "ご本人の確認" in words(asked) and "例示 二郎" in asked and not _given()
    wrong = pages.post("/sign-in/again/", {**form_of(asked), "password": "wrong"}, 422)
    assert "まだ確認できていません" in words(wrong)
    assert "パスワードが正しくありません" in words(wrong) and "例示 二郎" in wrong
    before = pages.client.cookies["kiban_session"].value
    waiting = pages.post("/sign-in/again/", {**form_of(wrong), "password": SECRET})
    assert f'action="{PEOPLE}"' in waiting and not _given(), "sent by the person, not by us"
    assert pages.client.cookies["kiban_session"].value != before
    assert SECRET not in waiting
    pages.post(PEOPLE, form_of(waiting))
    assert _given()


def test_guesses_count_as_failed_sign_ins(admin: User) -> None:
    pages = Pages(admin)
    _a_while_ago(pages)
    for _ in range(5):
        pages.post("/sign-in/again/", {"password": "wrong"}, 422)
    pages.post("/sign-in/again/", {"password": SECRET}, 429)
    pages.post(PEOPLE, GIVEN, 403)


def test_a_stranger_is_asked_to_sign_in_and_nothing_leads_elsewhere(admin: User) -> None:
    stranger = Pages()
    stranger.get("/sign-in/again/")
    assert stranger.url in ("/sign-in/", "/demo/")
    pages = Pages(admin)
    pages.post("/sign-in/again/", {"password": SECRET, "next": "https://elsewhere.example/"})
    assert pages.url == "/"


def test_a_person_of_the_demonstration_presses_a_button_and_nobody_does_in_production(
    admin: User, settings: SettingsWrapper, words: Words
) -> None:
    admin.set_unusable_password()
    admin.save()
    pages = Pages(admin)
    _a_while_ago(pages)
    asked = pages.post(PEOPLE, GIVEN, 403)
    assert "このデモの人物として続ける" in words(asked)
    settings.MODE = "production"
    pages.post("/sign-in/again/", {}, 422)
    assert "もう一度サインインすると" in words(pages.post(PEOPLE, GIVEN, 403))
    settings.MODE = "demo"
    pages.post("/sign-in/again/", form_of(asked))
    pages.post(PEOPLE, GIVEN)
    assert _given()


def test_webhooks_and_the_api_ask_too_but_not_a_token(admin: User) -> None:
    from kiban.access import actors

    pages = Pages(admin)
    _a_while_ago(pages)
    pages.post(f"/desk/{BODY}/temporary-plate/settings/webhooks/", {"url": "https://hook.example.jp/"}, 403)
    address = f"/api/v1/bodies/{BODY}/services/temporary-plate/settings/grants"
    said = pages.client.post(address, json.dumps(GIVEN), "application/json")
    assert (said.status_code, said.json()["code"]) == (403, "proof_needed")
    token = actors.new_token(admin)
    said = Pages().client.post(
        address, json.dumps(GIVEN), "application/json", headers={"Authorization": f"Bearer {token}"}
    )
    assert said.status_code == 201 and _given()
