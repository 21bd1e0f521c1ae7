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


def _elsewhere(address: str) -> Pages:
    pages = Pages()
    pages.client.defaults["REMOTE_ADDR"] = address
    return pages


def _later(**time: float) -> None:
    """As if so much time had passed since the last attempts."""
    from kiban.access.models import SignInFailures

    for row in SignInFailures.objects.all():
        row.wait_until -= timedelta(**time)
        row.until -= timedelta(**time)
        row.save()


@pytest.mark.parametrize("name", ["hanako", "nobody"])
def test_after_five_failures_one_waits_even_with_the_right_password(
    staff: User, words: Words, name: str
) -> None:
    for _ in range(5):
        _try(Pages(), "wrong", 422, name=name)
    pages = Pages()
    said = words(_try(pages, SECRET, 429, name=name))
    assert "サインインの失敗が続いたため、一時的に停止しています" in said
    assert re.search(r"\d{1,2}:\d{2}:\d{2}以降に", said)
    assert 1 <= int(pages.answer["Retry-After"]) <= 15


def test_the_wait_doubles_and_ends_by_itself(staff: User) -> None:
    for _ in range(5):
        _try(Pages(), "wrong", 422)
    for longest in (15, 30, 60, 120, 240, 480, 900, 900):
        pages = Pages()
        _try(pages, "wrong", 429)
        assert longest - 14 <= int(pages.answer["Retry-After"]) <= longest
        _later(seconds=longest + 1)
        _try(pages, "wrong", 422)
    _later(seconds=901)
    _try(Pages(), SECRET)
    _try(Pages(), "wrong", 422)
    _try(Pages(), SECRET)


def test_case_and_blanks_are_no_way_round_and_the_operator_ends_it(staff: User) -> None:
    from kiban.access import passwords

    for _ in range(6):
        answer = Pages().client.post("/sign-in/", {"username": "Hanako ", "password": "x"})
    assert answer.status_code == 429
    assert passwords.unlock("hanako")
    _try(Pages(), SECRET)


def test_who_tries_a_name_elsewhere_does_not_lock_its_person_out(staff: User) -> None:
    for _ in range(6):
        _elsewhere("203.0.113.9").client.post("/sign-in/", {"username": "hanako", "password": "x"})
    _try(_elsewhere("203.0.113.9"), SECRET, 429)
    _try(_elsewhere("192.0.2.7"), SECRET)


def test_a_known_device_is_counted_for_itself(staff: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the name tried from everywhere, nor others behind the same address, stop it."""
    from kiban.access import passwords

    monkeypatch.setattr(passwords, "NAME_LIMIT", 3)
    monkeypatch.setattr(passwords, "ADDRESS_LIMIT", 4)
    known = Pages()
    _try(known, SECRET)
    known.post("/sign-out/", {})
    for n in range(4):
        _elsewhere(f"203.0.113.{n}").client.post("/sign-in/", {"username": "hanako", "password": "x"})
        Pages().client.post("/sign-in/", {"username": f"other-{n}", "password": "x"})
    _try(Pages(), SECRET, 429)
    _try(_elsewhere("192.0.2.7"), SECRET, 429)
    _try(known, SECRET)
    known.post("/sign-out/", {})
    for _ in range(5):
        _try(known, "wrong", 422)
    _try(known, SECRET, 429)


def test_a_device_is_known_for_its_own_person_and_not_by_an_invented_cookie(staff: User) -> None:
    from kiban.access import passwords
    from kiban.access.models import SignInFailures

    known = Pages()
    _try(known, SECRET)
    known.post("/sign-out/", {})
    _try(known, "x", 422, name="somebody")
    known.client.cookies[passwords.DEVICE] = known.client.cookies[passwords.DEVICE].value + "x"
    _try(known, "x", 422)
    assert SignInFailures.objects.count() == 5, "address, two names, two pairs"


def test_many_names_from_one_address_lock_the_address(staff: User, monkeypatch: pytest.MonkeyPatch) -> None:
    from kiban.access import passwords

    monkeypatch.setattr(passwords, "ADDRESS_LIMIT", 3)
    for number in range(3):
        _try(Pages(), "wrong", 422, name=f"somebody-{number}")
    _try(Pages(), SECRET, 429)
    _try(_elsewhere("192.0.2.7"), SECRET)


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
