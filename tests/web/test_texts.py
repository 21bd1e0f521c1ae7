"""A body's own words on the pages on personal data, accessibility, terms and contact."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.web.conftest import BODY, Pages

Person = Callable[..., Pages]
Words = Callable[[str], str]
TEXTS = f"/desk/{BODY}/temporary-plate/settings/texts/"
NOTE = f"/bodies/{BODY}/notes/privacy/"


def test_a_body_adds_its_own_words(person: Person, anybody: Pages, words: Words) -> None:
    anybody.get(NOTE, 404)
    assert "この市区町村から" not in words(anybody.get(f"/bodies/{BODY}/"))
    admin = person("body_admin", name="例示 七海")
    said = {
        "ja": "担当は市民課です。\r\n\r\n<b>お気軽に</b>どうぞ。",
        "en": "Ask the section.",
        "why": "条例の改正",
    }
    assert "文章を保存しました" in words(admin.post(f"{TEXTS}privacy/", said))
    page = anybody.get(NOTE)
    assert "東京都葛飾区から" in words(page) and "担当は市民課です。" in words(page)
    assert "&lt;b&gt;" in page
    assert "個人情報の取扱い" in words(anybody.get(f"/bodies/{BODY}/"))
    assert "Ask the section." in Pages(language="en").get(NOTE)
    assert "担当は市民課です。" not in anybody.get("/privacy/")
    history = words(admin.get(f"/desk/{BODY}/temporary-plate/settings/history/"))
    assert "ページの文章 個人情報の取扱い" in history and "条例の改正" in history and "例示 七海" in history
    admin.post(f"{TEXTS}privacy/", {"ja": "", "en": ""})
    anybody.get(NOTE, 404)


def test_a_body_says_how_long_it_keeps_cases_itself(person: Person, anybody: Pages, words: Words) -> None:
    admin = person("body_admin")
    admin.post(f"{TEXTS}privacy/", {"ja": "本文", "en": "", "why": ""})
    data = {"do": "save", "value": "7", "from": "2026-10-02", "why": "文書管理規程"}
    admin.post(f"/desk/{BODY}/temporary-plate/settings/parameters/retention_years/", data)
    assert "案件の終了から7年間" in words(anybody.get(NOTE))
    assert "案件の終了から5年間" in words(anybody.get("/privacy/"))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"ja": "", "en": "Only English."}, "日本語の文章も入力してください"),
        ({"ja": "あ" * 4001, "en": ""}, "4000文字までにしてください"),
        ({"ja": "a\x00b", "en": ""}, "使えない文字"),
    ],
)
def test_what_is_wrong_is_told_and_kept(
    person: Person, said: dict[str, str], told: str, words: Words
) -> None:
    page = person("body_admin").post(f"{TEXTS}terms/", said, 422)
    assert told in words(page)
    assert (said["en"] or said["ja"])[:20].replace("\x00", "\ufffd") in page


def test_only_the_administrator_writes(person: Person, anybody: Pages) -> None:
    person("clerk").get(TEXTS, 403)
    person().get(TEXTS, 404)
    person("body_admin").get(f"{TEXTS}nothing/", 404)
    anybody.get(f"/bodies/{BODY}/notes/nothing/", 404)
    anybody.get("/bodies/999999/notes/privacy/", 404)
