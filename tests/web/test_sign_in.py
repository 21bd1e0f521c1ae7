"""Signing in with a password: links that hold once, locks that end, sessions that end."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.conftest import BODY, Pages

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

    from kiban.access.models import User

SECRET = "correct horse battery"
Words = Callable[[str], str]


@pytest.fixture
def staff(published: None, settings: SettingsWrapper) -> User:
    """A clerk with a password, in an installation that is no demonstration."""
    from datetime import date

    from kiban.access import actors
    from kiban.access.models import User

    settings.MODE = "production"
    user = User.objects.create_user("hanako", SECRET, display_name="見本 花子", kind="staff")
    actors.grant(user, BODY, "temporary-plate", "clerk", date(2026, 4, 1), "市民課")
    return user


def _try(pages: Pages, password: str, status: int = 200, name: str = "hanako", **more: Any) -> str:
    return pages.post("/sign-in/", {"username": name, "password": password, **more}, status)


def test_the_page_takes_name_and_password_and_goes_where_one_wanted(staff: User) -> None:
    pages = Pages()
    asked = pages.get("/desk/")
    assert pages.url == "/sign-in/" and 'name="next" value="/desk/"' in asked
    _try(pages, SECRET, next="/desk/")
    assert pages.url.startswith("/desk/")
    assert staff.password.startswith("argon2$argon2id$")


def test_it_never_leads_to_another_site(staff: User) -> None:
    pages = Pages()
    _try(pages, SECRET, next="https://elsewhere.example/")
    assert pages.url.startswith("/desk/")


def test_wrong_and_unknown_get_the_same_words(staff: User, words: Words) -> None:
    token = re.compile(r'value="[A-Za-z0-9]{64}"')
    wrong = token.sub("", _try(Pages(), "wrong", 422))
    unknown = token.sub("", _try(Pages(), "wrong", 422, name="hanaki").replace("hanaki", "hanako"))
    assert wrong == unknown
    assert "利用者名またはパスワードが正しくありません" in words(wrong)
    assert "wrong" not in wrong.replace("field-wrong", "")


def test_what_is_missing_is_said_beside_its_field(staff: User, words: Words) -> None:
    said = _try(Pages(), "", 422, name=" ")
    assert 'href="#username"' in said and 'href="#password"' in said
    assert "パスワードを入力してください。" in words(said)


@pytest.mark.parametrize("name", ["hanako", "nobody"])
def test_five_failures_lock_a_name_even_for_the_right_password(staff: User, words: Words, name: str) -> None:
    for _ in range(5):
        _try(Pages(), "wrong", 422, name=name)
    said = words(_try(Pages(), SECRET, 429, name=name))
    assert "サインインの失敗が続いたため、一時的に停止しています" in said
    assert re.search(r"\d{1,2}:\d{2}以降に", said)


def test_a_lock_ends_by_itself_or_by_the_operator(staff: User) -> None:
    from kiban.access import passwords
    from kiban.access.models import SignInFailures

    for _ in range(6):
        passwords_failed = Pages().client.post("/sign-in/", {"username": "Hanako ", "password": "x"})
    assert passwords_failed.status_code == 429, "case and spaces are no way round"
    assert passwords.unlock("hanako")
    _try(Pages(), SECRET)
    for _ in range(6):
        Pages().client.post("/sign-in/", {"username": "hanako", "password": "x"})
    row = SignInFailures.objects.order_by("-count").first()
    for row in SignInFailures.objects.all():
        row.until -= timedelta(minutes=16)
        row.save()
    _try(Pages(), SECRET)


def test_many_names_from_one_address_lock_the_address(staff: User, monkeypatch: pytest.MonkeyPatch) -> None:
    from kiban.access import passwords

    monkeypatch.setattr(passwords, "ADDRESS_LIMIT", 3)
    for number in range(3):
        _try(Pages(), "wrong", 422, name=f"somebody-{number}")
    _try(Pages(), SECRET, 429)
    other = Pages()
    other.client.defaults["REMOTE_ADDR"] = "192.0.2.7"
    _try(other, SECRET)


def test_attempts_at_the_same_moment_win_nothing(staff: User) -> None:
    """Sixteen at once: no more than five passwords are looked at."""
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connections
    from django.test import Client

    def attempt(_: int) -> int:
        try:
            return Client().post("/sign-in/", {"username": "hanako", "password": "wrong"}).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(attempt, range(16)))
    assert (found.count(422), found.count(429)) == (5, 11)


def test_a_link_sets_a_password_once(staff: User, words: Words) -> None:
    from kiban.access import passwords

    path = passwords.link(staff).removeprefix("http://localhost:8000")
    assert path.startswith(f"/sign-in/link/{staff.id}/")
    pages = Pages()
    assert "hanako" in pages.get(path)
    pages.get(path)  # looking at it does not use it up
    said = words(pages.post(path, {"password": "short", "again": "short"}, 422))
    assert "短すぎます" in said
    said = words(pages.post(path, {"password": "a new long one 1", "again": "a new long one 2"}, 422))
    assert "2つのパスワードが違っています" in said
    pages.post(path, {"password": "a new long one 1", "again": "a new long one 1"})
    assert pages.url.startswith("/desk/")
    assert "このリンクは使えません" in words(Pages().get(path, 404))
    _try(Pages(), "a new long one 1")


def test_a_link_of_another_person_or_day_does_not_hold(staff: User, settings: SettingsWrapper) -> None:
    from kiban.access import passwords

    path = passwords.link(staff).removeprefix("http://localhost:8000")
    Pages().get(path.replace(str(staff.id), str(uuid.uuid4())), 404)
    settings.PASSWORD_RESET_TIMEOUT = -1
    Pages().get(path, 404)


def test_who_was_disabled_is_out_at_once(staff: User) -> None:
    pages = Pages()
    _try(pages, SECRET)
    staff.is_active = False
    staff.save()
    pages.get("/desk/")
    assert pages.url == "/sign-in/"
    _try(Pages(), SECRET, 422)


def test_a_new_password_ends_other_sessions(staff: User) -> None:
    pages = Pages()
    _try(pages, SECRET)
    staff.set_password("another long one 5")
    staff.save()
    pages.get("/desk/")
    assert pages.url == "/sign-in/"


def test_a_session_ends_when_nothing_happens(staff: User, settings: SettingsWrapper, words: Words) -> None:
    pages = Pages()
    _try(pages, SECRET)
    session = pages.client.session
    assert abs(session["kiban_seen"] - time.time()) < 30
    session["kiban_seen"] = int(time.time()) - settings.KIBAN_SESSION_IDLE - 5
    session.save()
    said = pages.get("/desk/")
    assert pages.url == "/sign-in/" and "しばらく操作がなかったため" in words(said)


def test_a_session_ends_after_a_day_of_work(staff: User, settings: SettingsWrapper) -> None:
    pages = Pages()
    _try(pages, SECRET)
    session = pages.client.session
    session["kiban_begun"] = int(time.time()) - settings.SESSION_COOKIE_AGE - 5
    session.save()
    pages.get("/desk/")
    assert pages.url == "/sign-in/"


def test_signing_out_needs_a_post(staff: User) -> None:
    pages = Pages()
    _try(pages, SECRET)
    pages.get("/sign-out/", 405)
    pages.post("/sign-out/", {})
    pages.get("/desk/")
    assert pages.url == "/sign-in/"
