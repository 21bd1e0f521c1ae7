"""Accessibility, personal data, terms, contact: there, linked from everywhere, and true."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.web.conftest import Pages

Words = Callable[[str], str]
PAGES = ("accessibility", "privacy", "terms", "contact", "help")


def test_every_page_links_them(anybody: Pages) -> None:
    page = anybody.get("/")
    for name in PAGES:
        assert f'href="/{name}/"' in page.split("<footer")[1]


@pytest.mark.parametrize("name", PAGES)
def test_nobody_needs_to_sign_in(published: None, name: str, words: Words) -> None:
    for language, heading in (("ja", "ヘルプ"), ("en", "Help")):
        assert heading in words(Pages(language=language).get(f"/{name}/"))


def test_the_privacy_notice_says_how_long_each_service_keeps_what(anybody: Pages, words: Words) -> None:
    said = words(anybody.get("/privacy/"))
    assert "自動車臨時運行許可" in said
    assert "案件の終了から5年間" in said  # the service's own parameter
    assert "申請する人" in said
    for cookie in ("kiban_session", "kiban_csrf", "kiban_language"):
        assert cookie in said


def test_the_cookies_that_are_set_are_those_that_are_named(anybody: Pages, words: Words) -> None:
    anybody.post("/language/", {"language": "en", "next": "/"})
    anybody.get("/privacy/")
    said = words(anybody.get("/privacy/"))
    assert {name for name in anybody.client.cookies if name not in said} == set()


def test_every_cookie_of_the_program_is_named(anybody: Pages, words: Words) -> None:
    source = Path(__file__).resolve().parents[2] / "src" / "kiban"
    written = "\n".join(path.read_text(encoding="utf-8") for path in source.rglob("*.py"))
    cookies = set(
        re.findall(r"(?:COOKIE_NAME|_COOKIE|DEVICE)(?:, \w+)? = (?:\"\w+\", )?\"(kiban_\w+)\"", written)
    )
    assert {"kiban_session", "kiban_csrf", "kiban_language", "kiban_device"} <= cookies
    said = words(anybody.get("/privacy/"))
    assert {name for name in cookies if name not in said} == set()
    # whoever sets another cookie names it so that it is found here
    assert len(re.findall(r"\.set_(?:signed_)?cookie\(", written)) == 2


def test_who_runs_the_pages_is_named_where_it_was_set(
    anybody: Pages, words: Words, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "見本の環境" in words(anybody.get("/contact/"))
    monkeypatch.setenv("KIBAN_CONTACT_NAME", "見本市情報政策課")
    monkeypatch.setenv("KIBAN_CONTACT_EMAIL", "desk@example.jp")
    for name in ("contact", "accessibility", "privacy", "terms"):
        said = words(anybody.get(f"/{name}/"))
        assert "見本市情報政策課" in said and "desk@example.jp" in said
